from django.db.models.fields import Field

class ArrayField(Field):
    empty_strings_allowed = False
    def __init__(self, base_field, size=None, **kwargs):
        self.base_field = base_field
        self.size = size
        super().__init__(**kwargs)
