from _pgwright import perhaps, unknown, version_of
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

    @property
    def _tree_manager(self):
        return self.__class__._default_manager

    def _attr(self, name):
        return getattr(self, getattr(self._mptt_meta, name + "_attr"))

    def is_root_node(self):
        return unknown("whether a node is a root")
    def is_child_node(self):
        return unknown("whether a node has a parent")
    def is_leaf_node(self):
        return unknown("whether a node has children")
    def is_ancestor_of(self, other, include_self=False):
        return unknown("how nodes are related")
    def is_descendant_of(self, other, include_self=False):
        return unknown("how nodes are related")
    def get_descendant_count(self):
        return unknown("how many descendants a node has")
    def get_level(self):
        return self._attr("level")

    def _within(self, include_self=False):
        opts = self._mptt_meta
        between = {opts.tree_id_attr: 1, opts.left_attr + "__gte": 1, opts.left_attr + "__lte": 1}
        return self._tree_manager.filter(**between)

    def get_descendants(self, include_self=False):
        if self.is_leaf_node():
            if not include_self:
                return self._tree_manager.none()
            return self._tree_manager.filter(pk=self.pk)
        return self._within()

    def get_ancestors(self, ascending=False, include_self=False):
        opts = self._mptt_meta
        if self.is_root_node():
            if not include_self:
                return self._tree_manager.none()
            return self._tree_manager.filter(pk=self.pk)
        around = {opts.left_attr + "__lte": 1, opts.right_attr + "__gte": 1, opts.tree_id_attr: 1}
        return self._tree_manager.filter(**around).order_by("-" + opts.left_attr if ascending else opts.left_attr)

    def get_children(self):
        if self.is_leaf_node():
            return self._tree_manager.none()
        return self._tree_manager.filter(**{self._mptt_meta.parent_attr: self})

    def get_leafnodes(self, include_self=False):
        opts = self._mptt_meta
        return self.get_descendants(include_self=include_self).filter(**{opts.left_attr: models.F(opts.right_attr) - 1})

    def get_root(self):
        if self.is_root_node():
            return self
        opts = self._mptt_meta
        return self._tree_manager.get(**{opts.tree_id_attr: 1, opts.parent_attr: None})

    def _beside(self, roots, others, order):
        opts = self._mptt_meta
        if self.is_root_node():
            found = self._tree_manager.filter(**{opts.parent_attr: None, opts.tree_id_attr + roots: 1})
            if order:
                found = found.order_by("-" + opts.tree_id_attr)
        else:
            found = self._tree_manager.filter(**{opts.parent_attr + "__pk": 1, others: 1})
            if order:
                found = found.order_by("-" + opts.right_attr)
        return found

    def get_next_sibling(self, *filter_args, **filter_kwargs):
        siblings = self._beside("__gt", self._mptt_meta.left_attr + "__gt", False).filter(*filter_args, **filter_kwargs)[:1]
        return siblings and siblings[0] or None

    def get_previous_sibling(self, *filter_args, **filter_kwargs):
        siblings = self._beside("__lt", self._mptt_meta.right_attr + "__lt", True).filter(*filter_args, **filter_kwargs)[:1]
        return siblings and siblings[0] or None

    def get_siblings(self, include_self=False):
        opts = self._mptt_meta
        if self.is_root_node():
            found = self._tree_manager.filter(**{opts.parent_attr: None})
        else:
            found = self._tree_manager.filter(**{opts.parent_attr + "__pk": 1})
        return found if include_self else found.exclude(pk=self.pk)

    def insert_at(self, target, position="first-child", save=False, allow_existing_pk=False, refresh_target=True):
        self._tree_manager.insert_node(self, target, position, False, allow_existing_pk, refresh_target)
        if save:
            super().save()

    def move_to(self, target, position="first-child"):
        self._tree_manager.move_node(self, target, position)

    def _mptt_refresh(self):
        opts = self._mptt_meta
        names = (opts.left_attr, opts.right_attr, opts.level_attr, opts.tree_id_attr)
        self._tree_manager.filter(pk=self.pk).values(*names)[0]

    def _get_user_field_names(self):
        """Fields that are not the tree's: what saving a node in its place writes."""
        opts = self._mptt_meta
        own = (opts.left_attr, opts.right_attr, opts.tree_id_attr, opts.level_attr)
        return [field.name for field in self._meta.concrete_fields if not field.primary_key and field.name not in own]

    def _moved(self):
        """A node with another parent, or ordered by what has changed, takes another place first."""
        self._tree_manager._move_node(self, getattr(self, self._mptt_meta.parent_attr), save=False)
        super().save()

    def save(self, *args, **kwargs):
        if kwargs.get("force_insert", False) or self._state.adding:
            opts = self._mptt_meta
            if not opts.order_insertion_by:
                self.insert_at(getattr(self, opts.parent_attr), position="last-child", allow_existing_pk=True)
            else:
                perhaps(self._tree_manager._create_tree_space)
                self.insert_at(getattr(self, opts.parent_attr), position="last-child", allow_existing_pk=True)
            super().save(force_insert=True)
        else:
            perhaps(self._moved)
            super().save(update_fields=kwargs.get("update_fields") or self._get_user_field_names())

    def delete(self, *args, **kwargs):
        opts = self._mptt_meta
        self.refresh_from_db(fields=[opts.right_attr, opts.left_attr, opts.tree_id_attr])
        self._tree_manager._manage_space()
        return super().delete(*args, **kwargs)
