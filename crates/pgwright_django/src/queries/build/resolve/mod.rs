//! From values of code to resolved expressions: `resolve_expression`.
//!
//! Source: `django/db/models/expressions.py` and the constructors of functions and aggregates.

mod aggregates;
mod named;
mod parts;
mod postgres;

use std::sync::Arc;

use super::joins::{Many, PathError, column, initial_alias, setup_joins, trim_joins};
use super::lookup::transform;
use super::typed::output_field;
use super::{Known, Scope, functions, output, q, subquery};
use crate::model::{Call as Constructor, Combined as Operation, Value};
use crate::queries::context::Context;
use crate::queries::expression::{Call, Combined, Expression, Function, Node, Nulls, Temporal};
use crate::queries::kind::{Kind, Output};
use crate::queries::query::{Alias, Query};
use crate::schema::class_lookup;

/// Whether a value has `resolve_expression`.
pub(crate) fn is_expression(value: &Value) -> bool {
    match value {
        Value::Call(call) => {
            let data =
                ["decimal.", "_decimal.", "datetime.", "uuid.", "ipaddress.", "zoneinfo.", "psycopg", "pathlib."];
            !data.iter().any(|prefix| call.class.starts_with(prefix))
                && call.mro.iter().any(|path| {
                    path.starts_with("django.db.models.expressions.")
                        || path == "django.db.models.query_utils.Q"
                        || path.starts_with("django.db.models.query.")
                })
        }
        Value::Combined(_) | Value::Query(_) => true,
        _ => false,
    }
}

type Reuse<'r> = Option<&'r mut Vec<Alias>>;

/// Resolves an expression against the tables of a query, adding those it needs.
pub(crate) fn resolve(
    context: &Context,
    query: &mut Query,
    value: &Value,
    scope: Scope,
    reuse: Reuse<'_>,
) -> Known<Node> {
    Resolver { context, query, scope, reuse, depth: 0, prefix: "" }.node(value)
}

/// Resolves an expression written for a related model: its names begin with the path there (`prefix_references`).
pub(crate) fn resolve_prefixed(context: &Context, query: &mut Query, value: &Value, prefix: &str) -> Known<Node> {
    Resolver { context, query, scope: Scope::default(), reuse: None, depth: 0, prefix }.node(value)
}

/// Elements of a list among which there are expressions.
pub(crate) fn resolve_in_list(
    context: &Context,
    query: &mut Query,
    items: &[Value],
    scope: Scope,
    mut reuse: Reuse<'_>,
) -> Known<Vec<Node>> {
    items.iter().map(|item| resolve(context, query, item, scope, reuse.as_deref_mut())).collect()
}

/// `resolve_ref`: a name as an annotation or a column.
pub(crate) fn resolve_ref(
    context: &Context,
    query: &mut Query,
    name: &str,
    scope: Scope,
    mut reuse: Reuse<'_>,
) -> Known<Node> {
    if let Some(node) = query.annotation(name).cloned() {
        if scope.summarize {
            if !query.is_annotation_selected(name) {
                return Err(format!("`{name}` is an alias, which cannot be aggregated over"));
            }
            return Ok(Arc::new(Expression::Ref { name: name.into(), source: node }));
        }
        return Ok(node);
    }
    let parts: Vec<&str> = name.split("__").collect();
    if let Some(node) = query.annotation(parts[0]).cloned() {
        let mut node = node;
        for part in &parts[1..] {
            node = transform(context, &node, part)?.ok_or_else(|| format!("`{name}`"))?;
        }
        return Ok(node);
    }
    let alias = initial_alias(context, query);
    let model = query.model;
    let joined = match setup_joins(context, query, &parts, model, alias, reuse.as_deref_mut(), Many::Allowed) {
        Ok(joined) => joined,
        Err(PathError::Reason(reason)) => return Err(reason),
        Err(PathError::Many(_)) => return Err(format!("`{name}` leads to many rows")),
    };
    let (target, alias, aliases) = trim_joins(context, query, joined.target, &joined.aliases, &joined.steps);
    if !scope.joins && aliases.len() > 1 {
        return Err(format!("`{name}` needs a join where none is allowed"));
    }
    let mut node = column(context, &alias, target);
    for part in &joined.transforms {
        node = transform(context, &node, part)?.ok_or_else(|| format!("`{part}` in `{name}`"))?;
    }
    if let Some(reuse) = reuse {
        for alias in aliases {
            if !reuse.contains(&alias) {
                reuse.push(alias);
            }
        }
    }
    Ok(node)
}

struct Resolver<'c, 'q, 'r, 'm, 'p> {
    context: &'c Context<'m>,
    query: &'q mut Query,
    scope: Scope,
    reuse: Reuse<'r>,
    depth: u32,
    prefix: &'p str,
}

/// Arguments of a constructor by position or name.
struct Arguments<'v> {
    call: &'v Constructor,
}

impl<'v> Arguments<'v> {
    fn get(&self, position: usize, name: &str) -> Option<&'v Value> {
        self.call.args.get(position).or_else(|| self.call.kwarg(name))
    }

    fn given(&self, position: usize, name: &str) -> Option<&'v Value> {
        self.get(position, name).filter(|value| !matches!(value, Value::None))
    }

    fn keyword(&self, name: &str) -> Option<&'v Value> {
        self.call.kwarg(name).filter(|value| !matches!(value, Value::None))
    }
}

fn truth(value: Option<&Value>) -> Known<bool> {
    match value {
        None | Some(Value::None | Value::Bool(false)) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(_) => Err("an option that is neither True nor False".to_owned()),
    }
}

impl Resolver<'_, '_, '_, '_, '_> {
    pub(super) fn node(&mut self, value: &Value) -> Known<Node> {
        self.depth += 1;
        if self.depth > 64 {
            return Err("an expression nested too deeply".to_owned());
        }
        let result = match value {
            value if q::is_q(value) => self.condition(value),
            Value::Call(call) if is_expression(value) => self.call(call, value),
            Value::Combined(operation) => self.operation(operation),
            Value::Query(inner) => self.subquery(inner),
            other => Ok(Expression::value(other.clone())),
        };
        self.depth -= 1;
        result
    }

    /// `_parse_expressions`: text names a field.
    pub(super) fn argument(&mut self, value: &Value) -> Known<Node> {
        match value {
            Value::Str(name) => self.reference(name),
            other => self.node(other),
        }
    }

    pub(super) fn reference(&mut self, name: &str) -> Known<Node> {
        if !self.prefix.is_empty() {
            let name = format!("{}{name}", self.prefix);
            return resolve_ref(self.context, self.query, &name, self.scope, self.reuse.as_deref_mut());
        }
        resolve_ref(self.context, self.query, name, self.scope, self.reuse.as_deref_mut())
    }

    pub(super) fn arguments(&mut self, values: &[Value]) -> Known<Vec<Node>> {
        values.iter().map(|value| self.argument(value)).collect()
    }

    /// `Q.resolve_expression`.
    pub(super) fn condition(&mut self, value: &Value) -> Known<Node> {
        let q = q::of_value(value)?;
        let scope = Scope {
            joins: self.scope.joins,
            summarize: self.scope.summarize,
            split: false,
            filterable: false,
            ..Scope::default()
        };
        let (node, joins) =
            crate::queries::build::filter::add_q_inner(self.context, self.query, &q, scope, self.reuse.as_deref_mut())?;
        crate::queries::build::joins::promote(self.query, joins);
        Ok(Arc::new(Expression::Where(node)))
    }

    fn subquery(&mut self, inner: &Query) -> Known<Node> {
        let query = subquery::resolve_query(self.context, self.query, inner, self.scope, self.reuse.as_deref_mut())?;
        Ok(Arc::new(Expression::Subquery { query: Arc::new(query), template: None, output: None }))
    }

    fn operation(&mut self, operation: &Operation) -> Known<Node> {
        let operator = match operation.operator.as_str() {
            "asc" | "desc" => return self.ordering(operation),
            "~" => return self.negation(&operation.left),
            "+" => "+",
            "-" => "-",
            "*" => "*",
            "/" => "/",
            "%" => "%%",
            "**" => "^",
            "bitand" => "&",
            "bitor" => "|",
            "bitxor" => "#",
            "bitleftshift" => "<<",
            "bitrightshift" => ">>",
            "&" | "|" => return self.search_operation(operation),
            other => return Err(format!("the operator `{other}`")),
        };
        // Arithmetic of search vectors joins them.
        let left = self.node(&operation.left)?;
        let right = self.node(&operation.right)?;
        let kind = |node: &Node| match output::of(self.context, node) {
            Ok(Some(output)) => Some(output.kind(self.context)),
            _ => None,
        };
        let (left_kind, right_kind) = (kind(&left), kind(&right));
        let operator =
            if operator == "+" && left_kind == Some(Kind::SearchVector) && right_kind == Some(Kind::SearchVector) {
                "||"
            } else {
                operator
            };
        let duration = |kind: Option<Kind>| kind == Some(Kind::Duration);
        let temporal = if (duration(left_kind) || duration(right_kind)) && left_kind != right_kind {
            Temporal::Duration
        } else if operator == "-"
            && left_kind == right_kind
            && matches!(left_kind, Some(Kind::Date | Kind::DateTime | Kind::Time))
        {
            Temporal::Subtraction
        } else {
            Temporal::No
        };
        Ok(Arc::new(Expression::Combined(Combined { operator, left, right, output: None, temporal })))
    }

    /// `SearchQuery & SearchQuery`.
    fn search_operation(&mut self, operation: &Operation) -> Known<Node> {
        let left = self.node(&operation.left)?;
        let right = self.node(&operation.right)?;
        let is_search = |node: &Node| matches!(output::of(self.context, node), Ok(Some(output)) if output.kind(self.context) == Kind::SearchQuery);
        if !is_search(&left) || !is_search(&right) {
            return Err(format!("`{}` of expressions", operation.operator));
        }
        let operator = if operation.operator == "&" { "&&" } else { "||" };
        Ok(Arc::new(Expression::Combined(Combined { operator, left, right, output: None, temporal: Temporal::No })))
    }

    fn negation(&mut self, value: &Value) -> Known<Node> {
        let inner = self.node(value)?;
        if let Expression::Function(Function { call: Call::SearchQuery { function, invert }, arguments, output }) =
            &*inner
        {
            return Ok(Arc::new(Expression::Function(Function {
                call: Call::SearchQuery { function, invert: !invert },
                arguments: arguments.clone(),
                output: output.clone(),
            })));
        }
        if let Expression::Not(inner) = &*inner {
            return Ok(inner.clone());
        }
        if !inner.is_conditional(self.context) {
            return Err("the negation of an expression that is no condition".to_owned());
        }
        Ok(Arc::new(Expression::Not(inner)))
    }

    /// `F("x").desc(nulls_last=True)`.
    fn ordering(&mut self, operation: &Operation) -> Known<Node> {
        let inner = self.node(&operation.left)?;
        let option = |name: &str| match &operation.right {
            Value::Dict(entries) => {
                let found = entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value);
                truth(found)
            }
            _ => Ok(false),
        };
        let nulls = match (option("nulls_first")?, option("nulls_last")?) {
            (true, _) => Nulls::First,
            (_, true) => Nulls::Last,
            _ => Nulls::Default,
        };
        let descending = operation.operator == "desc";
        Ok(Arc::new(Expression::OrderBy { inner, descending, nulls }))
    }

    pub(super) fn function(&self, call: Call, arguments: Vec<Node>, output: Option<Output>) -> Node {
        Arc::new(Expression::Function(Function { call, arguments, output }))
    }

    pub(super) fn output_of(&self, call: &Constructor) -> Known<Option<Output>> {
        call.kwarg("output_field").filter(|value| !matches!(value, Value::None)).map(output_field).transpose()
    }

    fn call(&mut self, call: &Constructor, whole: &Value) -> Known<Node> {
        let arguments = Arguments { call };
        let known = call.mro.iter().find(|path| path.starts_with("django."));
        let Some(known) = known else { return Err(format!("the expression {}", call.class)) };
        let own = *known != call.class;
        let class = known.rsplit('.').next().unwrap_or_default();
        match class {
            "F" => match arguments.get(0, "name") {
                Some(Value::Str(name)) => self.reference(name),
                _ => Err("an F() of a name that is not known".to_owned()),
            },
            "OuterRef" | "ResolvedOuterRef" => self.outer(arguments.get(0, "name"), 0),
            "Value" | "JSONNull" => {
                let value = arguments.get(0, "value").cloned().unwrap_or(Value::None);
                let mut output = arguments.given(1, "output_field").map(output_field).transpose()?;
                if class == "JSONNull" {
                    output = Some(Output::Kind(Kind::Json));
                }
                Ok(Arc::new(Expression::Value { value, output }))
            }
            "Star" => Ok(Arc::new(Expression::Star)),
            "RawSQL" => self.raw(&arguments),
            "ExpressionWrapper" => {
                let inner = arguments.get(0, "expression").ok_or("an ExpressionWrapper of nothing")?;
                let output = arguments.get(1, "output_field").ok_or("an ExpressionWrapper without output_field")?;
                let output = output_field(output)?;
                let inner = self.node(inner)?;
                Ok(Arc::new(Expression::Wrapper { inner, output }))
            }
            "NegatedExpression" => match call.args.first() {
                Some(inner) => self.negation(inner),
                None => Err("a negation of nothing".to_owned()),
            },
            "When" => self.when(call),
            "Case" => self.case(call),
            "Subquery" | "Exists" | "ArraySubquery" => self.subquery_call(class, call),
            "OrderBy" => {
                let inner = arguments.get(0, "expression").ok_or("an OrderBy of nothing")?;
                let inner = self.node(inner)?;
                let nulls = match (truth(arguments.get(2, "nulls_first"))?, truth(arguments.get(3, "nulls_last"))?) {
                    (true, _) => Nulls::First,
                    (_, true) => Nulls::Last,
                    _ => Nulls::Default,
                };
                let descending = truth(arguments.get(1, "descending"))?;
                Ok(Arc::new(Expression::OrderBy { inner, descending, nulls }))
            }
            "Window" => self.window(&arguments),
            "ExpressionList" => Ok(Arc::new(Expression::List(self.arguments(&call.args)?))),
            _ if own && (call.kwarg("template").is_some() || call.kwarg("function").is_some() || class == "Func") => {
                self.custom(call, class)
            }
            "Func" | "Aggregate" | "Transform" => self.custom(call, class),
            _ if functions::aggregate_named(class).is_some() => self.aggregate(call, class),
            "Cast" => {
                let inner = arguments.get(0, "expression").ok_or("a Cast of nothing")?;
                let output = output_field(arguments.get(1, "output_field").ok_or("a Cast to nothing")?)?;
                let inner = self.argument(inner)?;
                Ok(self.function(Call::Cast(output.cast_type(self.context).into()), vec![inner], Some(output)))
            }
            "Collate" => {
                let inner = arguments.get(0, "expression").ok_or("a Collate of nothing")?;
                let Some(Value::Str(collation)) = arguments.get(1, "collation") else {
                    return Err("a collation that is not known".to_owned());
                };
                let inner = self.argument(inner)?;
                Ok(self.function(Call::Collate(collation.as_str().into()), vec![inner], None))
            }
            "Concat" => {
                let parts = self.arguments(&call.args)?;
                let output = self.output_of(call)?;
                self.concat(&parts, output)
            }
            "ConcatPair" => {
                let parts = self.arguments(&call.args)?;
                Ok(self.function(Call::Concat, parts, None))
            }
            _ if class.starts_with("Extract") => self.extract(call, class),
            _ if class.starts_with("Trunc") => self.truncate(call, class),
            "JSONObject" => {
                let mut parts = Vec::new();
                for (name, value) in &call.kwargs {
                    parts.push(Expression::value(Value::Str(name.clone())));
                    parts.push(self.argument(value)?);
                }
                Ok(self.function(Call::JsonObject, parts, None))
            }
            "JSONArray" => {
                let parts = self.arguments(&call.args)?;
                Ok(self.function(Call::JsonArray, parts, None))
            }
            "KeyTransform" | "KeyTextTransform" if known.contains(".json.") => {
                let key = key_text(call.args.first().or_else(|| call.kwarg("key_name")))?;
                let inner = call.args.get(1).ok_or("a key of nothing")?;
                let inner = self.argument(inner)?;
                Ok(self.function(
                    Call::JsonKey { key: key.as_str().into(), text: class == "KeyTextTransform" },
                    vec![inner],
                    None,
                ))
            }
            "KT" => self.key_text_path(arguments.get(0, "lookup")),
            "KeyTransform" => {
                let key = key_text(call.args.first())?;
                let inner = self.argument(call.args.get(1).ok_or("a key of nothing")?)?;
                Ok(self.function(Call::HStoreKey(key.as_str().into()), vec![inner], None))
            }
            "SearchVector" => self.search_vector(call),
            "SearchQuery" => self.search_query(call),
            "SearchConfig" => {
                let inner = self.node(call.args.first().ok_or("a SearchConfig of nothing")?)?;
                Ok(self.function(Call::SearchConfig, vec![inner], None))
            }
            "SearchRank" => self.search_rank(call),
            "SearchHeadline" => self.search_headline(call),
            _ if class.starts_with("Trigram") => self.trigram(call, class),
            _ => {
                if let Some(name) = class_lookup(class) {
                    return self.lookup(call, name);
                }
                match functions::named(class) {
                    Some(named) => self.named(call, named),
                    None => {
                        let _ = whole;
                        Err(format!("the expression {}", call.class))
                    }
                }
            }
        }
    }

    fn outer(&mut self, name: Option<&Value>, level: u32) -> Known<Node> {
        match name {
            Some(Value::Str(name)) => Ok(Arc::new(Expression::Outer { name: name.as_str().into(), level })),
            Some(Value::Call(inner)) if inner.is_a("django.db.models.expressions.OuterRef") => {
                self.outer(inner.args.first(), level + 1)
            }
            Some(Value::Call(inner)) if inner.is_a("django.db.models.expressions.F") => {
                self.outer(inner.args.first(), level)
            }
            _ => Err("an OuterRef of a name that is not known".to_owned()),
        }
    }
}

fn key_text(value: Option<&Value>) -> Known<String> {
    match value {
        Some(Value::Str(key)) => Ok(key.clone()),
        Some(Value::Int(key)) => Ok(key.to_string()),
        _ => Err("a key that is not known".to_owned()),
    }
}
