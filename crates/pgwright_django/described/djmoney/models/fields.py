from django.conf import settings
from django.db import models
from django.db.models.fields import NOT_PROVIDED

class CurrencyField(models.CharField):
    def __init__(self, price_field=None, default=None, **kwargs):
        kwargs.setdefault("max_length", getattr(settings, "CURRENCY_CODE_MAX_LENGTH", 3))
        self.price_field = price_field
        if default is None:
            default = getattr(settings, "DEFAULT_CURRENCY", None)
        super().__init__(default=default, **kwargs)

class MoneyField(models.DecimalField):
    def __init__(self, verbose_name=None, name=None, max_digits=None, decimal_places=None, default=NOT_PROVIDED,
                 default_currency=NOT_PROVIDED, currency_choices=None, currency_max_length=None,
                 currency_field_name=None, money_descriptor_class=None, **kwargs):
        if decimal_places is None:
            decimal_places = getattr(settings, "CURRENCY_DECIMAL_PLACES", 2)
        if default_currency is NOT_PROVIDED:
            default_currency = getattr(settings, "DEFAULT_CURRENCY", None)
        self.default_currency = default_currency
        self.currency_choices = currency_choices
        self.currency_max_length = currency_max_length or getattr(settings, "CURRENCY_CODE_MAX_LENGTH", 3)
        self.currency_field_name = currency_field_name
        nullable = kwargs.get("null", False)
        self._currency_field = CurrencyField(
            price_field=self, max_length=self.currency_max_length, default=default_currency, editable=False, null=nullable,
            choices=currency_choices or getattr(settings, "CURRENCY_CHOICES", None),
        )
        # The currency's column stands before the amount's.
        self._currency_field._place = (self, -1)
        super().__init__(verbose_name, name, max_digits, decimal_places, default=default, **kwargs)

    def contribute_to_class(self, cls, name):
        field = self.currency_field_name or name + "_currency"
        if not hasattr(cls, field):
            cls.add_to_class(field, self._currency_field)
        super().contribute_to_class(cls, name)
