from _pgwright import constrained, related, run, write
from django.db.models.query import QuerySet

class BaseManager:
    creation_counter = 0
    auto_created = False
    use_in_migrations = False
    _queryset_class = None

    @classmethod
    def from_queryset(cls, queryset_class, class_name=None):
        if class_name is None:
            class_name = cls.__name__ + "From" + queryset_class.__name__
        return type(class_name, (cls,), {"_queryset_class": queryset_class})

    def get_queryset(self):
        return self._queryset_class(model=self.model)

    def all(self):
        return self.get_queryset()

    def db_manager(self, using=None, hints=None):
        return self

class Manager(BaseManager):
    _queryset_class = QuerySet

class EmptyManager(Manager):
    pass

class ManagerDescriptor:
    pass

class RelatedManager:
    """Stands before the class of the related model's default manager, as Django's own related managers do."""

    def get_queryset(self):
        return related(self, super().get_queryset())
    def all(self):
        return self.get_queryset()
    def count(self):
        return run(constrained(self), "count")
    def exists(self):
        return run(constrained(self), "exists")
    def add(self, *objs, **options):
        return write(self, "add", *objs, **options)
    def remove(self, *objs, **options):
        return write(self, "remove", *objs, **options)
    def clear(self, **options):
        return write(self, "clear", **options)
    def set(self, objs, **options):
        return write(self, "set", objs, **options)
    def create(self, **kwargs):
        return write(self, "create", **kwargs)
    def get_or_create(self, defaults=None, **kwargs):
        return write(self, "get_or_create", defaults, **kwargs)
    def update_or_create(self, defaults=None, create_defaults=None, **kwargs):
        return write(self, "update_or_create", defaults, create_defaults, **kwargs)
    acount = count
    aexists = exists
    aadd = add
    aremove = remove
    aclear = clear
    aset = set
    acreate = create
    aget_or_create = get_or_create
    aupdate_or_create = update_or_create
