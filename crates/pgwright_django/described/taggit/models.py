from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

class NaturalKeyManager(models.Manager):
    pass

class NaturalKeyModel(models.Model):
    class Meta:
        abstract = True

class TagBase(NaturalKeyModel):
    name = models.CharField(unique=True, max_length=100)
    slug = models.SlugField(unique=True, max_length=100, allow_unicode=True)
    objects = NaturalKeyManager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        pass

class Tag(TagBase):
    class Meta:
        app_label = "taggit"

class ItemBase(NaturalKeyModel):
    objects = NaturalKeyManager()

    class Meta:
        abstract = True

class TaggedItemBase(ItemBase):
    tag = models.ForeignKey(Tag, related_name="%(app_label)s_%(class)s_items", on_delete=models.CASCADE)

    class Meta:
        abstract = True

class CommonGenericTaggedItemBase(ItemBase):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE,
                                     related_name="%(app_label)s_%(class)s_tagged_items")
    content_object = GenericForeignKey()

    class Meta:
        abstract = True

class GenericTaggedItemBase(CommonGenericTaggedItemBase):
    object_id = models.IntegerField(db_index=True)

    class Meta:
        abstract = True

class GenericUUIDTaggedItemBase(CommonGenericTaggedItemBase):
    object_id = models.UUIDField(db_index=True)

    class Meta:
        abstract = True

class TaggedItem(GenericTaggedItemBase, TaggedItemBase):
    class Meta:
        app_label = "taggit"
        indexes = [models.Index(fields=["content_type", "object_id"])]
        constraints = [
            models.UniqueConstraint(fields=("content_type", "object_id", "tag"),
                                    name="taggit_taggeditem_content_type_id_object_id_tag_id_4bb97a8e_uniq"),
        ]
