//! What source code says must not command the terminal that shows it, nor hide from who reads it.

use std::borrow::Cow;

/// Which escape sequences a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequences {
    None,
    /// Those our own renderers make: colours and weights.
    Colours,
}

/// The text with every control character, and every one that turns the direction of writing, as `\u001b`: visible, and in a JSON string the
/// same character.
pub(crate) fn printable(text: &str, allowed: Sequences) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(is_hidden) {
        printable.push_str(&rest[..at]);
        rest = &rest[at..];
        let kept = match allowed {
            Sequences::Colours => colour(rest),
            Sequences::None => 0,
        };
        let kept = if rest.starts_with("\r\n") { 1 } else { kept };
        let taken = if kept > 0 {
            printable.push_str(&rest[..kept]);
            kept
        } else {
            let hidden = rest.chars().next().unwrap_or_default();
            printable.push_str(&format!("\\u{:04x}", u32::from(hidden)));
            hidden.len_utf8()
        };
        rest = &rest[taken..];
    }
    printable.push_str(rest);
    Cow::Owned(printable)
}

/// Line ends, tabs and form feeds are ordinary in source code.
fn is_hidden(char: char) -> bool {
    let turns = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (char.is_control() && !matches!(char, '\n' | '\t' | '\u{c}'))
}

/// The length of the sequence at the beginning that sets colours or weight: 0 for none, and for those that conceal, blink or invert.
fn colour(text: &str) -> usize {
    let Some((codes, _)) = text.strip_prefix("\u{1b}[").and_then(|text| text.split_once('m')) else { return 0 };
    let is_plain = |code: &str| !matches!(code.trim_start_matches('0'), "5" | "6" | "7" | "8");
    let mut codes_after = codes.split(';');
    // `38;5;8` is a colour: what follows 38 and 48 is no weight.
    let sound = codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
        && (matches!(codes_after.next(), Some("38" | "48")) || codes.split(';').all(is_plain));
    if sound { "\u{1b}[".len() + codes.len() + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{Sequences, printable};
    use std::borrow::Cow;

    #[test]
    fn ordinary_texts_stay_as_they_are() {
        for text in ["", "SELECT 'ü'\n\tx\r\n\u{c}", "日本 😀"] {
            assert!(
                matches!(printable(text, Sequences::None), Cow::Borrowed(same) if same == text) || text.contains('\r')
            );
            assert_eq!(printable(text, Sequences::None), text);
        }
    }

    #[test]
    fn what_commands_a_terminal_becomes_visible() {
        let hostile = "a\u{1b}]0;title\u{7}b\u{1b}[2Jc\rd\u{9b}31me\u{202e}f\u{7f}";
        let shown = r"a\u001b]0;title\u0007b\u001b[2Jc\u000dd\u009b31me\u202ef\u007f";
        assert_eq!(printable(hostile, Sequences::None), shown);
        assert_eq!(printable(hostile, Sequences::Colours), shown);
    }

    #[test]
    fn colours_stay_where_they_are_ours() {
        let styled = "\u{1b}[1m\u{1b}[38;5;9mred\u{1b}[0m";
        assert_eq!(printable(styled, Sequences::Colours), styled);
        assert_eq!(printable("\u{1b}[0mx", Sequences::None), r"\u001b[0mx");
        assert_eq!(printable("\u{1b}[8mx\u{1b}[1;07m", Sequences::Colours), r"\u001b[8mx\u001b[1;07m");
    }

    #[test]
    fn json_says_the_same() {
        let text = serde_json::to_string("a\u{1b}\u{7f}\u{202e}").expect("JSON");
        let shown = printable(&text, Sequences::None);
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), "a\u{1b}\u{7f}\u{202e}");
    }
}
