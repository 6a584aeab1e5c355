from _pgwright import model_class, typed, unknown
from django.db import models

class ContentTypeKey:
    """The key of a content type, or a name of a model: what is known of which."""

    def __eq__(self, other):
        return unknown("which content type a key is of")
    def __bool__(self):
        return unknown("whether a key is set")
    def __hash__(self):
        return 0

class ContentTypeManager(models.Manager):
    use_in_migrations = True

    def get_by_natural_key(self, app_label, model):
        return self.get(app_label=app_label, model=model)
    def get_for_model(self, model, for_concrete_model=True):
        return typed(self.get(app_label=unknown("an app"), model=unknown("the name of a model")), model)
    def get_for_models(self, *models, for_concrete_models=True):
        found = {}
        for content_type in self.filter(app_label=unknown("an app"), model__in=unknown("names of models")):
            found[unknown("a model")] = content_type
        return found
    def get_for_id(self, id):
        return typed(self.get(pk=id), id)
    def clear_cache(self):
        pass

class ContentType(models.Model):
    app_label = models.CharField(max_length=100)
    model = models.CharField(max_length=100)
    objects = ContentTypeManager()

    class Meta:
        db_table = "django_content_type"
        unique_together = [["app_label", "model"]]

    @property
    def name(self):
        return unknown("the name of a model")
    def model_class(self):
        return model_class(self)
    def get_object_for_this_type(self, **kwargs):
        return self.model_class()._base_manager.get(**kwargs)
    def get_all_objects_for_this_type(self, **kwargs):
        return self.model_class()._base_manager.filter(**kwargs)
    def natural_key(self):
        return (self.app_label, self.model)
