#!/usr/bin/env python
"""What Django sends to PostgreSQL for each queryset expression of `expressions.txt`.

  python record.py --out FILE.json [--trees]

Run by `tests/oracle/server.py` with each Django. A line is Python text, evaluated in a name space with the project's models
and everything an ORM expression is made of; `=> terminal` after it names what is asked for (`get`, `count`,
`aggregate(...)`), iteration otherwise. The statements are captured from the cursor with their `%s`.

The output is `{"version", "results": {text: {"sql": […]} | {"empty": true} | {"error": name}}}`. With `--trees` it also
holds each line as a tree of calls, so that what compiles queries is tested apart from what reads Python.
`truth.json.gz` is one object with the outputs under `4.2`, `5.2`, `6.0`, `6.1` and the trees.
"""

import argparse
import ast
import datetime
import decimal
import json
import os
import sys
import uuid
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "project"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

import django  # noqa: E402

django.setup()

from django.contrib.postgres import aggregates as postgres_aggregates  # noqa: E402
from django.contrib.postgres import search  # noqa: E402
from django.contrib.postgres.expressions import ArraySubquery  # noqa: E402
from django.contrib.postgres.functions import RandomUUID, TransactionNow  # noqa: E402
from django.core.exceptions import EmptyResultSet  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import expressions, functions, lookups  # noqa: E402
from django.db.models.fields.json import KT, KeyTextTransform, KeyTransform  # noqa: E402
from django.db.models.query import QuerySet  # noqa: E402

from library import models as library  # noqa: E402

try:
    from psycopg.types.range import DateRange, Range as NumericRange, TimestamptzRange as DateTimeTZRange
except ImportError:
    from psycopg2.extras import DateRange, DateTimeTZRange, NumericRange


def names():
    space = {"datetime": datetime, "decimal": decimal, "uuid": uuid, "models": models, "search": search, "lookups": lookups}
    for module in (models, functions):
        space.update({name: getattr(module, name) for name in dir(module) if name[0].isupper()})
    for module in (postgres_aggregates,):
        space.update({f"Pg{name}": getattr(module, name) for name in dir(module) if name[0].isupper()})
    space.update({"ArrayAgg": postgres_aggregates.ArrayAgg, "JSONBAgg": postgres_aggregates.JSONBAgg})
    space.update({"BoolAnd": postgres_aggregates.BoolAnd, "BoolOr": postgres_aggregates.BoolOr})
    for name in dir(search):
        if name.startswith(("Search", "Trigram", "Lexeme")):
            space[name] = getattr(search, name)
    space.update(
        ArraySubquery=ArraySubquery,
        RandomUUID=RandomUUID,
        TransactionNow=TransactionNow,
        KT=KT,
        KeyTextTransform=KeyTextTransform,
        KeyTransform=KeyTransform,
        RawSQL=expressions.RawSQL,
        OrderBy=expressions.OrderBy,
        NumericRange=NumericRange,
        DateRange=DateRange,
        DateTimeTZRange=DateTimeTZRange,
        ArrayField=library.ArrayField,
        instance=instance,
    )
    space.update({name: getattr(library, name) for name in dir(library) if name.startswith("Own")})
    for model in django.apps.apps.get_models():
        space[model.__name__] = model
    space["Friend"] = library.Author.friends.through
    return space


def instance(model):
    key = model._meta.pk
    value = uuid.UUID(int=1) if key.get_internal_type() == "UUIDField" else 1
    made = model(**{key.attname: "de" if key.get_internal_type() == "CharField" else value})
    if model is library.Publisher:
        made.slug = "s"
    made._state.adding = False
    return made


def split(line):
    text, _, terminal = line.partition(" => ")
    return text.strip(), terminal.strip() or "iterate"


class Captured(Exception):
    pass


def run(text, terminal, space):
    sent = []

    def wrapper(execute, sql, params, many, context):
        sent.append(sql)
        raise Captured

    if "content_type" not in CACHE:
        CACHE["content_type"] = True
        from django.contrib.contenttypes.models import ContentType

        for model in django.apps.apps.get_models():
            ContentType.objects.get_for_model(model)
    try:
        with transaction.atomic(), connection.execute_wrapper(wrapper):
            try:
                queryset = eval(text, dict(space))
                if terminal == "iterate":
                    if isinstance(queryset, QuerySet):
                        list(queryset)
                else:
                    call = f"queryset.{terminal if '(' in terminal else terminal + '()'}"
                    result = eval(call, {**space, "queryset": queryset})
                    if hasattr(result, "__next__"):
                        list(result)
            finally:
                transaction.set_rollback(True)
    except Captured:
        return {"sql": sent}
    except EmptyResultSet:
        return {"empty": True}
    except Exception as error:  # the name is the answer
        return {"error": f"{type(error).__name__}: {error}"[:160]}
    return {"empty": True} if not sent else {"sql": sent}


def fill():
    """A row of everything, for prefetches: they are only sent for rows that are there."""
    country = library.Country.objects.create(code="de", name="Germany")
    author = library.Author.objects.create(name="a", country=country)
    other = library.Author.objects.create(name="b", country=country, mentor=author)
    author.friends.add(other)
    publisher = library.Publisher.objects.create(name="p", slug="s", country=country)
    tag = library.Tag.objects.create(label="a")
    day = datetime.date(2020, 1, 1)
    fields = dict(author=author, editor=other, publisher=publisher, pages=1, price=1, published=day)
    book = library.Book.objects.create(title="a", **fields)
    book.tags.add(tag)
    library.Contribution.objects.create(book=book, author=other, role="r")
    library.Chapter.objects.create(book=book, number=1, title="c")
    library.Detail.objects.create(book=book, text="t", reviewer=author)
    library.TaggedItem.objects.create(tag=tag, target=book)
    shop = library.Shop.objects.create(name="s", country=country, owner=author)
    shop.books.add(book)
    library.Order.objects.create(shop=shop, book=book, quantity=1, note="n")
    library.Cafe.objects.create(name="c", owner=author, seats=1, partner=shop.place_ptr)
    club = library.Club.objects.create(name="k")
    library.Membership.objects.create(person=author, inviter=other, club=club)


def run_prefetch(text, space):
    sent = []

    def wrapper(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        list(eval(text, dict(space)))
    return {"sql": sent[1:]}


CACHE = {}


class Tree:
    """A line as plain data: calls of classes with their bases, methods of querysets, values."""

    def __init__(self, space):
        self.space = space
        self.classes = {}

    def path(self, value):
        if not hasattr(value, "__qualname__"):
            return repr(value)
        path = f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, type):
            self.classes[path] = [f"{base.__module__}.{base.__qualname__}" for base in value.__mro__ if base is not object]
        return path

    def value(self, node):
        try:
            return eval(compile(ast.Expression(node), "", "eval"), dict(self.space))
        except Exception:
            return None

    def of(self, node):
        if isinstance(node, ast.Constant):
            return {"bytes": True} if isinstance(node.value, bytes) else node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant):
                return -node.operand.value
            return {"op": "*", "left": self.of(node.operand), "right": -1}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return {"op": "~", "left": self.of(node.operand), "right": None}
        if isinstance(node, ast.List):
            return [self.of(item) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return {"tuple": [self.of(item) for item in node.elts]}
        if isinstance(node, ast.Set):
            return {"set": [self.of(item) for item in node.elts]}
        if isinstance(node, ast.Dict):
            return {"dict": [[self.of(key), self.of(value)] for key, value in zip(node.keys, node.values, strict=True)]}
        if isinstance(node, ast.BinOp):
            operators = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**"}
            operators |= {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"}
            operator = operators[type(node.op)]
            left, right = self.of(node.left), self.of(node.right)
            if isinstance(left, dict) and ("model" in left or "method" in left or "slice" in left):
                method = {"&": "__and__", "|": "__or__", "^": "__xor__"}[operator]
                return {"method": method, "of": left, "args": [right], "kwargs": {}}
            return {"op": operator, "left": left, "right": right}
        if isinstance(node, ast.Subscript):
            low, high = node.slice.lower, node.slice.upper
            return {"slice": self.of(node.value), "low": low and self.of(low), "high": high and self.of(high)}
        if isinstance(node, ast.Attribute):
            value = self.value(node)
            if isinstance(value, models.Manager):
                return {"model": value.model._meta.label}
            if isinstance(value, str):
                return str(value)
            if hasattr(value, "_name_"):
                return {"path": f"{self.path(type(value))}.{value._name_}"}
            return {"path": self.path(value)}
        if isinstance(node, ast.Name):
            return {"path": self.path(self.space[node.id])}
        if isinstance(node, ast.Call):
            args = [self.of(arg) for arg in node.args]
            kwargs = {keyword.arg: self.of(keyword.value) for keyword in node.keywords}
            if isinstance(node.func, ast.Name) and node.func.id == "instance":
                return {"instance": self.value(node.args[0])._meta.label}
            callee = self.value(node.func)
            if isinstance(callee, type):
                return {"call": self.path(callee), "args": args, "kwargs": kwargs}
            if callee is KT:
                return {"call": "django.db.models.fields.json.KT", "args": args, "kwargs": kwargs}
            method = node.func.attr
            owner = self.of(node.func.value)
            if method in ("asc", "desc"):
                return {"op": method, "left": owner, "right": {"dict": [[key, value] for key, value in kwargs.items()]}}
            if method.startswith("bit"):
                return {"op": method, "left": owner, "right": args[0]}
            return {"method": method, "of": owner, "args": args, "kwargs": kwargs}
        raise ValueError(ast.dump(node))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--trees", action="store_true")
    options = parser.parse_args()
    lines = [line.strip() for line in (HERE / "expressions.txt").read_text().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    space = names()
    from django.core.management import call_command

    with connection.cursor() as cursor:
        for extension in ("hstore", "pg_trgm", "unaccent"):
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    call_command("migrate", "contenttypes", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    results = {line: run(*split(line), space) for line in lines}
    output = {"version": django.get_version(), "results": results}
    prefetches = [line.strip() for line in (HERE / "prefetches.txt").read_text().splitlines()]
    prefetches = [line for line in prefetches if line and not line.startswith("#")]
    fill()
    output["prefetches"] = {line: run_prefetch(line, space) for line in prefetches}
    if options.trees:
        trees = Tree(space)
        output["trees"] = {}
        for line in lines + prefetches:
            text, terminal = split(line)
            tree = trees.of(ast.parse(text, mode="eval").body)
            if terminal != "iterate":
                call = ast.parse(terminal if "(" in terminal else terminal + "()", mode="eval").body
                args = [trees.of(arg) for arg in call.args]
                kwargs = {keyword.arg: trees.of(keyword.value) for keyword in call.keywords}
                terminal = {"name": call.func.id, "args": args, "kwargs": kwargs}
            output["trees"][line] = {"query": tree, "terminal": terminal}
        output["classes"] = trees.classes
    Path(options.out).write_text(json.dumps(output, indent=1))


if __name__ == "__main__":
    main()
