def register(model, app=None, manager_name="history", records_class=None, table_name=None, **config):
    from simple_history.models import HistoricalRecords
    records = (records_class or HistoricalRecords)(**config)
    records.manager_name = manager_name
    records.table_name = table_name
    records.cls = model
    records.module = app + ".models" if app else model.__module__
    records.make_history(model, False)
