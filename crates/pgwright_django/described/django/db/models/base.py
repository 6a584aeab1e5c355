from _pgwright import attributes_with, guessed, is_known, notify, unknown, write
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

def _as_sure_as(answer, queryset):
    return queryset if is_known(answer) else guessed(queryset)

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
        self.save_base(False, force_insert, force_update, using, update_fields)

    def save_base(self, raw=False, force_insert=False, force_update=False, using=None, update_fields=None):
        notify("pre_save", self, update_fields=update_fields)
        write(self, "save", force_insert=force_insert, force_update=force_update, update_fields=update_fields)
        notify("post_save", self, update_fields=update_fields, created=unknown("whether the object is new"))

    def delete(self, using=None, keep_parents=False):
        return write(self, "delete")

    def refresh_from_db(self, using=None, fields=None, from_queryset=None):
        return write(self, "refresh", fields)

    asave = save
    adelete = delete
    arefresh_from_db = refresh_from_db

    def clean(self):
        pass

    def full_clean(self, exclude=None, validate_unique=True, validate_constraints=True):
        self.clean_fields(exclude)
        self.clean()
        if validate_unique:
            self.validate_unique(exclude)
        if validate_constraints:
            self.validate_constraints(exclude)

    def clean_fields(self, exclude=None):
        from django.db.models.fields.related import ForeignKey
        from django.forms.models import _related_model
        excluded = exclude or ()
        for name, field in self._meta.columns():
            is_excluded = name in excluded
            if isinstance(field, ForeignKey) and not is_excluded:
                name = field.to_field or "pk"
                related = _related_model(field)._base_manager.filter(**{name: unknown("a key")})
                related = _as_sure_as(is_excluded, related)
                limit = field._limit_choices_to
                if limit:
                    related = related.complex_filter(limit() if callable(limit) else limit)
                related.exists()

    def _exists_already(self, is_excluded, **values):
        found = _as_sure_as(is_excluded, self.__class__._default_manager.filter(**values))
        if unknown("whether the object is in the database"):
            found = found.exclude(pk=unknown("a key"))
        found.exists()

    def validate_unique(self, exclude=None):
        excluded = exclude or ()
        for name, field in self._meta.columns():
            is_excluded = name in excluded
            if field._unique and not field.primary_key and not is_excluded:
                self._exists_already(is_excluded, **{name: unknown("a value")})
        together = self._meta.option("unique_together", ())
        for names in together:
            if isinstance(names, str):
                names = together
            is_excluded = any([name in excluded for name in names])
            if not is_excluded:
                self._exists_already(is_excluded, **{name: unknown("a value") for name in names})

    def validate_constraints(self, exclude=None):
        excluded = exclude or ()
        for constraint in self._meta.option("constraints", ()):
            names = getattr(constraint, "fields", ())
            is_excluded = any([name in excluded for name in names])
            if names and constraint.condition is None and not is_excluded:
                self._exists_already(is_excluded, **{name: unknown("a value") for name in names})

    def get_constraints(self):
        return []
