from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper


class Category(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Supplier(models.Model):
    name = models.CharField(max_length=200)
    # Hazard index-cannot-serve: an index on a boolean finds half of the table.
    active = models.BooleanField(default=True, db_index=True)
    # Hazard index-cannot-serve: a text longer than 2,704 bytes does not fit into a B-tree and makes INSERT fail.
    terms = models.TextField(db_index=True)
    # Hazard index-cannot-serve: a B-tree compares whole documents; it finds no key in them.
    contacts = models.JSONField(default=dict, db_index=True)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    # Right: no index of its own, because `product_supplier_name` starts with it.
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="products", db_index=False)
    # Right: exact to the cent.
    price = models.DecimalField(max_digits=10, decimal_places=2)
    # Hazard float-for-money: 0.1 + 0.2 is not 0.3.
    shipping_price = models.FloatField(default=0)
    # Right: what the form refuses, `product_discount_range` refuses too.
    discount_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(90)])
    active = models.BooleanField(default=True)
    # Right: a GIN index answers `attributes__contains`.
    attributes = models.JSONField(default=dict, blank=True)
    stock = models.PositiveIntegerField(default=0)
    barcode = models.CharField(max_length=32, unique=True, null=True, blank=True)
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # Hazard redundant-index: the foreign key has an index already.
            models.Index(fields=["category"], name="product_category"),
            models.Index(fields=["supplier", "name"], name="product_supplier_name"),
            # Right: a partial index holds only the rows that the shop window asks for.
            models.Index(fields=["-created_at"], name="product_window", condition=Q(active=True)),
            GinIndex(fields=["attributes"], name="product_attributes", opclasses=["jsonb_path_ops"]),
            # Right: serves `name__icontains`, which compares upper case.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="product_name_trigrams"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(discount_percent__lte=90), name="product_discount_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def discounted_price(self) -> Decimal:
        return self.price * (100 - self.discount_percent) / 100


class Promotion(models.Model):
    name = models.CharField(max_length=100)
    products = models.ManyToManyField(Product, related_name="promotions", blank=True)
    # Hazard validation-without-constraint: `update()`, `bulk_create()` and SQL run no validator.
    percent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(90)])
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # Hazard validation-without-constraint: only forms call clean().
        if self.ends_at <= self.starts_at:
            raise ValidationError("A promotion ends after it starts.")


class Coupon(models.Model):
    code = models.CharField(max_length=20, unique=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            # Right: holds for every writer.
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="coupon_valid_period"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if self.valid_until <= self.valid_from:
            raise ValidationError("A coupon ends after it starts.")


class Stocktake(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stocktakes", db_index=False)
    warehouse = models.ForeignKey("accounts.WarehouseClient", on_delete=models.CASCADE, null=True)
    shelf = models.CharField(max_length=20, null=True)
    counted = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Hazard unique-nullable: NULL equals nothing, so rows without a warehouse repeat at will.
            models.UniqueConstraint(fields=["product", "warehouse"], name="stocktake_product_warehouse"),
            # Right: one row per product without a shelf, too.
            models.UniqueConstraint(fields=["shelf", "product"], name="stocktake_shelf", nulls_distinct=False),
        ]
