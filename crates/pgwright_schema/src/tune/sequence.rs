//! Sequences that come to their end.

use crate::activity::Sequence;
use crate::names::quote_name;
use crate::plan::{count, grouped};
use crate::schema::ConstraintKind;
use crate::tune::recommendation::{ACCESS_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// From this share on there is still time, and no longer too much of it.
const NEAR: f64 = 0.5;

/// Of columns: the column is what overflows.
pub fn owned(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let own = facts.activity.sequences.iter().filter_map(|sequence| {
        let owner = sequence.owner.as_ref().filter(|owner| owner.table == table.name)?;
        let most = sequence.max_value.min(largest(&owner.type_));
        let used = used(sequence, most).filter(|used| *used >= NEAR)?;
        (most < i64::MAX / 2).then_some((sequence, owner, most, used))
    });
    own.map(|(sequence, owner, most, used)| {
        let (name, column) = (quote_name(table.name), quote_name(&owner.column));
        let mut statements = vec![format!("ALTER TABLE {name} ALTER COLUMN {column} TYPE bigint")];
        // An identity's sequence follows its column, a serial's does not.
        if !owner.identity {
            statements.push(format!("ALTER SEQUENCE {} AS bigint", quote_name(&sequence.name)));
        }
        let pointing = facts.schema.tables.iter().flat_map(|other| other.constraints.iter().map(move |constraint| (other, constraint)));
        let pointing: Vec<(String, String)> = pointing
            .filter_map(|(other, constraint)| match &constraint.kind {
                ConstraintKind::ForeignKey(key)
                    if key.to_table == table.name && key.to_columns == [owner.column.as_str()] =>
                {
                    Some((quote_name(&other.name), quote_name(key.columns.first()?)))
                }
                _ => None,
            })
            .collect();
        statements.extend(pointing.iter().map(|(other, key)| format!("ALTER TABLE {other} ALTER COLUMN {key} TYPE bigint")));
        let why = format!(
            "it writes the whole table again, {} rows{}",
            count(table.rows()),
            match pointing.len() {
                0 => String::new(),
                1 => ", and one that points to it".to_owned(),
                more => format!(", and {more} that point to it"),
            }
        );
        Recommendation {
            rule: "sequence-exhaustion",
            table: Some(table.name.to_owned()),
            title: format!("make `{}` a bigint", owner.column),
            because: because(sequence, most, used),
            source: docs::SEQUENCE,
            statements,
            reverse: Vec::new(),
            when: When::Window { lock: ACCESS_EXCLUSIVE, why },
            django: Django::Model {
                change: "`BigAutoField` as the key (`primary_key=True`, or `DEFAULT_AUTO_FIELD`), then makemigrations; large tables need a new \
                         column that is filled beforehand"
                    .to_owned(),
            },
            basis: Basis::Measured,
        }
    })
    .collect()
}

/// Of no column: the sequence's own type is what ends.
pub fn unowned(facts: &Facts<'_>) -> Vec<Recommendation> {
    let alone = facts.activity.sequences.iter().filter(|sequence| sequence.owner.is_none());
    let near =
        alone.filter_map(|sequence| Some((sequence, used(sequence, sequence.max_value).filter(|used| *used >= NEAR)?)));
    near.filter(|(sequence, _)| matches!(sequence.type_.as_str(), "int2" | "int4"))
        .map(|(sequence, used)| Recommendation {
            rule: "sequence-exhaustion",
            table: None,
            title: format!("make the sequence `{}` a bigint", sequence.name),
            because: because(sequence, sequence.max_value, used),
            source: docs::SEQUENCE,
            statements: vec![format!("ALTER SEQUENCE {} AS bigint", quote_name(&sequence.name))],
            reverse: Vec::new(),
            when: When::Now { lock: "SHARE ROW EXCLUSIVE" },
            django: Django::RunSql,
            basis: Basis::Measured,
        })
        .collect()
}

fn used(sequence: &Sequence, most: i64) -> Option<f64> {
    let last = sequence.last_value.filter(|_| sequence.increment > 0 && !sequence.cycles)?;
    Some(last as f64 / most as f64)
}

fn because(sequence: &Sequence, most: i64, used: f64) -> String {
    let left = (most - sequence.last_value.unwrap_or_default()) as f64 / sequence.increment as f64;
    format!(
        "`{}` has come to {} of {} ({:.0} %); {} are left, then every INSERT fails",
        sequence.name,
        grouped(sequence.last_value.unwrap_or_default() as f64),
        grouped(most as f64),
        used * 100.0,
        count(left.max(0.0))
    )
}

fn largest(type_: &str) -> i64 {
    match type_ {
        "int2" => i64::from(i16::MAX),
        "int4" => i64::from(i32::MAX),
        _ => i64::MAX,
    }
}
