from enum import Enum, EnumType, IntEnum

__all__ = ["Choices", "IntegerChoices", "TextChoices"]

class ChoicesType(EnumType):
    pass

ChoicesMeta = ChoicesType

class Choices(Enum):
    pass

class IntegerChoices(int, Choices):
    pass

class TextChoices(str, Choices):
    pass
