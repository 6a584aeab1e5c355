//! Columns added and removed.

use pgwright_schema::expr::{Expr, quote_text};
use pgwright_schema::names::{foreign_key_name, quote_name, split_identifier};
use pgwright_schema::{Literal, ddl};

use super::deferred::{Suffix, What};
use super::lookup::Wanted;
use super::models::{is_automatic, through_of};
use super::{At, Editor, Known};
use crate::model::{Field, Value};
use crate::schema;

impl Editor<'_> {
    /// Adds a field; `at` is the model before it has the field, `after` the one that has it.
    pub(in super::super) fn add_field(&mut self, at: At<'_>, after: At<'_>, field: &Field) -> Known<()> {
        if field.is_many_to_many() {
            if is_automatic(field)
                && let Some(through) = through_of(field)
            {
                return self.create_model(At { models: after.models, model: after.models.get(through) });
            }
            return Ok(());
        }
        if field.column.is_none() {
            return Ok(());
        }
        let (sql, has_default) = self.column_definition(at, after, field)?;
        self.execute(sql);
        let column = field.column.clone().unwrap_or_default();
        let table = at.model.table.clone();
        if has_default {
            self.alter_table(&table, &format!("ALTER COLUMN {} DROP DEFAULT", quote_name(&column)));
        }
        if let Some(comment) = field.db_comment.as_deref().filter(|comment| !comment.is_empty()) {
            self.comment_column(&table, &column, comment);
        }
        self.index_field(at, after, field);
        Ok(())
    }

    pub(super) fn comment_column(&mut self, table: &str, column: &str, comment: &str) {
        self.execute(format!(
            "COMMENT ON COLUMN {}.{} IS {}",
            quote_name(table),
            quote_name(column),
            quote_text(comment)
        ));
    }

    /// `_field_indexes_sql`, deferred.
    fn index_field(&mut self, at: At<'_>, after: At<'_>, field: &Field) {
        for index in schema::field_indexes_of(self.project, after.models, at.model, field) {
            let suffix = if index.name.ends_with("_like") { Suffix::Like } else { Suffix::Plain };
            self.defer(What::Index(index), Some(suffix));
        }
    }

    /// The statement, and whether it gives a default that is to be dropped again.
    fn column_definition(&self, at: At<'_>, after: At<'_>, field: &Field) -> Known<(String, bool)> {
        let mut table = schema::column_of(self.project, after.models, at.model, field)?;
        let default = match field.db_default {
            Some(_) => None,
            None => self.effective_default(after, field)?,
        };
        if let Some(column) = table.columns.first_mut()
            && let Some(default) = &default
        {
            column.default = Some(default.clone());
        }
        let column = table.columns.first().ok_or("no column")?;
        let mut sql =
            format!("ALTER TABLE {} ADD COLUMN {}", quote_name(&table.name), ddl::column_definition(&table, column));
        if let Some(key) = schema::foreign_key_of(self.project, after.models, at.model, field) {
            let key = key?;
            let (from, to) = (key.columns.first().ok_or("no column")?, key.to_columns.first().ok_or("no column")?);
            let name = foreign_key_name(&table.name, from, &key.to_table, to);
            let (namespace, _) = split_identifier(&table.name);
            let namespace = if namespace.is_empty() { String::new() } else { format!("{}.", quote_name(namespace)) };
            let action = key.on_delete.as_ref().map(|action| format!(" ON DELETE {action}")).unwrap_or_default();
            sql.push_str(&format!(
                " CONSTRAINT {name} REFERENCES {}({}){action} DEFERRABLE INITIALLY DEFERRED; \
                 SET CONSTRAINTS {namespace}{name} IMMEDIATE",
                quote_name(&key.to_table),
                quote_name(to),
                name = quote_name(&name),
            ));
        }
        Ok((sql, default.is_some()))
    }

    pub(in super::super) fn remove_field(&mut self, at: At<'_>, field: &Field) {
        if field.is_many_to_many() {
            if is_automatic(field)
                && let Some(through) = through_of(field)
            {
                self.delete_model(At { models: at.models, model: at.models.get(through) });
            }
            return;
        }
        let Some(column) = field.column.clone() else { return };
        if field.relation.is_some() {
            for name in self.names(at.model, std::slice::from_ref(&column), Wanted::ForeignKey) {
                self.drop_foreign_key(&at.model.table, &name);
            }
        }
        let cascade = if self.at_least(6, 0) { "" } else { " CASCADE" };
        self.alter_table(&at.model.table, &format!("DROP COLUMN {}{cascade}", quote_name(&column)));
        self.forget_column(&at.model.table, &column);
    }

    pub(super) fn drop_foreign_key(&mut self, table: &str, name: &str) {
        let name = quote_name(name);
        let table = quote_name(table);
        self.execute(format!("SET CONSTRAINTS {name} IMMEDIATE; ALTER TABLE {table} DROP CONSTRAINT {name}"));
    }

    /// `effective_default`: what a new column is filled with. Values that only running the migration gives are `%s`.
    pub(super) fn effective_default(&self, at: At<'_>, field: &Field) -> Known<Option<Expr>> {
        let value = match &field.default {
            Some(Value::None) => return Ok(None),
            Some(value) => value.clone(),
            None if field.generated.is_some() => return Ok(None),
            None if !field.null && field.blank && takes_empty_text(field) => Value::Str(String::new()),
            None if field.auto_now || field.auto_now_add => {
                return Ok(Some(run_time()));
            }
            None => return Ok(None),
        };
        let value = match called(&value) {
            Some(Called::Value(value)) => value,
            Some(Called::AtRunTime) => return Ok(Some(run_time())),
            None => value,
        };
        if field.internal_type == "BinaryField" && value.as_str() == Some("") {
            return Ok(Some(Expr::Literal(Literal::Typed { text: "\\x".to_owned(), type_name: "bytea".to_owned() })));
        }
        // A field class may store a value in another form than Django's own would.
        Ok(Some(schema::stored(at.models, field, &value).unwrap_or_else(|_| run_time())))
    }
}

enum Called {
    Value(Value),
    AtRunTime,
}

/// What a callable default gives, as far as it is known without calling.
fn called(value: &Value) -> Option<Called> {
    let path = match value {
        Value::Path(path) => path,
        Value::Lambda | Value::Unknown(_) => return Some(Called::AtRunTime),
        _ => return None,
    };
    Some(match path.as_str() {
        "dict" | "builtins.dict" | "collections.OrderedDict" => Called::Value(Value::Dict(Vec::new())),
        "list" | "builtins.list" => Called::Value(Value::List(Vec::new())),
        "str" => Called::Value(Value::Str(String::new())),
        "int" => Called::Value(Value::Int(0)),
        "bool" => Called::Value(Value::Bool(false)),
        _ => Called::AtRunTime,
    })
}

/// A value that only running the migration gives: a parameter, as in queries.
fn run_time() -> Expr {
    Expr::Raw("%s".to_owned())
}

pub(super) fn is_run_time(value: Option<&Expr>) -> bool {
    matches!(value, Some(Expr::Raw(text)) if text == "%s")
}

/// `empty_strings_allowed`.
fn takes_empty_text(field: &Field) -> bool {
    !matches!(
        field.internal_type.as_str(),
        "AutoField"
            | "BigAutoField"
            | "SmallAutoField"
            | "BooleanField"
            | "NullBooleanField"
            | "DateField"
            | "DateTimeField"
            | "DecimalField"
            | "DurationField"
            | "FloatField"
            | "IntegerField"
            | "BigIntegerField"
            | "SmallIntegerField"
            | "PositiveIntegerField"
            | "PositiveBigIntegerField"
            | "PositiveSmallIntegerField"
            | "GenericIPAddressField"
            | "IPAddressField"
            | "TimeField"
            | "UUIDField"
            | "JSONField"
            | "ArrayField"
            | "HStoreField"
            | "ForeignKey"
            | "OneToOneField"
    ) && !field.internal_type.ends_with("RangeField")
        && field.relation.is_none()
}
