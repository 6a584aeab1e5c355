//! Where execution starts: every function and method of the project, and what frameworks call of a class.

use camino::Utf8PathBuf;
use pgwright_diagnostics::{FileId, Span};
use pgwright_python::eval::{Branches, Evaluator, Reached};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, Definition, Descriptor, Function, FunctionId, ModuleId, Name, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::domain::{
    Assumptions, Called, Caller, Event, Heard, Known, NO_MODEL, Orm, Own, Parameter, Run, Seen, Shared, Trust,
};
use super::serving::Serving;
use super::workload::{Certainty, Coverage, Issued, Situation, Terminal, Workload};
use crate::project::App;
use crate::templates::lexer::token_end;

/// Steps that one entry may take.
const FUEL: u32 = 40_000;
/// Entries that a worker takes at once.
const TOGETHER: usize = 8;
/// Stack of one worker, in bytes of address space.
const STACK: usize = 1 << 29;
/// Classes that inherit a method, for which it is executed in any case.
const HEIRS: usize = 8;
/// And where what it writes depends on the class.
const MANY_HEIRS: usize = 64;

/// One function to execute, for one class where it is a method.
#[derive(Debug, Clone, Copy)]
struct Start {
    function: FunctionId,
    receiver: Receiver,
    situation: Situation,
    caller: Caller,
    turn: Turn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    /// One more heir of a method: only if it writes something else for each of the first.
    IfHeirsDiffer,
}

#[derive(Debug, Clone, Copy)]
enum Receiver {
    None,
    Instance(ClassId),
    Class(ClassId),
    /// A receiver of a signal, by its place in [`Heard::runs`].
    Signal(usize),
}

/// Whether a module is a test or a migration: what it does is not what production does.
pub(crate) fn is_test_or_migration(module: &str) -> bool {
    module.split('.').any(|part| {
        matches!(part, "tests" | "test" | "testing" | "migrations" | "conftest" | "testutils" | "test_utils")
            || part.starts_with("test_")
            || part.ends_with("_test")
            || part.ends_with("_tests")
    })
}

/// Executes everything the project can be asked to do, and lists the queries met.
///
/// In rounds: the first runs every function with what is known of its parameters. What callers were seen to give is used in the
/// second, by those that had to do without. The third takes conditions as open in functions that were not executed whole.
pub(crate) fn execute<'a>(
    evaluator: &mut Evaluator<'a>,
    known: &Known,
    heard: &Heard,
    apps: &[App],
    orms: impl Fn(Shared, Arc<Serving<'a>>) -> Orm<'a>,
) -> Workload {
    let mut starts = starts(evaluator, known);
    let received = heard.runs.iter().enumerate().filter_map(|(at, run)| {
        let function = heard.receivers.get(run.receiver)?.function()?;
        let receiver = Receiver::Signal(at);
        let (situation, turn, caller) = (Situation::Other, Turn::First, Caller::Anybody);
        Some(Start { function, receiver, situation, turn, caller })
    });
    starts.extend(received);
    let serving = Arc::new(Serving::of(evaluator, apps));
    let shared = Shared::of(evaluator);
    let workers = rayon::current_num_threads().clamp(1, 8);
    evaluator.branches = Branches::Join;
    let handlers = handlers(evaluator, &Arc::new(orms(shared, serving.clone())));
    let worker = |evaluator: Evaluator<'a>| {
        let orm = Arc::new(orms(shared, serving.clone()).with_handlers(handlers.clone()));
        Worker { evaluator, orm }
    };
    let mut workers: Vec<Worker<'a>> = (0..workers).map(|_| worker(evaluator.fork())).collect();
    evaluator.branches = Branches::FirstKnown;
    for worker in &mut workers {
        worker.evaluator.domain = Some(worker.orm.clone());
    }

    let first = (0..starts.len()).filter(|at| starts[*at].turn == Turn::First).collect::<Vec<_>>();
    let mut outcomes = round(&mut workers, &starts, &first, Trust::Sound);
    let more = where_heirs_differ(&starts, &outcomes);
    outcomes.extend(round(&mut workers, &starts, &more, Trust::Sound));

    let seen = Arc::new(Seen::joined(workers.iter().map(|worker| worker.orm.take_seen())));
    let informed: Vec<usize> =
        outcomes.iter().filter(|one| one.wanted.iter().any(|wanted| seen.knows(wanted))).map(|one| one.start).collect();
    workers.iter().for_each(|worker| worker.orm.state().seen = seen.clone());
    outcomes.extend(round(&mut workers, &starts, &informed, Trust::Sound));

    let mut reached = Reached::default();
    workers.iter().for_each(|worker| reached.merge(&worker.evaluator.reached));
    let mut doubted: FxHashSet<usize> = FxHashSet::default();
    let mut partly = Vec::new();
    for (at, start) in starts.iter().enumerate().filter(|(_, start)| start.turn == Turn::First) {
        if evaluator.unreached(start.function, &reached, &mut doubted) {
            partly.push(at);
        }
    }
    let doubted = Arc::new(doubted);
    workers.iter_mut().for_each(|worker| worker.evaluator.doubted = doubted.clone());
    outcomes.extend(round(&mut workers, &starts, &partly, Trust::Doubtful));
    collect(evaluator, outcomes.into_iter().flat_map(|outcome| outcome.events))
}

/// Methods for the heirs that were left out, where those that were not write different things.
fn where_heirs_differ(starts: &[Start], outcomes: &[Outcome]) -> Vec<usize> {
    let mut sent: FxHashMap<FunctionId, FxHashSet<Vec<&str>>> = FxHashMap::default();
    for outcome in outcomes {
        let writes = outcome.events.iter().filter(|event| matches!(event.terminal, Terminal::Save | Terminal::Delete));
        let mut texts: Vec<&str> = writes.filter_map(|event| event.sql.as_deref().ok()).collect();
        texts.sort_unstable();
        texts.dedup();
        sent.entry(starts[outcome.start].function).or_default().insert(texts);
    }
    let differs = |start: &Start| sent.get(&start.function).is_some_and(|texts| texts.len() > HEIRS / 2);
    (0..starts.len()).filter(|at| starts[*at].turn == Turn::IfHeirsDiffer && differs(&starts[*at])).collect()
}

/// Executes some of the entries.
struct Worker<'a> {
    evaluator: Evaluator<'a>,
    orm: Arc<Orm<'a>>,
}

/// What one execution of an entry gave.
struct Outcome {
    start: usize,
    events: Vec<Event>,
    /// Parameters that nobody gave a value.
    wanted: Vec<Parameter>,
}

/// Runs these of the starts, each once; outcomes are in their order.
fn round(workers: &mut [Worker<'_>], starts: &[Start], chosen: &[usize], trust: Trust) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let next = &next;
    let mut found: Vec<Outcome> = std::thread::scope(|scope| {
        let handles: Vec<_> = workers
            .iter_mut()
            .filter_map(|worker| {
                // Neighbours call the same functions, and what was called is remembered.
                let work = move || -> Vec<Outcome> {
                    let mut outcomes = Vec::new();
                    while let Some(rest) = chosen.get(next.fetch_add(TOGETHER, Ordering::Relaxed)..) {
                        let batch = rest.iter().take(TOGETHER);
                        outcomes.extend(batch.map(|at| run(worker, starts[*at], *at, trust)));
                    }
                    outcomes
                };
                std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    found.sort_by_key(|outcome| outcome.start);
    found
}

/// Executes one entry: a second time with what was assumed turned round, where something was.
fn run(worker: &mut Worker<'_>, start: Start, number: usize, trust: Trust) -> Outcome {
    let usual = Run { number, situation: start.situation, caller: start.caller, trust, assumptions: Assumptions::Hold };
    let (mut events, mut wanted, assumed) = attempt(worker, start, usual);
    if assumed {
        let (more, also, _) = attempt(worker, start, Run { assumptions: Assumptions::Fail, ..usual });
        events.extend(more);
        wanted.extend(also);
    }
    Outcome { start: number, events, wanted }
}

fn attempt<'a>(worker: &mut Worker<'a>, start: Start, run: Run) -> (Vec<Event>, Vec<Parameter>, bool) {
    let orm = worker.orm.clone();
    worker.evaluator.trial(FUEL, |evaluator| {
        orm.enter(run);
        let args = match start.receiver {
            Receiver::None => Vec::new(),
            Receiver::Class(class) => vec![Value::Class(class)],
            Receiver::Instance(class) => vec![orm.summon(evaluator, class)],
            Receiver::Signal(at) => {
                let _ = orm.receive(evaluator, at);
                return;
            }
        };
        // What is raised ends this way into the code, as it does at run time.
        let open = vec![(Name::new_static("**"), Value::Unpacked)];
        let call = |evaluator: &mut Evaluator<'a>| evaluator.call(&Value::Function(start.function), args, open, None);
        let _ = match (start.caller, run.trust) {
            (Caller::Anybody, _) | (_, Trust::Doubtful) => call(evaluator),
            (Caller::Handler, Trust::Sound) => {
                call(evaluator).and_then(|response| orm.render_response(evaluator, &response))
            }
        };
    });
    orm.take_outcome()
}

/// Where the innermost middleware of the project hands requests on: from there Django calls views and renders their responses.
fn handlers<'a>(evaluator: &mut Evaluator<'a>, orm: &Arc<Orm<'a>>) -> Arc<[Own]> {
    let Some(module) = evaluator.import("django.core.handlers.base") else { return Arc::default() };
    evaluator.ensure(module);
    let mut ask = |name: &str, args: &[Value]| {
        evaluator.domain = Some(orm.clone());
        let given = evaluator.trial(FUEL, |evaluator| {
            orm.enter(Run::default());
            let function = evaluator.module_attribute(module, name)?;
            evaluator.call(&function, args.to_vec(), Vec::new(), None).ok()
        });
        evaluator.domain = None;
        given
    };
    let Some(Value::Tuple(paths)) = ask("middleware_paths", &[]) else { return Arc::default() };
    for path in paths.iter().rev() {
        ask("pass_through", std::slice::from_ref(path));
        let places = orm.take_handed_on();
        if !places.is_empty() {
            return places.into();
        }
    }
    Arc::default()
}

/// Every function of the project's modules, with the classes its methods run for.
fn starts(evaluator: &mut Evaluator<'_>, known: &Known) -> Vec<Start> {
    let modules: Vec<ModuleId> = own_modules(evaluator);
    for module in &modules {
        evaluator.ensure(*module);
        evaluator.module_names(*module);
    }
    let mut heirs: FxHashMap<ClassId, Vec<ClassId>> = FxHashMap::default();
    let count = u32::try_from(evaluator.heap.classes.len()).unwrap_or(u32::MAX);
    for class in (0..count).map(ClassId) {
        let record = evaluator.heap.class(class);
        let module = evaluator.module(record.module);
        // Models of installed apps are used wherever they are written; other classes of tests are not.
        let is_used = known.models.contains_key(&class) || !is_test_or_migration(&module.name);
        if module.origin != ModuleOrigin::Project || !is_used {
            continue;
        }
        for ancestor in &record.mro {
            heirs.entry(*ancestor).or_default().push(class);
        }
    }
    let mut starts = Vec::new();
    let functions = u32::try_from(evaluator.heap.functions.len()).unwrap_or(u32::MAX);
    let mut owners: FxHashMap<FunctionId, (ClassId, Option<Descriptor>)> = FxHashMap::default();
    for class in (0..count).map(ClassId) {
        for value in evaluator.heap.class(class).attributes.values() {
            if let Some((function, descriptor)) = function_of(value) {
                owners.entry(function).or_insert((class, descriptor));
            }
        }
    }
    for function in (0..functions).map(FunctionId) {
        let record = evaluator.heap.function(function);
        let module = evaluator.module(record.module);
        if module.origin != ModuleOrigin::Project
            || is_test_or_migration(&module.name)
            || !matches!(record.definition, Definition::Def(_))
        {
            continue;
        }
        let situation = situation(&module.name);
        let caller = caller(record);
        let Some((class, descriptor)) = owners.get(&function).copied() else {
            starts.push(Start { function, receiver: Receiver::None, situation, turn: Turn::First, caller });
            continue;
        };
        if descriptor == Some(Descriptor::StaticMethod) {
            starts.push(Start { function, receiver: Receiver::None, situation, turn: Turn::First, caller });
            continue;
        }
        let name = record.name.clone();
        let users: Vec<ClassId> = heirs
            .get(&class)
            .into_iter()
            .flatten()
            .copied()
            .filter(|heir| {
                let found = evaluator.heap.find_in_class(*heir, &name).and_then(|(_, value)| function_of(value));
                found.is_some_and(|(found, _)| found == function)
            })
            .collect();
        // Classes that nobody inherits from are those that are used.
        let leaves: Vec<ClassId> =
            users.iter().copied().filter(|user| heirs.get(user).is_none_or(|heirs| heirs.len() <= 1)).collect();
        let users = if leaves.is_empty() { users } else { leaves };
        for (at, user) in users.into_iter().take(MANY_HEIRS).enumerate() {
            let turn = if at < HEIRS { Turn::First } else { Turn::IfHeirsDiffer };
            let receiver = match descriptor {
                Some(Descriptor::ClassMethod) => Receiver::Class(user),
                _ => Receiver::Instance(user),
            };
            starts.push(Start { function, receiver, situation, turn, caller });
        }
    }
    starts.extend(framework_starts(evaluator, &heirs));
    starts
}

/// The method of a class-based view that is called for a request.
const DISPATCH: &str = "dispatch";

/// Views are called by Django's handler: functions whose first parameter is a request, and `dispatch`.
fn caller(function: &Function<'_>) -> Caller {
    let Definition::Def(def) = function.definition else { return Caller::Anybody };
    let first = def.parameters.posonlyargs.iter().chain(&def.parameters.args).next();
    let is_view = first.is_some_and(|first| first.parameter.name.id == "request") || function.name == DISPATCH;
    if is_view { Caller::Handler } else { Caller::Anybody }
}

/// Attribute of a described class: the methods that its framework calls.
const ENTRIES: &str = "_entries";

/// Methods that frameworks call of the project's classes: for every class, also where as a project's method it runs for some only.
fn framework_starts(evaluator: &mut Evaluator<'_>, heirs: &FxHashMap<ClassId, Vec<ClassId>>) -> Vec<Start> {
    let mut starts = Vec::new();
    let view = evaluator.class_at("django.views.generic.base", "View");
    let mut classes: Vec<ClassId> = heirs.values().flatten().copied().collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let Some((_, Value::Tuple(entries))) = evaluator.heap.find_in_class(class, ENTRIES) else { continue };
        let module = &evaluator.module(evaluator.heap.class(class).module).name;
        if is_test_or_migration(module) {
            continue;
        }
        let answers = view.is_some_and(|view| evaluator.heap.is_subclass(class, view));
        let caller = if answers { Caller::Handler } else { Caller::Anybody };
        for entry in entries.iter().filter_map(Value::as_str) {
            let found = evaluator.heap.find_in_class(class, entry).and_then(|(_, value)| function_of(value));
            let Some((function, _)) = found else { continue };
            let definer = evaluator.module(evaluator.heap.function(function).module);
            let is_run_anyway = definer.origin == ModuleOrigin::Project
                && evaluator
                    .heap
                    .function(function)
                    .class
                    .and_then(|class| heirs.get(&class))
                    .is_none_or(|heirs| heirs.len() <= HEIRS);
            if !is_run_anyway {
                let receiver = Receiver::Instance(class);
                starts.push(Start { function, receiver, situation: situation(module), caller, turn: Turn::First });
            }
        }
    }
    starts
}

fn function_of(value: &Value) -> Option<(FunctionId, Option<Descriptor>)> {
    match value {
        Value::Function(id) => Some((*id, None)),
        Value::Descriptor(kind, inner) => match &**inner {
            Value::Function(id) => Some((*id, Some(*kind))),
            _ => None,
        },
        _ => None,
    }
}

/// Modules of every file of the project.
fn own_modules(evaluator: &mut Evaluator<'_>) -> Vec<ModuleId> {
    let mut names = evaluator.project_modules();
    names.retain(|name| !is_test_or_migration(name));
    names.sort();
    names.iter().filter_map(|name| evaluator.import(name)).collect()
}

fn situation(module: &str) -> Situation {
    let mut found = Situation::Other;
    for part in module.split('.') {
        found = match part {
            "views" | "viewsets" | "viewmodels" | "api" => Situation::View,
            "admin" | "dashboard" => Situation::Admin,
            "serializers" => Situation::Serializer,
            "templatetags" => Situation::Template,
            "tasks" => Situation::Task,
            "commands" => Situation::Command,
            _ => continue,
        };
    }
    found
}

/// What makes two events one query: the place and the text, where that is known; in Python code that renders a template, also the
/// place in the template.
type Same = (Span, Option<Span>, Option<Arc<str>>);

/// One entry per place and query, in the order of the files.
fn collect(evaluator: &mut Evaluator<'_>, events: impl Iterator<Item = Event>) -> Workload {
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
                Some(template) => (template, template.start, "".into(), Called::ByPython),
                None => continue,
            },
        };
        let key = (span, template.filter(|_| called == Called::ByPython), event.sql.clone().ok());
        let confidence = match (&event.sql, event.guessed) {
            (Err(_), _) => Certainty::Unknown,
            (Ok(_), true) => Certainty::Likely,
            (Ok(_), false) => Certainty::Certain,
        };
        if let Some(known) = index.get(&key) {
            let known = &mut queries[*known];
            known.in_loop |= event.in_loop;
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
            in_loop: event.in_loop,
            lazy: event.lazy,
            situation: event.situation,
            confidence,
            template,
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
    drop_shadows(&mut queries);
    doubt_places(&mut queries);
    let coverage = coverage(&queries);
    Workload { queries, coverage, ..Workload::default() }
}

/// A function that runs without a caller sends queries of models that only its callers know: where these were seen, that says nothing.
fn drop_shadows(queries: &mut Vec<Issued>) {
    let known: FxHashSet<Span> = queries.iter().filter(|issued| issued.sql.is_ok()).map(|issued| issued.span).collect();
    queries.retain(|issued| !matches!(&issued.sql, Err(reason) if reason == NO_MODEL) || !known.contains(&issued.span));
}

/// Texts of one kind at one place from which on the list is taken to be cut short.
const TEXTS: usize = 8;

/// What a place sends is certain only where all of it is known: not beside something unknown, nor among so many texts that others may
/// have been left out.
fn doubt_places(queries: &mut [Issued]) {
    type At = (Span, Option<Span>);
    let place = |issued: &Issued| -> At { (issued.span, issued.template) };
    let mut unknown: FxHashSet<At> = FxHashSet::default();
    let mut texts: FxHashMap<(At, Terminal), usize> = FxHashMap::default();
    for issued in queries.iter() {
        if issued.sql.is_err() {
            unknown.insert(place(issued));
        }
        if issued.terminal.reads() {
            *texts.entry((place(issued), issued.terminal)).or_default() += 1;
        }
    }
    for issued in queries.iter_mut().filter(|issued| issued.confidence == Certainty::Certain) {
        let many = texts.get(&(place(issued), issued.terminal)).is_some_and(|texts| *texts >= TEXTS);
        if many || unknown.contains(&place(issued)) {
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
