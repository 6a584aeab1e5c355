"""Relations that packages make."""

from catalog.models.bases import Cluster, Label, LabelledByText, LabelledPath, LabelledThing, Path, Stamped
from django.db import models
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from sortedm2m.fields import SortedManyToManyField
from taggit.managers import TaggableManager


class Part(models.Model):
    cluster = ParentalKey(Cluster, related_name="parts")
    other = ParentalKey("catalog.Cluster", on_delete=models.SET_NULL, null=True, related_name="others")


class ClusterGroup(Cluster):
    members = ParentalManyToManyField(Stamped, blank=True)


class Playlist(models.Model):
    songs = SortedManyToManyField(Stamped)
    named = SortedManyToManyField("catalog.Path", related_name="playlists", sort_value_field_name="position")
    unsorted = SortedManyToManyField(Stamped, sorted=False, related_name="+")
    similar = SortedManyToManyField("self")


class Article(models.Model):
    tags = TaggableManager()
    labels = TaggableManager(through=LabelledThing, related_name="labelled_articles", blank=True)
    texts = TaggableManager(through=LabelledByText, related_name="text_articles")


class Walk(models.Model):
    start = models.ForeignKey(Path, on_delete=models.PROTECT)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, to_field="slug")
    through = models.ForeignKey(LabelledPath, null=True, on_delete=models.SET_NULL)
