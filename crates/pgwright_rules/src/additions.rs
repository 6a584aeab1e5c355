//! What fixes add to models: indexes and constraints in `Meta`, and the imports they need.

use pgwright_diagnostics::{Edit, File, FileId};
use pgwright_django::model::{Field, Model, RelationKind};

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

/// Imports a function of `django.db.models.functions`: nothing to do where the file has it, `None` where its imports are not
/// of the plain shape.
pub(crate) fn import_function(file: &File, id: FileId, name: &str) -> Option<Vec<Edit>> {
    const MODULE: &str = "from django.db.models.functions import ";
    let mut after = None;
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let written = line.trim_end_matches(['\n', '\r']);
        let is_plain = !written.contains(['(', '\\', '#', ';']);
        if let Some(names) = written.strip_prefix(MODULE) {
            if names.split(',').any(|imported| imported.trim() == name) {
                return Some(Vec::new());
            }
            if !is_plain || names.contains(" as ") || names.trim() == "*" {
                return None;
            }
            // Before the first that sorts after it.
            let mut at = start + MODULE.len();
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
        let is_django =
            ["from django.db import ", "from django.contrib.gis.db import ", "from django.db.models import "];
        if is_plain && is_django.iter().any(|head| written.starts_with(head)) && line.ends_with('\n') {
            after = Some(start + line.len());
        }
        start += line.len();
    }
    Some(vec![Edit::insert(id, after? as u32, format!("{MODULE}{name}{}", newline_of(file)))])
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

    use super::import_function;

    fn imported(text: &str) -> Option<String> {
        let mut files = Files::default();
        let id: FileId = files.add("a.py".into(), text.to_owned());
        let edits = import_function(files.try_get(id)?, id, "TruncDate")?;
        let fix = Fix { title: String::new(), applicability: Applicability::Unsafe, edits };
        Some(apply(&files, &[&fix]).texts.get(&id).cloned().unwrap_or_else(|| text.to_owned()))
    }

    #[test]
    fn a_function_is_imported_once() {
        let models = "from django.db import models\nx = 1\n";
        let with = "from django.db import models\nfrom django.db.models.functions import TruncDate\nx = 1\n";
        assert_eq!(imported(models).as_deref(), Some(with));
        assert_eq!(imported(with).as_deref(), Some(with));
        let lower = "from django.db.models.functions import Lower\n";
        assert_eq!(imported(lower), Some(lower.replace("Lower", "Lower, TruncDate")));
        let both = "from django.db.models.functions import Lower, Upper\n";
        assert_eq!(imported(both), Some(both.replace("Upper", "TruncDate, Upper")));
        assert_eq!(imported("from django.db.models.functions import (\n    Lower,\n)\n"), None);
        assert_eq!(imported("x = 1\n"), None);
    }
}
