def uploaded_filepath(instance, filename):
    return filename
