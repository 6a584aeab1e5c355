from django.contrib.auth.models import Group, Permission
from guardian.models.models import (
    BaseGenericObjectPermission, BaseObjectPermission, GroupObjectPermission, GroupObjectPermissionAbstract,
    GroupObjectPermissionBase, UserObjectPermission, UserObjectPermissionAbstract, UserObjectPermissionBase,
)
