from django.urls import path

from catalogue import views

urlpatterns = [
    path("", views.window, name="window"),
    path("search/", views.search, name="search"),
    path("names/", views.search_names, name="search-names"),
    path("cheapest/", views.cheapest, name="cheapest"),
    path("suppliers/", views.suppliers, name="suppliers"),
    path("categories/", views.categories, name="categories"),
    path("barcode/unsafe/", views.by_barcode_unsafely, name="by-barcode-unsafely"),
    path("barcode/", views.by_barcode, name="by-barcode"),
    path("teaser/", views.teaser, name="teaser"),
    path("pages/unordered/", views.page_unordered, name="page-unordered"),
    path("pages/", views.page, name="page"),
]
