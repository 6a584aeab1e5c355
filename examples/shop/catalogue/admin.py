from django.contrib import admin

from catalogue.models import Category, Product, Promotion, Supplier

admin.site.register([Category, Promotion, Supplier])


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "category", "price", "active"]
    list_filter = ["active"]
    list_select_related = ["category"]
    search_fields = ["name"]
