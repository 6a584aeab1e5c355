//! Statistics of an index's expressions, where `ANALYZE` has never seen the index.
//!
//! They follow from those of the column: PostgreSQL computes the expression for the values that the column's statistics name, and what
//! comes out has their shares. Without values it is only asked whether different values stay different.

use std::collections::{BTreeMap, HashMap};

use pgwright_schema::expr::quote_text;
use pgwright_schema::names::quote_name;
use pgwright_schema::statistics::{Common, array};
use pgwright_schema::{ColumnStatistics, Statistics, TableStatistics};
use postgres::{Client, Row};

use super::catalogue::{Index, Relation};
use super::files::{Expressions, with_tables};
use crate::Error;

/// So many values are made up where statistics have none.
const MADE_UP: usize = 100;
/// Bytes of a value (`WIDTH_THRESHOLD` in `src/backend/commands/analyze.c`).
const LONGEST: usize = 1024;

/// Of indexes that were not measured. What depends on several columns is not there.
pub(super) fn missing(
    client: &mut Client,
    relations: &[Relation],
    statistics: &Statistics,
) -> Result<Expressions, Error> {
    let mut expressions = Expressions::new();
    for (relation, index, table, found) in with_tables(relations, statistics) {
        if found.index(&relation.name).is_none() {
            let known = of_index(client, relation, index, table, found)?;
            if !known.is_empty() {
                expressions.insert(relation.oid, known);
            }
        }
    }
    Ok(expressions)
}

fn of_index(
    client: &mut Client,
    relation: &Relation,
    index: &Index,
    table: &Relation,
    found: &TableStatistics,
) -> Result<BTreeMap<u16, ColumnStatistics>, Error> {
    let mut expressions = BTreeMap::new();
    for (place, number) in (1_u16..).zip(index.columns.iter().take(index.keys)) {
        if *number != 0 {
            continue;
        }
        let row = client.query_one("SELECT pg_get_indexdef($1, $2, false)", &[&relation.oid, &i32::from(place)])?;
        let expression: &str = row.get(0);
        let mut numbers: Vec<&i16> = table.columns.keys().collect();
        numbers.sort();
        for number in numbers {
            let column = &table.columns[number];
            let Some(known) = found.columns.get(&column.name).filter(|_| expression.contains(&column.name)) else {
                continue;
            };
            if let Some(sample) = compute(client, expression, &column.name, column.type_oid, known)? {
                let rows = found.size.rows_today();
                expressions.extend(outcome(known, &sample, rows).map(|statistics| (place, statistics)));
                break;
            }
        }
    }
    Ok(expressions)
}

/// Values of the expression, in the order of the values it was computed for.
struct Sample {
    /// Text of each, None for NULL, and its place in their order; of equal ones the first comes first, as `ANALYZE` counts.
    values: Vec<(Option<String>, i64)>,
    average_width: f64,
    /// Whether nobody knows the values that it was computed for.
    made_up: bool,
    /// How many different ones there are among values between those that are known, where some repeat.
    between: Option<f64>,
}

/// Values of a column: the most common, then bounds of the histogram, or made up where there are none.
pub(super) struct Source {
    /// A table of the column and `n`, which counts them.
    pub(super) table: String,
    pub(super) made_up: bool,
    /// The same with others between bounds of the histogram, where the type allows.
    between: Option<String>,
}

/// None where the values cannot be listed.
pub(super) fn source(
    client: &mut Client,
    column: &str,
    type_oid: u32,
    known: &ColumnStatistics,
) -> Result<Option<Source>, Error> {
    let row = client
        .query_one("SELECT format_type($1, NULL), typcategory::text FROM pg_type WHERE oid = $1", &[&type_oid])?;
    let (type_, category): (&str, &str) = (row.get(0), row.get(1));
    // Elements of arrays would be taken for arrays.
    if category == "A" {
        return Ok(None);
    }
    let bounds = known.histogram.iter().flatten();
    let values: Vec<String> =
        known.most_common.iter().flat_map(|common| &common.values).chain(bounds.clone()).cloned().collect();
    let list = |values: &[String]| format!("unnest({}::text::{type_}[])", quote_text(&array::write(values)));
    let name = quote_name(column);
    if values.is_empty() {
        let value = match category {
            "S" => "md5(i::text)",
            "N" => "i * 7919",
            "D" => "timestamptz '2020-01-01' + i * interval '37 hours'",
            _ => "NULL",
        };
        let table = format!("(SELECT ({value})::{type_}, i FROM generate_series(1, {MADE_UP}) i) AS t({name}, n)");
        return Ok(Some(Source { table, made_up: true, between: None }));
    }
    let table = format!("{} WITH ORDINALITY AS t({name}, n)", list(&values));
    let step = match (category, type_) {
        ("D", "date") => Some("a + (b - a) * k / 20"),
        ("D", _) => Some("a + (b - a) * (k / 20.0)::float8"),
        ("N", _) => Some("a::numeric + (b::numeric - a::numeric) * k / 20"),
        _ => None,
    };
    let bounds: Vec<String> = bounds.cloned().collect();
    let between = step.filter(|_| bounds.len() > 1).map(|step| {
        format!(
            "(SELECT ({step})::{type_} FROM (SELECT v AS a, lead(v) OVER (ORDER BY v) AS b FROM {} AS v) s, \
             generate_series(0, 19) k WHERE b IS NOT NULL) AS t({name})",
            list(&bounds)
        )
    });
    Ok(Some(Source { table, made_up: false, between }))
}

/// None where the expression needs other columns than this, or cannot be computed for these values.
fn compute(
    client: &mut Client,
    expression: &str,
    column: &str,
    type_oid: u32,
    known: &ColumnStatistics,
) -> Result<Option<Sample>, Error> {
    let Some(source) = source(client, column, type_oid, known)? else { return Ok(None) };
    let statement = format!(
        "SELECT CASE WHEN octet_length(v::text) <= {LONGEST} THEN v::text END, row_number() OVER (ORDER BY v, n), pg_column_size(v) FROM (SELECT {expression} AS v, n FROM {}) s ORDER BY n",
        source.table
    );
    let Some(rows) = ask(client, &statement)? else { return Ok(None) };
    // Neither does `ANALYZE` keep such values.
    if rows.iter().any(|row| row.get::<_, Option<&str>>(0).is_none() && row.get::<_, Option<i32>>(2).is_some()) {
        return Ok(None);
    }
    let widths: Vec<i32> = rows.iter().filter_map(|row| row.get(2)).collect();
    let average_width = widths.iter().map(|width| f64::from(*width)).sum::<f64>() / widths.len().max(1) as f64;
    let values = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut between = None;
    if let Some(table) = source.between {
        let statement = format!("SELECT count(v), count(DISTINCT v) FROM (SELECT {expression} AS v FROM {table}) s");
        between = ask(client, &statement)?
            .and_then(|rows| Some((rows.first()?.get::<_, i64>(0), rows.first()?.get::<_, i64>(1))));
    }
    // Where most repeat, all were seen.
    let between = between.filter(|(all, different)| different * 2 < *all).map(|(_, different)| different as f64);
    Ok(Some(Sample { values, average_width, made_up: source.made_up, between }))
}

/// The answer to a statement that computes an expression of the project's; none where it fails, or takes long.
pub(super) fn ask(client: &mut Client, statement: &str) -> Result<Option<Vec<Row>>, Error> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '2s'")?;
    match transaction.query(statement, &[]) {
        Ok(rows) => Ok(Some(rows)),
        Err(error) if error.is_closed() => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// What is known of the expression: `known` is of the column, of so many rows.
fn outcome(known: &ColumnStatistics, sample: &Sample, rows: f64) -> Option<ColumnStatistics> {
    let mut times: HashMap<&str, (f32, usize, i64)> = HashMap::new();
    let frequencies = known.most_common.iter().flat_map(|common| &common.frequencies).copied();
    let frequent: f32 = frequencies.clone().sum();
    let bounds = sample.values.len() - known.most_common.as_ref().map_or(0, |common| common.values.len());
    let rest = (1.0 - known.null_fraction - frequent).max(0.0) / bounds.max(1) as f32;
    let (mut null_fraction, mut nulls) = (known.null_fraction, 0);
    for ((value, rank), share) in sample.values.iter().zip(frequencies.chain(std::iter::repeat(rest))) {
        match value {
            Some(value) => {
                let entry = times.entry(value).or_insert((0.0, 0, *rank));
                entry.0 += share;
                entry.1 += 1;
            }
            None => {
                null_fraction += share;
                nulls += 1;
            }
        }
    }
    let computed = sample.values.len() - nulls;
    let stay_different = times.len() == computed && computed > 0 && sample.between.is_none();
    if sample.made_up && !stay_different {
        return None;
    }
    // Values seen once tell how many have not been seen (Chao's estimate).
    let seen = |count: usize| times.values().filter(|(_, times, _)| *times == count).count() as f32;
    let unseen = seen(1) * (seen(1) - 1.0).max(0.0) / (2.0 * (seen(2) + 1.0));
    let seen_or_not = sample.between.map_or(times.len() as f32 + unseen, |between| between as f32);
    let distinct = match (stay_different, known.distinct_of(rows)) {
        (true, _) if known.distinct < 0.0 => known.distinct,
        (true, _) => known.distinct * computed as f32 / sample.values.len() as f32,
        (false, of_column) => of_column.map_or(seen_or_not, |most| seen_or_not.min(most as f32)),
    };
    let mut statistics = ColumnStatistics {
        type_: None,
        null_fraction,
        average_width: sample.average_width.round().max(1.0) as u32,
        distinct,
        ..ColumnStatistics::default()
    };
    if sample.made_up {
        return Some(statistics);
    }
    let mut by_rank: Vec<(&str, f32, usize, i64)> =
        times.into_iter().map(|(value, (share, times, rank))| (value, share, times, rank)).collect();
    by_rank.sort_by_key(|(.., rank)| *rank);
    // All values were seen, or some more often than a bound of the histogram stands for.
    let all_seen = unseen < 1.0 && !stay_different && sample.between.is_none();
    let is_common = |share: f32, times: usize| all_seen || times > 1 || share > rest * 1.01;
    let (mut common, others): (Vec<_>, Vec<_>) =
        by_rank.into_iter().partition(|(_, share, times, _)| is_common(*share, *times));
    common.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.3.cmp(&right.3)));
    if !common.is_empty() {
        statistics.most_common = Some(Common {
            values: common.iter().map(|(value, ..)| (*value).to_owned()).collect(),
            frequencies: common.iter().map(|(_, share, ..)| *share).collect(),
        });
    }
    if others.len() > 1 {
        statistics.histogram = Some(others.iter().map(|(value, ..)| (*value).to_owned()).collect());
    }
    statistics.correlation =
        known.correlation.map(|correlation| correlation * agreement(&sample.values[sample.values.len() - bounds..]));
    Some(statistics)
}

/// Of the order of values computed with the order of the values they were computed for (Spearman's coefficient), for bounds of a
/// histogram, which come last and in order.
fn agreement(values: &[(Option<String>, i64)]) -> f32 {
    let ranks: Vec<f32> = values.iter().filter(|(value, _)| value.is_some()).map(|(_, rank)| *rank as f32).collect();
    let count = ranks.len() as f32;
    if ranks.len() < 3 {
        return 1.0;
    }
    let mean = ranks.iter().sum::<f32>() / count;
    let middle = (count - 1.0) / 2.0;
    let (mut both, mut own, mut places) = (0.0, 0.0, 0.0);
    for (place, rank) in ranks.iter().enumerate() {
        let (x, y) = (place as f32 - middle, rank - mean);
        both += x * y;
        own += y * y;
        places += x * x;
    }
    if own > 0.0 { both / (own * places).sqrt() } else { 1.0 }
}
