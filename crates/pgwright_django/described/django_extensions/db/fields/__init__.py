from django.db.models import CharField, DateTimeField, SlugField

class UniqueFieldMixin:
    pass

class AutoSlugField(UniqueFieldMixin, SlugField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        self._populate_from = kwargs.pop("populate_from", None)
        for name in ("slugify_function", "separator", "overwrite", "overwrite_on_add", "allow_duplicates",
                     "max_unique_query_attempts"):
            kwargs.pop(name, None)
        super().__init__(*args, **kwargs)

    def get_internal_type(self):
        return "SlugField"

class RandomCharField(UniqueFieldMixin, CharField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        self.length = kwargs.pop("length", None)
        kwargs["max_length"] = self.length
        for name in ("lowercase", "uppercase", "include_digits", "include_alpha", "include_punctuation", "keep_default",
                     "max_unique_query_attempts"):
            kwargs.pop(name, None)
        super().__init__(*args, **kwargs)

    def get_internal_type(self):
        return "CharField"

class CreationDateTimeField(DateTimeField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("auto_now_add", True)
        DateTimeField.__init__(self, *args, **kwargs)

    def get_internal_type(self):
        return "DateTimeField"

class ModificationDateTimeField(CreationDateTimeField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("auto_now", True)
        DateTimeField.__init__(self, *args, **kwargs)

class UUIDFieldMixin:
    DEFAULT_MAX_LENGTH = 36

    def __init__(self, verbose_name=None, name=None, auto=True, version=4, node=None, clock_seq=None, namespace=None,
                 uuid_name=None, *args, **kwargs):
        kwargs.setdefault("max_length", self.DEFAULT_MAX_LENGTH)
        if auto:
            kwargs["blank"] = True
            kwargs.setdefault("editable", False)
        super().__init__(verbose_name=verbose_name, *args, **kwargs)

class ShortUUIDField(UUIDFieldMixin, CharField):
    DEFAULT_MAX_LENGTH = 22
