from decimal import Decimal

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from rest_framework import mixins, viewsets

from catalogue.models import Product
from orders.models import Order, OrderLine
from orders.serializers import OrderLineSerializer, OrderSerializer


class SlowOrderViewSet(viewsets.ReadOnlyModelViewSet):
    # Hazard: the serializer follows `customer`, `lines` and each line's `product`: three queries and more per order.
    queryset = Order.objects.order_by("pk")
    serializer_class = OrderSerializer


class OrderViewSet(viewsets.ReadOnlyModelViewSet):
    # Right: three queries per page, whatever its size.
    queryset = Order.objects.select_related("customer").prefetch_related("lines__product").order_by("pk")
    serializer_class = OrderSerializer


class OrderLineViewSet(mixins.UpdateModelMixin, viewsets.GenericViewSet):
    # Takes a quantity of zero, which the table refuses: see `OrderLine`.
    queryset = OrderLine.objects.select_related("product").order_by("pk")
    serializer_class = OrderLineSerializer


def emails(request: HttpRequest) -> JsonResponse:
    # Hazard: two queries per order, for the customer and for the user.
    found = []
    for order in Order.objects.filter(status=Order.Status.OPEN):
        found.append(order.customer.user.email)
    return JsonResponse({"emails": found})


def emails_joined(request: HttpRequest) -> JsonResponse:
    # Right: one query.
    orders = Order.objects.filter(status=Order.Status.OPEN).select_related("customer__user")
    return JsonResponse({"emails": [order.customer.user.email for order in orders]})


def report(request: HttpRequest) -> HttpResponse:
    # Hazard: the template follows `order.lines` and `line.product` for each row.
    return render(request, "orders/report.html", {"orders": Order.objects.order_by("-placed_at")[:100]})


def report_prefetched(request: HttpRequest) -> HttpResponse:
    # Right: the same template, three queries.
    orders = Order.objects.prefetch_related("lines__product").order_by("-placed_at")[:100]
    return render(request, "orders/report.html", {"orders": orders})


def revenue(request: HttpRequest) -> JsonResponse:
    # Hazard: every order crosses the wire to be added up.
    total = sum(order.total for order in Order.objects.filter(status=Order.Status.PAID))
    return JsonResponse({"revenue": total})


def revenue_aggregated(request: HttpRequest) -> JsonResponse:
    # Right: one row comes back.
    total = Order.objects.filter(status=Order.Status.PAID).aggregate(total=Sum("total"))["total"]
    return JsonResponse({"revenue": total or Decimal(0)})


def reserve_unsafely(product_id: int, quantity: int) -> bool:
    # Hazard: two requests read the same stock, and one of the two reservations is lost.
    product = Product.objects.get(pk=product_id)
    if product.stock < quantity:
        return False
    product.stock -= quantity
    product.save()
    return True


def reserve(product_id: int, quantity: int) -> bool:
    # Right: one statement reads, checks and writes.
    changed = Product.objects.filter(pk=product_id, stock__gte=quantity).update(stock=F("stock") - quantity)
    return changed == 1


def mark_paid(request: HttpRequest, number: str) -> JsonResponse:
    with transaction.atomic():
        # Right: the row stays locked until the decision that depends on it is written.
        order = get_object_or_404(Order.objects.select_for_update(), number=number)
        if order.status == Order.Status.OPEN:
            order.status = Order.Status.PAID
            order.save(update_fields=["status"])
    return JsonResponse({"status": order.status})


def ship_unsafely(order: Order) -> None:
    with transaction.atomic():
        order.status = Order.Status.SHIPPED
        order.save(update_fields=["status"])
        # Hazard task-in-transaction: after a rollback the customer has the mail, and the order is not shipped.
        send_mail("Shipped", order.number, None, [order.customer.user.email])


def ship(order: Order) -> None:
    address = order.customer.user.email
    with transaction.atomic():
        order.status = Order.Status.SHIPPED
        order.save(update_fields=["status"])
        # Right: sent when the order is shipped for everyone to see.
        transaction.on_commit(lambda: send_mail("Shipped", order.number, None, [address]))
