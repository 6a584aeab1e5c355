//! How many steps something may take of those that are left.

use super::{Eval, Evaluator, Flow};
use crate::value::Value;

/// A call may take all but one part in so many of the steps left: its caller goes on with the rest. Measured on four projects: a function
/// that goes nowhere costs what it would have given, and no longer all that comes after it.
const PARTS: u32 = 6;

/// What is being counted for the innermost call under way.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Allowance {
    /// Steps that it was given.
    given: u32,
    /// Steps that it has to be given for nothing in it to be cut off, as far as is known by now.
    least: u32,
}

/// Steps left to a call when so many are left to its caller.
pub(super) fn left_to_call(steps: u32) -> u32 {
    steps - steps / PARTS
}

/// The fewest steps of which so many are left to a call.
fn for_call(least: u32) -> u32 {
    least + least.saturating_sub(1) / (PARTS - 1)
}

impl<'a> Evaluator<'a> {
    /// Takes one step of the trial's allowance.
    pub fn spend(&mut self) -> Eval<()> {
        self.step()
    }

    /// Runs something that may take no more than so many steps; none where that is not enough. What it changed until then stays.
    pub fn at_most<T>(&mut self, steps: u32, work: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<Option<T>> {
        let before = self.fuel;
        let (outcome, least) = self.given(before.min(steps), work);
        self.needs(before, least);
        outcome
    }

    /// Runs a call, which leaves its caller something to go on with. What takes more gives an unknown value. The steps it needs for that
    /// not to happen come with it.
    pub(super) fn call_within_share(&mut self, work: impl FnOnce(&mut Self) -> Eval) -> (Eval, u32) {
        if self.stack.is_empty() || !self.heap.in_trial() {
            return (work(self), 0);
        }
        let before = self.fuel;
        let (outcome, least) = self.given(left_to_call(before), work);
        self.needs(before, for_call(least));
        (outcome.map(|value| value.unwrap_or_else(|| Value::unknown("it takes too many steps"))), least)
    }

    /// What a remembered call needs is needed by the calls around it too.
    pub(super) fn needs_for_call(&mut self, least: u32) {
        self.needs(self.fuel, for_call(least));
    }

    /// The innermost call under way needs so many steps more than it had taken when these were left.
    fn needs(&mut self, left: u32, steps: u32) {
        let taken = self.allowance.given.saturating_sub(left);
        self.allowance.least = self.allowance.least.max(taken.saturating_add(steps));
    }

    fn given<T>(&mut self, share: u32, work: impl FnOnce(&mut Self) -> Eval<T>) -> (Eval<Option<T>>, u32) {
        let before = self.fuel;
        let (depth, tries, stack) = (self.depth, self.tries, self.stack.len());
        let (undecided, forcing) = (self.undecided, self.forcing);
        self.fuel = share;
        let around = std::mem::replace(&mut self.allowance, Allowance { given: share, least: 0 });
        let outcome = work(self);
        let own = std::mem::replace(&mut self.allowance, around);
        if self.needed.is_some() {
            return (outcome.map(Some), 0);
        }
        let least = own.least.max(share.saturating_sub(self.fuel));
        self.fuel += before - share;
        let outcome = match outcome {
            Err(Flow::Exhausted) if share < before => {
                self.stack.truncate(stack);
                (self.depth, self.tries, self.undecided, self.forcing) = (depth, tries, undecided, forcing);
                // With more steps left the calls around it would go on otherwise.
                self.heap.journal.spoil();
                Ok(None)
            }
            outcome => outcome.map(Some),
        };
        (outcome, least)
    }
}

#[cfg(test)]
mod tests {
    use super::{for_call, left_to_call};

    #[test]
    fn what_a_call_needs_is_left_to_it_and_no_more_is_asked() {
        for least in 0..10_000 {
            let enough = for_call(least);
            assert!(left_to_call(enough) >= least, "{enough} leaves too little for {least}");
            assert!(enough == 0 || left_to_call(enough - 1) < least, "{enough} is more than {least} needs");
        }
    }
}
