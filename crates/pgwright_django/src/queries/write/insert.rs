//! One INSERT (`SQLInsertCompiler`).

use super::super::context::{Context, FieldId};
use super::text::{bare, column, has_placeholder, key_fields, placeholder, table, wrapped};
use super::values::has_db_default;
use super::{Given, Values};
use crate::model::{Field, ModelId};

/// How many rows one statement inserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Several,
}

/// What happens to a row that is there already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Conflicts {
    #[default]
    Fail,
    /// `ignore_conflicts=True`.
    Ignore,
    /// `update_conflicts=True`: `unique_fields` and `update_fields` by name.
    Update { unique: Vec<String>, fields: Vec<String> },
}

#[derive(Debug)]
pub(super) struct Insert<'a> {
    pub(super) model: ModelId,
    pub(super) fields: Vec<FieldId>,
    pub(super) values: &'a Values,
    pub(super) count: Count,
    pub(super) returning: Vec<FieldId>,
    /// The text from `ON CONFLICT` on; empty where there is none.
    pub(super) conflicts: String,
}

impl Insert<'_> {
    pub(super) fn sql(self, context: &Context<'_>) -> String {
        let mut sql = format!("INSERT INTO {} ", table(context, self.model));
        let fields = self.fields(context);
        if fields.is_empty() {
            // Nothing to say, yet a row needs a column: the key numbers itself.
            let keys: Vec<String> = key_fields(context, self.model).into_iter().map(|key| bare(context, key)).collect();
            sql.push_str(&format!("({}) VALUES (DEFAULT)", keys.join(", ")));
        } else {
            let columns: Vec<String> = fields.iter().map(|(id, _)| bare(context, *id)).collect();
            sql.push_str(&format!("({}) {}", columns.join(", "), self.rows(context, &fields)));
        }
        if !self.conflicts.is_empty() {
            sql.push(' ');
            sql.push_str(&self.conflicts);
        }
        if !self.returning.is_empty() {
            let columns: Vec<String> = self.returning.iter().map(|id| column(context, *id)).collect();
            sql.push_str(&format!(" RETURNING {}", columns.join(", ")));
        }
        sql
    }

    /// Since 6.0 columns left to the database are not mentioned, as long as one column remains.
    fn fields(&self, context: &Context<'_>) -> Vec<(FieldId, Given)> {
        let mut fields: Vec<(FieldId, Given)> =
            self.fields.iter().map(|id| (*id, self.values.inserted(context, context.field(*id)))).collect();
        if context.at_least(6, 0) {
            let mut index = 0;
            while index < fields.len() {
                let (id, given) = &fields[index];
                let left = *given == Given::Default && has_db_default(context, context.field(*id));
                if left && fields.len() > 1 {
                    fields.remove(index);
                } else {
                    index += 1;
                }
            }
        }
        fields
    }

    fn rows(&self, context: &Context<'_>, fields: &[(FieldId, Given)]) -> String {
        let unnest = self.count == Count::Several
            && context.at_least(5, 2)
            && fields.iter().all(|(id, given)| {
                matches!(given, Given::Parameter | Given::Null) && fits_array(context, context.field(*id))
            });
        if unnest {
            let arrays: Vec<String> = fields.iter().map(|(id, _)| array(context.field(*id))).collect();
            return format!("SELECT * FROM UNNEST({})", arrays.join(", "));
        }
        let values: Vec<String> = fields.iter().map(|(id, given)| value(context.field(*id), given)).collect();
        format!("VALUES ({})", values.join(", "))
    }
}

fn value(field: &Field, given: &Given) -> String {
    match given {
        Given::Parameter | Given::Null => placeholder(field),
        Given::Expression(sql) => wrapped(field, sql),
        Given::Default => "DEFAULT".to_owned(),
    }
}

/// `(%s)::type[]`, the type without its arguments lest values be cut.
fn array(field: &Field) -> String {
    let db_type = field.db_type.as_deref().unwrap_or_default();
    format!("(%s)::{}[]", db_type.split('(').next().unwrap_or_default())
}

/// Whether values of the field can be given as an array: columns of Django's own types.
fn fits_array(context: &Context<'_>, field: &Field) -> bool {
    if has_placeholder(field) {
        return false;
    }
    let Some(relation) = &field.relation else { return is_plain(&field.internal_type) };
    let target = relation.to.and_then(|to| {
        let name = relation.to_field.as_deref()?;
        context.models.get(to).field(name)
    });
    target.is_none_or(|target| is_plain(&target.internal_type))
}

/// Keys of `DatabaseWrapper.data_types`.
fn is_plain(internal_type: &str) -> bool {
    matches!(
        internal_type,
        "AutoField"
            | "BigAutoField"
            | "BinaryField"
            | "BooleanField"
            | "CharField"
            | "DateField"
            | "DateTimeField"
            | "DecimalField"
            | "DurationField"
            | "FileField"
            | "FilePathField"
            | "FloatField"
            | "IntegerField"
            | "BigIntegerField"
            | "IPAddressField"
            | "GenericIPAddressField"
            | "JSONField"
            | "OneToOneField"
            | "PositiveBigIntegerField"
            | "PositiveIntegerField"
            | "PositiveSmallIntegerField"
            | "SlugField"
            | "SmallAutoField"
            | "SmallIntegerField"
            | "TextField"
            | "TimeField"
            | "UUIDField"
    )
}
