import sys

from pgwright._binary import NotFound, run

try:
    sys.exit(run(sys.argv[1:]))
except NotFound as error:
    sys.exit(f"error: {error}")
