from django.db.models.query import QuerySet

class PolymorphicQuerySet(QuerySet):
    pass
