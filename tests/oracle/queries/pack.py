#!/usr/bin/env python
"""Puts the outputs of `record.py` together: `python pack.py truth.json.gz 4.2=A.json 5.2=B.json 6.0=C.json 6.1=D.json`.

The trees are taken from the output that has them (`--trees`, made with the newest release: it knows every class).
"""

import gzip
import json
import sys
from pathlib import Path

target, *sources = sys.argv[1:]
truth = {"results": {}, "prefetches": {}}
for source in sources:
    version, _, path = source.partition("=")
    output = json.loads(Path(path).read_text())
    truth["results"][version] = output["results"]
    truth["prefetches"][version] = output["prefetches"]
    for key in ("trees", "classes"):
        if key in output:
            truth[key] = output[key]
text = json.dumps(truth, separators=(",", ":"))
Path(target).write_bytes(gzip.compress(text.encode(), mtime=0))
