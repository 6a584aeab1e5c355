from _pgwright import unknown
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

class PermissionManager(models.Manager):
    use_in_migrations = True

    def get_by_natural_key(self, codename, app_label, model):
        return self.get(codename=codename, content_type=ContentType.objects.get_by_natural_key(app_label, model))

class Permission(models.Model):
    name = models.CharField(max_length=255)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    codename = models.CharField(max_length=100)
    objects = PermissionManager()

    class Meta:
        unique_together = [["content_type", "codename"]]
        ordering = ["content_type__app_label", "content_type__model", "codename"]

class GroupManager(models.Manager):
    use_in_migrations = True

    def get_by_natural_key(self, name):
        return self.get(name=name)

class Group(models.Model):
    name = models.CharField(max_length=150, unique=True)
    permissions = models.ManyToManyField(Permission, blank=True)
    objects = GroupManager()

def _backends():
    from django.contrib.auth import get_backends
    return get_backends()

class UserManager(BaseUserManager):
    use_in_migrations = True

    def _create_user(self, username, email, password, **extra_fields):
        user = self.model(username=username, email=email, **extra_fields)
        user.save()
        return user
    def create_user(self, username, email=None, password=None, **extra_fields):
        return self._create_user(username, email, password, **extra_fields)
    def create_superuser(self, username, email=None, password=None, **extra_fields):
        return self._create_user(username, email, password, **extra_fields)
    def with_perm(self, perm, is_active=True, include_superusers=True, backend=None, obj=None):
        return self.all()
    acreate_user = create_user
    acreate_superuser = create_superuser

def _user_has_perm(user, perm, obj):
    found = False
    for backend in _backends():
        if hasattr(backend, "has_perm"):
            found = backend.has_perm(user, perm, obj) or found
    return unknown("whether the user has a permission")

class PermissionsMixin(models.Model):
    is_superuser = models.BooleanField(default=False)
    groups = models.ManyToManyField(Group, blank=True, related_name="user_set", related_query_name="user")
    user_permissions = models.ManyToManyField(Permission, blank=True, related_name="user_set", related_query_name="user")

    class Meta:
        abstract = True

    def get_user_permissions(self, obj=None):
        return {name for backend in _backends() for name in backend.get_user_permissions(self, obj)}
    def get_group_permissions(self, obj=None):
        return {name for backend in _backends() for name in backend.get_group_permissions(self, obj)}
    def get_all_permissions(self, obj=None):
        return {name for backend in _backends() for name in backend.get_all_permissions(self, obj)}
    def has_perm(self, perm, obj=None):
        if self.is_active and self.is_superuser:
            return True
        return _user_has_perm(self, perm, obj)
    def has_perms(self, perm_list, obj=None):
        return all([self.has_perm(perm, obj) for perm in perm_list])
    def has_module_perms(self, app_label):
        if self.is_active and self.is_superuser:
            return True
        for backend in _backends():
            backend.has_module_perms(self, app_label)
        return unknown("whether the user has a permission")
    ahas_perm = has_perm
    ahas_perms = has_perms

class AbstractUser(AbstractBaseUser, PermissionsMixin):
    username_validator = UnicodeUsernameValidator()
    username = models.CharField(max_length=150, unique=True, validators=[username_validator])
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    objects = UserManager()
    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        abstract = True

    def get_full_name(self):
        return self.first_name + " " + self.last_name
    def get_short_name(self):
        return self.first_name
    def clean(self):
        pass
    def email_user(self, subject, message, from_email=None, **kwargs):
        pass

class User(AbstractUser):
    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"

class AnonymousUser:
    id = None
    pk = None
    username = ""
    is_staff = False
    is_active = False
    is_superuser = False
    is_anonymous = True
    is_authenticated = False

    def get_username(self):
        return ""
    def get_all_permissions(self, obj=None):
        return set()
    def has_perm(self, perm, obj=None):
        return unknown("whether the user has a permission")
    def has_perms(self, perm_list, obj=None):
        return unknown("whether the user has a permission")
    def has_module_perms(self, module):
        return unknown("whether the user has a permission")
