from _pgwright import attributes_with, is_known, model_columns, model_field
from django.core.exceptions import FieldDoesNotExist

class Options:
    """`Model._meta` as far as code that runs while classes are made asks for it. Once models are complete, code that is executed
    is answered from them."""

    def __init__(self, model):
        self.model = model
        self.object_name = model.__name__
        self.model_name = self.object_name.lower()
        self.auto_created = False
        self.local_managers = []
        self.added = {}
        self.added_indexes = []
        self.meta = getattr(model, "Meta") if "Meta" in model.__dict__ else None
        self.abstract = self.meta is not None and "abstract" in self.meta.__dict__ and self.meta.abstract

    def option(self, name, default=None):
        return getattr(self.meta, name, default)

    @property
    def proxy(self):
        meta = self.meta
        if meta is None:
            return False
        return meta.__dict__.get("proxy", False)

    @property
    def managed(self):
        return self.option("managed", True)

    @property
    def swappable(self):
        return self.option("swappable")

    @property
    def swapped(self):
        return None

    @property
    def app_label(self):
        label = self.option("app_label")
        if label is not None:
            return label
        from django.apps import apps
        config = apps.get_containing_app_config(self.model.__module__)
        if config is None:
            return self.model.__module__.split(".")[-2] if "." in self.model.__module__ else self.model.__module__
        return config.label

    @property
    def label(self):
        return self.app_label + "." + self.object_name

    @property
    def label_lower(self):
        return self.app_label + "." + self.model_name

    @property
    def db_table(self):
        return self.option("db_table", self.app_label + "_" + self.model_name)

    @property
    def verbose_name(self):
        return self.option("verbose_name", self.object_name.lower())

    @property
    def verbose_name_plural(self):
        return self.option("verbose_name_plural", self.object_name.lower() + "s")

    @property
    def ordering(self):
        return self.option("ordering", [])

    def get_field(self, field_name):
        found = model_field(self.model, field_name)
        if is_known(found):
            if found is None:
                raise FieldDoesNotExist(field_name)
            return found
        return self._declared_field(field_name)

    def _declared_field(self, name):
        from django.db.models.fields import Field
        for ancestor in self.model.__mro__:
            if name in ancestor.__dict__:
                value = ancestor.__dict__[name]
                if isinstance(value, Field):
                    if value.name is None:
                        value.name = name
                    for heir in self.model.__mro__:
                        if issubclass(heir, ancestor) and not heir._meta.abstract:
                            value.model = heir
                    return value
        raise FieldDoesNotExist(name)

    @property
    def fields(self):
        from django.db.models.fields import Field
        found = {}
        for ancestor in self.model.__mro__:
            for name, value in ancestor.__dict__.items():
                if name not in found and isinstance(value, Field):
                    found[name] = value
        return list(found.values())

    def columns(self):
        """Names and fields of the model that matter to forms and validation: relations, and what is unique."""
        known = model_columns(self.model)
        if is_known(known):
            return known
        if "found_columns" not in self.__dict__:
            found = []
            for base in self.model.__mro__:
                for name, field in attributes_with(base, "get_attname", None):
                    if field.is_relation or field._unique:
                        if field.name is None:
                            field.name = name
                        found.append((name, field))
            self.found_columns = found
        return self.found_columns

    def total_unique_constraints(self):
        """Names of fields that are unique together without a condition, as declared."""
        found = []
        together = self.option("unique_together", ())
        for names in together:
            found.append(tuple(together) if isinstance(names, str) else tuple(names))
        for constraint in self.option("constraints", ()):
            names = getattr(constraint, "fields", ())
            if names and constraint.condition is None:
                found.append(tuple(names))
        return found

    @property
    def local_fields(self):
        return self.fields

    @property
    def concrete_fields(self):
        return self.fields

    @property
    def local_concrete_fields(self):
        return self.fields

    @property
    def many_to_many(self):
        return []

    @property
    def local_many_to_many(self):
        return []

    @property
    def related_objects(self):
        return []

    @property
    def private_fields(self):
        return []

    @property
    def parents(self):
        return {}

    @property
    def all_parents(self):
        found = []
        for ancestor in self.model.__mro__:
            if ancestor is not self.model and "_meta" in ancestor.__dict__ and not ancestor._meta.abstract:
                found.append(ancestor)
        return found

    def get_parent_list(self):
        return self.all_parents

    def get_fields(self, include_parents=True, include_hidden=False):
        return [*self.related_objects, *self.fields, *self.many_to_many, *self.private_fields]

    def get_base_chain(self, model):
        return [parent for parent in self.all_parents if issubclass(parent, model)]

    def get_ancestor_link(self, ancestor):
        for field in self.fields:
            if field.remote_field and field.remote_field.parent_link and issubclass(field.related_model, ancestor):
                return field
        return None

    def add_field(self, field, private=False):
        self.added[field.name] = field
