//! PostgreSQL's column types of Django's internal types.

use crate::model::Field;

/// Column type of an internal type (`DatabaseWrapper.data_types` of Django's PostgreSQL backend). None: not a column.
pub(crate) fn column_type(internal: &str, field: &Field) -> Option<String> {
    let varying = || field.max_length.map_or_else(|| "varchar".to_owned(), |length| format!("varchar({length})"));
    Some(match internal {
        "AutoField" | "IntegerField" | "PositiveIntegerField" | "OneToOneField" => "integer".to_owned(),
        "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => "bigint".to_owned(),
        "SmallAutoField" | "SmallIntegerField" | "PositiveSmallIntegerField" => "smallint".to_owned(),
        "BinaryField" => "bytea".to_owned(),
        "BooleanField" | "NullBooleanField" => "boolean".to_owned(),
        "CharField" | "FileField" | "FilePathField" | "SlugField" => varying(),
        "DateField" => "date".to_owned(),
        "DateTimeField" => "timestamp with time zone".to_owned(),
        "DecimalField" => match (field.max_digits, field.decimal_places) {
            (Some(digits), Some(places)) => format!("numeric({digits}, {places})"),
            _ => "numeric".to_owned(),
        },
        "DurationField" => "interval".to_owned(),
        "FloatField" => "double precision".to_owned(),
        "IPAddressField" | "GenericIPAddressField" => "inet".to_owned(),
        "JSONField" => "jsonb".to_owned(),
        "TextField" => "text".to_owned(),
        "TimeField" => "time".to_owned(),
        "UUIDField" => "uuid".to_owned(),
        _ => return special_type(field),
    })
}

/// Types that field classes of `django.contrib.postgres` give themselves.
fn special_type(field: &Field) -> Option<String> {
    let class = field.class.rsplit('.').next().unwrap_or_default();
    Some(match (class, field.internal_type.as_str()) {
        ("ArrayField", _) | (_, "ArrayField") => {
            let base = field.base_field.as_ref()?.db_type.clone()?;
            match field.max_length {
                Some(size) => format!("{base}[{size}]"),
                None => format!("{base}[]"),
            }
        }
        (_, "HStoreField") => "hstore".to_owned(),
        (_, "SearchVectorField") => "tsvector".to_owned(),
        (_, "SearchQueryField") => "tsquery".to_owned(),
        (_, "IntegerRangeField") => "int4range".to_owned(),
        (_, "BigIntegerRangeField") => "int8range".to_owned(),
        (_, "DecimalRangeField") => "numrange".to_owned(),
        (_, "DateTimeRangeField") => "tstzrange".to_owned(),
        (_, "DateRangeField") => "daterange".to_owned(),
        // A generated column's type was taken from its output field.
        _ => return field.db_type.clone(),
    })
}

/// Type of a column that references one of this kind (`Field.rel_db_type`).
pub(crate) fn related_type(internal: &str, db_type: Option<&str>) -> Option<String> {
    match internal {
        "AutoField" | "PositiveIntegerField" => Some("integer".to_owned()),
        "BigAutoField" | "PositiveBigIntegerField" => Some("bigint".to_owned()),
        "SmallAutoField" | "PositiveSmallIntegerField" => Some("smallint".to_owned()),
        _ => db_type.map(str::to_owned),
    }
}
