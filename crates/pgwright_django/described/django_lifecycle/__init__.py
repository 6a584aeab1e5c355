from django_lifecycle.decorators import hook
from django_lifecycle.hooks import *
from django_lifecycle.mixins import LifecycleModelMixin
from django_lifecycle.models import LifecycleModel
