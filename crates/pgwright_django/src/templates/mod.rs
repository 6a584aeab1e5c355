//! Django's template language: from text to nodes.
//!
//! Pure functions over text that never fail: of a template with mistakes in it, what could be read is there. [`lexer`] cuts the text
//! into tokens as `django.template.base.Lexer` does, [`expression`] reads what stands in them, [`parser`] makes [`node`]s.
//! [`loading`] finds templates by name where Django's loaders would. What rendering them does with values is
//! `queries::domain::rendering`.

pub(crate) mod expression;
pub(crate) mod lexer;
pub(crate) mod loading;
pub(crate) mod node;
pub(crate) mod parser;

pub(crate) use loading::Templates;
pub(crate) use node::{Body, Node, NodeKind, Template};
