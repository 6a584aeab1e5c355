"""A model on every abstract base."""

from django.contrib.auth.models import User
from django.db import models
from django_extensions.db import models as extensions
from django_lifecycle import LifecycleModel, LifecycleModelMixin
from django_otp.models import Device, SideChannelDevice, ThrottlingMixin
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from model_utils import Choices
from model_utils import models as utils
from modelcluster.models import ClusterableModel
from mptt.models import MPTTModel, TreeForeignKey
from oauth2_provider.models import AbstractApplication
from ordered_model.models import OrderedModel, OrderedModelBase
from polymorphic.models import PolymorphicModel
from polymorphic.showfields import ShowFieldType
from rest_framework_simplejwt.models import TokenUser  # noqa: F401
from solo.models import SingletonModel
from taggit.models import (
    CommonGenericTaggedItemBase,
    GenericTaggedItemBase,
    GenericUUIDTaggedItemBase,
    ItemBase,
    TagBase,
    TaggedItemBase,
)
from treebeard.al_tree import AL_Node
from treebeard.mp_tree import MP_Node
from treebeard.ns_tree import NS_Node
from waffle.models import AbstractUserFlag


class Path(MP_Node):
    name = models.CharField(max_length=30)
    node_order_by = ["name"]


class ShortPath(MP_Node):
    path = models.CharField(max_length=100, unique=True)
    steplen = 3


class Nested(NS_Node):
    name = models.CharField(max_length=30)


class Adjacent(AL_Node):
    parent = models.ForeignKey("self", related_name="children", null=True, db_index=True, on_delete=models.CASCADE)
    sib_order = models.PositiveIntegerField()
    name = models.CharField(max_length=30)


class Branch(MPTTModel):
    name = models.CharField(max_length=30)
    parent = TreeForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")


class Label(TagBase):
    colour = models.CharField(max_length=7)

    class Meta:
        verbose_name = "label"


class LabelledThing(GenericTaggedItemBase):
    tag = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labelled")


class LabelledByKey(GenericUUIDTaggedItemBase, TaggedItemBase):
    class Meta:
        verbose_name = "labelled by key"


class LabelledByText(CommonGenericTaggedItemBase, TaggedItemBase):
    object_id = models.CharField(max_length=50, db_index=True)


class LabelledPath(TaggedItemBase):
    content_object = models.ForeignKey(Path, on_delete=models.CASCADE)


class LabelledNode(ItemBase):
    tag = models.ForeignKey(Label, on_delete=models.CASCADE)
    content_object = models.ForeignKey(Nested, on_delete=models.CASCADE)


class Stamped(utils.TimeStampedModel):
    name = models.CharField(max_length=30)


class Framed(utils.TimeFramedModel):
    name = models.CharField(max_length=30)


class Staged(utils.StatusModel):
    STATUS = Choices("draft", "published")
    name = models.CharField(max_length=30)


class Removable(utils.SoftDeletableModel):
    name = models.CharField(max_length=30)


class Keyed(utils.UUIDModel):
    name = models.CharField(max_length=30)


class Everything(utils.TimeStampedModel, utils.TimeFramedModel, utils.SoftDeletableModel, utils.UUIDModel):
    STATUS = (("a", "A"), ("b", "B"))


class ExtendedStamp(extensions.TimeStampedModel):
    name = models.CharField(max_length=30)


class Titled(extensions.TitleDescriptionModel):
    pass


class TitledSlug(extensions.TitleSlugDescriptionModel, extensions.TimeStampedModel, extensions.ActivatorModel):
    pass


class Animal(PolymorphicModel):
    name = models.CharField(max_length=30)


class Dog(Animal):
    breed = models.CharField(max_length=30)


class Puppy(Dog):
    class Meta:
        proxy = True


class Shown(ShowFieldType, PolymorphicModel):
    note = models.TextField()


class AbstractShape(PolymorphicModel):
    sides = models.IntegerField()

    class Meta:
        abstract = True


class Square(AbstractShape):
    pass


class Queue(OrderedModel):
    name = models.CharField(max_length=30)


class QueueItem(OrderedModel):
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE)
    order_with_respect_to = "queue"

    class Meta(OrderedModel.Meta):
        unique_together = [("queue", "order")]


class Ranked(OrderedModelBase):
    rank = models.PositiveIntegerField(editable=False, db_index=True)
    order_field_name = "rank"

    class Meta:
        ordering = ("rank",)


class Configuration(SingletonModel):
    title = models.CharField(max_length=30)


class Living(LifecycleModel):
    name = models.CharField(max_length=30)


class LivingToo(LifecycleModelMixin, models.Model):
    name = models.CharField(max_length=30)


class Cluster(ClusterableModel):
    name = models.CharField(max_length=30)


class Key(ThrottlingMixin, Device):
    secret = models.CharField(max_length=30)


class Channel(SideChannelDevice):
    number = models.CharField(max_length=30)


class StampedPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Stamped, on_delete=models.CASCADE)


class StampedGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Stamped, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        verbose_name = "group permission"


class Client(AbstractApplication):
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="clients")


class Flag(AbstractUserFlag):
    company = models.CharField(max_length=30)
