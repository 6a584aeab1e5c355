//! An index as an entry of `Meta.indexes`: its text, the imports it needs, and the edits that write both into a class.

use pgwright_diagnostics::Edit;
use pgwright_django::model::Model;
use pgwright_schema::{Expr, Index, IndexKey, IndexMethod, Nulls, SortOrder};

use crate::Facts;
use crate::additions::{FUNCTIONS, POSTGRES_INDEXES, import_name, takes_entries};
use crate::edits::{add_meta_entry, indent, longest_line, quote_of};

/// An entry of `Meta.indexes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    class: String,
    arguments: Vec<String>,
    /// Module and name of what it uses beside `models`.
    imports: Vec<(&'static str, &'static str)>,
}

impl Entry {
    /// The entry for an index on the table of a model, with strings in these quotes. None for what `Meta` has no form for, or what this does
    /// not know to write: unique indexes, columns of other classes, expressions beyond `UPPER` and `LOWER`.
    pub fn of(index: &Index, model: &Model, quote: char) -> Option<Entry> {
        let local = model.fields.iter().filter(|field| field.local);
        let fields = local.filter_map(|field| Some((field.column.as_deref()?, field.name.as_str()))).collect();
        Writer { fields, quote, imports: Vec::new() }.entry(index)
    }

    /// As it is written where `django.db.models` is imported as `models`.
    pub fn text(&self) -> String {
        format!("{}({})", self.class, self.arguments.join(", "))
    }

    /// The same with a line for each argument.
    pub fn lines(&self) -> String {
        let arguments: String = self.arguments.iter().map(|argument| format!("    {argument},\n")).collect();
        format!("{}(\n{arguments})", self.class)
    }
}

/// What writes an entry into the class of a model.
///
/// # Errors
/// Why it cannot be written: the class is of no shape that is known, or hides what a base has.
pub fn add_entry(facts: Facts, model: &Model, index: &Index) -> Result<Vec<Edit>, &'static str> {
    let site = model.site.as_ref().ok_or("its class is not in the project")?;
    let id = site.statement.file;
    let file = facts.files.try_get(id).ok_or("its class is not in the project")?;
    let entry = Entry::of(index, model, quote_of(file)).ok_or("`Meta.indexes` has no form for it")?;
    let text = entry.text();
    if text.contains("OpClass(") && !facts.project.apps.iter().any(|app| app.name == "django.contrib.postgres") {
        return Err("operator classes of expressions need `django.contrib.postgres` in `INSTALLED_APPS`");
    }
    if !takes_entries(facts, model) {
        return Err("its file does not import `models`, or a `Meta` of its own would hide that of a base");
    }
    // Of a list in a `Meta` in a class.
    let indent = indent(file, site.name.start).map_or(0, |indent| indent.chars().count()) + 12;
    let fits = indent + text.chars().count() < longest_line(file);
    let text = if fits { text } else { entry.lines() };
    let edits = add_meta_entry(facts.files, site, "indexes", &text);
    let mut edits = edits.ok_or("its `Meta` is of no shape that an entry can be added to")?;
    for (module, name) in entry.imports {
        join(&mut edits, import_name(file, id, module, name).ok_or("its imports are not one to a line")?);
    }
    Ok(edits)
}

/// Adds edits; two insertions at one place become one, and two imports of one module one line.
pub(crate) fn join(edits: &mut Vec<Edit>, more: Vec<Edit>) {
    for edit in more {
        match edits.iter_mut().find(|other| other.span == edit.span) {
            Some(other) => match (other.text.split_once(" import "), edit.text.split_once(" import ")) {
                (Some((module, _)), Some((same, name))) if module == same => {
                    let ending = other.text.len() - other.text.trim_end().len();
                    other.text.truncate(other.text.len() - ending);
                    other.text.push_str(&format!(", {name}"));
                }
                _ => other.text.push_str(&edit.text),
            },
            None => edits.push(edit),
        }
    }
}

struct Writer<'m> {
    /// Column and name of each field in the table.
    fields: Vec<(&'m str, &'m str)>,
    quote: char,
    imports: Vec<(&'static str, &'static str)>,
}

impl<'m> Writer<'m> {
    fn entry(mut self, index: &Index) -> Option<Entry> {
        if index.unique {
            return None;
        }
        let class = match &index.method {
            IndexMethod::Btree => "models.Index".to_owned(),
            IndexMethod::Gin => self.import(POSTGRES_INDEXES, "GinIndex"),
            IndexMethod::Gist => self.import(POSTGRES_INDEXES, "GistIndex"),
            IndexMethod::Brin => self.import(POSTGRES_INDEXES, "BrinIndex"),
            IndexMethod::Hash => self.import(POSTGRES_INDEXES, "HashIndex"),
            _ => return None,
        };
        let is_plain = |key: &IndexKey| key.as_column().is_some() && key.collation.is_none();
        let mut arguments: Vec<String> = Vec::new();
        if index.keys.iter().all(is_plain) {
            let names: Option<Vec<String>> = index.keys.iter().map(|key| self.key(key)).collect();
            arguments.push(format!("fields=[{}]", names?.join(", ")));
            let classes: Vec<String> =
                index.keys.iter().filter_map(|key| Some(self.string(key.opclass.as_deref()?))).collect();
            if classes.len() == index.keys.len() {
                arguments.push(format!("opclasses=[{}]", classes.join(", ")));
            } else if !classes.is_empty() {
                return None;
            }
        } else {
            for key in &index.keys {
                arguments.push(self.expression(key)?);
            }
        }
        arguments.push(format!("name={}", self.string(&index.name)));
        if !index.include.is_empty() {
            let names: Option<Vec<String>> =
                index.include.iter().map(|column| Some(self.string(self.field(column)?))).collect();
            arguments.push(format!("include=[{}]", names?.join(", ")));
        }
        if let Some(predicate) = &index.predicate {
            arguments.push(format!("condition=models.Q({})", self.condition(predicate)?));
        }
        Some(Entry { class, arguments, imports: self.imports })
    }

    fn import(&mut self, module: &'static str, name: &'static str) -> String {
        if !self.imports.contains(&(module, name)) {
            self.imports.push((module, name));
        }
        name.to_owned()
    }

    fn string(&self, text: &str) -> String {
        format!("{0}{text}{0}", self.quote)
    }

    fn field(&self, column: &str) -> Option<&'m str> {
        self.fields.iter().find(|(known, _)| *known == column).map(|(_, field)| *field)
    }

    /// A column with its order: `"-placed_at"`.
    fn key(&self, key: &IndexKey) -> Option<String> {
        let field = self.field(key.as_column()?)?;
        match (key.order, key.nulls) {
            (None | Some(SortOrder::Ascending), None) => Some(self.string(field)),
            (Some(SortOrder::Descending), None | Some(Nulls::First)) => Some(self.string(&format!("-{field}"))),
            _ => None,
        }
    }

    /// A key among which one is no plain column: `Upper("name")`, in an `OpClass` where it has one.
    fn expression(&mut self, key: &IndexKey) -> Option<String> {
        if key.order.is_some() || key.nulls.is_some() || key.collation.is_some() {
            return None;
        }
        let inner = match &key.expr {
            Expr::Column(column) => format!("models.F({})", self.string(self.field(column)?)),
            Expr::Raw(sql) => {
                let (function, argument) = sql.strip_suffix(')')?.split_once('(')?;
                let function = match function {
                    "UPPER" => "Upper",
                    "LOWER" => "Lower",
                    _ => return None,
                };
                // Columns that are `varchar` are cast, as PostgreSQL does by itself.
                let plain =
                    argument.strip_prefix('(').and_then(|inner| inner.strip_suffix(")::text")).unwrap_or(argument);
                let field = self.string(self.field(column(plain)?)?);
                format!("{}({field})", self.import(FUNCTIONS, function))
            }
            _ => return None,
        };
        Some(match &key.opclass {
            Some(class) => {
                let class = self.string(class);
                format!("{}({inner}, name={class})", self.import(POSTGRES_INDEXES, "OpClass"))
            }
            None => inner,
        })
    }

    /// What a partial index holds, as arguments of a `Q`.
    fn condition(&self, predicate: &Expr) -> Option<String> {
        let Expr::Raw(sql) = predicate else { return None };
        let one = |part: &str| {
            let part = part.strip_prefix('(').and_then(|part| part.strip_suffix(')')).unwrap_or(part);
            let (name, test) = if let Some((name, value)) = part.split_once(" = ") {
                (name, format!("={}", self.literal(value)?))
            } else if let Some(name) = part.strip_suffix(" IS NOT NULL") {
                (name, "__isnull=False".to_owned())
            } else if let Some(name) = part.strip_suffix(" IS NULL") {
                (name, "__isnull=True".to_owned())
            } else if let Some(name) = part.strip_prefix("NOT ") {
                (name, "=False".to_owned())
            } else {
                (part, "=True".to_owned())
            };
            Some(format!("{}{test}", self.field(column(name)?)?))
        };
        Some(sql.split(" AND ").map(one).collect::<Option<Vec<_>>>()?.join(", "))
    }

    /// A number or a plain text of SQL, as Python writes it.
    fn literal(&self, sql: &str) -> Option<String> {
        if sql.parse::<i64>().is_ok() {
            return Some(sql.to_owned());
        }
        let text = sql.strip_prefix('\'')?.strip_suffix('\'')?;
        (!text.contains(['\'', '"', '\\']) && !text.chars().any(char::is_control)).then(|| self.string(text))
    }
}

/// A quoted name without quotes; none for anything else.
fn column(sql: &str) -> Option<&str> {
    let name = sql.strip_prefix('"')?.strip_suffix('"')?;
    (!name.contains('"')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::additions::{FUNCTIONS, POSTGRES_INDEXES};
    use pgwright_schema::{Expr, Index, IndexKey, IndexMethod, SortOrder};

    fn writer(quote: char) -> Writer<'static> {
        let fields = vec![("author_id", "author"), ("name", "name"), ("status", "status"), ("active", "active")];
        Writer { fields, quote, imports: Vec::new() }
    }

    fn key(sql: &str) -> IndexKey {
        IndexKey { expr: Expr::Raw(sql.to_owned()), ..IndexKey::column("x") }
    }

    fn index(method: IndexMethod, keys: Vec<IndexKey>) -> Index {
        Index::over("t", "i".into(), method, keys)
    }

    #[test]
    fn keys_are_fields_with_their_order() {
        let descending = IndexKey { order: Some(SortOrder::Descending), ..IndexKey::column("author_id") };
        let mut both = index(IndexMethod::Btree, vec![IndexKey::column("status"), descending]);
        both.include = vec!["name".into()];
        both.predicate = Some(Expr::Raw("\"active\"".into()));
        let entry = writer('\'').entry(&both).expect("an entry");
        let text =
            "models.Index(fields=['status', '-author'], name='i', include=['name'], condition=models.Q(active=True))";
        assert_eq!((entry.text().as_str(), &entry.imports[..]), (text, &[][..]));
        assert_eq!(entry.lines().lines().nth(2), Some("    name='i',"));
        assert_eq!(writer('"').entry(&index(IndexMethod::Btree, vec![IndexKey::column("nobody")])), None);
        assert_eq!(writer('"').entry(&Index { unique: true, ..both }), None);
    }

    #[test]
    fn expressions_come_with_their_imports() {
        let trigram = IndexKey { opclass: Some("gin_trgm_ops".into()), ..key("UPPER((\"name\")::text)") };
        let entry = writer('"').entry(&index(IndexMethod::Gin, vec![trigram])).expect("an entry");
        assert_eq!(entry.text(), "GinIndex(OpClass(Upper(\"name\"), name=\"gin_trgm_ops\"), name=\"i\")");
        let imports = [(POSTGRES_INDEXES, "GinIndex"), (FUNCTIONS, "Upper"), (POSTGRES_INDEXES, "OpClass")];
        assert_eq!(entry.imports, imports);
        let mixed = index(IndexMethod::Btree, vec![IndexKey::column("author_id"), key("LOWER(\"name\")")]);
        let mixed = writer('"').entry(&mixed).map(|entry| entry.text());
        assert_eq!(mixed.as_deref(), Some("models.Index(models.F(\"author\"), Lower(\"name\"), name=\"i\")"));
        for other in ["UPPER(\"nobody\")", "COALESCE(\"name\", '')", "(\"name\" || 'x')"] {
            assert_eq!(writer('"').entry(&index(IndexMethod::Btree, vec![key(other)])), None, "{other}");
        }
    }

    #[test]
    fn conditions_are_those_of_django() {
        let q = |sql: &str| writer('"').condition(&Expr::Raw(sql.to_owned()));
        assert_eq!(q("\"active\"").as_deref(), Some("active=True"));
        assert_eq!(
            q("NOT \"active\" AND (\"status\" = 'paid') AND \"author_id\" IS NOT NULL").as_deref(),
            Some("active=False, status=\"paid\", author__isnull=False")
        );
        assert_eq!(q("(\"status\" = 3)").as_deref(), Some("status=3"));
        assert_eq!(q("(\"status\" > 3)"), None);
    }
}
