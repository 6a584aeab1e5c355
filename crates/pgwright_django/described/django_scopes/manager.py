from django.db import models
from _pgwright import guessed, unknown

from .state import is_enabled, is_said

class DisabledQuerySet(models.QuerySet):
    pass

def ScopedManager(_manager_class=models.Manager, **scopes):
    class Manager(_manager_class):
        def get_queryset(self):
            queryset = super().get_queryset()
            if is_enabled():
                queryset = queryset.filter(**{path: unknown("what a scope is limited to") for path in scopes.values()})
            return queryset if is_said() else guessed(queryset)
    return Manager()
