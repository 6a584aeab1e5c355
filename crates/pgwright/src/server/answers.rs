//! What the editor shows of a round: pure functions of what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeLens, Command, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString,
    OneOf, OptionalVersionedTextDocumentIdentifier, SymbolInformation, SymbolKind, TextDocumentEdit, TextEdit, Uri,
    WorkspaceEdit,
};
use pgwright_diagnostics::{Applicability, Diagnostic as Finding, FileId, Files, Severity, Span};
use pgwright_django::model::Model;
use pgwright_django::queries::workload::{Certainty, Issued, Over};

use super::convert::{Encoding, Lines, uri_of};
use super::rounds::Round;

/// Texts of one place that a hover shows.
const SHOWN_TEXTS: usize = 3;
const SHOWN_SYMBOLS: usize = 200;

/// Where the project lies, and how the client counts.
pub(super) struct View<'a> {
    pub(super) root: &'a Utf8Path,
    pub(super) encoding: Encoding,
}

impl View<'_> {
    pub(super) fn uri(&self, path: &Utf8Path) -> Option<Uri> {
        uri_of(&self.root.join(path))
    }

    fn lines(&self, files: &Files, file: FileId) -> Lines {
        Lines::new(&files.get(file).text, self.encoding)
    }

    fn location(&self, files: &Files, span: Span) -> Option<Location> {
        Some(Location::new(self.uri(files.path(span.file))?, self.lines(files, span.file).range(span)))
    }
}

/// What each file shows: what the newest round found, and what an earlier one of all rules found in texts that are still the same.
pub(super) fn diagnostics(
    view: &View<'_>,
    newest: &Round,
    whole: Option<&Round>,
) -> BTreeMap<Utf8PathBuf, Vec<Diagnostic>> {
    let mut shown: BTreeMap<Utf8PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    let now: BTreeMap<&Utf8Path, &str> =
        newest.audit.reading.files.iter().map(|(_, file)| (file.path.as_path(), file.text.as_str())).collect();
    let read_now: BTreeSet<&str> = newest.rules.iter().copied().collect();
    let earlier = whole.filter(|whole| !std::ptr::eq(*whole, newest)).map(|whole| {
        let files = &whole.audit.reading.files;
        let still = |finding: &&Finding| {
            let file = files.get(finding.primary.span.file);
            !read_now.contains(finding.rule) && now.get(file.path.as_path()).is_none_or(|text| *text == file.text)
        };
        (files, whole.audit.found.iter().filter(still).collect::<Vec<_>>())
    });
    let newest = (&newest.audit.reading.files, newest.audit.found.iter().collect::<Vec<_>>());
    for (files, found) in std::iter::once(newest).chain(earlier) {
        for finding in found {
            let path = files.path(finding.primary.span.file).to_owned();
            shown.entry(path).or_default().push(diagnostic(view, files, finding));
        }
    }
    shown
}

fn diagnostic(view: &View<'_>, files: &Files, finding: &Finding) -> Diagnostic {
    let mut message = finding.headline.clone();
    for more in finding.why.iter().chain(&finding.help) {
        let _ = write!(message, "\n{more}");
    }
    let related = |label: &pgwright_diagnostics::Label| {
        let location = view.location(files, label.span)?;
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    };
    Diagnostic {
        range: view.lines(files, finding.primary.span.file).range(finding.primary.span),
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Note => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        source: Some("pgwright".to_owned()),
        message,
        related_information: Some(finding.related.iter().filter_map(related).collect()),
        ..Diagnostic::default()
    }
}

/// The fixes of findings that a range touches, in texts that are still what was read.
pub(super) fn actions(
    view: &View<'_>,
    round: &Round,
    path: &Utf8Path,
    range: lsp_types::Range,
    current: &dyn Fn(&Utf8Path) -> Option<(String, i32)>,
) -> Vec<CodeActionOrCommand> {
    let files = &round.audit.reading.files;
    let touches = |finding: &&Finding| {
        let span = finding.primary.span;
        let shown = view.lines(files, span.file).range(span);
        files.path(span.file) == path && shown.start <= range.end && range.start <= shown.end
    };
    let action = |finding: &Finding| {
        let fix = finding.fix.as_ref()?;
        let mut edits: BTreeMap<FileId, Vec<OneOf<TextEdit, lsp_types::AnnotatedTextEdit>>> = BTreeMap::new();
        for edit in &fix.edits {
            let range = view.lines(files, edit.span.file).range(edit.span);
            edits.entry(edit.span.file).or_default().push(OneOf::Left(TextEdit::new(range, edit.text.clone())));
        }
        let changes: Option<Vec<TextDocumentEdit>> = edits
            .into_iter()
            .map(|(file, edits)| {
                let file = files.get(file);
                let open = current(&file.path);
                if open.as_ref().is_some_and(|(text, _)| *text != file.text) {
                    return None;
                }
                let version = open.map(|(_, version)| version);
                let text_document = OptionalVersionedTextDocumentIdentifier { uri: view.uri(&file.path)?, version };
                Some(TextDocumentEdit { text_document, edits })
            })
            .collect();
        Some(CodeActionOrCommand::CodeAction(CodeAction {
            title: fix.title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic(view, files, finding)]),
            edit: Some(WorkspaceEdit {
                document_changes: Some(DocumentChanges::Edits(changes?)),
                ..WorkspaceEdit::default()
            }),
            is_preferred: Some(fix.applicability == Applicability::Safe),
            ..CodeAction::default()
        }))
    };
    round.audit.found.iter().filter(touches).filter_map(action).collect()
}

fn file_named(files: &Files, path: &Utf8Path) -> Option<FileId> {
    files.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
}

/// What is known of the query, the model or the field at a position of a text that is still what was read.
pub(super) fn hover(
    view: &View<'_>,
    round: &Round,
    path: &Utf8Path,
    position: lsp_types::Position,
    text: &str,
) -> Option<Hover> {
    let reading = &round.audit.reading;
    let file = file_named(&reading.files, path)?;
    if reading.files.get(file).text != text {
        return None;
    }
    let lines = view.lines(&reading.files, file);
    let offset = lines.offset(position)?;
    let at = Span::new(file, offset, offset);
    let (span, value) = of_model(round, at).or_else(|| of_query(round, at))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
        range: Some(lines.range(span)),
    })
}

fn of_query(round: &Round, at: Span) -> Option<(Span, String)> {
    let project = &round.audit.reading.project;
    let around = project.workload.queries.iter().filter(|issued| issued.span.contains(at));
    let span = around.map(|issued| issued.span).min_by_key(|span| span.end - span.start)?;
    let here: Vec<&Issued> = project.workload.queries.iter().filter(|issued| issued.span == span).collect();
    let mut text = String::new();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for issued in &here {
        match &issued.sql {
            Ok(sql) if shown.len() < SHOWN_TEXTS && shown.insert(sql) => {
                let model = issued.model.map_or_else(String::new, |model| project.models.get(model).label());
                let often = match issued.in_loop.map(|inner| inner.over) {
                    None => "",
                    Some(Over::Rows) => ", once per row of a loop",
                    Some(Over::Items | Over::Condition) => ", once per round of a loop",
                };
                let lazily = if issued.lazy.is_some() { ", on access" } else { "" };
                let sure = if issued.confidence == Certainty::Certain { "" } else { " (likely)" };
                let _ = write!(text, "**{model}**{lazily}{often}{sure}\n\n```sql\n{sql}\n```\n\n");
            }
            Ok(_) => {}
            Err(reason) if here.len() == 1 => {
                let _ = write!(text, "The query is not known: {reason}\n\n");
            }
            Err(_) => {}
        }
    }
    let texts: BTreeSet<&str> = here.iter().filter_map(|issued| issued.sql.as_deref().ok()).collect();
    if texts.len() > shown.len() {
        let _ = writeln!(text, "and {} more", texts.len() - shown.len());
    }
    (!text.is_empty()).then_some((span, text))
}

fn of_model(round: &Round, at: Span) -> Option<(Span, String)> {
    let models = &round.audit.reading.project.models;
    models.all.iter().filter(|model| model.origin.is_own()).find_map(|model| {
        if let Some(site) = model.site.as_ref().filter(|site| site.name.contains(at)) {
            return Some((site.name, about(round, model)));
        }
        let field = model.fields.iter().find(|field| field.site.as_ref().is_some_and(|site| site.name.contains(at)))?;
        let (column, kind) = (field.column.as_deref()?, field.db_type.as_deref()?);
        let null = if field.null { "" } else { " NOT NULL" };
        let mut text = format!("```sql\n\"{}\".\"{column}\" {kind}{null}\n```\n", model.table);
        let indexes = model
            .indexes
            .iter()
            .filter(|index| index.fields.iter().any(|name| name.trim_start_matches('-') == field.name));
        let names: Vec<String> = indexes.map(|index| format!("`{}`", index.name)).collect();
        let own = if field.unique {
            Some("unique")
        } else if field.db_index {
            Some("indexed")
        } else {
            None
        };
        let all: Vec<&str> = own.into_iter().chain(names.iter().map(String::as_str)).collect();
        let _ = write!(
            text,
            "\n{}\n",
            if all.is_empty() { "in no index of `Meta.indexes`".to_owned() } else { all.join(", ") }
        );
        Some((field.site.as_ref()?.name, text))
    })
}

fn about(round: &Round, model: &Model) -> String {
    let mut text = format!("```sql\n\"{}\"\n", model.table);
    for field in model.local_columns() {
        let null = if field.null { "" } else { " NOT NULL" };
        let _ = writeln!(
            text,
            "  \"{}\" {}{null}",
            field.column.as_deref().unwrap_or_default(),
            field.db_type.as_deref().unwrap_or("?")
        );
    }
    text.push_str("```\n");
    let places = places(round, model);
    let _ = write!(
        text,
        "\n{}, {} in `Meta`; asked from {}\n",
        plural(model.indexes.len(), "index", "indexes"),
        plural(model.constraints.len(), "constraint", "constraints"),
        plural(places, "place", "places")
    );
    text
}

/// How many places send queries of the model: none where the code was not executed.
fn places(round: &Round, model: &Model) -> usize {
    let queries = &round.audit.reading.project.workload.queries;
    let spans: BTreeSet<(FileId, u32)> = queries
        .iter()
        .filter(|issued| issued.model == Some(model.id))
        .map(|issued| (issued.span.file, issued.span.start))
        .collect();
    spans.len()
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A line above each model of a text that is still what was read.
pub(super) fn lenses(view: &View<'_>, round: &Round, path: &Utf8Path, text: &str) -> Vec<CodeLens> {
    let reading = &round.audit.reading;
    let Some(file) = file_named(&reading.files, path).filter(|file| reading.files.get(*file).text == text) else {
        return Vec::new();
    };
    let lines = view.lines(&reading.files, file);
    let lens = |model: &Model| {
        let site = model.site.as_ref().filter(|site| site.name.file == file)?;
        let title = format!(
            "{} · {} · {} · {}",
            model.table,
            plural(model.indexes.len(), "index", "indexes"),
            plural(model.constraints.len(), "constraint", "constraints"),
            plural(places(round, model), "place that queries it", "places that query it")
        );
        let command = Command { title, command: String::new(), arguments: None };
        Some(CodeLens { range: lines.range(site.name), command: Some(command), data: None })
    };
    let own = reading.project.models.all.iter().filter(|model| model.origin.is_own() && model.has_table());
    own.filter_map(lens).collect()
}

/// Models of the project whose label has the letters asked for.
#[expect(deprecated, reason = "the field has to be given")]
pub(super) fn symbols(view: &View<'_>, round: &Round, wanted: &str) -> Vec<SymbolInformation> {
    let reading = &round.audit.reading;
    let wanted = wanted.to_lowercase();
    let own = reading.project.models.all.iter().filter(|model| model.origin.is_own());
    let symbol = |model: &Model| {
        let site = model.site.as_ref()?;
        Some(SymbolInformation {
            name: model.name.clone(),
            kind: SymbolKind::CLASS,
            tags: None,
            deprecated: None,
            location: view.location(&reading.files, site.name)?,
            container_name: Some(model.app_label.clone()),
        })
    };
    own.filter(|model| model.label().to_lowercase().contains(&wanted)).filter_map(symbol).take(SHOWN_SYMBOLS).collect()
}
