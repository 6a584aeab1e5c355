//! Doors for a [`crate::Domain`] that executes code of another language over the evaluator's values: templates.

use super::{Eval, Evaluator, Flow};
use crate::value::Value;

impl<'a> Evaluator<'a> {
    /// Takes each of several ways from the same lists and dictionaries, and joins what they make of them.
    pub fn each_way(&mut self, ways: usize, mut take: impl FnMut(&mut Self, usize) -> Eval<()>) -> Eval<()> {
        self.undecided += 1;
        let mut ends = Vec::with_capacity(ways);
        let mut outcome = Ok(());
        for way in 0..ways {
            self.heap.begin_way();
            let end = take(self, way);
            ends.push(self.heap.end_way());
            if let Err(Flow::Exhausted) = end {
                outcome = Err(Flow::Exhausted);
                break;
            }
        }
        self.undecided -= 1;
        self.put_containers(ends);
        outcome
    }

    /// Runs something that runs any number of times, none included: once for each item like this one.
    pub fn any_number_of_times(&mut self, item: &Value, round: impl FnOnce(&mut Self) -> Eval<()>) -> Eval<()> {
        let depth = self.stack.len();
        self.enter_loop(None, Some(item));
        let mut round = Some(round);
        let outcome = self.each_way(2, |this, way| match (way, round.take()) {
            (0, Some(round)) => round(this),
            _ => Ok(()),
        });
        if let Some(top) = depth.checked_sub(1).and_then(|top| self.stack.get_mut(top)) {
            top.loops.pop();
        }
        outcome
    }

    /// Whether a value counts as true, asking those that do something when they are asked; none when that is not known.
    pub fn ask_truth(&mut self, value: &Value) -> Eval<Option<bool>> {
        self.truth_asked(value)
    }

    /// `object[index]`.
    pub fn look_up(&mut self, object: &Value, index: &Value) -> Eval {
        self.item(object, index)
    }
}
