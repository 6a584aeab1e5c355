from _pgwright import attributes_with, write
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, MultipleObjectsReturned, ObjectDoesNotExist
from django.db.models.fields import Field
from django.db.models.options import Options

class Deferred:
    pass

DEFERRED = Deferred()

class ModelState:
    pass

class ModelBase(type):
    pass

class Model(metaclass=ModelBase):
    DoesNotExist = ObjectDoesNotExist
    MultipleObjectsReturned = MultipleObjectsReturned

    def __init_subclass__(cls, **kwargs):
        cls._meta = Options(cls)
        for base in cls.__mro__:
            if base is cls or base.__dict__.get("_meta") and base._meta.abstract:
                for name, value in attributes_with(base, "contribute_to_class", Field.contribute_to_class):
                    if base is cls or name not in cls.__dict__:
                        try:
                            value.contribute_to_class(cls, name)
                        except Exception:
                            pass
        if not cls._meta.abstract:
            apps.register_model(cls._meta.app_label, cls)

    @classmethod
    def add_to_class(cls, name, value):
        if hasattr(value, "contribute_to_class"):
            value.contribute_to_class(cls, name)
            if name not in cls.__dict__:
                setattr(cls, name, value)
        else:
            setattr(cls, name, value)

    def save(self, *, force_insert=False, force_update=False, using=None, update_fields=None):
        write(self, "save", force_insert=force_insert, force_update=force_update, update_fields=update_fields)

    def save_base(self, raw=False, force_insert=False, force_update=False, using=None, update_fields=None):
        write(self, "save", force_insert=force_insert, force_update=force_update, update_fields=update_fields)

    def delete(self, using=None, keep_parents=False):
        return write(self, "delete")

    def refresh_from_db(self, using=None, fields=None, from_queryset=None):
        return write(self, "refresh", fields)

    asave = save
    adelete = delete
    arefresh_from_db = refresh_from_db

    def clean(self):
        pass

    def full_clean(self, *args, **kwargs):
        pass

    def validate_unique(self, exclude=None):
        pass
