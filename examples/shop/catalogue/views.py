from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from catalogue.models import Category, Product, Supplier


def window(request: HttpRequest) -> HttpResponse:
    # Right: served by the partial index `product_window`, and stopped after one page.
    products = Product.objects.filter(active=True).order_by("-created_at").select_related("category")[:24]
    return render(request, "catalogue/window.html", {"products": products})


def search(request: HttpRequest) -> JsonResponse:
    term = request.GET.get("q", "")
    # Hazard: no index serves `icontains` on `description`; every search reads the whole table.
    found = Product.objects.filter(description__icontains=term)
    return JsonResponse({"names": list(found.values_list("name", flat=True))})


def search_names(request: HttpRequest) -> JsonResponse:
    term = request.GET.get("q", "")
    # Right: served by `product_name_trigrams`.
    found = Product.objects.filter(name__icontains=term)[:20]
    return JsonResponse({"names": list(found.values_list("name", flat=True))})


def cheapest(request: HttpRequest) -> JsonResponse:
    # Hazard: neither the filter nor the order has an index.
    found = Product.objects.filter(price__lt=20).order_by("price")
    return JsonResponse({"names": [product.name for product in found]})


def suppliers(request: HttpRequest) -> JsonResponse:
    # Hazard: one query per supplier, and the counting is done row by row in Python.
    counts = {}
    for supplier in Supplier.objects.all():
        counts[supplier.name] = len([product for product in supplier.products.all() if product.active])
    return JsonResponse(counts)


def categories(request: HttpRequest) -> JsonResponse:
    # Right: one query, and the database counts.
    found = Category.objects.annotate(active=Count("products", filter=Q(products__active=True)))
    return JsonResponse({category.name: category.active for category in found})


def by_barcode_unsafely(request: HttpRequest) -> JsonResponse:
    barcode = request.GET.get("barcode", "")
    # Hazard raw-sql-interpolation: a quote in the barcode ends the text, and what follows is SQL.
    found = Product.objects.raw(f"SELECT * FROM catalogue_product WHERE barcode = '{barcode}'")
    return JsonResponse({"names": [product.name for product in found]})


def by_barcode(request: HttpRequest) -> JsonResponse:
    barcode = request.GET.get("barcode", "")
    # Right: the value goes beside the statement.
    found = Product.objects.raw("SELECT * FROM catalogue_product WHERE barcode = %s", [barcode])
    return JsonResponse({"names": [product.name for product in found]})


def teaser(request: HttpRequest) -> JsonResponse:
    # Hazard random-order: all products are read and sorted for three of them.
    found = Product.objects.order_by("?")[:3]
    return JsonResponse({"names": [product.name for product in found]})


def page_unordered(request: HttpRequest) -> HttpResponse:
    # Hazard unordered-pagination: a product may be on two pages, and another on none.
    pages = Paginator(Product.objects.select_related("category"), 24)
    return render(request, "catalogue/window.html", {"products": pages.get_page(request.GET.get("page"))})


def page(request: HttpRequest) -> HttpResponse:
    # Right: an order that is the same for every page.
    pages = Paginator(Product.objects.select_related("category").order_by("pk"), 24)
    return render(request, "catalogue/window.html", {"products": pages.get_page(request.GET.get("page"))})
