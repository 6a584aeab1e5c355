class OperationCategory:
    ADDITION = "+"
    REMOVAL = "-"
    ALTERATION = "~"
    PYTHON = "p"
    SQL = "s"
    MIXED = "?"

class Operation:
    reversible = True
    reduces_to_sql = True
    atomic = False
    elidable = False
    serialization_expand_args = []
    category = None
