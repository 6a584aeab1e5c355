from _pgwright import attributes_with, unknown
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Manager
from django.db.models.fields.related import ForeignKey, ManyToManyField
from django.forms.models import _related_model, _relations
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import (
    BooleanField, CharField, ChoiceField, CreateOnlyDefault, CurrentUserDefault, DateField, DateTimeField, DecimalField,
    DictField, DurationField, EmailField, Field, FileField, FilePathField, FloatField, HiddenField, HStoreField,
    IPAddressField, ImageField, IntegerField, JSONField, ListField, ModelField, MultipleChoiceField, ReadOnlyField,
    RegexField, SerializerMethodField, SkipField, SlugField, TimeField, URLField, UUIDField, empty,
)
from rest_framework.relations import (
    HyperlinkedIdentityField, HyperlinkedRelatedField, ManyRelatedField, PKOnlyObject, PrimaryKeyRelatedField, RelatedField,
    SlugRelatedField, StringRelatedField,
)

ALL_FIELDS = "__all__"
LIST_SERIALIZER_KWARGS = ()

class UniqueValidator:
    requires_context = True
    def __init__(self, queryset, message=None, lookup="exact"):
        self.queryset = queryset
        self.lookup = lookup
    def __call__(self, value, serializer_field):
        found = self.queryset.filter(**{serializer_field.source_attrs[-1] + "__" + self.lookup: value})
        _exists_besides(found, serializer_field.parent.instance)

class UniqueTogetherValidator:
    requires_context = True
    def __init__(self, queryset, fields, message=None, condition_fields=None, condition=None):
        self.queryset = queryset
        self.fields = fields
    def __call__(self, attrs, serializer):
        found = self.queryset.filter(**{name: unknown("what the client sends") for name in self.fields})
        _exists_besides(found, serializer.instance)

def _exists_besides(queryset, instance):
    if instance is not None:
        queryset = queryset.exclude(pk=instance.pk)
    queryset.exists()

class BaseSerializer(Field):
    def __new__(cls, *args, **kwargs):
        if kwargs.get("many", False):
            return cls.many_init(*args, **kwargs)
        return super().__new__(cls)
    @classmethod
    def many_init(cls, *args, **kwargs):
        kwargs["many"] = False
        child = cls(**kwargs)
        meta = getattr(cls, "Meta", None)
        made = getattr(meta, "list_serializer_class", ListSerializer)
        return made(*args, child=child, **kwargs)
    def __init__(self, instance=None, data=empty, *, partial=False, context=None, many=False, **kwargs):
        self.instance = instance
        if data is not empty:
            self.initial_data = data
        self.partial = partial
        self._context = context if context is not None else {}
        self._data = None
        super().__init__(**kwargs)

    def is_valid(self, *, raise_exception=False):
        self.validated_data = self.run_validation(unknown("what the client sends"))
        return unknown("whether data is valid")
    def save(self, **kwargs):
        validated_data = {**self.validated_data, **kwargs}
        if self.instance is not None:
            self.instance = self.update(self.instance, validated_data)
        else:
            self.instance = self.create(validated_data)
        return self.instance
    def update(self, instance, validated_data):
        return instance
    def create(self, validated_data):
        return None
    @property
    def errors(self):
        return unknown("errors of a serializer")
    @property
    def data(self):
        if self._data is None:
            if self.instance is not None:
                self._data = self.to_representation(self.instance)
            else:
                self._data = self.get_initial()
        return self._data
    def get_initial(self):
        return unknown("initial data")

class SerializerMetaclass(type):
    pass

class Serializer(BaseSerializer):
    def __init_subclass__(cls, **kwargs):
        fields = {}
        for base in reversed(cls.__mro__):
            for name, field in attributes_with(base, "to_representation", None):
                fields[name] = field
        cls._declared_fields = fields

    @property
    def fields(self):
        if not hasattr(self, "_fields") or self._fields is None:
            self._fields = self.get_fields()
            for name, field in self._fields.items():
                field.bind(name, self)
        return self._fields
    _fields = None
    def get_fields(self):
        return self._declared_fields.copy()
    @property
    def _writable_fields(self):
        return [field for field in self.fields.values() if not field.read_only]
    @property
    def _readable_fields(self):
        return [field for field in self.fields.values() if not field.write_only]
    def __iter__(self):
        return list(self.fields.values())
    def __getitem__(self, key):
        return self.fields[key]
    def get_validators(self):
        return list(getattr(getattr(self, "Meta", None), "validators", None) or ())
    def run_validators(self, value):
        self.validators = self.get_validators()
        super().run_validators(value)
    def run_validation(self, data=empty):
        value = self.to_internal_value(data)
        self.run_validators(value)
        try:
            value = self.validate(value) or value
        except ValidationError:
            pass
        return value
    def to_internal_value(self, data):
        found = {}
        for name, field in self.fields.items():
            if not field.read_only:
                value = field.run_validation(field.get_value(data))
                if hasattr(self, "validate_" + name):
                    try:
                        value = getattr(self, "validate_" + name)(value)
                    except ValidationError:
                        pass
                found[name] = value
        return found
    def to_representation(self, instance):
        found = {}
        for name, field in self.fields.items():
            if not field.write_only:
                found[name] = field.to_representation(field.get_attribute(instance))
        return found
    def validate(self, attrs):
        return attrs

class ListSerializer(BaseSerializer):
    child = None
    many = True
    def __init__(self, *args, child=None, **kwargs):
        if child is not None:
            self.child = child
        super().__init__(*args, **kwargs)
        self.child.bind("", self)
    def to_internal_value(self, data):
        return [self.run_child_validation(item) for item in data]
    def run_child_validation(self, data):
        return self.child.run_validation(data)
    def run_validation(self, data=empty):
        return self.validate(self.to_internal_value(data))
    def validate(self, attrs):
        return attrs
    def to_representation(self, data):
        iterable = data.all() if isinstance(data, Manager) else data
        return [self.child.to_representation(item) for item in iterable]
    def update(self, instance, validated_data):
        return instance
    def create(self, validated_data):
        return [self.child.create(attrs) for attrs in validated_data]
    def save(self, **kwargs):
        self.instance = self.create(self.validated_data)
        return self.instance

def raise_errors_on_nested_writes(method_name, serializer, validated_data):
    pass

class ModelSerializer(Serializer):
    serializer_related_field = PrimaryKeyRelatedField

    def get_fields(self):
        meta = self.Meta
        declared = self._declared_fields
        names = getattr(meta, "fields", None)
        columns = dict(meta.model._meta.columns())
        relations = dict(_relations(meta.model))
        fields = {}
        if not isinstance(names, (list, tuple)):
            names = [*declared, *relations]
        excluded = getattr(meta, "exclude", None) or ()
        read_only = getattr(meta, "read_only_fields", None) or ()
        for name in names:
            if name in excluded:
                continue
            if name in declared:
                fields[name] = declared[name]
            elif name in relations:
                fields[name] = self._relation(relations[name], name in read_only)
            else:
                fields[name] = ModelValueField(
                    read_only=name in read_only, validators=self._unique(columns[name]) if name in columns else None)
        return fields
    def _unique(self, field):
        return [UniqueValidator(queryset=self.Meta.model._default_manager)] if field._unique and not field.primary_key else []
    def _relation(self, relation, read_only):
        queryset = None if read_only else _related_model(relation)._default_manager
        return self.serializer_related_field(
            many=isinstance(relation, ManyToManyField), queryset=queryset, read_only=read_only,
            validators=self._unique(relation))
    def get_validators(self):
        declared = getattr(self.Meta, "validators", None)
        return list(declared) if declared is not None else self.get_unique_together_validators()
    def get_unique_together_validators(self):
        found = []
        for names in self.Meta.model._meta.total_unique_constraints():
            if all([name in self.fields for name in names]):
                found.append(UniqueTogetherValidator(queryset=self.Meta.model._default_manager, fields=names))
        return found
    def get_field_names(self, declared_fields, info):
        return list(declared_fields)
    def build_field(self, field_name, info, model_class, nested_depth):
        return (ModelField, {})
    def get_extra_kwargs(self):
        return {}
    def create(self, validated_data):
        model = self.Meta.model
        many = {}
        for name, field in self.fields.items():
            if isinstance(field, ManyRelatedField) and name in validated_data:
                many[name] = validated_data.pop(name)
        instance = model._default_manager.create(**validated_data)
        for name, value in many.items():
            getattr(instance, name).set(value)
        return instance
    def update(self, instance, validated_data):
        for name, value in validated_data.items():
            field = self.fields.get(name)
            if isinstance(field, ManyRelatedField):
                getattr(instance, name).set(value)
            elif field is not None:
                setattr(instance, name, value)
        instance.save()
        return instance

class ModelValueField(Field):
    """A column, a property or a method of the model."""

    def to_representation(self, value):
        if hasattr(value, "all"):
            return [one.pk for one in value.all()]
        return value

class HyperlinkedModelSerializer(ModelSerializer):
    serializer_related_field = HyperlinkedRelatedField
