from django.conf import settings
from django.db import models
from django.utils import timezone

class EmailAddress(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    email = models.EmailField(max_length=254, db_index=True)
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)

    class Meta:
        unique_together = [("user", "email")]
        constraints = [
            models.UniqueConstraint(name="unique_primary_email", fields=("user", "primary"), condition=models.Q(primary=True)),
            models.UniqueConstraint(name="unique_verified_email", fields=("email",), condition=models.Q(verified=True)),
        ]

class EmailConfirmation(models.Model):
    email_address = models.ForeignKey("account.EmailAddress", on_delete=models.CASCADE)
    created = models.DateTimeField(default=timezone.now)
    sent = models.DateTimeField(null=True)
    key = models.CharField(max_length=64, unique=True)
