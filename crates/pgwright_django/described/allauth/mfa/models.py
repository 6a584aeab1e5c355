from django.conf import settings
from django.db import models
from django.utils import timezone

class Authenticator(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    type = models.CharField(
        max_length=20, choices=[("recovery_codes", "recovery_codes"), ("totp", "totp"), ("webauthn", "webauthn")],
    )
    data = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="unique_authenticator_type", fields=("user", "type"), condition=models.Q(type__in=("totp", "recovery_codes"))),
        ]
