#!/usr/bin/env python
"""Reduce a registry dump of `tests/third_party` to what the descriptions of third-party packages are compared with.

    dump_registry.py --settings project.settings --path tests/third_party --root tests/third_party --no-sql --all --out DUMP.json
    third_party.py DUMP.json OUT.json.gz

The dump needs an environment with Django 5.2 and the packages of `tests/third_party/requirements.txt`.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

Json = Any


def field(json: Json, local: list[str]) -> Json:
    relation = json.get("relation") or {}
    names = ("name", "column", "class", "internal_type", "db_type", "null", "unique", "db_index", "primary_key", "blank", "editable")
    kept = {name: json[name] for name in names}
    kept |= {name: json.get(name) for name in ("max_length", "auto_now", "auto_now_add")}
    kept |= {"local": json["name"] in local, "choices": json["choices"], "default": json["has_default"]}
    if relation.get("kind") in ("fk", "o2o", "m2m"):
        names = ("to", "kind", "on_delete", "related_name", "db_constraint", "through", "m2m_table", "to_fields")
        kept["relation"] = {name: relation.get(name) for name in names}
    return kept


def model(json: Json) -> Json:
    names = ("label", "own", "module", "db_table", "managed", "proxy", "swapped", "unique_together", "pk", "auto_created_by")
    kept = {name: json[name] for name in names}
    local = [*json["local_fields"], *(json_field["name"] for json_field in json["m2m"] if not json_field["inherited"])]
    kept["fields"] = [field(json_field, local) for json_field in [*json["fields"], *json["m2m"]] if json_field["concrete"]]
    kept["private"] = sorted(json_field["name"] for json_field in json["private_fields"])
    kept["indexes"] = [{name: index[name] for name in ("name", "fields")} for index in json["indexes"]]
    kept["constraints"] = [{name: item[name] for name in ("name", "kind", "fields")} for item in json["constraints"]]
    kept["ordering"] = [item if isinstance(item, str) else None for item in json["ordering"]]
    return kept


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    dump = json.loads(source.read_text())
    truth = {"django": dump["django"], "models": sorted(map(model, dump["models"]), key=lambda kept: kept["label"])}
    text = json.dumps(truth, separators=(",", ":"), sort_keys=True)
    # No time stamp: the same truth is the same bytes.
    target.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
