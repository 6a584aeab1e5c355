from django.db import models
from mptt.querysets import TreeQuerySet

class TreeManager(models.Manager.from_queryset(TreeQuerySet)):
    pass
