//! Which indexes are worth having, by what plans cost with them.
//!
//! The choice is greedy: the index that saves most is taken, plans are made again with it, and so on while one of those left still
//! saves enough. An index that another one chosen later makes useless is given back. Savings of an index only shrink as others are taken, mostly,
//! so most of those left need not be planned with again in each round.

/// A plan's cost falls to at most this part for the index to count as worth it for that statement.
pub const WORTH: f64 = 0.5;

/// An index given back may cost the whole workload this part at the most.
const USELESS: f64 = 0.001;

/// What is to be chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// 8 KiB pages.
    pub pages: u64,
    /// The statements that it may serve, by their places.
    pub statements: Vec<usize>,
}

/// How much may be spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    pub indexes: usize,
    /// 8 KiB pages, of all indexes together.
    pub pages: u64,
}

/// What was chosen, in the order in which it pays most, and what each statement costs then.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub chosen: Vec<usize>,
    /// Planner cost units, by statement.
    pub after: Vec<f64>,
}

/// Chooses. `before` is what each statement costs without any candidate, `weights` how often it runs; `cost` plans a statement with exactly
/// the candidates named.
///
/// # Errors
/// Those of `cost`.
pub fn choose<E>(
    candidates: &[Candidate],
    before: &[f64],
    weights: &[f64],
    budget: Budget,
    mut cost: impl FnMut(&[usize], usize) -> Result<f64, E>,
) -> Result<Choice, E> {
    let mut choice = Choice { chosen: Vec::new(), after: before.to_vec() };
    // What each may save at the most: unknown at first.
    let mut left: Vec<(usize, f64)> = (0..candidates.len()).map(|candidate| (candidate, f64::INFINITY)).collect();
    while choice.chosen.len() < budget.indexes && !left.is_empty() {
        let spent: u64 = choice.chosen.iter().map(|chosen| candidates[*chosen].pages).sum();
        left.retain(|(candidate, _)| spent + candidates[*candidate].pages <= budget.pages);
        left.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let mut best: Option<(usize, f64, Vec<f64>)> = None;
        for (candidate, most) in &mut left {
            if best.as_ref().is_some_and(|(_, saved, _)| *saved >= *most) {
                break;
            }
            let with = [&choice.chosen[..], &[*candidate]].concat();
            let statements = &candidates[*candidate].statements;
            let costs = statements.iter().map(|place| cost(&with, *place)).collect::<Result<Vec<f64>, E>>()?;
            let saved: f64 =
                statements.iter().zip(&costs).map(|(place, now)| (choice.after[*place] - now) * weights[*place]).sum();
            let is_worth_it = statements.iter().zip(&costs).any(|(place, now)| *now <= choice.after[*place] * WORTH);
            *most = if is_worth_it { saved } else { 0.0 };
            if *most > 0.0 && best.as_ref().is_none_or(|(_, best, _)| *most > *best) {
                best = Some((*candidate, *most, costs));
            }
        }
        let Some((candidate, _, costs)) = best else { break };
        for (place, now) in candidates[candidate].statements.iter().zip(costs) {
            choice.after[*place] = now;
        }
        choice.chosen.push(candidate);
        left.retain(|(left, most)| *left != candidate && *most > 0.0);
    }
    give_back(&mut choice, candidates, weights, &mut cost)?;
    Ok(choice)
}

/// Takes out what others make useless, the last chosen first.
fn give_back<E>(
    choice: &mut Choice,
    candidates: &[Candidate],
    weights: &[f64],
    cost: &mut impl FnMut(&[usize], usize) -> Result<f64, E>,
) -> Result<(), E> {
    let total: f64 = choice.after.iter().zip(weights).map(|(cost, weight)| cost * weight).sum();
    for candidate in choice.chosen.clone().into_iter().rev() {
        let without: Vec<usize> = choice.chosen.iter().copied().filter(|chosen| *chosen != candidate).collect();
        let statements = &candidates[candidate].statements;
        let costs = statements.iter().map(|place| cost(&without, *place)).collect::<Result<Vec<f64>, E>>()?;
        let lost: f64 =
            statements.iter().zip(&costs).map(|(place, now)| (now - choice.after[*place]) * weights[*place]).sum();
        if lost <= total * USELESS {
            choice.chosen = without;
            for (place, now) in statements.iter().zip(costs) {
                choice.after[*place] = now;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Budget, Candidate, Choice, choose};
    use std::convert::Infallible;

    const MUCH: Budget = Budget { indexes: 9, pages: 1000 };

    fn candidate(pages: u64, statements: &[usize]) -> Candidate {
        Candidate { pages, statements: statements.to_vec() }
    }

    /// Costs by statement: 100 without, and with each candidate as the table says.
    fn chosen(table: &[&[f64]], candidates: &[Candidate], weights: &[f64], budget: Budget) -> Choice {
        let before = vec![100.0; weights.len()];
        let cost = |with: &[usize], statement: usize| {
            Ok::<f64, Infallible>(with.iter().map(|at| table[*at][statement]).fold(100.0, f64::min))
        };
        choose(candidates, &before, weights, budget, cost).unwrap_or_else(|never| match never {})
    }

    #[test]
    fn what_saves_most_comes_first_and_what_it_makes_useless_is_left() {
        let candidates = [candidate(1, &[0]), candidate(1, &[0, 1]), candidate(1, &[2])];
        let table: [&[f64]; 3] = [&[10.0, 100.0, 100.0], &[10.0, 10.0, 100.0], &[100.0, 100.0, 1.0]];
        let choice = chosen(&table, &candidates, &[1.0, 1.0, 5.0], MUCH);
        assert_eq!(choice, Choice { chosen: vec![2, 1], after: vec![10.0, 10.0, 1.0] });
    }

    #[test]
    fn what_was_best_at_first_is_given_back_when_others_make_it_useless() {
        // The last saves most alone, and nothing beside the other two.
        let candidates = [candidate(1, &[0]), candidate(1, &[1]), candidate(1, &[0, 1])];
        let table: [&[f64]; 3] = [&[1.0, 100.0], &[100.0, 1.0], &[50.0, 50.0]];
        let choice = chosen(&table, &candidates, &[1.0, 1.0], MUCH);
        assert_eq!(choice, Choice { chosen: vec![0, 1], after: vec![1.0, 1.0] });
    }

    #[test]
    fn little_is_not_enough_and_the_budget_is_kept() {
        let candidates = [candidate(1, &[0]), candidate(900, &[1]), candidate(200, &[2])];
        let table: [&[f64]; 3] = [&[60.0, 100.0, 100.0], &[100.0, 1.0, 100.0], &[100.0, 100.0, 2.0]];
        let weights = [1.0; 3];
        assert_eq!(chosen(&table, &candidates, &weights, MUCH).chosen, [1]);
        assert_eq!(chosen(&table, &candidates, &weights, Budget { indexes: 9, pages: 899 }).chosen, [2]);
        assert_eq!(chosen(&table, &candidates, &weights, Budget { indexes: 0, pages: 899 }).chosen, [0_usize; 0]);
    }
}
