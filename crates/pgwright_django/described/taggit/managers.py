from django.contrib.contenttypes.fields import GenericRelation
from django.db.models import Manager
from django.db.models.fields.related import ManyToManyRel, RelatedField
from taggit.models import CommonGenericTaggedItemBase, TaggedItem

class _TaggableManager(Manager):
    pass

class TaggableManager(RelatedField):
    many_to_many = True
    many_to_one = False
    one_to_many = False
    one_to_one = False

    def __init__(self, verbose_name="Tags", help_text="", through=None, blank=False, related_name=None, to=None,
                 ordering=None, manager=_TaggableManager):
        self.through = through or TaggedItem
        rel = ManyToManyRel(self, to, related_name=related_name)
        rel.through = self.through
        super().__init__(verbose_name=verbose_name, help_text=help_text, blank=blank, null=True, serialize=False,
                         related_name=related_name, rel=rel)
        self.symmetrical = False
        self.ordering = ordering
        self.manager = manager

    def contribute_to_class(self, cls, name):
        super().contribute_to_class(cls, name)
        generic = isinstance(self.through, str) or issubclass(self.through, CommonGenericTaggedItemBase)
        if generic and not isinstance(self.through, str) and not cls._meta.abstract:
            setattr(cls, "tagged_items", GenericRelation(self.through))

    def get_internal_type(self):
        return "ManyToManyField"
