from django.db import models

class TaskResult(models.Model):
    task_id = models.CharField(max_length=255, unique=True)
    periodic_task_name = models.CharField(max_length=255, null=True)
    task_name = models.CharField(max_length=255, null=True)
    task_args = models.TextField(null=True)
    task_kwargs = models.TextField(null=True)
    status = models.CharField(max_length=50, default="PENDING")
    worker = models.CharField(max_length=100, null=True, default=None)
    content_type = models.CharField(max_length=128)
    content_encoding = models.CharField(max_length=64)
    result = models.TextField(null=True, default=None, editable=False)
    date_created = models.DateTimeField(auto_now_add=True)
    date_started = models.DateTimeField(null=True, default=None)
    date_done = models.DateTimeField(auto_now=True)
    traceback = models.TextField(blank=True, null=True)
    meta = models.TextField(null=True, default=None, editable=False)

    class Meta:
        indexes = [
            models.Index(name="django_cele_task_na_08aec9_idx", fields=["task_name"]),
            models.Index(name="django_cele_status_9b6201_idx", fields=["status"]),
            models.Index(name="django_cele_worker_d54dd8_idx", fields=["worker"]),
            models.Index(name="django_cele_date_cr_f04a50_idx", fields=["date_created"]),
            models.Index(name="django_cele_date_do_f59aad_idx", fields=["date_done"]),
            models.Index(name="django_cele_periodi_1993cf_idx", fields=["periodic_task_name"]),
        ]
        ordering = ["-date_done"]

class ChordCounter(models.Model):
    group_id = models.CharField(max_length=255, unique=True)
    sub_tasks = models.TextField()
    count = models.PositiveIntegerField()

class GroupResult(models.Model):
    group_id = models.CharField(max_length=255, unique=True)
    date_created = models.DateTimeField(auto_now_add=True)
    date_done = models.DateTimeField(auto_now=True)
    content_type = models.CharField(max_length=128)
    content_encoding = models.CharField(max_length=64)
    result = models.TextField(null=True, default=None, editable=False)

    class Meta:
        indexes = [
            models.Index(name="django_cele_date_cr_bd6c1d_idx", fields=["date_created"]),
            models.Index(name="django_cele_date_do_caae0e_idx", fields=["date_done"]),
        ]
        ordering = ["-date_done"]
