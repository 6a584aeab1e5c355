//! What comes out of an expression: as much of a field's type as compiling lookups needs.

use pgwright_schema::Expr;

use super::context::Known;
use crate::model::{Call, Field, Models, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Output {
    Boolean,
    Integer,
    Float,
    Decimal,
    Text,
    Date,
    DateTime,
    Time,
    Duration,
    Uuid,
    Ip,
    Json,
    /// A key of a JSON document, reached from `base`.
    JsonKey {
        base: Box<Expr>,
        path: Vec<String>,
    },
    HStore,
    Array {
        base: Box<Output>,
        db_type: String,
    },
    Range(Box<Output>),
    SearchVector,
    Binary,
    /// Not known, or of no consequence.
    Other,
}

/// The output of a field's column; a foreign key's is that of the field it references.
pub(super) fn of_field(models: &Models, field: &Field) -> Output {
    let mut field = field;
    // Bounded: a key may reference a key that references a key.
    for _ in 0..8 {
        let Some(relation) = &field.relation else { break };
        let Some(target) = relation.to.map(|id| models.get(id)) else { return Output::Other };
        let named = relation.to_field.as_deref().and_then(|name| target.field(name));
        match named.or_else(|| target.primary_key()) {
            Some(next) => field = next,
            None => return Output::Other,
        }
    }
    match field.internal_type.as_str() {
        "ArrayField" => Output::Array {
            base: Box::new(field.base_field.as_deref().map_or(Output::Other, |base| of_field(models, base))),
            db_type: field.db_type.clone().unwrap_or_default(),
        },
        name if name.ends_with("RangeField") => Output::Range(Box::new(range_base(name))),
        name => of_internal_type(name),
    }
}

fn range_base(name: &str) -> Output {
    match name {
        "IntegerRangeField" | "BigIntegerRangeField" => Output::Integer,
        "DecimalRangeField" => Output::Decimal,
        "DateTimeRangeField" => Output::DateTime,
        "DateRangeField" => Output::Date,
        _ => Output::Other,
    }
}

pub(super) fn of_internal_type(name: &str) -> Output {
    match name {
        "BooleanField" | "NullBooleanField" => Output::Boolean,
        "AutoField"
        | "BigAutoField"
        | "SmallAutoField"
        | "IntegerField"
        | "BigIntegerField"
        | "SmallIntegerField"
        | "PositiveIntegerField"
        | "PositiveBigIntegerField"
        | "PositiveSmallIntegerField" => Output::Integer,
        "FloatField" => Output::Float,
        "DecimalField" => Output::Decimal,
        "CharField" | "TextField" | "SlugField" | "FileField" | "FilePathField" | "EmailField" | "URLField"
        | "ImageField" | "CICharField" | "CIEmailField" | "CITextField" => Output::Text,
        "DateField" => Output::Date,
        "DateTimeField" => Output::DateTime,
        "TimeField" => Output::Time,
        "DurationField" => Output::Duration,
        "UUIDField" => Output::Uuid,
        "GenericIPAddressField" | "IPAddressField" => Output::Ip,
        "JSONField" => Output::Json,
        "HStoreField" => Output::HStore,
        "SearchVectorField" => Output::SearchVector,
        "BinaryField" => Output::Binary,
        _ => Output::Other,
    }
}

/// Output and column type of a field given as `output_field=models.CharField(max_length=5)`.
pub(super) fn of_call(value: &Value) -> Known<(Output, String)> {
    let call = match value {
        Value::Call(call) => (**call).clone(),
        // `output_field=models.IntegerField`, without the call, is not valid Django, but read kindly.
        Value::Path(class) => Call { class: class.clone(), mro: Vec::new(), args: Vec::new(), kwargs: Vec::new() },
        _ => return Err("an output_field that is not a field".to_owned()),
    };
    let named = std::iter::once(&call.class).chain(&call.mro).find_map(|path| {
        let name = path.rsplit('.').next().unwrap_or_default();
        (path.starts_with("django.") && column_type(name, &call).is_some()).then_some(name)
    });
    let name = named.ok_or_else(|| format!("the column type of {}", call.class))?;
    let (output, column) = column_type(name, &call).ok_or_else(|| format!("the column type of {}", call.class))?;
    Ok((output, column))
}

fn number(call: &Call, name: &str) -> Option<i128> {
    match call.kwarg(name) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// `DatabaseWrapper.data_types` (`django/db/backends/postgresql/base.py`), as used by `Cast`.
fn column_type(name: &str, call: &Call) -> Option<(Output, String)> {
    let fixed = |output: Output, text: &str| Some((output, text.to_owned()));
    match name {
        "CharField" | "SlugField" | "EmailField" | "URLField" | "FileField" | "FilePathField" => {
            let default = match name {
                "CharField" => None,
                "SlugField" => Some(50),
                "EmailField" => Some(254),
                "URLField" => Some(200),
                _ => Some(100),
            };
            let column = match number(call, "max_length").or(default) {
                Some(length) => format!("varchar({length})"),
                None => "varchar".to_owned(),
            };
            Some((Output::Text, column))
        }
        "TextField" => fixed(Output::Text, "text"),
        "AutoField" | "IntegerField" | "PositiveIntegerField" => fixed(Output::Integer, "integer"),
        "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => fixed(Output::Integer, "bigint"),
        "SmallAutoField" | "SmallIntegerField" | "PositiveSmallIntegerField" => fixed(Output::Integer, "smallint"),
        "FloatField" => fixed(Output::Float, "double precision"),
        "DecimalField" => {
            let column = match (number(call, "max_digits"), number(call, "decimal_places")) {
                (Some(digits), Some(places)) => format!("numeric({digits}, {places})"),
                _ => "numeric".to_owned(),
            };
            Some((Output::Decimal, column))
        }
        "BooleanField" => fixed(Output::Boolean, "boolean"),
        "DateField" => fixed(Output::Date, "date"),
        "DateTimeField" => fixed(Output::DateTime, "timestamp with time zone"),
        "TimeField" => fixed(Output::Time, "time"),
        "DurationField" => fixed(Output::Duration, "interval"),
        "UUIDField" => fixed(Output::Uuid, "uuid"),
        "GenericIPAddressField" => fixed(Output::Ip, "inet"),
        "JSONField" => fixed(Output::Json, "jsonb"),
        "BinaryField" => fixed(Output::Binary, "bytea"),
        "HStoreField" => fixed(Output::HStore, "hstore"),
        "SearchVectorField" => fixed(Output::SearchVector, "tsvector"),
        "SearchQueryField" => fixed(Output::Other, "tsquery"),
        "DateRangeField" => fixed(Output::Range(Box::new(Output::Date)), "daterange"),
        "DateTimeRangeField" => fixed(Output::Range(Box::new(Output::DateTime)), "tstzrange"),
        "IntegerRangeField" => fixed(Output::Range(Box::new(Output::Integer)), "int4range"),
        "BigIntegerRangeField" => fixed(Output::Range(Box::new(Output::Integer)), "int8range"),
        "DecimalRangeField" => fixed(Output::Range(Box::new(Output::Decimal)), "numrange"),
        "ArrayField" => {
            let base = call.args.first().or_else(|| call.kwarg("base_field"))?;
            let (base, column) = of_call(base).ok()?;
            let size = number(call, "size").map(|size| size.to_string()).unwrap_or_default();
            let db_type = format!("{column}[{size}]");
            Some((Output::Array { base: Box::new(base), db_type: db_type.clone() }, db_type))
        }
        _ => None,
    }
}
