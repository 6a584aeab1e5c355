"""Lets the shop, written for Django 5.2, load on 4.2: constraint arguments that Django did not know yet."""

import django
from django.db import models


def install() -> None:
    if django.VERSION < (5, 0):
        without_nulls_distinct(models.UniqueConstraint)
    if django.VERSION < (5, 1):
        condition_as_check(models.CheckConstraint)


def without_nulls_distinct(constraint: type) -> None:
    original = constraint.__init__

    def __init__(self, *expressions, nulls_distinct=None, **kwargs):
        original(self, *expressions, **kwargs)

    constraint.__init__ = __init__


def condition_as_check(constraint: type) -> None:
    original = constraint.__init__

    def __init__(self, *, condition=None, **kwargs):
        original(self, **({"check": condition} if condition is not None else {}), **kwargs)

    constraint.__init__ = __init__
