from django.db.models.fields.json import JSONField as BuiltinJSONField

class JSONField(BuiltinJSONField):
    pass
