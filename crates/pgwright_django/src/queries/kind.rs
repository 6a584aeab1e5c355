//! Types of fields and expressions, as far as SQL text depends on them.

use std::sync::Arc;

use super::context::{Context, FieldId};

/// A field class of Django. Classes that make no difference to SQL share one (`EmailField` is a `CharField`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Auto,
    BigAuto,
    SmallAuto,
    Integer,
    BigInteger,
    SmallInteger,
    PositiveInteger,
    PositiveBigInteger,
    PositiveSmallInteger,
    Float,
    Decimal,
    Boolean,
    Char,
    Text,
    CiText,
    File,
    Date,
    DateTime,
    Time,
    Duration,
    Uuid,
    Ip,
    Json,
    Binary,
    HStore,
    Array,
    IntegerRange,
    BigIntegerRange,
    DecimalRange,
    DateTimeRange,
    DateRange,
    SearchVector,
    SearchQuery,
    /// A foreign key or one-to-one field itself, not what it references.
    Relation,
    /// A field class of its own.
    Other,
}

impl Kind {
    /// From `get_internal_type()`.
    pub fn of(internal_type: &str) -> Kind {
        match internal_type {
            "AutoField" => Kind::Auto,
            "BigAutoField" => Kind::BigAuto,
            "SmallAutoField" => Kind::SmallAuto,
            "IntegerField" => Kind::Integer,
            "BigIntegerField" => Kind::BigInteger,
            "SmallIntegerField" => Kind::SmallInteger,
            "PositiveIntegerField" => Kind::PositiveInteger,
            "PositiveBigIntegerField" => Kind::PositiveBigInteger,
            "PositiveSmallIntegerField" => Kind::PositiveSmallInteger,
            "FloatField" => Kind::Float,
            "DecimalField" => Kind::Decimal,
            "BooleanField" | "NullBooleanField" => Kind::Boolean,
            "CharField" | "SlugField" | "EmailField" | "URLField" | "CommaSeparatedIntegerField" => Kind::Char,
            "TextField" => Kind::Text,
            "CICharField" | "CIEmailField" | "CITextField" => Kind::CiText,
            "FileField" | "FilePathField" | "ImageField" => Kind::File,
            "DateField" => Kind::Date,
            "DateTimeField" => Kind::DateTime,
            "TimeField" => Kind::Time,
            "DurationField" => Kind::Duration,
            "UUIDField" => Kind::Uuid,
            "GenericIPAddressField" | "IPAddressField" => Kind::Ip,
            "JSONField" => Kind::Json,
            "BinaryField" => Kind::Binary,
            "HStoreField" => Kind::HStore,
            "ArrayField" => Kind::Array,
            "IntegerRangeField" => Kind::IntegerRange,
            "BigIntegerRangeField" => Kind::BigIntegerRange,
            "DecimalRangeField" => Kind::DecimalRange,
            "DateTimeRangeField" => Kind::DateTimeRange,
            "DateRangeField" => Kind::DateRange,
            "SearchVectorField" => Kind::SearchVector,
            "SearchQueryField" => Kind::SearchQuery,
            "ForeignKey" | "OneToOneField" => Kind::Relation,
            _ => Kind::Other,
        }
    }

    pub fn is_integer(self) -> bool {
        matches!(
            self,
            Kind::Auto
                | Kind::BigAuto
                | Kind::SmallAuto
                | Kind::Integer
                | Kind::BigInteger
                | Kind::SmallInteger
                | Kind::PositiveInteger
                | Kind::PositiveBigInteger
                | Kind::PositiveSmallInteger
        )
    }

    pub fn is_text(self) -> bool {
        matches!(self, Kind::Char | Kind::Text | Kind::CiText)
    }

    pub fn is_range(self) -> bool {
        matches!(
            self,
            Kind::IntegerRange | Kind::BigIntegerRange | Kind::DecimalRange | Kind::DateTimeRange | Kind::DateRange
        )
    }

    pub fn is_date(self) -> bool {
        matches!(self, Kind::Date | Kind::DateTime)
    }

    /// `isinstance(field, other's class)`.
    pub fn is_a(self, other: Kind) -> bool {
        if self == other {
            return true;
        }
        match other {
            Kind::Integer => self.is_integer(),
            Kind::BigInteger => matches!(self, Kind::BigAuto | Kind::PositiveBigInteger),
            Kind::SmallInteger => matches!(self, Kind::SmallAuto | Kind::PositiveSmallInteger),
            Kind::Date => self == Kind::DateTime,
            _ => false,
        }
    }

    /// The column type of such a field without arguments (`DatabaseWrapper.data_types`), as `Cast` writes it.
    pub fn cast_type(self) -> &'static str {
        match self {
            Kind::Auto | Kind::Integer | Kind::PositiveInteger => "integer",
            Kind::BigAuto | Kind::BigInteger | Kind::PositiveBigInteger => "bigint",
            Kind::SmallAuto | Kind::SmallInteger | Kind::PositiveSmallInteger => "smallint",
            Kind::Float => "double precision",
            Kind::Decimal => "numeric",
            Kind::Boolean => "boolean",
            Kind::Char | Kind::File => "varchar",
            Kind::CiText => "citext",
            Kind::Text | Kind::Array | Kind::Relation | Kind::Other => "text",
            Kind::Date => "date",
            Kind::DateTime => "timestamp with time zone",
            Kind::Time => "time",
            Kind::Duration => "interval",
            Kind::Uuid => "uuid",
            Kind::Ip => "inet",
            Kind::Json => "jsonb",
            Kind::Binary => "bytea",
            Kind::HStore => "hstore",
            Kind::IntegerRange => "int4range",
            Kind::BigIntegerRange => "int8range",
            Kind::DecimalRange => "numrange",
            Kind::DateTimeRange => "tstzrange",
            Kind::DateRange => "daterange",
            Kind::SearchVector => "tsvector",
            Kind::SearchQuery => "tsquery",
        }
    }

    /// What a range's ends are.
    pub fn range_base(self) -> Kind {
        match self {
            Kind::IntegerRange => Kind::Integer,
            Kind::BigIntegerRange => Kind::BigInteger,
            Kind::DecimalRange => Kind::Decimal,
            Kind::DateTimeRange => Kind::DateTime,
            Kind::DateRange => Kind::Date,
            _ => Kind::Other,
        }
    }

    /// Bounds that Django checks before it asks the database (`BaseDatabaseOperations.integer_field_ranges`).
    pub fn integer_bounds(self) -> Option<(i128, i128)> {
        Some(match self {
            Kind::SmallInteger | Kind::SmallAuto => (i128::from(i16::MIN), i128::from(i16::MAX)),
            Kind::Integer | Kind::Auto => (i128::from(i32::MIN), i128::from(i32::MAX)),
            Kind::BigInteger | Kind::BigAuto => (i128::from(i64::MIN), i128::from(i64::MAX)),
            Kind::PositiveSmallInteger => (0, i128::from(i16::MAX)),
            Kind::PositiveInteger => (0, i128::from(i32::MAX)),
            Kind::PositiveBigInteger => (0, i128::from(i64::MAX)),
            _ => return None,
        })
    }
}

/// `output_field`: what an expression gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// A field of a model. For a foreign key this is the key itself: lookups on it are those of relations.
    Field(FieldId),
    /// The far end of a relation met from the other side.
    Reverse(FieldId),
    Kind(Kind),
    /// A field made in an expression, with the column type it has.
    Typed(Arc<Typed>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Typed {
    pub kind: Kind,
    /// `cast_db_type`.
    pub db_type: String,
    pub base: Option<Output>,
}

impl Output {
    pub fn kind(&self, context: &Context) -> Kind {
        match self {
            Output::Field(field) => context.kind(*field),
            Output::Reverse(_) => Kind::Relation,
            Output::Kind(kind) => *kind,
            Output::Typed(typed) => typed.kind,
        }
    }

    pub fn is_relation(&self, context: &Context) -> bool {
        match self {
            Output::Field(field) => context.field(*field).relation.is_some(),
            Output::Reverse(_) => true,
            _ => false,
        }
    }

    /// The column type for `Cast` and placeholders.
    pub fn cast_type(&self, context: &Context) -> String {
        match self {
            Output::Field(field) => {
                let field = context.field(*field);
                match Kind::of(&field.internal_type) {
                    Kind::Char if field.max_length.is_none() => "varchar".to_owned(),
                    _ => field.db_type.clone().unwrap_or_default(),
                }
            }
            Output::Reverse(_) => String::new(),
            // Django's own slip, mended in 6.1.
            Output::Kind(Kind::Decimal) if !context.at_least(6, 1) => "numeric(None, None)".to_owned(),
            Output::Kind(kind) => kind.cast_type().to_owned(),
            Output::Typed(typed) => typed.db_type.clone(),
        }
    }

    /// The element of an array, the ends of a range.
    pub fn base(&self, context: &Context) -> Output {
        match self {
            Output::Field(field) => {
                let field = context.field(*field);
                match (&field.base_field, Kind::of(&field.internal_type)) {
                    (Some(base), _) => Output::of_plain(base),
                    (None, kind) => Output::Kind(kind.range_base()),
                }
            }
            Output::Typed(typed) => match &typed.base {
                Some(base) => base.clone(),
                None => Output::Kind(typed.kind.range_base()),
            },
            Output::Kind(kind) => Output::Kind(kind.range_base()),
            Output::Reverse(_) => Output::Kind(Kind::Other),
        }
    }

    /// A field that belongs to no model.
    pub fn of_plain(field: &crate::model::Field) -> Output {
        Output::Typed(Arc::new(Typed {
            kind: Kind::of(&field.internal_type),
            db_type: field.db_type.clone().unwrap_or_default(),
            base: field.base_field.as_deref().map(Output::of_plain),
        }))
    }
}
