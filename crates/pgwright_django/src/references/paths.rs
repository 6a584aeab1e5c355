//! Paths of fields, followed from a model; names of models.

use super::context::{Lookups, Written};
use super::{Candidate, CandidateKind, Candidates, Reference, Target};
use crate::model::{Field, Model, ModelId, Models};
use crate::project::Project;

/// Where one part of a path leads.
struct Step {
    target: Target,
    /// The model the next part is looked up in, where the part is a relation.
    to: Option<ModelId>,
}

fn step(models: &Models, model: ModelId, part: &str) -> Option<Step> {
    let here = models.get(model);
    let field = if part == "pk" { here.primary_key() } else { here.field(part) };
    if let Some(field) = field {
        let to = field.relation.as_ref().and_then(|relation| relation.to);
        return Some(Step { target: Target::Field(model, field.name.clone()), to });
    }
    if here.private_fields.iter().any(|field| field.name == part) {
        return Some(Step { target: Target::Field(model, part.to_owned()), to: None });
    }
    let is_it = |name: &str, accessor: &Option<String>| name == part || accessor.as_deref() == Some(part);
    let reverse = here.reverse.iter().find(|reverse| is_it(&reverse.query_name, &reverse.accessor))?;
    Some(Step { target: Target::Reverse(reverse.from, reverse.field.clone()), to: Some(reverse.from) })
}

/// The part of a path at an offset.
pub(super) fn reference(
    models: &Models,
    base: ModelId,
    written: &Written,
    separator: &str,
    offset: u32,
) -> Option<Reference> {
    let mut model = Some(base);
    let mut start = written.start;
    for part in written.text.split(separator) {
        let end = start + part.len() as u32;
        let Step { target, to } = step(models, model?, part)?;
        if offset <= end {
            return Some(Reference { start, end, target });
        }
        model = to;
        start = end + separator.len() as u32;
    }
    None
}

/// What may follow what is typed.
pub(super) fn candidates(
    models: &Models,
    base: ModelId,
    written: &Written,
    typed: &str,
    separator: &str,
    lookups: Lookups,
) -> Option<Candidates> {
    let (before, part) = typed.rsplit_once(separator).map_or((None, typed), |(before, part)| (Some(before), part));
    if !part.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return None;
    }
    let mut model = Some(base);
    let mut last: Option<&Field> = None;
    for part in before.into_iter().flat_map(|before| before.split(separator)) {
        let here = model?;
        let next = step(models, here, part)?;
        last = match &next.target {
            Target::Field(_, name) => models.get(here).field(name),
            Target::Model(_) | Target::Reverse(..) => None,
        };
        model = next.to;
    }
    let mut all = model.map_or_else(Vec::new, |model| names(models, models.get(model)));
    if let (Some(field), Lookups::Allowed) = (last, lookups) {
        all.extend(lookups_of(field).map(|name| Candidate {
            name: name.to_owned(),
            about: "lookup".to_owned(),
            kind: CandidateKind::Lookup,
        }));
    }
    all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    all.dedup_by(|a, b| a.name == b.name);
    let start = written.start + (typed.len() - part.len()) as u32;
    // What follows the cursor up to the next part is replaced.
    let rest = written.text.get(typed.len()..).unwrap_or_default();
    let rest = rest.split(separator).next().unwrap_or_default();
    Some(Candidates { start, end: written.start + (typed.len() + rest.len()) as u32, all })
}

fn names(models: &Models, model: &Model) -> Vec<Candidate> {
    let fields = model.fields.iter().map(|field| {
        let to = field.relation.as_ref().map(|relation| format!(" → {}", relation.to_label));
        let kind = if to.is_some() { CandidateKind::Relation } else { CandidateKind::Field };
        let class = field.class.rsplit('.').next().unwrap_or_default();
        let about = match to {
            Some(to) => format!("{class}{to}"),
            None => format!("{class} {}", field.db_type.as_deref().unwrap_or_default()),
        };
        Candidate { name: field.name.clone(), about: about.trim_end().to_owned(), kind }
    });
    let reverse = model.reverse.iter().filter(|reverse| !reverse.query_name.ends_with('+')).map(|reverse| {
        let about = format!("← {}.{}", models.get(reverse.from).label(), reverse.field);
        Candidate { name: reverse.query_name.clone(), about, kind: CandidateKind::Relation }
    });
    fields.chain(reverse).collect()
}

/// Lookups and transforms that Django registers for a kind of field, the usual ones.
fn lookups_of(field: &Field) -> impl Iterator<Item = &'static str> {
    const ALL: &[&str] = &["exact", "in", "isnull"];
    const ORDERED: &[&str] = &["gt", "gte", "lt", "lte", "range"];
    const TEXT: &[&str] =
        &["contains", "endswith", "icontains", "iendswith", "iexact", "iregex", "istartswith", "regex", "startswith"];
    const DATE: &[&str] = &["day", "iso_year", "month", "quarter", "week", "week_day", "year"];
    const TIME: &[&str] = &["date", "hour", "minute", "second", "time"];
    const JSON: &[&str] = &["contained_by", "contains", "has_any_keys", "has_key", "has_keys"];
    const ARRAY: &[&str] = &["contained_by", "contains", "len", "overlap"];
    let groups: &[&[&str]] = match field.internal_type.as_str() {
        _ if field.relation.is_some() => &[ALL, ORDERED],
        "CharField"
        | "TextField"
        | "SlugField"
        | "EmailField"
        | "URLField"
        | "FileField"
        | "FilePathField"
        | "ImageField"
        | "UUIDField"
        | "GenericIPAddressField" => &[ALL, ORDERED, TEXT],
        "DateField" => &[ALL, ORDERED, DATE],
        "DateTimeField" => &[ALL, ORDERED, DATE, TIME],
        "TimeField" => &[ALL, ORDERED, &["hour", "minute", "second"]],
        "BooleanField" | "NullBooleanField" => &[ALL],
        "JSONField" => &[ALL, JSON],
        "ArrayField" => &[ALL, ARRAY],
        _ => &[ALL, ORDERED],
    };
    groups.iter().flat_map(|group| group.iter().copied())
}

/// The model that `app.Model`, `Model` or `self` names.
pub(super) fn model_named(project: &Project, near: Option<ModelId>, name: &str) -> Option<ModelId> {
    if name == "self" {
        return near;
    }
    match name.contains('.') {
        true => project.models.by_label(name).map(|model| model.id),
        false => {
            let label = format!("{}.{name}", project.models.get(near?).app_label);
            project.models.by_label(&label).map(|model| model.id)
        }
    }
}

/// Labels of models: those of the same app first and by their bare name.
pub(super) fn labels(models: &Models, near: Option<ModelId>, written: &Written) -> Candidates {
    let app = near.map(|model| models.get(model).app_label.as_str());
    let concrete = models.all.iter().filter(|model| !model.abstract_ && model.site.is_some());
    let mut all: Vec<(bool, Candidate)> = concrete
        .map(|model| {
            let is_near = app == Some(model.app_label.as_str());
            let name = if is_near { model.name.clone() } else { model.label() };
            (!is_near, Candidate { name, about: model.table.clone(), kind: CandidateKind::Model })
        })
        .collect();
    all.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    let all = all.into_iter().map(|(_, candidate)| candidate).collect();
    Candidates { start: written.start, end: written.end, all }
}
