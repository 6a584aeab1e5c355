from django.db.migrations.operations.base import Operation

class ModelOperation(Operation):
    def __init__(self, name):
        self.name = name

class CreateModel(ModelOperation):
    def __init__(self, name, fields, options=None, bases=None, managers=None):
        self.fields = fields
        self.options = options or {}
        self.bases = bases
        self.managers = managers or []
        super().__init__(name)

class DeleteModel(ModelOperation):
    pass

class RenameModel(ModelOperation):
    def __init__(self, old_name, new_name):
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(old_name)

class ModelOptionOperation(ModelOperation):
    pass

class AlterModelTable(ModelOptionOperation):
    def __init__(self, name, table):
        self.table = table
        super().__init__(name)

class AlterModelTableComment(ModelOptionOperation):
    def __init__(self, name, table_comment):
        self.table_comment = table_comment
        super().__init__(name)

class AlterTogetherOptionOperation(ModelOptionOperation):
    pass

class AlterUniqueTogether(AlterTogetherOptionOperation):
    option_name = "unique_together"

    def __init__(self, name, unique_together):
        self.unique_together = unique_together
        super().__init__(name)

class AlterIndexTogether(AlterTogetherOptionOperation):
    option_name = "index_together"

    def __init__(self, name, index_together):
        self.index_together = index_together
        super().__init__(name)

class AlterOrderWithRespectTo(ModelOptionOperation):
    def __init__(self, name, order_with_respect_to):
        self.order_with_respect_to = order_with_respect_to
        super().__init__(name)

class AlterModelOptions(ModelOptionOperation):
    def __init__(self, name, options):
        self.options = options
        super().__init__(name)

class AlterModelManagers(ModelOptionOperation):
    def __init__(self, name, managers):
        self.managers = managers
        super().__init__(name)

class IndexOperation(Operation):
    pass

class AddIndex(IndexOperation):
    def __init__(self, model_name, index):
        self.model_name = model_name
        self.index = index

class RemoveIndex(IndexOperation):
    def __init__(self, model_name, name):
        self.model_name = model_name
        self.name = name

class RenameIndex(IndexOperation):
    def __init__(self, model_name, new_name, old_name=None, old_fields=None):
        self.model_name = model_name
        self.new_name = new_name
        self.old_name = old_name
        self.old_fields = old_fields

class AddConstraint(IndexOperation):
    def __init__(self, model_name, constraint):
        self.model_name = model_name
        self.constraint = constraint

class RemoveConstraint(IndexOperation):
    def __init__(self, model_name, name):
        self.model_name = model_name
        self.name = name

class AlterConstraint(IndexOperation):
    def __init__(self, model_name, name, constraint):
        self.model_name = model_name
        self.name = name
        self.constraint = constraint
