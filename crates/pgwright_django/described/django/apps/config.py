class AppConfig:
    def __init__(self, app_name, app_module):
        self.name = app_name
        self.module = app_module
        self.apps = None
        if not hasattr(self, "label"):
            self.label = app_name.rpartition(".")[2]
        if not hasattr(self, "verbose_name"):
            self.verbose_name = self.label.title()
        self.models_module = None

    def ready(self):
        return None

    def get_models(self, include_auto_created=False, include_swapped=False):
        from django.apps.registry import apps
        return [model for (label, _), model in apps.all_models.items() if label == self.label]

    def get_model(self, model_name, require_ready=True):
        from django.apps.registry import apps
        return apps.get_model(self.label, model_name)

    def import_models(self):
        return None
