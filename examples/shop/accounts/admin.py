from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import ApiClient, Customer, User

admin.site.register(User, UserAdmin)


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["company", "user", "created_at"]
    # Right: without it, the list would load every user by a query of its own.
    list_select_related = ["user"]
    search_fields = ["company"]


@admin.register(ApiClient)
class ApiClientAdmin(admin.ModelAdmin):
    list_display = ["name"]
