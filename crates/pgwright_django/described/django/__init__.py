VERSION = (5, 2, 0, "final", 0)

def setup(set_prefix=True):
    return None

def get_version():
    return ".".join(str(part) for part in VERSION[:3])
