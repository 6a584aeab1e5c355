import json
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        SHIPPED = "shipped"

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey("accounts.Customer", on_delete=models.PROTECT, related_name="orders")
    # Hazard validation-without-constraint: the column takes any text, the choices bind only forms.
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    total = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    placed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    product = models.ForeignKey("catalogue.Product", on_delete=models.PROTECT, related_name="+")
    # Hazard constraint-without-validation: zero passes the API's serializer and fails in the database: a server error.
    quantity = models.IntegerField(default=1)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        # Hazard deprecated-declaration: say it as a UniqueConstraint, which has a name and can carry a condition.
        unique_together = [("order", "product")]
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="orderline_quantity")]


class Payment(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending"
        SETTLED = "settled"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    # Hazard json-in-text: PostgreSQL sees a string; it can neither check, search nor index it.
    gateway_response = models.TextField(default="{}")
    # Right: a document that the database understands.
    metadata = models.JSONField(default=dict)

    class Meta:
        # Right: `settle_payments` finds the few pending rows among all that were ever settled.
        indexes = [models.Index(fields=["order"], name="payment_pending", condition=Q(status="pending"))]
        constraints = [
            # Right: the choices, said to the database.
            models.CheckConstraint(condition=Q(status__in=["pending", "settled"]), name="payment_status"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_amount"),
        ]

    def record_response(self, response: dict[str, Any]) -> None:
        self.gateway_response = json.dumps(response)
        self.metadata = {"gateway": response.get("gateway")}
        self.save(update_fields=["gateway_response", "metadata"])

    def was_declined(self) -> bool:
        return json.loads(self.gateway_response).get("result") == "declined"


class Shipment(models.Model):
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments", db_index=False)
    carrier = models.CharField(max_length=40)
    tracking_number = models.CharField(max_length=60)
    parcel = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            # Hazard identifier-too-long: PostgreSQL cuts names at 63 bytes, so this constraint has another name there.
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"],
                name="orders_shipment_tracking_number_is_unique_for_each_carrier_of_the_shop",
            ),
            # Right: short enough to be found again in an error message.
            models.UniqueConstraint(fields=["order", "parcel"], name="shipment_order_parcel"),
        ]


class StatusChange(models.Model):
    # Right: indexed, as Django does unless it is told not to.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="history")
    # Hazard foreign-key-without-index: deleting one user reads this whole table.
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.TextField()
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["changed_at"], name="statuschange_changed_at")]
