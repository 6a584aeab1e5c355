from django.db.models.lookups import Lookup, Transform

class PostgresOperatorLookup(Lookup):
    pass

class DataContains(PostgresOperatorLookup):
    pass

class ContainedBy(PostgresOperatorLookup):
    pass

class Overlap(PostgresOperatorLookup):
    pass

class HasKey(PostgresOperatorLookup):
    pass

class HasKeys(PostgresOperatorLookup):
    pass

class HasAnyKeys(HasKeys):
    pass

class Unaccent(Transform):
    pass

class SearchLookup(Lookup):
    pass

class TrigramSimilar(PostgresOperatorLookup):
    pass

class TrigramWordSimilar(PostgresOperatorLookup):
    pass

class TrigramStrictWordSimilar(PostgresOperatorLookup):
    pass
