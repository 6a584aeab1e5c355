from django.db.models.fields import SlugField

class AutoSlugField(SlugField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 50)
        self.populate_from = kwargs.pop("populate_from", None)
        if self.populate_from:
            kwargs.setdefault("editable", False)
        self.unique_with = kwargs.pop("unique_with", ())
        if self.unique_with:
            kwargs["unique"] = False
        for name in ("slugify", "sep", "manager", "manager_name", "always_update"):
            kwargs.pop(name, None)
        super().__init__(*args, **kwargs)
