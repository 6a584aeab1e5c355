class Decimal:
    def __init__(self, value="0", context=None):
        self.value = value

    def __str__(self):
        return str(self.value)
