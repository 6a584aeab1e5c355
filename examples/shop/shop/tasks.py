"""Background tasks: Celery where it is installed, plain functions where it is not."""

try:
    from celery import shared_task
except ImportError:

    def shared_task(function):
        return function


__all__ = ["shared_task"]
