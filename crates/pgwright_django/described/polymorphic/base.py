from django.db.models.base import ModelBase

class PolymorphicModelBase(ModelBase):
    pass
