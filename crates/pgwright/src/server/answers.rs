//! What the editor shows of a round: pure functions of what was read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeLens, Command, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString,
    OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use pgwright_diagnostics::{Applicability, Diagnostic as Finding, FileId, Files, Severity, Span};
use pgwright_django::Extent;
use pgwright_django::model::Model;
use pgwright_django::queries::workload::{Certainty, Issued, Over};
use pgwright_rules::Size;
use pgwright_schema::ConstraintKind;

use super::convert::{Encoding, Lines, uri_of};
use super::moved::Moved;
use super::names::{self, Asked};
use super::rounds::Round;

/// Texts of one place that a hover shows.
const SHOWN_TEXTS: usize = 3;

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

    pub(super) fn location(&self, files: &Files, span: Span) -> Option<Location> {
        Some(Location::new(self.uri(files.path(span.file))?, self.lines(files, span.file).range(span)))
    }
}

/// Places of a round's texts in the texts as they are now. The lines of each file are counted once.
struct Placed<'a, 't> {
    view: &'a View<'a>,
    files: &'a Files,
    now: &'a dyn Fn(&Utf8Path) -> Option<&'t str>,
    counted: RefCell<BTreeMap<FileId, Rc<(Lines, Moved)>>>,
}

impl<'a, 't> Placed<'a, 't> {
    fn new(view: &'a View<'a>, files: &'a Files, now: &'a dyn Fn(&Utf8Path) -> Option<&'t str>) -> Placed<'a, 't> {
        Placed { view, files, now, counted: RefCell::default() }
    }

    /// None where the text was edited since.
    fn range(&self, span: Span) -> Option<lsp_types::Range> {
        let counted = self.counted.borrow().get(&span.file).cloned();
        let counted = counted.unwrap_or_else(|| {
            let file = self.files.get(span.file);
            let text = (self.now)(&file.path).unwrap_or(&file.text);
            let counted = Rc::new((Lines::new(text, self.view.encoding), Moved::between(&file.text, text)));
            self.counted.borrow_mut().insert(span.file, counted.clone());
            counted
        });
        let (lines, moved) = &*counted;
        let (start, end) = moved.now(span.start, span.end)?;
        Some(lines.range(Span::new(span.file, start, end)))
    }
}

/// What each file shows: what the newest round found, and what an earlier one found by other rules. Findings move with what is typed
/// before them, and those in the edited stretch itself are not shown until the next round.
pub(super) fn diagnostics<'a>(
    view: &'a View<'a>,
    newest: &'a Round,
    whole: Option<&'a Round>,
    open: &'a dyn Fn(&Utf8Path) -> Option<&'a str>,
) -> BTreeMap<Utf8PathBuf, Vec<Diagnostic>> {
    let mut shown: BTreeMap<Utf8PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    let texts: BTreeMap<&Utf8Path, &str> =
        newest.audit.reading.files.iter().map(|(_, file)| (file.path.as_path(), file.text.as_str())).collect();
    let now = |path: &Utf8Path| open(path).or_else(|| texts.get(path).copied());
    let mut show = |round: &Round, findings: &mut dyn Iterator<Item = &Finding>| {
        let files = &round.audit.reading.files;
        let placed = Placed::new(view, files, &now);
        for finding in findings {
            let path = files.path(finding.primary.span.file).to_owned();
            shown.entry(path).or_default().extend(diagnostic(&placed, finding));
        }
    };
    show(newest, &mut newest.audit.found.iter());
    if let Some(whole) = whole.filter(|whole| !std::ptr::eq(*whole, newest)) {
        // What is no rule's, such as a syntax error, each round finds.
        let others = |found: &&Finding| whole.rules.contains(&found.rule) && !newest.rules.contains(&found.rule);
        show(whole, &mut whole.audit.found.iter().filter(others));
    }
    shown
}

fn diagnostic(placed: &Placed<'_, '_>, finding: &Finding) -> Option<Diagnostic> {
    let mut message = finding.headline.clone();
    for more in finding.why.iter().chain(&finding.help) {
        let _ = write!(message, "\n{more}");
    }
    let related = |label: &pgwright_diagnostics::Label| {
        let uri = placed.view.uri(placed.files.path(label.span.file))?;
        let location = Location::new(uri, placed.range(label.span)?);
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    };
    Some(Diagnostic {
        range: placed.range(finding.primary.span)?,
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
    })
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
    let as_read = |_: &Utf8Path| None;
    let placed = Placed::new(view, files, &as_read);
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
            diagnostics: Some(diagnostic(&placed, finding).into_iter().collect()),
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

pub(super) fn file_named(files: &Files, path: &Utf8Path) -> Option<FileId> {
    files.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
}

/// What is known of the query, the model or the field at a position, or of what a name there stands for.
pub(super) fn hover(asked: &Asked<'_>, position: lsp_types::Position) -> Option<Hover> {
    let Asked { view, round, path, text } = asked;
    let markup = |value| HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    if let Some((range, span)) = names::named(asked, position)
        && let Some((_, value)) = of_model(round, span)
    {
        return Some(Hover { contents: markup(value), range: Some(range) });
    }
    let files = &round.audit.reading.files;
    let file = file_named(files, path)?;
    let lines = Lines::new(text, view.encoding);
    let moved = Moved::between(&files.get(file).text, text);
    let offset = moved.before(lines.offset(position)?)?;
    let at = Span::new(file, offset, offset);
    let (span, value) = of_model(round, at).or_else(|| of_query(round, at))?;
    let (start, end) = moved.now(span.start, span.end)?;
    Some(Hover { contents: markup(value), range: Some(lines.range(Span::new(file, start, end))) })
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
        let indexes = indexes(round, model).unwrap_or_default();
        let with = |(name, columns): &(&str, Vec<&str>)| columns.contains(&column).then(|| format!("`{name}`"));
        let names: Vec<String> = indexes.iter().filter_map(with).collect();
        let said = if names.is_empty() { "in no index".to_owned() } else { format!("in {}", names.join(", ")) };
        let _ = write!(text, "\n{said}\n");
        if round.extent == Extent::Workload {
            let mention = format!("\"{}\".\"{column}\"", model.table);
            let conditions = |sql: &str| {
                let rest = sql.find(" WHERE ").or_else(|| sql.find(" ORDER BY ")).map(|at| &sql[at..]);
                rest.is_some_and(|rest| rest.contains(&mention))
            };
            let asking = places_of(round, |issued| issued.sql.as_deref().is_ok_and(conditions));
            let _ = write!(text, "\nfiltered or ordered by in {}\n", plural(asking.len(), "place", "places"));
            list(&mut text, &asking);
        }
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
    let _ = write!(text, "\n{}\n", summary(round, model));
    list(&mut text, &places_of(round, |issued| issued.model == Some(model.id)));
    text
}

/// Functions that send queries, with how many of them a hover names.
const SHOWN_FUNCTIONS: usize = 5;

fn list(text: &mut String, places: &BTreeMap<(FileId, u32), &str>) {
    let functions: BTreeSet<&str> = places.values().copied().filter(|name| !name.is_empty()).collect();
    for function in functions.iter().take(SHOWN_FUNCTIONS) {
        let _ = write!(text, "\n- `{function}`");
    }
    if functions.len() > SHOWN_FUNCTIONS {
        let _ = write!(text, "\n- and {} more", functions.len() - SHOWN_FUNCTIONS);
    }
    text.push('\n');
}

/// Places that send such queries, each with its function: none where the code was not executed.
fn places_of(round: &Round, asked: impl Fn(&Issued) -> bool) -> BTreeMap<(FileId, u32), &str> {
    let queries = round.audit.reading.project.workload.queries.iter().filter(|issued| asked(issued));
    queries.map(|issued| ((issued.span.file, issued.span.start), issued.function.as_str())).collect()
}

fn places(round: &Round, model: &Model) -> usize {
    places_of(round, |issued| issued.model == Some(model.id)).len()
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A line above each model: how large its table is and who says so, its indexes, the places that query it.
pub(super) fn lenses(asked: &Asked<'_>) -> Vec<CodeLens> {
    let Asked { view, round, path, text } = asked;
    let reading = &round.audit.reading;
    let Some(file) = file_named(&reading.files, path) else { return Vec::new() };
    let lines = Lines::new(text, view.encoding);
    let moved = Moved::between(&reading.files.get(file).text, text);
    let lens = |model: &Model| {
        let site = model.site.as_ref().filter(|site| site.name.file == file)?;
        let (start, end) = moved.now(site.name.start, site.name.end)?;
        let command = Command { title: summary(round, model), command: String::new(), arguments: None };
        Some(CodeLens { range: lines.range(Span::new(file, start, end)), command: Some(command), data: None })
    };
    let own = reading.project.models.all.iter().filter(|model| model.origin.is_own() && model.has_table());
    own.filter_map(lens).collect()
}

/// `~1.2 M rows · 3 indexes · queried from 41 places`.
fn summary(round: &Round, model: &Model) -> String {
    let size = round.sizes.of(model);
    let size = match size {
        Size::Measured(rows) => format!("~{} rows", short(rows)),
        Size::Stated(rows) => format!("{} rows (as configured)", short(rows)),
        Size::Assumed => format!("~{} rows (assumed)", short(size.rows())),
    };
    let indexes = match indexes(round, model) {
        Some(names) => plural(names.len(), "index", "indexes"),
        None => "indexes not known".to_owned(),
    };
    let places = match round.extent {
        Extent::Workload => format!("queried from {}", plural(places(round, model), "place", "places")),
        _ => "queries not read yet".to_owned(),
    };
    format!("{size} · {indexes} · {places}")
}

/// `950`, `12 k`, `1.2 M`, `3.4 G`.
fn short(rows: u64) -> String {
    let (unit, name) = match rows {
        0..1_000 => return rows.to_string(),
        1_000..1_000_000 => (1e3, "k"),
        1_000_000..1_000_000_000 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    let value = rows as f64 / unit;
    if value < 10.0 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
}

/// Names of the indexes of a model's table, those of its keys and unique constraints among them, each with its columns.
fn indexes<'a>(round: &'a Round, model: &Model) -> Option<Vec<(&'a str, Vec<&'a str>)>> {
    let table = round.audit.reading.project.own_schema().schema.table(&model.table)?;
    let of_constraints = table.constraints.iter().filter_map(|constraint| {
        let columns: Vec<&str> = match &constraint.kind {
            ConstraintKind::Check { .. } | ConstraintKind::ForeignKey(_) => return None,
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                columns.iter().map(String::as_str).collect()
            }
            ConstraintKind::Exclusion(exclusion) => {
                exclusion.elements.iter().filter_map(|(key, _)| key.as_column()).collect()
            }
        };
        Some((constraint.name.as_str(), columns))
    });
    let own = table.indexes.iter().map(|index| (index.name.as_str(), index.columns()));
    Some(of_constraints.chain(own).collect())
}
