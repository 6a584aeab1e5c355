import uuid
from django.conf import settings
from django.db import models
from oauth2_provider.generators import generate_client_id, generate_client_secret

_APPLICATION = getattr(settings, "OAUTH2_PROVIDER_APPLICATION_MODEL", "oauth2_provider.Application")
_GRANT = getattr(settings, "OAUTH2_PROVIDER_GRANT_MODEL", "oauth2_provider.Grant")
_ACCESS_TOKEN = getattr(settings, "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL", "oauth2_provider.AccessToken")
_REFRESH_TOKEN = getattr(settings, "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL", "oauth2_provider.RefreshToken")
_ID_TOKEN = getattr(settings, "OAUTH2_PROVIDER_ID_TOKEN_MODEL", "oauth2_provider.IDToken")
_DEVICE_GRANT = getattr(settings, "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL", "oauth2_provider.DeviceGrant")

class ClientSecretField(models.CharField):
    pass

class TokenChecksumField(models.CharField):
    pass

class ResourceJSONField(models.JSONField):
    pass

class AbstractApplication(models.Model):
    id = models.BigAutoField(primary_key=True)
    client_id = models.CharField(max_length=255, unique=True, db_index=True, default=generate_client_id)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, blank=True, null=True, related_name="%(app_label)s_%(class)s",
        on_delete=models.CASCADE,
    )
    redirect_uris = models.TextField(blank=True)
    post_logout_redirect_uris = models.TextField(blank=True, default="")
    client_type = models.CharField(max_length=32, choices=[("confidential", "confidential"), ("public", "public")])
    authorization_grant_type = models.CharField(
        max_length=44,
        choices=[
        ("authorization-code", "authorization-code"),
        ("urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:device_code"),
        ("implicit", "implicit"), ("password", "password"), ("client-credentials", "client-credentials"),
        ("openid-hybrid", "openid-hybrid"),
    ],
    )
    client_secret = ClientSecretField(max_length=255, blank=True, db_index=True, default=generate_client_secret)
    hash_client_secret = models.BooleanField(default=True)
    name = models.CharField(max_length=255, blank=True)
    skip_authorization = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    algorithm = models.CharField(
        max_length=5, blank=True, default="", choices=[("", ""), ("RS256", "RS256"), ("HS256", "HS256")],
    )
    allowed_origins = models.TextField(blank=True, default="")
    registration_source = models.CharField(
        max_length=32, default="manual", choices=[("manual", "manual"), ("dcr", "dcr"), ("cimd", "cimd")],
    )
    cimd_expires_at = models.DateTimeField(blank=True, null=True, default=None)

    class Meta:
        abstract = True

class Application(AbstractApplication):
    class Meta:
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"

class AbstractGrant(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, related_name="%(app_label)s_%(class)s", on_delete=models.CASCADE)
    code = models.CharField(max_length=255, unique=True)
    application = models.ForeignKey(_APPLICATION, on_delete=models.CASCADE)
    expires = models.DateTimeField()
    redirect_uri = models.TextField()
    scope = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    code_challenge = models.CharField(max_length=128, blank=True, default="")
    code_challenge_method = models.CharField(
        max_length=10, blank=True, default="", choices=[("plain", "plain"), ("S256", "S256")],
    )
    nonce = models.CharField(max_length=255, blank=True, default="")
    claims = models.TextField(blank=True)
    resource = ResourceJSONField(blank=True, default=list)

    class Meta:
        abstract = True

class Grant(AbstractGrant):
    class Meta:
        swappable = "OAUTH2_PROVIDER_GRANT_MODEL"

class AbstractAccessToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, blank=True, null=True, related_name="%(app_label)s_%(class)s",
        on_delete=models.CASCADE,
    )
    source_refresh_token = models.OneToOneField(
        _REFRESH_TOKEN, blank=True, null=True, related_name="refreshed_access_token", on_delete=models.SET_NULL,
    )
    token = models.TextField()
    token_checksum = TokenChecksumField(max_length=64, unique=True, db_index=True)
    id_token = models.OneToOneField(_ID_TOKEN, blank=True, null=True, related_name="access_token", on_delete=models.CASCADE)
    application = models.ForeignKey(_APPLICATION, blank=True, null=True, on_delete=models.CASCADE)
    expires = models.DateTimeField()
    scope = models.TextField(blank=True)
    resource = ResourceJSONField(blank=True, default=list)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

class AccessToken(AbstractAccessToken):
    class Meta:
        swappable = "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL"

class AbstractRefreshToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, related_name="%(app_label)s_%(class)s", on_delete=models.CASCADE)
    token = models.TextField()
    token_checksum = TokenChecksumField(max_length=64)
    application = models.ForeignKey(_APPLICATION, on_delete=models.CASCADE)
    access_token = models.OneToOneField(
        _ACCESS_TOKEN, blank=True, null=True, related_name="refresh_token", on_delete=models.SET_NULL,
    )
    token_family = models.UUIDField(blank=True, null=True, editable=False)
    resource = ResourceJSONField(blank=True, default=list)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        unique_together = ["token_checksum", "revoked"]
        indexes = [models.Index(fields=["token_family"])]

class RefreshToken(AbstractRefreshToken):
    class Meta:
        swappable = "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL"
        unique_together = ["token_checksum", "revoked"]
        indexes = [models.Index(fields=["token_family"])]

class AbstractIDToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, blank=True, null=True, related_name="%(app_label)s_%(class)s",
        on_delete=models.CASCADE,
    )
    jti = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(_APPLICATION, blank=True, null=True, on_delete=models.CASCADE)
    expires = models.DateTimeField()
    scope = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

class IDToken(AbstractIDToken):
    class Meta:
        swappable = "OAUTH2_PROVIDER_ID_TOKEN_MODEL"

class AbstractDeviceGrant(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, blank=True, null=True, related_name="%(app_label)s_%(class)s",
        on_delete=models.CASCADE,
    )
    device_code = models.CharField(max_length=100)
    user_code = models.CharField(max_length=100)
    scope = models.TextField(blank=True)
    interval = models.IntegerField(default=5)
    expires = models.DateTimeField()
    status = models.CharField(
        max_length=64, blank=True, default="authorization-pending",
        choices=[
        ("authorized", "authorized"), ("authorization-pending", "authorization-pending"), ("expired", "expired"),
        ("denied", "denied"),
    ],
    )
    client_id = models.CharField(max_length=100, db_index=True)
    last_checked = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(name="%(app_label)s_%(class)s_unique_device_code", fields=("device_code",))]

class DeviceGrant(AbstractDeviceGrant):
    class Meta:
        swappable = "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL"
        constraints = [models.UniqueConstraint(name="%(app_label)s_%(class)s_unique_device_code", fields=("device_code",))]
