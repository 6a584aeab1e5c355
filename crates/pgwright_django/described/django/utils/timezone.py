from _pgwright import unknown

def now():
    return unknown("the time")

def localtime(value=None, timezone=None):
    return unknown("the time")

def localdate(value=None, timezone=None):
    return unknown("the date")
