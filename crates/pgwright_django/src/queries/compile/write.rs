//! Expressions written (`as_sql`, `as_postgresql`).

use super::Compiler;
use super::function::write_template;
use super::text::{Stop, Text, Written};
use crate::model::Value;
use crate::queries::build::output;
use crate::queries::expression::{Call, Combined, Expression, Node, Nulls, Temporal, Window};
use crate::queries::kind::{Kind, Output};

impl Compiler<'_, '_> {
    pub(crate) fn write(&self, node: &Node, out: &mut Text) -> Written<()> {
        match &**node {
            Expression::Column(column) => {
                self.write_alias(&column.alias, out);
                out.push(".");
                out.quoted(self.context.field(column.field).column.as_deref().unwrap_or_default());
                Ok(())
            }
            Expression::Value { value, output } => self.write_value(value, output.as_ref(), out),
            Expression::Ref { name, .. } => {
                out.quoted(name);
                Ok(())
            }
            Expression::Position { ordinal, .. } => {
                out.push(&ordinal.to_string());
                Ok(())
            }
            Expression::Raw { sql, parameters, .. } => {
                out.push("(");
                out.push(sql);
                out.push(")");
                out.parameters.extend(parameters.iter().cloned());
                Ok(())
            }
            Expression::Star => {
                out.push("*");
                Ok(())
            }
            Expression::Function(function) => self.write_function(function, out),
            Expression::Combined(combined) => self.write_combined(combined, out),
            Expression::Case { branches, default, output } => {
                self.write_case(node, branches, default, output.as_ref(), out)
            }
            Expression::When { condition, result } => {
                out.push("WHEN ");
                self.write(condition, out)?;
                out.push(" THEN ");
                self.write(result, out)
            }
            Expression::Wrapper { inner, .. } => self.write(inner, out),
            Expression::Not(inner) => {
                let start = out.mark();
                out.push("NOT ");
                match self.write(inner, out) {
                    Err(Stop::Empty) => {
                        out.reset(start);
                        out.parameter(Value::Bool(true));
                        Ok(())
                    }
                    other => other,
                }
            }
            Expression::Subquery { query, template, .. } => {
                let text = self.subquery(query)?;
                match template {
                    None => {
                        out.append(&text);
                        Ok(())
                    }
                    Some(template) => write_template(template, &[("subquery", &bare(text))], out),
                }
            }
            Expression::Exists { query, template } => {
                let text = match self.subquery(query) {
                    Ok(text) => text,
                    Err(Stop::Empty) => {
                        out.parameter(Value::Bool(false));
                        return Ok(());
                    }
                    Err(other) => return Err(other),
                };
                match template {
                    None => {
                        out.push("EXISTS");
                        out.append(&text);
                        Ok(())
                    }
                    Some(template) => write_template(template, &[("subquery", &bare(text))], out),
                }
            }
            Expression::OrderBy { inner, descending, nulls } => {
                self.write(inner, out)?;
                out.push(if *descending { " DESC" } else { " ASC" });
                out.push(match nulls {
                    Nulls::Default => "",
                    Nulls::First => " NULLS FIRST",
                    Nulls::Last => " NULLS LAST",
                });
                Ok(())
            }
            Expression::Window(window) => self.write_window(window, out),
            Expression::List(items) => self.write_list(items, ", ", out),
            Expression::Lookup(lookup) => self.write_lookup(lookup, out),
            Expression::Where(node) => self.write_where(node, out),
            Expression::Nothing => Err(Stop::Empty),
            Expression::Extra { sqls, parameters } => {
                for (index, sql) in sqls.iter().enumerate() {
                    if index > 0 {
                        out.push(" AND ");
                    }
                    out.push("(");
                    out.push(sql);
                    out.push(")");
                }
                out.parameters.extend(parameters.iter().cloned());
                Ok(())
            }
            Expression::Outer { name, .. } => Err(Stop::Unknown(format!("OuterRef({name:?}) outside a subquery"))),
        }
    }

    /// `quote_name_unless_alias`; from 6.1 on every alias is quoted.
    pub(crate) fn write_alias(&self, alias: &str, out: &mut Text) {
        if self.context.at_least(6, 1) {
            out.quoted(alias);
            return;
        }
        let is_table = self.query.sources.iter().any(|source| &*source.table == alias);
        let bare = !is_table
            && (self.query.sources.iter().any(|source| &*source.alias == alias)
                || self.query.external_aliases.iter().any(|(name, aliased)| *aliased && &**name == alias))
            || self.query.selected_extra().any(|(name, _)| &**name == alias);
        if bare {
            out.push(alias);
        } else {
            out.quoted(alias);
        }
    }

    fn write_value(&self, value: &Value, output: Option<&Output>, out: &mut Text) -> Written<()> {
        if let Some(output) = output {
            let kind = output.kind(self.context);
            if kind == Kind::Array || kind.is_range() {
                out.parameter(value.clone());
                out.push("::");
                out.push(&output.cast_type(self.context));
                return Ok(());
            }
            if kind == Kind::Json {
                out.parameter(value.clone());
                return Ok(());
            }
        }
        match value {
            Value::None => out.push("NULL"),
            other => out.parameter(other.clone()),
        }
        Ok(())
    }

    pub(crate) fn write_list(&self, items: &[Node], joiner: &str, out: &mut Text) -> Written<()> {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push(joiner);
            }
            self.write_argument(item, out)?;
        }
        Ok(())
    }

    /// An argument of a function: what can be no row is its empty value.
    pub(super) fn write_argument(&self, node: &Node, out: &mut Text) -> Written<()> {
        let start = out.mark();
        match self.write(node, out) {
            Err(Stop::Empty) => {
                out.reset(start);
                match empty_value(node) {
                    Some(value) => self.write_value(&value, None, out),
                    None => Err(Stop::Empty),
                }
            }
            Err(Stop::Full) => {
                out.reset(start);
                out.parameter(Value::Bool(true));
                Ok(())
            }
            other => other,
        }
    }

    pub(super) fn kind(&self, node: &Node) -> Written<Kind> {
        Ok(output::of(self.context, node)?.map_or(Kind::Other, |output| output.kind(self.context)))
    }

    fn write_combined(&self, combined: &Combined, out: &mut Text) -> Written<()> {
        if combined.temporal == Temporal::Subtraction && self.kind(&combined.left)? == Kind::Date {
            out.push("(interval '1 day' * (");
            self.write(&combined.left, out)?;
            out.push(" - ");
            self.write(&combined.right, out)?;
            out.push("))");
            return Ok(());
        }
        out.push("(");
        self.write(&combined.left, out)?;
        out.push(" ");
        out.push(combined.operator);
        out.push(" ");
        self.write(&combined.right, out)?;
        out.push(")");
        Ok(())
    }

    fn write_case(
        &self,
        whole: &Node,
        branches: &[Node],
        default: &Node,
        given: Option<&Output>,
        out: &mut Text,
    ) -> Written<()> {
        if branches.is_empty() {
            return self.write(default, out);
        }
        let output = match given {
            Some(output) => Some(output.clone()),
            None => output::of(self.context, whole)?,
        };
        let cast = output.as_ref().and_then(|output| match output.kind(self.context) {
            Kind::Ip => Some("inet"),
            Kind::Time => Some("time"),
            Kind::Uuid => Some("uuid"),
            _ => None,
        });
        let start = out.mark();
        if cast.is_some() {
            out.push("CAST(");
        }
        out.push("CASE");
        let mut written = 0;
        let mut otherwise = default;
        for branch in branches {
            let before = out.mark();
            out.push(" ");
            match self.write(branch, out) {
                Ok(()) => written += 1,
                Err(Stop::Empty) => out.reset(before),
                Err(Stop::Full) => {
                    out.reset(before);
                    if let Expression::When { result, .. } = &**branch {
                        otherwise = result;
                    }
                    break;
                }
                Err(other) => return Err(other),
            }
        }
        if written == 0 {
            out.reset(start);
            if let Expression::Value { .. } = &**otherwise
                && self.context.at_least(6, 0)
                && let Some(output) = output::of(self.context, otherwise)?
            {
                out.push("(");
                self.write(otherwise, out)?;
                out.push(")::");
                out.push(&output.cast_type(self.context));
                return Ok(());
            }
            return self.write(otherwise, out);
        }
        out.push(" ELSE ");
        self.write(otherwise, out)?;
        out.push(" END");
        if let Some(cast) = cast {
            out.push(" AS ");
            out.push(cast);
            out.push(")");
        }
        Ok(())
    }

    fn write_window(&self, window: &Window, out: &mut Text) -> Written<()> {
        self.write(&window.source, out)?;
        out.push(" OVER (");
        let start = out.mark();
        if !window.partition_by.is_empty() {
            out.push("PARTITION BY ");
            self.write_list(&window.partition_by, ", ", out)?;
        }
        if !window.order_by.is_empty() {
            if !out.is_empty_since(start) {
                out.push(" ");
            }
            out.push("ORDER BY ");
            self.write_list(&window.order_by, ", ", out)?;
        }
        if let Some(frame) = &window.frame {
            if !out.is_empty_since(start) {
                out.push(" ");
            }
            out.push(frame);
        }
        out.push(")");
        Ok(())
    }
}

/// `empty_result_set_value`.
pub(crate) fn empty_value(node: &Node) -> Option<Value> {
    match &**node {
        Expression::Value { value, .. } => Some(value.clone()),
        Expression::Subquery { .. } => Some(Value::None),
        Expression::Exists { .. } => Some(Value::Bool(false)),
        Expression::Function(function) => match &function.call {
            Call::Aggregate(aggregate) if matches!(aggregate.function.class, "Count" | "RegrCount") => {
                Some(Value::Int(0))
            }
            Call::Aggregate(_) => Some(Value::None),
            Call::Named(named) if named.class == "Coalesce" => {
                for argument in &function.arguments {
                    match empty_value(argument) {
                        None => return None,
                        Some(Value::None) => {}
                        some => return some,
                    }
                }
                Some(Value::None)
            }
            _ => None,
        },
        _ => None,
    }
}

/// A subquery without its parentheses.
fn bare(text: Text) -> Text {
    let inner = text.sql.strip_prefix('(').and_then(|sql| sql.strip_suffix(')'));
    Text { sql: inner.unwrap_or(&text.sql).to_owned(), parameters: text.parameters }
}
