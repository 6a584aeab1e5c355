from django.contrib.postgres.fields.array import ArrayField
from django.contrib.postgres.fields.citext import CICharField, CIEmailField, CIText, CITextField
from django.contrib.postgres.fields.hstore import HStoreField
from django.contrib.postgres.fields.jsonb import JSONField
from django.contrib.postgres.fields.ranges import (
    BigIntegerRangeField, DateRangeField, DateTimeRangeField, DecimalRangeField, IntegerRangeField, RangeBoundary,
    RangeField, RangeOperators,
)
