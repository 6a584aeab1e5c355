//! Functions and aggregates written.

use super::Compiler;
use super::text::{Stop, Text, Written};
use crate::model::Value;
use crate::queries::build::output;
use crate::queries::expression::{Aggregate, Call, Custom, Expression, Function, Node, Zone};
use crate::queries::kind::Kind;

impl Compiler<'_, '_> {
    pub(super) fn write_call(&self, name: &str, arguments: &[Node], out: &mut Text) -> Written<()> {
        out.push(name);
        out.push("(");
        self.write_list(arguments, ", ", out)?;
        out.push(")");
        Ok(())
    }

    pub(super) fn first<'n>(&self, arguments: &'n [Node]) -> Written<&'n Node> {
        arguments.first().ok_or_else(|| Stop::Unknown("a function of nothing".to_owned()))
    }

    pub(super) fn write_function(&self, function: &Function, out: &mut Text) -> Written<()> {
        let arguments = &function.arguments;
        match &function.call {
            Call::Named(named) if named.decimal => {
                out.push(named.function);
                out.push("(");
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        out.push(", ");
                    }
                    if self.kind(argument)? == Kind::Float {
                        out.push("(");
                        self.write_argument(argument, out)?;
                        out.push(")::numeric(1000, 15)");
                    } else {
                        self.write_argument(argument, out)?;
                    }
                }
                out.push(")");
                Ok(())
            }
            Call::Named(named) => match named.template {
                None => {
                    out.push(named.function);
                    out.push("(");
                    self.write_list(arguments, named.joiner, out)?;
                    out.push(")");
                    Ok(())
                }
                Some(template) => {
                    let (before, after) = template.split_once('%').unwrap_or((template, ""));
                    out.push(before);
                    self.write_list(arguments, named.joiner, out)?;
                    out.push(after);
                    Ok(())
                }
            },
            Call::Custom(custom) => self.write_custom(custom, arguments, out),
            Call::Aggregate(aggregate) => self.write_aggregate(aggregate, arguments, out),
            Call::Cast(db_type) => {
                out.push("(");
                self.write_list(arguments, ", ", out)?;
                out.push(")::");
                out.push(db_type);
                Ok(())
            }
            Call::Collate(collation) => {
                self.write_list(arguments, ", ", out)?;
                out.push(" COLLATE ");
                out.quoted(collation);
                Ok(())
            }
            Call::Extract { part, zone } => self.write_extract(part, zone, self.first(arguments)?, out),
            Call::Truncate { part, zone } => {
                let inner = self.first(arguments)?;
                let given = self.kind(inner)?;
                let kind = match &function.output {
                    Some(output) => output.kind(self.context),
                    None => given,
                };
                out.push("DATE_TRUNC(");
                out.parameter(Value::Str(part.to_string()));
                out.push(", ");
                self.write(inner, out)?;
                if given == Kind::DateTime {
                    self.write_zone(zone, out);
                }
                out.push(")");
                if kind == Kind::Time {
                    out.push("::time");
                }
                Ok(())
            }
            Call::TruncateDate(zone) | Call::TruncateTime(zone) => {
                out.push("(");
                self.write(self.first(arguments)?, out)?;
                self.write_zone(zone, out);
                out.push(if matches!(function.call, Call::TruncateDate(_)) { ")::date" } else { ")::time" });
                Ok(())
            }
            Call::Concat => self.write_concat(arguments, out),
            Call::JsonKey { .. } => self.write_json_key(function, out),
            Call::HStoreKey(key) => {
                out.push("(");
                self.write(self.first(arguments)?, out)?;
                out.push(" -> ");
                out.parameter(Value::Str(key.to_string()));
                out.push(")");
                Ok(())
            }
            Call::ArrayIndex => {
                let start = out.mark();
                self.write(self.first(arguments)?, out)?;
                if !out.sql[start.0..].ends_with(']') {
                    out.sql.insert(start.0, '(');
                    out.push(")");
                }
                out.push("[");
                self.write_list(&arguments[1..], ", ", out)?;
                out.push("]");
                Ok(())
            }
            Call::ArraySlice { open } => {
                let start = out.mark();
                self.write(self.first(arguments)?, out)?;
                if self.context.at_least(5, 1) || !out.sql[start.0..].ends_with(']') {
                    out.sql.insert(start.0, '(');
                    out.push(")");
                }
                out.push("[");
                self.write_list(&arguments[1..], ":", out)?;
                out.push(if *open { ":]" } else { "]" });
                Ok(())
            }
            Call::ArrayLength => {
                let mut inner = Text::default();
                self.write(self.first(arguments)?, &mut inner)?;
                out.push("CASE WHEN ");
                out.append(&inner);
                out.push(" IS NULL THEN NULL ELSE coalesce(array_length(");
                out.append(&inner);
                out.push(", 1), 0) END");
                Ok(())
            }
            Call::Array => {
                out.push("ARRAY[");
                self.write_list(arguments, ", ", out)?;
                out.push("]");
                Ok(())
            }
            Call::ArraySubquery => {
                out.push("ARRAY");
                self.write(self.first(arguments)?, out)
            }
            Call::JsonObject => self.write_json_object(arguments, out),
            Call::JsonArray => self.write_json_array(arguments, out),
            Call::SearchVector { weighted, configured } => {
                self.write_search_vector(*weighted, *configured, arguments, out)
            }
            Call::SearchQuery { function, invert } => {
                if *invert {
                    out.push("!!(");
                }
                self.write_call(function, arguments, out)?;
                if *invert {
                    out.push(")");
                }
                Ok(())
            }
            Call::SearchHeadline { options } => {
                out.push("ts_headline(");
                self.write_list(arguments, ", ", out)?;
                if *options {
                    out.push(", ");
                    out.parameter(Value::Unknown("options".to_owned()));
                }
                out.push(")");
                Ok(())
            }
            Call::SearchConfig => {
                self.write_list(arguments, ", ", out)?;
                out.push("::regconfig");
                Ok(())
            }
            Call::Round => self.write_call("ROUND", arguments, out),
        }
    }

    pub(super) fn write_custom(&self, custom: &Custom, arguments: &[Node], out: &mut Text) -> Written<()> {
        let mut text = Text::default();
        let joiner = custom.joiner.as_deref().unwrap_or(", ");
        self.write_list(arguments, joiner, &mut text)?;
        let template = custom.template.as_deref().unwrap_or("%(function)s(%(expressions)s)");
        let function = Text { sql: custom.function.clone().unwrap_or_default(), parameters: Vec::new() };
        let extra: Vec<(String, Text)> = custom
            .extra
            .iter()
            .map(|(name, value)| {
                let sql = match value {
                    Value::Str(text) => text.clone(),
                    Value::Int(number) => number.to_string(),
                    Value::Float(number) => number.to_string(),
                    _ => return Err(Stop::Unknown(format!("`{name}` of {}", custom.class))),
                };
                Ok((name.clone(), Text { sql, parameters: Vec::new() }))
            })
            .collect::<Written<_>>()?;
        let mut parts: Vec<(&str, &Text)> = vec![("function", &function), ("expressions", &text), ("field", &text)];
        parts.extend(extra.iter().map(|(name, text)| (name.as_str(), text)));
        write_template(template, &parts, out)
    }

    pub(super) fn write_aggregate(&self, aggregate: &Aggregate, arguments: &[Node], out: &mut Text) -> Written<()> {
        let modern = self.context.at_least(6, 0);
        let mut expressions = Text::default();
        self.write_list(arguments, ", ", &mut expressions)?;
        let mut order = Text::default();
        if !aggregate.order_by.is_empty() {
            order.push("ORDER BY ");
            self.write_list(&aggregate.order_by, ", ", &mut order)?;
        }
        let mut filter = Text::default();
        if let Some(condition) = &aggregate.filter {
            match self.write(condition, &mut filter) {
                Ok(()) => {
                    filter.sql.insert_str(0, " FILTER (WHERE ");
                    filter.push(")");
                }
                Err(Stop::Full) => filter = Text::default(),
                Err(other) => return Err(other),
            }
        }
        if let Some(template) = &aggregate.template {
            let distinct = Text {
                sql: if aggregate.distinct { "DISTINCT ".to_owned() } else { String::new() },
                parameters: Vec::new(),
            };
            let function = Text { sql: aggregate.name.to_string(), parameters: Vec::new() };
            let shown = if template.contains("%(filter)s") { filter.clone() } else { Text::default() };
            let parts = [
                ("function", &function),
                ("distinct", &distinct),
                ("expressions", &expressions),
                ("field", &expressions),
                ("order_by", &order),
                ("ordering", &order),
                ("filter", &shown),
            ];
            write_template(template, &parts, out)?;
            if !template.contains("%(filter)s") {
                out.append(&filter);
            }
            return Ok(());
        }
        out.push(&aggregate.name);
        out.push("(");
        if aggregate.distinct {
            out.push("DISTINCT ");
        }
        out.append(&expressions);
        if (aggregate.function.orderable && !modern) || !order.sql.is_empty() {
            out.push(" ");
        }
        out.append(&order);
        out.push(")");
        out.append(&filter);
        Ok(())
    }

    pub(super) fn write_zone(&self, zone: &Zone, out: &mut Text) {
        if self.context.settings.use_tz {
            out.push(" AT TIME ZONE ");
            out.parameter(super::lookup::zone_parameter(zone));
        }
    }

    pub(super) fn write_extract(&self, part: &str, zone: &Zone, inner: &Node, out: &mut Text) -> Written<()> {
        let kind = self.kind(inner)?;
        let mut text = Text::default();
        self.write(inner, &mut text)?;
        if kind == Kind::DateTime {
            self.write_zone(zone, &mut text);
        }
        match part {
            "week_day" => {
                out.push("EXTRACT(DOW FROM ");
                out.append(&text);
                out.push(") + 1");
            }
            "second" if kind != Kind::Date => {
                out.push("EXTRACT(SECOND FROM DATE_TRUNC(");
                out.parameter(Value::Str("second".to_owned()));
                out.push(", ");
                out.append(&text);
                out.push("))");
            }
            other => {
                out.push("EXTRACT(");
                out.push(&match other {
                    "iso_week_day" => "ISODOW".to_owned(),
                    "iso_year" => "ISOYEAR".to_owned(),
                    other => other.to_uppercase(),
                });
                out.push(" FROM ");
                out.append(&text);
                out.push(")");
            }
        }
        Ok(())
    }

    /// `ConcatPair`: nothing is NULL; up to 4.2 with `CONCAT`.
    pub(super) fn write_concat(&self, arguments: &[Node], out: &mut Text) -> Written<()> {
        if !self.context.at_least(5, 0) {
            out.push("CONCAT(");
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    out.push(", ");
                }
                out.push("(");
                self.write_argument(argument, out)?;
                out.push(")::text");
            }
            out.push(")");
            return Ok(());
        }
        out.push("(");
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                out.push(" || ");
            }
            self.write_coalesced(argument, out)?;
        }
        out.push(")");
        Ok(())
    }

    pub(super) fn write_coalesced(&self, node: &Node, out: &mut Text) -> Written<()> {
        out.push("COALESCE(");
        let kind = match output::of(self.context, node)? {
            Some(output) => output.kind(self.context),
            // An unknown value is most often text.
            None if matches!(&**node, Expression::Value { value: Value::Unknown(_), .. }) => Kind::Char,
            None => Kind::Other,
        };
        if matches!(kind, Kind::Char | Kind::Text | Kind::CiText) {
            self.write_argument(node, out)?;
        } else {
            out.push("(");
            self.write_argument(node, out)?;
            out.push(")::text");
        }
        out.push(", ");
        out.parameter(Value::Str(String::new()));
        out.push(")");
        Ok(())
    }

    /// `KeyTransform.as_postgresql`: one key, or the path to it.
    pub(super) fn write_json_key(&self, function: &Function, out: &mut Text) -> Written<()> {
        let Call::JsonKey { text, .. } = function.call else { return Err("a key".into()) };
        let mut keys: Vec<Value> = Vec::new();
        let mut at = function;
        let inner = loop {
            let Call::JsonKey { key, .. } = &at.call else { return Err("a key".into()) };
            keys.insert(0, Value::Str(key.to_string()));
            let inner = self.first(&at.arguments)?;
            match &**inner {
                Expression::Function(next) if matches!(next.call, Call::JsonKey { .. }) => at = next,
                _ => break inner,
            }
        };
        out.push("(");
        self.write(inner, out)?;
        out.push(match (keys.len() > 1, text) {
            (false, false) => " -> ",
            (false, true) => " ->> ",
            (true, false) => " #> ",
            (true, true) => " #>> ",
        });
        out.parameter(if keys.len() > 1 { Value::List(keys) } else { keys.remove(0) });
        out.push(")");
        Ok(())
    }

    pub(super) fn write_json_object(&self, arguments: &[Node], out: &mut Text) -> Written<()> {
        let native = self.context.at_least(5, 1);
        out.push(if native { "JSON_OBJECT(" } else { "JSONB_BUILD_OBJECT(" });
        for (index, pair) in arguments.chunks(2).enumerate() {
            let [key, value] = pair else { return Err("a JSONObject".into()) };
            if index > 0 {
                out.push(", ");
            }
            if native {
                out.push("(");
            }
            out.push("(");
            self.write_argument(key, out)?;
            out.push(")::text");
            out.push(if native { ") VALUE " } else { ", " });
            self.write_argument(value, out)?;
        }
        out.push(if native { " RETURNING JSONB)" } else { ")" });
        Ok(())
    }

    pub(super) fn write_json_array(&self, arguments: &[Node], out: &mut Text) -> Written<()> {
        out.push("JSON_ARRAY(");
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                out.push(", ");
            }
            if matches!(&**argument, Expression::Function(Function { call: Call::Cast(_), .. })) {
                self.write_argument(argument, out)?;
                continue;
            }
            let output = output::of(self.context, argument)?.ok_or("an argument of unknown type")?;
            out.push("(");
            self.write_argument(argument, out)?;
            out.push(")::");
            out.push(&output.cast_type(self.context));
        }
        out.push(if arguments.is_empty() { " " } else { " NULL ON NULL" });
        out.push(" RETURNING JSONB)");
        Ok(())
    }

    pub(super) fn write_search_vector(
        &self,
        weighted: bool,
        configured: bool,
        arguments: &[Node],
        out: &mut Text,
    ) -> Written<()> {
        let mut rest = arguments;
        if weighted {
            out.push("setweight(");
        }
        out.push("to_tsvector(");
        if configured {
            let (config, more) = rest.split_first().ok_or("a SearchVector of nothing")?;
            self.write(config, out)?;
            out.push(", ");
            rest = more;
        }
        let mut weight = None;
        if weighted {
            let (first, more) = rest.split_first().ok_or("a SearchVector of nothing")?;
            weight = Some(first);
            rest = more;
        }
        for (index, argument) in rest.iter().enumerate() {
            if index > 0 {
                // `arg_joiner` of text and a space between.
                out.push(" || ' ' || ");
            }
            self.write_coalesced(argument, out)?;
        }
        out.push(")");
        if let Some(weight) = weight {
            out.push(", ");
            self.write(weight, out)?;
            out.push(")");
        }
        Ok(())
    }
}

/// `template % data`, keeping `%%` as one `%` of SQL… which stays two for the driver only where Django leaves two.
pub(crate) fn write_template(template: &str, parts: &[(&str, &Text)], out: &mut Text) -> Written<()> {
    let mut rest = template;
    while let Some(position) = rest.find('%') {
        out.push(&rest[..position]);
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push("%");
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|text| text.split_once(")s"));
        let Some((name, after)) = named else { return Err("a template that is not understood".into()) };
        let part = parts.iter().find(|(key, _)| *key == name);
        let Some((_, text)) = part else {
            return Err(Stop::Unknown(format!("`{name}` of a template")));
        };
        out.append(text);
        rest = after;
    }
    out.push(rest);
    Ok(())
}
