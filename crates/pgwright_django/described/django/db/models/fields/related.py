from django.conf import settings
from django.db.models.deletion import CASCADE
from django.db.models.fields import NOT_PROVIDED, Field

RECURSIVE_RELATIONSHIP_CONSTANT = "self"

class ForeignObjectRel:
    def __init__(self, field, to, related_name=None, related_query_name=None, limit_choices_to=None, parent_link=False,
                 on_delete=None):
        self.field = field
        self.model = to
        self.related_name = related_name
        self.related_query_name = related_query_name
        self.limit_choices_to = limit_choices_to or {}
        self.parent_link = parent_link
        self.on_delete = on_delete
        self.symmetrical = False
        self.multiple = True

    def get_accessor_name(self, model=None):
        return self.accessor_name

    def get_internal_type(self):
        return self.field.get_internal_type()

    def is_hidden(self):
        return self.hidden

    def get_related_field(self):
        return self.field.target_field

class ManyToOneRel(ForeignObjectRel):
    def __init__(self, field, to, field_name, related_name=None, related_query_name=None, limit_choices_to=None,
                 parent_link=False, on_delete=None):
        super().__init__(field, to, related_name, related_query_name, limit_choices_to, parent_link, on_delete)
        self.field_name = field_name

class OneToOneRel(ManyToOneRel):
    pass

class ManyToManyRel(ForeignObjectRel):
    pass

class RelatedField(Field):
    is_relation = True
    def __init__(self, related_name=None, related_query_name=None, limit_choices_to=None, **kwargs):
        self._related_name = related_name
        self._related_query_name = related_query_name
        self._limit_choices_to = limit_choices_to
        super().__init__(**kwargs)

class ForeignObject(RelatedField):
    many_to_one = True
    def __init__(self, to, on_delete, from_fields, to_fields, rel=None, related_name=None, related_query_name=None,
                 limit_choices_to=None, parent_link=False, swappable=True, **kwargs):
        self.to = to
        self.on_delete = on_delete
        self.parent_link = parent_link
        self.from_fields = from_fields
        self.to_fields = to_fields
        self.swappable = swappable
        if rel is None:
            rel = ForeignObjectRel(self, to, related_name, related_query_name, limit_choices_to, parent_link, on_delete)
        super().__init__(rel=rel, related_name=related_name, related_query_name=related_query_name,
                         limit_choices_to=limit_choices_to, **kwargs)
    def get_internal_type(self):
        return "ForeignObject"

class ForeignKey(ForeignObject):
    rel_class = ManyToOneRel
    def __init__(self, to, on_delete=None, related_name=None, related_query_name=None, limit_choices_to=None,
                 parent_link=False, to_field=None, db_constraint=True, **kwargs):
        self.to_field = to_field
        self.db_constraint = db_constraint
        rel = ManyToOneRel(self, to, to_field, related_name, related_query_name, limit_choices_to, parent_link, on_delete)
        kwargs.setdefault("db_index", True)
        super().__init__(to, on_delete, ["self"], [to_field], rel=rel, related_name=related_name,
                         related_query_name=related_query_name, limit_choices_to=limit_choices_to,
                         parent_link=parent_link, **kwargs)
    def get_internal_type(self):
        return "ForeignKey"

class OneToOneField(ForeignKey):
    rel_class = OneToOneRel
    one_to_one = True
    many_to_one = False
    def __init__(self, to, on_delete=None, to_field=None, **kwargs):
        kwargs["unique"] = True
        super().__init__(to, on_delete, to_field=to_field, **kwargs)

class AutomaticThrough:
    """Stands for the through model of a field until models are complete."""

    def __init__(self, field):
        self.field = field

class ManyToManyField(RelatedField):
    many_to_many = True
    def __init__(self, to, related_name=None, related_query_name=None, limit_choices_to=None, symmetrical=None,
                 through=None, through_fields=None, db_constraint=True, db_table=None, swappable=True, **kwargs):
        self.to = to
        self.symmetrical = symmetrical
        self.through = through or AutomaticThrough(self)
        self.through_fields = through_fields
        self.db_constraint = db_constraint
        self.db_table = db_table
        self.swappable = swappable
        rel = ManyToManyRel(self, to, related_name, related_query_name, limit_choices_to)
        rel.through = through
        super().__init__(rel=rel, related_name=related_name, related_query_name=related_query_name,
                         limit_choices_to=limit_choices_to, **kwargs)
    def value_from_object(self, obj):
        return list(getattr(obj, self.name).all())
    def save_form_data(self, instance, data):
        getattr(instance, self.name).set(data)

def lazy_related_operation(function, model, *related_models, **kwargs):
    return None

def resolve_relation(scope_model, relation):
    return relation
