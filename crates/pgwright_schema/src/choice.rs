//! Which indexes are worth having, by what plans cost with them.
//!
//! The choice is greedy: the index that saves most is taken, plans are made again with it, and so on while one of those left still
//! saves enough. An index that another one chosen later makes useless is given back. Savings of an index only shrink as others are taken, mostly,
//! and no index saves more than its statements cost by now, so most of those left need not be planned with again in each round.

use std::collections::HashMap;

/// A plan's cost falls to at most this part for the index to count as worth it for that statement.
pub const WORTH: f64 = 0.5;

/// Planner cost units up to which a statement is no reason for an index: a few pages.
const CHEAP: f64 = 20.0;

/// Whether an index is worth having for a statement that costs so much without and with it.
pub fn is_worth_it(before: f64, after: f64) -> bool {
    before > CHEAP && after <= before * WORTH
}

/// What is to be chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// 8 KiB pages.
    pub pages: u64,
    /// The statements that it may serve, by their places, in order.
    pub statements: Vec<usize>,
    /// Planner cost units that the writes of its table cost more with it, while each statement runs as often as its weight says. 0 where
    /// nobody counted them.
    pub upkeep: f64,
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
    cost: impl FnMut(&[usize], usize) -> Result<f64, E>,
) -> Result<Choice, E> {
    let known = before.iter().enumerate().map(|(place, cost)| ((place, Vec::new()), *cost)).collect();
    let mut costs = Costs { candidates, known, cost };
    let choice = greedy(before, weights, budget, Gain::Whole, &mut costs)?;
    if candidates.iter().map(|candidate| candidate.pages).sum::<u64>() <= budget.pages {
        return Ok(choice);
    }
    // A large index that saves most may leave no room for several small ones that save more together.
    let dense = greedy(before, weights, budget, Gain::PerPage, &mut costs)?;
    let total = |choice: &Choice| choice.after.iter().zip(weights).map(|(cost, weight)| cost * weight).sum::<f64>();
    Ok(if total(&dense) < total(&choice) { dense } else { choice })
}

/// By what the next index is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gain {
    Whole,
    PerPage,
}

impl Gain {
    fn of(self, saved: f64, pages: u64) -> f64 {
        match self {
            Gain::Whole => saved,
            Gain::PerPage => saved / pages.max(1) as f64,
        }
    }
}

fn greedy<E, F: FnMut(&[usize], usize) -> Result<f64, E>>(
    before: &[f64],
    weights: &[f64],
    budget: Budget,
    gain: Gain,
    costs: &mut Costs<'_, F>,
) -> Result<Choice, E> {
    let candidates = costs.candidates;
    let mut choice = Choice { chosen: Vec::new(), after: before.to_vec() };
    // What each may save at the most: unknown at first.
    let mut left: Vec<(usize, f64)> = (0..candidates.len()).map(|candidate| (candidate, f64::INFINITY)).collect();
    while choice.chosen.len() < budget.indexes && !left.is_empty() {
        let spent: u64 = choice.chosen.iter().map(|chosen| candidates[*chosen].pages).sum();
        left.retain_mut(|(candidate, most)| {
            let statements = &candidates[*candidate].statements;
            let all: f64 = statements.iter().map(|place| choice.after[*place] * weights[*place]).sum();
            *most = most.min(gain.of(all - candidates[*candidate].upkeep, candidates[*candidate].pages));
            let may_be_worth_it = statements.iter().any(|place| is_worth_it(choice.after[*place], 0.0));
            may_be_worth_it && *most > 0.0 && spent + candidates[*candidate].pages <= budget.pages
        });
        left.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let mut best: Option<(usize, f64, Vec<f64>)> = None;
        for (candidate, most) in &mut left {
            if best.as_ref().is_some_and(|(_, saved, _)| *saved >= *most) {
                break;
            }
            let with = [&choice.chosen[..], &[*candidate]].concat();
            let now = costs.of_statements(*candidate, &with)?;
            let changes = || candidates[*candidate].statements.iter().zip(&now);
            let saved: f64 = changes().map(|(place, now)| (choice.after[*place] - now) * weights[*place]).sum();
            let saved = gain.of(saved - candidates[*candidate].upkeep, candidates[*candidate].pages);
            *most = if changes().any(|(place, now)| is_worth_it(choice.after[*place], *now)) { saved } else { 0.0 };
            if *most > 0.0 && best.as_ref().is_none_or(|(_, best, _)| *most > *best) {
                best = Some((*candidate, *most, now));
            }
        }
        let Some((candidate, _, now)) = best else { break };
        for (place, now) in candidates[candidate].statements.iter().zip(now) {
            choice.after[*place] = now;
        }
        choice.chosen.push(candidate);
        left.retain(|(left, most)| *left != candidate && *most > 0.0);
    }
    give_back(&mut choice, costs)?;
    Ok(choice)
}

/// Takes out what others make useless, the last chosen first: without it no statement is so dear that it would be worth having.
fn give_back<E, F: FnMut(&[usize], usize) -> Result<f64, E>>(
    choice: &mut Choice,
    costs: &mut Costs<'_, F>,
) -> Result<(), E> {
    for candidate in choice.chosen.clone().into_iter().rev() {
        let without: Vec<usize> = choice.chosen.iter().copied().filter(|chosen| *chosen != candidate).collect();
        let then = costs.of_statements(candidate, &without)?;
        let statements = &costs.candidates[candidate].statements;
        if !statements.iter().zip(&then).any(|(place, then)| is_worth_it(*then, choice.after[*place])) {
            choice.chosen = without;
            for (place, then) in statements.iter().zip(then) {
                choice.after[*place] = then;
            }
        }
    }
    Ok(())
}

/// What statements cost with which candidates. Those that cannot serve a statement do not change what it costs.
struct Costs<'c, F> {
    candidates: &'c [Candidate],
    known: HashMap<(usize, Vec<usize>), f64>,
    cost: F,
}

impl<E, F: FnMut(&[usize], usize) -> Result<f64, E>> Costs<'_, F> {
    /// Of each statement that a candidate may serve.
    fn of_statements(&mut self, candidate: usize, with: &[usize]) -> Result<Vec<f64>, E> {
        let candidates = self.candidates;
        candidates[candidate].statements.iter().map(|place| self.of(*place, with)).collect()
    }

    fn of(&mut self, place: usize, with: &[usize]) -> Result<f64, E> {
        let serves = |candidate: &&usize| self.candidates[**candidate].statements.binary_search(&place).is_ok();
        let mut those: Vec<usize> = with.iter().filter(serves).copied().collect();
        those.sort_unstable();
        if let Some(cost) = self.known.get(&(place, those.clone())) {
            return Ok(*cost);
        }
        let cost = (self.cost)(with, place)?;
        self.known.insert((place, those), cost);
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Candidate, Choice, choose};
    use std::convert::Infallible;

    const MUCH: Budget = Budget { indexes: 9, pages: 1000 };

    fn candidate(pages: u64, statements: &[usize]) -> Candidate {
        Candidate { pages, statements: statements.to_vec(), upkeep: 0.0 }
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
    fn several_small_ones_may_save_more_than_the_best() {
        let candidates = [candidate(10, &[0]), candidate(5, &[1]), candidate(5, &[2])];
        let table: [&[f64]; 3] = [&[0.0, 100.0, 100.0], &[100.0, 20.0, 100.0], &[100.0, 100.0, 20.0]];
        let budget = Budget { pages: 10, ..MUCH };
        assert_eq!(chosen(&table, &candidates, &[1.0; 3], budget).chosen, [1, 2]);
        assert_eq!(chosen(&table, &candidates, &[1.0; 3], Budget { pages: 20, ..MUCH }).chosen, [0, 1, 2]);
        assert_eq!(chosen(&table, &candidates, &[3.0, 1.0, 1.0], budget).chosen, [0]);
    }

    #[test]
    fn what_costs_writes_more_than_it_saves_is_left() {
        let table: [&[f64]; 2] = [&[1.0], &[10.0]];
        let candidates = |upkeep| [Candidate { upkeep, ..candidate(1, &[0]) }, candidate(1, &[0])];
        let choice = |upkeep| chosen(&table, &candidates(upkeep), &[2.0], MUCH).chosen;
        assert_eq!(choice(0.0), [0]);
        assert_eq!(choice(50.0), [1], "the other saves less, and costs nothing");
        let alone = [Candidate { upkeep: 200.0, ..candidate(1, &[0]) }];
        assert_eq!(chosen(&table[..1], &alone, &[2.0], MUCH).chosen, []);
    }

    #[test]
    fn what_nothing_helps_hides_nothing() {
        let candidates = [candidate(1, &[0, 1]), candidate(1, &[2])];
        // The first statement is as dear as it was, and so dear that all others are nothing beside it.
        let cost = |with: &[usize], statement: usize| -> Result<f64, Infallible> {
            let served = |candidate: usize| with.contains(&candidate);
            Ok(match statement {
                0 => 1e12,
                1 if served(0) => 5.0,
                2 if served(1) => 5.0,
                _ => 10_000.0,
            })
        };
        let choice = choose(&candidates, &[1e12, 10_000.0, 10_000.0], &[1.0; 3], MUCH, cost);
        assert_eq!(choice, Ok(Choice { chosen: vec![0, 1], after: vec![1e12, 5.0, 5.0] }));
    }

    #[test]
    fn statements_of_few_pages_are_no_reason() {
        let candidates = [candidate(1, &[0])];
        let cost = |with: &[usize], _: usize| Ok::<f64, Infallible>(if with.is_empty() { 12.0 } else { 3.0 });
        let choice = choose(&candidates, &[12.0], &[1000.0], MUCH, cost);
        assert_eq!(choice, Ok(Choice { chosen: Vec::new(), after: vec![12.0] }));
    }

    #[test]
    fn what_was_planned_once_is_not_planned_again() {
        let candidates = [candidate(1, &[0]), candidate(1, &[1]), candidate(1, &[2])];
        let mut asked = Vec::new();
        let cost = |with: &[usize], statement: usize| {
            asked.push(statement);
            Ok::<f64, Infallible>(if with.contains(&statement) { 5.0 } else { 100.0 })
        };
        let choice = choose(&candidates, &[100.0; 3], &[3.0, 2.0, 1.0], MUCH, cost);
        assert_eq!(choice.map(|choice| choice.chosen), Ok(vec![0, 1, 2]));
        assert_eq!(asked, [0, 1, 2]);
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
