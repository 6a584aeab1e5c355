"""What suppliers send us: names, categories, deliveries."""

from django.db.models import F

from catalogue.models import Category, Product, Promotion, Supplier


def supplier_named(name: str) -> Supplier:
    # Hazard race-in-get-or-create: two imports at once make two suppliers of that name.
    supplier, _ = Supplier.objects.get_or_create(name=name)
    return supplier


def category_of(slug: str) -> Category:
    # Right: `slug` is unique; whoever comes second reads the row of the first.
    category, _ = Category.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    return category


def announce(promotion: Promotion) -> None:
    # Hazard check-then-create: nothing keeps a second one out that is made between the two statements.
    if not Promotion.objects.filter(name=promotion.name, percent=promotion.percent).exists():
        Promotion.objects.create(
            name=promotion.name,
            percent=promotion.percent,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
        )


def deliver_carelessly(product: Product, quantity: int) -> None:
    product.stock = F("stock") + quantity
    product.save(update_fields=["stock"])
    product.active = True
    # Hazard stale-f-expression: before Django 6.0 this adds the quantity once more.
    product.save()


def deliver(product: Product, quantity: int) -> int:
    product.stock = F("stock") + quantity
    product.save(update_fields=["stock"])
    # Right: the number is read again before it is used.
    product.refresh_from_db(fields=["stock"])
    return product.stock
