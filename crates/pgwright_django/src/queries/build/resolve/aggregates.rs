//! Aggregates, and functions with a name or template of their own.

use std::sync::Arc;

use super::{Resolver, is_expression, truth};
use crate::model::{Call as Constructor, Value};
use crate::queries::build::{Known, functions, output};
use crate::queries::expression::{Aggregate, Call, Custom, Expression, Node};
use crate::queries::kind::Output;

impl Resolver<'_, '_, '_, '_, '_> {
    /// A `Func` with a name or template of its own.
    pub(super) fn custom(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let text = |name: &str| match call.kwarg(name) {
            Some(Value::Str(text)) => Ok(Some(text.clone())),
            None | Some(Value::None) => Ok(None),
            Some(_) => Err(format!("a `{name}` that is not known")),
        };
        let (function, template, joiner) = (text("function")?, text("template")?, text("arg_joiner")?);
        let output = self.output_of(call)?;
        if functions::aggregate_named(class).is_some() || class == "Aggregate" {
            return self.aggregate(call, class);
        }
        let arguments = self.arguments(&call.args)?;
        // A subclass of a known function changes only what it says.
        let base = functions::named(class);
        let function = function.or_else(|| base.map(|base| base.function.to_owned()));
        if function.is_none() && template.is_none() {
            return Err(format!("the function of {}", call.class));
        }
        let output = output.or_else(|| match base?.gives {
            functions::Gives::Kind(kind) => Some(Output::Kind(kind)),
            _ => None,
        });
        let known = ["function", "template", "arg_joiner", "output_field"];
        let extra = call.kwargs.iter().filter(|(name, _)| !known.contains(&name.as_str())).cloned().collect();
        let custom = Custom { class: call.class.clone(), function, template, joiner, extra, aggregate: false };
        Ok(self.function(Call::Custom(Arc::new(custom)), arguments, output))
    }

    pub(super) fn aggregate(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        static OWN: functions::Aggregate = functions::Aggregate {
            class: "",
            function: "",
            gives: functions::Gives::Same,
            orderable: false,
            arguments: 1,
        };
        let function = functions::aggregate_named(class).unwrap_or(&OWN);
        let own_text = |name: &str| match call.kwarg(name) {
            Some(Value::Str(text)) => Some(text.clone()),
            _ => None,
        };
        let mut name: Arc<str> = own_text("function").map_or_else(|| function.function.into(), Into::into);
        if name.is_empty() {
            return Err(format!("the function of {}", call.class));
        }
        if call
            .kwarg("sample")
            .or_else(|| call.args.get(1).filter(|_| matches!(class, "StdDev" | "Variance")))
            .is_some_and(|value| *value == Value::Bool(true))
        {
            name = match class {
                "StdDev" => "STDDEV_SAMP".into(),
                "Variance" => "VAR_SAMP".into(),
                "CovarPop" => "COVAR_SAMP".into(),
                _ => name,
            };
        }
        let mut arguments = Vec::new();
        match class {
            "Count" => match call.args.first().or_else(|| call.kwarg("expression")) {
                Some(Value::Str(star)) if star == "*" => arguments.push(Arc::new(Expression::Star)),
                Some(value) => arguments.push(self.argument(value)?),
                None => return Err("a Count of nothing".to_owned()),
            },
            "StringAgg" => {
                let value = call.args.first().or_else(|| call.kwarg("expression")).ok_or("a StringAgg of nothing")?;
                arguments.push(self.argument(value)?);
                let delimiter = call.args.get(1).or_else(|| call.kwarg("delimiter")).ok_or("no delimiter")?;
                let postgres = call.mro.iter().any(|path| path.starts_with("django.contrib.postgres"));
                arguments.push(match delimiter {
                    Value::Str(_) if postgres => Expression::value(delimiter.clone()),
                    other => self.argument(other)?,
                });
            }
            _ if function.arguments == 2 => {
                for (position, name) in ["y", "x"].into_iter().enumerate() {
                    let value = call.args.get(position).or_else(|| call.kwarg(name)).ok_or("a missing argument")?;
                    arguments.push(self.argument(value)?);
                }
            }
            _ => {
                let values: Vec<&Value> = match call.kwarg("expression") {
                    Some(value) if call.args.is_empty() => vec![value],
                    _ if matches!(class, "StdDev" | "Variance") => call.args.iter().take(1).collect(),
                    _ => call.args.iter().collect(),
                };
                for value in values {
                    arguments.push(self.argument(value)?);
                }
            }
        }
        if !self.scope.summarize && arguments.iter().any(|argument| argument.contains_aggregate()) {
            return Err(format!("{class} of an aggregate"));
        }
        let filter = match call.kwarg("filter") {
            None | Some(Value::None) => None,
            Some(Value::Unknown(reason)) => return Err(reason.clone()),
            Some(value) => Some(self.node(value)?),
        };
        // Up to 5.1 PostgreSQL's aggregates are ordered by `ordering`, until 6.0 by either.
        let ordering = match call.kwarg("order_by").filter(|_| self.context.at_least(5, 2)) {
            Some(order_by) => Some(order_by),
            None => call.kwarg("ordering"),
        };
        let order_by = match ordering {
            None | Some(Value::None) => Vec::new(),
            Some(value) => self.ordered(value)?,
        };
        let output = self.output_of(call)?;
        let aggregate = Aggregate {
            function,
            name,
            distinct: truth(call.kwarg("distinct"))?,
            filter,
            order_by,
            template: own_text("template").map(Into::into),
            summary: self.scope.summarize,
        };
        let node = self.function(Call::Aggregate(aggregate), arguments, output);
        match call.kwarg("default") {
            None | Some(Value::None) => Ok(node),
            Some(default) => {
                let given = output::of(self.context, &node)?;
                let default = if is_expression(default) {
                    let default = self.node(default)?;
                    match &*default {
                        Expression::Value { value, output: None }
                            if self.context.at_least(5, 0) && output::of(self.context, &default)?.is_none() =>
                        {
                            Arc::new(Expression::Value { value: value.clone(), output: given.clone() })
                        }
                        _ => default,
                    }
                } else {
                    Arc::new(Expression::Value { value: default.clone(), output: given.clone() })
                };
                let coalesce = functions::named("Coalesce").ok_or("Coalesce")?;
                Ok(self.function(Call::Named(coalesce), vec![node, default], given))
            }
        }
    }
}
