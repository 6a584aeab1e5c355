//! What fixes add to models: indexes and constraints in `Meta`, and the imports they need.

use pgwright_diagnostics::{Edit, File, FileId};
use pgwright_django::model::{Field, Model, RelationKind};
use pgwright_schema::names::meta_index_name;

use crate::Facts;
use crate::edits::{add_keyword, add_meta_entry, newline_of, string};
use crate::tables::is_declared_here;

/// PostgreSQL's limit on names, in bytes.
const NAME_LENGTH: usize = 63;

/// Whether an entry of `Meta` may be written as `models.…` without hiding what a base says there.
pub(crate) fn takes_entries(facts: Facts, model: &Model) -> bool {
    let Some(site) = model.site.as_ref() else { return false };
    let Some(file) = facts.files.try_get(site.statement.file) else { return false };
    imports_models(&file.text) && (site.meta.is_some() || !inherits_meta(facts, model))
}

/// Adds an index whose first column is a foreign key's. Where the key has an index of its own the new one replaces it: two
/// indexes with the same beginning would be worth a finding themselves.
pub(crate) fn add_index(facts: Facts, model: &Model, key: &Field, fields: &[&str]) -> Option<Vec<Edit>> {
    let site = model.site.as_ref().filter(|_| takes_entries(facts, model))?;
    let file = facts.files.try_get(site.statement.file)?;
    let listed: Vec<String> = fields.iter().map(|field| string(file, field)).collect();
    let entry = format!("models.Index(fields=[{}])", listed.join(", "));
    let mut edits = Vec::new();
    let has_own = key.db_index
        && !key.unique
        && key.relation.as_ref().is_some_and(|relation| relation.kind == RelationKind::ForeignKey);
    if has_own {
        let field = key.site.as_ref().filter(|_| is_declared_here(model, key))?;
        edits = match field.keyword("db_index") {
            Some(keyword) if facts.files.text(keyword.value) == "True" => vec![Edit::replace(keyword.value, "False")],
            Some(_) => return None,
            None => add_keyword(facts.files, field, "db_index=False")?,
        };
    }
    edits.extend(add_meta_entry(facts.files, site, "indexes", &entry)?);
    Some(edits)
}

pub(crate) const FUNCTIONS: &str = "django.db.models.functions";
pub(crate) const POSTGRES_INDEXES: &str = "django.contrib.postgres.indexes";

/// Imports a name of a module of Django: nothing to do where the file has it, `None` where its imports are not of the plain
/// shape.
pub(crate) fn import_name(file: &File, id: FileId, module: &str, name: &str) -> Option<Vec<Edit>> {
    let head = format!("from {module} import ");
    let newline = newline_of(file);
    let (mut before, mut after) = (None, None);
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let written = line.trim_end_matches(['\n', '\r']);
        let is_plain = !written.contains(['(', '\\', '#', ';']);
        if let Some(names) = written.strip_prefix(&head) {
            if names == "(" {
                return among_lines(file, id, start + line.len(), name);
            }
            if names.split(',').any(|imported| imported.trim() == name) {
                return Some(Vec::new());
            }
            if !is_plain || names.contains(" as ") || names.trim() == "*" {
                return None;
            }
            // Before the first that sorts after it.
            let mut at = start + head.len();
            for imported in names.split(',') {
                if imported.trim() > name {
                    let space = imported.len() - imported.trim_start().len();
                    return Some(vec![Edit::insert(id, (at + space) as u32, format!("{name}, "))]);
                }
                at += imported.len() + 1;
            }
            let end = (start + written.trim_end().len()) as u32;
            return Some(vec![Edit::insert(id, end, format!(", {name}"))]);
        }
        if let Some(other) = written.strip_prefix("from django.") {
            let other = other.split(' ').next().unwrap_or_default();
            if before.is_none() && other > module.trim_start_matches("django.") {
                before = Some(start);
            }
            if is_plain && line.ends_with('\n') {
                after = Some(start + line.len());
            }
        }
        start += line.len();
    }
    Some(vec![Edit::insert(id, before.or(after)? as u32, format!("{head}{name}{newline}"))])
}

/// Adds a name to an import that has one on each line, the first of them at `start`.
fn among_lines(file: &File, id: FileId, start: usize, name: &str) -> Option<Vec<Edit>> {
    let mut at = start;
    let mut place = None;
    for line in file.text.get(start..)?.split_inclusive('\n') {
        let imported = line.trim();
        if imported == ")" {
            let text = format!("    {name},{}", newline_of(file));
            return Some(vec![Edit::insert(id, place.unwrap_or(at) as u32, text)]);
        }
        let is_one = imported.strip_suffix(',').filter(|one| one.chars().all(|c| c.is_alphanumeric() || c == '_'))?;
        if is_one == name {
            return Some(Vec::new());
        }
        if place.is_none() && is_one > name {
            place = Some(at);
        }
        at += line.len();
    }
    None
}

/// A name for an index over a column, as short as Django asks (30 characters) and taken by no other.
pub(crate) fn index_name(facts: Facts, model: &Model, field: &Field, suffix: &str) -> String {
    const LONGEST: usize = 30;
    let class = model.name.to_lowercase();
    let taken = |name: &String| {
        facts.project.models.all.iter().flat_map(|model| &model.indexes).any(|index| index.name == *name)
    };
    let names =
        [format!("{}_{class}_{}_{suffix}", model.app_label, field.name), format!("{class}_{}_{suffix}", field.name)];
    let short = names.into_iter().find(|name| name.len() <= LONGEST && !taken(name));
    let column = field.column.as_deref().unwrap_or(&field.name);
    short.unwrap_or_else(|| meta_index_name(&model.table, &[column], "idx"))
}

/// A name for a constraint of the model. Abstract models leave the names of their children to Django.
pub(crate) fn constraint_name(model: &Model, end: &str) -> Option<String> {
    if model.abstract_ {
        let name = format!("%(app_label)s_%(class)s_{end}");
        return (end.len() <= NAME_LENGTH / 2).then_some(name);
    }
    let class = model.name.to_lowercase();
    [format!("{}_{class}_{end}", model.app_label), format!("{class}_{end}")]
        .into_iter()
        .find(|name| name.len() <= NAME_LENGTH)
}

/// Whether an abstract base brings a `Meta`, which one of the class's own would hide.
fn inherits_meta(facts: Facts, model: &Model) -> bool {
    facts.project.models.all.iter().any(|base| {
        let is_base = base.abstract_
            && base.id != model.id
            && model.mro.iter().any(|path| path.rsplit_once('.') == Some((base.module.as_str(), base.name.as_str())));
        is_base && base.site.as_ref().is_none_or(|site| site.meta.is_some())
    })
}

/// Whether `models` is Django's in this file.
fn imports_models(text: &str) -> bool {
    text.lines().any(|line| {
        let names = line
            .strip_prefix("from django.db import ")
            .or_else(|| line.strip_prefix("from django.contrib.gis.db import "));
        names.is_some_and(|names| {
            names
                .split(',')
                .any(|name| name.split('#').next().unwrap_or_default().trim().trim_matches(['(', ')']) == "models")
        })
    })
}

#[cfg(test)]
mod tests {
    use pgwright_diagnostics::{Applicability, FileId, Files, Fix, apply};

    use super::{FUNCTIONS, POSTGRES_INDEXES, import_name};

    fn imported_from(module: &str, text: &str, name: &str) -> Option<String> {
        let mut files = Files::default();
        let id: FileId = files.add("a.py".into(), text.to_owned());
        let edits = import_name(files.try_get(id)?, id, module, name)?;
        let fix = Fix { title: String::new(), applicability: Applicability::Unsafe, edits };
        Some(apply(&files, &[&fix]).texts.get(&id).cloned().unwrap_or_else(|| text.to_owned()))
    }

    fn imported(text: &str) -> Option<String> {
        imported_from(FUNCTIONS, text, "TruncDate")
    }

    #[test]
    fn a_name_is_imported_once() {
        let models = "from django.db import models\nx = 1\n";
        let with = "from django.db import models\nfrom django.db.models.functions import TruncDate\nx = 1\n";
        assert_eq!(imported(models).as_deref(), Some(with));
        assert_eq!(imported(with).as_deref(), Some(with));
        let lower = "from django.db.models.functions import Lower\n";
        assert_eq!(imported(lower), Some(lower.replace("Lower", "Lower, TruncDate")));
        let both = "from django.db.models.functions import Lower, Upper\n";
        assert_eq!(imported(both), Some(both.replace("Upper", "TruncDate, Upper")));
        let lines = "from django.db.models.functions import (\n    Lower,\n    Upper,\n)\n";
        assert_eq!(imported(lines), Some(lines.replace("    Upper", "    TruncDate,\n    Upper")));
        assert_eq!(imported("from django.db.models.functions import (\n    Lower, Upper,\n)\n"), None);
        assert_eq!(imported("x = 1\n"), None);
    }

    #[test]
    fn an_import_goes_where_it_sorts() {
        let models = "import a\n\nfrom django.conf import settings\nfrom django.db import models\n";
        let with =
            models.replace("from django.db", "from django.contrib.postgres.indexes import GinIndex\nfrom django.db");
        assert_eq!(imported_from(POSTGRES_INDEXES, models, "GinIndex"), Some(with));
    }
}
