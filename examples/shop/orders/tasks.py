from datetime import timedelta

from django.utils import timezone

from orders.models import Order, Payment, StatusChange
from shop.tasks import shared_task


@shared_task
def ship_paid_orders(changed_by_id: int) -> int:
    # Hazard: two statements per order.
    shipped = 0
    for order in Order.objects.filter(status=Order.Status.PAID):
        order.status = Order.Status.SHIPPED
        order.save()
        StatusChange.objects.create(order=order, changed_by_id=changed_by_id, status=order.status)
        shipped += 1
    return shipped


@shared_task
def settle_payments() -> int:
    # Right: one statement.
    return Payment.objects.filter(status=Payment.Status.PENDING).update(status=Payment.Status.SETTLED)


@shared_task
def remove_abandoned_orders() -> int:
    # Hazard: no index on `status` or `placed_at`; the table is read from end to end every night.
    limit = timezone.now() - timedelta(days=90)
    deleted, _ = Order.objects.filter(status=Order.Status.OPEN, placed_at__lt=limit, lines=None).delete()
    return deleted
