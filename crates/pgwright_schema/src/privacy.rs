//! Statistics without the values of people: what may leave a database.

use std::cmp::Ordering;

use crate::activity::Activity;
use crate::statistics::{ColumnStatistics, Common, Statistics};

/// Which values statistics keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// All as they are.
    All,
    /// Numbers, dates, times, booleans and labels of enumerations; others are replaced by placeholders in the same order.
    Safe,
    /// None. Frequencies stay, but without values no parameter is known to be a frequent one.
    None,
}

/// Leaves of the values what `values` says.
pub fn keep(statistics: &mut Statistics, values: Values) {
    for table in statistics.tables.values_mut() {
        let expressions = table.indexes.iter_mut().flat_map(|index| index.expressions.values_mut());
        for column in table.columns.values_mut().chain(expressions) {
            match values {
                Values::All => {}
                Values::Safe => keep_safe(column),
                Values::None => drop_all(column),
            }
        }
    }
}

/// Leaves of the statements' texts what `values` says: all, those without any constant, or none.
///
/// `pg_stat_statements` has `$1` for constants, but keeps a text as it was sent when its entry was thrown out meanwhile; comments stay.
pub fn keep_statements(activity: &mut Activity, values: Values) {
    match values {
        Values::All => {}
        Values::Safe => activity.statements.retain(|statement| {
            let text = &statement.text;
            !(text.contains('\'') || text.contains("$$") || text.contains("--") || text.contains("/*"))
        }),
        Values::None => activity.statements.clear(),
    }
}

fn drop_all(column: &mut ColumnStatistics) {
    column.most_common = None;
    column.histogram = None;
    column.most_common_elements = None;
    column.element_counts = None;
    column.ranges = None;
}

/// What a type's values tell.
enum Kind {
    /// Numbers and times.
    Plain,
    /// Texts: a placeholder is a text.
    Text,
    Json,
    Address,
    Uuid,
    /// Of texts.
    Elements,
    /// Ranges, of numbers and times.
    Range,
    /// Nothing is known of the type, or no placeholder is possible.
    Other,
}

fn kind(column: &ColumnStatistics) -> Kind {
    let of = |type_: &str| match type_ {
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "money" | "oid" | "bool" | "date" | "time"
        | "timetz" | "timestamp" | "timestamptz" | "interval" => Kind::Plain,
        "text" | "varchar" | "bpchar" | "citext" | "name" => Kind::Text,
        "jsonb" => Kind::Json,
        "inet" => Kind::Address,
        "uuid" => Kind::Uuid,
        "tsvector" => Kind::Elements,
        range if range.ends_with("range") => Kind::Range,
        _ => Kind::Other,
    };
    match column.type_.as_deref() {
        None => Kind::Other,
        Some(type_) => match (of(type_), type_.strip_prefix('_').map(of)) {
            (_, Some(Kind::Plain)) => Kind::Plain,
            (_, Some(Kind::Text)) => Kind::Elements,
            // What GIN keeps of a text is numbers: its statistics have the text all the same.
            (Kind::Plain, None) if !all_values(column).all(|value| is_plain(value)) => Kind::Text,
            (kind, _) => kind,
        },
    }
}

fn all_values(column: &ColumnStatistics) -> impl Iterator<Item = &String> {
    let common = column.most_common.iter().flat_map(|common| &common.values);
    common.chain(column.histogram.iter().flatten())
}

/// Whether a value is a number, a date, a time or a truth value, by its letters: none but those of such values.
fn is_plain(value: &str) -> bool {
    let words = ["t", "f", "true", "false", "infinity", "-infinity", "NaN", "Infinity", "-Infinity"];
    let parts = |value: &str| {
        value.split([' ', ':', '-', '+', '.', ',', '$', '{', '}', '"', '(', ')', '[', ']']).all(|part| {
            part.chars().all(|c| c.is_ascii_digit())
                || words.contains(&part)
                || matches!(part, "e" | "NULL" | "BC" | "day" | "days" | "mon" | "mons" | "year" | "years")
                || part.strip_suffix('e').is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit()))
        })
    };
    words.contains(&value) || parts(value)
}

fn keep_safe(column: &mut ColumnStatistics) {
    let placeholder: fn(usize) -> String = match kind(column) {
        Kind::Plain | Kind::Range => return,
        Kind::Text => |rank| format!("v{rank:05}"),
        Kind::Json => |rank| format!("\"v{rank:05}\""),
        Kind::Address => |rank| format!("10.{}.{}.0", rank / 256 % 256, rank % 256),
        Kind::Uuid => |rank| format!("{:08x}-0000-4000-8000-000000000000", rank.saturating_mul(1 << 16)),
        Kind::Elements => {
            column.most_common = None;
            column.histogram = None;
            if let Some(elements) = &mut column.most_common_elements {
                // They are kept in their own order.
                for (rank, value) in elements.values.iter_mut().enumerate() {
                    *value = format!("v{rank:05}");
                }
            }
            return;
        }
        Kind::Other => return drop_all(column),
    };
    replace(column, placeholder);
}

/// Puts placeholders in place of values, each the same everywhere, in the order of the values.
fn replace(column: &mut ColumnStatistics, placeholder: fn(usize) -> String) {
    // Bounds come in the database's order. Where common values stand among them is told by letters, which is nearly that order.
    let mut order: Vec<String> = Vec::new();
    for bound in column.histogram.iter().flatten() {
        if order.last() != Some(bound) {
            order.push(bound.clone());
        }
    }
    for value in column.most_common.iter().flat_map(|common| &common.values) {
        let at = order.partition_point(|other| compare(other, value) == Ordering::Less);
        order.insert(at, value.clone());
    }
    let ranks: std::collections::HashMap<String, usize> =
        order.into_iter().enumerate().map(|(rank, value)| (value, rank + 1)).collect();
    let rename = |value: &mut String| *value = placeholder(ranks.get(value).copied().unwrap_or_default());
    if let Some(Common { values, .. }) = &mut column.most_common {
        values.iter_mut().for_each(rename);
    }
    column.histogram.iter_mut().flatten().for_each(rename);
}

/// As most collations do: letters first, then case.
fn compare(left: &str, right: &str) -> Ordering {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    letters(left).cmp(&letters(right)).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::StatementActivity;
    use crate::statistics::TableStatistics;

    fn column(type_: &str, common: &[&str], bounds: &[&str]) -> ColumnStatistics {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        ColumnStatistics {
            type_: Some(type_.to_owned()),
            most_common: Some(Common { values: owned(common), frequencies: vec![0.1; common.len()] }),
            histogram: Some(owned(bounds)),
            ..ColumnStatistics::default()
        }
    }

    fn kept(column: ColumnStatistics, values: Values) -> ColumnStatistics {
        let columns = [("c".to_owned(), column)].into_iter().collect();
        let table = TableStatistics { columns, ..TableStatistics::default() };
        let mut statistics = Statistics { tables: [("t".to_owned(), table)].into_iter().collect() };
        keep(&mut statistics, values);
        statistics.tables.remove("t").and_then(|mut table| table.columns.remove("c")).unwrap_or_default()
    }

    #[test]
    fn texts_become_placeholders_in_their_order() {
        let safe = kept(column("varchar", &["Meyer", "Ng"], &["Abel", "Meier", "Olsen"]), Values::Safe);
        assert_eq!(safe.histogram.unwrap_or_default(), ["v00001", "v00002", "v00005"]);
        assert_eq!(safe.most_common.map(|common| common.values).unwrap_or_default(), ["v00003", "v00004"]);
    }

    #[test]
    fn numbers_and_times_stay_and_what_looks_like_them_is_looked_at() {
        let date = column("timestamptz", &["2024-01-01 00:00:00+00"], &["2024-01-01 12:30:00.123+02"]);
        assert_eq!(kept(date.clone(), Values::Safe), date);
        let number = column("numeric", &["-1.50", "NaN"], &["1e-07", "12"]);
        assert_eq!(kept(number.clone(), Values::Safe), number);
        // GIN keeps integers of an expression that is a text.
        let trigrams = kept(column("int4", &["SECRET NAME"], &["A", "B"]), Values::Safe);
        assert!(!format!("{trigrams:?}").contains("SECRET"));
    }

    #[test]
    fn statements_with_constants_stay_where_they_are() {
        let texts =
            ["SELECT $1", "SELECT 'SECRET'", "SELECT 1 /* SECRET */", "SELECT $$SECRET$$", "SELECT 1 -- SECRET"];
        let statement = |text: &&str| StatementActivity { text: (*text).to_owned(), ..StatementActivity::default() };
        let all = Activity { statements: texts.iter().map(statement).collect(), ..Activity::default() };
        let left = |values| {
            let mut kept = all.clone();
            keep_statements(&mut kept, values);
            kept.statements.len()
        };
        assert_eq!((left(Values::All), left(Values::Safe), left(Values::None)), (5, 1, 0));
    }

    #[test]
    fn nothing_stays_of_types_that_are_not_known_and_of_anything_with_none() {
        for type_ in ["hstore", "bytea", "macaddr", "custom", "_custom"] {
            assert!(
                !format!("{:?}", kept(column(type_, &["SECRET"], &["SECRET2"]), Values::Safe)).contains("SECRET"),
                "{type_}"
            );
        }
        for type_ in ["jsonb", "inet", "uuid", "_text", "tsvector", "citext", "bpchar", "xml"] {
            assert!(
                !format!("{:?}", kept(column(type_, &["SECRET"], &["SECRET2"]), Values::Safe)).contains("SECRET"),
                "{type_}"
            );
        }
        assert!(!format!("{:?}", kept(column("int4", &["4711"], &["4712"]), Values::None)).contains("471"));
    }
}
