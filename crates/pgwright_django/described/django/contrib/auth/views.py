from _pgwright import current_user, unknown
from django.contrib.auth import get_user_model, login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, PasswordResetForm, SetPasswordForm
from django.http import HttpResponseRedirect
from django.views.generic.base import TemplateView
from django.views.generic.edit import FormView

class RedirectURLMixin:
    next_page = None
    redirect_field_name = "next"
    def get_success_url(self):
        return self.get_redirect_url() or self.get_default_redirect_url()
    def get_redirect_url(self):
        return unknown("a URL")
    def get_default_redirect_url(self):
        return unknown("a URL")

class LoginView(RedirectURLMixin, FormView):
    form_class = AuthenticationForm
    authentication_form = None
    redirect_authenticated_user = False
    def get_form_class(self):
        return self.authentication_form or self.form_class
    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        kwargs["request"] = self.request
        return kwargs
    def form_valid(self, form):
        login(self.request, form.get_user())
        return HttpResponseRedirect(self.get_success_url())

class LogoutView(RedirectURLMixin, TemplateView):
    def post(self, request, *args, **kwargs):
        logout(request)
        return HttpResponseRedirect(self.get_success_url())

class PasswordContextMixin:
    extra_context = None

class PasswordResetView(PasswordContextMixin, FormView):
    form_class = PasswordResetForm
    def form_valid(self, form):
        form.save()
        return super().form_valid(form)

class PasswordResetDoneView(PasswordContextMixin, TemplateView):
    pass

class PasswordResetConfirmView(PasswordContextMixin, FormView):
    form_class = SetPasswordForm
    post_reset_login = False
    def _take_user(self):
        self.user = current_user()
    def dispatch(self, *args, **kwargs):
        self.user = self.get_user(unknown("a key"))
        return super().dispatch(*args, **kwargs)
    def get_user(self, uidb64):
        return get_user_model()._default_manager.get(pk=uidb64)
    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.user
        return kwargs
    def form_valid(self, form):
        user = form.save()
        if self.post_reset_login:
            login(self.request, user)
        return super().form_valid(form)

class PasswordResetCompleteView(PasswordContextMixin, TemplateView):
    pass

class PasswordChangeView(PasswordContextMixin, FormView):
    form_class = PasswordChangeForm
    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.request.user
        return kwargs
    def form_valid(self, form):
        form.save()
        update_session_auth_hash(self.request, form.user)
        return super().form_valid(form)

class PasswordChangeDoneView(PasswordContextMixin, TemplateView):
    pass
