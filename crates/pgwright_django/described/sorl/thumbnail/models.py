from django.db import models

class KVStore(models.Model):
    key = models.CharField(primary_key=True, max_length=200, db_column="key")
    value = models.TextField()
