from django.db import models

class AccessBase(models.Model):
    user_agent = models.CharField(max_length=255, db_index=True)
    ip_address = models.GenericIPAddressField(null=True, db_index=True)
    username = models.CharField(max_length=255, null=True, db_index=True)
    http_accept = models.CharField(max_length=1025)
    path_info = models.CharField(max_length=255)
    attempt_time = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        app_label = "axes"
        ordering = ["-attempt_time"]

class AccessFailureLog(AccessBase):
    locked_out = models.BooleanField(blank=True, default=False)

    class Meta:
        pass

class AccessAttempt(AccessBase):
    get_data = models.TextField()
    post_data = models.TextField()
    failures_since_start = models.PositiveIntegerField()

    class Meta:
        unique_together = [["username", "ip_address", "user_agent"]]

class AccessAttemptExpiration(models.Model):
    access_attempt = models.OneToOneField(
        "axes.AccessAttempt", primary_key=True, related_name="expiration", on_delete=models.CASCADE,
    )
    expires_at = models.DateTimeField()

class AccessLog(AccessBase):
    logout_time = models.DateTimeField(blank=True, null=True)
    session_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        pass
