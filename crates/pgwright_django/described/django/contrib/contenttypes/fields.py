from django.db.models.fields import Field
from django.db.models.fields.related import ForeignObject

class GenericForeignKey(Field):
    concrete = False
    def __init__(self, ct_field="content_type", fk_field="object_id", for_concrete_model=True):
        self.ct_field = ct_field
        self.fk_field = fk_field
        self.for_concrete_model = for_concrete_model

class GenericRel:
    pass

class GenericRelation(ForeignObject):
    def __init__(self, to, object_id_field="object_id", content_type_field="content_type", for_concrete_model=True,
                 related_query_name=None, limit_choices_to=None, **kwargs):
        self.to = to
        self.object_id_field_name = object_id_field
        self.content_type_field_name = content_type_field
        self.for_concrete_model = for_concrete_model
        self.related_query_name_given = related_query_name
