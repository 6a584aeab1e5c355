//! Which lines belong together: statements that run over several lines, and the entries of a list in one.

use pgwright_diagnostics::File;

/// The statements of a file and the entries of the displays (`[…]`, `{…}`, `(…)` that is no call) in them.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
}

#[derive(Debug, Clone, Copy)]
struct Scope {
    start: u32,
    end: u32,
    first_line: u32,
    last_line: u32,
    is_statement: bool,
}

/// An open bracket.
struct Open {
    is_display: bool,
    /// First byte of the entry being read, once there is one.
    entry: Option<u32>,
}

impl Scopes {
    /// Whether a comment that speaks of `line` speaks of what starts at `offset`: the innermost list entry around it, or
    /// the first or last line of the whole statement.
    pub(super) fn covers(&self, offset: u32, line: u32) -> bool {
        let around = || self.scopes.iter().filter(|scope| scope.start <= offset && offset <= scope.end);
        let innermost = around().min_by_key(|scope| scope.end - scope.start);
        innermost.is_some_and(|scope| (scope.first_line..=scope.last_line).contains(&line))
            || around().any(|scope| scope.is_statement && (scope.first_line == line || scope.last_line == line))
    }

    pub(super) fn read(file: &File, comments: &[(u32, u32)]) -> Self {
        let mut reader =
            Reader { file, scopes: Vec::new(), open: Vec::new(), statement: None, end: 0, decorated: None };
        let bytes = file.text.as_bytes();
        let mut comments = comments.iter().peekable();
        let mut at = 0;
        while at < bytes.len() {
            while comments.next_if(|comment| (comment.1 as usize) <= at).is_some() {}
            if let Some((start, end)) = comments.peek()
                && *start as usize == at
            {
                at = (*end as usize).max(at + 1);
                continue;
            }
            let byte = bytes[at];
            match byte {
                b'\'' | b'"' => {
                    let end = string_end(bytes, at);
                    reader.token(at, end);
                    at = end;
                }
                b'\\' => at += if bytes.get(at + 1..at + 3) == Some(b"\r\n") { 3 } else { 2 },
                b'\n' | b'\r' => {
                    reader.newline();
                    at += 1;
                }
                b' ' | b'\t' | b'\x0c' => at += 1,
                b'(' | b'[' | b'{' => {
                    reader.token(at, at + 1);
                    let before = bytes[..at].iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map(|at| bytes[at]);
                    let is_call = before.is_some_and(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b')' | b']') || byte > 127
                    });
                    reader.open.push(Open { is_display: byte != b'(' || !is_call, entry: None });
                    at += 1;
                }
                b')' | b']' | b'}' => {
                    reader.entry_ends();
                    reader.open.pop();
                    reader.token(at, at + 1);
                    at += 1;
                }
                b',' => {
                    reader.entry_ends();
                    reader.token_end(at + 1);
                    at += 1;
                }
                _ => {
                    reader.token(at, at + 1);
                    at += 1;
                }
            }
        }
        reader.open.clear();
        reader.newline();
        Scopes { scopes: reader.scopes }
    }
}

struct Reader<'a> {
    file: &'a File,
    scopes: Vec<Scope>,
    open: Vec<Open>,
    /// First byte of the statement being read.
    statement: Option<u32>,
    /// End of the last token.
    end: u32,
    /// A statement's decorators belong to it.
    decorated: Option<u32>,
}

impl Reader<'_> {
    fn token(&mut self, start: usize, end: usize) {
        self.statement.get_or_insert(start as u32);
        if let Some(display) = self.open.last_mut() {
            display.entry.get_or_insert(start as u32);
        }
        self.token_end(end);
    }

    fn token_end(&mut self, end: usize) {
        self.end = end as u32;
    }

    fn entry_ends(&mut self) {
        let end = self.end;
        if let Some(open) = self.open.last_mut()
            && let Some(start) = open.entry.take()
            && open.is_display
        {
            self.push(start, end, false);
        }
    }

    fn newline(&mut self) {
        if !self.open.is_empty() {
            return;
        }
        if let Some(start) = self.statement.take() {
            if self.file.text.as_bytes().get(start as usize) == Some(&b'@') {
                self.decorated.get_or_insert(start);
            } else {
                let start = self.decorated.take().unwrap_or(start);
                self.push(start, self.end, true);
            }
        }
    }

    fn push(&mut self, start: u32, end: u32, is_statement: bool) {
        let (first_line, last_line) = (self.file.position(start).line, self.file.position(end).line);
        self.scopes.push(Scope { start, end, first_line, last_line, is_statement });
    }
}

/// End of the string literal whose quote is at `at`. A single-quoted one that is not closed ends with its line.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let triple = bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote);
    let mut end = if triple { at + 3 } else { at + 1 };
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 1,
            b'\n' | b'\r' if !triple => return end,
            byte if byte == quote => {
                if !triple {
                    return end + 1;
                }
                if bytes.get(end + 1) == Some(&quote) && bytes.get(end + 2) == Some(&quote) {
                    return end + 3;
                }
            }
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}
