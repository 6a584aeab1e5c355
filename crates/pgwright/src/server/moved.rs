//! Places of a text that was read, in the text as it is now.

/// A text and a later one that differs from it in one stretch: what one edit, or several near each other, make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    /// Bytes that both begin with.
    prefix: u32,
    /// Bytes after that which only the old text has, and only the new one.
    old: u32,
    new: u32,
}

impl Moved {
    pub(super) fn between(old: &str, new: &str) -> Moved {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let rest = old.len().min(new.len()) - prefix;
        let suffix = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let size = |length: usize| u32::try_from(length - prefix - suffix).unwrap_or(u32::MAX);
        Moved { prefix: u32::try_from(prefix).unwrap_or(u32::MAX), old: size(old.len()), new: size(new.len()) }
    }

    /// Where a stretch of the old text is now; none where it was edited.
    pub(super) fn now(self, start: u32, end: u32) -> Option<(u32, u32)> {
        let after = self.prefix + self.old;
        match () {
            () if end <= self.prefix => Some((start, end)),
            () if start >= after => Some((start - self.old + self.new, end - self.old + self.new)),
            () => None,
        }
    }

    /// Where an offset of the new text was; none where it was edited.
    pub(super) fn before(self, offset: u32) -> Option<u32> {
        Moved { prefix: self.prefix, old: self.new, new: self.old }.now(offset, offset).map(|(start, _)| start)
    }
}

#[cfg(test)]
mod tests {
    use super::Moved;

    #[test]
    fn places_move_with_what_is_typed_before_them() {
        let moved = Moved::between("abc = 1\ndef = 2\n", "abc = 100\ndef = 2\n");
        assert_eq!(moved.now(0, 3), Some((0, 3)));
        assert_eq!(moved.now(8, 11), Some((10, 13)));
        assert_eq!(moved.now(0, 16), None, "what was edited itself has no place");
        assert_eq!(moved.before(10), Some(8));
        for text in ["", "a", "aaaa"] {
            let same = Moved::between(text, text);
            assert_eq!(same.now(0, text.len() as u32), Some((0, text.len() as u32)));
        }
        assert_eq!(Moved::between("aa", "aaa").now(2, 2), Some((2, 2)));
        assert_eq!(Moved::between("aaa", "a").before(1), Some(1));
    }
}
