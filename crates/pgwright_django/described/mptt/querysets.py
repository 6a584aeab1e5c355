from django.db import models

class TreeQuerySet(models.query.QuerySet):
    pass
