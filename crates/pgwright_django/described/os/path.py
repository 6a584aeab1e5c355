from _pgwright import unknown

def join(first, *rest):
    result = first
    for part in rest:
        if part.startswith("/"):
            result = part
        elif result.endswith("/") or not result:
            result = result + part
        else:
            result = result + "/" + part
    return result

def dirname(path):
    return path.rpartition("/")[0]

def basename(path):
    return path.rpartition("/")[2]

def abspath(path):
    return path

def realpath(path):
    return path

def normpath(path):
    return path

def expanduser(path):
    return path

def splitext(path):
    head, dot, tail = path.rpartition(".")
    if dot and "/" not in tail:
        return head, dot + tail
    return path, ""

def exists(path):
    return unknown("whether a file exists")

def isfile(path):
    return unknown("whether a file exists")

def isdir(path):
    return unknown("whether a folder exists")
