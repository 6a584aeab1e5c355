//! Models beside the tables Django makes of them: what index rules ask.

use pgwright_diagnostics::Span;
use pgwright_django::Project;
use pgwright_django::model::{Field, Model, Origin};
use pgwright_django::schema::SchemaOutcome;
use pgwright_schema::{ConstraintKind, Deferrable, Expr, IndexKey, IndexMethod, IndexOrigin, Nulls, SortOrder, Table};

use crate::edits::{Sequence, meta_option};

/// The project's own models with their tables.
pub(crate) struct Tables<'a> {
    project: &'a Project,
    outcome: &'a SchemaOutcome,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(project: &'a Project) -> Self {
        Tables { project, outcome: project.own_schema() }
    }

    /// Models whose declarations are worth a finding: with a table, not of a test application.
    pub(crate) fn models(&self) -> impl Iterator<Item = (&'a Model, &'a Table)> {
        let models = self.project.models.own_tables().filter(|model| !is_of_tests(model));
        let own = models.filter(|model| !matches!(model.origin, Origin::AutomaticThrough { .. }));
        own.filter_map(|model| Some((model, self.outcome.schema.table(&model.table)?)))
    }

    /// Whether everything the model declares is in its table: nothing was left out as not known.
    pub(crate) fn is_whole(&self, model: &Model) -> bool {
        let label = model.label();
        let is_of = |subject: &str| {
            subject.strip_prefix(label.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.outcome.unresolved.iter().chain(&self.project.unresolved).any(|unresolved| is_of(&unresolved.subject))
    }
}

/// Models of test applications own tables only while tests run.
pub(crate) fn is_of_tests(model: &Model) -> bool {
    model.module.split('.').any(|part| matches!(part, "test" | "tests" | "testing" | "test_app" | "testapp"))
}

/// An index of any origin, or a constraint that PostgreSQL keeps by one.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) source: Source,
    pub(crate) name: String,
    pub(crate) method: IndexMethod,
    pub(crate) keys: Vec<IndexKey>,
    pub(crate) include: Vec<String>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) unique: bool,
    pub(crate) nulls_distinct: Option<bool>,
    pub(crate) deferrable: Option<Deferrable>,
    pub(crate) tablespace: Option<String>,
}

/// What declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    PrimaryKey,
    /// `unique=True`, or a one-to-one field.
    UniqueField(String),
    /// Position in `unique_together`.
    UniqueTogether(usize),
    /// Position in `Meta.constraints`.
    Constraint(usize),
    /// `db_index=True` or a foreign key.
    Field(String),
    /// The hidden index for `LIKE 'x%'`.
    Like(String),
    /// Position in `Meta.indexes`.
    Index(usize),
    /// Position in `index_together`.
    IndexTogether(usize),
}

/// Everything that can serve a lookup in a table, in the order in which one would be kept rather than the next.
pub(crate) fn accesses(model: &Model, table: &Table) -> Vec<Access> {
    let mut found: Vec<Access> = Vec::new();
    let mut together = 0;
    for constraint in &table.constraints {
        let (columns, include, nulls_distinct, deferrable) = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => (columns, Vec::new(), None, None),
            ConstraintKind::Unique { columns, include, nulls_distinct, deferrable } => {
                (columns, include.clone(), *nulls_distinct, *deferrable)
            }
            _ => continue,
        };
        let source = match &constraint.kind {
            ConstraintKind::PrimaryKey { .. } => Source::PrimaryKey,
            _ => match model.constraints.iter().position(|declared| declared.name == constraint.name) {
                Some(position) => Source::Constraint(position),
                None => match (columns.as_slice(), constraint.placement) {
                    ([column], pgwright_schema::Placement::Column) => Source::UniqueField(field_of(model, column)),
                    _ => {
                        together += 1;
                        Source::UniqueTogether(together - 1)
                    }
                },
            },
        };
        found.push(Access {
            source,
            name: constraint.name.clone(),
            method: IndexMethod::Btree,
            keys: columns.iter().map(IndexKey::column).collect(),
            include,
            predicate: None,
            unique: true,
            nulls_distinct,
            deferrable,
            tablespace: None,
        });
    }
    let mut index_together = 0;
    for index in &table.indexes {
        let source = match &index.origin {
            IndexOrigin::Field { field } => Source::Field(field.clone()),
            IndexOrigin::Like { field } => Source::Like(field.clone()),
            IndexOrigin::Together => {
                index_together += 1;
                Source::IndexTogether(index_together - 1)
            }
            IndexOrigin::UniqueConstraint => {
                match model.constraints.iter().position(|declared| declared.name == index.name) {
                    Some(position) => Source::Constraint(position),
                    None => continue,
                }
            }
            IndexOrigin::Meta => match model.indexes.iter().position(|declared| declared.name == index.name) {
                Some(position) => Source::Index(position),
                None => continue,
            },
            IndexOrigin::Catalogue => continue,
        };
        found.push(Access {
            source,
            name: index.name.clone(),
            method: index.method.clone(),
            keys: index.keys.clone(),
            include: index.include.clone(),
            predicate: index.predicate.clone(),
            unique: index.unique,
            nulls_distinct: index.nulls_distinct,
            deferrable: None,
            tablespace: index.tablespace.clone(),
        });
    }
    found
}

impl Access {
    /// Whether every lookup and order this index serves is served by `other` as well.
    pub(crate) fn is_covered_by(&self, other: &Access) -> bool {
        self.method == IndexMethod::Btree
            && other.method == IndexMethod::Btree
            && self.include.is_empty()
            && self.tablespace == other.tablespace
            && self.predicate == other.predicate
            && self.keys.len() <= other.keys.len()
            && (self.leads(other, false) || self.leads(other, true))
    }

    /// Whether the keys are the first of the other's, all in the same direction or all in the opposite one: PostgreSQL
    /// reads a B-tree both ways.
    fn leads(&self, other: &Access, backward: bool) -> bool {
        self.keys.iter().zip(&other.keys).all(|(a, b)| {
            let (a_order, b_order) = (direction(a), direction(b));
            let same_order = if backward { a_order == (!b_order.0, !b_order.1) } else { a_order == b_order };
            a.expr.bare() == b.expr.bare() && a.collation == b.collation && a.opclass == b.opclass && same_order
        })
    }

    /// The column of an index with a single key.
    pub(crate) fn only_column(&self) -> Option<&str> {
        match self.keys.as_slice() {
            [key] => key.as_column(),
            _ => None,
        }
    }

    /// Where it is declared, for a label.
    pub(crate) fn site(&self, files: &pgwright_diagnostics::Files, model: &Model) -> Option<Span> {
        let class = model.site.as_ref();
        let entry = |option: &str, position: usize, count: usize| {
            let option = meta_option(class?, option)?;
            let sequence = Sequence::of_value(files, option.value);
            let entries = sequence.map(|sequence| sequence.entries).filter(|entries| entries.len() == count);
            Some(entries.and_then(|entries| entries.get(position).copied()).unwrap_or(option.value))
        };
        match &self.source {
            Source::PrimaryKey => model.primary_key()?.site.as_ref().map(|site| site.name),
            Source::UniqueField(name) | Source::Field(name) | Source::Like(name) => {
                model.field(name)?.site.as_ref().map(|site| site.name)
            }
            Source::UniqueTogether(position) => entry("unique_together", *position, model.unique_together.len()),
            Source::IndexTogether(position) => entry("index_together", *position, model.index_together.len()),
            Source::Constraint(position) => model.constraints.get(*position)?.site,
            Source::Index(position) => model.indexes.get(*position)?.site,
        }
    }

    /// What to call it in a sentence.
    pub(crate) fn phrase(&self, model: &Model) -> String {
        match &self.source {
            Source::PrimaryKey => "the primary key".to_owned(),
            Source::UniqueField(name) => format!("the unique field `{name}`"),
            Source::UniqueTogether(position) => match model.unique_together.get(*position) {
                Some(fields) => format!("`unique_together` ({})", fields.join(", ")),
                None => "`unique_together`".to_owned(),
            },
            Source::Constraint(_) => format!("the constraint `{}`", self.name),
            Source::Field(name) if model.field(name).is_some_and(|field| field.relation.is_some()) => {
                format!("the foreign key `{name}`")
            }
            Source::Field(name) | Source::Like(name) => format!("the field `{name}`"),
            Source::Index(_) => format!("the index `{}`", self.name),
            Source::IndexTogether(_) => "`index_together`".to_owned(),
        }
    }
}

/// Whether descending, and whether nulls come first: PostgreSQL puts them first when descending.
fn direction(key: &IndexKey) -> (bool, bool) {
    let descending = key.order == Some(SortOrder::Descending);
    (descending, key.nulls.map_or(descending, |nulls| nulls == Nulls::First))
}

/// The name of the field a column belongs to.
pub(crate) fn field_of(model: &Model, column: &str) -> String {
    let field = model.local_columns().find(|field| field.column.as_deref() == Some(column));
    field.map_or_else(|| column.to_owned(), |field| field.name.clone())
}

/// Whether the field is declared in the class itself: a fix there changes this model and no other.
pub(crate) fn is_declared_here(model: &Model, field: &Field) -> bool {
    match (&model.site, &field.site) {
        (Some(class), Some(site)) => class.statement.contains(site.statement),
        _ => false,
    }
}
