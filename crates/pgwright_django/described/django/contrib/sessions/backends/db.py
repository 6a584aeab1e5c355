from _pgwright import unknown
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

class SessionStore(SessionBase):
    @classmethod
    def get_model_class(cls):
        from django.contrib.sessions.models import Session
        return Session
    @property
    def model(self):
        return self.get_model_class()

    def _get_session_from_db(self):
        return self.model.objects.get(session_key=self.session_key, expire_date__gt=timezone.now())
    def load(self):
        self._get_session_from_db()
        return unknown("what the session holds")
    def exists(self, session_key):
        return self.model.objects.filter(session_key=session_key).exists()
    def create(self):
        self.exists(unknown("a new key"))
        self.save(must_create=True)
    def create_model_instance(self, data):
        return self.model(session_key=self.session_key, session_data=unknown("data"), expire_date=unknown("a date"))
    def save(self, must_create=False):
        self.create_model_instance(unknown("data")).save(force_insert=must_create)
    def delete(self, session_key=None):
        self.model.objects.get(session_key=session_key).delete()
    def flush(self):
        self.delete()
    def cycle_key(self):
        self.create()
        self.delete()
    @classmethod
    def clear_expired(cls):
        cls.get_model_class().objects.filter(expire_date__lt=timezone.now()).delete()
