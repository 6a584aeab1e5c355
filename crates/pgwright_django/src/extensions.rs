//! PostgreSQL extensions that a project's own code creates: by migration operation, or by SQL in a string.

use memchr::memmem;
use pgwright_python::ProjectFiles;
use rayon::prelude::*;

/// Names of the extensions, sorted. Text is searched rather than evaluated: operations may stand in helpers, SQL in constants,
/// and a mention too many only keeps a rule silent.
pub(crate) fn created(project_files: &ProjectFiles) -> Vec<String> {
    let mut found: Vec<String> = project_files
        .all()
        .par_iter()
        .fold(Vec::new, |mut found, source| {
            in_text(&source.file.text, &mut found);
            found
        })
        .flatten()
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Operations of `django.contrib.postgres.operations`.
const OPERATIONS: [(&str, &str); 8] = [
    ("BloomExtension", "bloom"),
    ("BtreeGinExtension", "btree_gin"),
    ("BtreeGistExtension", "btree_gist"),
    ("CITextExtension", "citext"),
    ("CryptoExtension", "pgcrypto"),
    ("HStoreExtension", "hstore"),
    ("TrigramExtension", "pg_trgm"),
    ("UnaccentExtension", "unaccent"),
];

fn in_text(text: &str, found: &mut Vec<String>) {
    let word = "Extension(";
    for at in memmem::find_iter(text.as_bytes(), word) {
        let start = text[..at].rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |before| before + 1);
        let name = text.get(start..at + word.len() - 1).unwrap_or_default();
        if let Some((_, extension)) = OPERATIONS.iter().find(|(operation, _)| *operation == name) {
            found.push((*extension).to_owned());
        } else if name == "CreateExtension" {
            let argument = text.get(at + word.len()..).unwrap_or_default().trim_start();
            let argument = argument.strip_prefix("name=").unwrap_or(argument);
            found.extend(identifier(argument.trim_start_matches(['"', '\''])));
        }
    }
    for word in ["xtension", "XTENSION"] {
        let found_at = memmem::find_iter(text.as_bytes(), word);
        for at in found_at.filter(|at| is_create(text.get(..*at).unwrap_or_default())) {
            let rest = text.get(at + word.len()..).unwrap_or_default().trim_start();
            let rest = match rest.get(..IF_NOT_EXISTS.len()) {
                Some(words) if words.eq_ignore_ascii_case(IF_NOT_EXISTS) => &rest[IF_NOT_EXISTS.len()..],
                _ => rest,
            };
            found.extend(identifier(rest.trim_start().trim_start_matches(['"', '\\'])));
        }
    }
}

const IF_NOT_EXISTS: &str = "if not exists";

/// Whether a text ends in `CREATE E`.
fn is_create(before: &str) -> bool {
    let Some(before) = before.strip_suffix(['e', 'E']).map(str::trim_end) else { return false };
    let start = before.len().saturating_sub("create".len());
    before.get(start..).is_some_and(|word| word.eq_ignore_ascii_case("create"))
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::in_text;

    #[test]
    fn operations_and_sql_are_found() {
        let mut found = Vec::new();
        in_text(
            r#"
operations = [TrigramExtension(), operations.BtreeGinExtension(), CreateExtension("ltree"), CreateExtension(name='bloom')]
migrations.RunSQL('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"; create extension unaccent;')
class MyExtension(Base): pass
"#,
            &mut found,
        );
        found.sort();
        assert_eq!(found, ["bloom", "btree_gin", "ltree", "pg_trgm", "unaccent", "uuid-ossp"]);
    }
}
