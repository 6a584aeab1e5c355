//! How Django and PostgreSQL make and shorten names.

use md5::{Digest, Md5};

/// The longest identifier PostgreSQL keeps (`NAMEDATALEN` - 1); Django's `max_name_length()`.
pub const MAX_NAME_LENGTH: usize = 63;

/// Quotes an identifier as Django does: once, and never doubling a quote inside, which is how `db_table`
/// values such as `shop"."order` reach another schema (`DatabaseOperations.quote_name`).
pub fn quote_name(name: &str) -> String {
    if name.len() > 1 && name.starts_with('"') && name.ends_with('"') { name.to_owned() } else { format!("\"{name}\"") }
}

/// Splits `"namespace"."name"` (`django/db/backends/utils.py: split_identifier`).
pub fn split_identifier(identifier: &str) -> (&str, &str) {
    let mut parts = identifier.split("\".\"");
    match (parts.next(), parts.next(), parts.next()) {
        (Some(namespace), Some(name), None) => (namespace.trim_matches('"'), name.trim_matches('"')),
        _ => ("", identifier.trim_matches('"')),
    }
}

/// The first `length` hex digits of the MD5 of the names joined (`names_digest`).
pub fn names_digest<'a>(names: impl IntoIterator<Item = &'a str>, length: usize) -> String {
    let mut hash = Md5::new();
    for name in names {
        hash.update(name.as_bytes());
    }
    let halves = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let mut digest: String = halves.map(|half| char::from_digit(half.into(), 16).unwrap_or_default()).collect();
    digest.truncate(length);
    digest
}

/// Shortens a table or column name to `length` characters, the last four a digest (`truncate_name`).
pub fn truncate_name(identifier: &str, length: usize) -> String {
    let (namespace, name) = split_identifier(identifier);
    if name.chars().count() <= length {
        return identifier.to_owned();
    }
    let digest = names_digest([name], 4);
    let head = chars(name, length.saturating_sub(4));
    if namespace.is_empty() { format!("{head}{digest}") } else { format!("{namespace}\".\"{head}{digest}") }
}

/// The table of a model whose `Meta` names none (`Options.contribute_to_class`).
pub fn default_table(app_label: &str, model: &str) -> String {
    truncate_name(&format!("{app_label}_{}", model.to_lowercase()), 63)
}

/// The name of an index or constraint nobody named (`BaseDatabaseSchemaEditor._create_index_name`).
///
/// Suffixes: none for a field's index, `_like`, `_idx` (`index_together`), `_uniq`, `_pk`, `_fk_TABLE_COLUMN`.
pub fn index_name(table: &str, columns: &[&str], suffix: &str) -> String {
    let (_, table) = split_identifier(table);
    let digest = names_digest(std::iter::once(table).chain(columns.iter().copied()), 8);
    let mut tail = format!("{digest}{suffix}");
    let columns = columns.join("_");
    let whole = format!("{table}_{columns}_{tail}");
    if whole.chars().count() <= MAX_NAME_LENGTH {
        return whole;
    }
    if tail.chars().count() * 3 > MAX_NAME_LENGTH {
        tail = chars(&tail, MAX_NAME_LENGTH / 3).to_owned();
    }
    let other = (MAX_NAME_LENGTH - tail.chars().count()) / 2 - 1;
    let name = format!("{}_{}_{tail}", chars(table, other), chars(&columns, other));
    if name.starts_with(|first: char| first == '_' || first.is_ascii_digit()) {
        let kept = name.chars().count() - 1;
        format!("D{}", chars(&name, kept))
    } else {
        name
    }
}

/// The name of a foreign key's constraint (`_fk_constraint_name`).
pub fn foreign_key_name(table: &str, column: &str, to_table: &str, to_column: &str) -> String {
    let (_, to_table) = split_identifier(to_table);
    index_name(table, &[column], &format!("_fk_{to_table}_{to_column}"))
}

/// The name Django gives an entry of `Meta.indexes` that has none (`Index.set_name_with_model`).
/// `columns` carry a leading `-` where descending; `suffix` is the index class's (`idx`, `gin`, …).
pub fn meta_index_name(table: &str, columns: &[&str], suffix: &str) -> String {
    let (_, table) = split_identifier(table);
    let digest = names_digest(std::iter::once(table).chain(columns.iter().copied()).chain([suffix]), 6);
    let first = columns.first().map_or("", |column| column.trim_start_matches('-'));
    let name = format!("{}_{}_{digest}_{suffix}", chars(table, 11), chars(first, 7));
    match name.strip_prefix(|first: char| first == '_' || first.is_ascii_digit()) {
        Some(rest) => format!("D{rest}"),
        None => name,
    }
}

/// The name PostgreSQL gives a constraint the statement does not name: `TABLE_COLUMN_LABEL`, the longer of the
/// two shortened until it fits (`makeObjectName` in `src/backend/commands/indexcmds.c`).
pub fn automatic_name(table: &str, column: &str, label: &str) -> String {
    let (_, table) = split_identifier(table);
    let overhead = label.len() + 1 + usize::from(!column.is_empty());
    let available = MAX_NAME_LENGTH.saturating_sub(overhead);
    let (mut table_length, mut column_length) = (table.len(), column.len());
    while table_length + column_length > available {
        if table_length > column_length {
            table_length -= 1;
        } else {
            column_length -= 1;
        }
    }
    let table = clip(table, table_length);
    if column.is_empty() {
        format!("{table}_{label}")
    } else {
        format!("{table}_{}_{label}", clip(column, column_length))
    }
}

/// The name a too long identifier gets in the catalogue: PostgreSQL cuts it at 63 bytes.
pub fn clip(name: &str, bytes: usize) -> &str {
    if name.len() <= bytes {
        return name;
    }
    let mut end = bytes;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

fn chars(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_django_makes() {
        assert_eq!(truncate_name("short", 63), "short");
        assert_eq!(quote_name("a"), "\"a\"");
        assert_eq!(quote_name("\"a\""), "\"a\"");
        assert_eq!(split_identifier("shop\".\"order"), ("shop", "order"));
        assert_eq!(split_identifier("order"), ("", "order"));
        // From Django's registry: misago_users.User's GIN index on `plugin_data`.
        assert_eq!(meta_index_name("misago_users_user", &["plugin_data"], "gin"), "misago_user_plugin__c45a32_gin");
    }

    #[test]
    fn automatic_names_fit() {
        assert_eq!(automatic_name("shop_order", "", "pkey"), "shop_order_pkey");
        let long = automatic_name(&"t".repeat(50), &"c".repeat(50), "check");
        assert_eq!(long.len(), MAX_NAME_LENGTH);
        assert!(long.ends_with("_check"));
    }
}
