from django.db.models.expressions import Func

class Chr(Func):
    pass

class Concat(Func):
    pass

class ConcatPair(Func):
    pass

class Left(Func):
    pass

class Length(Func):
    pass

class Lower(Func):
    pass

class LPad(Func):
    pass

class LTrim(Func):
    pass

class MD5(Func):
    pass

class Ord(Func):
    pass

class Repeat(Func):
    pass

class Replace(Func):
    pass

class Reverse(Func):
    pass

class Right(Func):
    pass

class RPad(Func):
    pass

class RTrim(Func):
    pass

class SHA1(Func):
    pass

class SHA224(Func):
    pass

class SHA256(Func):
    pass

class SHA384(Func):
    pass

class SHA512(Func):
    pass

class StrIndex(Func):
    pass

class Substr(Func):
    pass

class Trim(Func):
    pass

class Upper(Func):
    pass
