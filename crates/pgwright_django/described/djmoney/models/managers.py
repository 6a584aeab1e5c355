def money_manager(manager):
    return manager
