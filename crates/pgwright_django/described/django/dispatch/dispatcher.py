from _pgwright import is_class, path_of

EVERY = "every sender"

class Signal:
    """Receivers are kept by their sender; those of every sender under no name. `connected` is what models' signals are read by."""

    def __init__(self, use_caching=False):
        self.receivers = {}
        self.connected = []
    def connect(self, receiver, sender=EVERY, weak=True, dispatch_uid=None):
        self.connected.append((sender, receiver))
        if sender == EVERY:
            sender = None
        key = path_of(sender) if is_class(sender) else sender
        self.receivers.setdefault(key, []).append(receiver)
    def disconnect(self, receiver=None, sender=None, dispatch_uid=None):
        return True
    def has_listeners(self, sender=None):
        return bool(self.receivers)
    def send(self, sender, **named):
        if not self.receivers:
            return []
        key = path_of(sender) if is_class(sender) else sender
        return [(receiver, receiver(signal=self, sender=sender, **named)) for receiver in self._for(key)]
    def _for(self, key):
        if key is None:
            return self.receivers.get(None, [])
        return self.receivers.get(key, []) + self.receivers.get(None, [])
    send_robust = send
    asend = send
    asend_robust = send

def receiver(signal, **kwargs):
    def connect(function):
        if isinstance(signal, (list, tuple)):
            for one in signal:
                one.connect(function, **kwargs)
        else:
            signal.connect(function, **kwargs)
        return function
    return connect
