from django.db.models.expressions import Func
from django.db.models.indexes import Index

class PostgresIndex(Index):
    @property
    def max_name_length(self):
        return 30 - len(Index.suffix) + len(self.suffix)

class BloomIndex(PostgresIndex):
    suffix = "bloom"
    def __init__(self, *expressions, length=None, columns=(), **kwargs):
        super().__init__(*expressions, **kwargs)
        self.length = length
        self.columns = columns

class BrinIndex(PostgresIndex):
    suffix = "brin"
    def __init__(self, *expressions, autosummarize=None, pages_per_range=None, **kwargs):
        self.autosummarize = autosummarize
        self.pages_per_range = pages_per_range
        super().__init__(*expressions, **kwargs)

class BTreeIndex(PostgresIndex):
    suffix = "btree"
    def __init__(self, *expressions, fillfactor=None, deduplicate_items=None, **kwargs):
        self.fillfactor = fillfactor
        self.deduplicate_items = deduplicate_items
        super().__init__(*expressions, **kwargs)

class GinIndex(PostgresIndex):
    suffix = "gin"
    def __init__(self, *expressions, fastupdate=None, gin_pending_list_limit=None, **kwargs):
        self.fastupdate = fastupdate
        self.gin_pending_list_limit = gin_pending_list_limit
        super().__init__(*expressions, **kwargs)

class GistIndex(PostgresIndex):
    suffix = "gist"
    def __init__(self, *expressions, buffering=None, fillfactor=None, **kwargs):
        self.buffering = buffering
        self.fillfactor = fillfactor
        super().__init__(*expressions, **kwargs)

class HashIndex(PostgresIndex):
    suffix = "hash"
    def __init__(self, *expressions, fillfactor=None, **kwargs):
        self.fillfactor = fillfactor
        super().__init__(*expressions, **kwargs)

class SpGistIndex(PostgresIndex):
    suffix = "spgist"
    def __init__(self, *expressions, fillfactor=None, **kwargs):
        self.fillfactor = fillfactor
        super().__init__(*expressions, **kwargs)

class OpClass(Func):
    pass
