from rest_framework import serializers

from accounts.models import ApiClient, WarehouseClient


class WarehouseClientSerializer(serializers.ModelSerializer):
    # Hazard serializer-exposes-secret: whoever may list the warehouses has their keys.
    class Meta:
        model = WarehouseClient
        fields = "__all__"


class ApiClientSerializer(serializers.ModelSerializer):
    # Right: what is shown is listed.
    class Meta:
        model = ApiClient
        fields = ["id", "name"]
