//! Advice on how a database keeps its tables: vacuum, free space, ages, sequences, indexes nobody reads, settings.
//!
//! Every rule is a function of facts in a module named after its idea. It gives [`Recommendation`]s with the number that led to each,
//! the page of PostgreSQL's documentation that says so, and statements that can be executed as they are. A rule whose numbers
//! were not measured says nothing, but for vacuum's thresholds, which follow from the number of rows alone.

pub mod bloat;
pub mod brin;
pub mod correlated;
pub mod facts;
pub mod fillfactor;
pub mod gin;
pub mod hash;
pub mod migration;
pub mod partition;
pub mod planner;
pub mod recommendation;
pub mod sequence;
pub mod statistics_target;
pub mod toast;
pub mod unused;
pub mod usage;
pub mod vacuum;
pub mod wraparound;

pub use facts::{Disk, Facts, Hardware, TableFacts};
pub use recommendation::{Basis, Django, Recommendation, When};
pub use usage::Usage;

/// All recommendations: the database's own first, then those of its tables by name.
pub fn tune(facts: &Facts<'_>) -> Vec<Recommendation> {
    let mut found = planner::planner(facts);
    for table in facts.tables() {
        for rule in TABLE_RULES {
            found.extend(rule(facts, &table));
        }
    }
    found.extend(sequence::unowned(facts));
    found
}

type TableRule = fn(&Facts<'_>, &TableFacts<'_>) -> Vec<Recommendation>;

const TABLE_RULES: &[TableRule] = &[
    wraparound::wraparound,
    sequence::owned,
    vacuum::switched_off,
    vacuum::dead_rows,
    vacuum::inserted_rows,
    vacuum::analyze,
    vacuum::pace,
    bloat::table,
    bloat::indexes,
    fillfactor::fillfactor,
    statistics_target::statistics_target,
    correlated::correlated,
    toast::compression,
    brin::brin,
    hash::hash,
    gin::pending_list,
    unused::unused,
    unused::invalid,
    partition::partition,
];
