class PermLookupDict:
    def __init__(self, user, app_label):
        self._user = user
        self._app_label = app_label
    def __getitem__(self, perm_name):
        return self._user.has_perm("%s.%s" % (self._app_label, perm_name))
    def __bool__(self):
        return self._user.has_module_perms(self._app_label)

class PermWrapper:
    def __init__(self, user):
        self._user = user
    def __getitem__(self, app_label):
        return PermLookupDict(self._user, app_label)
    def __contains__(self, perm_name):
        return self._user.has_perm(perm_name)

def auth(request):
    user = request.user
    return {"user": user, "perms": PermWrapper(user)}
