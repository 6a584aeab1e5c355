from django.tasks import Task, TaskResult, task
