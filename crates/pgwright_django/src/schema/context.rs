//! What an expression is compiled against: a model, its project, and names resolved to columns.

use pgwright_schema::Expr;

use super::literal::array_text;
use super::output::{Output, of_field};
use crate::model::{Field, Model, Models};
use crate::project::Project;

/// Why something cannot be known; the text is for the user.
pub(super) type Known<T> = Result<T, String>;

pub(super) struct Context<'a> {
    pub(super) model: &'a Model,
    pub(super) models: &'a Models,
    pub(super) project: &'a Project,
}

/// An expression and what comes out of it.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) output: Output,
    /// The column it starts from, when it is a field reference: lookups on a nullable one add `IS NOT NULL` under a negation.
    pub(super) column: Option<ColumnRef>,
    /// Nothing but a column.
    pub(super) is_column: bool,
    /// A plain Python value (`Value("x")`), which Django does not put in parentheses.
    pub(super) is_value: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ColumnRef {
    pub(super) name: String,
    pub(super) null: bool,
}

impl Typed {
    pub(super) fn new(expr: Expr, output: Output) -> Typed {
        Typed { expr, output, column: None, is_column: false, is_value: false }
    }

    pub(super) fn value(expr: Expr, output: Output) -> Typed {
        Typed { is_value: true, ..Typed::new(expr, output) }
    }

    /// The same field reference, further on.
    pub(super) fn then(&self, expr: Expr, output: Output) -> Typed {
        Typed { expr, output, column: self.column.clone(), is_column: false, is_value: false }
    }
}

impl<'a> Context<'a> {
    /// `models` are those the model is one of: the project's, or those of a point in its history.
    pub(super) fn new(project: &'a Project, models: &'a Models, model: &'a Model) -> Context<'a> {
        Context { model, models, project }
    }

    pub(super) fn at_least(&self, major: u8, minor: u8) -> bool {
        self.project.django.at_least(major, minor)
    }

    /// `TIME_ZONE`, when `USE_TZ` is on (`django/conf/global_settings.py`: on by default since 5.0).
    pub(super) fn time_zone(&self) -> Option<&str> {
        let settings = &self.project.settings;
        let used = settings.use_tz.unwrap_or_else(|| self.at_least(5, 0));
        used.then(|| settings.time_zone.as_deref().unwrap_or("America/Chicago"))
    }

    /// A field of the model by name, attribute or `pk`, whose column lies in the model's own table.
    pub(super) fn local_field(&self, name: &str) -> Known<&'a Field> {
        let field = if name == "pk" { self.model.primary_key() } else { self.model.field(name) };
        let field = field.ok_or_else(|| format!("no field `{name}` on {}", self.model.label()))?;
        if field.column.is_none() {
            return Err(format!("field `{name}` of {} has no column", self.model.label()));
        }
        if !field.local {
            return Err(format!("field `{name}` lies in the table of a parent of {}", self.model.label()));
        }
        Ok(field)
    }

    pub(super) fn local_column(&self, name: &str) -> Known<String> {
        self.local_field(name)?.column.clone().ok_or_else(|| format!("field `{name}` has no column"))
    }

    /// Columns of several fields; a leading `-` is kept off.
    pub(super) fn local_columns(&self, names: &[String]) -> Known<Vec<String>> {
        names.iter().map(|name| self.local_column(name.trim_start_matches('-'))).collect()
    }

    /// Follows `field__transform__…` as far as transforms go; the rest (at most a lookup) is returned.
    pub(super) fn path<'p>(&self, path: &'p str) -> Known<(Typed, Vec<&'p str>)> {
        let mut parts = path.split("__");
        let first = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        let field = self.local_field(first)?;
        let column = field.column.clone().unwrap_or_default();
        let start = Typed {
            expr: Expr::Column(column.clone()),
            output: of_field(self.models, field),
            column: Some(ColumnRef { name: column, null: field.null }),
            is_column: true,
            is_value: false,
        };
        self.transforms(start, &rest)
    }

    /// Applies transforms while they are known.
    fn transforms<'p>(&self, start: Typed, names: &[&'p str]) -> Known<(Typed, Vec<&'p str>)> {
        let mut at = start;
        for (position, name) in names.iter().enumerate() {
            let last = position + 1 == names.len();
            if last && super::lookup::is_lookup(&at.output, name) {
                return Ok((at, vec![name]));
            }
            at = match self.transform(&at, name)? {
                Some(next) => next,
                None => return Ok((at, names[position..].to_vec())),
            };
        }
        Ok((at, Vec::new()))
    }

    fn transform(&self, at: &Typed, name: &str) -> Known<Option<Typed>> {
        let array_item = |base: &Output, number: i64| {
            let item = Expr::Subscript { expr: Box::new(at.expr.clone().paren()), index: number + 1, end: None };
            at.then(item, base.clone())
        };
        let next = match (&at.output, name) {
            (Output::Json, key) => {
                Some(at.then(json_key(&at.expr, &[key.to_owned()], false), json_path(&at.expr, &[], key)))
            }
            (Output::JsonKey { base, path }, key) => {
                let output = json_path(base, path, key);
                let Output::JsonKey { path, .. } = &output else { return Ok(None) };
                Some(at.then(json_key(base, path, false), output.clone()))
            }
            (Output::HStore, "keys" | "values") => None,
            (Output::HStore, key) => {
                let expr = Expr::binary(at.expr.clone(), pgwright_schema::Operator::Get, Expr::text(key)).paren();
                Some(at.then(expr, Output::Text))
            }
            (Output::Array { .. }, "len") => Some(at.then(array_length(&at.expr), Output::Integer)),
            (Output::Array { base, .. }, item) => item.parse().ok().map(|number| array_item(base, number)),
            (Output::Range(base), "startswith") => {
                Some(at.then(Expr::function("lower", vec![at.expr.clone()]), (**base).clone()))
            }
            (Output::Range(base), "endswith") => {
                Some(at.then(Expr::function("upper", vec![at.expr.clone()]), (**base).clone()))
            }
            (Output::Range(_), "isempty" | "lower_inc" | "lower_inf" | "upper_inc" | "upper_inf") => {
                Some(at.then(Expr::function(name, vec![at.expr.clone()]), Output::Boolean))
            }
            (Output::Date | Output::DateTime | Output::Time, part) => super::date::date_part(self, at, part)?,
            // Only known when the project registers the function as a lookup; then this is what it means.
            (Output::Text, "length") => Some(at.then(Expr::function("LENGTH", vec![at.expr.clone()]), Output::Integer)),
            (Output::Text, "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "md5" | "reverse" | "unaccent") => {
                let expr = Expr::function(&name.to_ascii_uppercase(), vec![at.expr.clone()]);
                Some(at.then(expr, Output::Text))
            }
            _ => None,
        };
        Ok(next)
    }
}

fn json_path(base: &Expr, path: &[String], key: &str) -> Output {
    let path = path.iter().cloned().chain([key.to_owned()]).collect();
    Output::JsonKey { base: Box::new(base.clone()), path }
}

/// `("data" -> 'k')`, or `("data" #> '{a,b}')` for a longer path (`KeyTransform.as_postgresql`); as text with `->>`, `#>>`.
pub(super) fn json_key(base: &Expr, path: &[String], as_text: bool) -> Expr {
    use pgwright_schema::Operator;
    let (operator, key) = match path {
        [key] => {
            let operator = if as_text { Operator::GetText } else { Operator::Get };
            (operator, key.parse().map_or_else(|_| Expr::text(key), Expr::integer))
        }
        keys => {
            let operator = if as_text { Operator::GetPathText } else { Operator::GetPath };
            (operator, Expr::text(array_text(keys)))
        }
    };
    Expr::binary(base.clone(), operator, key).paren()
}

/// `ArrayLenTransform` (`django/contrib/postgres/fields/array.py`).
fn array_length(array: &Expr) -> Expr {
    let length = Expr::function("array_length", vec![array.clone(), Expr::integer(1)]);
    let null = Expr::Raw("NULL".to_owned());
    Expr::Case {
        branches: vec![(Expr::IsNull { expr: Box::new(array.clone()), negated: false }, null)],
        otherwise: Some(Box::new(Expr::function("coalesce", vec![length, Expr::integer(0)]))),
    }
}
