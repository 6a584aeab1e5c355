from django.db import models
from django.db.models.query import QuerySet

class InheritanceQuerySetMixin:
    pass

class InheritanceQuerySet(InheritanceQuerySetMixin, QuerySet):
    pass

class InheritanceManagerMixin:
    _queryset_class = InheritanceQuerySet

class InheritanceManager(InheritanceManagerMixin, models.Manager):
    pass

class QueryManagerMixin:
    def __init__(self, *args, **kwargs):
        self._q = models.Q(*args, **kwargs)
        self._order_by = None
        super().__init__()

    def order_by(self, *args):
        self._order_by = args
        return self

class QueryManager(QueryManagerMixin, models.Manager):
    pass

class SoftDeletableQuerySetMixin:
    pass

class SoftDeletableQuerySet(SoftDeletableQuerySetMixin, QuerySet):
    pass

class SoftDeletableManagerMixin:
    _queryset_class = SoftDeletableQuerySet

    def __init__(self, *args, _emit_deprecation_warnings=False, **kwargs):
        super().__init__()

class SoftDeletableManager(SoftDeletableManagerMixin, models.Manager):
    pass

class JoinQueryset(models.QuerySet):
    pass

class JoinManagerMixin:
    _queryset_class = JoinQueryset

class JoinManager(JoinManagerMixin, models.Manager):
    pass
