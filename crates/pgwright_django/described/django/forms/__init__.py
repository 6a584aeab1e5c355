from django.core.exceptions import ValidationError
from django.forms.fields import (
    BooleanField, CharField, ChoiceField, ComboField, DateField, DateTimeField, DecimalField, DurationField, EmailField, Field,
    FileField, FilePathField, FloatField, GenericIPAddressField, ImageField, IntegerField, JSONField, MultipleChoiceField,
    MultiValueField, NullBooleanField, RegexField, SlugField, SplitDateTimeField, TimeField, TypedChoiceField,
    TypedMultipleChoiceField, URLField, UUIDField,
)
from django.forms.forms import BaseForm, Form
from django.forms.formsets import BaseFormSet, all_valid, formset_factory
from django.forms.models import (
    ALL_FIELDS, BaseInlineFormSet, BaseModelForm, BaseModelFormSet, ModelChoiceField, ModelForm, ModelMultipleChoiceField,
    fields_for_model, inlineformset_factory, model_to_dict, modelform_factory, modelformset_factory,
)
