"""Models that make Django send every kind of write: each class is here for one way of saving or deleting."""

import uuid

import django
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.db import models
from django.db.models import F
from django.db.models.functions import Now


class Plain(models.Model):
    name = models.CharField(max_length=50)
    size = models.IntegerField(default=0)
    note = models.TextField(null=True)


# Deleting: a field for each on_delete.


class Root(models.Model):
    name = models.CharField(max_length=50)


class FastChild(models.Model):
    root = models.ForeignKey(Root, on_delete=models.CASCADE)
    other = models.ForeignKey(Root, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=50)


class SlowChild(models.Model):
    root = models.ForeignKey(Root, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)
    rank = models.IntegerField(default=0)

    class Meta:
        ordering = ["-rank", "name"]


class Leaf(models.Model):
    slow = models.ForeignKey(SlowChild, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)


class NullLink(models.Model):
    root = models.ForeignKey(Root, null=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=50)


class DefaultLink(models.Model):
    root = models.ForeignKey(Root, null=True, default=None, on_delete=models.SET_DEFAULT)


def some_root():
    return 1


class ValueLink(models.Model):
    root = models.ForeignKey(Root, on_delete=models.SET(1))


class CalledLink(models.Model):
    root = models.ForeignKey(Root, on_delete=models.SET(some_root))
    name = models.CharField(max_length=50)


class Untouched(models.Model):
    root = models.ForeignKey(Root, db_constraint=False, on_delete=models.DO_NOTHING)


class Vault(models.Model):
    name = models.CharField(max_length=50)


class Guard(models.Model):
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT)
    name = models.CharField(max_length=50)


class Artist(models.Model):
    name = models.CharField(max_length=50)


class Album(models.Model):
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE)


class Song(models.Model):
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE)
    album = models.ForeignKey(Album, on_delete=models.RESTRICT)


class Node(models.Model):
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    name = models.CharField(max_length=50)


class OnlyNulled(models.Model):
    name = models.CharField(max_length=50)


class Nulled(models.Model):
    first = models.ForeignKey(OnlyNulled, null=True, on_delete=models.SET_NULL, related_name="firsts")
    second = models.ForeignKey(OnlyNulled, null=True, on_delete=models.SET_NULL, related_name="seconds")


class Unreferenced(models.Model):
    name = models.CharField(max_length=50)


class Ignored(models.Model):
    target = models.ForeignKey(Unreferenced, db_constraint=False, on_delete=models.DO_NOTHING)


class Cause(models.Model):
    effect = models.ForeignKey("Effect", null=True, on_delete=models.CASCADE)


class Effect(models.Model):
    cause = models.ForeignKey(Cause, on_delete=models.CASCADE)


class Watched(models.Model):
    """`record.py` connects a signal to it when a snippet asks for it."""

    root = models.ForeignKey("WatchedRoot", on_delete=models.CASCADE)
    name = models.CharField(max_length=50)


class WatchedRoot(models.Model):
    name = models.CharField(max_length=50)


# Keys.


class Person(models.Model):
    name = models.CharField(max_length=50)
    born = models.DateField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)


class Profile(models.Model):
    person = models.OneToOneField(Person, on_delete=models.CASCADE)
    text = models.TextField()


class Passport(models.Model):
    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE)
    number = models.CharField(max_length=20, unique=True)


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    iso = models.CharField(max_length=3, unique=True)
    name = models.CharField(max_length=50)


class City(models.Model):
    country = models.ForeignKey(Country, to_field="iso", on_delete=models.CASCADE, db_column="iso_of_country")
    home = models.ForeignKey(Country, null=True, on_delete=models.SET_NULL, related_name="homes")
    name = models.CharField(max_length=50)


class Street(models.Model):
    city = models.ForeignKey(City, on_delete=models.CASCADE)
    country = models.ForeignKey(Country, to_field="iso", on_delete=models.CASCADE)


class Token(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    text = models.CharField(max_length=50)


class Use(models.Model):
    token = models.ForeignKey(Token, on_delete=models.CASCADE)


class Small(models.Model):
    id = models.AutoField(primary_key=True)
    value = models.SmallIntegerField(db_column="the value")


class Empty(models.Model):
    pass


class OnlyKey(models.Model):
    name = models.CharField(max_length=50, primary_key=True)


class Checked(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        select_on_save = True


# Inheritance.


class Place(models.Model):
    name = models.CharField(max_length=50)
    address = models.CharField(max_length=80)


class Restaurant(Place):
    serves = models.CharField(max_length=50)
    stars = models.IntegerField(default=0)


class Pizzeria(Restaurant):
    oven = models.CharField(max_length=50)


class Bare(Place):
    pass


class ProxyPlace(Place):
    class Meta:
        proxy = True
        ordering = ["name"]


class ProxyRestaurant(Restaurant):
    class Meta:
        proxy = True


class Waiter(models.Model):
    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)


class Animal(models.Model):
    name = models.CharField(max_length=50)


class Dog(Animal):
    breed = models.CharField(max_length=50)


class Puppy(Dog):
    age = models.IntegerField()


class Toy(models.Model):
    dog = models.ForeignKey(Dog, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)


class Owner(models.Model):
    name = models.CharField(max_length=50)


class Engine(models.Model):
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE)
    serial = models.AutoField(primary_key=True)


class Body(models.Model):
    paint = models.CharField(max_length=50)


class Car(Engine, Body):
    plate = models.CharField(max_length=50)


class Linked(Body):
    key = models.AutoField(primary_key=True)
    body = models.OneToOneField(Body, parent_link=True, on_delete=models.CASCADE)
    extra = models.CharField(max_length=50)


class ProxyLink(models.Model):
    place = models.ForeignKey(ProxyPlace, on_delete=models.CASCADE)


# Many to many.


class Tag(models.Model):
    word = models.CharField(max_length=50, unique=True)


class Article(models.Model):
    title = models.CharField(max_length=50)
    tags = models.ManyToManyField(Tag, related_name="articles")


class Member(models.Model):
    name = models.CharField(max_length=50)
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")


class Club(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(Member, through="Membership", related_name="clubs")


class Membership(models.Model):
    club = models.ForeignKey(Club, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    since = models.IntegerField(default=2020)


class Catalogue(models.Model):
    name = models.CharField(max_length=50)
    countries = models.ManyToManyField(Country, related_name="catalogues")
    places = models.ManyToManyField(Restaurant, db_table="catalogue places")


class Shelf(models.Model):
    children = models.ManyToManyField(SlowChild, related_name="shelves")
    roots = models.ManyToManyField("Sorted", through="Placing", through_fields=("shelf", "item"))


class Sorted(models.Model):
    name = models.CharField(max_length=50)
    home = models.ForeignKey(Shelf, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["name", "id"]


class Placing(models.Model):
    checked_by = models.ForeignKey(Sorted, null=True, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Sorted, on_delete=models.CASCADE)
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)
    spare = models.ForeignKey(Shelf, null=True, on_delete=models.CASCADE, related_name="+")


class Chef(Restaurant):
    """A child whose parent's relations it shares."""

    guests = models.ManyToManyField(Person)


# Generic relations.


class Label(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey("content_type", "object_id")
    text = models.CharField(max_length=50)


class Comment(models.Model):
    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    key = models.PositiveIntegerField()
    subject = GenericForeignKey("kind", "key")
    text = models.CharField(max_length=50)

    class Meta:
        ordering = ["text"]


class Vote(models.Model):
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE)


class Bookmark(models.Model):
    url = models.CharField(max_length=80)
    labels = GenericRelation(Label)


class Document(models.Model):
    title = models.CharField(max_length=50)
    labels = GenericRelation(Label, related_query_name="documents")


class Letter(Document):
    receiver = models.CharField(max_length=50)
    notes = GenericRelation(Comment, content_type_field="kind", object_id_field="key")


class Page(models.Model):
    title = models.CharField(max_length=50)
    comments = GenericRelation(Comment, content_type_field="kind", object_id_field="key")


# Abstract bases.


class Base(models.Model):
    owner = models.ForeignKey(Owner, null=True, on_delete=models.SET_NULL, related_name="%(class)s_of")
    tags = models.ManyToManyField(Tag, related_name="+")

    class Meta:
        abstract = True


class First(Base):
    name = models.CharField(max_length=50)


class Second(Base):
    first = models.ForeignKey(First, on_delete=models.CASCADE)


class Third(Second):
    second = models.ForeignKey(Second, on_delete=models.CASCADE, related_name="thirds")


class Deep(models.Model):
    third = models.ForeignKey(Third, on_delete=models.RESTRICT)
    second = models.ForeignKey(Second, null=True, on_delete=models.SET_NULL)


class Ranked(models.Model):
    slow = models.ForeignKey(SlowChild, on_delete=models.CASCADE)
    third = models.ForeignKey(Third, null=True, on_delete=models.CASCADE)

    class Meta:
        ordering = ["-slow", "pk"]


class RankedLeaf(models.Model):
    ranked = models.ForeignKey(Ranked, on_delete=models.CASCADE)


# Managers that do not show everything.


class ActiveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(active=True)


class Thing(models.Model):
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE, related_name="things")
    active = models.BooleanField(default=True)
    name = models.CharField(max_length=50, default="a")
    likes = models.ManyToManyField("self")
    objects = ActiveManager()


class Box(models.Model):
    things = models.ManyToManyField(Thing, related_name="boxes")


class Mark(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    active = models.BooleanField(default=True)
    objects = ActiveManager()


class Volume(models.Model):
    marks = GenericRelation(Mark)


# Meta options and field types.


class Question(models.Model):
    text = models.CharField(max_length=50)


class Answer(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE)
    text = models.CharField(max_length=50)

    class Meta:
        order_with_respect_to = "question"


class Stock(models.Model):
    sku = models.CharField(max_length=50)
    warehouse = models.CharField(max_length=50)
    amount = models.IntegerField(default=0)
    seen = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sku", "warehouse"], name="one_stock")]


class Typed(models.Model):
    words = ArrayField(models.CharField(max_length=10), default=list)
    grid = ArrayField(ArrayField(models.IntegerField()), null=True)
    span = IntegerRangeField(null=True)
    data = models.JSONField(default=dict)
    raw = models.BinaryField(default=b"")
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    lasts = models.DurationField(null=True)
    flag = models.BooleanField(default=False)
    where = models.GenericIPAddressField(null=True)
    slug = models.SlugField(default="a")
    upload = models.FileField(null=True)


class Simple(models.Model):
    """Types of which an array can be made, for bulk inserts."""

    number = models.BigIntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    word = models.CharField(max_length=10, null=True)
    key = models.UUIDField(default=uuid.uuid4)
    data = models.JSONField(default=dict)
    plain = models.ForeignKey(Plain, null=True, on_delete=models.CASCADE)
    token = models.ForeignKey(Token, null=True, on_delete=models.SET_NULL)
    when = models.DateTimeField(null=True)


if django.VERSION >= (5, 0):

    class Filled(models.Model):
        name = models.CharField(max_length=50)
        count = models.IntegerField(db_default=5)
        made = models.DateTimeField(db_default=Now())

    class OnlyFilled(models.Model):
        count = models.IntegerField(db_default=5)

    class FilledKey(models.Model):
        id = models.IntegerField(primary_key=True, db_default=7)
        name = models.CharField(max_length=50)

    class Computed(models.Model):
        a = models.IntegerField()
        b = models.IntegerField(default=0)
        name = models.CharField(max_length=50, default="")
        total = models.GeneratedField(expression=F("a") + F("b"), output_field=models.IntegerField(), db_persist=True)


if django.VERSION >= (5, 2):

    class Line(models.Model):
        pk = models.CompositePrimaryKey("order", "number")
        order = models.ForeignKey(Root, on_delete=models.CASCADE, related_name="lines")
        number = models.IntegerField()
        text = models.CharField(max_length=50)


if django.VERSION >= (6, 1):

    class Ground(models.Model):
        name = models.CharField(max_length=50)

    class ByDatabase(models.Model):
        ground = models.ForeignKey(Ground, on_delete=models.DB_CASCADE)
        other = models.ForeignKey(Ground, null=True, on_delete=models.DB_SET_NULL, related_name="+")
