from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AddConstraint, AddIndex, RemoveIndex

class CreateExtension(Operation):
    reversible = True

    def __init__(self, name, hints=None):
        self.name = name
        self.hints = hints or {}

class BloomExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("bloom", hints)

class BtreeGinExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("btree_gin", hints)

class BtreeGistExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("btree_gist", hints)

class CITextExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("citext", hints)

class CryptoExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("pgcrypto", hints)

class HStoreExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("hstore", hints)

class TrigramExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("pg_trgm", hints)

class UnaccentExtension(CreateExtension):
    def __init__(self, hints=None):
        super().__init__("unaccent", hints)

class NotInTransactionMixin:
    pass

class AddIndexConcurrently(NotInTransactionMixin, AddIndex):
    atomic = False

class RemoveIndexConcurrently(NotInTransactionMixin, RemoveIndex):
    atomic = False

class CollationOperation(Operation):
    def __init__(self, name, locale, *, provider="libc", deterministic=True):
        self.name = name
        self.locale = locale
        self.provider = provider
        self.deterministic = deterministic

class CreateCollation(CollationOperation):
    pass

class RemoveCollation(CollationOperation):
    pass

class AddConstraintNotValid(AddConstraint):
    pass

class ValidateConstraint(Operation):
    def __init__(self, model_name, name):
        self.model_name = model_name
        self.name = name
