from django.db.models import CharField

_DEFAULTS = {"hex": "#FFFFFF", "hexa": "#FFFFFFFF", "rgb": "rgb(255, 255, 255)", "rgba": "rgba(255, 255, 255, 1)"}

class ColorField(CharField):
    def __init__(self, *args, **kwargs):
        self.samples = kwargs.pop("samples", None)
        self.format = kwargs.pop("format", "hex").lower()
        self.image_field = kwargs.pop("image_field", None)
        if self.image_field:
            kwargs.setdefault("blank", True)
        kwargs.setdefault("max_length", 25)
        if kwargs.get("null"):
            kwargs.setdefault("blank", True)
            kwargs.setdefault("default", None)
        elif kwargs.get("blank"):
            kwargs.setdefault("default", "")
        else:
            kwargs.setdefault("default", _DEFAULTS.get(self.format))
        super().__init__(*args, **kwargs)
