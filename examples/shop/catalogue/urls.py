from django.urls import path

from catalogue import views

urlpatterns = [
    path("", views.window, name="window"),
    path("search/", views.search, name="search"),
    path("names/", views.search_names, name="search-names"),
    path("cheapest/", views.cheapest, name="cheapest"),
    path("suppliers/", views.suppliers, name="suppliers"),
    path("categories/", views.categories, name="categories"),
]
