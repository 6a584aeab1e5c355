from django.db.models.fields import Field

class GeneratedField(Field):
    generated = True
    def __init__(self, *, expression, output_field, db_persist, **kwargs):
        self.expression = expression
        self.output_field = output_field
        self.db_persist = db_persist
        kwargs["editable"] = False
        kwargs["blank"] = True
        kwargs["default"] = kwargs.get("default", NOT_PROVIDED)
        super().__init__(**kwargs)
    def get_internal_type(self):
        return self.output_field.get_internal_type()

from django.db.models.fields import NOT_PROVIDED
