from django.db.models.deletion import CASCADE
from django.db.models.fields.related import ForeignKey, ManyToManyField

class ParentalKey(ForeignKey):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("on_delete", CASCADE)
        super().__init__(*args, **kwargs)

class ParentalManyToManyField(ManyToManyField):
    pass
