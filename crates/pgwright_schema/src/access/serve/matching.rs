//! One condition and the keys of an index (`match_clause_to_indexcol`).

use std::sync::Arc;

use super::mismatch::{Mismatch, lacks, unrelated, value_is_usable};
use super::{KeyMatch, MatchKind};
use crate::access::Server;
use crate::access::index::{PreparedIndex, PreparedKey};
use crate::access::patterns::{PatternKind, Prefix, fixed_prefix};
use crate::catalog::{FamilyId, Member, OperatorId, Purpose, Type, catalog};
use crate::schema::IndexMethod;
use crate::sql::TruthTest;
use crate::terms::{Collation, Kind, SubqueryUsage, Term, input_collation};

pub(super) fn match_clause<'a>(
    index: &'a PreparedIndex,
    clause: &'a Term,
    position: usize,
    server: &Server,
) -> Result<Vec<KeyMatch>, Mismatch<'a>> {
    if let Kind::Or(arms) = &clause.kind {
        return match_alternatives(index, position, arms, server).map(|found| vec![found]);
    }
    let mut best: Option<Mismatch<'a>> = None;
    for (key_position, key) in index.keys.iter().enumerate() {
        match match_key(index, key, clause, server) {
            Ok(Matched { kind, lossy, by_bitmap, condition }) => {
                return Ok(vec![KeyMatch { key: key_position, clause: position, kind, lossy, by_bitmap, condition }]);
            }
            Err(reason) => {
                if best.as_ref().is_none_or(|best| reason.rank() < best.rank()) {
                    best = Some(reason);
                }
            }
        }
    }
    Err(best.unwrap_or(Mismatch::NoKeys))
}

/// The conditions that an arm of an `OR` is made of.
fn conditions(arm: &Term) -> &[Term] {
    match &arm.kind {
        Kind::And(items) => items,
        _ => std::slice::from_ref(arm),
    }
}

/// Each arm of an `OR` is a scan of a bitmap; all of them have to be searches.
fn match_alternatives<'a>(
    index: &'a PreparedIndex,
    position: usize,
    arms: &'a [Term],
    server: &Server,
) -> Result<KeyMatch, Mismatch<'a>> {
    let mut found = Vec::with_capacity(arms.len());
    for arm in arms {
        let mut matches = Vec::new();
        let mut reason = None;
        for (inner, condition) in conditions(arm).iter().enumerate() {
            match match_clause(index, condition, inner, server) {
                Ok(more) => matches.extend(more),
                Err(mismatch) => reason = Some(Box::new(mismatch)),
            }
        }
        if !index.first_key_optional() && !matches.iter().any(|found: &KeyMatch| found.key == 0) {
            matches.clear();
        }
        if matches.is_empty() {
            return Err(Mismatch::Arm { arm, reason });
        }
        found.push(matches);
    }
    let one_value = |arm: &[KeyMatch]| match arm {
        [KeyMatch { key, kind: MatchKind::Equality, .. }] => Some(*key),
        _ => None,
    };
    let first = found.first().and_then(|arm| one_value(arm));
    let same_key = first.is_some() && found.iter().all(|arm| one_value(arm) == first);
    let key = found.iter().flatten().map(|found| found.key).min().unwrap_or(0);
    // Since 18 `a = 1 OR a = 2` is one search for a list.
    let native = same_key && server.version >= 18 && index.searches_arrays();
    let lossy = found
        .iter()
        .zip(arms)
        .any(|(matches, arm)| matches.len() < conditions(arm).len() || matches.iter().any(|found| found.lossy));
    let kind = if native { MatchKind::OneOf(Some(arms.len())) } else { MatchKind::Alternatives(found) };
    Ok(KeyMatch { key, clause: position, kind, lossy, by_bitmap: !native, condition: None })
}

struct Matched {
    kind: MatchKind,
    lossy: bool,
    by_bitmap: bool,
    condition: Option<Arc<str>>,
}

fn exactly(kind: MatchKind) -> Matched {
    Matched { kind, lossy: false, by_bitmap: false, condition: None }
}

fn match_key<'a>(
    index: &'a PreparedIndex,
    key: &'a PreparedKey,
    clause: &'a Term,
    server: &Server,
) -> Result<Matched, Mismatch<'a>> {
    if key.term.type_.is(Type::BOOL)
        && let Some(found) = match_boolean(index, key, clause, server)
    {
        return found;
    }
    match &clause.kind {
        Kind::Operator { id, args } => match args.as_slice() {
            [left, right] => match_comparison(index, key, clause, (*id, left, right), server),
            _ => Err(unrelated(key, clause)),
        },
        Kind::Quantified { id, left, array, all } => {
            if !left.same(&key.term) {
                return Err(unrelated(key, clause));
            }
            if *all {
                return Err(lacks(
                    key,
                    catalog().operator(*id).name,
                    Some("NOT IN and ALL are never searched for".into()),
                ));
            }
            value_is_usable(array)?;
            let merged = input_collation(&[left, array]);
            let member = member_of(key, *id, &merged, server)?;
            let count = match &array.kind {
                Kind::Array(items) => Some(items.len()),
                _ => None,
            };
            let kind = match search_kind(index, member, catalog().operator(*id).name) {
                MatchKind::Equality => MatchKind::OneOf(count),
                other => other,
            };
            Ok(Matched { kind, lossy: is_lossy(index), by_bitmap: !index.searches_arrays(), condition: None })
        }
        // The rows of the subquery come first, and each of them is looked up.
        Kind::Subquery { usage: SubqueryUsage::In, left: Some(left), .. } => {
            let type_ = PreparedIndex::key_type(key);
            let equal = catalog().declared("=", Some(type_), type_);
            match equal.filter(|_| left.same(&key.term)) {
                Some(equal) => member_of(key, equal, &left.collation, server)
                    .map(|_| Matched { lossy: is_lossy(index), ..exactly(MatchKind::Equality) }),
                None => Err(unrelated(key, clause)),
            }
        }
        Kind::IsNull { arg, negated } => {
            if !arg.same(&key.term) {
                return Err(unrelated(key, clause));
            }
            if !index.searches_nulls() {
                return Err(lacks(key, if *negated { "IS NOT NULL" } else { "IS NULL" }, None));
            }
            let known = arg.as_column().is_some_and(|(_, name)| index.not_null.contains(name));
            if known && server.version >= 17 {
                return Err(Mismatch::AlwaysKnown { column: arg, clause });
            }
            Ok(exactly(if *negated { MatchKind::IsNotNull } else { MatchKind::IsNull }))
        }
        _ => Err(unrelated(key, clause)),
    }
}

/// A condition that is itself the key, or its negation (`match_boolean_index_clause`).
fn match_boolean<'a>(
    index: &PreparedIndex,
    key: &'a PreparedKey,
    clause: &Term,
    server: &Server,
) -> Option<Result<Matched, Mismatch<'a>>> {
    let found = match &clause.kind {
        Kind::Not(arg) => arg.same(&key.term),
        Kind::Is { arg, test: TruthTest::True | TruthTest::False, negated: false } => arg.same(&key.term),
        _ => clause.same(&key.term),
    };
    if !found {
        return None;
    }
    let class = key.class?;
    let builtin = matches!(index.method, IndexMethod::Btree | IndexMethod::Hash);
    // Before 16 only the built-in classes were known to hold `= true`.
    let searches = builtin
        || server.version >= 16
            && catalog()
                .declared("=", Some(Type::named(Type::BOOL)), Type::named(Type::BOOL))
                .is_some_and(|equal| catalog().member(class.family, equal, Purpose::Search).is_some());
    Some(if searches {
        Ok(Matched { lossy: is_lossy(index), ..exactly(MatchKind::Equality) })
    } else {
        Err(lacks(key, "a boolean condition", Some("PostgreSQL 16 and later do".into())))
    })
}

fn match_comparison<'a>(
    index: &PreparedIndex,
    key: &'a PreparedKey,
    clause: &'a Term,
    (id, left, right): (OperatorId, &'a Term, &'a Term),
    server: &Server,
) -> Result<Matched, Mismatch<'a>> {
    let (operator, value) = if left.same(&key.term) {
        (Some(id), right)
    } else if right.same(&key.term) {
        (catalog().commutator(id), left)
    } else {
        return Err(unrelated(key, clause));
    };
    let merged = input_collation(&[left, right]);
    value_is_usable(value)?;
    let name = catalog().operator(id).name;
    let direct = match operator {
        Some(operator) => member_of(key, operator, &merged, server)
            .map(|member| search_kind(index, member, catalog().operator(operator).name)),
        None => Err(lacks(key, name, None)),
    };
    match direct {
        Ok(kind) => Ok(Matched { lossy: is_lossy(index), ..exactly(kind) }),
        Err(reason) => match derived(index, key, name, left.same(&key.term), value, &merged, server) {
            Some(derived) => derived,
            None => Err(reason),
        },
    }
}

/// Whether the operator is of the key's class and compares by the key's collation.
fn member_of<'a>(
    key: &'a PreparedKey,
    operator: OperatorId,
    merged: &Collation,
    server: &Server,
) -> Result<Member, Mismatch<'a>> {
    let name = catalog().operator(operator).name;
    let Some(class) = key.class else { return Err(lacks(key, name, None)) };
    let Some(member) = catalog().member(class.family, operator, Purpose::Search) else {
        return Err(lacks(key, name, cross_type_hint(operator, class.family)));
    };
    let collated = class.type_.info().collatable && key.collation != Collation::None;
    if collated && !key.collation.matches(merged) {
        let needed = format!(
            "the index is sorted by collation {}, the condition compares by {}",
            server.collation_name(&key.collation),
            match merged {
                Collation::Conflict => "two that disagree",
                other => server.collation_name(other),
            }
        );
        return Err(Mismatch::Collation { key, needed });
    }
    Ok(member)
}

/// The class has the operator, but for other types: `int8 = int4` is not in a GIN class of integers.
fn cross_type_hint(operator: OperatorId, family: FamilyId) -> Option<String> {
    let catalog = catalog();
    let of = catalog.operator(operator);
    let left = of.left?;
    let alike = catalog.declared(of.name, Some(left), left)?;
    (left != of.right && catalog.member(family, alike, Purpose::Search).is_some())
        .then(|| format!("it compares {} only with {}, and the value is {}", left.name(), left.name(), of.right.name()))
}

fn search_kind(index: &PreparedIndex, member: Member, name: &'static str) -> MatchKind {
    match index.method {
        IndexMethod::Btree => match member.strategy {
            3 => MatchKind::Equality,
            1 | 2 => MatchKind::Bound { lower: false },
            _ => MatchKind::Bound { lower: true },
        },
        _ => match name {
            "=" => MatchKind::Equality,
            "<" | "<=" => MatchKind::Bound { lower: false },
            ">" | ">=" => MatchKind::Bound { lower: true },
            other => MatchKind::Operator(other),
        },
    }
}

fn is_lossy(index: &PreparedIndex) -> bool {
    !matches!(index.method, IndexMethod::Btree | IndexMethod::Hash)
}

/// A search that follows from the condition, when the condition is none itself: the prefix of a pattern, the bounds of a
/// network or a range (the planner's support functions).
fn derived<'a>(
    index: &PreparedIndex,
    key: &'a PreparedKey,
    operator: &'static str,
    key_is_left: bool,
    value: &'a Term,
    merged: &Collation,
    server: &Server,
) -> Option<Result<Matched, Mismatch<'a>>> {
    let class = key.class?;
    let type_ = class.type_;
    let has = |name: &str| {
        catalog()
            .declared(name, Some(type_), type_)
            .is_some_and(|operator| catalog().member(class.family, operator, Purpose::Search).is_some())
    };
    if key_is_left
        && let Some(kind) = PatternKind::of(operator)
        && matches!(type_.name(), Type::TEXT | Type::BPCHAR | Type::NAME | "bytea")
    {
        return Some(match_pattern(index, key, kind, value, merged, server));
    }
    if key_is_left && type_.is(Type::INET) && matches!(operator, "<<" | "<<=") && value.is_plan_constant() && has(">=")
    {
        return Some(Ok(Matched { lossy: true, ..exactly(MatchKind::Prefix) }));
    }
    let contained = (key_is_left && operator == "<@") || (!key_is_left && operator == "@>");
    if contained && value.type_.info().subtype == Some(key.term.type_) && has(">=") && has("<") {
        return Some(if server.version < 17 {
            Err(lacks(key, operator, Some("PostgreSQL 17 and later search for the bounds of a constant range".into())))
        } else if value.is_plan_constant() {
            Ok(Matched { lossy: is_lossy(index), ..exactly(MatchKind::Prefix) })
        } else {
            Err(lacks(key, operator, Some("the range is no constant".into())))
        });
    }
    None
}

/// `LIKE 'x%'` and `~ '^x'` as bounds (`match_pattern_prefix`).
fn match_pattern<'a>(
    index: &PreparedIndex,
    key: &'a PreparedKey,
    kind: PatternKind,
    pattern: &'a Term,
    merged: &Collation,
    server: &Server,
) -> Result<Matched, Mismatch<'a>> {
    let shown = match kind {
        PatternKind::Like => "LIKE",
        PatternKind::LikeIgnoringCase => "ILIKE",
        PatternKind::Regex => "~",
        PatternKind::RegexIgnoringCase => "~*",
        PatternKind::StartsWith => "^@",
    };
    let Some(class) = key.class else { return Err(lacks(key, shown, None)) };
    let family = catalog().family_name(class.family);
    let type_ = if class.type_.is(Type::VARCHAR) { Type::named(Type::TEXT) } else { class.type_ };
    let has = |name: &str| {
        catalog()
            .declared(name, Some(type_), type_)
            .is_some_and(|operator| catalog().member(class.family, operator, Purpose::Search).is_some())
    };
    let by_bytes = matches!(family, "text_pattern_ops" | "bpchar_pattern_ops") || index.method == IndexMethod::Spgist;
    let prefix = fixed_prefix(kind, pattern);
    let as_range = by_bytes || (has(">=") && has("<") && (type_.is("bytea") || server.compares_bytes(&key.collation)));
    match prefix {
        Prefix::NotConstant => Err(Mismatch::LatePattern(pattern)),
        Prefix::None if as_range || has("=") => Err(lacks(
            key,
            shown,
            Some(format!(
                "the pattern {pattern} does not begin with fixed text; trigrams (gin_trgm_ops) do not need it to"
            )),
        )),
        Prefix::None => Err(lacks(key, shown, None)),
        Prefix::Exact if has("=") && (key.collation.matches(merged) || key.collation == Collation::None) => {
            Ok(Matched { lossy: false, ..exactly(MatchKind::Equality) })
        }
        Prefix::Exact | Prefix::Partial if as_range => Ok(Matched { lossy: true, ..exactly(MatchKind::Prefix) }),
        Prefix::Unknown if as_range => Ok(Matched {
            lossy: true,
            condition: Some("only when the pattern begins with fixed text".into()),
            ..exactly(MatchKind::Prefix)
        }),
        _ if has(">=") || has("<") => Err(Mismatch::Collation {
            key,
            needed: format!("{shown} needs text_pattern_ops under collation {}", server.collation_name(&key.collation)),
        }),
        _ => Err(lacks(key, shown, None)),
    }
}
