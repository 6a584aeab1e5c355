//! One file per rule, and the list.

use crate::Rule;

mod deprecated_declaration;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &deprecated_declaration::RULE,
];
