//! What a template is made of.

use std::sync::Arc;

use pgwright_diagnostics::File;

use super::expression::{Condition, Filtered};

/// Nodes in a row, shared with whoever renders them later.
pub(crate) type Body = Arc<[Node]>;

/// A template that was read.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) file: Arc<File>,
    pub(crate) nodes: Body,
    /// Every `{% block %}` in it, however deep.
    pub(crate) blocks: Vec<(Box<str>, Body)>,
    /// Every `{% partialdef %}` in it.
    pub(crate) partials: Vec<(Box<str>, Body)>,
    /// Libraries of tags and filters, as loaded.
    pub(crate) libraries: Vec<Box<str>>,
}

#[derive(Debug)]
pub(crate) struct Node {
    /// Where its token begins, in bytes.
    pub(crate) at: u32,
    pub(crate) kind: NodeKind,
}

/// `name=value`, `value as name`.
#[derive(Debug, PartialEq)]
pub(crate) struct Assignment {
    pub(crate) name: Box<str>,
    pub(crate) value: Filtered,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    /// `{{ value }}`
    Output(Filtered),
    /// `{% if %}` with its clauses; the last one may have no condition.
    If(Vec<(Option<Condition>, Body)>),
    For(Box<For>),
    /// `{% with %}` and `{% blocktranslate %}`
    With {
        assignments: Vec<Assignment>,
        body: Body,
    },
    Include(Box<Include>),
    Extends(Filtered),
    Block {
        name: Box<str>,
        body: Body,
    },
    /// `{% partialdef %}` that is rendered where it stands.
    Inline(Body),
    Partial(Box<str>),
    Regroup {
        items: Filtered,
        by: Box<str>,
        name: Box<str>,
    },
    /// Values that are rendered, whose text a name may be given: `{% url %}`, `{% cycle %}`, `{% translate %}`…
    Values {
        values: Vec<Filtered>,
        name: Option<Box<str>>,
    },
    /// `{% firstof %}`
    FirstOf {
        values: Vec<Filtered>,
        name: Option<Box<str>>,
    },
    IfChanged {
        values: Vec<Filtered>,
        body: Body,
        otherwise: Body,
    },
    /// `{% filter %}`
    Filter {
        filters: Filtered,
        body: Body,
    },
    Custom(Box<Custom>),
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) items: Filtered,
    pub(crate) body: Body,
    pub(crate) empty: Body,
}

#[derive(Debug)]
pub(crate) struct Include {
    pub(crate) template: Filtered,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) names: Names,
}

/// Which names an included template sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Those around it as well.
    Inherited,
    /// `only` those it is given.
    Given,
}

/// A tag that is not Django's own.
#[derive(Debug)]
pub(crate) struct Custom {
    pub(crate) name: Box<str>,
    /// As written, with the name.
    pub(crate) contents: Box<str>,
    /// Up to the tag that ends it, where there is one.
    pub(crate) body: Option<Body>,
}
