//! `alter_field` and `_alter_field`, in Django's order of steps.

use pgwright_schema::names::{index_name, quote_name};
use pgwright_schema::{Constraint, ConstraintKind, Placement, ddl};

use super::fields::is_run_time;
use super::lookup::Wanted;
use super::models::{is_automatic, through_of};
use super::{At, Editor, Known};
use crate::model::{Field, Model, ModelId, Models, RelationKind};
use crate::models::column_type;
use crate::schema;

/// A field before and after.
#[derive(Clone, Copy)]
pub(in super::super) struct Pair<'f> {
    pub(in super::super) old: &'f Field,
    pub(in super::super) new: &'f Field,
}

impl Editor<'_> {
    /// `before` and `after` are the same model on either side of the operation.
    pub(in super::super) fn alter_field(&mut self, before: At<'_>, after: At<'_>, pair: Pair<'_>) -> Known<()> {
        let Pair { old, new } = pair;
        if !self.should_be_altered(before, after, pair) {
            return Ok(());
        }
        match (old.is_many_to_many(), new.is_many_to_many()) {
            (true, true) => {
                return match (is_automatic(old), is_automatic(new)) {
                    (true, true) => self.alter_many_to_many(before, after, pair),
                    (false, false) => Ok(()),
                    _ => Err("Django refuses to add or remove `through=` of a many-to-many field".to_owned()),
                };
            }
            (false, false) => {}
            _ => return Err("Django refuses to alter a column into a many-to-many field or back".to_owned()),
        }
        if old.column.is_none() || new.column.is_none() {
            return Ok(());
        }
        if old.generated != new.generated {
            return Err("Django refuses to modify a generated field: remove it and add it again".to_owned());
        }
        self.alter_column(before, after, pair)
    }

    /// `_alter_many_to_many`.
    pub(in super::super) fn alter_many_to_many(&mut self, before: At<'_>, after: At<'_>, pair: Pair<'_>) -> Known<()> {
        let (Some(old), Some(new)) = (through_of(pair.old), through_of(pair.new)) else { return Ok(()) };
        let old = At { models: before.models, model: before.models.get(old) };
        let new = At { models: after.models, model: after.models.get(new) };
        self.alter_db_table(&old.model.table, &new.model.table);
        // The table is renamed by now: constraints are looked up under the new name.
        let renamed = Model { table: new.model.table.clone(), ..old.model.clone() };
        let old = At { models: old.models, model: &renamed };
        // The field to the target first (`m2m_reverse_field_name`), then the one to the owner.
        for position in [2, 1] {
            let (Some(from), Some(to)) = (old.model.fields.get(position), new.model.fields.get(position)) else {
                continue;
            };
            self.alter_field(old, new, Pair { old: from, new: to })?;
        }
        Ok(())
    }

    /// `_field_should_be_altered`: what `deconstruct` gives, but for what makes no difference to the database.
    fn should_be_altered(&self, before: At<'_>, after: At<'_>, pair: Pair<'_>) -> bool {
        let Pair { old, new } = pair;
        if old.column != new.column || (old.is_many_to_many() && new.is_many_to_many() && old.name != new.name) {
            return true;
        }
        self.differs(before, after, pair) || old.db_comment != new.db_comment
    }

    fn differs(&self, before: At<'_>, after: At<'_>, pair: Pair<'_>) -> bool {
        let Pair { old, new } = pair;
        if old.class != new.class
            || old.null != new.null
            || old.unique != new.unique
            || old.primary_key != new.primary_key
            || old.db_index != new.db_index
            || old.max_length != new.max_length
            || old.max_digits != new.max_digits
            || old.decimal_places != new.decimal_places
            || old.default != new.default
            || old.db_default != new.db_default
            || old.db_collation != new.db_collation
            || old.auto_now != new.auto_now
            || old.auto_now_add != new.auto_now_add
            || old.unique_for != new.unique_for
            || old.base_field.as_ref().map(|field| &field.db_type)
                != new.base_field.as_ref().map(|field| &field.db_type)
            || old.generated != new.generated
            || old.auto_created != new.auto_created
            || old.column != new.column
        {
            return true;
        }
        let (Some(old_relation), Some(new_relation)) = (&old.relation, &new.relation) else {
            return old.relation.is_some() != new.relation.is_some() || old.db_type != new.db_type;
        };
        let table = |at: At<'_>, to: Option<ModelId>| to.map(|id| at.models.get(id).table.clone());
        let moved = if self.at_least(5, 0) && !new.is_many_to_many() {
            table(before, old_relation.to) != table(after, new_relation.to)
        } else {
            !old_relation.to_label.eq_ignore_ascii_case(&new_relation.to_label)
        };
        moved
            || old_relation.db_constraint != new_relation.db_constraint
            || old_relation.parent_link != new_relation.parent_link
            || (old.is_many_to_many() && old_relation.db_table != new_relation.db_table)
            || (old_relation.kind != RelationKind::ManyToMany
                && given_to_field(before, old) != given_to_field(after, new))
    }

    fn alter_column(&mut self, before: At<'_>, after: At<'_>, pair: Pair<'_>) -> Known<()> {
        let Pair { old, new } = pair;
        let model = before.model;
        let table = model.table.clone();
        let old_column = old.column.clone().unwrap_or_default();
        let new_column = new.column.clone().unwrap_or_default();
        let old_columns = std::slice::from_ref(&old_column);
        let column = quote_name(&new_column);
        let unknown = |field: &Field| format!("the column type of {}", field.class);
        let old_type = old.db_type.clone().ok_or_else(|| unknown(old))?;
        let new_type = new.db_type.clone().ok_or_else(|| unknown(new))?;
        let (old_collation, new_collation) = (collation(before, old), collation(after, new));

        let has_key = |field: &Field| matches!(&field.relation, Some(relation) if relation.db_constraint);
        let mut dropped_key = false;
        if has_key(old) && self.differs(before, after, pair) {
            for name in self.names(model, old_columns, Wanted::ForeignKey) {
                dropped_key = true;
                self.drop_foreign_key(&table, &name);
            }
        }
        let became_key = !old.primary_key && new.primary_key;
        if old.unique && (!new.unique || became_key) {
            for name in self.names(model, old_columns, Wanted::Unique) {
                self.alter_table(&table, &format!("DROP CONSTRAINT {}", quote_name(&name)));
            }
        }
        let retyped = old_type != new_type || old_collation != new_collation;
        let rebuild_keys = ((old.primary_key && new.primary_key) || (old.unique && new.unique)) && retyped;
        let related = if rebuild_keys || became_key { related(before, after, pair) } else { Vec::new() };
        if rebuild_keys {
            for (_, field_of, field) in &related {
                let column = field.column.clone().unwrap_or_default();
                let referring = after.models.get(*field_of);
                for name in self.names(referring, std::slice::from_ref(&column), Wanted::ForeignKey) {
                    self.drop_foreign_key(&referring.table, &name);
                }
            }
        }
        if old.db_index && !old.unique && (!new.db_index || new.unique) {
            for name in self.names(model, old_columns, Wanted::Index) {
                self.drop_index(&table, &name);
            }
        }
        let (old_check, new_check) = (check_of(old), check_of(new));
        // Before Django 5.0 what is compared contains the column's name.
        let rechecked = old_check != new_check || (old_column != new_column && !self.at_least(5, 0));
        if rechecked && old_check {
            for name in self.names(model, old_columns, Wanted::Check) {
                self.alter_table(&table, &format!("DROP CONSTRAINT {}", quote_name(&name)));
            }
        }
        if old_column != new_column {
            self.alter_table(&table, &format!("RENAME COLUMN {} TO {column}", quote_name(&old_column)));
            self.rename_deferred_column(&table, &old_column, &new_column);
        }

        let mut actions: Vec<String> = Vec::new();
        let mut after_actions: Vec<String> = Vec::new();
        let comment_changed = old.db_comment != new.db_comment;
        if retyped || is_auto(old) != is_auto(new) || comment_changed {
            let (action, others) = self.alter_type(&table, pair, &new_type, &old_collation, &new_collation);
            actions.push(action);
            after_actions.extend(others);
        }
        let old_default = schema::database_default(self.project, before.models, before.model, old).transpose()?;
        let new_default = schema::database_default(self.project, after.models, after.model, new).transpose()?;
        match (&old_default, &new_default) {
            (_, Some(default)) if old.db_default != new.db_default && old_default != new_default => {
                actions.push(format!("ALTER COLUMN {column} SET DEFAULT {default}"));
            }
            (Some(_), None) => actions.push(format!("ALTER COLUMN {column} DROP DEFAULT")),
            _ => {}
        }
        let mut temporary_default = None;
        if old.null && !new.null && new_default.is_none() {
            let filled = self.effective_default(after, new)?;
            // Two values of one clock are never the same.
            let same = filled == self.effective_default(before, old).unwrap_or(None) && !is_run_time(filled.as_ref());
            if filled.is_some() && !same {
                if let Some(value) = &filled {
                    actions.push(format!("ALTER COLUMN {column} SET DEFAULT {value}"));
                }
                temporary_default = filled;
            }
        }
        let null_action = (old.null != new.null)
            .then(|| format!("ALTER COLUMN {column} {} NOT NULL", if new.null { "DROP" } else { "SET" }));
        let four_way = (new.default.is_some() || new_default.is_some()) && old.null && !new.null;
        if !actions.is_empty() || null_action.is_some() {
            if !four_way {
                actions.extend(null_action.clone());
            }
            if !actions.is_empty() {
                self.alter_table(&table, &actions.join(", "));
            }
            if four_way {
                let value = match &new_default {
                    Some(default) => default.to_string(),
                    None => {
                        self.effective_default(after, new)?.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
                    }
                };
                self.execute(format!(
                    "UPDATE {} SET {column} = {value} WHERE {column} IS NULL; SET CONSTRAINTS ALL IMMEDIATE",
                    quote_name(&table)
                ));
                if let Some(action) = null_action {
                    self.alter_table(&table, &action);
                }
            }
        }
        for sql in after_actions {
            self.execute(sql);
        }
        if old.primary_key && !new.primary_key {
            for name in self.primary_key_names(&table) {
                self.alter_table(&table, &format!("DROP CONSTRAINT {}", quote_name(&name)));
            }
        }
        if !new.primary_key && new.unique && (!old.unique || old.primary_key) {
            self.create_unique(model, vec![new_column.clone()]);
        }
        if (!old.db_index || old.unique) && new.db_index && !new.unique {
            let name = index_name(&table, &[&new_column], "");
            self.execute(format!("CREATE INDEX {} ON {} ({column})", quote_name(&name), quote_name(&table)));
        }
        if became_key {
            let name = index_name(&table, &[&new_column], "_pk");
            let kind = ConstraintKind::PrimaryKey { columns: vec![new_column.clone()] };
            self.execute(ddl::add_constraint_to(&table, &Constraint { name, kind, placement: Placement::Alter }));
        }
        for (old_field, owner, field) in &related {
            let referring = after.models.get(*owner).table.clone();
            let at = At { models: after.models, model: after.models.get(*owner) };
            let before_at = At { models: before.models, model: before.models.get(*owner) };
            let type_ = field.db_type.clone().ok_or_else(|| unknown(field))?;
            let pair = Pair { old: old_field, new: field };
            let collations = (collation(before_at, old_field), collation(at, field));
            let (action, others) = self.alter_type(&referring, pair, &type_, &collations.0, &collations.1);
            self.alter_table(&referring, &action);
            for sql in others {
                self.execute(sql);
            }
        }
        if has_key(new) && (dropped_key || old.relation.is_none() || !has_key(old)) {
            self.create_foreign_key(after, model, new, None)?;
        }
        if rebuild_keys {
            for (_, owner, field) in related.iter().filter(|(_, _, field)| has_key(field)) {
                self.create_foreign_key(after, after.models.get(*owner), field, Some("_fk"))?;
            }
        }
        if rechecked && new_check {
            let name = index_name(&table, &[&new_column], "_check");
            self.alter_table(&table, &format!("ADD CONSTRAINT {} CHECK ({column} >= 0)", quote_name(&name)));
        }
        if temporary_default.is_some() {
            self.alter_table(&table, &format!("ALTER COLUMN {column} DROP DEFAULT"));
        }
        self.like_indexes(after, model, pair, &old_type, &new_type);
        Ok(())
    }

    /// The PostgreSQL editor's own part of `_alter_field`.
    fn like_indexes(&mut self, after: At<'_>, model: &Model, pair: Pair<'_>, old_type: &str, new_type: &str) {
        let Pair { old, new } = pair;
        let retyped = self.at_least(5, 0) && leaves_text(old, old_type, new_type);
        if (!(old.db_index || old.unique) && new.db_index) || (!old.unique && new.unique) || retyped {
            let indexes = schema::field_indexes_of(self.project, after.models, model, new);
            for index in indexes.iter().filter(|index| index.name.ends_with("_like")) {
                self.execute(ddl::create_index(index));
            }
        }
        if old.unique && !(new.db_index || new.unique) {
            let name = index_name(&model.table, &[old.column.as_deref().unwrap_or_default()], "_like");
            self.drop_index(&model.table, &name);
        }
    }

    fn drop_index(&mut self, table: &str, name: &str) {
        self.execute(format!("DROP INDEX IF EXISTS {}", quote_name(name)));
        if self.at_least(5, 2) {
            self.forget_index(table, name);
        }
    }

    fn primary_key_names(&self, table: &str) -> Vec<String> {
        let constraints = self.catalogue.table(table).map(|table| table.constraints.as_slice()).unwrap_or_default();
        let keys = constraints.iter().filter(|one| matches!(one.kind, ConstraintKind::PrimaryKey { .. }));
        keys.map(|one| one.name.clone()).collect()
    }

    fn create_foreign_key(&mut self, at: At<'_>, model: &Model, field: &Field, suffix: Option<&str>) -> Known<()> {
        let Some(key) = schema::foreign_key_of(self.project, at.models, model, field) else { return Ok(()) };
        let key = key?;
        let (column, to) = (key.columns.first().ok_or("no column")?, key.to_columns.first().ok_or("no column")?);
        let name = match suffix {
            Some(suffix) => index_name(&model.table, &[column], suffix),
            None => pgwright_schema::names::foreign_key_name(&model.table, column, &key.to_table, to),
        };
        let kind = ConstraintKind::ForeignKey(key);
        let constraint = Constraint { name, kind, placement: Placement::Alter };
        self.execute(ddl::add_constraint_to(&model.table, &constraint));
        Ok(())
    }

    /// `_alter_column_type_sql`: the action, and statements to send after it.
    fn alter_type(
        &mut self,
        table: &str,
        pair: Pair<'_>,
        new_type: &str,
        old_collation: &Option<String>,
        new_collation: &Option<String>,
    ) -> (String, Vec<String>) {
        let Pair { old, new } = pair;
        let old_type = old.db_type.clone().unwrap_or_default();
        let column = quote_name(new.column.as_deref().unwrap_or_default());
        if leaves_text(old, &old_type, new_type) {
            let name = index_name(table, &[old.column.as_deref().unwrap_or_default()], "_like");
            self.drop_index(table, &name);
        }
        let using = if is_recast(pair) { format!(" USING {column}::{new_type}") } else { String::new() };
        let collate = match (old_collation, new_collation) {
            (_, Some(collation)) => format!(" COLLATE {}", quote_name(collation)),
            (Some(_), None) => " COLLATE \"default\"".to_owned(),
            (None, None) => String::new(),
        };
        let mut others = Vec::new();
        match (is_auto(old), is_auto(new)) {
            (false, true) => {
                others.push(format!(
                    "ALTER TABLE {} ALTER COLUMN {column} ADD GENERATED BY DEFAULT AS IDENTITY",
                    quote_name(table)
                ));
                return (format!("ALTER COLUMN {column} TYPE {new_type}{using}"), others);
            }
            (true, false) => {
                self.alter_table(table, &format!("ALTER COLUMN {column} DROP IDENTITY IF EXISTS"));
            }
            (true, true) if old.internal_type != new.internal_type => {
                let sequence =
                    pgwright_schema::names::automatic_name(table, old.column.as_deref().unwrap_or_default(), "seq");
                others.push(format!("ALTER SEQUENCE IF EXISTS {} AS {new_type}", quote_name(&sequence)));
            }
            _ => {
                if old.db_comment != new.db_comment {
                    let comment = new.db_comment.as_deref().unwrap_or_default();
                    others.push(format!(
                        "COMMENT ON COLUMN {}.{column} IS {}",
                        quote_name(table),
                        pgwright_schema::expr::quote_text(comment)
                    ));
                }
            }
        }
        (format!("ALTER COLUMN {column} TYPE {new_type}{collate}{using}"), others)
    }
}

/// `_is_changing_type_of_indexed_text_column`.
fn leaves_text(old: &Field, old_type: &str, new_type: &str) -> bool {
    (old.db_index || old.unique)
        && ["varchar", "text", "citext"].iter().any(|kind| old_type.starts_with(kind) && !new_type.starts_with(kind))
}

/// `_using_sql`: the data type's template changes, not only its length.
fn is_recast(pair: Pair<'_>) -> bool {
    if pair.new.generated.is_some() {
        return false;
    }
    match (&pair.old.base_field, &pair.new.base_field) {
        (Some(old), Some(new)) if pair.old.internal_type == "ArrayField" && pair.new.internal_type == "ArrayField" => {
            is_recast(Pair { old, new })
        }
        _ => data_type(pair.old) != data_type(pair.new),
    }
}

/// `_field_data_type`: `DatabaseWrapper.data_types` before its parameters are filled in.
fn data_type(field: &Field) -> String {
    if field.relation.is_some() {
        return field.db_type.clone().unwrap_or_default();
    }
    let built_in = Field { max_length: None, max_digits: None, class: String::new(), ..field.clone() };
    match field.internal_type.as_str() {
        // `CharField` alone has a function for its type, which is none other's.
        "FileField" | "FilePathField" | "SlugField" => "varchar(%(max_length)s)".to_owned(),
        "ArrayField" => field.db_type.clone().unwrap_or_default(),
        internal => column_type(internal, &built_in).or_else(|| field.db_type.clone()).unwrap_or_default(),
    }
}

fn is_auto(field: &Field) -> bool {
    field.relation.is_none() && matches!(field.internal_type.as_str(), "AutoField" | "BigAutoField" | "SmallAutoField")
}

fn check_of(field: &Field) -> bool {
    field.internal_type.starts_with("Positive") && field.relation.is_none()
}

/// `db_parameters()["collation"]`: a foreign key takes that of what it references.
fn collation(at: At<'_>, field: &Field) -> Option<String> {
    let own = field.db_collation.clone().filter(|collation| !collation.is_empty());
    own.or_else(|| {
        let relation = field.relation.as_ref()?;
        let target = at.models.get(relation.to?);
        let named = relation.to_field.as_deref().and_then(|name| target.field(name));
        named.or_else(|| target.primary_key())?.db_collation.clone()
    })
}

/// `to_field` where it is not the target's primary key.
fn given_to_field(at: At<'_>, field: &Field) -> Option<String> {
    let relation = field.relation.as_ref()?;
    let name = relation.to_field.clone()?;
    let key = relation.to.map(|id| at.models.get(id)).and_then(Model::primary_key);
    (key.map(|key| key.name.as_str()) != Some(name.as_str())).then_some(name)
}

/// `_related_non_m2m_objects`: fields that reference this one, before and after, with the model that has them.
fn related<'m>(before: At<'m>, after: At<'m>, pair: Pair<'_>) -> Vec<(&'m Field, ModelId, &'m Field)> {
    let references = |models: &Models, model: &Model, name: &str, field: &Field| {
        let Some(relation) = &field.relation else { return false };
        let target = relation.to.map(|id| models.get(id));
        let to_this = relation.to == Some(model.id) || target.is_some_and(|target| target.proxy_for == Some(model.id));
        field.local
            && relation.kind != RelationKind::ManyToMany
            && to_this
            && relation.to_field.as_deref() == Some(name)
    };
    let mut found = Vec::new();
    for owner in &after.models.all {
        for field in &owner.fields {
            if !references(after.models, after.model, &pair.new.name, field) {
                continue;
            }
            let Some(old_owner) = before.models.all.get(owner.id.0 as usize) else { continue };
            let old = old_owner.fields.iter().find(|old| old.name == field.name).or_else(|| {
                let old = old_owner.fields.iter().position(|old| old.column == field.column)?;
                old_owner.fields.get(old)
            });
            if let Some(old) = old {
                found.push((old, owner.id, field));
            }
        }
    }
    // Django sorts by the name of the reverse relation.
    found.sort_by_key(|(_, owner, field)| {
        let relation = field.relation.as_ref();
        let name = relation.and_then(|one| one.related_query_name.clone().or_else(|| one.related_name.clone()));
        name.unwrap_or_else(|| after.models.get(*owner).name.to_lowercase())
    });
    found
}
