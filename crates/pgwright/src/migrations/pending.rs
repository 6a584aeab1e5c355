//! What a database has still to apply (`MigrationLoader.build_graph`, `check_consistent_history`).

use std::collections::{BTreeMap, BTreeSet};

use pgwright_django::migrations::{History, Migration};

/// As app and name.
pub(super) type Applied = BTreeSet<(String, String)>;

/// What `migrate` would run, and what is wrong between the code and the database.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    /// By place in the history, which is the order in which they run.
    pub(super) places: BTreeSet<usize>,
    pub(super) remarks: Vec<String>,
}

/// The state of one migration in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Applied,
    /// Squashed from some that have run and some that have not: so many have.
    InPart(usize),
    Pending,
}

pub(super) fn pending(history: &History, applied: &Applied) -> Pending {
    let mut found = Pending::default();
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut states: BTreeMap<(&str, &str), State> = BTreeMap::new();
    for (place, migration) in history.migrations.iter().enumerate() {
        let state = state(migration, applied);
        let key = (migration.app.as_str(), migration.name.as_str());
        known.insert(key);
        known.extend(migration.replaces.iter().map(|(app, name)| (app.as_str(), name.as_str())));
        states.insert(key, state);
        for (app, name) in &migration.replaces {
            states.entry((app, name)).or_insert(state);
        }
        if state != State::Applied {
            found.places.insert(place);
        }
        if let State::InPart(done) = state {
            found.remarks.push(format!(
                "`{}` is squashed, and {done} of the {} migrations it replaces have run there: `migrate` runs the others instead of it",
                migration.label(),
                migration.replaces.len()
            ));
        }
    }
    for migration in history.migrations.iter().filter(|migration| state(migration, applied) == State::Applied) {
        for (app, name) in &migration.dependencies {
            if states.get(&(app.as_str(), name.as_str())) == Some(&State::Pending) {
                found.remarks.push(format!(
                    "`{}` has run there before `{app}.{name}`, which it depends on: `migrate` will refuse (InconsistentMigrationHistory)",
                    migration.label()
                ));
            }
        }
    }
    let own: BTreeSet<&str> = history.migrations.iter().filter(|one| one.own).map(|one| one.app.as_str()).collect();
    let gone = applied.iter().filter(|(app, name)| own.contains(app.as_str()) && !known.contains(&(app, name)));
    let gone: Vec<String> = gone.map(|(app, name)| format!("`{app}.{name}`")).collect();
    if !gone.is_empty() {
        found.remarks.push(format!(
            "it has applied what is not in this code, so its tables may differ from those here: {}",
            gone.join(", ")
        ));
    }
    found
}

fn state(migration: &Migration, applied: &Applied) -> State {
    let has_run = |app: &str, name: &str| applied.contains(&(app.to_owned(), name.to_owned()));
    if has_run(&migration.app, &migration.name) {
        return State::Applied;
    }
    let done = migration.replaces.iter().filter(|(app, name)| has_run(app, name)).count();
    match done {
        0 => State::Pending,
        done if done == migration.replaces.len() => State::Applied,
        done => State::InPart(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(name: &str, after: &[&str], replaces: &[&str]) -> Migration {
        let keys = |names: &[&str]| names.iter().map(|name| ("shop".to_owned(), (*name).to_owned())).collect();
        Migration {
            app: "shop".to_owned(),
            name: name.to_owned(),
            file: None,
            site: None,
            own: true,
            atomic: true,
            replaces: keys(replaces),
            dependencies: keys(after),
            runs_before_others: false,
            leaf: false,
            month: None,
            operations: Vec::new(),
        }
    }

    fn of(migrations: Vec<Migration>, applied: &[&str]) -> Pending {
        let history = History { migrations, ..History::default() };
        pending(&history, &applied.iter().map(|name| ("shop".to_owned(), (*name).to_owned())).collect())
    }

    #[test]
    fn what_has_not_run_is_pending() {
        let found = of(vec![migration("1", &[], &[]), migration("2", &["1"], &[])], &["1"]);
        assert_eq!(found, Pending { places: [1].into(), remarks: Vec::new() });
    }

    #[test]
    fn a_squashed_one_has_run_when_all_it_replaces_have() {
        let squashed = || vec![migration("1_squashed_2", &[], &["1", "2"])];
        assert_eq!(of(squashed(), &["1", "2"]), Pending::default());
        assert_eq!(of(squashed(), &[]).places, [0].into());
        let in_part = of(squashed(), &["1"]);
        assert_eq!(in_part.places, [0].into());
        assert!(in_part.remarks[0].contains("1 of the 2 migrations"), "{:?}", in_part.remarks);
    }

    #[test]
    fn a_history_with_a_hole_and_one_from_elsewhere_are_said() {
        let found = of(vec![migration("1", &[], &[]), migration("2", &["1"], &[])], &["2", "9"]);
        assert_eq!(found.places, [0].into());
        assert!(found.remarks[0].contains("`shop.2` has run there before `shop.1`"), "{:?}", found.remarks);
        assert!(found.remarks[1].contains("not in this code") && found.remarks[1].contains("`shop.9`"));
    }
}
