from .manager import ScopedManager
from .state import get_scope, scope, scopes_disabled
