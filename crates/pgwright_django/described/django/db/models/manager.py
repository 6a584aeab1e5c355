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
