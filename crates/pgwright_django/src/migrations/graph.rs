//! The order in which Django applies migrations to an empty database (`MigrationLoader.build_graph`, `MigrationGraph`).

use std::collections::BTreeSet;

use pgwright_diagnostics::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Conflict;
use super::read::{Declared, by_key};
use crate::project::Unresolved;

pub(super) struct Ordered {
    /// In the order of application; squashed migrations stand for those they replace.
    pub(super) migrations: Vec<Declared>,
    /// Positions in `migrations` of those nothing of their app follows.
    pub(super) leaves: FxHashSet<usize>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) unresolved: Vec<Unresolved>,
}

/// Puts migrations in order. Dependencies on apps without readable migrations are met: their tables are taken as the models are.
pub(super) fn order(declared: Vec<Declared>) -> Ordered {
    let mut unresolved = Vec::new();
    let parents = parents(&declared, &mut unresolved);
    let replaced: FxHashSet<usize> = replaced(&declared).into_keys().collect();
    let alive: Vec<usize> = (0..declared.len()).filter(|at| !replaced.contains(at)).collect();
    let name = |at: usize| (declared[at].app.as_str(), declared[at].name.as_str());

    // `leaf_nodes`: those with no child in their own app.
    let mut followed: FxHashSet<usize> = FxHashSet::default();
    for at in &alive {
        followed.extend(parents[*at].iter().filter(|parent| declared[**parent].app == declared[*at].app));
    }
    let mut leaves: Vec<usize> = alive.iter().copied().filter(|at| !followed.contains(at)).collect();
    leaves.sort_by_key(|at| name(*at));
    let mut conflicts = conflicts(&declared, &leaves);
    conflicts.retain(|conflict| match other_label(&declared, &conflict.app) {
        Some((label, site)) => {
            unresolved.push(Unresolved {
                subject: conflict.app.clone(),
                reason: format!(
                    "its migrations depend on each other as those of `{label}`, so `{}` is not its label",
                    conflict.app
                ),
                site,
            });
            false
        }
        None => true,
    });

    // `iterative_dfs`: parents are taken from the end of their sorted list.
    let mut done: Vec<usize> = Vec::new();
    let mut seen: FxHashSet<usize> = FxHashSet::default();
    for leaf in &leaves {
        let mut stack = vec![(*leaf, false)];
        let mut open: FxHashSet<usize> = FxHashSet::default();
        while let Some((at, processed)) = stack.pop() {
            if seen.contains(&at) {
                continue;
            }
            if processed {
                seen.insert(at);
                done.push(at);
                continue;
            }
            // A circle: Django refuses it; here each is applied once.
            if !open.insert(at) {
                continue;
            }
            stack.push((at, true));
            let mut next: Vec<usize> = parents[at].iter().copied().collect();
            next.sort_by_key(|at| name(*at));
            stack.extend(next.into_iter().map(|at| (at, false)));
        }
    }
    let leaf_set: FxHashSet<usize> = leaves.into_iter().collect();
    let positions = done.iter().enumerate().filter(|(_, at)| leaf_set.contains(at)).map(|(position, _)| position);
    let leaves = positions.collect();
    let mut slots: Vec<Option<Declared>> = declared.into_iter().map(Some).collect();
    let migrations = done.into_iter().filter_map(|at| slots[at].take()).collect();
    Ordered { migrations, leaves, conflicts, unresolved }
}

fn conflicts(declared: &[Declared], leaves: &[usize]) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    for at in leaves {
        let one = &declared[*at];
        match found.iter_mut().find(|conflict| conflict.app == one.app) {
            Some(conflict) => conflict.leaves.push(one.name.clone()),
            None => found.push(Conflict { app: one.app.clone(), leaves: vec![one.name.clone()] }),
        }
    }
    found.retain(|conflict| conflict.leaves.len() > 1);
    found
}

/// The label by which an app's migrations name each other where it is not the one the app was given. That is how an app looks whose
/// configuration could not be read: nothing follows anything, and each of its migrations would be a last one.
fn other_label<'d>(declared: &'d [Declared], app: &str) -> Option<(&'d str, Option<Span>)> {
    let own: FxHashMap<&str, &Declared> =
        declared.iter().filter(|one| one.app == app).map(|one| (one.name.as_str(), one)).collect();
    let mut named = own.values().flat_map(|one| one.dependencies.iter().map(move |on| (*one, on)));
    named.find_map(|(one, (label, name))| {
        let of_own = label != app && own.contains_key(name.as_str()) && one.name != *name;
        (of_own && declared.iter().all(|other| other.app != *label)).then_some((label.as_str(), one.site))
    })
}

/// Each replaced migration, with the squashed one that stands for it (on an empty database it always does).
fn replaced(declared: &[Declared]) -> FxHashMap<usize, usize> {
    let known = by_key(declared);
    let mut found = FxHashMap::default();
    for (at, one) in declared.iter().enumerate() {
        for (app, name) in &one.replaces {
            if let Some(other) = known.get(&(app.as_str(), name.as_str())).filter(|other| **other != at) {
                found.insert(*other, at);
            }
        }
    }
    found
}

fn parents(declared: &[Declared], unresolved: &mut Vec<Unresolved>) -> Vec<BTreeSet<usize>> {
    let known = by_key(declared);
    let stands_for = replaced(declared);
    // Names that only `replaces` still knows: their files are gone.
    let mut gone: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    for (at, one) in declared.iter().enumerate() {
        for (app, name) in &one.replaces {
            gone.entry((app.as_str(), name.as_str())).or_insert(at);
        }
    }
    let last = |mut at: usize| {
        // A squashed migration may itself be replaced.
        for _ in 0..8 {
            match stands_for.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        at
    };
    let find = |app: &str, name: &str| -> Option<usize> {
        let first = || declared.iter().position(|one| one.app == app && is_root(one, app));
        match name {
            "__first__" => first().map(last),
            "__latest__" => {
                let mut own = declared.iter().enumerate().filter(|(_, one)| one.app == app).map(|(at, _)| at);
                own.next_back().map(last)
            }
            _ => known.get(&(app, name)).or_else(|| gone.get(&(app, name))).copied().map(last),
        }
    };
    let mut parents: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); declared.len()];
    for (at, one) in declared.iter().enumerate() {
        let heir = last(at);
        for (app, name) in &one.dependencies {
            match find(app, name) {
                // What a replaced migration depends on, the squashed one does too.
                Some(parent) if parent != heir => {
                    parents[heir].insert(parent);
                    parents[at].insert(parent);
                }
                Some(_) => {}
                None if declared.iter().any(|other| other.app == *app) && name != "__first__" => {
                    unresolved.push(Unresolved {
                        subject: format!("{}.{}", one.app, one.name),
                        reason: format!("it depends on `{app}.{name}`, which does not exist"),
                        site: one.site,
                    });
                }
                None => {}
            }
        }
        for (app, name) in &one.run_before {
            if let Some(child) = find(app, name).filter(|child| *child != heir) {
                parents[child].insert(heir);
            }
        }
    }
    parents
}

/// `root_nodes(app)`: nothing of its own app before it.
fn is_root(one: &Declared, app: &str) -> bool {
    one.dependencies.iter().all(|(other, _)| other != app)
}
