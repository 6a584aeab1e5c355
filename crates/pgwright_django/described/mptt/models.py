from django.db import models
from django.db.models.base import ModelBase
from mptt.fields import TreeForeignKey, TreeManyToManyField, TreeOneToOneField
from mptt.managers import TreeManager

class MPTTOptions:
    def __init__(self, options, model):
        self.left_attr = getattr(options, "left_attr", "lft")
        self.right_attr = getattr(options, "right_attr", "rght")
        self.tree_id_attr = getattr(options, "tree_id_attr", "tree_id")
        self.level_attr = getattr(options, "level_attr", "level")
        self.parent_attr = getattr(options, "parent_attr", "parent")
        self.order_insertion_by = getattr(options, "order_insertion_by", [])

class MPTTModelBase(ModelBase):
    pass

def _tree_fields(cls):
    """Adds the four columns of a tree to a model that has none of them yet, and the index over them."""
    from django.core.exceptions import FieldDoesNotExist
    options = MPTTOptions(getattr(cls, "MPTTMeta", None), cls)
    cls._mptt_meta = options
    if cls._meta.proxy or (cls._meta.abstract and "MPTTMeta" not in cls.__dict__ and not _has(cls, options.parent_attr)):
        return
    if not cls._meta.abstract and not _has(cls, options.parent_attr):
        return
    for name, indexed in ((options.left_attr, False), (options.right_attr, False), (options.tree_id_attr, True), (options.level_attr, False)):
        if not _has(cls, name):
            if indexed:
                field = models.PositiveIntegerField(db_index=True, editable=False)
            else:
                field = models.PositiveIntegerField(editable=False)
            field.contribute_to_class(cls, name)

def _has(cls, name):
    return any(name in ancestor.__dict__ for ancestor in cls.__mro__)

class MPTTModel(models.Model, metaclass=MPTTModelBase):
    objects = TreeManager()

    class Meta:
        abstract = True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        _tree_fields(cls)
