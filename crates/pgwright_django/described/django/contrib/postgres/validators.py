class RangeMaxValueValidator:
    pass

class RangeMinValueValidator:
    pass

class ArrayMaxLengthValidator:
    pass

class KeysValidator:
    pass
