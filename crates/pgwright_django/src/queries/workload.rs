//! The workload: every query the project's code can send, as plain data.

use pgwright_diagnostics::{FileId, Span};
use serde::{Deserialize, Serialize};

use crate::model::ModelId;

/// Queries by place, with what share of the places that send queries was understood.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Workload {
    /// By file and place; a place that can send several queries has several entries.
    pub queries: Vec<Issued>,
    /// What could not be followed.
    pub unresolved: Vec<Unfollowed>,
    pub coverage: Coverage,
}

impl Workload {
    /// The same with every place in the file that `to` gives for its own.
    pub fn move_to(&mut self, mut to: impl FnMut(FileId) -> FileId) {
        let mut move_span = |span: &mut Span| span.file = to(span.file);
        for issued in &mut self.queries {
            move_span(&mut issued.span);
            issued.template.iter_mut().for_each(&mut move_span);
            issued.in_loop.iter_mut().for_each(|looping| move_span(&mut looping.span));
            issued.origins.iter_mut().for_each(|origin| move_span(&mut origin.made));
        }
        self.unresolved.iter_mut().for_each(|unfollowed| move_span(&mut unfollowed.span));
    }
}

/// A query at the place that sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    /// The expression that sends it, in Python where any code of the project's is under way, otherwise in a template.
    pub span: Span,
    /// Byte offset on the line that Python's traceback gives for it.
    pub anchor: u32,
    /// Qualified name of the function it is in.
    pub function: String,
    pub model: Option<ModelId>,
    pub terminal: Terminal,
    /// As Django sends it, `%s` for each parameter; or why it is not known.
    pub sql: Result<String, String>,
    pub rows: Rows,
    /// It runs once per round of this loop, which is here or in a caller; of several the one that says most.
    pub in_loop: Option<Loop>,
    pub lazy: Option<Lazy>,
    pub situation: Situation,
    pub sender: Sender,
    pub confidence: Certainty,
    /// Where in a template it is sent from, or what it is sent from was called; one such place of several.
    pub template: Option<Span>,
    /// Querysets whose rows it follows a relation of, as far as they were seen: none where it follows none.
    pub origins: Vec<Origin>,
}

/// Whose code sends a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The project's, at the place itself, or what that calls.
    Code,
    /// A framework's, answering a request that the project's innermost middleware hands on at the place.
    Handler,
    /// A framework's, for the view whose class is named at the place.
    View,
}

/// A loop that may run any number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loop {
    /// What it goes over; in a template, the code that renders it.
    pub span: Span,
    pub over: Over,
}

/// What a loop goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Rows of the database, or what was made of them.
    Rows,
    /// Items that are not known to be rows.
    Items,
    /// Nothing: it runs as long as a condition holds.
    Condition,
}

/// A queryset of whose rows a relation is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub model: ModelId,
    /// The project's expression that gave the queryset its form, or that loaded it.
    pub made: Span,
    /// How many rows it gives.
    pub rows: Rows,
    /// The relations followed from its rows, this one included, with `__` between them.
    pub path: String,
}

/// What makes a queryset send its query, or the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terminal {
    Iterate,
    Get,
    First,
    Last,
    Earliest,
    Latest,
    Item,
    Exists,
    Count,
    Aggregate,
    InBulk,
    Prefetch,
    Load,
    Raw,
    Create,
    GetOrCreate,
    UpdateOrCreate,
    BulkCreate,
    BulkUpdate,
    Update,
    Delete,
    Save,
    Refresh,
    Add,
    Remove,
    Clear,
    Set,
}

impl Terminal {
    /// Whether it runs a queryset's own query, and that alone.
    pub fn reads(self) -> bool {
        match self {
            Terminal::Iterate
            | Terminal::Get
            | Terminal::First
            | Terminal::Last
            | Terminal::Earliest
            | Terminal::Latest
            | Terminal::Item
            | Terminal::Exists
            | Terminal::Count
            | Terminal::Aggregate
            | Terminal::InBulk
            | Terminal::Load => true,
            Terminal::Prefetch
            | Terminal::Raw
            | Terminal::Create
            | Terminal::GetOrCreate
            | Terminal::UpdateOrCreate
            | Terminal::BulkCreate
            | Terminal::BulkUpdate
            | Terminal::Update
            | Terminal::Delete
            | Terminal::Save
            | Terminal::Refresh
            | Terminal::Add
            | Terminal::Remove
            | Terminal::Clear
            | Terminal::Set => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    One,
    Many,
    None,
    Unknown,
}

/// Why an attribute's access sends a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lazy {
    ForeignKey,
    ReverseOneToOne,
    Deferred,
    GenericForeignKey,
}

/// The kind of code that is entered from outside and leads to the query.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    View,
    Admin,
    Serializer,
    Template,
    Task,
    Command,
    Migration,
    Test,
    #[default]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    Certain,
    /// A type on the way was taken from a name.
    Likely,
    Unknown,
}

/// A function that could not be executed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unfollowed {
    /// Dotted path.
    pub function: String,
    pub span: Span,
    pub reason: String,
}

/// Places in the code that send queries, and for how many of them at least one SQL text is known.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct Coverage {
    pub sites: usize,
    pub resolved: usize,
}
