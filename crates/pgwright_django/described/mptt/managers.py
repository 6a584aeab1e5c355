from django.db import connections, models
from django.db.models import F, Max
from mptt.querysets import TreeQuerySet

class TreeManager(models.Manager.from_queryset(TreeQuerySet)):
    """Nodes in the order of their trees. Positions are shifted by SQL of its own."""

    def get_queryset(self, *args, **kwargs):
        return super().get_queryset(*args, **kwargs).order_by(self.tree_id_attr, self.left_attr)

    @property
    def parent_attr(self):
        return self.model._mptt_meta.parent_attr
    @property
    def left_attr(self):
        return self.model._mptt_meta.left_attr
    @property
    def right_attr(self):
        return self.model._mptt_meta.right_attr
    @property
    def tree_id_attr(self):
        return self.model._mptt_meta.tree_id_attr
    @property
    def level_attr(self):
        return self.model._mptt_meta.level_attr

    def root_nodes(self):
        return self.filter(**{self.parent_attr: None})
    def root_node(self, tree_id):
        return self.get(**{self.tree_id_attr: tree_id, self.parent_attr: None})

    def insert_node(self, node, target, position="last-child", save=False, allow_existing_pk=False, refresh_target=True):
        if target is None:
            self.aggregate(Max(self.tree_id_attr))
        else:
            if refresh_target:
                target._mptt_refresh()
            if position in ("left", "right") and target.is_root_node():
                self._create_tree_space()
            else:
                self._manage_space()
        if save:
            node.save()
        return node

    def move_node(self, node, target, position="last-child"):
        self._move_node(node, target, position)
        node.save()

    def _move_node(self, node, target, position="last-child", save=True, refresh_target=True):
        if target is not None and refresh_target:
            target._mptt_refresh()
        if node.is_root_node():
            if position in ("left", "right"):
                self._create_tree_space()
            else:
                self._manage_space()
                self._move_tree()
        elif position in ("left", "right") and target.is_root_node():
            self._create_tree_space()
            self._move_between_trees()
        elif target.tree_id == node.tree_id:
            self._move_within_tree()
        else:
            self._manage_space()
            self._move_between_trees()

    def partial_rebuild(self, tree_id, **kwargs):
        self.filter(**{self.parent_attr: None, self.tree_id_attr: tree_id}).count()
        for key in self.filter(**{self.parent_attr: None, self.tree_id_attr: tree_id}).values_list("pk", flat=True):
            pass
    def rebuild(self, **kwargs):
        for key in self.root_nodes().values_list("pk", flat=True):
            pass

    def _create_tree_space(self):
        self.model._base_manager.filter(**{self.tree_id_attr + "__gt": 1}).update(**{self.tree_id_attr: F(self.tree_id_attr) + 1})

    def _shift(self, assignments, condition):
        quote = connections["default"].ops.quote_name
        names = {"left": self.left_attr, "right": self.right_attr, "tree": self.tree_id_attr, "level": self.level_attr}
        sql = "UPDATE " + quote(self.model._meta.db_table) + " SET " + ", ".join(assignments) + " WHERE " + condition
        for key, name in names.items():
            sql = sql.replace("{" + key + "}", quote(name))
        with connections["default"].cursor() as cursor:
            cursor.execute(sql)

    def _manage_space(self):
        self._shift(
            ["{left} = CASE WHEN {left} > %s THEN {left} + %s ELSE {left} END",
             "{right} = CASE WHEN {right} > %s THEN {right} + %s ELSE {right} END"],
            "{tree} = %s AND ({left} > %s OR {right} > %s)")

    def _move_tree(self):
        self._shift(["{level} = {level} - %s", "{left} = {left} - %s", "{right} = {right} - %s", "{tree} = %s"],
                    "{left} >= %s AND {left} <= %s AND {tree} = %s")

    def _move_within_tree(self):
        inside = "{left} >= %s AND {left} <= %s"
        self._shift(
            ["{level} = CASE WHEN " + inside + " THEN {level} - %s ELSE {level} END",
             "{left} = CASE WHEN " + inside + " THEN {left} + %s WHEN " + inside + " THEN {left} + %s ELSE {left} END",
             "{right} = CASE WHEN {right} >= %s AND {right} <= %s THEN {right} + %s WHEN {right} >= %s AND {right} <= %s "
             "THEN {right} + %s ELSE {right} END"],
            "{tree} = %s")

    def _move_between_trees(self):
        inside = "{left} >= %s AND {left} <= %s"
        self._shift(
            ["{level} = CASE WHEN " + inside + " THEN {level} - %s ELSE {level} END",
             "{tree} = CASE WHEN " + inside + " THEN %s ELSE {tree} END",
             "{left} = CASE WHEN " + inside + " THEN {left} - %s WHEN {left} > %s THEN {left} - %s ELSE {left} END",
             "{right} = CASE WHEN {right} >= %s AND {right} <= %s THEN {right} - %s WHEN {right} > %s THEN {right} - %s "
             "ELSE {right} END"],
            "{tree} = %s")
