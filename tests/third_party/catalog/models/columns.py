"""A column of every field."""

from autoslug import AutoSlugField
from ckeditor.fields import RichTextField
from ckeditor_uploader.fields import RichTextUploadingField
from colorfield.fields import ColorField
from django.db import models
from django_ckeditor_5.fields import CKEditor5Field
from django_countries.fields import CountryField
from django_extensions.db import fields as extensions
from django_extensions.db.fields.json import JSONField as ExtendedJSONField
from django_summernote.fields import SummernoteTextField
from djmoney.models.fields import CurrencyField, MoneyField
from easy_thumbnails.fields import ThumbnailerField, ThumbnailerImageField
from encrypted_model_fields import fields as encrypted
from fernet_fields import fields as fernet
from imagekit.models import ImageSpecField, ProcessedImageField
from jsonfield import JSONCharField, JSONField
from model_utils import FieldTracker
from model_utils import fields as utils
from model_utils.managers import InheritanceManager, QueryManager
from phonenumber_field.modelfields import PhoneNumberField
from sorl.thumbnail import ImageField as SorlImageField
from timezone_field import TimeZoneField
from tinymce.models import HTMLField


class Priced(models.Model):
    price = MoneyField(max_digits=14, decimal_places=2, default_currency="EUR")
    discount = MoneyField(max_digits=10, decimal_places=2, null=True, blank=True)
    total = MoneyField(max_digits=14, currency_field_name="paid_in", currency_max_length=5, default=0, default_currency="EUR")
    unit = CurrencyField()
    label = models.CharField(max_length=10)


class AbstractCost(models.Model):
    cost = MoneyField(max_digits=8, decimal_places=2)

    class Meta:
        abstract = True


class Cost(AbstractCost):
    extra = MoneyField(max_digits=8, decimal_places=3, default=0, default_currency="USD")


class Person(models.Model):
    phone = PhoneNumberField()
    mobile = PhoneNumberField(null=True, blank=True, unique=True, region="CH", max_length=20)
    country = CountryField()
    visited = CountryField(multiple=True, max_length=200)
    home = CountryField(blank_label="(select)", blank=True, null=True)
    zone = TimeZoneField(default="Europe/Zurich")
    other_zone = TimeZoneField(null=True, max_length=40)
    colour = ColorField(default="#FF0000")
    shade = ColorField(format="hexa", null=True)
    tint = ColorField(blank=True)
    tracker = FieldTracker()


class Texts(models.Model):
    body = RichTextField()
    uploading = RichTextUploadingField(blank=True, config_name="big")
    five = CKEditor5Field(config_name="extends", blank=True)
    html = HTMLField(null=True)
    note = SummernoteTextField(default="")
    split = utils.SplitField()
    document = JSONField()
    short = JSONCharField(max_length=60, default=dict)
    extended = ExtendedJSONField(null=True)


class Pictures(models.Model):
    file = ThumbnailerField(upload_to="a")
    image = ThumbnailerImageField(upload_to="b", max_length=150, resize_source={"size": (10, 10)})
    sorl = SorlImageField(upload_to="c", null=True)
    processed = ProcessedImageField(upload_to="d", processors=[], format="JPEG", options={"quality": 60})
    thumbnail = ImageSpecField(source="image", processors=[], format="JPEG")


class Secrets(models.Model):
    name = encrypted.EncryptedCharField(max_length=100)
    text = encrypted.EncryptedTextField(null=True)
    day = encrypted.EncryptedDateField()
    moment = encrypted.EncryptedDateTimeField(auto_now_add=True)
    mail = encrypted.EncryptedEmailField()
    flag = encrypted.EncryptedBooleanField(default=False)
    number = encrypted.EncryptedIntegerField()
    positive = encrypted.EncryptedPositiveIntegerField()
    small = encrypted.EncryptedSmallIntegerField()
    positive_small = encrypted.EncryptedPositiveSmallIntegerField()
    big = encrypted.EncryptedBigIntegerField()
    fernet_text = fernet.EncryptedTextField()
    fernet_char = fernet.EncryptedCharField(max_length=40)
    fernet_mail = fernet.EncryptedEmailField(null=True)
    fernet_number = fernet.EncryptedIntegerField()
    fernet_day = fernet.EncryptedDateField()
    fernet_moment = fernet.EncryptedDateTimeField()


class Slugs(models.Model):
    STATUS = (("a", "A"), ("b", "B"))
    KIND = (("x", "X"),)
    title = models.CharField(max_length=80)
    auto = AutoSlugField(populate_from="title", unique=True)
    auto_with = AutoSlugField(unique_with=("title",), max_length=70)
    auto_plain = AutoSlugField(null=True, editable=True)
    extended = extensions.AutoSlugField(populate_from="title")
    extended_unique = extensions.AutoSlugField(populate_from=["title"], unique=True, max_length=30, overwrite=True)
    code = extensions.RandomCharField(length=8, unique=True, include_alpha=False)
    created = extensions.CreationDateTimeField()
    modified = extensions.ModificationDateTimeField()
    short = extensions.ShortUUIDField()
    status = utils.StatusField()
    kind = utils.StatusField(choices_name="KIND", max_length=5)
    made = utils.AutoCreatedField(db_index=True)
    changed = utils.AutoLastModifiedField()
    monitored = utils.MonitorField(monitor="status")
    published = utils.MonitorField(monitor="status", when=["b"], null=True, default=None, blank=True)
    key = utils.UUIDField(primary_key=False, version=4, editable=True)
    token = utils.UrlsafeTokenField(max_length=32)
    objects = InheritanceManager()
    published_only = QueryManager(status="b")
