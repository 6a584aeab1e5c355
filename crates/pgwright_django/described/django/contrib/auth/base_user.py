from django.db import models

class BaseUserManager(models.Manager):
    @classmethod
    def normalize_email(cls, email):
        return email

class AbstractBaseUser(models.Model):
    password = models.CharField(max_length=128)
    last_login = models.DateTimeField(blank=True, null=True)
    is_active = True
    REQUIRED_FIELDS = []

    class Meta:
        abstract = True
