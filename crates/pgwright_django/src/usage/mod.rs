//! How the code uses the fields of models, as far as rules need to know.
//!
//! Flows are read from function bodies without running them: `json.loads(order.payload)` is a [`Use`] of
//! `Order.payload` when `order` is known to be an `Order` (annotation, `self`, a query's result) or, failing that, when only one
//! model in the project has a field of that name.
//!
//! One pass over the statements of each file, in parallel: `names` knows what is imported, `walk` follows local variables,
//! `telling` says which functions are worth a note, `clean` and `serializers` read two shapes of Django's own, `reductions` what is computed
//! from whole iterables.

mod clean;
mod creations;
mod distincts;
mod field_classes;
mod names;
mod pages;
mod raw_sql;
mod record;
mod reductions;
mod saves;
mod serializers;
mod stale;
mod telling;
mod transactions;
mod types;
mod updates;
mod walk;

use camino::Utf8Path;
use pgwright_diagnostics::{Confidence, Span};
use pgwright_python::modules::module_name;
use pgwright_python::{Evaluator, ProjectFiles, Source as File};
use rayon::prelude::*;
use serde::Serialize;

use crate::model::{Field, ModelId, Models};
pub use pages::is_plain_pagination;

#[derive(Debug, Default, Clone, Serialize)]
pub struct Usage {
    /// Sorted by declaring class and field, then by file and place.
    pub uses: Vec<Use>,
    /// What `clean()` methods refuse, where it is plain enough to say as a constraint.
    pub refusals: Vec<Refusal>,
    /// Serializer classes of Django REST framework that name a model.
    pub serializers: Vec<Serializer>,
    /// Classes that inherit from serializers, with a `Meta` of their own.
    pub serializer_heirs: Vec<SerializerHeir>,
    /// Columns that are read, changed and saved without a lock, by file and place.
    pub changes: Vec<Change>,
    /// Filters through a relation whose duplicates `distinct()` takes away, by file and place.
    pub hidden_joins: Vec<HiddenJoin>,
    /// Where rows that were read are saved, by file and place.
    pub saves: Vec<RowSave>,
    /// Rows that are made because a look found none, by file and place.
    pub creations: Vec<Creation>,
    /// What leaves the process inside a transaction, by file and place.
    pub departures: Vec<Departure>,
    /// Pages of rows that have no order, by file and place.
    pub paged: Vec<Paged>,
    /// Attributes that are used while they hold an expression of the database, by file and place.
    pub stale: Vec<Stale>,
    /// Iterables that one value is made of, by the place that asks for the items.
    pub reductions: Vec<Reduction>,
    /// SQL of the code's own into which values are written, by file and place.
    pub raw_sql: Vec<RawSql>,
    /// Field classes that are not Django's own.
    pub field_classes: Vec<FieldClass>,
}

impl Usage {
    /// Uses of a field as declared: those through a child of an abstract model count for the declaration.
    pub fn of<'a>(&'a self, field: &'a Field) -> impl Iterator<Item = &'a Use> {
        let wanted = (field.declared_in.as_str(), field.name.as_str());
        let start = self.uses.partition_point(|usage| usage.declaration() < wanted);
        self.uses.iter().skip(start).take_while(move |usage| usage.declaration() == wanted)
    }

    /// What is made of the items that this place asks for.
    pub fn reduction(&self, asked: Span) -> Option<&Reduction> {
        let start = self.reductions.partition_point(|reduction| reduction.asked < asked);
        self.reductions.get(start).filter(|reduction| reduction.asked == asked)
    }

    pub fn field_class(&self, path: &str) -> Option<&FieldClass> {
        self.field_classes.iter().find(|class| class.path == path)
    }
}

/// One place where a field's value passes through something telling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Use {
    pub model: ModelId,
    pub field: String,
    /// Dotted path of the class that declares the field.
    pub declared_in: String,
    pub kind: UseKind,
    /// Dotted path of the function the value passes through (`json.loads`, `django.contrib.auth.hashers.make_password`);
    /// the lookup or operator where there is none.
    pub function: String,
    pub site: Span,
    /// `Likely` when the instance's model was inferred from the field's name alone.
    pub confidence: Confidence,
}

impl Use {
    fn declaration(&self) -> (&str, &str) {
        (&self.declared_in, &self.field)
    }
}

/// A number of a row that is computed from its value in Python and saved: `row.count += 1; row.save()`, in a function that locks nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub model: ModelId,
    pub field: String,
    /// The row as the code calls it.
    pub object: String,
    pub holder: Holder,
    /// The statement that changes it.
    pub site: Span,
}

/// Whose row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A method's own: who calls it may hold a lock.
    Itself,
    Local,
}

/// `distinct()` on rows that a filter may give several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HiddenJoin {
    pub model: ModelId,
    /// The relation of which one row may have several, with `__` between the steps to it.
    pub path: String,
    /// The model at its end.
    pub to: ModelId,
    /// `distinct()`.
    pub site: Span,
}

/// A row that was read, changed and saved in one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowSave {
    pub model: ModelId,
    /// The row as the code calls it.
    pub object: String,
    pub written: Written,
    /// Nothing else than what is assigned can have changed: the row was read here, without a lock, and handed to nobody.
    pub is_narrow: bool,
    pub read: Span,
    /// The call that saves it.
    pub site: Span,
}

/// What `save()` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Every column; these are assigned before.
    Row(Vec<String>),
    /// Those of `update_fields`.
    Fields(Vec<String>),
}

/// A row that is made because a look for one like it found none, in a function that locks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Creation {
    pub model: ModelId,
    /// Fields that it was looked for by, each with the value that it is made with.
    pub fields: Vec<String>,
    /// The query that looks.
    pub site: Span,
    pub created: Span,
}

/// Something that leaves the process before the transaction around it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    pub leaves: Leaves,
    /// The call.
    pub site: Span,
    /// What begins the transaction: the context manager or decorator.
    pub transaction: Span,
    /// The call is a statement of its own, and not in a loop.
    pub is_statement: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaves {
    /// A Celery task, to the broker.
    Task,
    Mail,
    /// An HTTP request.
    Request,
}

/// Pages of rows in no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paged {
    pub model: ModelId,
    /// The rows.
    pub site: Span,
    /// The same, where they are a chain of calls that can go on.
    pub chain: Option<Span>,
    pub pager: Pager,
}

/// What makes pages of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pager {
    Paginator,
    ListView,
    /// A class of REST framework that the view names.
    RestFramework,
    /// What `REST_FRAMEWORK` says for all views, if anything.
    Setting,
}

/// `row.count = F("count") + 1`, saved, and used afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The row as the code calls it.
    pub object: String,
    pub field: String,
    /// The expression.
    pub assigned: Span,
    /// Where it is used.
    pub site: Span,
    pub misuse: Misuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Misuse {
    /// It is read: it is the expression, not the value.
    Read,
    /// The row is saved again, which computes it once more.
    SavedAgain,
}

/// One value made in Python of all items of something, which nothing else goes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reduction {
    pub what: Reduced,
    /// The attribute of the items that it is made of; none for the items themselves.
    pub attribute: Option<String>,
    /// What is gone over.
    pub over: Span,
    /// Where a queryset that is gone over sends its query: `over`, but `len()` asks its argument by itself.
    pub asked: Span,
    /// The expression or loop that does it.
    pub site: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduced {
    Sum,
    Greatest,
    Least,
    Length,
    /// Whether there is any item: a `.count()` that is a condition or is compared with nought.
    Existence,
    /// Whether there is none.
    Absence,
}

/// A text of SQL with values written into it where parameters belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RawSql {
    /// The call that sends it, or makes it part of a query.
    pub site: Span,
    /// The argument.
    pub text: Span,
    /// In the order of the text; never empty.
    pub holes: Vec<Hole>,
    /// The text is one f-string, nothing else is written into it, and the call takes parameters and has none yet.
    pub is_whole: bool,
}

/// A value in a text of SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hole {
    pub value: Span,
    /// The braces around it, where they are in the argument itself and have nothing else in them.
    pub slot: Option<Span>,
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A request, as the function shows.
    Request,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UseKind {
    /// The field's value is an argument: `json.loads(obj.field)`.
    PassedTo,
    /// The field receives the result: `obj.field = json.dumps(...)`, `Model(field=make_password(...))`.
    AssignedFrom,
    /// Compared with something that is neither a literal nor a field: `obj.field == given`.
    Compared,
    /// A row is looked for by it: `Model.objects.get(field=given)`.
    LookedUp,
    /// Given to another program as a credential: an `Authorization` header, `auth=`, `password=`.
    Sent,
}

/// A condition under which `clean()` raises `ValidationError`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refusal {
    /// Dotted path of the class whose `clean()` it is.
    pub declared_in: String,
    pub refused: Refused,
    pub site: Span,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// `left operator right`, both fields of the same row.
    Comparison { left: String, operator: Comparison, right: String },
    /// Another row with the same values in these fields.
    Duplicate { fields: Vec<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// What holds where this does not, NULL aside.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Comparison::Less => Comparison::GreaterOrEqual,
            Comparison::LessOrEqual => Comparison::Greater,
            Comparison::Greater => Comparison::LessOrEqual,
            Comparison::GreaterOrEqual => Comparison::Less,
        }
    }

    /// Django's lookup of that name.
    pub fn lookup(self) -> &'static str {
        match self {
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "lte",
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "gte",
        }
    }
}

/// A `ModelSerializer` as its class body says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Serializer {
    pub path: String,
    pub model: ModelId,
    /// `Meta.fields`; none for `"__all__"`, `exclude`, or a list that is not literal.
    pub fields: Option<Vec<String>>,
    /// Whether `Meta.fields` is `"__all__"`.
    pub all_fields: bool,
    /// Fields with something of their own: declared in the body, read-only, `extra_kwargs`, `validate_NAME`.
    pub handled: Vec<String>,
    /// It has a `validate` method or validators, which may check anything.
    pub validates: bool,
    /// Where input goes through it: a writable view's `serializer_class`, or a call with `data=`.
    pub written_at: Option<Span>,
    pub site: Span,
}

/// A class that inherits from serializers which are not called `ModelSerializer`, and has a `Meta` of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SerializerHeir {
    pub name: String,
    /// The bases' names, without their modules.
    pub bases: Vec<String>,
    /// What its `Meta` names, where that is known.
    pub model: Option<ModelId>,
    /// Every literal text in its `Meta`, names of fields among them.
    pub mentions: Vec<String>,
}

/// A class of fields from outside Django.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldClass {
    pub path: String,
    /// Dotted paths in resolution order, itself first.
    pub mro: Vec<String>,
    /// Functions its conversion methods (`get_prep_value`, `from_db_value`…) call, as written, with the place where it is known.
    pub calls: Vec<(String, Option<Span>)>,
}

/// What one file gives.
struct Part {
    found: walk::Found,
    reductions: Vec<Reduction>,
    raw_sql: Vec<RawSql>,
    stale: Vec<Stale>,
    transactions: transactions::Transactions,
}

/// Reads how the project's functions use model fields, from the files whose trees are kept.
pub(crate) fn read(evaluator: &mut Evaluator<'_>, files: &ProjectFiles, models: &Models) -> Usage {
    let lookup = names::Lookup::new(evaluator, models);
    let roots = evaluator.paths.project.clone();
    let mut wanted: Vec<&File> = files.all().iter().filter(|source| source.kept).collect();
    wanted.sort_by_key(|source| &source.file.path);
    let parts: Vec<Part> = wanted
        .par_iter()
        .map(|source| {
            let path = &source.file.path;
            let name = roots.iter().find_map(|root| module_name(root, path)).unwrap_or_default();
            let is_package = path.file_name() == Some("__init__.py");
            let suite = &source.parsed().suite;
            let is_product = is_product_code(path);
            Part {
                found: walk::walk(&lookup, source.id, &name, is_package, suite),
                reductions: reductions::read(source.id, suite),
                raw_sql: if is_product { raw_sql::read(source.id, suite) } else { Vec::new() },
                stale: if is_product { stale::read(source.id, suite) } else { Vec::new() },
                transactions: if is_product {
                    transactions::read(source.id, &name, is_package, suite)
                } else {
                    transactions::Transactions::default()
                },
            }
        })
        .collect();
    let mut usage = Usage { field_classes: field_classes::read(evaluator, models), ..Usage::default() };
    let mut written = Vec::new();
    let mut transactions = Vec::new();
    for Part { found, reductions, raw_sql, stale, transactions: told } in parts {
        usage.raw_sql.extend(raw_sql);
        usage.stale.extend(stale);
        transactions.push(told);
        usage.reductions.extend(reductions);
        usage.uses.extend(found.uses);
        usage.refusals.extend(found.refusals);
        usage.serializers.extend(found.serializers);
        usage.serializer_heirs.extend(found.serializer_heirs);
        usage.changes.extend(found.changes);
        usage.creations.extend(found.creations);
        usage.saves.extend(found.saves);
        usage.hidden_joins.extend(found.hidden_joins);
        usage.paged.extend(found.paged);
        written.extend(found.written);
    }
    usage.departures = transactions::departures(transactions);
    usage.uses.sort_by(|a, b| a.declaration().cmp(&b.declaration()));
    usage.reductions.sort_by_key(|reduction| reduction.asked);
    for serializer in &mut usage.serializers {
        serializer.written_at = written.iter().find(|(path, _)| *path == serializer.path).map(|(_, site)| *site);
    }
    usage
}

/// Tests and migrations use fields in ways that say nothing about production.
pub fn is_product_code(path: &Utf8Path) -> bool {
    let folders = path.parent().map(|folder| folder.components().map(|part| part.as_str()).collect::<Vec<_>>());
    let in_test_folder =
        folders.unwrap_or_default().iter().any(|name| matches!(*name, "migrations" | "tests" | "test" | "testing"));
    let name = path.file_stem().unwrap_or_default();
    let is_test = name.starts_with("test_") || name.ends_with("_test") || matches!(name, "tests" | "test" | "conftest");
    !in_test_folder && !is_test
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_migrations_are_no_product_code() {
        for path in ["shop/migrations/0001_initial.py", "shop/tests/views.py", "shop/test_views.py", "conftest.py"] {
            assert!(!is_product_code(Utf8Path::new(path)), "{path}");
        }
        for path in ["shop/views.py", "contest.py", "shop/testimonials/models.py"] {
            assert!(is_product_code(Utf8Path::new(path)), "{path}");
        }
    }

    #[test]
    fn what_is_refused_is_the_opposite_of_what_holds() {
        for comparison in [Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual] {
            assert_eq!(comparison.negated().negated(), comparison);
            assert_ne!(comparison.negated().lookup(), comparison.lookup());
        }
    }
}
