//! From values of code to resolved expressions: `resolve_expression`.
//!
//! Source: `django/db/models/expressions.py` and the constructors of functions and aggregates.

use std::sync::Arc;

use super::functions::{self, Fallback};
use super::joins::{Many, PathError, column, initial_alias, setup_joins, trim_joins};
use super::lookup::{build_lookup_named, lookup_of_class, transform};
use super::typed::output_field;
use super::{Known, Scope, output, q, subquery};
use crate::model::{Call as Constructor, Combined as Operation, Value};
use crate::queries::context::Context;
use crate::queries::expression::{
    Aggregate, Call, Combined, Custom, Expression, Function, Node, Nulls, Right, Temporal, Window, Zone,
};
use crate::queries::kind::{Kind, Output};
use crate::queries::query::{Alias, Query};

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
    fn node(&mut self, value: &Value) -> Known<Node> {
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
    fn argument(&mut self, value: &Value) -> Known<Node> {
        match value {
            Value::Str(name) => self.reference(name),
            other => self.node(other),
        }
    }

    fn reference(&mut self, name: &str) -> Known<Node> {
        if !self.prefix.is_empty() {
            let name = format!("{}{name}", self.prefix);
            return resolve_ref(self.context, self.query, &name, self.scope, self.reuse.as_deref_mut());
        }
        resolve_ref(self.context, self.query, name, self.scope, self.reuse.as_deref_mut())
    }

    fn arguments(&mut self, values: &[Value]) -> Known<Vec<Node>> {
        values.iter().map(|value| self.argument(value)).collect()
    }

    /// `Q.resolve_expression`.
    fn condition(&mut self, value: &Value) -> Known<Node> {
        let q = q::of_value(value)?;
        let scope = Scope {
            joins: self.scope.joins,
            summarize: self.scope.summarize,
            split: false,
            filterable: false,
            ..Scope::default()
        };
        let (node, joins) = super::filter::add_q_inner(self.context, self.query, &q, scope, self.reuse.as_deref_mut())?;
        super::joins::promote(self.query, joins);
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

    fn function(&self, call: Call, arguments: Vec<Node>, output: Option<Output>) -> Node {
        Arc::new(Expression::Function(Function { call, arguments, output }))
    }

    fn output_of(&self, call: &Constructor) -> Known<Option<Output>> {
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
                if let Some(name) = lookup_of_class(class) {
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

    fn raw(&mut self, arguments: &Arguments<'_>) -> Known<Node> {
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
    fn touch_parents(&mut self, sql: &str) -> Known<()> {
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

    fn when(&mut self, call: &Constructor) -> Known<Node> {
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

    fn case(&mut self, call: &Constructor) -> Known<Node> {
        let branches = call.args.iter().map(|branch| self.node(branch)).collect::<Known<Vec<Node>>>()?;
        if branches.iter().any(|branch| !matches!(&**branch, Expression::When { .. })) {
            return Err("a Case of what is no When".to_owned());
        }
        let default = call.kwarg("default").cloned().unwrap_or(Value::None);
        let default = self.argument(&default)?;
        let output = self.output_of(call)?;
        Ok(Arc::new(Expression::Case { branches, default, output }))
    }

    fn subquery_call(&mut self, class: &str, call: &Constructor) -> Known<Node> {
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
            inner = super::combine::exists(self.context, &inner)?;
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

    fn window(&mut self, arguments: &Arguments<'_>) -> Known<Node> {
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

    fn listed(&mut self, value: Option<&Value>) -> Known<Vec<Node>> {
        match value {
            None => Ok(Vec::new()),
            Some(Value::Unknown(reason)) => Err(reason.clone()),
            Some(Value::List(items) | Value::Tuple(items)) => self.arguments(items),
            Some(value) => Ok(vec![self.argument(value)?]),
        }
    }

    /// `OrderByList`.
    fn ordered(&mut self, value: &Value) -> Known<Vec<Node>> {
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

    /// A `Func` with a name or template of its own.
    fn custom(&mut self, call: &Constructor, class: &str) -> Known<Node> {
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

    fn aggregate(&mut self, call: &Constructor, class: &str) -> Known<Node> {
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

    /// `Concat._paired`.
    fn concat(&self, parts: &[Node], output: Option<Output>) -> Known<Node> {
        match parts {
            [first, second] => Ok(self.function(Call::Concat, vec![first.clone(), second.clone()], output)),
            [first, rest @ ..] if !rest.is_empty() => {
                let rest = self.concat(rest, output.clone())?;
                Ok(self.function(Call::Concat, vec![first.clone(), rest], output))
            }
            _ => Err("a Concat of fewer than two".to_owned()),
        }
    }

    fn zone(value: Option<&Value>) -> Zone {
        match value {
            None | Some(Value::None) => Zone::Current,
            Some(value) => Zone::Given(value.clone()),
        }
    }

    fn extract(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("an Extract of nothing")?)?;
        let (part, zone) = match class {
            "Extract" => match arguments.get(1, "lookup_name") {
                Some(Value::Str(part)) => (part.clone(), arguments.get(2, "tzinfo")),
                _ => return Err("an Extract of a part that is not known".to_owned()),
            },
            _ => (snake(class.trim_start_matches("Extract")), arguments.get(2, "tzinfo")),
        };
        let call = Call::Extract { part: part.as_str().into(), zone: Self::zone(zone) };
        Ok(self.function(call, vec![inner], None))
    }

    fn truncate(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("a Trunc of nothing")?)?;
        let shift = usize::from(class == "Trunc");
        let output = arguments.given(1 + shift, "output_field").map(output_field).transpose()?;
        let zone = Self::zone(arguments.get(2 + shift, "tzinfo"));
        let call = match class {
            "TruncDate" => Call::TruncateDate(zone),
            "TruncTime" => Call::TruncateTime(zone),
            "Trunc" => match arguments.get(1, "kind") {
                Some(Value::Str(kind)) => Call::Truncate { part: kind.as_str().into(), zone },
                _ => return Err("a Trunc of a kind that is not known".to_owned()),
            },
            _ => Call::Truncate { part: snake(class.trim_start_matches("Trunc")).into(), zone },
        };
        let output = match &call {
            Call::TruncateDate(_) | Call::TruncateTime(_) => None,
            _ => output,
        };
        Ok(self.function(call, vec![inner], output))
    }

    /// `KT("data__a__b")`.
    fn key_text_path(&mut self, value: Option<&Value>) -> Known<Node> {
        let Some(Value::Str(path)) = value else { return Err("a KT of a path that is not known".to_owned()) };
        let mut parts = path.split("__");
        let mut node = self.reference(parts.next().unwrap_or_default())?;
        for key in parts {
            node = self.function(Call::JsonKey { key: key.into(), text: true }, vec![node], None);
        }
        Ok(node)
    }

    fn config(&mut self, value: Option<&Value>) -> Known<Option<Node>> {
        let Some(value) = value else { return Ok(None) };
        if let Value::Call(call) = value
            && call.class.ends_with(".SearchConfig")
        {
            return Ok(Some(self.node(value)?));
        }
        let inner = self.node(value)?;
        Ok(Some(self.function(Call::SearchConfig, vec![inner], None)))
    }

    fn search_vector(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let config = self.config(arguments.keyword("config"))?;
        let weight = arguments.keyword("weight").map(|weight| self.node(weight)).transpose()?;
        let (configured, weighted) = (config.is_some(), weight.is_some());
        let mut parts: Vec<Node> = config.into_iter().chain(weight).collect();
        parts.extend(self.arguments(&call.args)?);
        Ok(self.function(Call::SearchVector { weighted, configured }, parts, None))
    }

    fn search_query(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let function = match arguments.keyword("search_type") {
            None => "plainto_tsquery",
            Some(Value::Str(kind)) => match kind.as_str() {
                "plain" => "plainto_tsquery",
                "phrase" => "phraseto_tsquery",
                "raw" => "to_tsquery",
                "websearch" => "websearch_to_tsquery",
                _ => return Err("a search_type that does not exist".to_owned()),
            },
            Some(_) => return Err("a search_type that is not known".to_owned()),
        };
        let value = arguments.get(0, "value").ok_or("a SearchQuery of nothing")?;
        let function = match value {
            Value::Call(lexeme) if lexeme.class.ends_with("Lexeme") => "to_tsquery",
            _ => function,
        };
        let value = match value {
            Value::Call(lexeme) if lexeme.class.ends_with("Lexeme") => Expression::value(value.clone()),
            other => self.node(other)?,
        };
        let config = self.config(arguments.keyword("config"))?;
        let invert = truth(arguments.keyword("invert"))?;
        let parts = config.into_iter().chain([value]).collect();
        Ok(self.function(Call::SearchQuery { function, invert }, parts, None))
    }

    fn search_rank(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let vector = arguments.get(0, "vector").ok_or("a SearchRank of nothing")?;
        let vector = match vector {
            Value::Str(_) => {
                let inner = self.argument(vector)?;
                self.function(Call::SearchVector { weighted: false, configured: false }, vec![inner], None)
            }
            other => self.node(other)?,
        };
        let query = arguments.get(1, "query").ok_or("a SearchRank of nothing")?;
        let query = self.as_search_query(query)?;
        let mut parts = Vec::new();
        if let Some(weights) = arguments.given(2, "weights") {
            let weights = self.node(weights)?;
            parts.push(self.function(Call::Cast("float4[]".into()), vec![weights], None));
        }
        parts.extend([vector, query]);
        if let Some(normalization) = arguments.given(3, "normalization") {
            parts.push(self.node(normalization)?);
        }
        let class = if truth(arguments.get(4, "cover_density"))? { "SearchRankDensity" } else { "SearchRank" };
        let named = functions::named(class).ok_or("SearchRank")?;
        Ok(self.function(Call::Named(named), parts, None))
    }

    fn as_search_query(&mut self, value: &Value) -> Known<Node> {
        if is_expression(value) {
            return self.node(value);
        }
        let value = Expression::value(value.clone());
        Ok(self.function(Call::SearchQuery { function: "plainto_tsquery", invert: false }, vec![value], None))
    }

    fn search_headline(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("a SearchHeadline of nothing")?)?;
        let query = self.as_search_query(arguments.get(1, "query").ok_or("a SearchHeadline of nothing")?)?;
        let config = self.config(arguments.keyword("config"))?;
        let names = [
            "start_sel",
            "stop_sel",
            "max_words",
            "min_words",
            "short_word",
            "highlight_all",
            "max_fragments",
            "fragment_delimiter",
        ];
        let options = names.iter().any(|name| arguments.keyword(name).is_some());
        let parts = config.into_iter().chain([inner, query]).collect();
        Ok(self.function(Call::SearchHeadline { options }, parts, None))
    }

    fn trigram(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let named = functions::named(class).ok_or_else(|| format!("the expression {class}"))?;
        let word = class.contains("Word");
        let names = if word { ["string", "expression"] } else { ["expression", "string"] };
        let mut parts = Vec::new();
        for (position, name) in names.into_iter().enumerate() {
            let value = call.args.get(position).or_else(|| call.kwarg(name)).ok_or("a missing argument")?;
            parts.push(if name == "string" { self.node(value)? } else { self.argument(value)? });
        }
        Ok(self.function(Call::Named(named), parts, None))
    }

    /// A lookup used as an expression: `GreaterThan(F("a"), 1)`.
    fn lookup(&mut self, call: &Constructor, name: &str) -> Known<Node> {
        let (Some(left), Some(right)) = (call.args.first(), call.args.get(1)) else {
            return Err("a lookup without two sides".to_owned());
        };
        // A side whose type is not known yet leaves the other as a value of its own.
        let untyped = match left {
            Value::Call(call) => match call.class.rsplit('.').next().and_then(functions::named) {
                Some(named) => {
                    !matches!(named.gives, functions::Gives::Kind(_)) && call.kwarg("output_field").is_none()
                }
                None => call.class.ends_with(".F"),
            },
            _ => false,
        } && matches!(name, "exact" | "gt" | "gte" | "lt" | "lte");
        let left = self.node(left)?;
        let right = match right {
            value if untyped && !is_expression(value) && *value != Value::None => {
                Right::Node(Expression::value(value.clone()))
            }
            value if is_expression(value) => Right::Node(self.node(value)?),
            Value::List(items) | Value::Tuple(items) if items.iter().any(is_expression) => {
                Right::Nodes(items.iter().map(|item| self.node(item)).collect::<Known<Vec<Node>>>()?)
            }
            other => Right::Value(other.clone()),
        };
        build_lookup_named(self.context, name, left, right)
    }

    fn named(&mut self, call: &Constructor, named: &'static functions::Named) -> Known<Node> {
        let output = self.output_of(call)?;
        let mut arguments = Vec::new();
        if named.parameters.is_empty() {
            arguments = self.arguments(&call.args)?;
        } else {
            for (position, (name, fallback)) in named.parameters.iter().enumerate() {
                let value = call.args.get(position).or_else(|| call.kwarg(name));
                let value = match (value, fallback) {
                    (Some(Value::None), Fallback::Absent) | (None, Fallback::Absent) => continue,
                    (Some(value), _) => {
                        arguments.push(self.argument(value)?);
                        continue;
                    }
                    (None, Fallback::Int(number)) => Value::Int(*number),
                    (None, Fallback::Text(text)) => Value::Str((*text).to_owned()),
                    (None, Fallback::Required) => return Err(format!("{} without `{name}`", named.class)),
                };
                arguments.push(Expression::value(value));
            }
        }
        Ok(self.function(Call::Named(named), arguments, output))
    }
}

fn key_text(value: Option<&Value>) -> Known<String> {
    match value {
        Some(Value::Str(key)) => Ok(key.clone()),
        Some(Value::Int(key)) => Ok(key.to_string()),
        _ => Err("a key that is not known".to_owned()),
    }
}

/// `IsoWeekDay` → `iso_week_day`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
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
