//! How long a statement is at work, from the sizes of the tables it reads and writes: a range, because disks and load differ.
//!
//! Measured on PostgreSQL 18 with two slow cores, 16 MB of shared buffers and a table of two million rows (334 MB), see
//! `Rates::default`; the other end of each range is what network disks under load leave of it.

use serde::{Deserialize, Serialize};

use super::Effect;
use crate::schema::{ConstraintKind, IndexMethod};
use crate::sql::{Change, Statement, TableAction};

/// What is done in a second when the machine is slow or busy, and when it is fast and idle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Pace {
    pub slow: f64,
    pub fast: f64,
}

impl From<(f64, f64)> for Pace {
    fn from((slow, fast): (f64, f64)) -> Pace {
        Pace { slow, fast }
    }
}

impl From<Pace> for (f64, f64) {
    fn from(pace: Pace) -> (f64, f64) {
        (pace.slow, pace.fast)
    }
}

/// How fast a server works.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rates {
    /// Megabytes of a table read in a second, to check its rows.
    pub read_mb: Pace,
    /// Megabytes of a table written anew in a second, without its indexes.
    pub rewrite_mb: Pace,
    /// Entries of a B-tree sorted and written in a second, while it is built.
    pub index_rows: Pace,
    /// Rows looked up in a second in the table that a foreign key points to.
    pub lookup_rows: Pace,
    /// Rows inserted, updated or deleted in a second, with their entries in indexes.
    pub write_rows: Pace,
}

impl Default for Rates {
    fn default() -> Rates {
        let pace = |slow, fast| Pace { slow, fast };
        Rates {
            read_mb: pace(100.0, 2_000.0),
            rewrite_mb: pace(25.0, 250.0),
            index_rows: pace(200_000.0, 2_000_000.0),
            lookup_rows: pace(500_000.0, 5_000_000.0),
            write_rows: pace(10_000.0, 200_000.0),
        }
    }
}

impl Rates {
    /// Whether each is a pair of positive numbers, the slow one first.
    pub fn are_sound(&self) -> bool {
        [self.read_mb, self.rewrite_mb, self.index_rows, self.lookup_rows, self.write_rows]
            .iter()
            .all(|pace| pace.slow.is_finite() && pace.fast.is_finite() && 0.0 < pace.slow && pace.slow <= pace.fast)
    }
}

/// Entries of these kinds of indexes take so many times as long as those of a B-tree.
const SLOWER_METHOD: f64 = 10.0;

/// What a change of the catalogue takes, in seconds: a file or two written, the transaction's log flushed.
const MOMENT: Time = Time { least: 0.001, most: 0.05 };

/// Seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Time {
    pub least: f64,
    pub most: f64,
}

impl std::ops::Add for Time {
    type Output = Time;

    fn add(self, other: Time) -> Time {
        Time { least: self.least + other.least, most: self.most + other.most }
    }
}

impl std::iter::Sum for Time {
    fn sum<I: Iterator<Item = Time>>(times: I) -> Time {
        times.fold(Time::default(), std::ops::Add::add)
    }
}

impl Time {
    fn of(amount: f64, pace: Pace) -> Time {
        Time { least: amount / pace.fast.max(f64::MIN_POSITIVE), most: amount / pace.slow.max(f64::MIN_POSITIVE) }
    }
}

/// How large a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Volume {
    pub rows: f64,
    pub bytes: f64,
    /// How many indexes it has, those of constraints among them.
    pub indexes: usize,
}

/// How long a text of one or more statements is at work. `effects` is what it does to tables that were there before the transaction:
/// work on others is nothing.
pub fn duration(changes: &[Change], effects: &[Effect], rates: &Rates, volume: &dyn Fn(&str) -> Volume) -> Time {
    let work = effects.iter().filter(|effect| effect.scan).map(|effect| {
        let volume = volume(&effect.table);
        if effect.rewrite { rewrite(rates, volume) } else { scan(changes, effect, rates, volume) }
    });
    MOMENT + work.sum()
}

fn rewrite(rates: &Rates, volume: Volume) -> Time {
    Time::of(volume.bytes / 1e6, rates.rewrite_mb) + Time::of(volume.rows * volume.indexes as f64, rates.index_rows)
}

fn scan(changes: &[Change], effect: &Effect, rates: &Rates, volume: Volume) -> Time {
    let read = Time::of(volume.bytes / 1e6, rates.read_mb);
    let build = |entries: f64| read + Time::of(entries, rates.index_rows);
    let of_change = |change: &Change| match change {
        Change::CreateIndex { index, concurrently } if index.table == effect.table => {
            let is_slow = matches!(index.method, IndexMethod::Gin | IndexMethod::Gist | IndexMethod::Spgist);
            let once = build(volume.rows * if is_slow { SLOWER_METHOD } else { 1.0 });
            // Both passes read the whole table.
            Some(if *concurrently { once + read } else { once })
        }
        Change::Reindex { .. } => Some(build(volume.rows * volume.indexes as f64)),
        Change::Rows(statement) => match **statement {
            // How many rows satisfy the condition is not known: none to all.
            Statement::Update(_) | Statement::Delete(_) => {
                Some(Time { least: read.least, most: (read + Time::of(volume.rows, rates.write_rows)).most })
            }
            _ => None,
        },
        Change::AlterTable { table, actions } => {
            let times: Vec<Time> =
                actions.iter().filter_map(|action| of_action(table, action, effect, rates, volume)).collect();
            (!times.is_empty()).then(|| times.into_iter().sum())
        }
        _ => None,
    };
    let times: Vec<Time> = changes.iter().filter_map(of_change).collect();
    if times.is_empty() { read } else { times.into_iter().sum() }
}

fn of_action(table: &str, action: &TableAction, effect: &Effect, rates: &Rates, volume: Volume) -> Option<Time> {
    let own = table == effect.table;
    let read = Time::of(volume.bytes / 1e6, rates.read_mb);
    match action {
        TableAction::AddConstraint(new) => Some(match &new.constraint.kind {
            // The lookups are counted where the rows are; the other side is read once.
            ConstraintKind::ForeignKey(_) if own => read + Time::of(volume.rows, rates.lookup_rows),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check { .. } => read,
            ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. } => {
                read + Time::of(volume.rows, rates.index_rows)
            }
            ConstraintKind::Exclusion(_) => read + Time::of(volume.rows * SLOWER_METHOD, rates.index_rows),
        }),
        TableAction::ValidateConstraint { .. } => Some(read + Time::of(volume.rows, rates.lookup_rows)),
        TableAction::AddColumn(column) if own => {
            let builds = column.constraints.iter().filter(|new| {
                matches!(new.constraint.kind, ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. })
            });
            let builds = builds.count() as f64;
            Some(read + Time::of(volume.rows * builds, rates.index_rows))
        }
        // The type keeps its bytes, indexes on it are built anew.
        TableAction::SetType { .. } if own => Some(read + Time::of(volume.rows, rates.index_rows)),
        TableAction::SetNotNull { .. } | TableAction::AddNotNull { .. } if own => Some(read),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Catalogue;
    use crate::schema::Schema;
    use crate::sql::parse_changes;

    /// Seconds on a table of two million rows (334 MB), as `psql` measured them on the machine described above.
    const MEASURED: [(&str, f64); 8] = [
        ("CREATE INDEX x ON t (n)", 3.11),
        ("CREATE INDEX x ON t (upper(name))", 4.12),
        ("CREATE INDEX x ON t USING gin (name gin_trgm_ops)", 55.34),
        ("ALTER TABLE t ADD UNIQUE (id)", 1.81),
        ("ALTER TABLE t ALTER COLUMN name SET NOT NULL", 0.56),
        ("ALTER TABLE t ADD CONSTRAINT x CHECK (n >= 0)", 1.13),
        ("ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (c_id) REFERENCES c (id)", 0.77),
        ("ALTER TABLE t ALTER COLUMN n TYPE bigint USING n", 18.26),
    ];

    #[test]
    fn measured_times_lie_in_the_ranges() {
        for (sql, seconds) in MEASURED {
            let mut catalogue = Catalogue::new(Schema::default());
            for sql in [
                "CREATE TABLE c (id bigint PRIMARY KEY)",
                "CREATE TABLE t (id bigint PRIMARY KEY, n integer, name text, c_id bigint, at timestamptz)",
                "CREATE INDEX a ON t (n)",
                "CREATE INDEX b ON t (name)",
                "CREATE INDEX d ON t (c_id)",
            ] {
                catalogue.send(sql).expect("read");
            }
            catalogue.begin();
            let effects = catalogue.send(sql).expect("read");
            let volume = |table: &str| match table {
                "t" => Volume { rows: 2e6, bytes: 334e6, indexes: 4 },
                _ => Volume { rows: 1e5, bytes: 3.6e6, indexes: 1 },
            };
            let time = duration(&parse_changes(sql), &effects, &Rates::default(), &volume);
            assert!(time.least <= seconds && seconds <= time.most, "{sql}: {seconds} s, {time:?}");
        }
    }
}
