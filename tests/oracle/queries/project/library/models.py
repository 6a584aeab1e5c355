import uuid

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    HStoreField,
    IntegerRangeField,
)
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Aggregate, F, Func, Subquery, Value
from django.db.models.functions import Lower


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]


class Author(models.Model):
    name = models.CharField(max_length=100)
    born = models.DateField(null=True)
    country = models.ForeignKey(Country, models.SET_NULL, null=True, related_name="authors")
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="students")
    friends = models.ManyToManyField("self")
    active = models.BooleanField(default=True)
    verified = models.BooleanField(null=True)

    class Meta:
        ordering = ["name", "-born"]


class Publisher(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    country = models.ForeignKey(Country, models.PROTECT)

    class Meta:
        db_table = "publishing_house"


class Tag(models.Model):
    label = models.CharField(max_length=50)


class TaggedItem(models.Model):
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="items")
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()
    weight = models.IntegerField(default=0)


class Book(models.Model):
    class Genre(models.TextChoices):
        NOVEL = "n", "novel"
        POETRY = "p", "poetry"

    title = models.CharField(max_length=200)
    subtitle = models.TextField(null=True)
    genre = models.CharField(max_length=1, choices=Genre.choices)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited", related_query_name="edit")
    publisher = models.ForeignKey(Publisher, models.CASCADE, to_field="slug", db_column="house")
    contributors = models.ManyToManyField(Author, through="Contribution", related_name="contributed")
    tags = models.ManyToManyField(Tag, related_name="books", blank=True)
    items = GenericRelation(TaggedItem, related_query_name="book")
    pages = models.IntegerField()
    rating = models.FloatField(null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    discount = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    copies = models.PositiveIntegerField(default=0)
    small = models.SmallIntegerField(default=0)
    big = models.BigIntegerField(default=0)
    published = models.DateField()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(null=True)
    opens = models.TimeField(null=True)
    loan = models.DurationField(null=True)
    available = models.BooleanField(default=True)
    isbn = models.UUIDField(null=True)
    ip = models.GenericIPAddressField(null=True)
    cover = models.BinaryField(null=True)
    file = models.FileField(null=True)
    email = models.EmailField(blank=True)
    data = models.JSONField(default=dict)
    keywords = ArrayField(models.CharField(max_length=20), default=list)
    numbers = ArrayField(models.IntegerField(), null=True)
    attributes = HStoreField(null=True)
    span = IntegerRangeField(null=True)
    bigspan = BigIntegerRangeField(null=True)
    worth = DecimalRangeField(null=True)
    valid = DateRangeField(null=True)
    shown = DateTimeRangeField(null=True)
    vector = SearchVectorField(null=True)

    class Meta:
        ordering = ["author", "-published"]


class Contribution(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    author = models.ForeignKey(Author, models.CASCADE)
    role = models.CharField(max_length=20)

    class Meta:
        ordering = [F("role").desc(nulls_last=True)]


class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    number = models.IntegerField()
    title = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.CASCADE, null=True)

    class Meta:
        ordering = ["book", "number"]
        unique_together = [["book", "number"]]


class Detail(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, primary_key=True)
    text = models.TextField()
    reviewer = models.OneToOneField(Author, models.SET_NULL, null=True, related_name="review")


class Place(models.Model):
    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE, null=True, related_name="places")


class Shop(Place):
    books = models.ManyToManyField(Book, related_name="shops")
    rank = models.IntegerField(default=0)
    owner = models.ForeignKey(Author, models.CASCADE, related_name="shops")

    class Meta:
        ordering = ["name"]


class Cafe(Shop):
    seats = models.IntegerField()
    partner = models.ForeignKey(Place, models.SET_NULL, null=True, related_name="cafes")


class BusyShop(Shop):
    class Meta:
        proxy = True
        ordering = [Lower("name"), "-rank"]


class Order(models.Model):
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="orders")
    busy = models.ForeignKey(BusyShop, models.CASCADE, null=True, related_name="busy_orders")
    book = models.ForeignKey(Book, models.CASCADE, related_name="+")
    quantity = models.IntegerField()
    note = models.CharField(max_length=50, db_column="remark", db_index=True)


class Membership(models.Model):
    person = models.ForeignKey(Author, models.CASCADE, related_name="memberships")
    inviter = models.ForeignKey(Author, models.CASCADE, related_name="invited")
    club = models.ForeignKey("Club", models.CASCADE)


class Club(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(Author, through=Membership, through_fields=("club", "person"), related_name="clubs")


class OwnInitcap(Func):
    function = "INITCAP"
    output_field = models.CharField()


class OwnFormat(Func):
    function = "TO_CHAR"

    def __init__(self, expression, form="YYYY", **extra):
        super().__init__(expression, Value(form), output_field=models.CharField(), **extra)


class OwnMedian(Aggregate):
    function = "PERCENTILE_CONT"
    name = "median"
    output_field = models.FloatField()
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


class OwnCount(Subquery):
    template = "(SELECT COUNT(*) FROM (%(subquery)s) _count)"
    output_field = models.IntegerField()


class OwnLower(Lower):
    pass


class OwnArray(Func):
    template = "%(expressions)s::%(kind)s"
    kind = None

    def __init__(self, *expressions, kind="text", **extra):
        super().__init__(*expressions, kind=kind, output_field=models.TextField(), **extra)
