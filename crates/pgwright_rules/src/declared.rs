//! Field declarations: each is looked at once, where it is written, whatever inherits it.

use pgwright_django::model::{Field, FieldSite, Model, Value};

use crate::Facts;
use crate::headline::fitting;

/// A field that the project's own code declares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<'a> {
    pub(crate) field: &'a Field,
    pub(crate) site: &'a FieldSite,
}

/// The declarations to judge at a model: those of its own body, and those of bases that are no models themselves.
pub(crate) fn declarations<'a>(facts: Facts<'a>, model: &'a Model) -> impl Iterator<Item = Declared<'a>> {
    let class = model.site.as_ref().map(|site| site.statement);
    model.fields.iter().filter_map(move |field| {
        let site = field.site.as_ref()?;
        let is_here = class.is_some_and(|class| class.contains(site.statement));
        let is_judged = is_here || (is_own_file(facts, site) && !is_of_a_model(facts, &field.declared_in));
        is_judged.then_some(Declared { field, site })
    })
}

/// The project's own files are read before any other.
fn is_own_file(facts: Facts, site: &FieldSite) -> bool {
    (site.name.file.0 as usize) < facts.project.file_count
}

fn is_of_a_model(facts: Facts, class: &str) -> bool {
    let Some((module, name)) = class.rsplit_once('.') else { return false };
    facts.project.models.all.iter().any(|model| model.name == name && model.module == module)
}

impl Declared<'_> {
    /// `Class.field`, by the class that declares it.
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", class_name(&self.field.declared_in), self.field.name)
    }

    /// `Class.field` and what is said of it, in at most 80 characters: without the class when that is what it takes.
    pub(crate) fn headline(&self, rest: &str) -> String {
        fitting(&[format!("`{}` {rest}", self.label()), format!("`{}` {rest}", self.field.name)])
    }

    /// Whether the column is `text` or `varchar`.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.field.internal_type.as_str(), "CharField" | "TextField")
            && self.field.column.is_some()
            && self.field.relation.is_none()
            && self.field.generated.is_none()
    }
}

pub(crate) fn class_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A default given in the declaration as a string.
pub(crate) fn default_text(field: &Field) -> Option<&str> {
    field.default.as_ref().and_then(Value::as_str)
}
