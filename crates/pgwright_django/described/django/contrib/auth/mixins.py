from _pgwright import unknown
from django.http import HttpResponseRedirect

class AccessMixin:
    login_url = None
    permission_denied_message = ""
    raise_exception = False
    redirect_field_name = "next"
    def get_login_url(self):
        return self.login_url
    def handle_no_permission(self):
        return HttpResponseRedirect(unknown("a URL"))

class LoginRequiredMixin(AccessMixin):
    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)

class PermissionRequiredMixin(AccessMixin):
    permission_required = None
    def get_permission_required(self):
        if isinstance(self.permission_required, str):
            return (self.permission_required,)
        return self.permission_required
    def has_permission(self):
        return self.request.user.has_perms(self.get_permission_required())
    def dispatch(self, request, *args, **kwargs):
        if not self.has_permission():
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)

class UserPassesTestMixin(AccessMixin):
    def get_test_func(self):
        return self.test_func
    def dispatch(self, request, *args, **kwargs):
        if not self.get_test_func()():
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)
