//! Django's functions and aggregates as data: name, arguments, output.
//!
//! Source: `django/db/models/functions/`, `django/db/models/aggregates.py`, `django/contrib/postgres/`.

use crate::queries::kind::Kind;

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// What its arguments are, all of one type.
    Same,
    /// What its first argument is.
    First,
    Kind(Kind),
    /// `NumericOutputFieldMixin`: decimals stay, whole numbers become floats.
    Numeric,
}

/// A parameter with a name of its own, and what stands for it when it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    Required,
    Absent,
    Int(i128),
    Text(&'static str),
}

/// A function written as `name(arguments)`.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub class: &'static str,
    pub function: &'static str,
    /// `%` stands for the arguments.
    pub template: Option<&'static str>,
    pub joiner: &'static str,
    /// Named parameters; none means any number of positional ones.
    pub parameters: &'static [(&'static str, Fallback)],
    pub gives: Gives,
    /// Floats among the arguments become decimals (`FixDecimalInputMixin`).
    pub decimal: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Aggregate {
    pub class: &'static str,
    pub function: &'static str,
    pub gives: Gives,
    /// Has an `order_by` of its own on every release, which up to 5.2 leaves a space where it is empty.
    pub orderable: bool,
    pub arguments: usize,
}

use Fallback::{Absent, Int, Required, Text};
use Gives::{First, Kind as Is, Numeric, Same};

const ONE: &[(&str, Fallback)] = &[("expression", Required)];
const ANY: &[(&str, Fallback)] = &[];

const fn plain(class: &'static str, function: &'static str, gives: Gives) -> Named {
    Named { class, function, template: None, joiner: ", ", parameters: ANY, gives, decimal: false }
}

const fn with(
    class: &'static str,
    function: &'static str,
    parameters: &'static [(&'static str, Fallback)],
    gives: Gives,
) -> Named {
    Named { class, function, template: None, joiner: ", ", parameters, gives, decimal: false }
}

const fn written(class: &'static str, template: &'static str, gives: Gives) -> Named {
    Named { class, function: "", template: Some(template), joiner: ", ", parameters: ANY, gives, decimal: false }
}

const fn decimal(class: &'static str, function: &'static str) -> Named {
    Named { class, function, template: None, joiner: ", ", parameters: ANY, gives: Numeric, decimal: true }
}

const fn operator(class: &'static str, joiner: &'static str) -> Named {
    Named { class, function: "", template: None, joiner, parameters: ANY, gives: Is(Kind::Float), decimal: false }
}

static FUNCTIONS: &[Named] = &[
    plain("Coalesce", "COALESCE", Same),
    plain("Greatest", "GREATEST", Same),
    plain("Least", "LEAST", Same),
    plain("NullIf", "NULLIF", Same),
    with("Lower", "LOWER", ONE, Same),
    with("Upper", "UPPER", ONE, Same),
    with("Length", "LENGTH", ONE, Is(Kind::Integer)),
    with("Trim", "TRIM", ONE, Same),
    with("LTrim", "LTRIM", ONE, Same),
    with("RTrim", "RTRIM", ONE, Same),
    with("MD5", "MD5", ONE, Same),
    with("Reverse", "REVERSE", ONE, Same),
    with("Ord", "ASCII", ONE, Is(Kind::Integer)),
    with("Chr", "CHR", ONE, Is(Kind::Char)),
    written("SHA1", "ENCODE(DIGEST(%, 'sha1'), 'hex')", Same),
    written("SHA224", "ENCODE(DIGEST(%, 'sha224'), 'hex')", Same),
    written("SHA256", "ENCODE(DIGEST(%, 'sha256'), 'hex')", Same),
    written("SHA384", "ENCODE(DIGEST(%, 'sha384'), 'hex')", Same),
    written("SHA512", "ENCODE(DIGEST(%, 'sha512'), 'hex')", Same),
    with("Left", "LEFT", &[("expression", Required), ("length", Required)], Is(Kind::Char)),
    with("Right", "RIGHT", &[("expression", Required), ("length", Required)], Is(Kind::Char)),
    with("LPad", "LPAD", &[("expression", Required), ("length", Required), ("fill_text", Text(" "))], Is(Kind::Char)),
    with("RPad", "RPAD", &[("expression", Required), ("length", Required), ("fill_text", Text(" "))], Is(Kind::Char)),
    with("Repeat", "REPEAT", &[("expression", Required), ("number", Required)], Is(Kind::Char)),
    with("Replace", "REPLACE", &[("expression", Required), ("text", Required), ("replacement", Text(""))], Same),
    with("StrIndex", "STRPOS", &[("string", Required), ("substring", Required)], Is(Kind::Integer)),
    with("Substr", "SUBSTRING", &[("expression", Required), ("pos", Required), ("length", Absent)], Is(Kind::Char)),
    with("Abs", "ABS", ONE, Same),
    with("ACos", "ACOS", ONE, Numeric),
    with("ASin", "ASIN", ONE, Numeric),
    with("ATan", "ATAN", ONE, Numeric),
    plain("ATan2", "ATAN2", Numeric),
    with("Ceil", "CEILING", ONE, Same),
    with("Cos", "COS", ONE, Numeric),
    with("Cot", "COT", ONE, Numeric),
    with("Degrees", "DEGREES", ONE, Numeric),
    with("Exp", "EXP", ONE, Numeric),
    with("Floor", "FLOOR", ONE, Same),
    with("Ln", "LN", ONE, Numeric),
    decimal("Log", "LOG"),
    decimal("Mod", "MOD"),
    plain("Pi", "PI", Is(Kind::Float)),
    plain("Power", "POWER", Numeric),
    with("Radians", "RADIANS", ONE, Numeric),
    plain("Random", "RANDOM", Is(Kind::Float)),
    Named {
        class: "Round",
        function: "ROUND",
        template: None,
        joiner: ", ",
        parameters: &[("expression", Required), ("precision", Int(0))],
        gives: First,
        decimal: true,
    },
    with("Sign", "SIGN", ONE, Same),
    with("Sin", "SIN", ONE, Numeric),
    with("Sqrt", "SQRT", ONE, Numeric),
    with("Tan", "TAN", ONE, Numeric),
    written("Now", "STATEMENT_TIMESTAMP()", Is(Kind::DateTime)),
    written("TransactionNow", "CURRENT_TIMESTAMP", Is(Kind::DateTime)),
    written("RandomUUID", "GEN_RANDOM_UUID()", Is(Kind::Uuid)),
    plain("UUID4", "UUIDV4", Is(Kind::Uuid)),
    with("UUID7", "UUIDV7", &[("shift", Absent)], Is(Kind::Uuid)),
    plain("CumeDist", "CUME_DIST", Is(Kind::Float)),
    plain("DenseRank", "DENSE_RANK", Is(Kind::Integer)),
    plain("FirstValue", "FIRST_VALUE", Same),
    plain("LastValue", "LAST_VALUE", Same),
    with("Lag", "LAG", &[("expression", Required), ("offset", Int(1)), ("default", Absent)], First),
    with("Lead", "LEAD", &[("expression", Required), ("offset", Int(1)), ("default", Absent)], First),
    with("NthValue", "NTH_VALUE", &[("expression", Required), ("nth", Int(1))], First),
    with("Ntile", "NTILE", &[("num_buckets", Int(1))], Is(Kind::Integer)),
    plain("PercentRank", "PERCENT_RANK", Is(Kind::Float)),
    plain("Rank", "RANK", Is(Kind::Integer)),
    plain("RowNumber", "ROW_NUMBER", Is(Kind::Integer)),
    with("Unaccent", "UNACCENT", ONE, Same),
    // Transforms of range and hstore fields.
    with("RangeStartsWith", "lower", ONE, Same),
    with("RangeEndsWith", "upper", ONE, Same),
    with("IsEmpty", "isempty", ONE, Is(Kind::Boolean)),
    with("LowerInclusive", "LOWER_INC", ONE, Is(Kind::Boolean)),
    with("LowerInfinite", "LOWER_INF", ONE, Is(Kind::Boolean)),
    with("UpperInclusive", "UPPER_INC", ONE, Is(Kind::Boolean)),
    with("UpperInfinite", "UPPER_INF", ONE, Is(Kind::Boolean)),
    with("KeysTransform", "akeys", ONE, Is(Kind::Array)),
    with("ValuesTransform", "avals", ONE, Is(Kind::Array)),
    // `TrigramBase` and `TrigramWordBase`.
    plain("TrigramSimilarity", "SIMILARITY", Is(Kind::Float)),
    operator("TrigramDistance", " <-> "),
    plain("TrigramWordSimilarity", "WORD_SIMILARITY", Is(Kind::Float)),
    plain("TrigramStrictWordSimilarity", "STRICT_WORD_SIMILARITY", Is(Kind::Float)),
    operator("TrigramWordDistance", " <<-> "),
    operator("TrigramStrictWordDistance", " <<<-> "),
    plain("SearchRank", "ts_rank", Is(Kind::Float)),
    plain("SearchRankDensity", "ts_rank_cd", Is(Kind::Float)),
];

const fn aggregate(class: &'static str, function: &'static str, gives: Gives) -> Aggregate {
    Aggregate { class, function, gives, orderable: false, arguments: 1 }
}

const fn orderable(class: &'static str, function: &'static str, gives: Gives) -> Aggregate {
    Aggregate { class, function, gives, orderable: true, arguments: 1 }
}

const fn statistic(class: &'static str, function: &'static str, gives: Gives) -> Aggregate {
    Aggregate { class, function, gives, orderable: false, arguments: 2 }
}

static AGGREGATES: &[Aggregate] = &[
    aggregate("Count", "COUNT", Is(Kind::Integer)),
    aggregate("Sum", "SUM", Same),
    aggregate("Avg", "AVG", Numeric),
    aggregate("Max", "MAX", Same),
    aggregate("Min", "MIN", Same),
    aggregate("StdDev", "STDDEV_POP", Numeric),
    aggregate("Variance", "VAR_POP", Numeric),
    aggregate("AnyValue", "ANY_VALUE", Same),
    aggregate("BitAnd", "BIT_AND", Same),
    aggregate("BitOr", "BIT_OR", Same),
    aggregate("BitXor", "BIT_XOR", Same),
    aggregate("BoolAnd", "BOOL_AND", Is(Kind::Boolean)),
    aggregate("BoolOr", "BOOL_OR", Is(Kind::Boolean)),
    orderable("ArrayAgg", "ARRAY_AGG", Is(Kind::Array)),
    orderable("JSONBAgg", "JSONB_AGG", Is(Kind::Json)),
    orderable("StringAgg", "STRING_AGG", Is(Kind::Text)),
    statistic("Corr", "CORR", Is(Kind::Float)),
    statistic("CovarPop", "COVAR_POP", Is(Kind::Float)),
    statistic("RegrAvgX", "REGR_AVGX", Is(Kind::Float)),
    statistic("RegrAvgY", "REGR_AVGY", Is(Kind::Float)),
    statistic("RegrCount", "REGR_COUNT", Is(Kind::Integer)),
    statistic("RegrIntercept", "REGR_INTERCEPT", Is(Kind::Float)),
    statistic("RegrR2", "REGR_R2", Is(Kind::Float)),
    statistic("RegrSlope", "REGR_SLOPE", Is(Kind::Float)),
    statistic("RegrSXX", "REGR_SXX", Is(Kind::Float)),
    statistic("RegrSXY", "REGR_SXY", Is(Kind::Float)),
    statistic("RegrSYY", "REGR_SYY", Is(Kind::Float)),
];

/// The function of this class name.
pub fn named(class: &str) -> Option<&'static Named> {
    FUNCTIONS.iter().find(|function| function.class == class)
}

/// The aggregate of this class name.
pub fn aggregate_named(class: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.class == class)
}

/// The function that a transform of this name stands for, where the project registers Django's own.
pub(crate) fn registered(name: &str) -> Option<&'static Named> {
    let class = match name {
        "lower" => "Lower",
        "upper" => "Upper",
        "length" => "Length",
        "trim" => "Trim",
        "ltrim" => "LTrim",
        "rtrim" => "RTrim",
        "md5" => "MD5",
        "reverse" => "Reverse",
        "ord" => "Ord",
        "chr" => "Chr",
        "sha1" => "SHA1",
        "sha224" => "SHA224",
        "sha256" => "SHA256",
        "sha384" => "SHA384",
        "sha512" => "SHA512",
        "abs" => "Abs",
        "acos" => "ACos",
        "asin" => "ASin",
        "atan" => "ATan",
        "ceil" => "Ceil",
        "cos" => "Cos",
        "cot" => "Cot",
        "degrees" => "Degrees",
        "exp" => "Exp",
        "floor" => "Floor",
        "ln" => "Ln",
        "radians" => "Radians",
        "round" => "Round",
        "sign" => "Sign",
        "sin" => "Sin",
        "sqrt" => "Sqrt",
        "tan" => "Tan",
        "unaccent" => "Unaccent",
        _ => return None,
    };
    named(class)
}
