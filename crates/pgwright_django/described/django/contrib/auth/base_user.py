from _pgwright import unknown
from django.db import models

class BaseUserManager(models.Manager):
    @classmethod
    def normalize_email(cls, email):
        return email
    def make_random_password(self, length=10, allowed_chars=None):
        return unknown("a password")
    def get_by_natural_key(self, username):
        return self.get(**{self.model.USERNAME_FIELD: username})
    aget_by_natural_key = get_by_natural_key

class AbstractBaseUser(models.Model):
    password = models.CharField(max_length=128)
    last_login = models.DateTimeField(blank=True, null=True)
    is_active = True
    REQUIRED_FIELDS = []

    class Meta:
        abstract = True

    @property
    def is_anonymous(self):
        return unknown("whether the user is logged in")
    @property
    def is_authenticated(self):
        return unknown("whether the user is logged in")
    def get_username(self):
        return getattr(self, self.USERNAME_FIELD)
    def set_password(self, raw_password):
        self.password = unknown("a password")
    def set_unusable_password(self):
        self.password = unknown("a password")
    def check_password(self, raw_password):
        return unknown("whether a password is right")
    acheck_password = check_password
    def has_usable_password(self):
        return unknown("whether a password is set")
    def get_session_auth_hash(self):
        return unknown("a hash")
    @classmethod
    def get_email_field_name(cls):
        return getattr(cls, "EMAIL_FIELD", "email")
    @classmethod
    def normalize_username(cls, username):
        return username
