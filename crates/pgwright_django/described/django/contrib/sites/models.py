from _pgwright import unknown
from django.conf import settings
from django.db import models

class SiteManager(models.Manager):
    use_in_migrations = True

    def _get_site_by_id(self, site_id):
        return self.get(pk=site_id)
    def _get_site_by_request(self, request):
        return self.get(domain__iexact=unknown("the host of a request"))
    def get_current(self, request=None):
        if getattr(settings, "SITE_ID", None):
            return self._get_site_by_id(settings.SITE_ID)
        return self._get_site_by_request(request)
    def clear_cache(self):
        pass
    def get_by_natural_key(self, domain):
        return self.get(domain=domain)

class Site(models.Model):
    domain = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=50)
    objects = SiteManager()

    class Meta:
        db_table = "django_site"
        ordering = ["domain"]
