//! The parts that GIN (and trigrams in GiST) make of values, which the size of an index depends on.
//!
//! Statistics have them for arrays and `tsvector`s. For the rest PostgreSQL takes the values apart that statistics name.

use std::collections::HashMap;

use pgwright_schema::ColumnStatistics;
use pgwright_schema::estimate::Elements;
use postgres::Client;

use super::expressions::{self, Source};
use crate::Error;

/// Elements that are looked at.
const MOST: usize = 100_000;

/// A key of an index.
pub(super) struct Key<'k> {
    /// As SQL over the column that the source has.
    pub(super) expression: &'k str,
    pub(super) class: &'k str,
    /// Of the column that the expression is of, or of the key itself.
    pub(super) known: &'k ColumnStatistics,
    /// Rows of the table.
    pub(super) rows: f64,
}

/// The elements of a value `v`, each once, for an operator class that takes values apart.
fn taken_apart(class: &str) -> Option<&'static str> {
    // Of JSON `jsonb_ops` keeps keys and values, `jsonb_path_ops` values with the path to them.
    match class {
        "gin_trgm_ops" | "gist_trgm_ops" => Some("SELECT unnest(show_trgm(v))"),
        "tsvector_ops" => Some("SELECT unnest(tsvector_to_array(v))"),
        "jsonb_ops" => Some(
            "SELECT DISTINCT e FROM (SELECT p.value #>> '{}' FROM jsonb_path_query(v, '$.**') AS p(value) \
             WHERE jsonb_typeof(p.value) NOT IN ('object', 'array') \
             UNION ALL SELECT 'key ' || (p.value ->> 'key') FROM jsonb_path_query(v, '$.** ? (@.type() == \"object\").keyvalue()') AS p(value)) AS x(e)",
        ),
        "jsonb_path_ops" => Some(
            "SELECT DISTINCT o.key || ' ' || (p.value #>> '{}') \
             FROM jsonb_each(CASE WHEN jsonb_typeof(v) = 'object' THEN v ELSE jsonb_build_object('', v) END) o, \
             jsonb_path_query(o.value, '$.**') AS p(value) WHERE jsonb_typeof(p.value) NOT IN ('object', 'array')",
        ),
        _ => None,
    }
}

/// What an element takes in the index, in bytes.
fn width(class: &str, average: f64) -> f64 {
    match class {
        // Three bytes, and a hash, as integers.
        "gin_trgm_ops" | "jsonb_path_ops" => 4.0,
        // With a byte for its kind.
        "jsonb_ops" => average + 2.0,
        _ => average + 1.0,
    }
}

/// Distinct elements of a value: of trigrams in GiST, where a value is kept with all of them.
pub(super) fn per_value(client: &mut Client, key: &Key<'_>, source: &Source) -> Result<Option<f64>, Error> {
    Ok(sample(client, key, source)?.map(|shares| shares.values().map(|(share, _)| f64::from(*share)).sum()))
}

/// None where nothing tells.
pub(super) fn of_key(client: &mut Client, key: &Key<'_>, source: Option<&Source>) -> Result<Option<Elements>, Error> {
    let known = key.known;
    if let Some(common) = &known.most_common_elements {
        // Those that are not among the common ones have together what is left of the average number.
        let frequencies = common.frequencies.iter().take(common.values.len()).map(|share| f64::from(*share));
        let mut shares: Vec<(f64, f64)> = frequencies.map(|share| (share, 1.0)).collect();
        let per_value =
            known.element_counts.as_ref().and_then(|counts| counts.last()).map(|average| f64::from(*average));
        let least = shares.last().map_or(1.0, |(share, _)| *share);
        let rest = per_value.map_or(0.0, |average| average - shares.iter().map(|(share, _)| share).sum::<f64>());
        if rest > 0.05 {
            let share = (least / 2.0).max(1.0 / key.rows.max(1.0));
            shares.push((share, rest / share));
        }
        let bytes = common.values.iter().map(String::len).sum::<usize>() as f64 / common.values.len().max(1) as f64;
        return Ok(Some(Elements { shares, width: width(key.class, bytes) }));
    }
    if let (None, Some(distinct)) = (taken_apart(key.class), known.distinct_of(key.rows))
        && !matches!(key.class, "array_ops" | "gin_hstore_ops")
    {
        // `btree_gin`: the value itself.
        let frequencies = known.most_common.iter().flat_map(|common| &common.frequencies);
        let mut shares: Vec<(f64, f64)> = frequencies.map(|share| (f64::from(*share), 1.0)).collect();
        let rest = 1.0 - f64::from(known.null_fraction) - shares.iter().map(|(share, _)| share).sum::<f64>();
        let others = distinct - shares.len() as f64;
        if others >= 1.0 && rest > 0.0 {
            shares.push((rest / others, others));
        }
        return Ok(Some(Elements { shares, width: f64::from(known.average_width) }));
    }
    let Some(source) = source.filter(|source| !source.made_up) else { return Ok(None) };
    Ok(sample(client, key, source)?.map(|sample| spread(&sample, key)))
}

/// By element: the share of values that have it, and how many of the sample do.
type Shares = HashMap<String, (f32, usize)>;

fn sample(client: &mut Client, key: &Key<'_>, source: &Source) -> Result<Option<Shares>, Error> {
    let Some(apart) = taken_apart(key.class) else { return Ok(None) };
    let statement = format!(
        "SELECT n, left(e.e::text, 256) FROM (SELECT {} AS v, n FROM {}) s, LATERAL ({apart}) AS e(e) LIMIT {MOST}",
        key.expression, source.table
    );
    let Some(rows) = expressions::ask(client, &statement)? else { return Ok(None) };
    let common = key.known.most_common.iter().flat_map(|common| &common.frequencies).copied();
    let frequencies: Vec<f32> = common.collect();
    let bounds = key.known.histogram.as_ref().map_or(0, Vec::len).max(1);
    let rest = (1.0 - key.known.null_fraction - frequencies.iter().sum::<f32>()).max(0.0) / bounds as f32;
    let mut shares = Shares::new();
    for row in &rows {
        let place: i64 = row.get(0);
        let share = usize::try_from(place - 1).ok().and_then(|at| frequencies.get(at)).copied().unwrap_or(rest);
        let entry = shares.entry(row.get(1)).or_insert((0.0, 0));
        entry.0 += share;
        entry.1 += 1;
    }
    Ok((!shares.is_empty()).then_some(shares))
}

/// From a sample to all values: elements that are in one value only stand for others that are in none of the sample.
fn spread(sample: &Shares, key: &Key<'_>) -> Elements {
    let once = sample.values().filter(|(_, times)| *times == 1).count() as f64;
    let twice = sample.values().filter(|(_, times)| *times == 2).count() as f64;
    let mut shares: Vec<(f64, f64)> =
        sample.values().filter(|(_, times)| *times > 1).map(|(share, _)| (f64::from(*share), 1.0)).collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    let rare: f64 = sample.values().filter(|(_, times)| *times == 1).map(|(share, _)| f64::from(*share)).sum();
    if once > 0.0 {
        // Chao's estimate, where it has something to go by; no more than one for each time that one occurs, and no more in each
        // different value than in those of the sample.
        let repeated = if twice > 0.0 { once * once / (2.0 * twice) } else { f64::INFINITY };
        let known = key.known;
        let sampled = known.most_common.as_ref().map_or(0, |common| common.values.len())
            + known.histogram.as_ref().map_or(0, Vec::len);
        let of_values =
            known.distinct_of(key.rows).map_or(f64::INFINITY, |distinct| once / sampled.max(1) as f64 * distinct);
        let count = (once + repeated).min(of_values).min(rare * key.rows).max(1.0);
        shares.push((rare / count, count));
    }
    let bytes = sample.keys().map(String::len).sum::<usize>() as f64 / sample.len().max(1) as f64;
    Elements { shares, width: width(key.class, bytes) }
}
