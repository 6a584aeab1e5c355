#!/usr/bin/env python
"""Write a Django project made up by chance: models of every kind, and functions that ask for them.

    generate.py FOLDER --seed N [--apps N] [--queries N] [--changed]

Each app is independent of the others but for foreign keys into those before it. The same seed gives the same files on every Python.
With `--changed` the models of the same seed are written as somebody went on to develop them, without the functions. `ask.py` and
`migrate.py` run what was written under real Django.
"""

import argparse
import random
from dataclasses import dataclass, field
from pathlib import Path

SCALARS = {
    "CharField": "text", "TextField": "text", "SlugField": "text", "EmailField": "text", "URLField": "text",
    "IntegerField": "number", "BigIntegerField": "number", "SmallIntegerField": "number", "PositiveIntegerField": "number",
    "PositiveSmallIntegerField": "number", "PositiveBigIntegerField": "number", "FloatField": "number", "DecimalField": "number",
    "BooleanField": "boolean", "DateField": "date", "DateTimeField": "datetime", "TimeField": "time", "DurationField": "duration",
    "UUIDField": "uuid", "JSONField": "json", "BinaryField": "bytes", "GenericIPAddressField": "address",
}  # fmt: skip
# What models are called, and their fields.
NOUNS, WORDS = (part.split() for part in (Path(__file__).parent / "words.txt").read_text().split("\n\n"))


@dataclass
class Field:
    name: str
    kind: str
    field_class: str
    arguments: list[str]
    target: "Model | None" = None
    related: str | None = None
    many: bool = False
    null: bool = False

    def text(self):
        return f"models.{self.field_class}({', '.join(self.arguments)})"

    def set(self, name, value):
        """Give a keyword argument another value; none takes it away."""
        self.arguments = [argument for argument in self.arguments if not argument.startswith(f"{name}=")]
        if value is not None:
            self.arguments.append(f"{name}={value}")

    def has(self, name):
        return any(argument.startswith(f"{name}=") for argument in self.arguments)


@dataclass
class Model:
    app: str
    name: str
    fields: list[Field] = field(default_factory=list)
    base: "Model | None" = None
    mixin: "Model | None" = None
    abstract: bool = False
    proxy: bool = False
    managers: list[str] = field(default_factory=list)
    meta: list[str] = field(default_factory=list)
    reverse: list[Field] = field(default_factory=list)

    def all_fields(self):
        inherited = self.base.all_fields() if self.base else []
        mixed = self.mixin.fields if self.mixin else []
        return inherited + mixed + self.fields

    def all_reverse(self):
        return (self.base.all_reverse() if self.base else []) + self.reverse

    def concrete(self):
        return self.base if self.proxy else self

    def unique(self):
        """How names of indexes and constraints begin: PostgreSQL has one set of names for the whole schema."""
        return f"i{self.app[3:]}_{self.name.lower()[:12]}"


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.models = []

    def chance(self, share):
        return self.random.random() < share

    def pick(self, items):
        return items[int(self.random.random() * len(items))]

    def some(self, items, most):
        items = list(items)
        count = min(len(items), 1 + int(self.random.random() * most))
        return [items.pop(int(self.random.random() * len(items))) for _ in range(count)]

    # Models

    def scalar(self, name):
        kind = self.pick(list(SCALARS))
        options = []
        if kind in ("CharField", "SlugField") and (kind == "CharField" or self.chance(0.5)):
            options.append(f"max_length={self.pick([10, 40, 100, 255])}")
        if kind == "DecimalField":
            options += [f"max_digits={self.pick([8, 12])}", "decimal_places=2"]
        null = self.chance(0.25)
        if null:
            options += ["null=True", "blank=True"]
        if kind in ("DateField", "DateTimeField", "TimeField") and self.chance(0.3):
            options.append(self.pick(["auto_now=True", "auto_now_add=True"]))
        elif kind in ("JSONField",) and self.chance(0.5):
            options.append(f"default={self.pick(['dict', 'list'])}")
        elif SCALARS[kind] == "text" and self.chance(0.3):
            options.append('default=""')
        elif SCALARS[kind] == "number" and self.chance(0.3):
            options.append("default=0")
        elif SCALARS[kind] == "boolean" and self.chance(0.6):
            options.append(f"default={self.pick(['True', 'False'])}")
        if kind == "CharField" and self.chance(0.2):
            options.append('choices=[("a", "A"), ("b", "B")]')
        if kind not in ("JSONField", "BinaryField", "BooleanField"):
            if self.chance(0.12):
                options.append("unique=True")
            elif self.chance(0.15):
                options.append("db_index=True")
        if self.chance(0.08):
            options.append(f'db_column="{self.pick(["c", "Col", "order", "a b"])}_{name}"')
        return Field(name, SCALARS[kind], kind, options, null=null)

    def relation(self, name, model, number):
        kind = self.pick(["ForeignKey"] * 6 + ["OneToOneField", "ManyToManyField", "ManyToManyField"])
        others = [other for other in self.models if other is not model]
        targets = [other for other in others if not other.abstract and (other.app == model.app or self.chance(0.3))]
        itself = self.chance(0.15) and kind != "OneToOneField"
        if not targets and not itself:
            return None
        target = model if itself else self.pick(targets)
        options = []
        if itself:
            written = '"self"'
        elif target.app != model.app:
            written = f'"{target.app}.{target.name}"'
        elif model in self.models:
            # It may stand below.
            written = f'"{target.name}"'
        else:
            written = self.pick([target.name, f'"{target.name}"'])
        null = False
        if kind != "ManyToManyField":
            null = self.chance(0.3) or itself
            deletes = ["models.CASCADE", "models.PROTECT", "models.DO_NOTHING"]
            options.append(f"on_delete={self.pick([*deletes, 'models.SET_NULL'] if null else deletes)}")
            if null:
                options.append("null=True")
            if self.chance(0.1):
                options.append("db_index=False")
        related = f"{name}_{model.name.lower()}s{number}"
        if self.chance(0.12) and not itself:
            options.append('related_name="+"')
            related = None
        else:
            options.append(f'related_name="{related}"')
            if self.chance(0.15):
                related = f"asked_{related}"
                options.append(f'related_query_name="{related}"')
        made = Field(name, "relation", kind, [written, *options], target, related, kind == "ManyToManyField", null)
        if related:
            reverse = Field(related, "relation", "", [], model, name, kind != "OneToOneField", True)
            target.concrete().reverse.append(reverse)
            if itself and kind == "ManyToManyField" and not made.has("related_query_name"):
                # A symmetrical relation has no other side.
                target.reverse.remove(reverse)
        return made

    def model(self, app, number, nouns):
        name = "".join(word.capitalize() for word in [nouns.pop(), *([self.pick(NOUNS)] if self.chance(0.2) else [])])
        name = f"{name}{number}"
        own = [other for other in self.models if other.app == app]
        parents = [other for other in own if not other.abstract and not other.proxy and not other.base]
        model = Model(app, name)
        if number > 2 and self.chance(0.1) and parents:
            model.base = self.pick(parents)
            if self.chance(0.4):
                model.proxy = True
        elif number == 0:
            model.abstract = self.chance(0.5)
        mixins = [other for other in own if other.abstract]
        if mixins and not model.base and not model.abstract and self.chance(0.5):
            model.mixin = self.pick(mixins)
        taken = {one.name for one in model.all_fields()}
        words = [word for word in WORDS if word not in taken]
        if not model.proxy:
            for _ in range(1 + int(self.random.random() * 7)):
                model.fields.append(self.scalar(words.pop(int(self.random.random() * len(words)))))
            if not model.abstract:
                for _ in range(int(self.random.random() * 3.5)):
                    made = self.relation(words.pop(int(self.random.random() * len(words))), model, number)
                    if made:
                        model.fields.append(made)
        if not model.abstract:
            self.describe(model, number)
        self.models.append(model)
        return model

    def describe(self, model, number):
        local = [one for one in (model.mixin.fields if model.mixin else []) + model.fields if not one.many]
        plain = [one for one in local if one.kind not in ("json", "bytes")]
        if not model.proxy and self.chance(0.15):
            model.meta.append(f'db_table = "{self.pick(["t", "Table", "my data"])}_{model.app}_{number}"')
        if self.chance(0.35) and plain:
            names = [self.pick(["", "-"]) + one.name for one in self.some(plain, 2)]
            model.meta.append(f"ordering = {names!r}")
        if self.chance(0.25) and plain and not model.proxy:
            names = [self.pick(["", "-"]) + one.name for one in self.some(plain, 3)]
            named = f', name="{model.unique()}_{number}_idx"' if self.chance(0.5) else ""
            model.meta.append(f"indexes = [models.Index(fields={names!r}{named})]")
        if self.chance(0.2) and len(plain) > 1 and not model.proxy:
            names = [one.name for one in self.some(plain, 3)]
            if self.chance(0.5):
                condition = f", condition=models.Q({names[0]}__isnull=False)" if self.chance(0.4) else ""
                model.meta.append(
                    f'constraints = [models.UniqueConstraint(fields={names!r}, name="{model.unique()}_{number}_uniq"{condition})]'
                )
            else:
                model.meta.append(f"unique_together = [{tuple(names)!r}]")
        if self.chance(0.2):
            name = self.pick([one.name for one in model.all_fields() if not one.many])
            lookup = f"filter({name}__isnull=False)" if self.chance(0.6) else f"exclude({name}__isnull=True)"
            model.managers.append(lookup)

    # Queries

    def value(self, kind):
        return {
            "text": lambda: repr(self.pick(["a", "b c", "", "50%", "it's", "ä"])),
            "number": lambda: repr(self.pick([0, 1, 7, 100])),
            "boolean": lambda: self.pick(["True", "False"]),
            "date": lambda: "datetime.date(2024, 5, 17)",
            "datetime": lambda: "datetime.datetime(2024, 5, 17, 8, 30, tzinfo=datetime.timezone.utc)",
            "time": lambda: "datetime.time(8, 30)",
            "duration": lambda: "datetime.timedelta(days=3)",
            "uuid": lambda: 'uuid.UUID("12345678-1234-5678-1234-567812345678")',
            "json": lambda: self.pick(['{"a": 1}', '"x"', "3", "[1, 2]"]),
            "bytes": lambda: 'b"x"',
            "address": lambda: '"127.0.0.1"',
        }[kind]()

    def path(self, model, depth, kinds=None, many=True):
        """A lookup path with the kind of value at its end: names of fields, over at most so many relations."""
        steps = []
        for _ in range(depth):
            relations = [
                one for one in model.all_fields() + model.all_reverse() if one.kind == "relation" and (many or not one.many)
            ]
            if not relations or self.chance(0.45):
                break
            step = self.pick(relations)
            steps.append(step.name)
            model = step.target
        ends = [one for one in model.all_fields() if one.kind != "relation" and (kinds is None or one.kind in kinds)]
        if self.chance(0.12) and (kinds is None or "number" in kinds):
            return "__".join([*steps, "pk"]), "number"
        if not ends:
            return None, None
        end = self.pick(ends)
        return "__".join([*steps, end.name]), end.kind

    def lookup(self, model, outer=None):
        if self.chance(0.15):
            relations = [one for one in model.all_fields() + model.all_reverse() if one.kind == "relation"]
            if relations:
                step = self.pick(relations)
                return self.pick(
                    [f"{step.name}__isnull={self.pick(['True', 'False'])}", f"{step.name}=1", f"{step.name}__in=[1, 2]", f"{step.name}_id=1"]
                    if step.name in {one.name for one in model.all_fields()} and not step.many
                    else [f"{step.name}__isnull={self.pick(['True', 'False'])}", f"{step.name}=1", f"{step.name}__in=[1, 2]"]
                )
        path, kind = self.path(model, 2)
        if path is None:
            return "pk=1"
        if self.chance(0.12):
            return f"{path}__isnull={self.pick(['True', 'False'])}"
        if self.chance(0.1):
            other, _ = self.path(model, 1, {kind})
            if other:
                return f"{path}=F({other!r})"
        if outer is not None and self.chance(0.6):
            other, _ = self.path(outer, 1, {kind})
            if other:
                return f"{path}=OuterRef({other!r})"
        value = self.value(kind)
        named = {
            "text": ["", "__iexact", "__contains", "__icontains", "__startswith", "__istartswith", "__endswith", "__regex", "__gt", "__in"],
            "number": ["", "__gt", "__gte", "__lt", "__lte", "__in", "__range"],
            "boolean": [""],
            "date": ["", "__gt", "__lt", "__year", "__month", "__range", "__year__gte"],
            "datetime": ["", "__gt", "__lt", "__year", "__date", "__hour", "__range"],
            "time": ["", "__gt", "__hour"],
            "duration": ["", "__gt"],
            "uuid": ["", "__in"],
            "json": ["", "__a", "__a__b", "__has_key", "__contains", "__a__0", "__a__isnull"],
            "bytes": [""],
            "address": [""],
        }[kind]
        ending = self.pick(named)
        if ending == "__in":
            value = f"[{value}, {self.value(kind)}]"
        elif ending == "__range":
            value = f"({value}, {value})"
        elif ending in ("__year", "__month", "__year__gte", "__hour"):
            value = self.pick(["2024", "5"])
        elif ending == "__date":
            value = self.value("date")
        elif ending == "__has_key":
            value = '"k"'
        elif ending == "__a__isnull":
            value = self.pick(["True", "False"])
        return f"{path}{ending}={value}"

    def condition(self, model, outer=None, depth=2):
        if depth == 0 or self.chance(0.4):
            return f"Q({self.lookup(model, outer)})"
        left, right = self.condition(model, outer, depth - 1), self.condition(model, outer, depth - 1)
        text = f"({left} {self.pick(['&', '|', '|', '^'])} {right})"
        return f"~{text}" if self.chance(0.25) else text

    def arguments(self, model, outer=None):
        if self.chance(0.3):
            return self.condition(model, outer)
        lookups = {}
        for _ in range(1 + int(self.random.random() * 2.3)):
            text = self.lookup(model, outer)
            lookups[text.split("=")[0]] = text
        return ", ".join(lookups.values())

    def expression(self, model):
        """An annotation, with whether it aggregates."""
        which = self.pick(["count", "sum", "f", "case", "function", "exists", "subquery", "filtered", "concat"])
        if which in ("count", "sum", "filtered"):
            path, _ = self.path(model, 2, {"number"})
            if path is None:
                path = "pk"
            aggregate = self.pick(["Sum", "Max", "Min", "Avg"])
            if which == "filtered":
                return f"Count({path!r}, filter={self.condition(model, depth=1)})"
            if which == "count":
                return f"Count({path!r}{self.pick(['', ', distinct=True'])})"
            return f"{aggregate}({path!r})" if path != "pk" else "Max('pk')"
        if which == "f":
            path, _ = self.path(model, 2, {"number"}, many=False)
            return f"F({path!r}) {self.pick(['+', '-', '*'])} {self.pick(['1', '2'])}" if path else "Value(1)"
        if which == "case":
            return f"Case(When({self.condition(model, depth=1)}, then=Value(1)), default=Value(0))"
        if which in ("function", "concat"):
            path, _ = self.path(model, 1, {"text"}, many=False)
            if path is None:
                return "Value('x')"
            if which == "concat":
                return f"Concat({path!r}, Value(' '), {path!r})"
            return f"{self.pick(['Lower', 'Upper', 'Length', 'Trim'])}({path!r})"
        other = self.pick([one for one in self.models if one.app == model.app and not one.abstract])
        inner = f"{other.name}.objects.filter({self.arguments(other, model)})"
        if which == "exists":
            return f"{self.pick(['', '~'])}Exists({inner})"
        path, _ = self.path(other, 0)
        return f"Subquery({inner}.values({path or 'pk'!r})[:1])"

    def queryset(self, model):
        text = f"{model.name}.objects"
        if model.managers and self.chance(0.3):
            text = f"{model.name}.picked"
        steps = []
        names = []
        for _ in range(1 + int(self.random.random() * 3.5)):
            step = self.pick(["filter"] * 5 + ["exclude", "exclude", "annotate", "annotate", "order_by", "order_by", "distinct"])
            if step in ("filter", "exclude"):
                if names and self.chance(0.2):
                    steps.append(f".{step}({self.pick(names)}__isnull=False)")
                else:
                    steps.append(f".{step}({self.arguments(model)})")
            elif step == "annotate":
                name = f"made{len(names)}"
                steps.append(f".{self.pick(['annotate', 'annotate', 'alias'])}({name}={self.expression(model)})")
                if "alias" not in steps[-1].split("(")[0]:
                    names.append(name)
            elif step == "order_by":
                path, _ = self.path(model, 1, many=self.chance(0.2))
                asked = self.pick(names) if names and self.chance(0.3) else path or "pk"
                ordered = [
                    repr(self.pick(["", "-"]) + asked),
                    f"F({asked!r}).desc(nulls_last=True)",
                    f"F({asked!r}).asc()",
                ]
                steps.append(f".order_by({self.pick([ordered[0], *ordered])})")
            else:
                steps.append(".distinct()")
        return text, "".join(steps), names

    def finish(self, model, names):
        """What ends a query: a piece of a chain and how it is run."""
        columns = [one.name for one in model.all_fields() if not one.many]
        which = self.pick(
            ["list"] * 4 + ["values", "values", "values_list", "only", "defer", "related", "slice", "count", "exists", "first", "last", "get",
             "aggregate", "grouped", "in", "union", "update", "reverse", "none"]
        )  # fmt: skip
        if which == "values":
            path, _ = self.path(model, 1)
            return f".values({path or 'pk'!r})", "list({})"
        if which == "values_list":
            path, _ = self.path(model, 1)
            return f".values_list({path or 'pk'!r}, flat=True)", "list({})"
        if which in ("only", "defer"):
            return f".{which}({', '.join(map(repr, self.some(columns, 2)))})", "list({})"
        if which == "related":
            single = [one.name for one in model.all_fields() if one.kind == "relation" and not one.many]
            return (f".select_related({self.pick(single)!r})" if single else ""), "list({})"
        if which == "slice":
            return self.pick(["[:5]", "[3:9]"]), "list({})"
        if which in ("count", "exists", "first", "last", "get"):
            return "", "{}." + f"{which}()"
        if which == "aggregate":
            path, _ = self.path(model, 2, {"number"})
            return "", "{}" + f".aggregate(total={self.pick(['Sum', 'Count', 'Max'])}({path or 'pk'!r}))"
        if which == "grouped":
            path, _ = self.path(model, 1)
            return f".values({path or 'pk'!r}).annotate(number=Count('pk'))", "list({})"
        if which == "in":
            return "", f"list({model.name}.objects.filter(pk__in=" + "{}.values('pk')))"
        if which == "union":
            other = f"{model.name}.objects.filter({self.arguments(model)})"
            if names:
                return "", "list({})"
            return f".{self.pick(['union', 'intersection', 'difference'])}({other})", "list({})"
        if which == "update":
            path, kind = self.path(model, 0)
            if not path or path == "pk":
                return "", "list({})"
            return "", "{}" + f".update({path}={self.value(kind)})"
        if which == "reverse":
            return ".reverse()", "list({})"
        if which == "none":
            return "", "list({}[:1])"
        return "", "list({})"

    def query(self, number, model):
        manager, steps, names = self.queryset(model)
        chained, run = self.finish(model, names)
        return f"def query_{number}():\n    return {run.replace('{}', manager + steps + chained, 1)}\n"


WIDER = {
    "CharField": ["TextField", "SlugField"], "SmallIntegerField": ["IntegerField"], "IntegerField": ["BigIntegerField", "FloatField"],
    "PositiveIntegerField": ["IntegerField", "PositiveBigIntegerField"], "DateField": ["DateTimeField"], "TextField": ["URLField"], "FloatField": ["IntegerField"],
}  # fmt: skip


class Developer:
    """Changes models as people do: by a field, an index, a constraint, a model at a time."""

    def __init__(self, maker, label):
        self.maker = maker
        self.label = label

    def concrete(self):
        return [model for model in self.maker.models if model.app == self.label and not model.abstract and not model.proxy]

    def free(self, model):
        """Fields of the model itself that nothing else of it names."""
        meta = " ".join([*model.meta, *model.managers])
        return [one for one in model.fields if one.kind != "relation" and one.name not in meta]

    def change(self):
        steps = [self.add, self.add, self.remove, self.alter, self.alter, self.alter, self.index, self.constrain, self.create]
        steps += [self.delete, self.relate, self.rename_table, self.describe, self.reorder]
        for _ in range(1 + int(self.maker.random.random() * 4)):
            self.maker.pick(steps)(self.maker.pick(self.concrete()))

    def name(self, model):
        taken = {one.name for one in model.all_fields() + model.all_reverse()}
        return self.maker.pick([f"{word}_{end}" for word in WORDS for end in ("new", "two") if f"{word}_{end}" not in taken])

    def add(self, model):
        added = self.maker.scalar(self.name(model))
        if not added.has("default"):
            # `makemigrations` would ask for a value.
            added.set("null", "True")
            added.null = True
        model.fields.append(added)

    def remove(self, model):
        if free := self.free(model):
            model.fields.remove(self.maker.pick(free))

    def alter(self, model):
        free = self.free(model)
        if not free:
            return
        one = self.maker.pick(free)
        which = self.maker.pick(["null", "length", "class", "index", "unique", "default", "column", "text"])
        if which == "null":
            one.set("null", "True")
        elif which == "length" and one.has("max_length"):
            one.set("max_length", self.maker.pick(["20", "60", "300"]))
        elif which == "class":
            one.field_class = self.maker.pick(WIDER.get(one.field_class, [one.field_class]))
        elif which in ("index", "unique") and one.kind not in ("json", "bytes", "boolean"):
            name = "db_index" if which == "index" else "unique"
            one.set(name, None if one.has(name) else "True")
        elif which == "default" and one.kind in ("number", "text"):
            one.set("default", None if one.has("default") else self.value(one))
        elif which == "column":
            one.set("db_column", f'"moved_{one.name}"')
        else:
            one.set("help_text", '"What it is"')

    def value(self, one):
        return '"x"' if one.kind == "text" else "5"

    def described(self, model, start):
        model.meta = [line for line in model.meta if not line.startswith(start)]

    def index(self, model):
        plain = [one.name for one in model.fields if not one.many and one.kind not in ("json", "bytes")]
        had = any(line.startswith("indexes") for line in model.meta)
        self.described(model, "indexes")
        if plain and not (had and self.maker.chance(0.5)):
            names = self.maker.some(plain, 2)
            partial = f", condition=models.Q({names[0]}__isnull=False)" if self.maker.chance(0.3) else ""
            model.meta.append(f'indexes = [models.Index(fields={names!r}, name="{model.unique()}_later{partial and "_p"}"{partial})]')

    def constrain(self, model):
        plain = [one.name for one in model.fields if not one.many and one.kind not in ("json", "bytes")]
        had = any(line.startswith(("constraints", "unique_together")) for line in model.meta)
        self.described(model, "constraints")
        if not (had and self.maker.chance(0.5)) and len(plain) > 1:
            self.described(model, "unique_together")
            names = self.maker.some(plain, 3)
            if self.maker.chance(0.5):
                model.meta.append(f"unique_together = [{tuple(names)!r}]")
            else:
                unique = f'models.UniqueConstraint(fields={names!r}, name="{model.unique()}_once")'
                model.meta.append(f"constraints = [{unique}]")

    def create(self, _):
        nouns = list(NOUNS)
        self.maker.random.shuffle(nouns)
        self.maker.model(self.label, 20 + int(self.maker.random.random() * 50), nouns)

    def delete(self, model):
        used = any(
            one.target is model for other in self.maker.models for one in other.fields if other is not model
        ) or any(other.base is model for other in self.maker.models)
        if not used and len(self.concrete()) > 2:
            self.maker.models.remove(model)
            for other in self.maker.models:
                other.reverse = [one for one in other.reverse if one.target is not model]

    def relate(self, model):
        made = self.maker.relation(self.name(model), model, 9)
        if made:
            if not made.many:
                made.set("null", "True")
            made.null = True
            model.fields.append(made)

    def rename_table(self, model):
        self.described(model, "db_table")
        model.meta.append(f'db_table = "later_{model.app}_{model.name.lower()}"')

    def describe(self, model):
        self.described(model, "verbose_name")
        model.meta.append('verbose_name = "thing"')

    def reorder(self, model):
        self.described(model, "ordering")
        model.meta.append('ordering = ["-pk"]')


def model_source(model):
    base = model.base.name if model.base else "models.Model"
    bases = [model.mixin.name] if model.mixin else [base]
    lines = [f"class {model.name}({', '.join(bases)}):"]
    lines += [f"    {one.name} = {one.text()}" for one in model.fields]
    if model.managers:
        lines += ["", "    objects = models.Manager()", f"    picked = {model.name}Manager()"]
    meta = [f"        {line}" for line in model.meta]
    if model.abstract:
        meta.append("        abstract = True")
    if model.proxy:
        meta.append("        proxy = True")
    if meta:
        lines += ["", "    class Meta:", *meta]
    if len(lines) == 1:
        lines.append("    pass")
    manager = ""
    if model.managers:
        manager = (
            f"class {model.name}Manager(models.Manager):\n    def get_queryset(self):\n"
            f"        return super().get_queryset().{model.managers[0]}\n\n\n"
        )
    return manager + "\n".join(lines) + "\n"


SETTINGS = """SECRET_KEY = "generated"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "postgres"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
INSTALLED_APPS = [{apps}]
"""

IMPORTS = """import datetime
import uuid

from django.db.models import Avg, Case, Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Concat, Length, Lower, Trim, Upper

from .models import {models}
"""


def write(folder, seed, apps, queries, changed):
    maker = Maker(seed)
    labels = [f"app{number:04}" for number in range(apps)]
    for label in labels:
        nouns = list(NOUNS)
        maker.random.shuffle(nouns)
        for number in range(3 + int(maker.random.random() * 6)):
            maker.model(label, number, nouns)
    if changed:
        for label in labels:
            Developer(maker, label).change()
    for label in labels:
        made = [model for model in maker.models if model.app == label]
        package = folder / label
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        source = "from django.db import models\n\n\n" + "\n\n".join(model_source(model) for model in made)
        (package / "models.py").write_text(source)
        asked = [model for model in made if not model.abstract]
        functions = [] if changed else [maker.query(number, maker.pick(asked)) for number in range(queries)]
        imports = IMPORTS.format(models=", ".join(sorted(model.name for model in asked)))
        (package / "queries.py").write_text(imports + "\n\n" + "\n\n".join(functions))
    (folder / "settings.py").write_text(SETTINGS.format(apps=", ".join(f'"{label}"' for label in labels)))
    (folder / "manage.py").write_text(
        'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n'
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--apps", type=int, default=10)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--changed", action="store_true")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.seed, arguments.apps, arguments.queries, arguments.changed)
