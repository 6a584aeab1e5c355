//! What a name written in Python text stands for: lookup paths, names of fields, names of models.
//!
//! Pure functions of a project and one text, which need not be the one the project was read from: an editor asks about unsaved text, half a
//! line of it included. What is not known stays unanswered, never guessed.

mod context;
mod paths;
mod types;

use camino::Utf8Path;
use pgwright_diagnostics::{Files, Span};

use crate::model::{Field, ModelId, Models};
use crate::project::Project;

use self::context::{Role, Written};

/// A text of the project that is asked about.
pub struct Place<'a> {
    pub project: &'a Project,
    /// The texts the project was read from: definitions are places in them.
    pub files: &'a Files,
    /// Which file the text is of.
    pub path: &'a Utf8Path,
    /// Its text now.
    pub text: &'a str,
    /// Byte offset into `text`.
    pub offset: u32,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Model(ModelId),
    /// The model that was asked for the field, and the field's name.
    Field(ModelId, String),
    /// A relation followed backwards: the field of that model points here.
    Reverse(ModelId, String),
}

/// A name with what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Byte offsets in the text asked about: one part of a path, or a whole label.
    pub start: u32,
    pub end: u32,
    pub target: Target,
}

/// A name that may be written at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub name: String,
    /// What it is, in a few words: a field's class and column type, a lookup, a model's table.
    pub about: String,
    pub kind: CandidateKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    Field,
    Relation,
    Lookup,
    Model,
}

/// Names that may be written at a place, and what they take the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// Byte offsets in the text asked about.
    pub start: u32,
    pub end: u32,
    /// Fields first, each group by name.
    pub all: Vec<Candidate>,
}

/// What the name at a place stands for; none where that is not known.
pub fn reference_at(place: &Place<'_>) -> Option<Reference> {
    let parsed = pgwright_python::parse(place.text);
    let (written, role) = context::role_at(place, &parsed.suite)?;
    let models = &place.project.models;
    match role {
        Role::Path { base, separator, .. } => paths::reference(models, base, &written, separator, place.offset),
        Role::Model { near } => {
            let target = paths::model_named(place.project, near, &written.text)?;
            Some(Reference { start: written.start, end: written.end, target: Target::Model(target) })
        }
        Role::Accessor { model } => {
            let target = models.get(model).fields.iter().find_map(|field| {
                let relation = field.relation.as_ref()?;
                let names = [&relation.related_name, &relation.related_query_name];
                names.into_iter().flatten().any(|name| *name == written.text).then_some(relation.to?)
            })?;
            Some(Reference { start: written.start, end: written.end, target: Target::Model(target) })
        }
    }
}

/// The names that may be written at a place; none where the place takes no name, or it is not known of what model.
pub fn candidates_at(place: &Place<'_>) -> Option<Candidates> {
    let parsed = pgwright_python::parse(place.text);
    let (written, role) = context::role_at(place, &parsed.suite)?;
    let typed = written.before(place.offset)?;
    match role {
        Role::Path { base, separator, lookups } => {
            paths::candidates(&place.project.models, base, &written, typed, separator, lookups)
        }
        Role::Model { near } => Some(paths::labels(&place.project.models, near, &written)),
        Role::Accessor { .. } => None,
    }
}

/// Where a target is declared; none for what Django makes, and for what libraries declare without source at hand.
pub fn definition(models: &Models, target: &Target) -> Option<Span> {
    match target {
        Target::Model(model) => models.get(*model).site.as_ref().map(|site| site.name),
        Target::Field(model, name) | Target::Reverse(model, name) => {
            let model = models.get(*model);
            let named = |field: &&Field| field.name == *name || field.attname == *name;
            let field = model.fields.iter().find(named);
            let private = model.private_fields.iter().find(|field| field.name == *name);
            let site = field.and_then(|field| field.site.as_ref());
            site.or_else(|| private.and_then(|field| field.site.as_ref())).map(|site| site.name)
        }
    }
}

impl Written {
    /// What stands before the cursor.
    fn before(&self, offset: u32) -> Option<&str> {
        self.text.get(..(offset.checked_sub(self.start)?) as usize)
    }
}
