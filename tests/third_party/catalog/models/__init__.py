from catalog.models.bases import *  # noqa: F403
from catalog.models.columns import *  # noqa: F403
from catalog.models.history import *  # noqa: F403
from catalog.models.relations import *  # noqa: F403
