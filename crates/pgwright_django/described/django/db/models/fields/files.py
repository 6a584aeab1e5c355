from django.db.models.fields import Field

class FieldFile:
    pass

class FileDescriptor:
    pass

class ImageFieldFile(FieldFile):
    pass

class ImageFileDescriptor(FileDescriptor):
    pass

class FileField(Field):
    attr_class = FieldFile
    descriptor_class = FileDescriptor
    def __init__(self, verbose_name=None, name=None, upload_to="", storage=None, **kwargs):
        self.storage = storage
        self.upload_to = upload_to
        kwargs.setdefault("max_length", 100)
        super().__init__(verbose_name, name, **kwargs)
    def get_internal_type(self):
        return "FileField"

class ImageField(FileField):
    def __init__(self, verbose_name=None, name=None, width_field=None, height_field=None, **kwargs):
        self.width_field = width_field
        self.height_field = height_field
        super().__init__(verbose_name, name, **kwargs)
