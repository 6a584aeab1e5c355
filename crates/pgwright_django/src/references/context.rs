//! Which part a name plays in the code around it.

use pgwright_python::ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use pgwright_python::ast::{AnyNodeRef, Expr, ExprCall, Stmt, StmtClassDef, StringFlags};
use pgwright_python::text::{Ranged, TextRange, TextSize};

use super::Place;
use super::types::Types;
use crate::model::ModelId;

/// A name as it is written.
pub(super) struct Written {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) text: String,
}

/// What a name names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    /// A path of fields that begins at a model.
    Path { base: ModelId, separator: &'static str, lookups: Lookups },
    /// A model; without an app's label it is one of the app of the model `near`.
    Model { near: Option<ModelId> },
    /// `related_name=` of a field of this model.
    Accessor { model: ModelId },
}

/// Whether a path may end in a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookups {
    Allowed,
    Not,
}

/// Methods of querysets whose keywords are lookups.
const CONDITIONS: &[&str] =
    &["filter", "exclude", "get", "aget", "get_or_create", "update_or_create", "create", "update"];
/// Methods of querysets whose texts are paths.
const PATHS: &[&str] = &[
    "order_by",
    "values",
    "values_list",
    "select_related",
    "prefetch_related",
    "only",
    "defer",
    "distinct",
    "dates",
    "datetimes",
    "latest",
    "earliest",
    "annotate",
    "alias",
    "aggregate",
    "in_bulk",
    "bulk_update",
];
/// Expressions whose first argument is a path.
const EXPRESSIONS: &[&str] = &[
    "F",
    "Prefetch",
    "Count",
    "Sum",
    "Avg",
    "Max",
    "Min",
    "StdDev",
    "Variance",
    "Lower",
    "Upper",
    "Length",
    "Coalesce",
    "Cast",
    "Trunc",
    "TruncDate",
    "TruncDay",
    "TruncHour",
    "TruncMonth",
    "TruncWeek",
    "TruncYear",
    "ExtractYear",
    "ExtractMonth",
    "ArrayAgg",
    "StringAgg",
    "BoolAnd",
    "BoolOr",
    "JSONBAgg",
    "SearchVector",
    "OrderBy",
];
/// What `Meta.indexes` and `Meta.constraints` hold.
const DECLARATIONS: &[&str] = &[
    "Index",
    "UniqueConstraint",
    "BTreeIndex",
    "GinIndex",
    "GistIndex",
    "SpGistIndex",
    "BrinIndex",
    "HashIndex",
    "BloomIndex",
];
/// Options of `Meta`, and of classes of the admin and of views, that hold names of fields.
const OPTIONS: &[&str] = &[
    "ordering",
    "unique_together",
    "index_together",
    "indexes",
    "constraints",
    "get_latest_by",
    "order_with_respect_to",
    "fields",
    "exclude",
    "list_display",
    "list_filter",
    "list_select_related",
    "search_fields",
    "readonly_fields",
    "autocomplete_fields",
    "raw_id_fields",
    "filterset_fields",
    "ordering_fields",
    "date_hierarchy",
];

/// The nodes around an offset, the outermost first.
struct Around<'a> {
    offset: TextSize,
    nodes: Vec<AnyNodeRef<'a>>,
}

impl<'a> SourceOrderVisitor<'a> for Around<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if !node.range().contains_inclusive(self.offset) {
            return TraversalSignal::Skip;
        }
        // Of two nodes that meet at the cursor the one that begins there is what is written next.
        while self.nodes.last().is_some_and(|last| !last.range().contains_range(node.range())) {
            self.nodes.pop();
        }
        self.nodes.push(node);
        TraversalSignal::Traverse
    }
}

/// The name at the place and what it names.
pub(super) fn role_at(place: &Place<'_>, suite: &[Stmt]) -> Option<(Written, Role)> {
    let mut around = Around { offset: TextSize::new(place.offset), nodes: Vec::new() };
    around.visit_body(suite);
    let nodes = around.nodes;
    let (written, kind) = written_at(place, &nodes)?;
    let at = TextRange::empty(TextSize::new(place.offset));
    let types = Types { place, suite };
    let path = |base: ModelId| Role::Path { base, separator: "__", lookups: kind.lookups() };
    let mut is_innermost = true;
    for (index, node) in nodes.iter().enumerate().rev() {
        match node {
            AnyNodeRef::ExprCall(call) if call.arguments.range().contains_range(at) => {
                let here = Here { call, written: &written, kind, class: enclosing(&nodes[..index]) };
                match if is_innermost { innermost(&types, &here) } else { outer(&types, call) } {
                    Found::Base(base) => return Some((written, path(base))),
                    Found::Stored(base) => {
                        let role = Role::Path { base, separator: "__", lookups: Lookups::Not };
                        return Some((written, role));
                    }
                    Found::Role(role) => return Some((written, role)),
                    Found::Further => is_innermost = false,
                    Found::Nothing => return None,
                }
            }
            AnyNodeRef::StmtAssign(assign) => {
                let class = enclosing(&nodes[..index])?;
                let [Expr::Name(name)] = assign.targets.as_slice() else { return None };
                if is_innermost && (kind == Kind::Keyword || !OPTIONS.contains(&name.id.as_str())) {
                    return None;
                }
                let base = OPTIONS.contains(&name.id.as_str()).then(|| types.of_options(class))??;
                return Some((written, path(base)));
            }
            AnyNodeRef::StmtFunctionDef(_) => return None,
            _ => {}
        }
    }
    None
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// The name of a keyword argument, or what is about to become one.
    Keyword,
}

impl Kind {
    fn lookups(self) -> Lookups {
        match self {
            Kind::Text => Lookups::Not,
            Kind::Keyword => Lookups::Allowed,
        }
    }
}

/// A call with the name in its arguments.
struct Here<'a> {
    call: &'a ExprCall,
    written: &'a Written,
    kind: Kind,
    class: Option<&'a StmtClassDef>,
}

/// What a call says of the name in it.
enum Found {
    /// A path from this model.
    Base(ModelId),
    /// The same, for values that are stored: no lookups.
    Stored(ModelId),
    Role(Role),
    /// What the name is a path of is said further out.
    Further,
    Nothing,
}

/// The innermost class.
fn enclosing<'a>(nodes: &[AnyNodeRef<'a>]) -> Option<&'a StmtClassDef> {
    nodes.iter().rev().find_map(|node| match node {
        AnyNodeRef::StmtClassDef(class) => Some(*class),
        _ => None,
    })
}

/// What is written at the place.
fn written_at(place: &Place<'_>, nodes: &[AnyNodeRef<'_>]) -> Option<(Written, Kind)> {
    let offset = TextSize::new(place.offset);
    let slice = |range: TextRange| {
        let text = place.text.get(range.start().to_usize()..range.end().to_usize())?;
        Some(Written { start: range.start().to_u32(), end: range.end().to_u32(), text: text.to_owned() })
    };
    for (index, node) in nodes.iter().enumerate().rev() {
        match node {
            AnyNodeRef::StringLiteral(literal) => {
                let mut range = literal.content_range();
                if literal.flags.is_unclosed() {
                    range = TextRange::new(range.start(), offset.max(range.start()));
                }
                let mut written = slice(range).filter(|_| range.contains_inclusive(offset))?;
                // `-created_at` orders the other way.
                if let Some(rest) = written.text.strip_prefix('-') {
                    written = Written { start: written.start + 1, text: rest.to_owned(), ..written };
                }
                return Some((written, Kind::Text));
            }
            AnyNodeRef::Keyword(keyword) => {
                let name = keyword.arg.as_ref().filter(|name| name.range().contains_inclusive(offset))?;
                return slice(name.range()).map(|written| (written, Kind::Keyword));
            }
            // A name in the place of an argument may become a keyword; anywhere else it is a value.
            AnyNodeRef::ExprName(name) if matches!(nodes[..index].last(), Some(AnyNodeRef::Arguments(_))) => {
                return slice(name.range()).map(|written| (written, Kind::Keyword));
            }
            AnyNodeRef::Arguments(arguments) if arguments.is_empty() => {
                return slice(TextRange::empty(offset)).map(|written| (written, Kind::Keyword));
            }
            AnyNodeRef::Identifier(_) => {}
            _ => return None,
        }
    }
    None
}

/// The name a call calls, and what that is an attribute of.
fn called(call: &ExprCall) -> Option<(&str, Option<&Expr>)> {
    match &*call.func {
        Expr::Attribute(attribute) => Some((attribute.attr.as_str(), Some(&attribute.value))),
        Expr::Name(name) => Some((name.id.as_str(), None)),
        _ => None,
    }
}

/// A call around expressions: only those of querysets say of which model they are.
fn outer(types: &Types<'_>, call: &ExprCall) -> Found {
    match called(call) {
        Some((name, Some(receiver))) if CONDITIONS.contains(&name) || PATHS.contains(&name) => {
            queried(types, receiver, call).map_or(Found::Nothing, Found::Base)
        }
        // Another manager's method may give anything to what it is called with.
        Some((_, Some(_) | None)) => Found::Further,
        None => Found::Nothing,
    }
}

fn queried(types: &Types<'_>, receiver: &Expr, call: &ExprCall) -> Option<ModelId> {
    types.queried(receiver).or_else(|| types.sent_from(call.range()))
}

/// The call whose argument the name is.
fn innermost(types: &Types<'_>, here: &Here<'_>) -> Found {
    let call = here.call;
    let Some((name, receiver)) = called(call) else { return Found::Nothing };
    let start = TextSize::new(here.written.start);
    let keyword = call.arguments.keywords.iter().find(|keyword| keyword.range().contains_inclusive(start));
    let keyword = keyword.and_then(|keyword| keyword.arg.as_ref()).map(|name| name.as_str());
    let is_first = call.arguments.args.first().is_some_and(|first| first.range().contains_inclusive(start));
    if here.kind == Kind::Keyword {
        return match receiver {
            _ if matches!(name, "Q" | "When") => Found::Further,
            Some(receiver) if CONDITIONS.contains(&name) => match queried(types, receiver, call) {
                Some(base) if matches!(name, "create" | "update") => Found::Stored(base),
                Some(base) => Found::Base(base),
                None => Found::Nothing,
            },
            _ => Found::Nothing,
        };
    }
    if let (Some(receiver), None) = (receiver, keyword)
        && PATHS.contains(&name)
    {
        return queried(types, receiver, call).map_or(Found::Nothing, Found::Base);
    }
    let near = here.class.and_then(|class| types.model_of(class));
    let target = match keyword {
        Some(keyword) => matches!(keyword, "to" | "through"),
        None => is_first,
    };
    match keyword {
        None if is_first && EXPRESSIONS.contains(&name) => Found::Further,
        Some("fields" | "include") if DECLARATIONS.contains(&name) => Found::Further,
        Some("related_name" | "related_query_name") => {
            near.map_or(Found::Nothing, |model| Found::Role(Role::Accessor { model }))
        }
        Some("source") => match here.class.and_then(|class| types.of_options(class)) {
            Some(base) => Found::Role(Role::Path { base, separator: ".", lookups: Lookups::Not }),
            None => Found::Nothing,
        },
        None if is_first && name == "get_model" => Found::Role(Role::Model { near: None }),
        _ if target && is_relation(name) => Found::Role(Role::Model { near }),
        _ => Found::Nothing,
    }
}

/// `ForeignKey`, `OneToOneField`, `ManyToManyField` and what is named after them.
fn is_relation(name: &str) -> bool {
    ["ForeignKey", "OneToOneField", "ManyToManyField", "GenericRelation", "ParentalKey", "ParentalManyToManyField"]
        .iter()
        .any(|known| name.ends_with(known))
}
