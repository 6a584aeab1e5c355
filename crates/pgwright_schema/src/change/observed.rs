//! What PostgreSQL was seen to do while a statement ran, beside what was said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, LockMode};

/// What was seen of the tables that were there before the transaction, by the names they had before the statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The strongest lock that the transaction had on each table before the statement.
    pub before: BTreeMap<String, LockMode>,
    /// The same after it.
    pub after: BTreeMap<String, LockMode>,
    /// Tables that have another file than before.
    pub rewritten: BTreeSet<String>,
    /// Tables that were read from end to end; unknown where nobody could look on.
    pub read: Option<BTreeSet<String>>,
}

/// A table to which something else was done than was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: String,
    pub said: Option<Effect>,
    pub seen: Option<Effect>,
}

impl Observed {
    /// What the statement did to each table, as predictions have it.
    pub fn effects(&self) -> Vec<Effect> {
        let mut found: Vec<Effect> = self.tables().filter_map(|table| self.effect(table)).collect();
        found.sort_by(|left, right| right.lock.cmp(&left.lock).then_with(|| left.table.cmp(&right.table)));
        found
    }

    /// Tables of which it was said otherwise.
    ///
    /// A lock that the transaction had already cannot be seen a second time, nor is `AccessShareLock` asked for: only those who drop or
    /// rewrite a table wait for readers. Without rows none is locked in tables that they refer to (`RowShareLock`), and a table in
    /// which their keys are looked up is not read.
    pub fn differences(&self, said: &[Effect]) -> Vec<Difference> {
        let mut tables: BTreeSet<&str> = self.tables().collect();
        tables.extend(said.iter().map(|effect| effect.table.as_str()));
        let differing = tables.into_iter().filter(|table| {
            let said = said.iter().find(|effect| effect.table == *table);
            let only_of_rows = said.is_some_and(|effect| effect.lock == LockMode::RowShare);
            let (before, after) = (self.before.get(*table).copied(), self.after.get(*table).copied());
            let expected = before.max(said.map(|effect| effect.lock));
            let visible = |lock: Option<LockMode>| lock.filter(|lock| *lock > LockMode::AccessShare);
            let rewrite = said.is_some_and(|effect| effect.rewrite);
            let scan = said.is_some_and(|effect| effect.scan);
            let is_read = self.read.as_ref().is_some_and(|read| read.contains(*table));
            (visible(expected) != visible(after) && !(only_of_rows && before == after))
                || rewrite != self.rewritten.contains(*table)
                || (is_read && !scan && visible(said.map(|effect| effect.lock)).is_some())
        });
        let differing: Vec<&str> = differing.collect();
        let found = differing.into_iter().map(|table| Difference {
            table: table.to_owned(),
            said: said.iter().find(|effect| effect.table == table).cloned(),
            seen: self.effect(table),
        });
        found.collect()
    }

    fn tables(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> = self.after.keys().chain(&self.rewritten).map(String::as_str).collect();
        all.into_iter()
    }

    /// None where the statement did nothing to the table.
    fn effect(&self, table: &str) -> Option<Effect> {
        let after = *self.after.get(table)?;
        let rewrite = self.rewritten.contains(table);
        let scan = rewrite || self.read.as_ref().is_some_and(|read| read.contains(table));
        if self.before.get(table) == Some(&after) && !scan {
            return None;
        }
        Some(Effect { rewrite, scan, ..Effect::new(table, after) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(before: &[(&str, LockMode)], after: &[(&str, LockMode)]) -> Observed {
        let map = |locks: &[(&str, LockMode)]| locks.iter().map(|(table, mode)| ((*table).to_owned(), *mode)).collect();
        Observed { before: map(before), after: map(after), read: Some(BTreeSet::new()), ..Observed::default() }
    }

    #[test]
    fn a_lock_held_already_is_not_asked_for_again() {
        let seen = observed(&[("a", LockMode::AccessExclusive)], &[("a", LockMode::AccessExclusive)]);
        assert!(seen.differences(&[Effect::new("a", LockMode::Share)]).is_empty());
        assert!(seen.effects().is_empty());
    }

    #[test]
    fn a_weaker_lock_a_rewrite_and_a_table_nobody_spoke_of_are_differences() {
        let mut seen = observed(&[], &[("a", LockMode::AccessExclusive), ("b", LockMode::ShareRowExclusive)]);
        seen.rewritten.insert("a".to_owned());
        let found = seen.differences(&[Effect::new("a", LockMode::AccessExclusive), Effect::new("c", LockMode::Share)]);
        let tables: Vec<&str> = found.iter().map(|difference| difference.table.as_str()).collect();
        assert_eq!(tables, ["a", "b", "c"]);
        assert!(found[0].seen.as_ref().is_some_and(|effect| effect.rewrite));
        assert_eq!((&found[1].said, &found[2].seen), (&None, &None));
    }

    #[test]
    fn rows_that_are_not_there_are_not_locked() {
        let seen = observed(&[], &[]);
        assert!(seen.differences(&[Effect::new("a", LockMode::RowShare)]).is_empty());
        assert_eq!(seen.differences(&[Effect::new("a", LockMode::RowExclusive)]).len(), 1);
    }

    #[test]
    fn reading_that_was_not_said_is_a_difference_and_readers_are_none() {
        let mut seen = observed(&[], &[("a", LockMode::ShareUpdateExclusive), ("b", LockMode::AccessShare)]);
        seen.read = Some(["a", "b"].map(str::to_owned).into());
        assert_eq!(seen.differences(&[Effect::new("a", LockMode::ShareUpdateExclusive)]).len(), 1);
        let read = Effect { scan: true, ..Effect::new("a", LockMode::ShareUpdateExclusive) };
        assert!(seen.differences(&[read]).is_empty());
    }
}
