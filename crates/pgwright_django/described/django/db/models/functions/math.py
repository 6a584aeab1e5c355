from django.db.models.expressions import Func

class Abs(Func):
    pass

class ACos(Func):
    pass

class ASin(Func):
    pass

class ATan(Func):
    pass

class ATan2(Func):
    pass

class Ceil(Func):
    pass

class Cos(Func):
    pass

class Cot(Func):
    pass

class Degrees(Func):
    pass

class Exp(Func):
    pass

class Floor(Func):
    pass

class Ln(Func):
    pass

class Log(Func):
    pass

class Mod(Func):
    pass

class Pi(Func):
    pass

class Power(Func):
    pass

class Radians(Func):
    pass

class Random(Func):
    pass

class Round(Func):
    pass

class Sign(Func):
    pass

class Sin(Func):
    pass

class Sqrt(Func):
    pass

class Tan(Func):
    pass
