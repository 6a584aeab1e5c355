#!/usr/bin/env python
"""What Django's schema editor sends for many index, constraint, generated-field and default declarations.

  python expression_ddl.py --out FILE.json [--host DIR --port N --user NAME --dbname NAME]

Run with each Django version pgwright knows. A PostgreSQL server is needed for quoting; nothing is created in it.
The output holds, per case, the source text of a model, what its indexes and constraints were called with, and the
statements of `create_model` (or the error). `crates/pgwright_django/tests/truth/expression_ddl.json.gz` is one object with
the output of each version under `4.2`, `5.2`, `6.0`, `6.1`.
"""

import argparse
import datetime
import decimal
import enum
import json
import os
import sys
import types
import uuid

PREAMBLE = """\
import datetime
import decimal
import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField, DateRangeField, DateTimeRangeField, HStoreField, IntegerRangeField, RangeBoundary, RangeOperators,
)
from django.contrib.postgres.indexes import (
    BloomIndex, BrinIndex, BTreeIndex, GinIndex, GistIndex, HashIndex, OpClass, SpGistIndex,
)
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, Count, Deferrable, Exists, ExpressionWrapper, F, Func, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KT, KeyTextTransform, KeyTransform
from django.db.models.functions import (
    Abs, Cast, Ceil, Coalesce, Collate, Concat, ExtractYear, Floor, Greatest, Left, Length, Lower, LTrim, MD5, Mod,
    Now, NullIf, Power, Repeat, Replace, Reverse, Right, Round, Sign, Sqrt, StrIndex, Substr, Trim, TruncDate,
    TruncMonth, Upper,
)
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan


class Owner(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        app_label = "gt"


class Thing(models.Model):
    class Size(models.TextChoices):
        SMALL = "s", "small"
        LARGE = "l", "large"

    id = models.BigAutoField(primary_key=True)
    char = models.CharField(max_length=50)
    nchar = models.CharField(max_length=50, null=True)
    text = models.TextField()
    email = models.EmailField()
    number = models.IntegerField()
    nnumber = models.IntegerField(null=True)
    small = models.SmallIntegerField(default=0)
    big = models.BigIntegerField(default=0)
    stock = models.PositiveIntegerField(default=0)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    cost = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    ratio = models.FloatField(default=0)
    flag = models.BooleanField(default=False)
    nflag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    end_day = models.DateField(null=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    span = models.DurationField(null=True)
    uid = models.UUIDField(default=uuid.uuid4)
    data = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="+")
    nowner = models.ForeignKey(Owner, models.CASCADE, null=True, related_name="+")
    tags = ArrayField(models.CharField(max_length=20), default=list)
    numbers = ArrayField(models.IntegerField(), default=list)
    attrs = HStoreField(default=dict)
    period = DateTimeRangeField(null=True)
    days = DateRangeField(null=True)
    amount = IntegerRangeField(null=True)
    sv = SearchVectorField(null=True)

    class Meta:
        abstract = True
        app_label = "gt"
"""


# (name, oldest Django, class body, Meta body)
def index(name, text, since=(4, 2)):
    return f"index {name}", since, "", f"indexes = [{text}]"


def constraint(name, text, since=(4, 2)):
    return f"constraint {name}", since, "", f"constraints = [{text}]"


def check(name, text, since=(4, 2)):
    return f"check {name}", since, "", f'constraints = [models.CheckConstraint(CHECK={text}, name="{name}_chk")]'


def partial(name, text, since=(4, 2)):
    return (
        f"partial {name}",
        since,
        "",
        f'indexes = [models.Index(fields=["number"], condition={text}, name="{name}_idx")]',
    )


def column(name, text, since=(5, 0)):
    return f"column {name}", since, text, ""


CASES = [
    # Indexes on fields.
    index("plain", 'models.Index(fields=["char"])'),
    index("two", 'models.Index(fields=["char", "-number"])'),
    index("named", 'models.Index(fields=["-at"], name="at_desc")'),
    index("fk", 'models.Index(fields=["owner", "flag"])'),
    index("opclass", 'models.Index(fields=["char"], opclasses=["varchar_pattern_ops"], name="char_like")'),
    index(
        "opclass_desc",
        'models.Index(fields=["-char", "number"], opclasses=["text_pattern_ops", "int4_ops"], name="opclass_desc")',
    ),
    index("include", 'models.Index(fields=["number"], include=["char", "owner"], name="with_include")'),
    index("tablespace", 'models.Index(fields=["number"], db_tablespace="fast", name="in_tablespace")'),
    index("gin", 'GinIndex(fields=["data"])'),
    index("gin_with", 'GinIndex(fields=["tags"], fastupdate=False, gin_pending_list_limit=512, name="gin_with")'),
    index("gin_path", 'GinIndex(fields=["data"], opclasses=["jsonb_path_ops"], name="gin_path")'),
    index("gist", 'GistIndex(fields=["period"], fillfactor=70, buffering=True)'),
    index("brin", 'BrinIndex(fields=["at"], autosummarize=True, pages_per_range=32)'),
    index("brin_off", 'BrinIndex(fields=["at"], autosummarize=False)'),
    index("hash", 'HashIndex(fields=["char"], fillfactor=60)'),
    index("spgist", 'SpGistIndex(fields=["amount"], fillfactor=80)'),
    index("bloom", 'BloomIndex(fields=["number", "nnumber"], length=80, columns=[4, 2])'),
    index("btree", 'BTreeIndex(fields=["number"], fillfactor=90)'),
    index("btree_dedup", 'BTreeIndex(fields=["number"], deduplicate_items=False)', since=(5, 1)),
    index(
        "with_tablespace",
        'BTreeIndex(fields=["number"], fillfactor=90, db_tablespace="fast", condition=Q(flag=True), name="with_all")',
    ),
    # Indexes on expressions.
    index("lower", 'models.Index(Lower("char"), name="lower")'),
    index("upper_two", 'models.Index(Upper("char"), "number", name="upper_two")'),
    index("f", 'models.Index(F("char"), name="f")'),
    index("f_desc", 'models.Index(F("number").desc(), name="f_desc")'),
    index(
        "f_nulls", 'models.Index(F("nnumber").desc(nulls_last=True), F("char").asc(nulls_first=True), name="f_nulls")'
    ),
    index("lower_desc", 'models.Index(Lower("char").desc(), name="lower_desc")'),
    index("opclass_expr", 'GinIndex(OpClass(Upper("char"), name="gin_trgm_ops"), name="opclass_expr")'),
    index("opclass_f", 'GistIndex(OpClass(F("char"), name="gist_trgm_ops"), name="opclass_f")'),
    index("opclass_name", 'GinIndex(OpClass("char", "gin_trgm_ops"), name="opclass_name")'),
    index(
        "opclass_order", 'models.Index(OpClass(Lower("char"), name="varchar_pattern_ops").desc(), name="opclass_order")'
    ),
    index("collate", 'models.Index(Collate("char", "C"), name="collate")'),
    index("collate_lower", 'models.Index(Collate(Lower("char"), "C").desc(), name="collate_lower")'),
    index("cast", 'models.Index(Cast("char", models.IntegerField()), name="cast")'),
    index("cast_varchar", 'models.Index(Cast("number", models.CharField(max_length=10)), name="cast_varchar")'),
    index("cast_text", 'models.Index(Cast("number", models.TextField()), name="cast_text")'),
    index("cast_key", 'models.Index(Cast(KT("data__size"), models.IntegerField()), name="cast_key")'),
    index(
        "cast_key_transform",
        'models.Index(Cast(KeyTransform("size", "data"), models.IntegerField()), name="cast_key_tr")',
    ),
    index(
        "cast_decimal",
        'models.Index(Cast("number", models.DecimalField(max_digits=8, decimal_places=3)), name="cast_decimal")',
    ),
    index("key", 'models.Index(KeyTransform("kind", "data"), name="key")'),
    index("key_text", 'models.Index(KeyTextTransform("kind", "data"), name="key_text")'),
    index("key_f", 'models.Index(F("data__kind"), name="key_f")'),
    index("key_str", 'models.Index("data__kind", name="key_str")'),
    index("key_nested", 'models.Index("data__a__b", name="key_nested")'),
    index("key_number", 'models.Index("data__items__0", name="key_number")'),
    index("key_int", 'models.Index("data__0", name="key_int")'),
    index("kt", 'models.Index(KT("data__kind"), name="kt")'),
    index("kt_nested", 'models.Index(Upper(KT("data__a__b")), name="kt_nested")'),
    index("hstore_key", 'models.Index(F("attrs__colour"), name="hstore_key")'),
    index("array_item", 'models.Index(F("tags__0"), name="array_item")'),
    index("array_len", 'models.Index(F("tags__len"), name="array_len")'),
    index("range_lower", 'models.Index(F("period__startswith"), name="range_lower")'),
    index("search", 'GinIndex(SearchVector("text", config="english"), name="search")'),
    index("search_two", 'GinIndex(SearchVector("char", "nchar", "number", config="simple"), name="search_two")'),
    index("search_weight", 'GinIndex(SearchVector("char", config="english", weight="A"), name="search_weight")'),
    index(
        "search_sum",
        'GinIndex(SearchVector("char", config="english", weight="A") + SearchVector("text", config="english", weight="B"), name="search_sum")',
    ),
    index("trunc_date", 'models.Index(TruncDate("at"), name="trunc_date")'),
    index("date_transform", 'models.Index(F("at__date"), name="date_tr")'),
    index("trunc_month", 'models.Index(TruncMonth("day"), name="trunc_month")'),
    index("trunc_month_at", 'models.Index(TruncMonth("at"), name="trunc_month_at")'),
    index("year", 'models.Index(ExtractYear("at"), name="year")'),
    index("year_day", 'models.Index(ExtractYear("day"), name="year_day")'),
    index("year_transform", 'models.Index(F("day__year"), F("day__month"), name="year_tr")'),
    index("coalesce", 'models.Index(Coalesce("nnumber", 0), name="coalesce")'),
    index("coalesce_value", 'models.Index(Coalesce("nchar", Value("")), name="coalesce_value")'),
    index("coalesce_two", 'models.Index(Coalesce("nchar", "char", Value("none")), name="coalesce_two")'),
    index("concat", 'models.Index(Concat("char", "nchar"), name="concat")'),
    index("concat_three", 'models.Index(Concat("char", Value(" "), "nchar"), name="concat_three")'),
    index("concat_number", 'models.Index(Concat("char", "number"), name="concat_number")'),
    index("sum", 'models.Index(F("number") + F("nnumber"), name="sum")'),
    index("product", 'models.Index(F("number") * 2 - 1, name="product")'),
    index("division", 'models.Index(F("price") / F("number"), name="division")'),
    index("reversed", 'models.Index(1 - F("number"), name="reversed")'),
    index("mod", 'models.Index(F("number") % 10, name="mod")'),
    index("power", 'models.Index(F("number") ** 2, name="power")'),
    index("bits", 'models.Index(F("number").bitand(3), name="bits")'),
    index("negative", 'models.Index(F("number") + Value(-5), name="negative")'),
    index(
        "wrapper",
        'models.Index(ExpressionWrapper(F("number") + 1, output_field=models.IntegerField()), name="wrapper")',
    ),
    index("interval", 'models.Index(F("at") + datetime.timedelta(days=1), name="interval")'),
    index("case", 'models.Index(Case(When(flag=True, then=Value(1)), default=Value(0)), name="case")'),
    index(
        "case_f",
        'models.Index(Case(When(Q(number__gt=3) & Q(flag=False), then=F("number")), When(number=1, then=F("nnumber")), default=None, output_field=models.IntegerField()), name="case_f")',
    ),
    index("length", 'models.Index(Length("char"), name="length")'),
    index("length_transform", 'models.Index(Lower(Trim("char")), Length(Lower("char")), name="length_tr")'),
    index("substr", 'models.Index(Substr("char", 1, 3), name="substr")'),
    index("left", 'models.Index(Left("char", 3), Right("char", 2), name="left_right")'),
    index("md5", 'models.Index(MD5("text"), name="md5")'),
    index("replace", 'models.Index(Replace("char", Value("-"), Value("")), name="replace")'),
    index(
        "math", 'models.Index(Abs("number"), Ceil("ratio"), Floor("ratio"), Sqrt("ratio"), Sign("number"), name="math")'
    ),
    index("round", 'models.Index(Round("price"), Round("price", precision=1), name="round")'),
    index("power_func", 'models.Index(Power("ratio", 2), Mod("number", 3), name="power_func")'),
    index("greatest", 'models.Index(Greatest("number", "nnumber"), NullIf("char", Value("")), name="greatest")'),
    index("reverse", 'models.Index(Reverse("char"), StrIndex("char", Value("@")), name="reverse")'),
    index("func", 'models.Index(Func("char", function="immutable_unaccent"), name="func")'),
    index("func_more", 'models.Index(Func(F("char"), Value("x"), 3, function="f"), name="func_more")'),
    index(
        "func_template",
        'models.Index(Func(F("char"), function="f", template="%(function)s(%(expressions)s, true)"), name="func_template")',
    ),
    index("raw", 'models.Index(RawSQL("lower(char)", []), name="raw")'),
    # Conditions.
    partial("true", "Q(flag=True)"),
    partial("false", "Q(flag=False)"),
    partial("two", 'Q(flag=True, char="x")'),
    partial("sorted", 'Q(number=1, char="x")'),
    partial("either", 'Q(number=1) | Q(char="x")'),
    partial("mixed", 'Q(flag=True) & (Q(number=1) | Q(char="x"))'),
    partial("flat", 'Q(flag=True) & Q(number=1) & Q(char="x")'),
    partial("flat_or", 'Q(flag=True) | Q(number=1) | Q(char="x")'),
    partial("not_", "Q(flag=True) & ~Q(number=1)"),
    partial("not_null", "~Q(nnumber=1)"),
    partial("not_nchar", '~Q(nchar="")'),
    partial("not_two", '~Q(number=1, char="x")'),
    partial("not_either", '~(Q(number=1) | Q(nchar="x"))'),
    partial("not_not", "~~Q(number=1)"),
    partial("not_inner", '~(Q(number=1) & ~Q(nchar="x"))'),
    partial("not_in", '~Q(char__in=["a", "b"])'),
    partial("not_in_null", '~Q(nchar__in=["a", "b"])'),
    partial("not_isnull", "~Q(nnumber__isnull=True)"),
    partial("not_isnull_false", "~Q(nnumber__isnull=False)"),
    partial("not_gt_f", '~Q(number__gt=F("nnumber"))'),
    partial("not_flag", "~Q(flag=True)"),
    partial("not_nflag", "~Q(nflag=True)"),
    partial("isnull", "Q(until__isnull=True)"),
    partial("isnotnull", "Q(until__isnull=False)"),
    partial("none", "Q(nchar=None)"),
    partial("fk", "Q(owner=1)"),
    partial("fk_id", "Q(owner_id=1)"),
    partial("fk_null", "Q(nowner__isnull=True)"),
    partial("fk_id_null", "Q(nowner_id__isnull=False)"),
    partial("fk_in", "Q(owner__in=[1, 2])"),
    partial("fk_gt", "Q(owner__gt=5)"),
    partial("in_", 'Q(char__in=["b", "a", "b"])'),
    partial("in_tuple", "Q(number__in=(3, 1, 2))"),
    partial("in_none", "Q(nnumber__in=[1, None])"),
    partial("range_", "Q(number__range=(1, 10))"),
    partial("gte_lte", "Q(number__gte=1, number__lte=10)"),
    partial("gte_lt", "Q(number__gte=1) & Q(number__lt=10)"),
    partial("negative", "Q(number__gt=-1)"),
    partial("negative_decimal", 'Q(price__gte=decimal.Decimal("-0.5"))'),
    partial("decimal_int", "Q(price__gt=0)"),
    partial("decimal_in", "Q(price__in=[0, 1])"),
    partial("decimal_str", 'Q(price__lt=decimal.Decimal("99.90"))'),
    partial("float_", "Q(ratio__lt=1.5)"),
    partial("float_int", "Q(ratio__gte=0)"),
    partial("int_float", "Q(number__gte=1.5)"),
    partial("int_str", 'Q(number="7")'),
    partial("small", "Q(small=1, big=2, stock__gt=3)"),
    partial("char_int", "Q(char=1)"),
    partial("exact", 'Q(char__exact="x")'),
    partial("quote", """Q(char="it's")"""),
    partial("backslash", r'Q(char="a\\b")'),
    partial("percent", 'Q(char="100%")'),
    partial("startswith", 'Q(char__startswith="x")'),
    partial("endswith", 'Q(char__endswith="x")'),
    partial("contains", 'Q(char__contains="x")'),
    partial("icontains", 'Q(char__icontains="x")'),
    partial("istartswith", 'Q(char__istartswith="x")'),
    partial("iexact", 'Q(char__iexact="x")'),
    partial("iendswith", 'Q(email__iendswith="@example.com")'),
    partial("like_escape", 'Q(char__contains="50%_x")'),
    partial("regex", 'Q(char__regex="^[a-z]+$")'),
    partial("iregex", 'Q(char__iregex="^[a-z]+$")'),
    partial("number_contains", 'Q(number__contains="1")'),
    partial("date_", "Q(day__gt=datetime.date(2020, 1, 2))"),
    partial("datetime_", "Q(at__gte=datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc))"),
    partial(
        "datetime_micro", "Q(at__gte=datetime.datetime(2020, 1, 2, 3, 4, 5, 678900, tzinfo=datetime.timezone.utc))"
    ),
    partial("time_", "Q(clock__lt=datetime.time(12, 30))"),
    partial("duration", "Q(span__gt=datetime.timedelta(days=1, hours=2))"),
    partial("duration_short", "Q(span__gt=datetime.timedelta(minutes=5))"),
    partial("uuid_", 'Q(uid=uuid.UUID("12345678-1234-5678-1234-567812345678"))'),
    partial("year_", "Q(day__year=2020)"),
    partial("year_gt", "Q(day__year__gte=2020)"),
    partial("month", "Q(day__month=3)"),
    partial("length", "Q(char__length=3)"),
    partial("ip", 'Q(ip="10.0.0.1")'),
    partial("json_eq", 'Q(data={"a": 1})'),
    partial("json_key", 'Q(data__kind="x")'),
    partial("json_key_number", "Q(data__kind=3)"),
    partial("json_key_bool", "Q(data__kind=True)"),
    partial("json_key_none", "Q(data__kind=None)"),
    partial("json_key_isnull", "Q(data__kind__isnull=True)"),
    partial("json_key_gt", "Q(data__size__gt=3)"),
    partial("json_key_in", 'Q(data__kind__in=["a", "b"])'),
    partial("json_key_text", 'Q(data__kind__startswith="a")'),
    partial("json_key_icontains", 'Q(data__kind__icontains="a")'),
    partial("json_nested", 'Q(data__a__b="x")'),
    partial("json_contains", 'Q(data__contains={"a": [1, "x"]})'),
    partial("json_has_key", 'Q(data__has_key="a")'),
    partial("json_has_keys", 'Q(data__has_keys=["a", "b"])'),
    partial("json_has_any_keys", 'Q(data__has_any_keys=["a", "b"])'),
    partial("array_contains", 'Q(tags__contains=["a", "b c"])'),
    partial("array_overlap", "Q(numbers__overlap=[1, 2])"),
    partial("array_eq", 'Q(tags=["a"])'),
    partial("array_empty", "Q(tags=[])"),
    partial("array_len", "Q(tags__len__gt=0)"),
    partial("array_len_lte", "Q(tags__len__lte=5)"),
    partial("array_item", 'Q(tags__0="a")'),
    partial("hstore_key", 'Q(attrs__colour="red")'),
    partial("hstore_has_key", 'Q(attrs__has_key="red")'),
    partial("range_isempty", "Q(period__isempty=False)"),
    partial("range_lower", "Q(amount__startswith__gte=0)"),
    partial("choices", "Q(char=Thing.Size.SMALL) | Q(char__in=Thing.Size.values)"),
    partial("f", 'Q(number__lt=F("nnumber"))'),
    partial("f_expr", 'Q(number__lt=F("nnumber") * 2 + 1)'),
    partial("f_date", 'Q(end_day__gt=F("day") + datetime.timedelta(days=3))'),
    partial("pk", "Q(pk__gt=10)"),
    partial("big_or", 'Q(flag=True, number=1) | Q(flag=False, number__isnull=True) | ~Q(char="")'),
    partial("empty_and", "Q() & Q(flag=True)"),
    partial("conditional", 'Q(GreaterThan(F("number"), 5))'),
    partial("conditional_f", 'Q(GreaterThan(F("number"), F("nnumber")), flag=True)'),
    # Checks.
    check("positive", "Q(number__gt=0)"),
    check("order", 'Q(end_day__gt=F("day"))'),
    check("order_or_null", 'Q(end_day__isnull=True) | Q(end_day__gte=F("day"))'),
    check("sizes", 'Q(char__in=["a", "b"])'),
    check("percent", 'Q(char__startswith="50%")'),
    check("percent_eq", 'Q(char="50%")'),
    check("between", "Q(number__range=(0, 100))"),
    check("decimal", 'Q(price__gte=decimal.Decimal("0.01"), price__lte=100)'),
    check("exclusive", "Q(nowner__isnull=True, nnumber__isnull=False) | Q(nowner__isnull=False, nnumber__isnull=True)"),
    check("lookup", 'GreaterThan(Length("char"), 3)'),
    check("lookup_lower", 'Exact(F("char"), Lower("char"))'),
    check("func_rhs", 'Q(char=Lower("char"))'),
    check("func_lhs", "Q(char__length__gt=3)"),
    check(
        "case",
        "Q(Case(When(flag=True, then=Q(number__gt=0)), default=Value(True), output_field=models.BooleanField()))",
    ),
    check("raw", 'RawSQL("number > 0", [], output_field=models.BooleanField())'),
    check("func_bool", 'Func(F("char"), function="is_valid", output_field=models.BooleanField())'),
    check(
        "func_eq",
        'Exact(Func(F("nnumber"), F("nowner"), function="num_nonnulls", output_field=models.IntegerField()), 1)',
    ),
    check("xor", "Q(flag=True) ^ Q(number=1)"),
    check("now", "Q(at__lte=Now())"),
    check("not_", '~Q(char="")'),
    check("json", 'Q(data__kind="x")'),
    check("expression", 'Q(number=F("nnumber") + F("small"))'),
    check("isnull_lookup", 'IsNull(F("nnumber"), False)'),
    check("regex", r'Q(char__regex=r"^\\w+$")'),
    # Unique.
    constraint("unique", 'models.UniqueConstraint(fields=["char", "owner"], name="uq")'),
    constraint("unique_where", 'models.UniqueConstraint(fields=["char"], condition=Q(flag=True), name="uq")'),
    constraint("unique_include", 'models.UniqueConstraint(fields=["char"], include=["number"], name="uq")'),
    constraint(
        "unique_opclass", 'models.UniqueConstraint(fields=["char"], opclasses=["varchar_pattern_ops"], name="uq")'
    ),
    constraint(
        "unique_deferred", 'models.UniqueConstraint(fields=["number"], deferrable=Deferrable.DEFERRED, name="uq")'
    ),
    constraint(
        "unique_immediate",
        'models.UniqueConstraint(fields=["number"], deferrable=models.Deferrable.IMMEDIATE, name="uq")',
    ),
    constraint("unique_lower", 'models.UniqueConstraint(Lower("char"), "owner", name="uq")'),
    constraint(
        "unique_lower_where",
        'models.UniqueConstraint(Lower("char").desc(), F("owner"), condition=Q(until=None), name="uq")',
    ),
    constraint("unique_coalesce", 'models.UniqueConstraint("char", Coalesce("nowner", 0), name="uq")'),
    constraint(
        "unique_nulls", 'models.UniqueConstraint(fields=["nchar"], nulls_distinct=False, name="uq")', since=(5, 0)
    ),
    constraint(
        "unique_nulls_true",
        'models.UniqueConstraint(fields=["nchar", "number"], nulls_distinct=True, include=["big"], name="uq")',
        since=(5, 0),
    ),
    constraint(
        "unique_nulls_where",
        'models.UniqueConstraint(Lower("nchar"), nulls_distinct=False, condition=Q(flag=True), name="uq")',
        since=(5, 0),
    ),
    constraint(
        "several",
        'models.CheckConstraint(CHECK=Q(number__gt=0), name="c1"), models.UniqueConstraint(fields=["number"], name="c2"), models.UniqueConstraint(fields=["char"], condition=Q(flag=True), name="c3"), models.UniqueConstraint(fields=["char", "number"], name="c4")',
    ),
    constraint(
        "exclude",
        'ExclusionConstraint(name="ex", expressions=[("period", RangeOperators.OVERLAPS), ("owner", RangeOperators.EQUAL)])',
    ),
    constraint(
        "exclude_where",
        'ExclusionConstraint(name="ex", expressions=[(F("period"), "&&")], condition=Q(flag=False), index_type="SPGIST")',
    ),
    constraint(
        "exclude_more",
        'ExclusionConstraint(name="ex", expressions=[("period", RangeOperators.OVERLAPS), (OpClass("char", name="gist_trgm_ops"), "=")], include=["number"], deferrable=Deferrable.DEFERRED, condition=Q(flag=False, number__gt=1))',
    ),
    constraint(
        "exclude_func",
        'ExclusionConstraint(name="ex", expressions=[(Func(F("at"), F("until"), RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField()), RangeOperators.OVERLAPS)])',
    ),
    ("together", (4, 2), "", 'unique_together = [("char", "number"), ("owner", "flag")]'),
    ("ordered", (4, 2), "", 'order_with_respect_to = "owner"'),
    (
        "commented",
        (4, 2),
        'note = models.CharField(max_length=5, db_comment="It\'s a note")',
        'db_table_comment = "A table"',
    ),
    (
        "long_names",
        (4, 2),
        "a_very_long_field_name_that_goes_on_and_on_and_on_for_ever = models.CharField(max_length=5, unique=True)",
        'db_table = "a_very_long_table_name_that_goes_on_and_on_and_on_for_ever_too"\nunique_together = [("char", "a_very_long_field_name_that_goes_on_and_on_and_on_for_ever")]\nindexes = [models.Index(fields=["a_very_long_field_name_that_goes_on_and_on_and_on_for_ever"])]',
    ),
    (
        "collation",
        (4, 2),
        'c = models.CharField(max_length=5, db_collation="C", unique=True)\nd = models.TextField(db_collation="unknown_ci", db_index=True)',
        "",
    ),
    # Generated columns and defaults.
    column(
        "gen_sum",
        'g = models.GeneratedField(expression=F("number") + F("small"), output_field=models.IntegerField(), db_persist=True)',
    ),
    column(
        "gen_lower",
        'g = models.GeneratedField(expression=Lower("char"), output_field=models.CharField(max_length=50), db_persist=True, db_index=True)',
    ),
    column(
        "gen_lower_unique",
        'g = models.GeneratedField(expression=Lower("char"), output_field=models.CharField(max_length=50), db_persist=True, unique=True)',
    ),
    column(
        "gen_concat",
        'g = models.GeneratedField(expression=Concat("char", Value(" "), "nchar"), output_field=models.TextField(), db_persist=True)',
    ),
    column(
        "gen_case",
        'g = models.GeneratedField(expression=Case(When(number__gt=10, then=Value("big")), default=Value("small")), output_field=models.CharField(max_length=5), db_persist=True)',
    ),
    column(
        "gen_key",
        'g = models.GeneratedField(expression=KT("data__kind"), output_field=models.TextField(), db_persist=True)',
    ),
    column(
        "gen_search",
        'g = models.GeneratedField(expression=SearchVector("char", "text", config="english"), output_field=SearchVectorField(), db_persist=True)',
    ),
    column(
        "gen_q",
        "g = models.GeneratedField(expression=Q(number__gt=3), output_field=models.BooleanField(), db_persist=True)",
    ),
    column(
        "gen_price",
        'g = models.GeneratedField(expression=F("price") * F("number"), output_field=models.DecimalField(max_digits=12, decimal_places=2), db_persist=True)',
    ),
    column(
        "gen_div",
        'g = models.GeneratedField(expression=F("number") / 100.0, output_field=models.FloatField(), db_persist=True)',
    ),
    column(
        "gen_year",
        'g = models.GeneratedField(expression=ExtractYear("day"), output_field=models.IntegerField(), db_persist=True)',
    ),
    column(
        "gen_coalesce",
        'g = models.GeneratedField(expression=Coalesce("nchar", "char"), output_field=models.CharField(max_length=50), db_persist=True)',
    ),
    column(
        "gen_round",
        'g = models.GeneratedField(expression=Round(F("price") * Value(decimal.Decimal("1.20")), 2), output_field=models.DecimalField(max_digits=12, decimal_places=2), db_persist=True)',
    ),
    column(
        "gen_raw",
        'g = models.GeneratedField(expression=RawSQL("number * 2", []), output_field=models.IntegerField(), db_persist=True)',
    ),
    column("default_int", "d = models.IntegerField(db_default=5)"),
    column("default_negative", "d = models.IntegerField(db_default=-5)"),
    column("default_text", """d = models.CharField(max_length=9, db_default="it's")"""),
    column("default_percent", 'd = models.CharField(max_length=9, db_default="5%")'),
    column("default_value", 'd = models.CharField(max_length=9, db_default=Value("x"))'),
    column("default_bool", "d = models.BooleanField(db_default=False)"),
    column("default_now", "d = models.DateTimeField(db_default=Now())"),
    column("default_date", "d = models.DateField(db_default=datetime.date(2020, 1, 2))"),
    column(
        "default_decimal", 'd = models.DecimalField(max_digits=5, decimal_places=2, db_default=decimal.Decimal("1.5"))'
    ),
    column("default_decimal_int", "d = models.DecimalField(max_digits=5, decimal_places=2, db_default=0)"),
    column("default_float", "d = models.FloatField(db_default=1.5)"),
    column("default_float_int", "d = models.FloatField(db_default=1)"),
    column("default_json", 'd = models.JSONField(db_default={"a": [1, None, True, "x"]})'),
    column("default_json_list", "d = models.JSONField(db_default=[])"),
    column("default_json_value", "d = models.JSONField(db_default=Value({}, models.JSONField()))"),
    column("default_array", 'd = ArrayField(models.CharField(max_length=5), db_default=["a", "b"])'),
    column("default_array_empty", "d = ArrayField(models.IntegerField(), db_default=[])"),
    column("default_duration", "d = models.DurationField(db_default=datetime.timedelta(hours=1))"),
    column("default_uuid_func", 'd = models.UUIDField(db_default=Func(function="gen_random_uuid"))'),
    column("default_sum", "d = models.IntegerField(db_default=Value(1) + Value(2))"),
    column("default_lower", 'd = models.CharField(max_length=9, db_default=Lower(Value("X")))'),
    column("default_null", "d = models.IntegerField(null=True, db_default=None)"),
    (
        "default_with_constraints",
        (5, 0),
        "d = models.IntegerField(db_default=5)",
        'constraints = [models.CheckConstraint(CHECK=Q(d__gt=0), name="c1"), models.UniqueConstraint(fields=["d"], name="c2"), models.UniqueConstraint(fields=["char"], condition=Q(flag=True), name="c3")]',
    ),
    (
        "default_now_with_constraints",
        (5, 0),
        "d = models.DateTimeField(db_default=Now())",
        'constraints = [models.CheckConstraint(CHECK=Q(number__gt=0), name="c1")]',
    ),
    ("composite", (5, 2), 'id = None\npk = models.CompositePrimaryKey("number", "char")', ""),
    ("together_index", (4, 2), "", 'index_together = [("char", "number")]'),
    # More of each, as seen in real projects.
    partial("positional", "Q(Q(number=1) | Q(number=2), flag=True)"),
    partial("pair", 'Q(("number", 1), ("char", "x"))'),
    partial("connector", 'Q(number=1, char="x", _connector=Q.OR)'),
    partial("connector_mixed", 'Q(Q(number=1), Q(char="x"), _connector=Q.OR) & Q(flag=True)'),
    partial("or_and", 'Q(number=1) | Q(char="x") & Q(flag=True)'),
    partial("same_or", '(Q(number=1) | Q(number=2)) | (Q(number=3) | Q(number=4))'),
    partial("not_or_not", "~Q(number=1) | ~Q(nnumber=2)"),
    partial("not_and", "~(Q(number=1) & Q(nnumber=2))"),
    partial("not_key", '~Q(data__kind="x")'),
    partial("not_has_key", '~Q(data__has_key="a")'),
    partial("not_in_none", "~Q(nnumber__in=[1, None])"),
    partial("not_range", "~Q(nnumber__range=(1, 2))"),
    partial("not_startswith", '~Q(nchar__startswith="x")'),
    partial("not_fk", "~Q(nowner=1)"),
    partial("not_none", "~Q(nchar=None)"),
    partial("not_json", '~Q(data={})'),
    partial("in_negative", "Q(number__in=[-1, 0, 1])"),
    partial("in_bool", "Q(flag__in=[True])"),
    partial("nflag_none", "Q(nflag=None) | Q(nflag=True)"),
    partial("key_iexact", 'Q(data__kind__iexact="x")'),
    partial("key_regex", 'Q(data__kind__regex="^x")'),
    partial("key_deep", "Q(data__a__0__b=1)"),
    partial("key_isnotnull", "Q(data__kind__isnull=False)"),
    partial("key_list", 'Q(data__kind=["a", {"b": None}])'),
    partial("key_unicode", 'Q(data__kind="\u00e9\u20ac")'),
    partial("unicode", 'Q(char="\u00e9\u20ac")'),
    partial("value", 'Q(char=Value("x"))'),
    partial("f_lower", 'Q(char=Lower(F("nchar")))'),
    partial("trim", 'Q(char__startswith=" ") & Q(text__endswith="\t")'),
    partial("date_diff", 'Q(end_day__gt=F("day") - datetime.timedelta(weeks=2))'),
    partial("week_day", "Q(day__week_day=1)"),
    partial("quarter", "Q(day__quarter=1)"),
    partial("at_year", "Q(at__year=2024)"),
    partial("at_date", "Q(at__date__gt=datetime.date(2024, 1, 1))"),
    partial("at_hour", "Q(at__hour__lt=8)"),
    partial("isoweek", "Q(day__iso_week_day__lte=5)"),
    partial("exact_case", 'Q(Exact(Lower("char"), "x"))'),
    check("wrapped", "ExpressionWrapper(Q(number__gt=3), output_field=models.BooleanField())"),
    check("case_sum", "Q(number=Case(When(flag=True, then=Value(1)), default=Value(0)) + Case(When(nflag=True, then=Value(1)), default=Value(0)))"),
    check("date_sub", 'Q(span=F("end_day") - F("day"))'),
    check("at_sub", 'Q(span__gte=F("until") - F("at"))'),
    check("coalesced", 'GreaterThanOrEqual(Coalesce(F("nnumber"), 0) + F("number"), 0)'),
    check("less", 'LessThan(F("number"), F("nnumber"))'),
    check("xor_three", "Q(flag=True) ^ Q(number=1) ^ Q(nnumber=2)"),
    check("not_xor", "~(Q(flag=True) ^ Q(number=1))"),
    check("concat", 'Q(text=Concat("char", Value("%"), "nchar"))'),
    check("mod", 'Q(number=F("number") % 2)', since=(5, 0)),
    index("negated", 'models.Index(-F("number"), name="negated")'),
    index("times_decimal", 'models.Index(F("price") * decimal.Decimal("1.10"), name="times_decimal")'),
    index("times_float", 'models.Index(F("ratio") * 1.5, name="times_float")'),
    index("coalesce_decimal", 'models.Index(Coalesce("cost", decimal.Decimal("0")), name="coalesce_decimal")'),
    index("coalesce_output", 'models.Index(Coalesce("cost", Value(0), output_field=models.DecimalField()), name="coalesce_out")'),
    index("greatest_day", 'models.Index(Greatest("day", "end_day").desc(), name="greatest_day")'),
    index("case_none", 'models.Index(Case(When(flag=True, then="number")), name="case_none")'),
    index("case_q", 'models.Index(Case(When(Q(flag=True) | Q(number=1), then=Lower("char")), default=Value("")), name="case_q")'),
    index("trim_upper", 'models.Index(Upper(Trim(F("char"))), name="trim_upper")'),
    index("cast_day", 'models.Index(Cast("day", models.TextField()), name="cast_day")'),
    index("cast_bool", 'models.Index(Cast(KT("data__on"), models.BooleanField()), name="cast_bool")'),
    index("cast_big", 'models.Index(Cast(KT("data__n"), output_field=models.BigIntegerField()).desc(nulls_last=True), name="cast_big")'),
    index("to_tsvector", 'GinIndex(Func(Value("simple"), "char", function="to_tsvector"), name="to_tsvector")'),
    index("opclass_cast", 'GinIndex(OpClass(Cast("uid", models.TextField()), name="gin_trgm_ops"), name="opclass_cast")'),
    index("key_opclass", 'GinIndex(OpClass(KeyTransform("tags", "data"), name="jsonb_path_ops"), name="key_opclass")'),
    index("include_where", 'models.Index("number", Lower("char"), include=["flag"], condition=Q(flag=True) & ~Q(nchar=None), name="include_where")'),
    index("gin_two", 'GinIndex(fields=["tags", "numbers"], name="gin_two")'),
    index("gist_opclass", 'GistIndex(fields=["char"], opclasses=["gist_trgm_ops"], name="gist_opclass", include=["number"])'),
    index("brin_desc", 'BrinIndex("at", name="brin_expr", pages_per_range=8)'),
    index("replace_percent", 'models.Index(Replace("char", Value("%"), Value("_")), name="replace_percent")'),
    constraint("unique_opclass_expr", 'models.UniqueConstraint(OpClass(Lower("char"), name="text_pattern_ops"), F("number").desc(), name="uq")'),
    constraint("unique_not", 'models.UniqueConstraint(fields=["owner", "number"], condition=~Q(char="deleted") & Q(until__isnull=True), name="uq")'),
    constraint("unique_collate", 'models.UniqueConstraint(Collate(Lower("char"), "C"), name="uq")'),
    constraint("unique_trunc", 'models.UniqueConstraint(TruncDate("at"), "owner", name="uq")'),
    constraint("unique_format", 'models.UniqueConstraint(fields=["number"], name="%(app_label)s_%(class)s_number")'),
    constraint("exclude_lower", 'ExclusionConstraint(name="ex", expressions=[(Lower("char"), "="), ("days", "&&")], condition=Q(nowner__isnull=False) | Q(flag=True))'),
    constraint("exclude_desc", 'ExclusionConstraint(name="ex", index_type="SPGIST", expressions=[("days", RangeOperators.NOT_LT)])'),
    ("pk_uuid", (4, 2), "id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)", ""),
    ("pk_char", (4, 2), "id = None\ncode = models.CharField(max_length=5, primary_key=True)", ""),
    ("pk_small", (4, 2), "id = models.SmallAutoField(primary_key=True)", ""),
    ("fk_char", (4, 2), 'named = models.ForeignKey(Owner, models.CASCADE, to_field="name", related_name="+")', ""),
    ("fk_plain", (4, 2), 'plain = models.ForeignKey(Owner, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+", db_column="Plain Key")', ""),
    ("one_to_one", (4, 2), 'one = models.OneToOneField(Owner, models.SET_NULL, null=True, related_name="+")', ""),
    ("text_unique", (4, 2), "t = models.TextField(unique=True)\ns = models.SlugField()\nu = models.URLField(unique=True, null=True)", ""),
    ("kinds", (4, 2), "a = models.SmallIntegerField(unique=True)\nb = models.PositiveBigIntegerField(null=True)\nc = models.PositiveSmallIntegerField(db_index=True)\nd = models.BinaryField()\ne = models.FileField()\nf = models.ImageField()\ng = models.GenericIPAddressField()\nh = models.CharField(max_length=3, db_index=True, null=True)", ""),
    ("arrays", (4, 2), "a = ArrayField(ArrayField(models.IntegerField(), size=2), db_index=True)\nb = ArrayField(models.DecimalField(max_digits=5, decimal_places=2), size=3, null=True)\nc = ArrayField(models.CharField(max_length=5), unique=True)", ""),
    ("collated", (4, 2), 'c = models.CharField(max_length=5, db_collation="und-x-icu", db_index=True)\nd = models.EmailField(unique=True, db_collation="C")', ""),
    ("table_quoted", (4, 2), "", """db_table = '"gt"."quoted_table"'\nindexes = [models.Index(fields=["number"])]"""),
    ("together_one", (4, 2), "", 'unique_together = ("char", "number")'),
    column("default_choice", 'd = models.CharField(max_length=1, db_default=Thing.Size.SMALL)'),
    column("default_empty", 'd = models.CharField(max_length=1, db_default="", blank=True)'),
    column("default_uuid", 'd = models.UUIDField(db_default=uuid.UUID("12345678-1234-5678-1234-567812345678"))'),
    column("default_cast", 'd = models.TextField(db_default=Cast(Value(1), models.TextField()))'),
    column("default_later", "d = models.DateTimeField(db_default=Now() + datetime.timedelta(days=1))"),
    column("default_coalesce", 'd = models.IntegerField(db_default=Coalesce(Value(None), Value(1)))'),
    column("default_stock", "d = models.PositiveIntegerField(db_default=0)"),
    column("default_unique", 'd = models.CharField(max_length=3, db_default="x", unique=True)'),
    column("default_big", "d = models.BigIntegerField(db_default=10**12, null=True)"),
    column("default_json_text", 'd = models.JSONField(db_default="x")'),
    column("default_time", "d = models.TimeField(db_default=datetime.time(9, 30))"),
    column("gen_or", 'g = models.GeneratedField(expression=Q(flag=True) | Q(number__gt=3), output_field=models.BooleanField(), db_persist=True)'),
    column("gen_days", 'g = models.GeneratedField(expression=F("end_day") - F("day"), output_field=models.DurationField(), db_persist=True)'),
    column("gen_cast", 'g = models.GeneratedField(expression=Cast(KT("data__n"), models.IntegerField()), output_field=models.IntegerField(), db_persist=True, null=True)'),
    column("gen_func", 'g = models.GeneratedField(expression=Func(F("char"), Value("-"), 1, function="split_part", output_field=models.TextField()), output_field=models.TextField(), db_persist=True)'),
    column("gen_weighted", 'g = models.GeneratedField(expression=SearchVector("char", weight="A", config="english") + SearchVector("text", weight="B", config="english"), output_field=SearchVectorField(), db_persist=True)'),
    ("gen_indexed", (5, 0), 'g = models.GeneratedField(expression=Lower("char"), output_field=models.CharField(max_length=50), db_persist=True)', 'indexes = [models.Index(fields=["g"], condition=Q(g__gt="a"), name="gen_idx")]\nconstraints = [models.UniqueConstraint(fields=["g", "owner"], name="gen_uq")]'),
    ("gen_commented", (5, 0), 'g = models.GeneratedField(expression=F("number") * 2, output_field=models.IntegerField(), db_persist=True, db_comment="twice")', 'constraints = [models.CheckConstraint(CHECK=Q(g__gte=0), name="gen_chk")]'),
]


def indent(text, by):
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def case_source(number, body, meta, version):
    keyword = "condition" if version >= (5, 1) else "check"
    text = f'\n\nclass Case{number}(Thing):\n{indent(body, 4)}{chr(10) if body else ""}    class Meta:\n        app_label = "gt"\n{indent(meta, 8)}'
    return text.replace("CHECK=", f"{keyword}=")


def path_of(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def call(obj, args, kwargs):
    mro = [path_of(base) for base in type(obj).__mro__ if base is not object]
    return {"call": path_of(type(obj)), "mro": mro, "args": [value(arg) for arg in args], "kwargs": {k: value(v) for k, v in kwargs.items()}}


def value(obj):
    """A Python value as pgwright's evaluator gives it: what an object was called with, not what became of it."""
    from django.db.models import Field, Q
    from django.db.models.expressions import CombinedExpression, OrderBy
    from django.db.models.lookups import Lookup

    if obj is None or type(obj) in (bool, int, float, str):
        return obj
    if isinstance(obj, enum.Enum):
        return obj.value
    if isinstance(obj, list):
        return [value(item) for item in obj]
    if isinstance(obj, tuple):
        return {"tuple": [value(item) for item in obj]}
    if isinstance(obj, dict):
        return {"dict": [[value(k), value(v)] for k, v in obj.items()]}
    if isinstance(obj, decimal.Decimal):
        return call(obj, [str(obj)], {})
    if isinstance(obj, uuid.UUID):
        return call(obj, [str(obj)], {})
    if isinstance(obj, datetime.datetime):
        args = [obj.year, obj.month, obj.day, obj.hour, obj.minute, obj.second, obj.microsecond]
        return {**call(obj, args, {}), "kwargs": {"tzinfo": {"path": "datetime.timezone.utc"}}}
    if isinstance(obj, datetime.date):
        return call(obj, [obj.year, obj.month, obj.day], {})
    if isinstance(obj, datetime.time):
        return call(obj, [obj.hour, obj.minute, obj.second, obj.microsecond], {})
    if isinstance(obj, datetime.timedelta):
        return call(obj, [obj.days, obj.seconds, obj.microseconds], {})
    if isinstance(obj, Q):
        return call(obj, obj.children, {"_connector": obj.connector, "_negated": obj.negated})
    if isinstance(obj, Lookup):
        return call(obj, [obj.lhs, obj.rhs], {})
    if isinstance(obj, Field):
        _, _, args, kwargs = obj.deconstruct()
        return call(obj, args, kwargs)
    if isinstance(obj, OrderBy):
        given = {"nulls_first": bool(obj.nulls_first), "nulls_last": bool(obj.nulls_last)}
        return {"op": "desc" if obj.descending else "asc", "left": value(obj.expression), "right": value(given)}
    if isinstance(obj, CombinedExpression):
        operator = {"%%": "%", "^": "**", "&": "bitand", "||": "+"}.get(obj.connector, obj.connector)
        return {"op": operator, "left": value(obj.lhs), "right": value(obj.rhs)}
    args, kwargs = obj._constructor_args
    return call(obj, args, kwargs)


def describe_field(field, connection):
    parameters = field.db_parameters(connection)
    relation = field.remote_field
    out = {
        "name": field.name,
        "attname": field.attname,
        "column": field.column,
        "class": path_of(type(field)),
        "internal_type": field.get_internal_type(),
        "db_type": parameters["type"],
        "db_check": parameters["check"],
        "null": field.null,
        "unique": field.unique,
        "db_index": field.db_index,
        "primary_key": field.primary_key,
        "db_collation": getattr(field, "db_collation", None),
        "db_comment": getattr(field, "db_comment", None),
        "local": True,
    }
    if getattr(field, "has_db_default", lambda: False)():
        out["db_default"] = value(field.db_default)
    if getattr(field, "generated", False):
        out["expression"] = value(field.expression)
    if getattr(field, "base_field", None) is not None:
        out["base"] = field.base_field.get_internal_type()
    if relation is not None:
        out.update(to=relation.model._meta.label, to_field=field.target_field.name, db_constraint=field.db_constraint)
        out.update(on_delete=relation.on_delete.__name__, o2o=field.one_to_one)
    if out["class"].endswith(".CompositePrimaryKey"):
        out["default"] = value(field.field_names)
    return out


def describe_index(index):
    from django.contrib.postgres.indexes import PostgresIndex

    known = ("fillfactor", "deduplicate_items", "fastupdate", "gin_pending_list_limit", "buffering", "autosummarize", "pages_per_range", "length", "columns")
    return {
        "name": index.name,
        "class": path_of(type(index)),
        "method": index.suffix if isinstance(index, PostgresIndex) else "btree",
        "fields": index.fields,
        "expressions": [value(item) for item in index.expressions],
        "opclasses": list(index.opclasses),
        "include": list(index.include),
        "condition": value(index.condition),
        "db_tablespace": index.db_tablespace,
        "parameters": {name: value(getattr(index, name)) for name in known if hasattr(index, name)},
    }


def describe_constraint(constraint):
    kind = next(base.__name__ for base in type(constraint).__mro__ if base.__name__ in ("CheckConstraint", "UniqueConstraint", "ExclusionConstraint"))
    condition = getattr(constraint, "condition", None)
    if kind == "CheckConstraint" and condition is None:
        condition = constraint.check
    deferrable = getattr(constraint, "deferrable", None)
    return {
        "name": constraint.name,
        "class": path_of(type(constraint)),
        "kind": kind,
        "fields": list(getattr(constraint, "fields", ())),
        "expressions": [value(item) for item in getattr(constraint, "expressions", ())],
        "opclasses": list(getattr(constraint, "opclasses", ())),
        "include": list(getattr(constraint, "include", ())),
        "condition": value(condition),
        "deferrable": deferrable and deferrable.name.lower(),
        "nulls_distinct": getattr(constraint, "nulls_distinct", None),
        "index_type": getattr(constraint, "index_type", None),
    }


def describe(model, connection):
    """The model as pgwright's model graph holds it."""
    meta = model._meta
    fields = [describe_field(field, connection) for field in meta.local_fields]
    # Django keeps the composite key out of the concrete fields; the graph holds it as a field without a column.
    return {
        "label": meta.label,
        "table": meta.db_table,
        "fields": fields,
        "unique_together": [list(names) for names in meta.unique_together],
        "index_together": [list(names) for names in getattr(meta, "index_together", ())],
        "indexes": [describe_index(index) for index in meta.indexes],
        "constraints": [describe_constraint(constraint) for constraint in meta.constraints],
        "comment": meta.db_table_comment,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    for name in ("host", "port", "user", "dbname"):
        parser.add_argument(
            f"--{name}", default=os.environ.get({"dbname": "PGDATABASE"}.get(name, "PG" + name.upper()), "")
        )
    args = parser.parse_args()

    import django
    from django.conf import settings

    settings.configure(
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.postgres"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": args.dbname or "postgres",
                "HOST": args.host,
                "PORT": args.port,
                "USER": args.user,
            }
        },
    )
    django.setup()
    from django.db import connection, models
    from django.db.models.functions import Length

    # So that `char__length` is a known lookup, as projects register it.
    models.CharField.register_lookup(Length)
    version = django.VERSION[:2]
    namespace = types.ModuleType("gt.models").__dict__
    namespace["__name__"] = "gt.models"
    exec(compile(PREAMBLE, "gt/models.py", "exec"), namespace)
    cases = []
    for number, (name, since, body, meta) in enumerate(CASES):
        if version < since:
            continue
        source = case_source(number, body, meta, version)
        case = {"name": name, "model": f"Case{number}", "source": source}
        try:
            exec(compile(source, "gt/models.py", "exec"), namespace)
            with connection.schema_editor(collect_sql=True) as editor:
                editor.create_model(namespace[f"Case{number}"])
            case["sql"] = [statement.removesuffix(";") for statement in editor.collected_sql]
        except Exception as error:
            case["error"] = f"{type(error).__name__}: {error}"[:200]
        if "sql" in case:
            case["described"] = describe(namespace[f"Case{number}"], connection)
            # All cases share these; each keeps what is its own.
            shared = {field["name"]: field for field in cases[0]["described"]["fields"]} if cases else {}
            if shared:
                own = case["described"]["fields"]
                case["described"]["fields"] = [field["name"] if shared.get(field["name"]) == field else field for field in own]
        cases.append(case)
    with open(args.out, "w") as out:
        owner = describe(namespace["Owner"], connection)
        json.dump({"django": django.get_version(), "preamble": PREAMBLE, "owner": owner, "cases": cases}, out, indent=1)
    errors = [case for case in cases if "error" in case]
    print(f"django {django.get_version()}: {len(cases)} cases, {len(errors)} errors", file=sys.stderr)
    for case in errors:
        print("  ", case["name"], case["error"], file=sys.stderr)


if __name__ == "__main__":
    main()
