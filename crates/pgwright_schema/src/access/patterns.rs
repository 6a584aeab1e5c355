//! What a pattern fixes of the text it matches (`utils/adt/like_support.c`).

use crate::terms::{Kind, Pattern, Term, text_value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prefix {
    /// No wildcard: the pattern is the text.
    Exact,
    /// Text begins with this.
    Partial,
    None,
    /// The pattern is not known.
    Unknown,
    /// The pattern is computed when the statement runs.
    NotConstant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternKind {
    Like,
    LikeIgnoringCase,
    Regex,
    RegexIgnoringCase,
    StartsWith,
}

impl PatternKind {
    pub(super) fn of(operator: &str) -> Option<PatternKind> {
        Some(match operator {
            "~~" => PatternKind::Like,
            "~~*" => PatternKind::LikeIgnoringCase,
            "~" => PatternKind::Regex,
            "~*" => PatternKind::RegexIgnoringCase,
            "^@" => PatternKind::StartsWith,
            _ => return None,
        })
    }
}

/// What the pattern of `text op pattern` fixes.
pub(super) fn fixed_prefix(kind: PatternKind, pattern: &Term) -> Prefix {
    if let Kind::Parameter { pattern, .. } = find_parameter(pattern).map_or(&pattern.kind, |term| &term.kind) {
        return match pattern {
            Some(Pattern::Prefix) => Prefix::Partial,
            Some(Pattern::Unanchored) => Prefix::None,
            None => Prefix::Unknown,
        };
    }
    if !pattern.is_plan_constant() {
        return Prefix::NotConstant;
    }
    match text_value(pattern) {
        Some(text) => text_prefix(kind, &text),
        None => Prefix::Unknown,
    }
}

/// The parameter that decides how the pattern begins: itself, or in `upper(%s)`, or first in a concatenation.
fn find_parameter(pattern: &Term) -> Option<&Term> {
    match &pattern.kind {
        Kind::Parameter { .. } => Some(pattern),
        Kind::Function { name, args, .. } if matches!(name.as_ref(), "upper" | "lower" | "replace") => {
            find_parameter(args.first()?)
        }
        Kind::Cast { arg, .. } => find_parameter(arg),
        _ => None,
    }
}

fn text_prefix(kind: PatternKind, pattern: &str) -> Prefix {
    match kind {
        PatternKind::StartsWith => Prefix::Partial,
        PatternKind::Like | PatternKind::LikeIgnoringCase => {
            let ignoring_case = kind == PatternKind::LikeIgnoringCase;
            let mut fixed = 0;
            let mut characters = pattern.chars();
            while let Some(character) = characters.next() {
                let character = match character {
                    '%' | '_' => return if fixed > 0 { Prefix::Partial } else { Prefix::None },
                    '\\' => match characters.next() {
                        Some(escaped) => escaped,
                        None => break,
                    },
                    other => other,
                };
                if ignoring_case && character.is_alphabetic() {
                    return if fixed > 0 { Prefix::Partial } else { Prefix::None };
                }
                fixed += 1;
            }
            if ignoring_case && fixed == 0 { Prefix::None } else { Prefix::Exact }
        }
        PatternKind::Regex | PatternKind::RegexIgnoringCase => regex_prefix(kind, pattern),
    }
}

fn regex_prefix(kind: PatternKind, pattern: &str) -> Prefix {
    let Some(rest) = pattern.strip_prefix('^') else { return Prefix::None };
    // Alternatives at the top level have no common prefix that PostgreSQL would find.
    if rest.contains('|') {
        return Prefix::None;
    }
    let special = |character: char| ".[]()*+?{}\\$|^".contains(character);
    let mut fixed = 0;
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '$' && characters.peek().is_none() {
            return Prefix::Exact;
        }
        let literal = match character {
            '\\' => match characters.next() {
                Some(escaped) if !escaped.is_alphanumeric() => true,
                _ => break,
            },
            other => !special(other),
        };
        let optional = characters.peek().is_some_and(|next| matches!(next, '*' | '?' | '{'));
        let folded = kind == PatternKind::RegexIgnoringCase && character.is_alphabetic();
        if !literal || optional || folded {
            break;
        }
        fixed += 1;
    }
    if fixed > 0 { Prefix::Partial } else { Prefix::None }
}

#[cfg(test)]
mod tests {
    use super::{PatternKind, Prefix, text_prefix};

    #[test]
    fn prefixes_are_those_postgresql_finds() {
        let cases = [
            (PatternKind::Like, "abc%", Prefix::Partial),
            (PatternKind::Like, "abc", Prefix::Exact),
            (PatternKind::Like, "%abc", Prefix::None),
            (PatternKind::Like, "a\\_b\\%%", Prefix::Partial),
            (PatternKind::LikeIgnoringCase, "abc%", Prefix::None),
            (PatternKind::LikeIgnoringCase, "12a%", Prefix::Partial),
            (PatternKind::Regex, "^abc", Prefix::Partial),
            (PatternKind::Regex, "^abc$", Prefix::Exact),
            (PatternKind::Regex, "abc", Prefix::None),
            (PatternKind::Regex, "^a*b", Prefix::None),
            (PatternKind::RegexIgnoringCase, "^abc", Prefix::None),
        ];
        for (kind, pattern, expected) in cases {
            assert_eq!(text_prefix(kind, pattern), expected, "{pattern}");
        }
    }
}
