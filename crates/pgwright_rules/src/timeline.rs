//! A migration as it runs: what it sends one after another, what each locks, for how long, and who waits.

use pgwright_diagnostics::Severity;
use pgwright_django::Project;
use pgwright_django::migrations::{Migration, Operation, Sent};
use pgwright_django::model::Model;
use pgwright_schema::change::{Effect, Time, Volume, duration};
use pgwright_schema::sql::{Change, parse_changes};

use crate::sizes::{Size, Sizes};

/// What a migration does, in the order it does it.
#[derive(Debug)]
pub struct Timeline<'a> {
    pub migration: &'a Migration,
    pub moments: Vec<Moment<'a>>,
    /// Tables that it makes: nobody waits for them.
    made: Vec<String>,
}

/// One statement, or the Python code of one operation.
#[derive(Debug)]
pub struct Moment<'a> {
    pub operation: &'a Operation,
    pub work: Work<'a>,
    /// How long it is at work once it has its locks.
    pub time: Time,
    /// On tables that were there before, strongest first.
    pub locks: Vec<Lock<'a>>,
}

#[derive(Debug)]
pub enum Work<'a> {
    Statement {
        sent: &'a Sent,
        changes: Vec<Change>,
    },
    /// `RunPython`, or an operation class of the project's own: what it sends, and how long it takes, is not known.
    Code,
}

/// A lock that a statement takes and holds.
#[derive(Debug)]
pub struct Lock<'a> {
    pub effect: &'a Effect,
    /// The model whose table it is.
    pub model: Option<&'a Model>,
    pub size: Size,
    /// The configuration names it as one that nobody may wait for.
    pub hot: bool,
    /// For how long, once it was given.
    pub held: Time,
    pub until: Until,
    /// Calls per minute that would wait, where the snapshot has counted them.
    pub queued: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// There is no transaction around it.
    Statement,
    Commit,
    /// The transaction also runs code of which nobody knows how long it takes.
    CommitAfterCode,
}

impl<'a> Timeline<'a> {
    pub fn new(project: &'a Project, sizes: &'a Sizes, migration: &'a Migration) -> Timeline<'a> {
        let history = &project.history;
        let subject = |table: &str| {
            let of = |models: &'a [Model]| models.iter().find(|model| model.table == table && model.has_table());
            of(&history.models.all).or_else(|| of(&project.models.all))
        };
        let size = |table: &str, model: Option<&Model>| match (model, sizes.measured.get(table)) {
            (Some(model), _) => sizes.of(model),
            (None, Some(measured)) => Size::Measured(measured.size.rows_today() as u64),
            (None, None) => Size::Assumed,
        };
        let volume = |table: &str| match history.catalogue.table(table) {
            Some(known) => sizes.volume(known, size(table, subject(table))),
            None => Volume::default(),
        };
        let mut timeline = Timeline { migration, moments: Vec::new(), made: Vec::new() };
        for (operation, sent) in migration.in_order() {
            let Some(sent) = sent else {
                timeline.moments.push(Moment { operation, work: Work::Code, time: Time::default(), locks: Vec::new() });
                continue;
            };
            let changes = parse_changes(&sent.sql);
            for change in &changes {
                if let Change::CreateTable(table) = change {
                    timeline.made.push(table.name.clone());
                }
            }
            let time = duration(&changes, &sent.effects, &sizes.rates, &volume);
            let locks = sent.effects.iter().filter(|effect| !timeline.made.contains(&effect.table)).map(|effect| {
                let model = subject(&effect.table);
                Lock {
                    effect,
                    model,
                    size: size(&effect.table, model),
                    hot: model.is_some_and(|model| sizes.is_hot(model)),
                    held: time,
                    until: Until::Statement,
                    queued: sizes.calls.get(&effect.table).map(|calls| calls.waiting_for(effect)),
                }
            });
            let locks = locks.collect();
            timeline.moments.push(Moment { operation, work: Work::Statement { sent, changes }, time, locks });
        }
        if migration.atomic {
            timeline.hold_until_commit();
        }
        timeline
    }

    /// In a transaction every lock is held while all that follows is done.
    fn hold_until_commit(&mut self) {
        let mut rest = Time::default();
        let mut until = Until::Commit;
        for moment in self.moments.iter_mut().rev() {
            if moment.is_open() {
                until = Until::CommitAfterCode;
            }
            rest = rest + moment.time;
            for lock in &mut moment.locks {
                lock.held = rest;
                lock.until = until;
            }
        }
    }

    /// Whether the migration itself makes the table.
    pub fn makes(&self, table: &str) -> bool {
        self.made.iter().any(|made| made == table)
    }

    /// How long all of it takes, code not counted.
    pub fn time(&self) -> Time {
        self.moments.iter().map(|moment| moment.time).sum()
    }

    /// Locks with the place among `moments` of what takes them.
    pub fn locks(&self) -> impl Iterator<Item = (usize, &Lock<'a>)> {
        self.moments.iter().enumerate().flat_map(|(at, moment)| moment.locks.iter().map(move |lock| (at, lock)))
    }
}

impl<'a> Moment<'a> {
    pub fn sql(&self) -> Option<&'a str> {
        match &self.work {
            Work::Statement { sent, .. } => Some(&sent.sql),
            Work::Code => None,
        }
    }

    pub fn changes(&self) -> &[Change] {
        match &self.work {
            Work::Statement { changes, .. } => changes,
            Work::Code => &[],
        }
    }

    /// Whether how long it takes is not known at all.
    pub fn is_open(&self) -> bool {
        matches!(self.work, Work::Code) || self.changes().iter().any(|change| matches!(change, Change::Unread { .. }))
    }
}

impl Lock<'_> {
    /// Whether anybody waits for it.
    pub fn blocks(&self) -> bool {
        self.effect.blocks_writes
    }

    /// Whether something is known of the table: that it is a model's, or how large it is.
    pub fn is_known(&self) -> bool {
        self.model.is_some() || matches!(self.size, Size::Measured(_))
    }

    /// How much it matters that others wait for it. Where nobody said how large the table is, it may as well be small.
    pub fn severity(&self) -> Severity {
        if self.hot || self.size.is_huge() {
            Severity::Error
        } else if self.size.is_large() {
            Severity::Warning
        } else {
            Severity::Note
        }
    }

    /// "for 1.2 s to 14 s".
    pub fn held_for(&self) -> String {
        format!("for {} to {}", seconds(self.held.least), seconds(self.held.most))
    }

    /// "reads and writes", "writes".
    pub fn waiting(&self) -> Option<&'static str> {
        match (self.effect.blocks_reads, self.effect.blocks_writes) {
            (true, _) => Some("reads and writes"),
            (false, true) => Some("writes"),
            (false, false) => None,
        }
    }
}

/// A time as people say it: `20 ms`, `1.3 s`, `14 min`, `3 h`.
pub fn seconds(time: f64) -> String {
    match time {
        time if time < 0.9995 => format!("{} ms", (time * 1000.0).round().max(1.0)),
        time if time < 9.95 => format!("{time:.1} s"),
        time if time < 99.5 => format!("{time:.0} s"),
        time if time < 5_400.0 => format!("{:.0} min", time / 60.0),
        time => format!("{:.1} h", time / 3600.0),
    }
}
