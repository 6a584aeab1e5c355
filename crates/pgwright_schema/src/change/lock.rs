//! Lock modes of tables, and what a statement does to one.

use serde::{Serialize, Serializer};

/// A lock on a table, weakest first (`src/include/storage/lockdefs.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

impl LockMode {
    /// As `pg_locks.mode` has it.
    pub fn name(self) -> &'static str {
        match self {
            LockMode::AccessShare => "AccessShareLock",
            LockMode::RowShare => "RowShareLock",
            LockMode::RowExclusive => "RowExclusiveLock",
            LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            LockMode::Share => "ShareLock",
            LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
            LockMode::Exclusive => "ExclusiveLock",
            LockMode::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// Weakest first.
    pub const ALL: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    /// The one of this `name`.
    pub fn named(name: &str) -> Option<LockMode> {
        LockMode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// As `LOCK TABLE … IN … MODE` has it, in capitals.
    pub fn parse(text: &str) -> Option<LockMode> {
        Some(match text {
            "ACCESS SHARE" => LockMode::AccessShare,
            "ROW SHARE" => LockMode::RowShare,
            "ROW EXCLUSIVE" => LockMode::RowExclusive,
            "SHARE UPDATE EXCLUSIVE" => LockMode::ShareUpdateExclusive,
            "SHARE" => LockMode::Share,
            "SHARE ROW EXCLUSIVE" => LockMode::ShareRowExclusive,
            "EXCLUSIVE" => LockMode::Exclusive,
            "ACCESS EXCLUSIVE" => LockMode::AccessExclusive,
            _ => return None,
        })
    }

    /// Whether `SELECT` waits for it.
    pub fn blocks_reads(self) -> bool {
        self == LockMode::AccessExclusive
    }

    /// Whether `INSERT`, `UPDATE` and `DELETE` wait for it.
    pub fn blocks_writes(self) -> bool {
        self >= LockMode::Share
    }
}

impl Serialize for LockMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a statement does to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    pub table: String,
    pub lock: LockMode,
    /// The table is written anew, with all its indexes.
    pub rewrite: bool,
    /// Its rows are read: to check them, to build an index, to write them anew.
    pub scan: bool,
    pub blocks_reads: bool,
    pub blocks_writes: bool,
}

impl Effect {
    pub fn new(table: &str, lock: LockMode) -> Effect {
        Effect {
            table: table.to_owned(),
            lock,
            rewrite: false,
            scan: false,
            blocks_reads: lock.blocks_reads(),
            blocks_writes: lock.blocks_writes(),
        }
    }

    /// Both on one table: the stronger lock, and all that either does.
    pub fn join(&mut self, other: &Effect) {
        self.lock = self.lock.max(other.lock);
        self.rewrite |= other.rewrite;
        self.scan |= other.scan;
        self.blocks_reads |= other.blocks_reads;
        self.blocks_writes |= other.blocks_writes;
    }
}
