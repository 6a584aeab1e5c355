from django.contrib.auth.models import BaseUserManager
from django.db import models

from oscar.apps.customer.abstract_models import AbstractUser


class User(AbstractUser):
    username = models.CharField(max_length=30, unique=True)
    extra_field = models.CharField(max_length=5, blank=True)

    objects = BaseUserManager()
