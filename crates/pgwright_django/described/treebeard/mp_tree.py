from django.db import models
from treebeard.models import Node

class MP_NodeQuerySet(models.query.QuerySet):
    pass

class MP_NodeManager(models.Manager):
    _queryset_class = MP_NodeQuerySet

class MP_Node(Node):
    steplen = 4
    node_order_by = []
    path = models.CharField(max_length=255, unique=True)
    depth = models.PositiveIntegerField()
    numchild = models.PositiveIntegerField(default=0)
    objects = MP_NodeManager()

    class Meta:
        abstract = True
