from django.dispatch.dispatcher import EVERY, Signal

class ModelSignal(Signal):
    def connect(self, receiver, sender=EVERY, weak=True, dispatch_uid=None, apps=None):
        if isinstance(sender, str) and sender != EVERY:
            from django.apps import apps as registry
            sender = registry.get_model(sender)
        super().connect(receiver, sender)

class_prepared = Signal()
pre_init = ModelSignal()
post_init = ModelSignal()
pre_save = ModelSignal()
post_save = ModelSignal()
pre_delete = ModelSignal()
post_delete = ModelSignal()
m2m_changed = ModelSignal()
pre_migrate = Signal()
post_migrate = Signal()
