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
