//! What runs have sent, as one list of queries by place.

use camino::Utf8PathBuf;
use pgwright_diagnostics::{FileId, Span};
use pgwright_python::eval::{Evaluator, Place};
use pgwright_python::value::span;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use super::domain::{Called, Event, NO_MODEL, VARIANTS};
use super::recursion::{Recursion, recursions};
use super::workload::{Certainty, Coverage, Issued, Loop, Origin, Over, Sender, Terminal, Workload};
use crate::model::ModelId;
use crate::templates::lexer::token_end;

/// What makes two events one query: the place and the text, where that is known; in Python code that renders a template, also the
/// place in the template.
type Same = (Span, Option<Span>, Option<Arc<str>>);

/// One entry per place and query, in the order of the files.
pub(super) fn collect(evaluator: &mut Evaluator<'_>, events: impl Iterator<Item = Event>) -> Workload {
    let mut index: FxHashMap<Same, usize> = FxHashMap::default();
    let mut queries: Vec<Issued> = Vec::new();
    let mut templates: FxHashMap<Utf8PathBuf, FileId> = FxHashMap::default();
    for event in events {
        let template = event.template.clone().map(|(file, at)| {
            let id = *templates.entry(file.path.clone()).or_insert_with(|| evaluator.files.share(file.clone()));
            Span::new(id, at, token_end(&file.text, at))
        });
        let (span, anchor, function, called) = match event.at.clone() {
            Some(at) => {
                let range = at.place.range;
                let span = Span::new(at.file, range.start().to_u32(), range.end().to_u32());
                (span, at.place.anchor.to_u32(), at.function, at.called)
            }
            None => match template {
                Some(template) => (template, template.start, "".into(), Called::Python),
                None => continue,
            },
        };
        let looping = event.looping.map(|looping| {
            let range = looping.range;
            let span = Span::new(looping.file, range.start().to_u32(), range.end().to_u32());
            Loop { span, over: looping.over }
        });
        let origin = event.origin.as_deref().and_then(|origin| {
            let (file, Place { range, .. }) = origin.made.or(event.declared)?;
            let made = Span::new(file, range.start().to_u32(), range.end().to_u32());
            Some(Origin { model: origin.model, made, rows: origin.rows, path: origin.path.to_string() })
        });
        let key = (span, template.filter(|_| called != Called::Template), event.sql.clone().ok());
        let confidence = match (&event.sql, event.guessed) {
            (Err(_), _) => Certainty::Unknown,
            (Ok(_), true) => Certainty::Likely,
            (Ok(_), false) => Certainty::Certain,
        };
        if let Some(known) = index.get(&key) {
            let known = &mut queries[*known];
            known.in_loop = most_telling(known.in_loop, looping);
            if let Some(origin) = origin
                && !known.origins.contains(&origin)
            {
                known.origins.push(origin);
            }
            known.confidence = known.confidence.min(confidence);
            known.template = known.template.or(template);
            continue;
        }
        index.insert(key, queries.len());
        queries.push(Issued {
            span,
            anchor,
            function: function.to_string(),
            model: event.model,
            terminal: event.terminal,
            sql: event.sql.as_ref().map(ToString::to_string).map_err(ToString::to_string),
            rows: event.rows,
            in_loop: looping,
            lazy: event.lazy,
            situation: event.situation,
            sender: match called {
                Called::Template | Called::Python => Sender::Code,
                Called::Handler => Sender::Handler,
                Called::View => Sender::View,
            },
            confidence,
            template,
            origins: origin.into_iter().collect(),
        });
    }
    queries.sort_by(|one, other| {
        let path = |issued: &Issued| evaluator.files.path(issued.span.file);
        let template = |issued: &Issued| issued.template.map(|span| (evaluator.files.path(span.file), span.start));
        let key = |issued: &Issued| (issued.anchor, issued.span.start);
        path(one)
            .cmp(path(other))
            .then_with(|| key(one).cmp(&key(other)))
            .then_with(|| one.sql.cmp(&other.sql))
            .then_with(|| template(one).cmp(&template(other)))
    });
    note_recursion(evaluator, &mut queries);
    drop_shadows(&mut queries);
    doubt_places(&mut queries);
    doubt_followers(&mut queries);
    let coverage = coverage(&queries);
    Workload { queries, coverage, ..Workload::default() }
}

/// Of two loops around a place the one that says more; of equals the one seen first.
fn most_telling(one: Option<Loop>, other: Option<Loop>) -> Option<Loop> {
    match (one, other) {
        (Some(known), Some(new)) if new.over < known.over => other,
        (None, _) => other,
        _ => one,
    }
}

/// What a function sends that calls itself in a loop is sent in that loop, where execution did not see it.
fn note_recursion(evaluator: &Evaluator<'_>, queries: &mut [Issued]) {
    let mut once: FxHashMap<FileId, Vec<&mut Issued>> = FxHashMap::default();
    for issued in queries.iter_mut().filter(|issued| issued.in_loop.is_none()) {
        once.entry(issued.span.file).or_default().push(issued);
    }
    for (file, suite) in evaluator.suites() {
        let Some(once) = once.get_mut(&file) else { continue };
        for Recursion { function, over } in recursions(suite) {
            let looping = Loop { span: span(file, over), over: Over::Items };
            let inside = once.iter_mut().filter(|issued| {
                let sent = issued.span;
                (function.start().to_u32()..function.end().to_u32()).contains(&sent.start)
            });
            inside.for_each(|issued| issued.in_loop = issued.in_loop.or(Some(looping)));
        }
    }
}

/// A function that runs without a caller sends queries of models that only its callers know: where these were seen, that says nothing.
fn drop_shadows(queries: &mut Vec<Issued>) {
    let known: FxHashSet<Span> = queries.iter().filter(|issued| issued.sql.is_ok()).map(|issued| issued.span).collect();
    queries.retain(|issued| !matches!(&issued.sql, Err(reason) if reason == NO_MODEL) || !known.contains(&issued.span));
}

/// Texts of one kind at one place from which on the list is taken to be cut short: as many as one call keeps of the combinations of
/// its arguments.
const TEXTS: usize = VARIANTS;

/// What a place sends is certain only where all of it is: not beside something unknown or only likely, because then what decides between them
/// is not known, nor among so many texts that others may have been left out. The statement of a `save()` itself is not decided by what may
/// happen beside it (a tree that is kept, receivers).
fn doubt_places(queries: &mut [Issued]) {
    type At = (Span, Option<Span>);
    let place = |issued: &Issued| -> At { (issued.span, issued.template) };
    let mut unknown: FxHashSet<At> = FxHashSet::default();
    let mut likely: FxHashSet<At> = FxHashSet::default();
    let mut texts: FxHashMap<(At, Terminal), usize> = FxHashMap::default();
    for issued in queries.iter() {
        match issued.confidence {
            Certainty::Certain => {}
            Certainty::Likely => _ = likely.insert(place(issued)),
            Certainty::Unknown => _ = unknown.insert(place(issued)),
        }
        if issued.terminal.reads() {
            *texts.entry((place(issued), issued.terminal)).or_default() += 1;
        }
    }
    for issued in queries.iter_mut().filter(|issued| issued.confidence == Certainty::Certain) {
        let many = texts.get(&(place(issued), issued.terminal)).is_some_and(|texts| *texts >= TEXTS);
        let undecided = issued.terminal != Terminal::Save && likely.contains(&place(issued));
        if many || undecided || unknown.contains(&place(issued)) {
            issued.confidence = Certainty::Likely;
        }
    }
}

/// What rows load is no more certain than the query they come from: another one may have loaded it beside them.
fn doubt_followers(queries: &mut [Issued]) {
    let mut surest: FxHashMap<(Span, ModelId), Certainty> = FxHashMap::default();
    for issued in queries.iter().filter(|issued| issued.terminal.reads()) {
        if let Some(model) = issued.model {
            let surest = surest.entry((issued.span, model)).or_insert(issued.confidence);
            *surest = (*surest).min(issued.confidence);
        }
    }
    let is_doubtful =
        |origin: &Origin| surest.get(&(origin.made, origin.model)).is_some_and(|one| *one > Certainty::Certain);
    for issued in queries.iter_mut().filter(|issued| issued.lazy.is_some() && issued.confidence == Certainty::Certain) {
        if !issued.origins.is_empty() && issued.origins.iter().all(is_doubtful) {
            issued.confidence = Certainty::Likely;
        }
    }
}

/// Places that send queries, and those of them where at least one text is known.
fn coverage(queries: &[Issued]) -> Coverage {
    let mut known: FxHashMap<Span, bool> = FxHashMap::default();
    for issued in queries {
        *known.entry(issued.span).or_default() |= issued.sql.is_ok();
    }
    Coverage { sites: known.len(), resolved: known.values().filter(|known| **known).count() }
}
