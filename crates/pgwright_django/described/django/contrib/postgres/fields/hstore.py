from django.db.models.fields import Field

class HStoreField(Field):
    empty_strings_allowed = False
