//! Transaction numbers that are nearly used up.

use crate::names::quote_name;
use crate::plan::count;
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Past so many times the age at which autovacuum freezes, it is not keeping up.
const BEHIND: f64 = 1.5;
/// The database takes no new transactions three million before the last of 2^31.
const STOP: f64 = 2_144_483_648.0;

pub fn wraparound(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let ages = [
        (activity.transaction_age as f64, "autovacuum_freeze_max_age", 200e6, "transactions"),
        (activity.multixact_age as f64, "autovacuum_multixact_freeze_max_age", 400e6, "multixacts"),
    ];
    let late = ages.into_iter().find_map(|(age, parameter, default, what)| {
        let allowed = facts.parameter(table, parameter, default);
        (age > allowed * BEHIND).then_some((age, allowed, parameter, what))
    });
    let Some((age, allowed, parameter, what)) = late else { return Vec::new() };
    let because = format!(
        "its oldest rows are {} {what} old, autovacuum should have frozen them at {} (`{parameter}`); at {} the database stops taking \
         writes, {:.0} % of the way. Something may hold vacuum back: a long transaction, a replication slot, a prepared transaction",
        count(age),
        count(allowed),
        count(STOP),
        age / STOP * 100.0
    );
    vec![Recommendation {
        rule: "wraparound",
        table: Some(table.name.to_owned()),
        title: "vacuum it before transaction numbers run out".to_owned(),
        because,
        source: docs::WRAPAROUND,
        statements: vec![format!("VACUUM (FREEZE, VERBOSE) {}", quote_name(table.name))],
        reverse: Vec::new(),
        when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
        django: Django::Once,
        basis: Basis::Measured,
    }]
}
