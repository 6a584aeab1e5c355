import uuid
from django.db import models
from django.utils.timezone import now

class AutoCreatedField(models.DateTimeField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", False)
        kwargs.setdefault("default", now)
        super().__init__(*args, **kwargs)

class AutoLastModifiedField(AutoCreatedField):
    pass

class StatusField(models.CharField):
    def __init__(self, *args, no_check_for_status=False, choices_name="STATUS", **kwargs):
        kwargs.setdefault("max_length", 100)
        self.check_for_status = not no_check_for_status
        self.choices_name = choices_name
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls, name, *args, **kwargs):
        field = self
        if not cls._meta.abstract and self.check_for_status and hasattr(cls, self.choices_name):
            if name not in cls.__dict__:
                # One declaration of an abstract base serves every model, each with its own choices.
                field = object.__new__(self.__class__)
                for attribute, value in self.__dict__.items():
                    setattr(field, attribute, value)
                field._place = (self, 0)
            field.choices = list(getattr(cls, self.choices_name))
            if not field.has_default():
                field.default = field.choices[0][0]
        models.CharField.contribute_to_class(field, cls, name)

class MonitorField(models.DateTimeField):
    def __init__(self, *args, monitor=None, when=None, **kwargs):
        kwargs.setdefault("default", None if kwargs.get("null") else now)
        self.monitor = monitor
        self.when = when
        super().__init__(*args, **kwargs)

class SplitField(models.TextField):
    def __init__(self, *args, no_excerpt_field=False, **kwargs):
        self.add_excerpt_field = not no_excerpt_field
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls, name, *args, **kwargs):
        if self.add_excerpt_field and not cls._meta.abstract:
            cls.add_to_class("_" + name + "_excerpt", models.TextField(editable=False))
        super().contribute_to_class(cls, name)

class UUIDField(models.UUIDField):
    def __init__(self, primary_key=True, version=4, editable=False, *args, **kwargs):
        made = {1: uuid.uuid1, 3: uuid.uuid3, 4: uuid.uuid4, 5: uuid.uuid5}
        kwargs.setdefault("primary_key", primary_key)
        kwargs.setdefault("editable", editable)
        kwargs.setdefault("default", made.get(version))
        super().__init__(*args, **kwargs)

class UrlsafeTokenField(models.CharField):
    def __init__(self, editable=False, max_length=128, factory=None, **kwargs):
        self._factory = factory
        kwargs.pop("default", None)
        super().__init__(editable=editable, max_length=max_length, **kwargs)
