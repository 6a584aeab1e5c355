import uuid
from _pgwright import is_known, path_of
from django.apps import apps
from django.conf import settings
from django.db import models
from simple_history.manager import HistoricalQuerySet, HistoryManager

class HistoricalRecords:
    DEFAULT_MODEL_NAME_PREFIX = "Historical"

    def __init__(self, verbose_name=None, verbose_name_plural=None, bases=(models.Model,), user_related_name="+",
                 table_name=None, inherit=False, excluded_fields=None, history_id_field=None,
                 history_change_reason_field=None, user_model=None, get_user=None, cascade_delete_history=False,
                 custom_model_name=None, app=None, history_user_id_field=None, history_user_getter=None,
                 history_user_setter=None, related_name=None, use_base_model_db=False, user_db_constraint=True,
                 no_db_index=(), excluded_field_kwargs=None, history_manager=HistoryManager,
                 historical_queryset=HistoricalQuerySet, m2m_fields=(), m2m_fields_model_field_name="_history_m2m_fields",
                 m2m_bases=(models.Model,)):
        self.user_related_name = user_related_name
        self.user_db_constraint = user_db_constraint
        self.table_name = table_name
        self.inherit = inherit
        self.history_id_field = history_id_field
        self.history_change_reason_field = history_change_reason_field
        self.user_model = user_model
        self.custom_model_name = custom_model_name
        self.app = app
        self.user_id_field = history_user_id_field
        self.related_name = related_name
        self.bases = bases
        self.excluded_fields = excluded_fields or []
        self.no_db_index = [no_db_index] if isinstance(no_db_index, str) else no_db_index
        self.excluded_field_kwargs = excluded_field_kwargs or {}
        self.cls = None

    def contribute_to_class(self, cls, name):
        self.manager_name = name
        if self.cls is None:
            self.cls = cls
            self.module = cls.__module__
        if cls._meta.abstract or cls._meta.swapped:
            return
        inherited = cls is not self.cls
        if inherited and not self.inherit:
            return
        self.make_history(cls, inherited)

    def make_history(self, model, inherited):
        """The model that holds a row for every change of another's row."""
        module = model.__module__ if inherited else self.module
        attributes = {"__module__": module}
        if self._has_unknown_fields(model) or not self._key_fields(model, attributes):
            return
        for name, (field, owner) in self._fields(model).items():
            if name not in self.excluded_fields:
                attributes[name] = self._copy(field, name, owner)
        attributes["history_id"] = self._id_field()
        attributes["history_date"] = models.DateTimeField(db_index=self._indexes_dates() is True)
        attributes["history_change_reason"] = self._reason_field()
        kinds = (("+", "Created"), ("~", "Changed"), ("-", "Deleted"))
        attributes["history_type"] = models.CharField(max_length=1, choices=kinds)
        if self.related_name:
            attributes["history_relation"] = models.ForeignKey(model, on_delete=models.DO_NOTHING,
                                                               related_name=self.related_name, db_constraint=False)
        if self.user_id_field is not None:
            attributes["history_user_id"] = self.user_id_field
        else:
            attributes["history_user"] = models.ForeignKey(
                self.user_model or settings.AUTH_USER_MODEL, null=True, related_name=self.user_related_name,
                on_delete=models.SET_NULL, db_constraint=self.user_db_constraint)
        options = {"ordering": ("-history_date", "-history_id"), "get_latest_by": ("history_date", "history_id")}
        if self.app:
            options["app_label"] = self.app
        if self.table_name is not None and not inherited:
            options["db_table"] = self.table_name
        if self._indexes_dates() == "composite":
            options["indexes"] = (models.Index(fields=("history_date", self._key_name(model))),)
        attributes["Meta"] = type("Meta", (), options)
        type(self._name(model), self.bases, attributes)

    def _name(self, model):
        if not self.custom_model_name:
            return self.DEFAULT_MODEL_NAME_PREFIX + model._meta.object_name
        if callable(self.custom_model_name):
            return self.custom_model_name(model._meta.object_name)
        return self.custom_model_name

    def _fields(self, model):
        """Columns of the model and of what it inherits from, each with the model it belongs to, by name."""
        found = {}
        for ancestor in reversed(model.__mro__):
            values = dict(ancestor.__dict__)
            if "_meta" in values:
                values.update(ancestor._meta.added)
            for name, value in values.items():
                if isinstance(value, models.Field) and not value.many_to_many and value.concrete:
                    owner = model
                    if "_meta" in values and not ancestor._meta.abstract:
                        owner = ancestor
                    found[name] = (value, owner)
        return found

    def _has_unknown_fields(self, model):
        """Whether columns may exist that are not seen: a field whose package is neither installed nor described."""
        for ancestor in model.__mro__:
            for value in ancestor.__dict__.values():
                if not is_known(isinstance(value, models.Field)):
                    path = path_of(type(value))
                    if is_known(path) and path.endswith(("Field", "Key")):
                        return True
        return False

    def _key_name(self, model):
        for name, (field, _) in self._fields(model).items():
            if field.primary_key:
                return name
        return "id"

    def _key_fields(self, model, attributes):
        """Stands for the automatic key, the links to parents and `_order`, which no class body holds."""
        parents = model._meta.all_parents
        if not any(field.primary_key for field, _ in self._fields(model).values()):
            root = parents[-1] if parents else model
            config = apps.get_containing_app_config(root.__module__)
            path = getattr(config, "default_auto_field", None)
            path = path or getattr(settings, "DEFAULT_AUTO_FIELD", "django.db.models.AutoField")
            if not isinstance(path, str):
                return False
            kinds = {"AutoField": models.IntegerField, "BigAutoField": models.BigIntegerField}
            kind = kinds.get(path.rpartition(".")[2])
            if kind is None:
                return False
            attributes["id"] = kind(db_index=True, blank=True, auto_created=True)
        for parent in reversed(parents):
            key = parent._meta.model_name + "_ptr"
            attributes[key] = models.ForeignKey(parent, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+",
                                                null=True, blank=True, auto_created=True)
        for ancestor in model.__mro__:
            if "_meta" in ancestor.__dict__ and ancestor._meta.option("order_with_respect_to"):
                attributes["_order"] = models.IntegerField(editable=False)
        return True

    def _copy(self, field, name, owner):
        kind = field.__class__
        if isinstance(field, models.ForeignKey):
            if isinstance(field, models.OneToOneField):
                kind = models.ForeignKey
            copy = object.__new__(kind)
            for attribute, value in field.__dict__.items():
                setattr(copy, attribute, value)
            copy.to = owner if field.to == "self" else field.to
            copy.db_constraint = False
            copy._related_name = "+"
            copy.null = True
            copy.blank = True
            copy.primary_key = False
            copy._unique = False
            copy.db_index = True
            copy.on_delete = models.DO_NOTHING
            copy.parent_link = False
        else:
            if isinstance(field, models.BigAutoField):
                kind = models.BigIntegerField
            elif isinstance(field, models.AutoField):
                kind = models.IntegerField
            elif isinstance(field, models.FileField):
                as_char = getattr(settings, "SIMPLE_HISTORY_FILEFIELD_TO_CHARFIELD", False)
                kind = models.CharField if as_char else models.TextField
            copy = object.__new__(kind)
            copy._place = (field, 0)
            for attribute, value in field.__dict__.items():
                setattr(copy, attribute, value)
            copy.auto_now = False
            copy.auto_now_add = False
            if field.primary_key or field._unique:
                copy.primary_key = False
                copy._unique = False
                copy.db_index = True
        if name in self.no_db_index:
            copy.db_index = False
        return copy

    def _id_field(self):
        if self.history_id_field:
            field = object.__new__(self.history_id_field.__class__)
            for attribute, value in self.history_id_field.__dict__.items():
                setattr(field, attribute, value)
            field.primary_key = True
            field.editable = False
            return field
        if getattr(settings, "SIMPLE_HISTORY_HISTORY_ID_USE_UUID", False):
            return models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
        return models.AutoField(primary_key=True)

    def _reason_field(self):
        if self.history_change_reason_field:
            return self.history_change_reason_field
        if getattr(settings, "SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD", False):
            return models.TextField(null=True)
        return models.CharField(max_length=100, null=True)

    def _indexes_dates(self):
        given = getattr(settings, "SIMPLE_HISTORY_DATE_INDEX", True)
        return given.lower() if isinstance(given, str) else given
