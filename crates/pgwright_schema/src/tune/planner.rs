//! Settings against the machine the database runs on.

use crate::plan::count;
use crate::tune::recommendation::{NO_LOCK, docs};
use crate::tune::{Basis, Disk, Django, Facts, Recommendation, When};

const MIB: f64 = 1_048_576.0;
/// `shared_buffers` and `effective_cache_size` are counted in these bytes.
const UNIT: f64 = 8192.0;

pub fn planner(facts: &Facts<'_>) -> Vec<Recommendation> {
    let random = facts.hardware.disk.and_then(|disk| random_page_cost(facts, disk));
    let memory = facts.hardware.memory.map(|memory| memory as f64);
    let cache = memory.and_then(|memory| effective_cache_size(facts, memory));
    let buffers = memory.and_then(|memory| shared_buffers(facts, memory));
    [random, cache, buffers].into_iter().flatten().collect()
}

fn recommend(setting: &str, value: &str, because: String, source: &'static str, when: When) -> Recommendation {
    let mut statements = vec![format!("ALTER SYSTEM SET {setting} = '{value}'")];
    let mut reverse = vec![format!("ALTER SYSTEM RESET {setting}")];
    if matches!(when, When::Now { .. }) {
        statements.push("SELECT pg_reload_conf()".to_owned());
        reverse.push("SELECT pg_reload_conf()".to_owned());
    }
    Recommendation {
        rule: "planner-settings",
        table: None,
        title: format!("set `{setting}` to {value}"),
        because,
        source,
        statements,
        reverse,
        when,
        django: Django::Server,
        basis: Basis::Measured,
    }
}

/// What a page costs that is not the next one.
fn random_page_cost(facts: &Facts<'_>, disk: Disk) -> Option<Recommendation> {
    let (now, sequential) = (facts.activity.number("random_page_cost")?, facts.activity.number("seq_page_cost")?);
    if disk == Disk::Spinning || now <= sequential * 2.0 {
        return None;
    }
    let because = format!(
        "a random page is reckoned {now:.1} times a sequential one ({sequential:.1}), which a solid-state disk is not: indexes look dearer \
         than they are"
    );
    Some(recommend("random_page_cost", "1.1", because, docs::QUERY_COST, When::Now { lock: NO_LOCK }))
}

/// What the planner thinks stays in memory, PostgreSQL's own and the system's.
fn effective_cache_size(facts: &Facts<'_>, memory: f64) -> Option<Recommendation> {
    let now = facts.activity.number("effective_cache_size")? * UNIT;
    if (memory * 0.4..=memory).contains(&now) {
        return None;
    }
    let better = format!("{:.0}MB", memory * 0.75 / MIB);
    let because = format!(
        "the planner reckons with {} MiB of cache on a machine of {} MiB; three quarters of it are usual",
        count(now / MIB),
        count(memory / MIB)
    );
    Some(recommend("effective_cache_size", &better, because, docs::QUERY_COST, When::Now { lock: NO_LOCK }))
}

/// A quarter of the memory is a reasonable start, says the documentation; more than 40 % is not.
fn shared_buffers(facts: &Facts<'_>, memory: f64) -> Option<Recommendation> {
    let now = facts.activity.number("shared_buffers")? * UNIT;
    if (memory * 0.1..=memory * 0.4).contains(&now) {
        return None;
    }
    let better = format!("{:.0}MB", memory * 0.25 / MIB);
    let because = format!("it is {} MiB on a machine of {} MiB", count(now / MIB), count(memory / MIB));
    let when = When::Window { lock: NO_LOCK, why: "it takes effect when the server is started again".to_owned() };
    Some(recommend("shared_buffers", &better, because, docs::MEMORY, when))
}
