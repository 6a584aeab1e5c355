class SwappableTuple(tuple):
    pass

class Migration:
    operations = []
    dependencies = []
    run_before = []
    replaces = []
    initial = None
    atomic = True

    def __init__(self, name, app_label):
        self.name = name
        self.app_label = app_label

def swappable_dependency(value):
    return (value.split(".", 1)[0], "__first__")
