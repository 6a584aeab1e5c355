from _pgwright import unknown

__all__ = [
    "AutoField", "BLANK_CHOICE_DASH", "BigAutoField", "BigIntegerField", "BinaryField", "BooleanField", "CharField",
    "CommaSeparatedIntegerField", "DateField", "DateTimeField", "DecimalField", "DurationField", "EmailField", "Empty",
    "Field", "FilePathField", "FloatField", "GenericIPAddressField", "IPAddressField", "IntegerField", "NOT_PROVIDED",
    "NullBooleanField", "PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "SlugField",
    "SmallAutoField", "SmallIntegerField", "TextField", "TimeField", "URLField", "UUIDField",
]

class Empty:
    pass

class NOT_PROVIDED:
    pass

BLANK_CHOICE_DASH = [("", "---------")]

class Field:
    is_relation = False
    many_to_many = None
    many_to_one = None
    one_to_many = None
    one_to_one = None
    related_model = None
    remote_field = None
    concrete = True
    empty_strings_allowed = True
    description = "Field"
    hidden = False
    default_validators = []

    def __init__(self, verbose_name=None, name=None, primary_key=False, max_length=None, unique=False, blank=False,
                 null=False, db_index=False, rel=None, default=NOT_PROVIDED, editable=True, serialize=True,
                 unique_for_date=None, unique_for_month=None, unique_for_year=None, choices=None, help_text="",
                 db_column=None, db_tablespace=None, auto_created=False, validators=(), error_messages=None,
                 db_comment=None, db_default=NOT_PROVIDED):
        self.name = name
        self.verbose_name = verbose_name
        self.primary_key = primary_key
        self.max_length = max_length
        self._unique = unique
        self.blank = blank
        self.null = null
        self.db_index = db_index
        self.default = default
        self.db_default = db_default
        self.editable = editable
        self.serialize = serialize
        self.unique_for_date = unique_for_date
        self.unique_for_month = unique_for_month
        self.unique_for_year = unique_for_year
        self.choices = choices
        self.help_text = help_text
        self.db_column = db_column
        self.db_comment = db_comment
        self._db_tablespace = db_tablespace
        self.auto_created = auto_created
        self._validators = list(validators)
        self.error_messages = error_messages
        if rel is not None:
            self.remote_field = rel

    @property
    def unique(self):
        return self._unique or self.primary_key

    @property
    def attname(self):
        return self.name

    @property
    def column(self):
        return self.db_column or self.name

    @property
    def validators(self):
        return [*self.default_validators, *self._validators]

    def has_default(self):
        return self.default is not NOT_PROVIDED

    def get_default(self):
        return unknown("a default")

    def get_attname(self):
        return self.attname

    def get_attname_column(self):
        return (self.attname, self.column)

    def value_from_object(self, obj):
        return getattr(obj, self.attname)

    def value_to_string(self, obj):
        return str(self.value_from_object(obj))

    def save_form_data(self, instance, data):
        setattr(instance, self.name, data)

    def pre_save(self, model_instance, add):
        return getattr(model_instance, self.attname)

    def get_prep_value(self, value):
        return value

    def to_python(self, value):
        return value

    def clean(self, value, model_instance):
        return value

    def get_cache_name(self):
        return self.name

    def is_cached(self, instance):
        return unknown("whether a related object is loaded")

    def get_internal_type(self):
        return self.__class__.__name__

    def set_attributes_from_name(self, name):
        self.name = self.name or name

    def contribute_to_class(self, cls, name, private_only=False):
        self.name = name
        self.model = cls
        cls._meta.add_field(self)
        setattr(cls, name, self)

    def db_type(self, connection):
        return unknown("the column type")

    def rel_db_type(self, connection):
        return unknown("the column type")

    def db_type_parameters(self, connection):
        return self.__dict__

    def db_check(self, connection):
        return None

    def db_parameters(self, connection):
        return {"type": self.db_type(connection), "check": None}

    def check(self, **kwargs):
        return []

    def deconstruct(self):
        return (self.name, "", [], {})

    def clone(self):
        return self

    def formfield(self, **kwargs):
        return unknown("a form field")

    @classmethod
    def register_lookup(cls, lookup, lookup_name=None):
        return lookup

class BooleanField(Field):
    empty_strings_allowed = False
    def get_internal_type(self):
        return "BooleanField"

class NullBooleanField(BooleanField):
    def __init__(self, *args, **kwargs):
        kwargs["null"] = True
        kwargs["blank"] = True
        super().__init__(*args, **kwargs)
    def get_internal_type(self):
        return "NullBooleanField"

class CharField(Field):
    def __init__(self, *args, db_collation=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.db_collation = db_collation
    def get_internal_type(self):
        return "CharField"

class CommaSeparatedIntegerField(CharField):
    pass

class DateTimeCheckMixin:
    pass

class DateField(DateTimeCheckMixin, Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, name=None, auto_now=False, auto_now_add=False, **kwargs):
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add
        if auto_now or auto_now_add:
            kwargs["editable"] = False
            kwargs["blank"] = True
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "DateField"

class DateTimeField(DateField):
    def get_internal_type(self):
        return "DateTimeField"

class DecimalField(Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, name=None, max_digits=None, decimal_places=None, **kwargs):
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "DecimalField"

class DurationField(Field):
    empty_strings_allowed = False
    def get_internal_type(self):
        return "DurationField"

class EmailField(CharField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 254)
        super().__init__(*args, **kwargs)

class FilePathField(Field):
    def __init__(self, verbose_name=None, name=None, path="", match=None, recursive=False, allow_files=True,
                 allow_folders=False, **kwargs):
        self.path = path
        kwargs.setdefault("max_length", 100)
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "FilePathField"

class FloatField(Field):
    empty_strings_allowed = False
    def get_internal_type(self):
        return "FloatField"

class IntegerField(Field):
    empty_strings_allowed = False
    def get_internal_type(self):
        return "IntegerField"

class BigIntegerField(IntegerField):
    def get_internal_type(self):
        return "BigIntegerField"

class SmallIntegerField(IntegerField):
    def get_internal_type(self):
        return "SmallIntegerField"

class IPAddressField(Field):
    def __init__(self, *args, **kwargs):
        kwargs["max_length"] = 15
        super().__init__(*args, **kwargs)
    def get_internal_type(self):
        return "IPAddressField"

class GenericIPAddressField(Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, name=None, protocol="both", unpack_ipv4=False, *args, **kwargs):
        self.protocol = protocol
        kwargs["max_length"] = 39
        super().__init__(verbose_name, name, *args, **kwargs)
    def get_internal_type(self):
        return "GenericIPAddressField"

class PositiveIntegerRelDbTypeMixin:
    pass

class PositiveBigIntegerField(PositiveIntegerRelDbTypeMixin, BigIntegerField):
    def get_internal_type(self):
        return "PositiveBigIntegerField"

class PositiveIntegerField(PositiveIntegerRelDbTypeMixin, IntegerField):
    def get_internal_type(self):
        return "PositiveIntegerField"

class PositiveSmallIntegerField(PositiveIntegerRelDbTypeMixin, SmallIntegerField):
    def get_internal_type(self):
        return "PositiveSmallIntegerField"

class SlugField(CharField):
    def __init__(self, *args, max_length=50, db_index=True, allow_unicode=False, **kwargs):
        self.allow_unicode = allow_unicode
        super().__init__(*args, max_length=max_length, db_index=db_index, **kwargs)
    def get_internal_type(self):
        return "SlugField"

class TextField(Field):
    def __init__(self, *args, db_collation=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.db_collation = db_collation
    def get_internal_type(self):
        return "TextField"

class TimeField(DateTimeCheckMixin, Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, name=None, auto_now=False, auto_now_add=False, **kwargs):
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add
        if auto_now or auto_now_add:
            kwargs["editable"] = False
            kwargs["blank"] = True
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "TimeField"

class URLField(CharField):
    def __init__(self, verbose_name=None, name=None, **kwargs):
        kwargs.setdefault("max_length", 200)
        super().__init__(verbose_name, name, **kwargs)

class BinaryField(Field):
    empty_values = [None, b""]
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
    def get_internal_type(self):
        return "BinaryField"

class UUIDField(Field):
    empty_strings_allowed = False
    def __init__(self, verbose_name=None, **kwargs):
        kwargs["max_length"] = 32
        super().__init__(verbose_name, **kwargs)
    def get_internal_type(self):
        return "UUIDField"

class AutoFieldMixin:
    def __init__(self, *args, **kwargs):
        kwargs["blank"] = True
        super().__init__(*args, **kwargs)

class AutoFieldMeta(type):
    pass

class AutoField(AutoFieldMixin, IntegerField):
    def get_internal_type(self):
        return "AutoField"

class BigAutoField(AutoFieldMixin, BigIntegerField):
    def get_internal_type(self):
        return "BigAutoField"

class SmallAutoField(AutoFieldMixin, SmallIntegerField):
    def get_internal_type(self):
        return "SmallAutoField"
