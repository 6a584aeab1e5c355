from _pgwright import unknown
from django.conf import settings

class TaskResult:
    id = unknown("which run of a task it is")
    status = unknown("how far a task is")
    return_value = unknown("what a task gives")

class Task:
    def __init__(self, func):
        self.func = func
    def using(self, **options):
        return self
    def call(self, *args, **kwargs):
        return self.func(*args, **kwargs)
    def enqueue(self, *args, **kwargs):
        """The backend there is without settings runs a task where it is put in the queue."""
        backend = getattr(settings, "TASKS", {}).get("default", {}).get("BACKEND", "ImmediateBackend")
        if backend.endswith("ImmediateBackend"):
            self.func(*args, **kwargs)
        return TaskResult()
    aenqueue = enqueue
    acall = call

def task(function=None, **options):
    if function is None:
        return task
    return Task(function)
