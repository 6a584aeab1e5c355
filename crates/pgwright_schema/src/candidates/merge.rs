//! One index for what several would do, and none for what one already does.

use super::gather::{Key, Proposal};
use crate::access::{KeyOrder, PreparedIndex};
use crate::catalog::catalog;
use crate::predict::Database;
use crate::schema::IndexMethod;
use crate::terms::Term;

/// Brings equal proposals together, and weighs those that begin with another one for its statements too. The longest come first.
///
/// Shorter ones stay: they may be the better ones for their statements.
pub(super) fn merged(mut proposals: Vec<Proposal>) -> Vec<Proposal> {
    proposals.sort_by_key(|proposal| std::cmp::Reverse((proposal.keys.len(), proposal.include.len())));
    let mut kept: Vec<Proposal> = Vec::new();
    for proposal in proposals {
        let mut known = false;
        for other in &mut kept {
            let alike = other.table == proposal.table
                && other.method == proposal.method
                && same_conditions(&other.predicate, &proposal.predicate);
            if !alike || !begins_with(other, &proposal) {
                continue;
            }
            for statement in &proposal.statements {
                if !other.statements.contains(statement) {
                    other.statements.push(*statement);
                }
            }
            known |= other.keys.len() == proposal.keys.len() && other.include == proposal.include;
        }
        if !known {
            kept.push(proposal);
        }
    }
    kept
}

fn same_conditions(a: &[Term], b: &[Term]) -> bool {
    a.len() == b.len() && a.iter().all(|condition| b.iter().any(|other| other.same(condition)))
}

/// Whether the longer one can be made to begin with the keys of the shorter one, by exchanging keys of equalities.
fn begins_with(longer: &mut Proposal, shorter: &Proposal) -> bool {
    let length = shorter.keys.len();
    if length > longer.keys.len() || !shorter.include.iter().all(|name| longer.include.contains(name)) {
        return false;
    }
    if longer.keys.iter().zip(&shorter.keys).all(|(a, b)| a.same(b)) {
        if shorter.equalities < length {
            longer.equalities = longer.equalities.min(shorter.equalities);
        }
        return true;
    }
    let free = longer.equalities.min(longer.keys.len());
    if length > free || shorter.equalities < length {
        return false;
    }
    let wanted = |key: &Key| shorter.keys.iter().any(|own| own.same(key));
    let within = shorter.keys.iter().all(|key| longer.keys[..free].iter().any(|own| own.same(key)));
    if within {
        longer.keys[..free].sort_by_key(|key| !wanted(key));
        longer.equalities = length;
    }
    within
}

/// Whether an index of the table does already what the proposal would.
pub(super) fn exists(proposal: &Proposal, database: &Database<'_>) -> bool {
    database.indexes(proposal.table).any(|index| does(index, proposal))
}

fn does(index: &PreparedIndex, proposal: &Proposal) -> bool {
    if index.method != proposal.method
        || index.keys.len() < proposal.keys.len()
        || !same_conditions(&index.predicate, &proposal.predicate)
        || !proposal.include.iter().all(|name| index.returns(name))
    {
        return false;
    }
    // Keys of equalities may stand in another order.
    let mut keys: Vec<&Key> = proposal.keys.iter().collect();
    let free = proposal.equalities.min(keys.len());
    for position in 0..free {
        let found = (position..free).find(|other| index.keys[position].term.same(&keys[*other].term));
        if let Some(found) = found {
            keys.swap(position, found);
        }
    }
    let reads = |order: &dyn Fn(KeyOrder) -> KeyOrder| {
        keys.iter().zip(&index.keys).enumerate().all(|(position, (key, own))| {
            let any_order =
                position < free || index.method != IndexMethod::Btree || key.order.is_none() && position == free;
            own.term.same(&key.term)
                && same_class(index, position, key)
                && (any_order || order(own.order) == key.order())
        })
    };
    reads(&|order| order) || reads(&KeyOrder::reversed)
}

fn same_class(index: &PreparedIndex, position: usize, key: &Key) -> bool {
    let named = key.opclass.and_then(|name| catalog().operator_class(&index.method, Some(name), key.term.type_));
    let wanted = named.or_else(|| catalog().operator_class(&index.method, None, key.term.type_));
    index.keys[position].class.zip(wanted).is_some_and(|(own, wanted)| own.family == wanted.family)
}
