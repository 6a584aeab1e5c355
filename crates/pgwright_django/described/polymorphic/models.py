from django.contrib.contenttypes.models import ContentType
from django.db import models
from polymorphic.base import PolymorphicModelBase
from polymorphic.managers import PolymorphicManager

class PolymorphicModel(models.Model, metaclass=PolymorphicModelBase):
    polymorphic_ctype = models.ForeignKey(ContentType, null=True, editable=False, on_delete=models.CASCADE,
                                          related_name="polymorphic_%(app_label)s.%(class)s_set+")
    objects = PolymorphicManager()

    class Meta:
        abstract = True
