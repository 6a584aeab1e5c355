class timedelta:
    def __init__(self, *args, **kwargs):
        pass

class date:
    def __init__(self, *args, **kwargs):
        pass

class datetime(date):
    pass

class time:
    def __init__(self, *args, **kwargs):
        pass

class timezone:
    def __init__(self, *args, **kwargs):
        pass

UTC = timezone("UTC")
timezone.utc = UTC
