from rest_framework.serializers import UniqueTogetherValidator, UniqueValidator

class ProhibitSurrogateCharactersValidator:
    pass
class BaseUniqueForValidator:
    pass
class UniqueForDateValidator(BaseUniqueForValidator):
    pass
class UniqueForMonthValidator(BaseUniqueForValidator):
    pass
class UniqueForYearValidator(BaseUniqueForValidator):
    pass
