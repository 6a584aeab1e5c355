from _pgwright import version_of
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
    if cls._meta.proxy or cls._meta.abstract or _has(cls, options.left_attr):
        return
    for name, indexed in ((options.left_attr, False), (options.right_attr, False), (options.tree_id_attr, True), (options.level_attr, False)):
        if not _has(cls, name):
            if indexed:
                field = models.PositiveIntegerField(db_index=True, editable=False)
            else:
                field = models.PositiveIntegerField(editable=False)
            field.contribute_to_class(cls, name)

    if not _indexes_trees():
        return
    fields = (options.tree_id_attr, options.left_attr)
    index = models.Index(fields=fields)
    index.untruncated_name = "_".join([cls._meta.app_label, cls._meta.model_name, fields[0], fields[1], "idx"])
    cls._meta.added_indexes.append(index)

def _indexes_trees():
    """Since 0.17 the index over tree and left edge is an entry of `Meta.indexes`."""
    version = version_of("django-mptt")
    return version is not None and version >= (0, 17)

def _has(cls, name):
    return any(name in ancestor.__dict__ for ancestor in cls.__mro__)

class MPTTModel(models.Model, metaclass=MPTTModelBase):
    objects = TreeManager()

    class Meta:
        abstract = True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        _tree_fields(cls)
