//! One file per rule, and the list.

use crate::Rule;

mod deprecated_declaration;
mod foreign_key_without_index;
mod identifier_too_long;
mod index_cannot_serve;
mod integer_primary_key;
mod redundant_index;
mod unique_nullable;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &deprecated_declaration::RULE,
    &foreign_key_without_index::RULE,
    &identifier_too_long::RULE,
    &index_cannot_serve::RULE,
    &integer_primary_key::RULE,
    &redundant_index::RULE,
    &unique_nullable::RULE,
];
