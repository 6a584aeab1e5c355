from _pgwright import is_known, model_class, unknown

class Apps:
    def __init__(self, installed_apps=()):
        self.app_configs = {}
        self.all_models = {}
        self.containing = {}
        self.apps_ready = True
        self.models_ready = False
        self.ready = False

    def register_model(self, app_label, model):
        key = (app_label, model.__name__.lower())
        if key not in self.all_models:
            self.all_models[key] = model

    def get_app_configs(self):
        return self.app_configs.values()

    def get_app_config(self, app_label):
        try:
            return self.app_configs[app_label]
        except KeyError:
            raise LookupError("no installed app with label " + app_label)

    def is_installed(self, app_name):
        return any(config.name == app_name for config in self.app_configs.values())

    def get_containing_app_config(self, object_name):
        key = (object_name, len(self.app_configs))
        if key in self.containing:
            return self.containing[key]
        best = None
        for config in self.app_configs.values():
            if object_name == config.name or object_name.startswith(config.name + "."):
                if best is None or len(config.name) > len(best.name):
                    best = config
        self.containing[key] = best
        return best

    def get_model(self, app_label, model_name=None, require_ready=True):
        if model_name is None:
            if not is_known(app_label) or not isinstance(app_label, str):
                return model_class(app_label)
            app_label, model_name = app_label.split(".")
        if not is_known(model_name) or not isinstance(model_name, str):
            return model_class(model_name)
        return self.get_registered_model(app_label, model_name)

    def get_registered_model(self, app_label, model_name):
        if not is_known(app_label) and is_known(model_name):
            found = [model for (label, name), model in self.all_models.items() if name == model_name.lower()]
            if len(found) == 1:
                return found[0]
        try:
            return self.all_models[(app_label, model_name.lower())]
        except KeyError:
            raise LookupError("model not registered")

    def get_models(self, include_auto_created=False, include_swapped=False):
        return list(self.all_models.values())

    def check_apps_ready(self):
        return None

    def check_models_ready(self):
        return None

    def lazy_model_operation(self, function, *model_keys):
        return None

apps = Apps()
