from _pgwright import is_known, made_with, unknown
from rest_framework.fields import Field

MANY_RELATION_KWARGS = ()

class Hyperlink(str):
    pass
class PKOnlyObject:
    def __init__(self, pk=None):
        self.pk = pk

class RelatedField(Field):
    queryset = None
    def __new__(cls, *args, **kwargs):
        if kwargs.get("many", False):
            return cls.many_init(*args, **kwargs)
        return super().__new__(cls)
    @classmethod
    def many_init(cls, *args, **kwargs):
        kwargs["many"] = False
        return ManyRelatedField(child_relation=cls(*args, **kwargs), source=kwargs.get("source"),
                                read_only=kwargs.get("read_only", False), write_only=kwargs.get("write_only", False))
    def __init__(self, many=False, queryset=None, **kwargs):
        super().__init__(**kwargs)
        if queryset is not None:
            self.queryset = queryset
    def get_queryset(self):
        if not is_known(self.queryset):
            self.queryset = made_with(self, "queryset")
        return self.queryset.all()
    def use_pk_only_optimization(self):
        return False
    def get_attribute(self, instance):
        if self.use_pk_only_optimization() and "." not in (self.source or ""):
            return PKOnlyObject()
        return super().get_attribute(instance)
    def get_choices(self, cutoff=None):
        return {unknown("a key"): self.display_value(item) for item in self.get_queryset()}
    def display_value(self, instance):
        return str(instance)

class StringRelatedField(RelatedField):
    def to_representation(self, value):
        return str(value)
class PrimaryKeyRelatedField(RelatedField):
    def use_pk_only_optimization(self):
        return True
    def to_internal_value(self, data):
        return self.get_queryset().get(pk=data)
    def to_representation(self, value):
        return value.pk
class HyperlinkedRelatedField(RelatedField):
    lookup_field = "pk"
    view_name = None
    def __init__(self, view_name=None, **kwargs):
        super().__init__(**kwargs)
    def use_pk_only_optimization(self):
        return self.lookup_field == "pk"
    def get_object(self, view_name, view_args, view_kwargs):
        return self.get_queryset().get(**{self.lookup_field: unknown("a key of the URL")})
    def to_internal_value(self, data):
        return self.get_object(None, (), {})
    def to_representation(self, value):
        return unknown("a URL")
class HyperlinkedIdentityField(HyperlinkedRelatedField):
    pass
class SlugRelatedField(RelatedField):
    def __init__(self, slug_field=None, **kwargs):
        super().__init__(**kwargs)
        self.slug_field = slug_field
    def to_internal_value(self, data):
        return self.get_queryset().get(**{self.slug_field: data})
    def to_representation(self, obj):
        return getattr(obj, self.slug_field)
class ManyRelatedField(Field):
    def __init__(self, child_relation=None, **kwargs):
        super().__init__(**kwargs)
        self.child_relation = child_relation
    def to_internal_value(self, data):
        return [self.child_relation.to_internal_value(item) for item in unknown("what the client sends")]
    def get_attribute(self, instance):
        relationship = super().get_attribute(instance)
        return relationship.all() if hasattr(relationship, "all") else relationship
    def to_representation(self, iterable):
        return [self.child_relation.to_representation(value) for value in iterable]
