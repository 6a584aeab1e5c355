//! Text edits, and applying several fixes at once.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{FileId, Files, Span};

/// Replaces `span` by `text`; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Edits that together remove a finding. They are applied all or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// Imperative: "Add a `CheckConstraint`".
    pub title: String,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Keeps behaviour and data.
    Safe,
    /// Needs a look: changes behaviour, or needs a data migration.
    Unsafe,
}

/// The outcome of [`apply`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// New text of each file that changed.
    pub texts: BTreeMap<FileId, String>,
    /// Indexes of the fixes that were applied.
    pub applied: Vec<usize>,
    /// Indexes of those left out because they touch what an earlier one changed; run again to apply them.
    pub waiting: Vec<usize>,
}

/// Applies fixes in the order given. A fix that overlaps an earlier one waits for the next round, so order never
/// changes what a fix means. Identical insertions (the same import) are made once.
pub fn apply(files: &Files, fixes: &[&Fix]) -> Fixed {
    let mut taken: Vec<Edit> = Vec::new();
    let mut fixed = Fixed::default();
    for (index, fix) in fixes.iter().enumerate() {
        let new: Vec<&Edit> = fix.edits.iter().filter(|edit| !taken.contains(edit)).collect();
        if new.iter().any(|edit| taken.iter().any(|other| overlaps(edit.span, other.span))) {
            fixed.waiting.push(index);
            continue;
        }
        taken.extend(new.into_iter().cloned());
        fixed.applied.push(index);
    }
    taken.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
    for edit in taken.iter().rev() {
        let text = fixed
            .texts
            .entry(edit.span.file)
            .or_insert_with(|| files.get(edit.span.file).text.clone());
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    fixed
}

/// Two spans that share a byte, or two insertions at one place, cannot both be edited in one round.
fn overlaps(a: Span, b: Span) -> bool {
    a.file == b.file && (a.start == b.start || (a.start < b.end && b.start < a.end))
}
