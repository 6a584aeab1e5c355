"""Where the project's root is."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
