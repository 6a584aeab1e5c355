//! What share of a table's rows fulfils a condition (`utils/adt/selfuncs.c`, `optimizer/path/clausesel.c`).

use super::TableFacts;
use super::values::{compare, is_like, position_between};
use crate::catalog::{OperatorId, Type, catalog};
use crate::statistics::ColumnStatistics;
use crate::terms::{Kind, SubqueryUsage, Term, text_value};

/// The planner's constants for what it cannot tell (`utils/selfuncs.h`).
const INEQUALITY: f64 = 1.0 / 3.0;
const RANGE: f64 = 0.005;
const MATCHING: f64 = 0.01;
const DISTINCT: f64 = 200.0;
const UNKNOWN_FUNCTION: f64 = 1.0 / 3.0;
const TEXT_SEARCH: f64 = 0.005;

/// The share of rows that fulfils all of the conditions, which are about relation 0.
pub(super) fn all_of(clauses: &[Term], facts: &TableFacts) -> f64 {
    let mut share = 1.0;
    // A bound from below and one from above of the same thing are a range.
    let mut ranges: Vec<(&Term, Option<f64>, Option<f64>)> = Vec::new();
    for clause in clauses {
        let own = one(clause, facts);
        match bound(clause) {
            Some((of, lower)) => {
                let place = ranges.iter().position(|(term, ..)| term.same(of)).unwrap_or_else(|| {
                    ranges.push((of, None, None));
                    ranges.len() - 1
                });
                let (_, low, high) = &mut ranges[place];
                let slot = if lower { low } else { high };
                *slot = Some(slot.map_or(own, |so_far: f64| so_far.min(own)));
            }
            None => share *= own,
        }
    }
    for (of, low, high) in ranges {
        share *= match (low, high) {
            (Some(low), Some(high)) => {
                let nulls = facts.statistics_of(of).map_or(0.0, |found| f64::from(found.null_fraction));
                if low == INEQUALITY && high == INEQUALITY {
                    RANGE
                } else {
                    let both = low + high - 1.0 + nulls;
                    if both <= 0.0 { if both < -0.01 { RANGE } else { 1e-10 } } else { both }
                }
            }
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 1.0,
        };
    }
    share.clamp(0.0, 1.0)
}

/// What a comparison bounds, and whether from below.
fn bound(clause: &Term) -> Option<(&Term, bool)> {
    let (id, left, right) = clause.as_comparison()?;
    if right.uses(0) {
        return None;
    }
    match catalog().operator(id).name {
        ">" | ">=" => Some((left, true)),
        "<" | "<=" => Some((left, false)),
        _ => None,
    }
}

pub(super) fn one(clause: &Term, facts: &TableFacts) -> f64 {
    let share = match &clause.kind {
        Kind::And(items) => all_of(items, facts),
        Kind::Or(items) => items.iter().fold(0.0, |so_far, item| {
            let own = one(item, facts);
            so_far + own - so_far * own
        }),
        Kind::Not(arg) => 1.0 - one(arg, facts),
        Kind::IsNull { arg, negated } => {
            let nulls = facts.statistics_of(arg).map_or(0.005, |found| f64::from(found.null_fraction));
            if *negated { 1.0 - nulls } else { nulls }
        }
        Kind::Is { arg, .. } => one(arg, facts),
        Kind::Operator { id, args } => match args.as_slice() {
            [left, right] if right.uses(0) && !left.uses(0) => match catalog().commutator(*id) {
                Some(commuted) => comparison(commuted, right, left, facts),
                None => INEQUALITY,
            },
            [left, right] => comparison(*id, left, right, facts),
            _ => UNKNOWN_FUNCTION,
        },
        Kind::Quantified { id, left, array, all } => listed(*id, left, array, *all, facts),
        Kind::Column { .. } => boolean(clause, facts),
        Kind::Constant(Some(text)) => {
            if text.starts_with('t') {
                1.0
            } else {
                0.0
            }
        }
        Kind::Constant(None) => 0.0,
        Kind::Subquery { usage: SubqueryUsage::NotIn | SubqueryUsage::In, .. } => 0.5,
        Kind::Subquery { .. } => 0.5,
        Kind::Function { .. } => {
            if facts.statistics_of(clause).is_some() {
                boolean(clause, facts)
            } else {
                UNKNOWN_FUNCTION
            }
        }
        Kind::IsDistinct { .. } => 0.5,
        _ => 0.5,
    };
    share.clamp(0.0, 1.0)
}

/// A boolean column as a condition.
fn boolean(column: &Term, facts: &TableFacts) -> f64 {
    let Some(found) = facts.statistics_of(column) else { return 0.5 };
    common_of(found, |value| value.starts_with('t')).map_or(0.5, |(true_share, sum)| {
        if true_share > 0.0 { true_share } else { (1.0 - sum - f64::from(found.null_fraction)).max(0.0) }
    })
}

/// The share of the most common values that pass, and of all of them.
fn common_of(found: &ColumnStatistics, passes: impl Fn(&str) -> bool) -> Option<(f64, f64)> {
    let common = found.most_common.as_ref()?;
    let mut share = 0.0;
    let mut sum = 0.0;
    for (value, frequency) in common.values.iter().zip(&common.frequencies) {
        sum += f64::from(*frequency);
        if passes(value) {
            share += f64::from(*frequency);
        }
    }
    Some((share, sum))
}

/// Different values of a term (`get_variable_numdistinct`).
pub(super) fn distinct(term: &Term, facts: &TableFacts) -> f64 {
    let rows = facts.statistics.size.rows_today().max(1.0);
    let known = facts.statistics_of(term).and_then(|found| found.distinct_of(rows));
    if facts.is_unique(term) {
        let nulls = facts.statistics_of(term).map_or(0.0, |found| f64::from(found.null_fraction));
        return (rows * (1.0 - nulls)).max(1.0);
    }
    match known {
        Some(count) => count.clamp(1.0, rows).round(),
        None if term.type_.is(Type::BOOL) => 2.0,
        None => rows.min(DISTINCT),
    }
}

/// Different values of a term, when something is known of them.
pub(super) fn known_distinct(term: &Term, facts: &TableFacts) -> Option<f64> {
    let rows = facts.statistics.size.rows_today().max(1.0);
    let known = facts.statistics_of(term).is_some_and(|found| found.distinct_of(rows).is_some());
    (known || facts.is_unique(term) || term.type_.is(Type::BOOL)).then(|| distinct(term, facts))
}

fn nulls(term: &Term, facts: &TableFacts) -> f64 {
    facts.statistics_of(term).map_or(0.0, |found| f64::from(found.null_fraction))
}

fn comparison(id: OperatorId, left: &Term, right: &Term, facts: &TableFacts) -> f64 {
    let operator = catalog().operator(id);
    if right.uses(0) {
        return match operator.name {
            "=" => RANGE,
            "<>" => 1.0 - RANGE,
            _ => INEQUALITY,
        };
    }
    let value = constant(right);
    match operator.estimator {
        Some("eqsel") => equality(left, value.as_deref(), facts),
        Some("neqsel") => (1.0 - equality(left, value.as_deref(), facts) - nulls(left, facts)).max(0.0),
        Some("scalarltsel" | "scalarlesel") => inequality(left, value.as_deref(), false, operator.name, facts),
        Some("scalargtsel" | "scalargesel") => inequality(left, value.as_deref(), true, operator.name, facts),
        Some("likesel" | "iclikesel" | "prefixsel") => like(left, right, operator.name, facts),
        Some("nlikesel" | "icnlikesel") => {
            (1.0 - like(left, right, operator.name, facts) - nulls(left, facts)).max(0.0)
        }
        Some("regexeqsel" | "icregexeqsel") => regex(value.as_deref()),
        Some("regexnesel" | "icregexnesel") => 1.0 - regex(value.as_deref()),
        Some("arraycontsel") => array(left, right, operator.name, facts),
        Some("tsmatchsel") => text_search(left, right, facts),
        Some("matchingsel") => matching(left, value.as_deref(), operator.name, facts),
        Some("networksel") => RANGE,
        Some("rangesel" | "multirangesel") => range(left, right, operator.name, facts),
        Some("contsel") => 0.001,
        Some("areasel") => 0.005,
        Some("positionsel") => 0.1,
        _ => 0.5,
    }
}

/// The value of a term that the planner knows.
fn constant(term: &Term) -> Option<String> {
    text_value(term).map(std::borrow::Cow::into_owned)
}

/// `var = value` (`var_eq_const`, `var_eq_non_const`).
fn equality(left: &Term, value: Option<&str>, facts: &TableFacts) -> f64 {
    let rows = facts.statistics.size.rows_today().max(1.0);
    if facts.is_unique(left) {
        return 1.0 / rows;
    }
    let Some(found) = facts.statistics_of(left) else { return 1.0 / distinct(left, facts) };
    let nulls = f64::from(found.null_fraction);
    let count = distinct(left, facts);
    let common = found.most_common.as_ref();
    match value {
        Some(value) => {
            let same = |other: &str| {
                other == value || compare(left.type_, other, value).is_some_and(std::cmp::Ordering::is_eq)
            };
            if let Some((share, sum)) = common_of(found, same) {
                if share > 0.0 {
                    return share;
                }
                let others = (count - common.map_or(0, |common| common.values.len()) as f64).max(1.0);
                let rest = (1.0 - sum - nulls).max(0.0) / others;
                let least = common.and_then(|common| common.frequencies.last()).map_or(1.0, |least| f64::from(*least));
                return rest.min(least);
            }
            (1.0 - nulls) / count
        }
        None => {
            let average = (1.0 - nulls) / count;
            let most = common.and_then(|common| common.frequencies.first()).map_or(1.0, |most| f64::from(*most));
            average.min(most)
        }
    }
}

/// `var < value` (`scalarineqsel`).
fn inequality(left: &Term, value: Option<&str>, greater: bool, operator: &str, facts: &TableFacts) -> f64 {
    let (Some(value), Some(found)) = (value, facts.statistics_of(left)) else { return INEQUALITY };
    let passes = |other: &str| {
        compare(left.type_, other, value).is_some_and(|ordering| match operator {
            "<" => ordering.is_lt(),
            "<=" => ordering.is_le(),
            ">" => ordering.is_gt(),
            _ => ordering.is_ge(),
        })
    };
    let nulls = f64::from(found.null_fraction);
    let (common, sum) = common_of(found, passes).unwrap_or((0.0, 0.0));
    let share = match found.histogram.as_deref() {
        Some(bounds) if bounds.len() > 1 => below(left.type_, bounds, value).map(|below| {
            // Where an index ends with it, the planner looks at the true extremes.
            let edge = if facts.has_ordered_index(left) { 0.0 } else { 0.01 / (bounds.len() - 1) as f64 };
            let share = if greater { 1.0 - below } else { below };
            share.clamp(edge, 1.0 - edge)
        }),
        _ if sum + nulls >= 0.99 => Some(0.0),
        _ => None,
    };
    // Without a histogram the planner takes half of what is not among the most common (`scalarineqsel`).
    share.unwrap_or(0.5) * (1.0 - nulls - sum).max(0.0) + common
}

/// The share of a histogram below a value.
fn below(type_: Type, bounds: &[String], value: &str) -> Option<f64> {
    let bins = (bounds.len() - 1) as f64;
    let place = bounds.partition_point(|bound| compare(type_, bound, value).is_some_and(std::cmp::Ordering::is_lt));
    if place == 0 {
        return compare(type_, bounds.first()?, value).map(|_| 0.0);
    }
    if place >= bounds.len() {
        return Some(1.0);
    }
    let within = position_between(type_, value, &bounds[place - 1], &bounds[place]).unwrap_or(0.5);
    Some(((place - 1) as f64 + within) / bins)
}

/// What share of the values known of a column passes, judged by the values themselves: the most common, and, when there are
/// enough of them, the bounds of the histogram (`generic_restriction_selectivity`).
fn judged(found: &ColumnStatistics, otherwise: f64, passes: impl Fn(&str) -> bool) -> f64 {
    const FEWEST: usize = 10;
    const ENOUGH: usize = 100;
    let nulls = f64::from(found.null_fraction);
    let (common, sum) = common_of(found, &passes).unwrap_or((0.0, 0.0));
    let share = match found.histogram.as_deref() {
        Some(bounds) if bounds.len() >= FEWEST => {
            let inner = &bounds[1..bounds.len() - 1];
            let share = inner.iter().filter(|bound| passes(bound)).count() as f64 / inner.len() as f64;
            let weight = (bounds.len() as f64 / ENOUGH as f64).min(1.0);
            share * weight + otherwise * (1.0 - weight)
        }
        _ => otherwise,
    };
    share.clamp(0.0001, 0.9999) * (1.0 - nulls - sum).max(0.0) + common
}

/// `LIKE` (`patternsel`).
fn like(left: &Term, right: &Term, operator: &str, facts: &TableFacts) -> f64 {
    let ignoring_case = operator.contains('*');
    let Some(pattern) = constant(right) else { return RANGE };
    let pattern = if operator == "^@" { format!("{pattern}%") } else { pattern };
    let wildcard = pattern.find(['%', '_']).unwrap_or(pattern.len());
    if wildcard == pattern.len() && !ignoring_case {
        return equality(left, Some(&pattern), facts);
    }
    // Each letter fits one text in five, and `%` lets more in; wildcards at the beginning are counted already.
    let after = pattern.get(wildcard..).unwrap_or_default();
    let after = if wildcard == 0 { after.trim_start_matches(['%', '_']) } else { after };
    let rest = after.chars().fold(1.0_f64, |share, character| match character {
        '%' => share * 5.0,
        '_' => share * 0.9,
        _ => share * 0.2,
    });
    let Some(found) = facts.statistics_of(left) else {
        let begins = if wildcard > 0 { RANGE } else { 1.0 };
        return (begins * rest.min(1.0)).clamp(0.0001, 0.9999);
    };
    let prefix = pattern.get(..wildcard).unwrap_or_default();
    let begins = match found.histogram.as_deref() {
        Some(bounds) if bounds.len() > 1 && !prefix.is_empty() => {
            let low = below(left.type_, bounds, prefix);
            let high = next_prefix(prefix).and_then(|next| below(left.type_, bounds, &next));
            match (low, high) {
                (Some(low), Some(high)) => (high - low).max(1.0 / distinct(left, facts)),
                _ => RANGE,
            }
        }
        _ => {
            if prefix.is_empty() {
                1.0
            } else {
                RANGE
            }
        }
    };
    judged(found, (begins * rest.min(1.0)).clamp(0.0, 1.0), |text| is_like(text, &pattern, ignoring_case))
}

/// The least text greater than all that begin with a prefix.
fn next_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    let last = characters.pop()?;
    characters.push(char::from_u32(last as u32 + 1)?);
    Some(characters.into_iter().collect())
}

/// A regular expression: a prefix as for `LIKE`, the rest by its letters.
fn regex(pattern: Option<&str>) -> f64 {
    let Some(pattern) = pattern else { return RANGE };
    let letters = pattern.chars().filter(|character| character.is_alphanumeric()).count();
    let anchored = pattern.starts_with('^');
    let share = 0.2_f64.powi(letters as i32) * if anchored { 1.0 } else { 5.0 };
    share.clamp(0.0001, 0.9999)
}

/// `@>`, `&&`, `<@` of arrays (`mcelem_array_selec`).
fn array(left: &Term, right: &Term, operator: &str, facts: &TableFacts) -> f64 {
    let elements: Option<Vec<String>> = match &right.kind {
        Kind::Array(items) => items.iter().map(constant).collect(),
        _ => constant(right).and_then(|text| crate::statistics::array::read(&text)),
    };
    let known = facts.statistics_of(left).and_then(|found| found.most_common_elements.as_ref());
    let (Some(elements), Some(known)) = (elements, known) else { return RANGE };
    let least = known.frequencies.get(known.values.len()).copied().unwrap_or(0.01);
    let frequency = |element: &str| {
        let place = known.values.iter().position(|value| value == element);
        place.and_then(|place| known.frequencies.get(place)).map_or(f64::from(least) / 2.0, |found| f64::from(*found))
    };
    match operator {
        "@>" => elements.iter().map(|element| frequency(element)).product(),
        "&&" => 1.0 - elements.iter().map(|element| 1.0 - frequency(element)).product::<f64>(),
        _ => RANGE,
    }
}

/// `&&` and `@>` of ranges, by the bounds of those known (`calc_hist_selectivity`).
fn range(left: &Term, right: &Term, operator: &str, facts: &TableFacts) -> f64 {
    let otherwise = if operator == "&&" { MATCHING } else { RANGE };
    let known = facts.statistics_of(left).and_then(|found| Some((found, found.ranges.as_ref()?)));
    let (Some((found, ranges)), Some((low, high))) = (known, bounds_of(right)) else { return otherwise };
    let Some(subtype) = left.type_.info().subtype else { return otherwise };
    let count = ranges.bounds.len().max(1) as f64;
    let share = |passes: &dyn Fn(&str, &str) -> bool| {
        let bounds = ranges.bounds.iter().filter_map(|text| split_range(text));
        bounds.filter(|(low, high)| passes(low, high)).count() as f64 / count
    };
    let less = |a: &str, b: &str| {
        !a.is_empty() && !b.is_empty() && compare(subtype, a, b).is_some_and(std::cmp::Ordering::is_lt)
    };
    let before = share(&|_, upper| less(upper, &low));
    let after = share(&|lower, _| less(&high, lower));
    let present = (1.0 - f64::from(found.null_fraction)) * (1.0 - f64::from(ranges.empty_fraction));
    match operator {
        "&&" => (1.0 - before - after).max(0.0) * present,
        "@>" if right.type_.info().category != 'R' => (1.0 - before - after).max(0.0) * present,
        _ => otherwise,
    }
}

/// The ends of a constant range, or of a constant that stands for one value.
fn bounds_of(term: &Term) -> Option<(String, String)> {
    match &term.kind {
        Kind::Function { args, .. } if term.type_.info().category == 'R' => {
            let mut ends = args.iter().map(constant);
            Some((ends.next()??, ends.next()??))
        }
        _ => {
            let text = constant(term)?;
            match split_range(&text) {
                Some((low, high)) if term.type_.info().category == 'R' => Some((low, high)),
                _ => Some((text.clone(), text)),
            }
        }
    }
}

/// `["2024-01-01","2024-01-02")` in two.
fn split_range(text: &str) -> Option<(String, String)> {
    let inside = text.strip_prefix(['[', '('])?.strip_suffix([']', ')'])?;
    let (low, high) = inside.split_once(',')?;
    let plain = |end: &str| end.trim_matches(['"', '\\', ' ']).to_owned();
    Some((plain(low), plain(high)))
}

/// `@@`: each word as often as it was found (`tsquerysel`).
fn text_search(left: &Term, right: &Term, facts: &TableFacts) -> f64 {
    let words = match &right.kind {
        Kind::Function { args, .. } => args.last().and_then(constant),
        _ => constant(right),
    };
    let known = facts.statistics_of(left).and_then(|found| found.most_common_elements.as_ref());
    let (Some(words), Some(known)) = (words, known) else { return TEXT_SEARCH };
    let least = known.frequencies.get(known.values.len()).copied().unwrap_or(0.01);
    let words = words.to_lowercase();
    let each = words.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    each.map(|word| {
        let place = known.values.iter().position(|value| word.starts_with(value.as_str()) || value == word);
        place.and_then(|place| known.frequencies.get(place)).map_or(f64::from(least) / 2.0, |found| f64::from(*found))
    })
    .product()
}

/// `@>` and `?` of `jsonb`, `%` of trigrams: judged by the values where they are known.
fn matching(left: &Term, value: Option<&str>, operator: &str, facts: &TableFacts) -> f64 {
    let (Some(found), Some(value)) = (facts.statistics_of(left), value) else { return MATCHING };
    match operator {
        "@>" => {
            let pairs: Vec<&str> = value.trim_matches(['{', '}', ' ']).split(", ").collect();
            judged(found, MATCHING, |text| {
                pairs.iter().all(|pair| text.contains(&format!("{pair},")) || text.contains(&format!("{pair}}}")))
            })
        }
        "?" => judged(found, MATCHING, |text| text.contains(&format!("\"{value}\":"))),
        _ => MATCHING,
    }
}

/// `= ANY(list)`, `<> ALL(list)` (`scalararraysel`).
fn listed(id: OperatorId, left: &Term, array: &Term, all: bool, facts: &TableFacts) -> f64 {
    let operator = catalog().operator(id);
    let items: Vec<Option<String>> = match &array.kind {
        Kind::Array(items) => items.iter().map(constant).collect(),
        _ => match constant(array).and_then(|text| crate::statistics::array::read(&text)) {
            Some(values) => values.into_iter().map(Some).collect(),
            // The planner takes ten where it does not know.
            None => vec![None; 10],
        },
    };
    match (operator.name, all) {
        ("=", false) => items.iter().map(|item| equality(left, item.as_deref(), facts)).sum::<f64>().min(1.0),
        ("<>", true) => {
            let missing = nulls(left, facts);
            let any: f64 = items.iter().map(|item| equality(left, item.as_deref(), facts)).sum();
            (1.0 - any - missing).max(0.0)
        }
        _ => 0.5,
    }
}

/// The share of pairs of rows that an equality of two columns keeps (`eqjoinsel_inner`).
pub(super) fn joined(left: (&Term, &TableFacts), right: (&Term, &TableFacts)) -> f64 {
    let (left_distinct, right_distinct) = (distinct(left.0, left.1), distinct(right.0, right.1));
    let present = (1.0 - nulls(left.0, left.1)) * (1.0 - nulls(right.0, right.1));
    present / left_distinct.max(right_distinct).max(1.0)
}
