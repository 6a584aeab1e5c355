from django.contrib import admin

from orders.models import Order, Payment


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    # Hazard: str(customer) follows `customer.user`; the list runs one query per row for it.
    list_display = ["number", "customer", "status", "placed_at"]
    list_select_related = ["customer"]
    date_hierarchy = "placed_at"


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):
    # Right: the column needs nothing beyond the row and its order.
    list_display = ["order", "amount", "status"]
    list_select_related = ["order"]
    raw_id_fields = ["order"]
