//! What a framework's objects do when code is executed that plain Python descriptions of it cannot say.

use std::any::Any;
use std::sync::Arc;

use ruff_python_ast as ast;

use crate::Fingerprint;
use crate::eval::{Eval, Evaluator, Kwargs};
use crate::value::{FunctionId, Value};

/// How much a domain recorded so far, in counts of its own.
pub type Mark = [usize; 5];

/// What a domain recorded during a call.
pub enum Told {
    Nothing,
    This(Arc<dyn Any + Send + Sync>),
    /// Something that only executing the call gives.
    Unrepeatable,
}

/// Knowledge of a framework, asked while code runs with [`crate::eval::Branches::Join`]. All of it is optional to the evaluator.
pub trait Domain<'a>: Send + Sync {
    /// Calls a function that a description imported from `_pgwright` and that the evaluator does not know itself.
    fn call(&self, evaluator: &mut Evaluator<'a>, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Eval;

    /// An attribute before Python's own look-up of it; none to let that go on.
    fn attribute(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>>;

    /// An attribute that Python's look-up did not find.
    fn missing(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>>;

    /// What of the domain's own state calls depend on: calls of one shape in like situations do the same.
    fn situation(&self, evaluator: &Evaluator<'a>, hasher: &mut Fingerprint);

    /// More of its state, that few calls look at: see [`Domain::looks_at_situation`].
    fn inner_situation(&self) -> u64;

    /// How often that part of its state was looked at.
    fn looks_at_situation(&self) -> usize;

    /// A call looked at it that is not executed once more.
    fn look_at_situation(&self);

    /// Whether what is executed now counts: not where only a value is to be learnt.
    fn is_watching(&self) -> bool;

    /// How much was recorded so far.
    fn mark(&self) -> Mark;

    /// What was recorded since a mark by the call that ends now.
    fn told(&self, evaluator: &Evaluator<'a>, since: Mark) -> Told;

    /// Records once more what a call recorded, which is now made from where the evaluator stands.
    fn repeat(&self, evaluator: &Evaluator<'a>, told: &(dyn Any + Send + Sync));

    /// What a parameter may hold when the caller does not say.
    fn argument(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        parameter: &'a ast::Parameter,
    ) -> Option<Value>;

    /// A parameter was given this value.
    fn passed(&self, evaluator: &mut Evaluator<'a>, function: FunctionId, parameter: &'a ast::Parameter, value: &Value);
}
