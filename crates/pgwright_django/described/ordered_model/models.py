from django.db import models

class OrderedModelQuerySet(models.QuerySet):
    pass

class OrderedModelManager(models.Manager.from_queryset(OrderedModelQuerySet)):
    pass

class OrderedModelBase(models.Model):
    objects = OrderedModelManager()
    order_field_name = None
    order_with_respect_to = None
    order_class_path = None

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        pass

    def delete(self, *args, **kwargs):
        pass

class OrderedModel(OrderedModelBase):
    order = models.PositiveIntegerField(editable=False, db_index=True)
    order_field_name = "order"

    class Meta:
        abstract = True
        ordering = ("order",)
