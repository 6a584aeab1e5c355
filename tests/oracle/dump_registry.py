#!/usr/bin/env python
"""Write Django's app registry as JSON: the truth a static reader of models is compared with.

    dump_registry.py --settings MODULE --root DIRECTORY --out FILE.json [--path DIRECTORY] [--no-sql] [--all]

An app or model is "own" when its source lies under a `--root` and not in a site-packages below it.
Works with Django 4.2 to 6.1. The settings must name the PostgreSQL backend; a server is needed only for `create_sql`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import decimal
import inspect
import json
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--settings", required=True)
parser.add_argument("--root", action="append", required=True)
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--path", action="append", default=[], help="put on sys.path first")
parser.add_argument("--no-sql", action="store_true", help="leave out create_sql, so that no server is needed")
parser.add_argument("--all", action="store_true", help="dump the models of dependencies as wholly as the project's own")
arguments = parser.parse_args()
sys.path[:0] = [os.path.abspath(path) for path in arguments.path]
os.environ["DJANGO_SETTINGS_MODULE"] = arguments.settings

import django

django.setup()

from django.apps import apps
from django.conf import settings
from django.db import connection, models

Json = Any
ROOTS = [os.path.realpath(root).rstrip("/") + "/" for root in arguments.root]

# Attributes of a field that are dumped under their own name when they are set.
FIELD_ATTRIBUTES = (
    "max_length", "max_digits", "decimal_places", "unique_for_date", "unique_for_month", "unique_for_year", "auto_now",
    "auto_now_add", "db_collation", "db_comment", "upload_to", "protocol", "allow_unicode", "base_field_class", "size",
)  # fmt: skip
# Arguments that say nothing about the database.
UNSTORED_ARGUMENTS = {"choices", "help_text", "verbose_name", "validators"}


def is_own(path: str) -> bool:
    path = os.path.realpath(path) + "/"
    return any(path.startswith(root) and "site-packages" not in path[len(root) :] for root in ROOTS)


def relative(path: str | None) -> str | None:
    if not path:
        return path
    path = os.path.realpath(path)
    return next((path[len(root) :] for root in ROOTS if path.startswith(root)), path)


def dotted(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def source(obj: object) -> tuple[str | None, int | None]:
    file = line = None
    # Classes made at run time have no source.
    with contextlib.suppress(TypeError, OSError):
        file = inspect.getsourcefile(obj)
        line = inspect.getsourcelines(obj)[1]
    return relative(file), line


def attempt(function: Callable[[], Json]) -> Json:
    """The value, or the error as text: a dump must not end at one odd field."""
    try:
        return function()
    except Exception as error:
        return f"!{error!r}"[:500]


def value(obj: object, depth: int = 0) -> Json:
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj
    if isinstance(obj, list | tuple | set | frozenset):
        items = sorted(obj, key=str) if isinstance(obj, set | frozenset) else obj
        return [value(item, depth + 1) for item in items] if depth < 6 else repr(obj)[:300]
    if isinstance(obj, dict):
        return {str(key): value(item, depth + 1) for key, item in obj.items()} if depth < 6 else "..."
    if isinstance(obj, datetime.timedelta | datetime.date | decimal.Decimal):
        return repr(obj)
    if isinstance(obj, types.MethodType):
        obj = obj.__func__
    if isinstance(obj, type | types.FunctionType):
        return {"callable": f"{obj.__module__}.{obj.__qualname__}"}
    lazy_text = type(obj).__module__.startswith("django.utils.functional")
    return {"repr": (str if lazy_text else repr)(obj)[:500], "class": dotted(type(obj))}


def condition(q: object) -> Json:
    if not isinstance(q, models.Q):
        return value(q)
    children = [
        {"lookup": child[0], "value": value(child[1])} if isinstance(child, tuple) else condition(child)
        for child in q.children
    ]
    return {"connector": q.connector, "negated": q.negated, "children": children}


def label(model: type[models.Model] | str | None) -> str | None:
    return model if model is None or isinstance(model, str) else model._meta.label


def declared_in(model: type[models.Model], field: models.Field) -> str:
    """The class that holds the field: an abstract base, a multi-table parent or the model itself."""
    if field.model is not model and not field.model._meta.proxy:
        return dotted(field.model)
    found = model
    for base in model.__mro__[1:]:
        options = getattr(base, "_meta", None)
        if options is not None and options.abstract:
            held = [*options.local_fields, *options.local_many_to_many, *options.private_fields]
            if any(other.name == field.name for other in held):
                found = base
    return dotted(found)


def field_json(model: type[models.Model], field: models.Field) -> Json:
    bases = [dotted(base) for base in type(field).__mro__ if base.__module__.startswith("django.")]
    data: dict[str, Json] = {
        "name": field.name,
        "attname": field.attname,
        "column": field.column,
        "class": dotted(type(field)),
        "class_bases": bases[:3],
        "declared_in": declared_in(model, field),
        "inherited": field.model is not model,
        "internal_type": attempt(field.get_internal_type),
        "db_type": attempt(lambda: field.db_type(connection)),
        "rel_db_type": attempt(lambda: field.rel_db_type(connection)) if hasattr(field, "rel_db_type") else None,
        "db_type_suffix": attempt(lambda: field.db_type_suffix(connection)),
        "db_check": attempt(lambda: field.db_parameters(connection).get("check")),
        "null": field.null,
        "blank": field.blank,
        "unique": field.unique,
        "db_index": field.db_index,
        "primary_key": field.primary_key,
        "editable": field.editable,
        "concrete": field.concrete,
        "auto_created": bool(field.auto_created),
        "has_default": field.has_default(),
    }
    if field.has_default():
        data["default"] = value(field.default)
    db_default = getattr(field, "db_default", models.NOT_PROVIDED)
    if db_default is not models.NOT_PROVIDED:
        data["db_default"] = value(db_default)
    choices = list(field.flatchoices or ()) if field.choices else []
    data["choices"] = len(choices)
    if 0 < len(choices) <= 100:
        data["choice_values"] = [value(choice) for choice, _ in choices]
    for name in FIELD_ATTRIBUTES:
        if getattr(field, name, None) not in (None, False, ""):
            data[name] = value(getattr(field, name))
    base_field = getattr(field, "base_field", None)
    if base_field is not None:
        data["base_field"] = {
            "class": dotted(type(base_field)),
            "internal_type": base_field.get_internal_type(),
            "max_length": getattr(base_field, "max_length", None),
        }
    if getattr(field, "generated", False):
        data |= {"generated": True, "expression": value(field.expression), "db_persist": field.db_persist,
                 "output_field": dotted(type(field.output_field))}  # fmt: skip
    if field.is_relation:
        data["relation"] = relation_json(field)
    data["deconstruct"] = attempt(lambda: deconstructed(field))
    return data


def deconstructed(field: models.Field) -> Json:
    _, path, args, kwargs = field.deconstruct()
    kept = {name: value(argument) for name, argument in kwargs.items() if name not in UNSTORED_ARGUMENTS}
    return {"path": path, "args": value(args), "kwargs": kept}


def relation_json(field: models.Field) -> Json:
    remote = field.remote_field
    kinds = {"m2m": field.many_to_many, "o2o": field.one_to_one, "fk": field.many_to_one, "o2m": field.one_to_many}
    data: dict[str, Json] = {
        "to": label(field.related_model),
        "kind": next((kind for kind, holds in kinds.items() if holds), None),
        "related_name": remote.related_name,
        "related_query_name_arg": remote.related_query_name,
        # Since Django 6.1 an action of the database (`DB_CASCADE`) is an instance, not a function.
        "on_delete": getattr(remote.on_delete, "__name__", None) or (type(remote.on_delete).__name__ if remote.on_delete else None),
        "db_constraint": getattr(field, "db_constraint", getattr(remote, "db_constraint", None)),
        "parent_link": remote.parent_link,
        "symmetrical": remote.symmetrical,
        "swappable": field.swappable_setting,
        "limit_choices_to": bool(remote.limit_choices_to),
        "accessor": attempt(remote.get_accessor_name),
        "hidden": remote.is_hidden() if hasattr(remote, "is_hidden") else remote.hidden,
        "related_query_name": attempt(field.related_query_name),
        "to_fields": None if field.many_to_many else [to.name for to in field.foreign_related_fields],
    }  # fmt: skip
    if field.many_to_many:
        data |= {
            "through": label(remote.through),
            "through_auto": bool(remote.through._meta.auto_created),
            "m2m_table": field.m2m_db_table(),
            "m2m_column": field.m2m_column_name(),
            "m2m_reverse_column": field.m2m_reverse_name(),
            "through_fields": value(remote.through_fields),
        }
    return data


def private_field_json(model: type[models.Model], field: Any) -> Json:
    data = {"name": field.name, "class": dotted(type(field)), "declared_in": declared_in(model, field)}
    for name in ("ct_field", "fk_field", "for_concrete_model", "object_id_field_name", "content_type_field_name"):
        if hasattr(field, name):
            data[name] = value(getattr(field, name))
    if getattr(field, "related_model", None) is not None:
        data["to"] = label(field.related_model)
    return data


def statement(create: Callable[[Any], object]) -> str | None:
    if arguments.no_sql:
        return None
    with connection.schema_editor(collect_sql=True) as editor:
        editor.deferred_sql = []
        sql = create(editor)
    return None if sql is None else str(sql)


def index_json(model: type[models.Model], index: models.Index) -> Json:
    return {
        "name": index.name,
        "class": dotted(type(index)),
        "fields": list(index.fields),
        "fields_orders": [list(order) for order in index.fields_orders],
        "expressions": [value(expression) for expression in index.expressions],
        "opclasses": list(index.opclasses),
        "include": list(index.include),
        "condition": condition(index.condition),
        "db_tablespace": index.db_tablespace,
        "contains_expressions": bool(index.contains_expressions),
        "create_sql": attempt(lambda: statement(lambda editor: index.create_sql(model, editor))),
    }


def constraint_json(model: type[models.Model], constraint: models.BaseConstraint) -> Json:
    known = ("CheckConstraint", "UniqueConstraint", "ExclusionConstraint")
    names = [base.__name__ for base in type(constraint).__mro__]
    deferrable = getattr(constraint, "deferrable", None)
    return {
        "name": constraint.name,
        "class": dotted(type(constraint)),
        "kind": next((name for name in names if name in known), names[0]),
        "fields": list(getattr(constraint, "fields", ()) or ()),
        "expressions": [value(expression) for expression in getattr(constraint, "expressions", ()) or ()],
        # `check` became `condition` in Django 5.1.
        "condition": condition(getattr(constraint, "condition", None) or vars(constraint).get("check")),
        "include": list(getattr(constraint, "include", ()) or ()),
        "opclasses": list(getattr(constraint, "opclasses", ()) or ()),
        "deferrable": str(deferrable) if deferrable else None,
        "nulls_distinct": getattr(constraint, "nulls_distinct", None),
        "index_type": getattr(constraint, "index_type", None),
        "create_sql": attempt(lambda: statement(lambda editor: constraint.create_sql(model, editor))),
    }


def manager_json(model: type[models.Model], manager: models.Manager) -> Json:
    file, line = source(type(manager))
    queryset = getattr(manager, "_queryset_class", None)
    plain = {name for cls in (models.Manager, models.QuerySet) for name in dir(cls)}

    def added(cls: type) -> list[str]:
        return sorted(name for name in dir(cls) if not name.startswith("_") and name not in plain)

    return {
        "name": manager.name,
        "class": dotted(type(manager)),
        "file": file,
        "line": line,
        "queryset_class": dotted(queryset) if queryset else None,
        "auto_created": bool(manager.auto_created),
        "use_in_migrations": bool(manager.use_in_migrations),
        "methods": added(type(manager)),
        "queryset_methods": added(queryset) if queryset else [],
        "is_default": manager.name == model._default_manager.name,
    }


def definer(model: type[models.Model], method: str) -> str | None:
    """The class that overrides a method of `Model`."""
    bases = (base for base in model.__mro__ if base not in (models.Model, object))
    return next((dotted(base) for base in bases if method in vars(base)), None)


def create_sql(model: type[models.Model]) -> list[str]:
    try:
        with connection.schema_editor(collect_sql=True) as editor:
            editor.create_model(model)
        return list(editor.collected_sql)
    except Exception as error:
        return [f"!{error!r}"[:500]]


def model_json(model: type[models.Model], own: bool) -> Json:
    options = model._meta
    file, line = source(model)
    reverse = [
        {"accessor": remote.get_accessor_name(), "query_name": remote.name, "from": label(remote.related_model),
         "field": remote.field.name, "kind": "m2m" if remote.many_to_many else "o2o" if remote.one_to_one else "fk"}
        for remote in options.related_objects
    ]  # fmt: skip
    order = options.order_with_respect_to
    data: dict[str, Json] = {
        "label": options.label,
        "app_label": options.app_label,
        "model": options.model_name,
        "object_name": options.object_name,
        "own": own,
        "module": model.__module__,
        "qualname": model.__qualname__,
        "file": file,
        "line": line,
        "db_table": options.db_table,
        "db_tablespace": options.db_tablespace or None,
        "managed": options.managed,
        "proxy": options.proxy,
        "abstract": options.abstract,
        "swapped": options.swapped,
        "swappable": options.swappable,
        "auto_created_by": label(options.auto_created) if options.auto_created else None,
        "bases": [dotted(base) for base in model.__bases__],
        "mro": [dotted(base) for base in model.__mro__ if base is not object],
        "parents": {label(parent): link.name if link else None for parent, link in options.parents.items()},
        "proxy_for": label(options.proxy_for_model) if options.proxy else None,
        "concrete_model": label(options.concrete_model),
        "pk": options.pk.name if options.pk else None,
        "pk_column": options.pk.column if options.pk else None,
        "pk_fields": [field.name for field in getattr(options, "pk_fields", [])],
        "fields": [field_json(model, field) for field in sorted(options.fields, key=lambda field: not field.concrete)],
        "local_fields": [field.name for field in options.local_fields],
        "m2m": [field_json(model, field) for field in options.many_to_many],
        "private_fields": [private_field_json(model, field) for field in options.private_fields if field not in options.fields],
        "reverse": reverse,
        "ordering": [value(item) for item in options.ordering or []],
        "get_latest_by": value(options.get_latest_by),
        "order_with_respect_to": getattr(order, "name", order),
        "unique_together": [list(names) for names in options.unique_together],
        "index_together": [list(names) for names in getattr(options, "index_together", ())],
        "indexes": [index_json(model, index) for index in options.indexes],
        "constraints": [constraint_json(model, constraint) for constraint in options.constraints],
        "default_related_name": options.default_related_name,
        "default_manager": model._default_manager.name,
        "managers": [manager_json(model, manager) for manager in options.managers],
        "properties": sorted(options._property_names),
        "permissions": len(options.permissions),
        "required_db_features": list(options.required_db_features),
        "required_db_vendor": options.required_db_vendor,
        "default_manager_name": options.default_manager_name,
        "base_manager_name": options.base_manager_name,
        "base_manager_class": dotted(type(model._base_manager)),
        "has_save": definer(model, "save"),
        "has_delete": definer(model, "delete"),
        "has_str": definer(model, "__str__"),
    }  # fmt: skip
    if not arguments.no_sql and options.managed and not options.proxy and not options.swapped:
        data["create_sql"] = create_sql(model)
    return data


def abstract_models() -> list[Json]:
    """Abstract models are in no registry: they are found as subclasses of `Model`."""
    found, seen, waiting = [], set(), [models.Model]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            if cls in seen:
                continue
            seen.add(cls)
            waiting.append(cls)
            options = getattr(cls, "_meta", None)
            file, line = source(cls)
            if options is None or not options.abstract or file is None or not is_own(inspect.getsourcefile(cls) or ""):
                continue
            fields = [
                {"name": field.name, "class": dotted(type(field)), "null": field.null, "db_index": field.db_index}
                for field in [*options.local_fields, *options.local_many_to_many]
            ]
            found.append({"name": cls.__qualname__, "module": cls.__module__, "file": file, "line": line, "fields": fields,
                          "app_label": options.app_label, "bases": [dotted(base) for base in cls.__bases__]})  # fmt: skip
    return found


def main() -> None:
    own_apps, own_models, external = [], [], []
    for config in apps.get_app_configs():
        own_app = is_own(config.path)
        own_apps.append(
            {"label": config.label, "name": config.name, "path": relative(config.path), "own": own_app,
             "class": dotted(type(config)), "default_auto_field": getattr(config, "default_auto_field", None)}
        )  # fmt: skip
        for model in config.get_models(include_auto_created=True, include_swapped=True):
            options = model._meta
            own = own_app or is_own(inspect.getsourcefile(model) or "")
            if own or arguments.all:
                own_models.append(model_json(model, own))
            else:
                names = {
                    field.name: type(field).__name__ for field in [*options.concrete_fields, *options.many_to_many]
                }
                external.append({"label": options.label, "module": model.__module__, "db_table": options.db_table,
                                 "pk": options.pk.name if options.pk else None, "fields": names})  # fmt: skip
    result = {
        "django": django.get_version(),
        "python": sys.version.split()[0],
        "settings": arguments.settings,
        "databases": {
            alias: {"engine": database.get("ENGINE"), "atomic_requests": database.get("ATOMIC_REQUESTS")}
            for alias, database in settings.DATABASES.items()
        },
        "routers": [str(router) for router in settings.DATABASE_ROUTERS],
        "default_auto_field": settings.DEFAULT_AUTO_FIELD,
        "auth_user_model": settings.AUTH_USER_MODEL,
        "installed_apps": list(settings.INSTALLED_APPS),
        "use_tz": settings.USE_TZ,
        "vendor": connection.vendor,
        "apps": own_apps,
        "models": own_models,
        "abstract_models": abstract_models(),
        "external_models": external,
    }
    arguments.out.write_text(json.dumps(result, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
