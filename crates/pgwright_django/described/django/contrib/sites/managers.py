from django.db import models

class CurrentSiteManager(models.Manager):
    pass
