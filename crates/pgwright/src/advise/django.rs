//! An index as Django declares it.

use pgwright_django::model::Model;
use pgwright_schema::{Expr, Index, IndexKey, IndexMethod, Nulls, SortOrder};

/// An entry of `Meta.indexes`; none for what `Meta` has no form for, or what this does not know to write.
pub(super) fn declaration(index: &Index, model: &Model) -> Option<String> {
    if index.unique {
        return None;
    }
    let field = |column: &str| {
        let found = model.fields.iter().find(|field| field.column.as_deref() == Some(column) && field.local)?;
        Some(found.name.as_str())
    };
    let class = match &index.method {
        IndexMethod::Btree => "models.Index",
        IndexMethod::Gin => "GinIndex",
        IndexMethod::Gist => "GistIndex",
        IndexMethod::Brin => "BrinIndex",
        IndexMethod::Hash => "HashIndex",
        _ => return None,
    };
    let is_plain = |key: &IndexKey| key.as_column().is_some() && key.collation.is_none();
    let mut arguments: Vec<String> = Vec::new();
    if index.keys.iter().all(is_plain) {
        let names: Option<Vec<String>> = index
            .keys
            .iter()
            .map(|key| match (key.order, key.nulls) {
                (None | Some(SortOrder::Ascending), None) => Some(format!("\"{}\"", field(key.as_column()?)?)),
                (Some(SortOrder::Descending), None | Some(Nulls::First)) => {
                    Some(format!("\"-{}\"", field(key.as_column()?)?))
                }
                _ => None,
            })
            .collect();
        arguments.push(format!("fields=[{}]", names?.join(", ")));
        let classes: Vec<&str> = index.keys.iter().filter_map(|key| key.opclass.as_deref()).collect();
        if classes.len() == index.keys.len() {
            let classes: Vec<String> = classes.iter().map(|class| format!("\"{class}\"")).collect();
            arguments.push(format!("opclasses=[{}]", classes.join(", ")));
        } else if !classes.is_empty() {
            return None;
        }
    } else {
        for key in &index.keys {
            arguments.push(expression(key, &field)?);
        }
    }
    arguments.push(format!("name=\"{}\"", index.name));
    if !index.include.is_empty() {
        let names: Option<Vec<String>> =
            index.include.iter().map(|column| Some(format!("\"{}\"", field(column)?))).collect();
        arguments.push(format!("include=[{}]", names?.join(", ")));
    }
    if let Some(predicate) = &index.predicate {
        arguments.push(format!("condition=models.Q({})", condition(predicate, &field)?));
    }
    Some(format!("{class}({})", arguments.join(", ")))
}

/// A key that is no plain column: `Upper("name")`, in an `OpClass` where it has one.
fn expression<'m>(key: &IndexKey, field: &impl Fn(&str) -> Option<&'m str>) -> Option<String> {
    if key.order.is_some() || key.nulls.is_some() || key.collation.is_some() {
        return None;
    }
    let inner = match &key.expr {
        Expr::Column(column) => format!("F(\"{}\")", field(column)?),
        Expr::Raw(sql) => {
            let (function, argument) = sql.strip_suffix(')')?.split_once('(')?;
            let function = match function {
                "UPPER" => "Upper",
                "LOWER" => "Lower",
                _ => return None,
            };
            // Columns that are `varchar` are cast, as PostgreSQL does by itself.
            let plain = argument.strip_prefix('(').and_then(|inner| inner.strip_suffix(")::text")).unwrap_or(argument);
            format!("{function}(\"{}\")", field(column(plain)?)?)
        }
        _ => return None,
    };
    Some(match &key.opclass {
        Some(class) => format!("OpClass({inner}, name=\"{class}\")"),
        None => inner,
    })
}

/// What a partial index holds, as arguments of a `Q`.
fn condition<'m>(predicate: &Expr, field: &impl Fn(&str) -> Option<&'m str>) -> Option<String> {
    let Expr::Raw(sql) = predicate else { return None };
    let one = |part: &str| {
        let part = part.strip_prefix('(').and_then(|part| part.strip_suffix(')')).unwrap_or(part);
        let (name, test) = if let Some((name, value)) = part.split_once(" = ") {
            (name, format!("={}", literal(value)?))
        } else if let Some(name) = part.strip_suffix(" IS NOT NULL") {
            (name, "__isnull=False".to_owned())
        } else if let Some(name) = part.strip_suffix(" IS NULL") {
            (name, "__isnull=True".to_owned())
        } else if let Some(name) = part.strip_prefix("NOT ") {
            (name, "=False".to_owned())
        } else {
            (part, "=True".to_owned())
        };
        Some(format!("{}{test}", field(column(name)?)?))
    };
    Some(sql.split(" AND ").map(one).collect::<Option<Vec<_>>>()?.join(", "))
}

/// A quoted name without quotes; none for anything else.
fn column(sql: &str) -> Option<&str> {
    let name = sql.strip_prefix('"')?.strip_suffix('"')?;
    (!name.contains('"')).then_some(name)
}

/// A number or a plain text of SQL, as Python writes it.
fn literal(sql: &str) -> Option<String> {
    if sql.parse::<i64>().is_ok() {
        return Some(sql.to_owned());
    }
    let text = sql.strip_prefix('\'')?.strip_suffix('\'')?;
    (!text.contains(['\'', '"', '\\']) && !text.chars().any(char::is_control)).then(|| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::{condition, expression};
    use pgwright_schema::{Expr, IndexKey};

    fn field(column: &str) -> Option<&'static str> {
        let fields = [("author_id", "author"), ("name", "name"), ("status", "status"), ("active", "active")];
        fields.into_iter().find(|(known, _)| *known == column).map(|(_, field)| field)
    }

    #[test]
    fn expressions_are_those_of_django() {
        let key = |sql: &str| IndexKey { expr: Expr::Raw(sql.to_owned()), ..IndexKey::column("x") };
        let trigram = IndexKey { opclass: Some("gin_trgm_ops".into()), ..key("UPPER((\"name\")::text)") };
        assert_eq!(expression(&trigram, &field).as_deref(), Some("OpClass(Upper(\"name\"), name=\"gin_trgm_ops\")"));
        assert_eq!(expression(&key("LOWER(\"name\")"), &field).as_deref(), Some("Lower(\"name\")"));
        for other in ["UPPER(\"nobody\")", "COALESCE(\"name\", '')", "(\"name\" || 'x')"] {
            assert_eq!(expression(&key(other), &field), None, "{other}");
        }
    }

    #[test]
    fn conditions_are_those_of_django() {
        let q = |sql: &str| condition(&Expr::Raw(sql.to_owned()), &field);
        assert_eq!(q("\"active\"").as_deref(), Some("active=True"));
        assert_eq!(
            q("NOT \"active\" AND (\"status\" = 'paid') AND \"author_id\" IS NOT NULL").as_deref(),
            Some("active=False, status=\"paid\", author__isnull=False")
        );
        assert_eq!(q("(\"status\" = 3)").as_deref(), Some("status=3"));
        assert_eq!(q("(\"status\" > 3)"), None);
    }
}
