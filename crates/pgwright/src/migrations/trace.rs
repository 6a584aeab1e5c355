//! `--trace`: the migrations run on a private server, and what PostgreSQL did is laid beside what was predicted.

use pgwright_django::migrations::{History, Migration};
use pgwright_postgres::shadow::Definition;
use pgwright_postgres::trace::{Outcome, Tracer};
use pgwright_schema::Statistics;
use pgwright_schema::change::{Difference, Effect};
use serde::Serialize;

use crate::failure::Failure;

/// What was seen of the migrations that were chosen, in their order.
#[derive(Debug)]
pub(super) struct Trace {
    /// The server's version, as `18.1`.
    pub(super) server: String,
    pub(super) migrations: Vec<Vec<Seen>>,
    /// Statements of migrations before them that were refused, with the reason: what follows may be of another schema.
    pub(super) refused_before: Vec<String>,
}

/// What was seen of one statement.
#[derive(Debug)]
pub(super) enum Seen {
    Agrees(Vec<Effect>),
    Differs { seen: Vec<Effect>, differences: Vec<Difference> },
    Refused(String),
    Unseen(&'static str),
}

/// How many statements did what was predicted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Agreement {
    pub(super) agreeing: usize,
    pub(super) differing: usize,
    pub(super) refused: usize,
    pub(super) unseen: usize,
}

impl Agreement {
    pub(super) fn of<'s>(seen: impl IntoIterator<Item = &'s Seen>) -> Agreement {
        let mut found = Agreement::default();
        for seen in seen {
            let counted = match seen {
                Seen::Agrees(_) => &mut found.agreeing,
                Seen::Differs { .. } => &mut found.differing,
                Seen::Refused(_) => &mut found.refused,
                Seen::Unseen(_) => &mut found.unseen,
            };
            *counted += 1;
        }
        found
    }

    pub(super) fn statements(self) -> usize {
        self.agreeing + self.differing + self.refused + self.unseen
    }
}

/// Runs the history up to the last of those `chosen`, and watches these.
pub(super) fn trace(mut tracer: Tracer, history: &History, chosen: &[usize]) -> Result<Trace, Failure> {
    let mut trace = Trace { server: tracer.version(), migrations: Vec::new(), refused_before: Vec::new() };
    let given = Definition::of(&history.given, &Statistics::default());
    let mut waiting = given.statements;
    waiting.splice(0..0, given.extensions.iter().map(|name| format!("CREATE EXTENSION IF NOT EXISTS \"{name}\"")));
    let last = chosen.last().copied().unwrap_or_default();
    for (place, migration) in history.migrations.iter().enumerate().take(last + 1) {
        // A foreign key of theirs may be to a table that the project's migrations make.
        waiting = tracer.prepare(waiting)?;
        let sent: Vec<_> = migration.in_order().into_iter().filter_map(|(_, sent)| sent).collect();
        let statements: Vec<&str> = sent.iter().map(|sent| sent.sql.as_str()).collect();
        if chosen.contains(&place) {
            let outcomes = tracer.migrate(migration.atomic, &statements)?;
            let seen = outcomes.into_iter().zip(&sent).map(|(outcome, sent)| seen(outcome, &sent.effects));
            trace.migrations.push(seen.collect());
        } else {
            let refused = tracer.run(migration.atomic, &statements)?.into_iter();
            trace.refused_before.extend(refused.map(|reason| said(migration, &reason)));
        }
    }
    Ok(trace)
}

fn said(migration: &Migration, reason: &str) -> String {
    format!("{}: {reason}", migration.label())
}

fn seen(outcome: Outcome, said: &[Effect]) -> Seen {
    match outcome {
        Outcome::Ran(observed) => {
            let (seen, differences) = (observed.effects(), observed.differences(said));
            if differences.is_empty() { Seen::Agrees(seen) } else { Seen::Differs { seen, differences } }
        }
        Outcome::Refused(reason) => Seen::Refused(reason),
        Outcome::Unseen(reason) => Seen::Unseen(reason),
    }
}
