//! What a framework's objects do when code is executed that plain Python descriptions of it cannot say.

use ruff_python_ast as ast;

use crate::eval::{Eval, Evaluator, Kwargs};
use crate::value::{FunctionId, Value};

/// Knowledge of a framework, asked while code runs with [`crate::eval::Branches::Join`]. All of it is optional to the evaluator.
pub trait Domain<'a>: Send + Sync {
    /// Calls a function that a description imported from `_pgwright` and that the evaluator does not know itself.
    fn call(&self, evaluator: &mut Evaluator<'a>, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Eval;

    /// An attribute before Python's own look-up of it; none to let that go on.
    fn attribute(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>>;

    /// An attribute that Python's look-up did not find.
    fn missing(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>>;

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
