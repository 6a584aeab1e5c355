//! Text edits, and applying several fixes at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{FileId, Files, Span};

/// Replaces `span` by `text`; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Edit {
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Edit { span, text: text.into() }
    }

    pub fn delete(span: Span) -> Self {
        Edit { span, text: String::new() }
    }

    pub fn insert(file: FileId, offset: u32, text: impl Into<String>) -> Self {
        Edit { span: Span::new(file, offset, offset), text: text.into() }
    }
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
    /// Indexes of those that cannot be applied at all: an edit lies outside its file or across a character, or two edits
    /// of the same fix overlap. A mistake in a rule, never the user's.
    pub broken: Vec<usize>,
}

/// Applies fixes in the order given. A fix that overlaps an earlier one waits for the next round, so order never
/// changes what a fix means. Identical edits (the same import added by two fixes) are made once.
pub fn apply(files: &Files, fixes: &[&Fix]) -> Fixed {
    let mut taken: BTreeSet<Edit> = BTreeSet::new();
    let mut fixed = Fixed::default();
    for (index, fix) in fixes.iter().enumerate() {
        if !is_sound(files, fix) {
            fixed.broken.push(index);
            continue;
        }
        let new: Vec<&Edit> = fix.edits.iter().filter(|edit| !taken.contains(*edit)).collect();
        if new.iter().any(|edit| taken.iter().any(|other| overlaps(edit.span, other.span))) {
            fixed.waiting.push(index);
            continue;
        }
        taken.extend(new.into_iter().cloned());
        fixed.applied.push(index);
    }
    // Back to front, so that the offsets of the edits still to be made stay valid.
    for edit in taken.iter().rev() {
        let text = fixed.texts.entry(edit.span.file).or_insert_with(|| files.get(edit.span.file).text.clone());
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    fixed
}

fn is_sound(files: &Files, fix: &Fix) -> bool {
    let inside = |edit: &Edit| {
        files.try_get(edit.span.file).is_some_and(|file| {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            start <= end && file.text.is_char_boundary(start) && file.text.is_char_boundary(end)
        })
    };
    fix.edits.iter().all(inside)
        && fix.edits.iter().enumerate().all(|(index, edit)| {
            fix.edits.iter().skip(index + 1).all(|other| edit == other || !overlaps(edit.span, other.span))
        })
}

/// Two spans that share a byte, or that start at one place, cannot both be edited in one round: which goes first would
/// change the outcome.
fn overlaps(a: Span, b: Span) -> bool {
    a.file == b.file && (a.start == b.start || (a.start < b.end && b.start < a.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(u32, u32, &str)]) -> Fix {
        Fix {
            title: "Change it".to_owned(),
            applicability: Applicability::Safe,
            edits: edits
                .iter()
                .map(|(start, end, text)| Edit::replace(Span::new(FileId(0), *start, *end), *text))
                .collect(),
        }
    }

    fn run(text: &str, fixes: &[Fix]) -> (Option<String>, Fixed) {
        let mut files = Files::default();
        let file = files.add("a.py".into(), text.to_owned());
        let fixed = apply(&files, &fixes.iter().collect::<Vec<_>>());
        (fixed.texts.get(&file).cloned(), fixed)
    }

    #[test]
    fn edits_are_made_together() {
        let (text, fixed) = run("abcdef", &[fix(&[(4, 5, "E"), (0, 1, "")]), fix(&[(2, 2, "--")])]);
        assert_eq!(text.as_deref(), Some("b--cdEf"));
        assert_eq!(fixed.applied, [0, 1]);
    }

    #[test]
    fn an_overlapping_fix_waits_as_a_whole() {
        let (text, fixed) = run("abcdef", &[fix(&[(1, 3, "X")]), fix(&[(2, 4, "Y"), (5, 6, "Z")])]);
        assert_eq!(text.as_deref(), Some("aXdef"));
        assert_eq!(fixed.waiting, [1]);
    }

    #[test]
    fn two_different_insertions_at_one_place_wait() {
        let (text, fixed) = run("ab", &[fix(&[(1, 1, "X")]), fix(&[(1, 1, "Y")])]);
        assert_eq!(text.as_deref(), Some("aXb"));
        assert_eq!(fixed.waiting, [1]);
    }

    #[test]
    fn the_same_insertion_is_made_once() {
        let import = (0, 0, "import x\n");
        let (text, fixed) = run("ab", &[fix(&[import, (1, 1, "1")]), fix(&[import, (2, 2, "2")])]);
        assert_eq!(text.as_deref(), Some("import x\na1b2"));
        assert_eq!(fixed.applied, [0, 1]);
    }

    #[test]
    fn neighbours_do_not_overlap() {
        let (text, _) = run("abcd", &[fix(&[(0, 2, "X")]), fix(&[(2, 4, "Y")])]);
        assert_eq!(text.as_deref(), Some("XY"));
    }

    #[test]
    fn a_broken_fix_changes_nothing() {
        for broken in [fix(&[(0, 99, "")]), fix(&[(2, 1, "")]), fix(&[(0, 2, "X"), (1, 3, "Y")])] {
            let (text, fixed) = run("abcdef", &[broken]);
            assert_eq!((text, fixed.broken), (None, vec![0]));
        }
        let (text, fixed) = run("é", &[fix(&[(0, 1, "")])]);
        assert_eq!((text, fixed.broken), (None, vec![0]), "inside a character");
        let mut elsewhere = fix(&[(0, 0, "x")]);
        elsewhere.edits[0].span.file = FileId(7);
        assert_eq!(run("a", &[elsewhere]).1.broken, [0]);
    }

    /// A small generator, so that a failure is the same everywhere.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) as u32 % bound.max(1)
        }
    }

    #[test]
    fn any_set_of_fixes_ends_in_the_text_its_applied_edits_spell() {
        let mut random = Random(7);
        for _ in 0..2_000 {
            let length = random.below(30);
            let text: String = (0..length).map(|_| ['a', 'é', '\n', '🐘'][random.below(4) as usize]).collect();
            let offsets: Vec<u32> =
                text.char_indices().map(|(offset, _)| offset as u32).chain([text.len() as u32]).collect();
            let fixes: Vec<Fix> = (0..random.below(6))
                .map(|_| {
                    let mut edits = Vec::new();
                    for _ in 0..=random.below(2) {
                        let a = offsets[random.below(offsets.len() as u32) as usize];
                        let b = offsets[random.below(offsets.len() as u32) as usize];
                        edits.push((a.min(b), a.max(b), ["", "x", "yy"][random.below(3) as usize]));
                    }
                    fix(&edits)
                })
                .collect();
            let (new, fixed) = run(&text, &fixes);
            let mut seen: Vec<usize> = [&fixed.applied[..], &fixed.waiting, &fixed.broken].concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..fixes.len()).collect::<Vec<_>>(), "every fix is accounted for once");

            // The same outcome built the other way: front to back, copying what lies between.
            let edits: BTreeSet<&Edit> = fixed.applied.iter().flat_map(|index| &fixes[*index].edits).collect();
            let (mut expected, mut at) = (String::new(), 0);
            for edit in &edits {
                assert!(at <= edit.span.start, "applied edits never overlap");
                expected.push_str(&text[at as usize..edit.span.start as usize]);
                expected.push_str(&edit.text);
                at = edit.span.end;
            }
            expected.push_str(&text[at as usize..]);
            assert_eq!(new.unwrap_or_else(|| text.clone()), expected);
            assert!(
                fixed.broken.len() == fixes.len() || !fixed.applied.is_empty(),
                "the first sound fix is never lost"
            );
        }
    }
}
