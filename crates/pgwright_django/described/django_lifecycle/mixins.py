class LifecycleModelMixin:
    def save(self, *args, **kwargs):
        pass

    def delete(self, *args, **kwargs):
        pass
