from _pgwright import enum_root

class auto:
    pass

class EnumMeta(type):
    pass

EnumType = EnumMeta

class Enum:
    pass

enum_root(Enum)

class IntEnum(int, Enum):
    pass

class StrEnum(str, Enum):
    pass

class Flag(Enum):
    pass

class IntFlag(int, Flag):
    pass

class ReprEnum(Enum):
    pass

def unique(enumeration):
    return enumeration

def property(function):
    return function

def nonmember(value):
    return value
