//! Conditions, subqueries, windows and raw SQL as parts of expressions.

use std::sync::Arc;

use super::{Arguments, Resolver};
use crate::model::{Call as Constructor, Value};
use crate::queries::build::typed::output_field;
use crate::queries::build::{Known, combine, subquery};
use crate::queries::expression::{Call, Expression, Node, Nulls, Window};
use crate::queries::kind::{Kind, Output};

impl Resolver<'_, '_, '_, '_, '_> {
    pub(super) fn raw(&mut self, arguments: &Arguments<'_>) -> Known<Node> {
        let Some(Value::Str(sql)) = arguments.get(0, "sql") else {
            return Err("a RawSQL that is not known".to_owned());
        };
        let parameters = match arguments.get(1, "params") {
            Some(Value::Tuple(items) | Value::List(items)) => items.clone(),
            Some(Value::None) | None => Vec::new(),
            Some(other) => vec![other.clone()],
        };
        let output = arguments.given(2, "output_field").map(output_field).transpose()?;
        self.touch_parents(sql)?;
        let output = output.unwrap_or(Output::Kind(Kind::Other));
        Ok(Arc::new(Expression::Raw { sql: sql.as_str().into(), parameters, output }))
    }

    /// A parent's column named in raw SQL joins the parent (`RawSQL.resolve_expression`).
    pub(super) fn touch_parents(&mut self, sql: &str) -> Known<()> {
        let lower = sql.to_lowercase();
        let concrete = self.context.concrete(self.query.model);
        let mut parents: Vec<_> = self.context.meta(concrete).parents.iter().map(|(parent, _)| *parent).collect();
        let mut at = 0;
        while at < parents.len() && at < 16 {
            let more = self.context.meta(parents[at]).parents.iter().map(|(parent, _)| *parent);
            let more: Vec<_> = more.filter(|parent| !parents.contains(parent)).collect();
            parents.extend(more);
            at += 1;
        }
        for parent in parents {
            let model = self.context.models.get(parent);
            let found = model
                .local_columns()
                .find(|field| field.column.as_ref().is_some_and(|column| lower.contains(&column.to_lowercase())));
            if let Some(field) = found {
                self.reference(&field.name)?;
            }
        }
        Ok(())
    }

    pub(super) fn when(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let then = arguments.get(1, "then").cloned().unwrap_or(Value::None);
        let lookups: Vec<(String, Value)> =
            call.kwargs.iter().filter(|(name, _)| name != "then" && name != "condition").cloned().collect();
        let condition = match (arguments.given(0, "condition"), lookups.is_empty()) {
            (Some(condition), true) => self.node(condition)?,
            (condition, _) => {
                let args: Vec<Value> = condition.into_iter().cloned().collect();
                let made = Constructor {
                    class: "django.db.models.query_utils.Q".to_owned(),
                    mro: vec!["django.db.models.query_utils.Q".to_owned()],
                    args,
                    kwargs: lookups,
                };
                self.condition(&Value::Call(Box::new(made)))?
            }
        };
        let result = self.argument(&then)?;
        Ok(Arc::new(Expression::When { condition, result }))
    }

    pub(super) fn case(&mut self, call: &Constructor) -> Known<Node> {
        let branches = call.args.iter().map(|branch| self.node(branch)).collect::<Known<Vec<Node>>>()?;
        if branches.iter().any(|branch| !matches!(&**branch, Expression::When { .. })) {
            return Err("a Case of what is no When".to_owned());
        }
        let default = call.kwarg("default").cloned().unwrap_or(Value::None);
        let default = self.argument(&default)?;
        let output = self.output_of(call)?;
        Ok(Arc::new(Expression::Case { branches, default, output }))
    }

    pub(super) fn subquery_call(&mut self, class: &str, call: &Constructor) -> Known<Node> {
        let inner = match call.args.first().or_else(|| call.kwarg("queryset")) {
            Some(Value::Query(inner)) => inner.clone(),
            Some(Value::Unknown(reason)) => return Err(format!("a subquery that is not known: {reason}")),
            _ => return Err("a subquery that is not a queryset".to_owned()),
        };
        let template: Option<Arc<str>> = match call.kwarg("template") {
            Some(Value::Str(template)) => Some(template.as_str().into()),
            None | Some(Value::None) => None,
            Some(_) => return Err("a template that is not known".to_owned()),
        };
        // From 6.0 on a plain Subquery is the query itself.
        let template = match class {
            "Subquery" if template.is_none() && !self.context.at_least(6, 0) => Some("(%(subquery)s)".into()),
            _ => template,
        };
        let output = self.output_of(call)?;
        let mut inner = (*inner).clone();
        inner.subquery = true;
        if class == "Exists" {
            inner = combine::exists(self.context, &inner)?;
        }
        let query = subquery::resolve_query(self.context, self.query, &inner, self.scope, self.reuse.as_deref_mut())?;
        let query = Arc::new(query);
        Ok(match class {
            "Exists" => Arc::new(Expression::Exists { query, template }),
            "ArraySubquery" => {
                let node = Arc::new(Expression::Subquery { query, template: None, output: None });
                self.function(Call::ArraySubquery, vec![node], output)
            }
            _ => Arc::new(Expression::Subquery { query, template, output }),
        })
    }

    pub(super) fn window(&mut self, arguments: &Arguments<'_>) -> Known<Node> {
        let source = arguments.get(0, "expression").ok_or("a Window of nothing")?;
        let source = self.node(source)?;
        let partition_by = self.listed(arguments.given(1, "partition_by"))?;
        let order_by = match arguments.given(2, "order_by") {
            None => Vec::new(),
            Some(value) => self.ordered(value)?,
        };
        let frame = match arguments.given(3, "frame") {
            None => None,
            Some(value) => Some(frame_text(value)?.into()),
        };
        let output = arguments.given(4, "output_field").map(output_field).transpose()?;
        Ok(Arc::new(Expression::Window(Window { source, partition_by, order_by, frame, output })))
    }

    pub(super) fn listed(&mut self, value: Option<&Value>) -> Known<Vec<Node>> {
        match value {
            None => Ok(Vec::new()),
            Some(Value::Unknown(reason)) => Err(reason.clone()),
            Some(Value::List(items) | Value::Tuple(items)) => self.arguments(items),
            Some(value) => Ok(vec![self.argument(value)?]),
        }
    }

    /// `OrderByList`.
    pub(super) fn ordered(&mut self, value: &Value) -> Known<Vec<Node>> {
        let items = match value {
            Value::List(items) | Value::Tuple(items) => items.as_slice(),
            Value::Unknown(reason) => return Err(reason.clone()),
            other => std::slice::from_ref(other),
        };
        items
            .iter()
            .map(|item| match item {
                Value::Str(name) if name.starts_with('-') => {
                    let inner = self.reference(&name[1..])?;
                    Ok(Arc::new(Expression::OrderBy { inner, descending: true, nulls: Nulls::Default }))
                }
                other => self.argument(other),
            })
            .collect()
    }
}

/// `RowRange`, `ValueRange`.
fn frame_text(value: &Value) -> Known<String> {
    let Value::Call(call) = value else { return Err("a frame that is not known".to_owned()) };
    let kind = match call.class.rsplit('.').next().unwrap_or_default() {
        "RowRange" => "ROWS",
        "ValueRange" => "RANGE",
        _ => return Err("a frame that is not known".to_owned()),
    };
    let end = |position: usize, name: &str, open: &str| -> Known<String> {
        Ok(match call.args.get(position).or_else(|| call.kwarg(name)) {
            None | Some(Value::None) => format!("UNBOUNDED {open}"),
            Some(Value::Int(0)) => "CURRENT ROW".to_owned(),
            Some(Value::Int(number)) if *number < 0 => format!("{} PRECEDING", number.abs()),
            Some(Value::Int(number)) => format!("{number} FOLLOWING"),
            Some(_) => return Err("a frame that is not known".to_owned()),
        })
    };
    let exclusion = match call.kwarg("exclusion") {
        None | Some(Value::None) => "",
        Some(Value::Path(path)) if path.ends_with("CURRENT_ROW") => " EXCLUDE CURRENT ROW",
        Some(Value::Path(path)) if path.ends_with("GROUP") => " EXCLUDE GROUP",
        Some(Value::Path(path)) if path.ends_with("TIES") => " EXCLUDE TIES",
        Some(Value::Path(path)) if path.ends_with("NO_OTHERS") => " EXCLUDE NO OTHERS",
        Some(Value::Str(text)) if text == "CURRENT ROW" => " EXCLUDE CURRENT ROW",
        Some(Value::Str(text)) if text == "GROUP" => " EXCLUDE GROUP",
        Some(Value::Str(text)) if text == "TIES" => " EXCLUDE TIES",
        Some(Value::Str(text)) if text == "NO OTHERS" => " EXCLUDE NO OTHERS",
        Some(_) => return Err("a frame that is not known".to_owned()),
    };
    Ok(format!("{kind} BETWEEN {} AND {}{exclusion}", end(0, "start", "PRECEDING")?, end(1, "end", "FOLLOWING")?))
}
