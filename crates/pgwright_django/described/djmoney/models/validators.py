from django.core.validators import MaxValueValidator, MinValueValidator

class MinMoneyValidator(MinValueValidator):
    pass

class MaxMoneyValidator(MaxValueValidator):
    pass
