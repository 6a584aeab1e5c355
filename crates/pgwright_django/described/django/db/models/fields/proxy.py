from django.db.models.fields import IntegerField

class OrderWrt(IntegerField):
    def __init__(self, *args, **kwargs):
        kwargs["name"] = "_order"
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)
