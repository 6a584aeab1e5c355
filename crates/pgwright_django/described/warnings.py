def warn(*args, **kwargs):
    return None

def filterwarnings(*args, **kwargs):
    return None

def simplefilter(*args, **kwargs):
    return None
