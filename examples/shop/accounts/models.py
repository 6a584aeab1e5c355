import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    pass


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer")
    company = models.CharField(max_length=200, blank=True)
    newsletter = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.company or self.user.get_username()


class WarehouseClient(models.Model):
    """A warehouse that calls our API."""

    name = models.CharField(max_length=100, unique=True)
    # Hazard plaintext-secret: whoever reads a backup can call the API.
    api_key = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class ApiClient(models.Model):
    """A partner that calls our API."""

    name = models.CharField(max_length=100, unique=True)
    # Right: a digest is enough to recognise a key that has full entropy.
    api_key_hash = models.CharField(max_length=64, unique=True, editable=False)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash_key(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    def issue_key(self) -> str:
        """Return a new key. It is shown once and kept nowhere."""
        key = secrets.token_urlsafe(32)
        self.api_key_hash = self.hash_key(key)
        self.save(update_fields=["api_key_hash"])
        return key
