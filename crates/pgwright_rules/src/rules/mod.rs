//! One file per rule, and the list.

use crate::Rule;

mod deprecated_declaration;
mod foreign_key_without_index;
mod redundant_index;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[&deprecated_declaration::RULE, &foreign_key_without_index::RULE, &redundant_index::RULE];
