from django.db import models
from django.db.models.fields.related import AutomaticThrough, ManyToManyField

class SortedManyToManyField(ManyToManyField):
    def __init__(self, to, sorted=True, base_class=None, **kwargs):
        self.sorted = sorted
        self.base_class = base_class
        self.sort_value_field_name = kwargs.pop("sort_value_field_name", "sort_value")
        super().__init__(to, **kwargs)

    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name)
        if self.sorted and isinstance(self.through, AutomaticThrough) and not cls._meta.abstract and not cls._meta.proxy:
            self.through = self._between(cls, name)
            if self.symmetrical is None:
                self.symmetrical = self.to == "self"

    def _between(self, cls, name):
        """The model of the table between, with the position beside the two keys."""
        target = self.to
        if isinstance(target, str):
            target = cls._meta.object_name if target == "self" else target.rpartition(".")[2]
        else:
            target = target._meta.object_name
        source, target = cls._meta.model_name, target.lower()
        if source == target:
            source, target = "from_" + source, "to_" + target
        position = models.IntegerField(default=0)
        table = self.db_table or cls._meta.db_table + "_" + name
        meta = type("Meta", (), {"db_table": table, "app_label": cls._meta.app_label, "unique_together": (source, target),
                                 "ordering": (self.sort_value_field_name,), "managed": cls._meta.managed})
        model = cls._meta.object_name + "_" + name
        bases = (self.base_class, models.Model) if self.base_class else (models.Model,)
        hidden = model + "+"
        to = cls if self.to == "self" else self.to
        return type(model, bases, {
            "__module__": cls.__module__,
            "Meta": meta,
            source: models.ForeignKey(cls, on_delete=models.CASCADE, related_name=hidden, db_constraint=self.db_constraint),
            target: models.ForeignKey(to, on_delete=models.CASCADE, related_name=hidden, db_constraint=self.db_constraint),
            self.sort_value_field_name: position,
        })

    def get_internal_type(self):
        return "ManyToManyField"
