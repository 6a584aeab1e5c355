//! What the editor shows of names of models and fields: where they are declared, what may be written, what a file or the project holds.

use camino::Utf8Path;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, DocumentSymbol, InlayHint, InlayHintKind, InlayHintLabel,
    Location, Position, Range, SymbolInformation, SymbolKind, TextEdit,
};
use pgwright_diagnostics::Span;
use pgwright_django::model::{Field, Model};
use pgwright_django::references::{CandidateKind, Place, Target, candidates_at, definition as declared, reference_at};

use super::answers::{View, file_named};
use super::convert::Lines;
use super::moved::Moved;
use super::rounds::Round;

const SHOWN_SYMBOLS: usize = 200;

/// A document as it is now, and the round that answers for it.
pub(super) struct Asked<'a> {
    pub(super) view: View<'a>,
    pub(super) round: &'a Round,
    pub(super) path: &'a Utf8Path,
    pub(super) text: &'a str,
}

impl Asked<'_> {
    fn lines(&self) -> Lines {
        Lines::new(self.text, self.view.encoding)
    }

    fn place(&self, offset: u32) -> Place<'_> {
        let reading = &self.round.audit.reading;
        Place { project: &reading.project, files: &reading.files, path: self.path, text: self.text, offset }
    }

    /// Where places of the file that was read are now.
    fn moved(&self) -> Option<(pgwright_diagnostics::FileId, Moved)> {
        let files = &self.round.audit.reading.files;
        let file = file_named(files, self.path)?;
        Some((file, Moved::between(&files.get(file).text, self.text)))
    }
}

/// Where the model or the field that is named at a position is declared.
pub(super) fn definition(asked: &Asked<'_>, position: Position) -> Option<Location> {
    let (_, span) = named(asked, position)?;
    let location = asked.view.location(&asked.round.audit.reading.files, span)?;
    // In the document itself what was typed since has moved it.
    match asked.moved() {
        Some((file, moved)) if file == span.file => {
            let (start, end) = moved.now(span.start, span.end)?;
            Some(Location { range: asked.lines().range(Span::new(file, start, end)), ..location })
        }
        _ => Some(location),
    }
}

/// What a name in a path or a text stands for, in the document's range, and where that is declared.
pub(super) fn named(asked: &Asked<'_>, position: Position) -> Option<(Range, Span)> {
    let lines = asked.lines();
    let reference = reference_at(&asked.place(lines.offset(position)?))?;
    let models = &asked.round.audit.reading.project.models;
    let range = Range::new(lines.position(reference.start), lines.position(reference.end));
    let span = declared(models, &reference.target).or_else(|| {
        // A field that Django adds is declared with its model.
        let (Target::Field(model, _) | Target::Reverse(model, _)) = reference.target else { return None };
        declared(models, &Target::Model(model))
    })?;
    Some((range, span))
}

pub(super) fn completion(asked: &Asked<'_>, position: Position) -> Vec<CompletionItem> {
    let lines = asked.lines();
    let Some(candidates) = lines.offset(position).and_then(|offset| candidates_at(&asked.place(offset))) else {
        return Vec::new();
    };
    let range = Range::new(lines.position(candidates.start), lines.position(candidates.end));
    let item = |(index, candidate): (usize, pgwright_django::references::Candidate)| CompletionItem {
        kind: Some(match candidate.kind {
            CandidateKind::Field => CompletionItemKind::FIELD,
            CandidateKind::Relation => CompletionItemKind::REFERENCE,
            CandidateKind::Lookup => CompletionItemKind::OPERATOR,
            CandidateKind::Model => CompletionItemKind::CLASS,
        }),
        detail: Some(candidate.about),
        // The order they come in says something: editors would sort them by name.
        sort_text: Some(format!("{index:04}")),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, candidate.name.clone()))),
        label: candidate.name,
        ..CompletionItem::default()
    };
    candidates.all.into_iter().enumerate().map(item).collect()
}

/// The models of a document with their fields, in the order of the text.
#[expect(deprecated, reason = "the field has to be given")]
pub(super) fn outline(asked: &Asked<'_>) -> Vec<DocumentSymbol> {
    let Some((file, moved)) = asked.moved() else { return Vec::new() };
    let lines = asked.lines();
    let range = |span: Span| {
        let (start, end) = (span.file == file).then(|| moved.now(span.start, span.end))??;
        Some(lines.range(Span::new(file, start, end)))
    };
    let symbol = |name: &str, detail: String, kind: SymbolKind, whole: Option<Range>, name_at: Range| DocumentSymbol {
        name: name.to_owned(),
        detail: Some(detail),
        kind,
        tags: None,
        deprecated: None,
        // Where the statement is being edited the name alone is sure.
        range: whole.unwrap_or(name_at),
        selection_range: name_at,
        children: None,
    };
    let field = |field: &Field| {
        let site = field.site.as_ref()?;
        let detail = match (&field.db_type, &field.relation) {
            (Some(kind), Some(relation)) => format!("{kind} → {}", relation.to_label),
            (Some(kind), None) => kind.clone(),
            (None, Some(relation)) => format!("→ {}", relation.to_label),
            (None, None) => String::new(),
        };
        Some(symbol(&field.name, detail, SymbolKind::FIELD, range(site.statement), range(site.name)?))
    };
    let models = asked.round.audit.reading.project.models.all.iter().filter(|model| model.origin.is_own());
    let model = |model: &Model| {
        let site = model.site.as_ref()?;
        let detail = if model.abstract_ { "abstract".to_owned() } else { model.table.clone() };
        let mut shown = symbol(&model.name, detail, SymbolKind::CLASS, range(site.statement), range(site.name)?);
        let own = model
            .fields
            .iter()
            .filter(|field| field.site.as_ref().is_some_and(|field| site.statement.contains(field.name)));
        let mut fields: Vec<DocumentSymbol> = own.filter_map(field).collect();
        fields.sort_by_key(|field| field.range.start);
        shown.children = Some(fields);
        Some(shown)
    };
    let mut shown: Vec<DocumentSymbol> = models.filter_map(model).collect();
    shown.sort_by_key(|model| model.range.start);
    shown
}

/// Models and fields of the project with the letters asked for in their label: `shop.log` finds `shop.Log` and `shop.Log.flag`.
#[expect(deprecated, reason = "the field has to be given")]
pub(super) fn symbols(view: &View<'_>, round: &Round, wanted: &str) -> Vec<SymbolInformation> {
    let reading = &round.audit.reading;
    let wanted = wanted.to_lowercase();
    let symbol = |name: &str, kind: SymbolKind, span: Span, container: String| {
        Some(SymbolInformation {
            name: name.to_owned(),
            kind,
            tags: None,
            deprecated: None,
            location: view.location(&reading.files, span)?,
            container_name: Some(container),
        })
    };
    let own = || reading.project.models.all.iter().filter(|model| model.origin.is_own());
    let models = own()
        .filter(|model| model.label().to_lowercase().contains(&wanted))
        .filter_map(|model| symbol(&model.name, SymbolKind::CLASS, model.site.as_ref()?.name, model.app_label.clone()));
    // Without a word all fields of all models would be too many.
    let fields =
        own().filter(|_| !wanted.is_empty()).flat_map(|model| {
            let label = model.label();
            let wanted = &wanted;
            let site = model.site.as_ref().map(|site| site.statement);
            let here = move |field: &&Field| {
                let site = field.site.as_ref().zip(site);
                site.is_some_and(|(field, class)| class.contains(field.name))
                    && format!("{label}.{}", field.name).to_lowercase().contains(wanted.as_str())
            };
            model.fields.iter().filter(here).filter_map(move |field| {
                symbol(&field.name, SymbolKind::FIELD, field.site.as_ref()?.name, model.label())
            })
        });
    models.chain(fields).take(SHOWN_SYMBOLS).collect()
}

/// The column's type behind each field of the models in a range.
pub(super) fn hints(asked: &Asked<'_>, within: Range) -> Vec<InlayHint> {
    let Some((file, moved)) = asked.moved() else { return Vec::new() };
    let lines = asked.lines();
    let fields = asked.round.audit.reading.project.models.all.iter().filter(|model| model.origin.is_own());
    let hint = |field: &Field| {
        let site = field.site.as_ref().filter(|site| site.name.file == file)?;
        let (_, end) = moved.now(site.statement.start, site.statement.end)?;
        let position = lines.position(end);
        if position < within.start || within.end < position {
            return None;
        }
        let null = if field.null { "" } else { " NOT NULL" };
        Some(InlayHint {
            position,
            label: InlayHintLabel::String(format!("{}{null}", field.db_type.as_deref()?)),
            kind: Some(InlayHintKind::TYPE),
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
    };
    let mut hints: Vec<InlayHint> = fields.flat_map(|model| &model.fields).filter_map(hint).collect();
    // Fields of an abstract model are declared once and belong to several.
    hints.sort_by_key(|hint| hint.position);
    hints.dedup_by_key(|hint| hint.position);
    hints
}
