from _pgwright import annotations, change, run, unknown, write

class QuerySet:
    """A queryset's query lives beside it; `change` gives the next one, `run` says that it is executed here."""

    _iterable_class = None
    _result_cache = None

    def __init__(self, model=None, query=None, using=None, hints=None):
        self.model = model

    @property
    def query(self):
        return Query(self)

    @classmethod
    def as_manager(cls):
        from django.db.models.manager import Manager
        manager = Manager.from_queryset(cls)()
        manager._built_with_as_manager = True
        return manager

    def __iter__(self):
        if self._iterable_class is not None:
            return iter(self._rows())
        return run(self, "iterate")
    __aiter__ = __iter__
    def __bool__(self):
        if self._iterable_class is not None:
            self._rows()
            return unknown("what a query finds")
        return run(self, "truth")
    def __len__(self):
        if self._iterable_class is not None:
            self._rows()
            return unknown("how many rows a query finds")
        return run(self, "length")
    def __contains__(self, item):
        return bool(self)
    def __getitem__(self, index):
        if self._iterable_class is not None:
            return self._row(change(self, "slice", index, unknown("the index after an index")))
        return run(self, "item", index)

    def _rows(self):
        """What a class of iterables other than Django's own makes of the rows."""
        if self._result_cache is None:
            self._result_cache = list(self._iterable_class(self, chunked_fetch=False))
        return self._result_cache
    def _row(self, queryset):
        for row in queryset._rows():
            return row
        return None
    def _of_columns(self, queryset):
        if self._iterable_class is not None:
            queryset._iterable_class = None
        return queryset
    def __slice__(self, start, stop):
        return change(self, "slice", start, stop)
    def __and__(self, other):
        return change(self, "and", other)
    def __or__(self, other):
        return change(self, "or", other)

    def _clone(self):
        return change(self, "all")
    def _chain(self):
        return change(self, "all")
    def _fetch_all(self):
        self.__iter__()
    def all(self):
        return change(self, "all")
    def none(self):
        return change(self, "none")
    def filter(self, *args, **kwargs):
        return change(self, "filter", *args, **kwargs)
    def exclude(self, *args, **kwargs):
        return change(self, "exclude", *args, **kwargs)
    def complex_filter(self, filter_obj):
        return change(self, "complex_filter", filter_obj)
    def annotate(self, *args, **kwargs):
        return change(self, "annotate", *args, **kwargs)
    def alias(self, *args, **kwargs):
        return change(self, "alias", *args, **kwargs)
    def values(self, *fields, **expressions):
        return self._of_columns(change(self, "values", *fields, **expressions))
    def values_list(self, *fields, **options):
        return self._of_columns(change(self, "values_list", *fields, **options))
    def only(self, *fields):
        return change(self, "only", *fields)
    def defer(self, *fields):
        return change(self, "defer", *fields)
    def distinct(self, *fields):
        return change(self, "distinct", *fields)
    def order_by(self, *fields):
        return change(self, "order_by", *fields)
    def reverse(self):
        return change(self, "reverse")
    def select_related(self, *fields):
        return change(self, "select_related", *fields)
    def prefetch_related(self, *lookups):
        return change(self, "prefetch_related", *lookups)
    def union(self, *others, **options):
        return change(self, "union", *others, **options)
    def intersection(self, *others):
        return change(self, "intersection", *others)
    def difference(self, *others):
        return change(self, "difference", *others)
    def select_for_update(self, *args, **options):
        return change(self, "select_for_update", *args, **options)
    def using(self, alias):
        return change(self, "using", alias)
    def extra(self, *args, **kwargs):
        return change(self, "extra", *args, **kwargs)
    def dates(self, *args, **kwargs):
        return change(self, "dates", *args, **kwargs)
    def datetimes(self, *args, **kwargs):
        return change(self, "datetimes", *args, **kwargs)
    def fetch_mode(self, mode):
        return change(self, "all")
    def raw(self, *args, **kwargs):
        return run(self, "raw", *args, **kwargs)

    @property
    def ordered(self):
        return run(self, "ordered")

    def get(self, *args, **kwargs):
        if args or kwargs:
            return change(self, "filter", *args, **kwargs).get()
        if self._iterable_class is not None:
            return self._row(change(change(self, "order_by"), "slice", None, 21))
        return run(self, "get")
    def first(self):
        if self._iterable_class is not None:
            ordered = self if self.ordered else change(self, "order_by", "pk")
            return self._row(change(ordered, "slice", None, 1))
        return run(self, "first")
    def last(self):
        if self._iterable_class is not None:
            ordered = change(self if self.ordered else change(self, "order_by", "pk"), "reverse")
            return self._row(change(ordered, "slice", None, 1))
        return run(self, "last")
    def earliest(self, *fields):
        return run(self, "earliest", *fields)
    def latest(self, *fields):
        return run(self, "latest", *fields)
    def exists(self):
        return run(self, "exists")
    def contains(self, obj):
        return change(self, "filter", pk=obj).exists()
    def count(self):
        return run(self, "count")
    def aggregate(self, *args, **kwargs):
        return run(self, "aggregate", *args, **kwargs)
    def in_bulk(self, id_list=None, *, field_name="pk"):
        if id_list is not None:
            self = change(self, "filter", **{field_name + "__in": unknown("keys")})
        return run(change(self, "order_by"), "in_bulk")
    def iterator(self, *args, **kwargs):
        if self._iterable_class is not None:
            return iter(self._iterable_class(self, chunked_fetch=True, chunk_size=unknown("how many rows")))
        return change(self, "all")
    def explain(self, *args, **kwargs):
        return run(self, "iterate")

    def create(self, **kwargs):
        return write(self, "create", **kwargs)
    def get_or_create(self, defaults=None, **kwargs):
        return write(self, "get_or_create", defaults, **kwargs)
    def update_or_create(self, defaults=None, create_defaults=None, **kwargs):
        return write(self, "update_or_create", defaults, create_defaults, **kwargs)
    def bulk_create(self, objs, batch_size=None, ignore_conflicts=False, update_conflicts=False, update_fields=None, unique_fields=None):
        return write(self, "bulk_create", objs, ignore_conflicts=ignore_conflicts, update_conflicts=update_conflicts, update_fields=update_fields, unique_fields=unique_fields)
    def bulk_update(self, objs, fields, batch_size=None):
        return write(self, "bulk_update", objs, fields)
    def update(self, **kwargs):
        return write(self, "update", **kwargs)
    def delete(self):
        return write(self, "delete")

    aget = get
    afirst = first
    alast = last
    aearliest = earliest
    alatest = latest
    aexists = exists
    acontains = contains
    acount = count
    aaggregate = aggregate
    ain_bulk = in_bulk
    aiterator = iterator
    acreate = create
    aget_or_create = get_or_create
    aupdate_or_create = update_or_create
    abulk_create = bulk_create
    abulk_update = bulk_update
    aupdate = update
    adelete = delete

class Query:
    """The query of a queryset, as far as code looks at it."""

    def __init__(self, queryset):
        self._queryset = queryset
    @property
    def annotation_select(self):
        return annotations(self._queryset)
    annotations = annotation_select
    def __getattr__(self, name):
        return unknown("what a query consists of")

class BaseIterable:
    def __init__(self, queryset, chunked_fetch=False, chunk_size=100):
        self.queryset = queryset
        self.chunked_fetch = chunked_fetch
        self.chunk_size = chunk_size
    def __iter__(self):
        return run(self.queryset, "iterate")

class ModelIterable(BaseIterable):
    pass
class ValuesIterable(BaseIterable):
    pass
class ValuesListIterable(BaseIterable):
    pass
class FlatValuesListIterable(BaseIterable):
    pass

class EmptyQuerySet:
    pass

class RawQuerySet:
    pass

class Prefetch:
    def __init__(self, lookup, queryset=None, to_attr=None):
        self.prefetch_through = lookup

def prefetch_related_objects(instances, *lookups):
    return None
