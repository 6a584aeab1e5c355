//! The order in which entries run, and which of them need no run of their own.
//!
//! A function that nobody mentions is where execution starts. What it calls is executed on the way, with arguments that are known: once
//! all of a function's statements were reached like that, running it by itself, with parameters that are not known, adds little.

use pgwright_python::ast::Expr;
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::eval::{Evaluator, Reached};
use pgwright_python::value::{Definition, FunctionId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::domain::Known;
use super::starts::{Receiver, Start};
use super::workload::Situation;

/// Which of the entries left run next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wave {
    /// Those that no other mentions.
    Unmentioned,
    /// Views, commands, tasks and the like: what frameworks call.
    Outer,
    /// All but methods of models.
    Middle,
}

/// What runs last is whatever is left after these.
pub(super) const WAVES: &[Wave] = &[Wave::Unmentioned, Wave::Outer, Wave::Unmentioned, Wave::Middle];

/// Names that the functions of entries mention.
pub(super) struct Mentions<'a> {
    by_function: FxHashMap<FunctionId, FxHashSet<&'a str>>,
}

struct Names<'a> {
    found: FxHashSet<&'a str>,
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Attribute(attribute) => {
                self.found.insert(attribute.attr.as_str());
            }
            Expr::Name(name) => {
                self.found.insert(name.id.as_str());
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

impl<'a> Mentions<'a> {
    pub(super) fn of(evaluator: &Evaluator<'a>, starts: &[Start]) -> Mentions<'a> {
        let mut by_function = FxHashMap::default();
        for start in starts {
            by_function.entry(start.function).or_insert_with(|| {
                match evaluator.heap.function(start.function).definition {
                    Definition::Def(def) => {
                        let mut names = Names { found: FxHashSet::default() };
                        names.visit_body(&def.body);
                        names.found
                    }
                    Definition::Lambda(_) => FxHashSet::default(),
                }
            });
        }
        Mentions { by_function }
    }

    /// The entries of a wave.
    pub(super) fn wave(
        &self,
        wave: Wave,
        evaluator: &Evaluator<'a>,
        known: &Known,
        starts: &[Start],
        left: &[usize],
    ) -> Vec<usize> {
        let chosen = |takes: &dyn Fn(&Start) -> bool| left.iter().copied().filter(|at| takes(&starts[*at])).collect();
        match wave {
            Wave::Unmentioned => self.unmentioned(evaluator, starts, left),
            Wave::Outer => chosen(&|start| start.situation != Situation::Other),
            Wave::Middle => chosen(&|start| match start.receiver {
                Receiver::Instance(class) | Receiver::Class(class) => !known.models.contains_key(&class),
                Receiver::None | Receiver::Signal(_) => true,
            }),
        }
    }

    /// Those entries among `left` that no function of another mentions by name.
    fn unmentioned(&self, evaluator: &Evaluator<'a>, starts: &[Start], left: &[usize]) -> Vec<usize> {
        let functions: FxHashSet<FunctionId> = left.iter().map(|at| starts[*at].function).collect();
        let mut mentioned: FxHashMap<&str, usize> = FxHashMap::default();
        for name in functions.iter().filter_map(|function| self.by_function.get(function)).flatten() {
            *mentioned.entry(name).or_default() += 1;
        }
        let is_root = |start: &Start| {
            let name = evaluator.heap.function(start.function).name.as_str();
            let own = self.by_function.get(&start.function).is_some_and(|names| names.contains(name));
            mentioned.get(name).copied().unwrap_or_default() <= usize::from(own)
        };
        left.iter().copied().filter(|at| is_root(&starts[*at])).collect()
    }
}

/// Whether an entry's function was executed whole on behalf of others, for a receiver like its own.
pub(super) fn is_covered(evaluator: &Evaluator<'_>, reached: &Reached, start: &Start) -> bool {
    let class = match start.receiver {
        Receiver::None => None,
        Receiver::Instance(class) | Receiver::Class(class) => Some(class),
        Receiver::Signal(_) => return false,
    };
    reached.was_called(start.function, class)
        && !evaluator.unreached(start.function, reached, &mut FxHashSet::default())
}
