//! One file per rule, and the list.

use crate::Rule;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[];
