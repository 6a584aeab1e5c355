class TransactionManagementError(Exception):
    pass

class Atomic:
    def __init__(self, using=None, savepoint=True, durable=False):
        pass
    def __call__(self, function):
        return function
    def __enter__(self):
        pass
    def __exit__(self, *args):
        pass

def atomic(using=None, savepoint=True, durable=False):
    if using is None or isinstance(using, str):
        return Atomic(using)
    return using

def non_atomic_requests(using=None):
    return atomic(using)

def on_commit(func, using=None, robust=False):
    func()

def savepoint(using=None):
    return None
def savepoint_commit(sid, using=None):
    pass
def savepoint_rollback(sid, using=None):
    pass
def set_rollback(rollback, using=None):
    pass
def commit(using=None):
    pass
def rollback(using=None):
    pass
