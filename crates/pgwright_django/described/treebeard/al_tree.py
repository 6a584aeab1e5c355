from django.db import models
from treebeard.models import Node

class AL_NodeManager(models.Manager):
    pass

class AL_Node(Node):
    node_order_by = []
    objects = AL_NodeManager()

    class Meta:
        abstract = True
