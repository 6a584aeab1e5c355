from django.db import models

class ImageField(models.ImageField):
    pass
