from django.db.models.fields import Field

class CompositePrimaryKey(Field):
    def __init__(self, *args, **kwargs):
        self.field_names = args
        kwargs["editable"] = False
        kwargs["primary_key"] = True
        super().__init__(**kwargs)
