class ModelSignal:
    def connect(self, receiver, sender=None, weak=True, dispatch_uid=None, apps=None):
        return None
    def disconnect(self, *args, **kwargs):
        return None
    def send(self, *args, **kwargs):
        return []

class_prepared = ModelSignal()
pre_init = ModelSignal()
post_init = ModelSignal()
pre_save = ModelSignal()
post_save = ModelSignal()
pre_delete = ModelSignal()
post_delete = ModelSignal()
m2m_changed = ModelSignal()
pre_migrate = ModelSignal()
post_migrate = ModelSignal()
