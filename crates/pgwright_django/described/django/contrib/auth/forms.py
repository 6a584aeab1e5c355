from _pgwright import current_user, unknown
from django import forms
from django.contrib.auth import authenticate, get_user_model

class ReadOnlyPasswordHashField(forms.Field):
    pass
class UsernameField(forms.CharField):
    pass

class SetPasswordMixin:
    pass

class BaseUserCreationForm(forms.ModelForm):
    password1 = forms.CharField()
    password2 = forms.CharField()
    def clean_password2(self):
        return unknown("a password")
    def save(self, commit=True):
        user = super().save(commit=False)
        user.set_password(unknown("a password"))
        if commit:
            user.save()
            self._save_m2m()
        return user

class UserCreationForm(BaseUserCreationForm):
    def clean_username(self):
        username = unknown("a name")
        self._meta.model.objects.filter(username__iexact=username).exists()
        return username

class UserChangeForm(forms.ModelForm):
    password = ReadOnlyPasswordHashField()

class AuthenticationForm(forms.Form):
    username = UsernameField()
    password = forms.CharField()
    def __init__(self, request=None, *args, **kwargs):
        self.request = request
        self.user_cache = None
        super().__init__(*args, **kwargs)
    def clean(self):
        self.user_cache = authenticate(self.request, username=unknown("a name"), password=unknown("a password"))
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data
    def confirm_login_allowed(self, user):
        pass
    def get_user(self):
        return self.user_cache
    def get_invalid_login_error(self):
        return unknown("an error")

class PasswordResetForm(forms.Form):
    email = forms.EmailField()
    def send_mail(self, *args, **kwargs):
        pass
    def get_users(self, email):
        model = get_user_model()
        users = model._default_manager.filter(**{model.get_email_field_name() + "__iexact": email, "is_active": True})
        return [user for user in users if user.has_usable_password()]
    def save(self, **kwargs):
        for user in self.get_users(self.cleaned_data["email"]):
            self.send_mail()

class SetPasswordForm(forms.Form):
    new_password1 = forms.CharField()
    new_password2 = forms.CharField()
    def _take_user(self):
        self.user = current_user()
    def __init__(self, user, *args, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)
    def save(self, commit=True):
        self.user.set_password(unknown("a password"))
        if commit:
            self.user.save()
        return self.user

class PasswordChangeForm(SetPasswordForm):
    old_password = forms.CharField()
    def clean_old_password(self):
        return unknown("a password")

class AdminPasswordChangeForm(SetPasswordForm):
    pass
