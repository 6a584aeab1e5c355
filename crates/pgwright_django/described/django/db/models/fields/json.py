from django.db.models.expressions import Func
from django.db.models.fields import Field
from django.db.models.lookups import Transform

class JSONField(Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, name=None, encoder=None, decoder=None, **kwargs):
        self.encoder = encoder
        self.decoder = decoder
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "JSONField"

class KeyTransform(Transform):
    pass

class KeyTextTransform(KeyTransform):
    pass

class KT(KeyTextTransform):
    pass
