from django import VERSION
from django.contrib.auth.models import Permission
from django.contrib.auth import get_user_model

class BaseBackend:
    def authenticate(self, request, **kwargs):
        return None
    def get_user(self, user_id):
        return None
    def get_user_permissions(self, user_obj, obj=None):
        return set()
    def get_group_permissions(self, user_obj, obj=None):
        return set()
    def get_all_permissions(self, user_obj, obj=None):
        return {*self.get_user_permissions(user_obj, obj=obj), *self.get_group_permissions(user_obj, obj=obj)}
    def has_perm(self, user_obj, perm, obj=None):
        return perm in self.get_all_permissions(user_obj, obj=obj)

class ModelBackend(BaseBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        user = get_user_model()._default_manager.get_by_natural_key(username)
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
    def user_can_authenticate(self, user):
        return user.is_active
    def _get_user_permissions(self, user_obj):
        return user_obj.user_permissions.all()
    def _get_group_permissions(self, user_obj):
        if VERSION >= (6, 0):
            return Permission.objects.filter(group__in=user_obj.groups.all())
        return Permission.objects.filter(group__user=user_obj)
    def _read(self, permissions):
        return {row for row in permissions.values_list("content_type__app_label", "codename").order_by()}
    def get_user_permissions(self, user_obj, obj=None):
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if not hasattr(user_obj, "_user_perm_cache"):
            if user_obj.is_superuser:
                user_obj._user_perm_cache = self._read(Permission.objects.all())
            else:
                user_obj._user_perm_cache = self._read(self._get_user_permissions(user_obj))
        return user_obj._user_perm_cache
    def get_group_permissions(self, user_obj, obj=None):
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if not hasattr(user_obj, "_group_perm_cache"):
            if user_obj.is_superuser:
                user_obj._group_perm_cache = self._read(Permission.objects.all())
            else:
                user_obj._group_perm_cache = self._read(self._get_group_permissions(user_obj))
        return user_obj._group_perm_cache
    def get_all_permissions(self, user_obj, obj=None):
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = super().get_all_permissions(user_obj, obj=obj)
        return user_obj._perm_cache
    def has_perm(self, user_obj, perm, obj=None):
        return user_obj.is_active and super().has_perm(user_obj, perm, obj=obj)
    def has_module_perms(self, user_obj, app_label):
        return user_obj.is_active and app_label in self.get_all_permissions(user_obj)
    def with_perm(self, perm, is_active=True, include_superusers=True, obj=None):
        return get_user_model()._default_manager.all()
    def get_user(self, user_id):
        return get_user_model()._default_manager.get(pk=user_id)

class AllowAllUsersModelBackend(ModelBackend):
    def user_can_authenticate(self, user):
        return True
