class FieldTracker:
    def __init__(self, fields=None):
        self.fields = fields

    def __call__(self, *args, **kwargs):
        return args[0] if args else None

class ModelTracker(FieldTracker):
    pass
