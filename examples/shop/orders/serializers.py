from rest_framework import serializers

from catalogue.models import Product
from orders.models import Order, OrderLine


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        # Hazard: `barcode` was added to the model later, and the API does not know it.
        fields = ["id", "name", "slug", "price", "discount_percent", "attributes"]


class OrderLineSerializer(serializers.ModelSerializer):
    product = ProductSerializer(read_only=True)

    class Meta:
        model = OrderLine
        fields = ["product", "quantity", "unit_price"]


class OrderSerializer(serializers.ModelSerializer):
    customer_name = serializers.CharField(source="customer.company", read_only=True)
    lines = OrderLineSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = ["number", "status", "total", "placed_at", "customer_name", "lines"]
