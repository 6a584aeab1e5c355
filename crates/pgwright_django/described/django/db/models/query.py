from _pgwright import unknown

class QuerySet:
    def __init__(self, model=None, query=None, using=None, hints=None):
        self.model = model

    @classmethod
    def as_manager(cls):
        from django.db.models.manager import Manager
        manager = Manager.from_queryset(cls)()
        manager._built_with_as_manager = True
        return manager

class EmptyQuerySet:
    pass

class RawQuerySet:
    pass

class Prefetch:
    pass

def prefetch_related_objects(instances, *lookups):
    return None
