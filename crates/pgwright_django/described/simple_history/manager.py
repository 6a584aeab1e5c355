from django.db import models

class HistoricalQuerySet(models.QuerySet):
    pass

class HistoryManager(models.Manager):
    _queryset_class = HistoricalQuerySet
