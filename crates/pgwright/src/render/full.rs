//! The text for people: source, labels, why, help and the fix, in the look of rustc.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};
use pgwright_diagnostics::{Applicability, Diagnostic, Edit, FileId, Fix, Label, Severity};

use super::{Look, Report, summary};

pub(super) fn render(report: &Report, look: Look) -> String {
    let renderer = if look.styled { Renderer::styled() } else { Renderer::plain() }.term_width(look.width);
    let mut text = String::new();
    for diagnostic in report.diagnostics {
        text.push_str(&one(report, diagnostic, &renderer));
        text.push_str("\n\n");
    }
    text + &summary::render(report, look)
}

fn one(report: &Report, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let sources = sources(report, diagnostic);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut elements: Vec<Element> = Vec::new();
    for source in &sources {
        elements.push(source.snippet().annotations(source.annotations()).into());
    }
    if let Some(why) = &diagnostic.why {
        elements.push(Level::NOTE.message(why).into());
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(help).into());
    }
    let mut groups: Vec<Group> = vec![level.primary_title(&diagnostic.headline).id(diagnostic.rule).elements(elements)];
    let patched = diagnostic.fix.as_ref().map(|fix| (fix, patched(report, fix)));
    if let Some((fix, sources)) = &patched {
        let title = match fix.applicability {
            Applicability::Safe => fix.title.clone(),
            Applicability::Unsafe => format!("{} (needs a look)", fix.title),
        };
        let snippets = sources.iter().map(|source| {
            let patches = source.edits.iter().map(|edit| Patch::new(source.range(edit.span), edit.text.as_str()));
            // Patches and annotations are two kinds of snippet.
            Snippet::source(source.text.as_str())
                .line_start(source.first_line)
                .path(source.path.as_str())
                .patches(patches)
        });
        groups.push(Level::HELP.with_name("fix").secondary_title(title).elements(snippets));
    }
    renderer.render(&groups)
}

/// The part of a file that is shown, so that the cost does not grow with the file.
struct Source<'a> {
    path: String,
    text: String,
    /// Byte offset of `text` in the file.
    start: u32,
    first_line: usize,
    labels: Vec<(AnnotationKind, &'a Label)>,
    edits: Vec<&'a Edit>,
}

impl Source<'_> {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        Snippet::source(self.text.as_str()).line_start(self.first_line).path(self.path.as_str())
    }

    fn annotations(&self) -> impl Iterator<Item = Annotation<'_>> {
        self.labels.iter().map(|(kind, label)| {
            let annotation = kind.span(self.range(label.span));
            if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
        })
    }

    fn range(&self, span: pgwright_diagnostics::Span) -> std::ops::Range<usize> {
        let clamp = |offset: u32| (offset.saturating_sub(self.start) as usize).min(self.text.len());
        clamp(span.start)..clamp(span.end).max(clamp(span.start))
    }
}

/// The primary place's file first, then the others in the order they are mentioned.
fn sources<'a>(report: &Report, diagnostic: &'a Diagnostic) -> Vec<Source<'a>> {
    let mut by_file: Vec<(FileId, Vec<(AnnotationKind, &Label)>)> =
        vec![(diagnostic.primary.span.file, vec![(AnnotationKind::Primary, &diagnostic.primary)])];
    for label in &diagnostic.related {
        let item = (AnnotationKind::Context, label);
        match by_file.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push(item),
            None => by_file.push((label.span.file, vec![item])),
        }
    }
    by_file
        .into_iter()
        .map(|(file, labels)| {
            let spans = labels.iter().map(|(_, label)| (label.span.start, label.span.end));
            let mut source = slice(report, file, spans);
            source.labels = labels;
            source
        })
        .collect()
}

fn patched<'a>(report: &Report, fix: &'a Fix) -> Vec<Source<'a>> {
    let mut by_file: Vec<(FileId, Vec<&Edit>)> = Vec::new();
    for edit in &fix.edits {
        match by_file.iter_mut().find(|(file, _)| *file == edit.span.file) {
            Some((_, edits)) => edits.push(edit),
            None => by_file.push((edit.span.file, vec![edit])),
        }
    }
    by_file
        .into_iter()
        .map(|(file, mut edits)| {
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            let mut source = slice(report, file, edits.iter().map(|edit| (edit.span.start, edit.span.end)));
            source.edits = edits;
            source
        })
        .collect()
}

const CONTEXT_LINES: u32 = 2;

fn slice<'a>(report: &Report, id: FileId, spans: impl Iterator<Item = (u32, u32)>) -> Source<'a> {
    let file = report.files.get(id);
    let (start, end) = spans.fold((u32::MAX, 0), |(low, high), (start, end)| (low.min(start), high.max(end)));
    let first = file.position(start).line.saturating_sub(CONTEXT_LINES).max(1);
    let last = file.position(end).line + CONTEXT_LINES;
    let (start, end) = (file.line_span(first).0, file.line_span(last).1);
    let text = file.text.get(start as usize..end as usize).unwrap_or_default();
    Source {
        path: report.path(id),
        text: one_ending_per_line(text),
        start,
        first_line: first as usize,
        labels: Vec::new(),
        edits: Vec::new(),
    }
}

/// The renderer counts only `\n`; a lone `\r` ends a line in Python too. No byte moves.
fn one_ending_per_line(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for index in 0..bytes.len() {
        if bytes[index] == b'\r' && bytes.get(index + 1) != Some(&b'\n') {
            bytes[index] = b'\n';
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
