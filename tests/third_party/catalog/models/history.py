"""Models whose history is kept."""

import uuid

from catalog.models.bases import Stamped
from django.contrib.auth.models import User
from django.db import models
from simple_history import register
from simple_history.models import HistoricalRecords


class Poll(models.Model):
    question = models.CharField(max_length=200, unique=True)
    slug = models.SlugField()
    asked = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    author = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    stamped = models.OneToOneField(Stamped, on_delete=models.CASCADE)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
    picture = models.ImageField(upload_to="polls")
    votes = models.PositiveIntegerField(default=0)
    seen_by = models.ManyToManyField(User, related_name="seen_polls")
    history = HistoricalRecords()


class Ballot(models.Model):
    key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, db_column="poll_key")
    code = models.CharField(max_length=10, db_column="ballot_code")
    ignored = models.TextField()
    log = HistoricalRecords(
        table_name="catalog_ballot_log",
        excluded_fields=["ignored"],
        history_id_field=models.UUIDField(default=uuid.uuid4),
        history_change_reason_field=models.TextField(null=True),
        custom_model_name="BallotLog",
        related_name="entries",
    )


class AbstractKept(models.Model):
    note = models.TextField()
    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True


class Kept(AbstractKept):
    name = models.CharField(max_length=30)


class KeptChild(Kept):
    extra = models.CharField(max_length=30)


class Ordered(models.Model):
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE)
    history = HistoricalRecords(user_db_constraint=False, user_related_name="ordered_changes", no_db_index=["poll"])

    class Meta:
        order_with_respect_to = "poll"


class Registered(models.Model):
    name = models.CharField(max_length=30)


register(Registered)
