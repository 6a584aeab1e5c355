//! Where text goes: data to stdout or a file, everything else to stderr.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use camino::Utf8Path;

use crate::cli::Color;
use crate::failure::Failure;
use crate::printable::{Sequences, printable};

pub(crate) struct Output {
    color: Color,
    to: To,
}

#[derive(Debug)]
enum To {
    /// Stdout and stderr.
    Process,
    Kept(Mutex<Kept>),
}

/// What a command has said to a server that ran it.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) data: String,
    /// What would have gone to stderr.
    pub(crate) remarks: String,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        Output { color, to: To::Process }
    }

    /// One that keeps what is written, without colour.
    pub(crate) fn kept() -> Self {
        Output { color: Color::Never, to: To::Kept(Mutex::default()) }
    }

    /// What was kept: nothing, where it went to stdout.
    pub(crate) fn into_kept(self) -> Kept {
        match self.to {
            To::Process => Kept::default(),
            To::Kept(kept) => kept.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Whether what goes to stdout is styled.
    pub(crate) fn styled(&self) -> bool {
        self.allows(anstream::AutoStream::choice(&std::io::stdout()))
    }

    fn allows(&self, detected: anstream::ColorChoice) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !matches!(detected, anstream::ColorChoice::Never),
        }
    }

    fn sequences(&self, styled: bool) -> Sequences {
        match (styled, &self.to) {
            (true, To::Process) => Sequences::Colours,
            _ => Sequences::None,
        }
    }

    /// As wide as the terminal, or what is usual in a log.
    pub(crate) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        columns.filter(|columns| *columns >= 40 && std::io::stdout().is_terminal()).unwrap_or(140)
    }

    /// Writes a whole result to stdout.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        let text = &*printable(text, self.sequences(self.styled()));
        if let To::Kept(kept) = &self.to {
            kept.lock().unwrap_or_else(PoisonError::into_inner).data.push_str(text);
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::write("write to", &"stdout", &error),
        })
    }

    /// Writes a whole result to a file, or to stdout when none is given.
    pub(crate) fn data_to(&self, file: Option<&Utf8Path>, text: &str) -> Result<(), Failure> {
        let Some(path) = file else { return self.data(text) };
        std::fs::write(path, printable(text, Sequences::None).as_bytes())
            .map_err(|error| Failure::write("write", &path, &error))
    }

    /// A remark on stderr; that nobody reads it is no error.
    pub(crate) fn remark(&self, text: &str) {
        let styled = self.allows(anstream::AutoStream::choice(&std::io::stderr()));
        let text = printable(text, self.sequences(styled));
        match &self.to {
            To::Process => drop(writeln!(std::io::stderr().lock(), "{text}")),
            To::Kept(kept) => {
                let remarks = &mut kept.lock().unwrap_or_else(PoisonError::into_inner).remarks;
                remarks.push_str(&text);
                remarks.push('\n');
            }
        }
    }

    pub(crate) fn warning(&self, text: &str) {
        let renderer = self.stderr_renderer();
        self.remark(&renderer.render(&[Group::with_title(Level::WARNING.primary_title(text))]));
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let renderer = self.stderr_renderer();
        let rendered = match failure {
            Failure::BrokenPipe => return,
            Failure::Message { message, hints } => {
                let group = Group::with_title(Level::ERROR.primary_title(message));
                format!("{}{}", renderer.render(&[group]), self.hints(hints))
            }
            Failure::InFile { path, text, message, span, hints } => {
                let mut snippet = Snippet::source(text.as_str()).path(path.as_str());
                if let Some(span) = span {
                    snippet = snippet.annotation(AnnotationKind::Primary.span(span.clone()));
                }
                let title = Level::ERROR.primary_title(message);
                let group = if span.is_some() { title.element(snippet) } else { Group::with_title(title) };
                format!("{}{}", renderer.render(&[group]), self.hints(hints))
            }
        };
        self.remark(&rendered);
    }

    fn hints(&self, hints: &[String]) -> String {
        let styled = self.allows(anstream::AutoStream::choice(&std::io::stderr()));
        let word = if styled { "\u{1b}[1m\u{1b}[36mhint\u{1b}[0m" } else { "hint" };
        hints.iter().map(|hint| format!("\n{word}: {hint}")).collect()
    }

    fn stderr_renderer(&self) -> Renderer {
        match self.allows(anstream::AutoStream::choice(&std::io::stderr())) {
            true => Renderer::styled(),
            false => Renderer::plain(),
        }
    }
}
