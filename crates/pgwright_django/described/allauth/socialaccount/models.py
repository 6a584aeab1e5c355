from django.conf import settings
from django.db import models

class SocialApp(models.Model):
    provider = models.CharField(max_length=30)
    provider_id = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=40)
    client_id = models.CharField(max_length=191)
    secret = models.CharField(max_length=191, blank=True)
    key = models.CharField(max_length=191, blank=True)
    settings = models.JSONField(blank=True, default=dict)
    sites = models.ManyToManyField("sites.Site", blank=True)

class SocialAccount(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    provider = models.CharField(max_length=200)
    uid = models.CharField(max_length=191)
    last_login = models.DateTimeField(auto_now=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    extra_data = models.JSONField(default=dict)

    class Meta:
        unique_together = ["provider", "uid"]

class SocialToken(models.Model):
    app = models.ForeignKey("socialaccount.SocialApp", blank=True, null=True, on_delete=models.SET_NULL)
    account = models.ForeignKey("socialaccount.SocialAccount", on_delete=models.CASCADE)
    token = models.TextField()
    token_secret = models.TextField(blank=True)
    expires_at = models.DateTimeField(blank=True, null=True)

    class Meta:
        unique_together = ["app", "account"]
