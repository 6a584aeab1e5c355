from django.db.models.expressions import Expression, Func
from django.db.models.fields import CharField, Field, FloatField

class SearchVectorField(Field):
    pass

class SearchQueryField(Field):
    pass

class SearchConfig(Expression):
    pass

class SearchVectorCombinable:
    pass

class SearchVector(SearchVectorCombinable, Func):
    pass

class SearchQuery(Func):
    pass

class SearchRank(Func):
    pass

class SearchHeadline(Func):
    pass

class TrigramBase(Func):
    pass

class TrigramSimilarity(TrigramBase):
    pass

class TrigramDistance(TrigramBase):
    pass

class TrigramWordSimilarity(TrigramBase):
    pass

class SearchVectorExact(Func):
    pass

class CombinedSearchVector(Func):
    pass

class SearchQueryCombinable:
    pass

class CombinedSearchQuery(Func):
    pass

class TrigramWordBase(Func):
    pass

class TrigramWordDistance(TrigramWordBase):
    pass

class TrigramStrictWordDistance(TrigramWordBase):
    pass

class TrigramStrictWordSimilarity(TrigramWordBase):
    pass

class Lexeme(Func):
    pass
