//! Where execution starts: every function and method of the project, and what frameworks call of a class.

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::eval::{Branches, Evaluator};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, Definition, Descriptor, FunctionId, ModuleId, Name, Value};
use rustc_hash::FxHashMap;
use std::sync::Arc;

use super::domain::{Event, Known, Orm};
use super::workload::{Certainty, Coverage, Issued, Situation, Workload};

/// Steps that one entry may take.
const FUEL: u32 = 40_000;
/// Stack of one worker, in bytes of address space.
const STACK: usize = 1 << 29;
/// Classes that inherit a method, for which it is executed.
const HEIRS: usize = 8;

/// One function to execute, for one class where it is a method.
#[derive(Debug, Clone, Copy)]
struct Start {
    function: FunctionId,
    receiver: Receiver,
    situation: Situation,
}

#[derive(Debug, Clone, Copy)]
enum Receiver {
    None,
    Instance(ClassId),
    Class(ClassId),
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
pub(crate) fn execute<'a>(evaluator: &mut Evaluator<'a>, known: &Known, orms: impl Fn() -> Orm<'a> + Sync) -> Workload {
    let starts = starts(evaluator, known);
    let workers = rayon::current_num_threads().clamp(1, 8);
    evaluator.branches = Branches::Join;
    let forks: Vec<Evaluator<'a>> = (0..workers).map(|_| evaluator.fork()).collect();
    let mut batches: Vec<Vec<(usize, Start)>> = vec![Vec::new(); workers];
    for (at, start) in starts.iter().enumerate() {
        batches[at % workers].push((at, *start));
    }
    let mut found: Vec<(usize, Vec<Event>)> = std::thread::scope(|scope| {
        let orms = &orms;
        let work = |mut evaluator: Evaluator<'a>, batch: Vec<(usize, Start)>| {
            let orm = Arc::new(orms());
            evaluator.domain = Some(orm.clone());
            let events: Vec<_> = batch.into_iter().map(|(at, start)| (at, run(&mut evaluator, &orm, start))).collect();
            events
        };
        let handles: Vec<_> = forks
            .into_iter()
            .zip(batches)
            .filter_map(|(evaluator, batch)| {
                std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || work(evaluator, batch)).ok()
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    evaluator.branches = Branches::FirstKnown;
    found.sort_by_key(|(at, _)| *at);
    collect(evaluator, found.into_iter().flat_map(|(_, events)| events))
}

fn run<'a>(evaluator: &mut Evaluator<'a>, orm: &Orm<'a>, start: Start) -> Vec<Event> {
    evaluator.trial(FUEL, |evaluator| {
        orm.enter(start.situation);
        let args = match start.receiver {
            Receiver::None => Vec::new(),
            Receiver::Class(class) => vec![Value::Class(class)],
            Receiver::Instance(class) => vec![orm.summon(evaluator, class)],
        };
        // What is raised ends this way into the code, as it does at run time.
        let open = vec![(Name::new_static("**"), Value::Unpacked)];
        let _ = evaluator.call(&Value::Function(start.function), args, open, None);
    });
    orm.take_events()
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
        let Some((class, descriptor)) = owners.get(&function).copied() else {
            starts.push(Start { function, receiver: Receiver::None, situation });
            continue;
        };
        if descriptor == Some(Descriptor::StaticMethod) {
            starts.push(Start { function, receiver: Receiver::None, situation });
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
        for user in users.into_iter().take(HEIRS) {
            let receiver = match descriptor {
                Some(Descriptor::ClassMethod) => Receiver::Class(user),
                _ => Receiver::Instance(user),
            };
            starts.push(Start { function, receiver, situation });
        }
    }
    starts.extend(framework_starts(evaluator, &heirs));
    starts
}

/// Attribute of a described class: the methods that its framework calls.
const ENTRIES: &str = "_entries";

/// Methods that frameworks call of the project's classes and that the classes do not define themselves.
fn framework_starts(evaluator: &Evaluator<'_>, heirs: &FxHashMap<ClassId, Vec<ClassId>>) -> Vec<Start> {
    let mut starts = Vec::new();
    let mut classes: Vec<ClassId> = heirs.values().flatten().copied().collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let Some((_, Value::Tuple(entries))) = evaluator.heap.find_in_class(class, ENTRIES) else { continue };
        let module = &evaluator.module(evaluator.heap.class(class).module).name;
        if is_test_or_migration(module) {
            continue;
        }
        for entry in entries.iter().filter_map(Value::as_str) {
            let found = evaluator.heap.find_in_class(class, entry).and_then(|(_, value)| function_of(value));
            let Some((function, _)) = found else { continue };
            let definer = evaluator.module(evaluator.heap.function(function).module);
            if definer.origin != ModuleOrigin::Project {
                starts.push(Start { function, receiver: Receiver::Instance(class), situation: situation(module) });
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

/// What makes two events one query: the place and the text, where that is known.
type Same = (FileId, u32, u32, Option<Arc<str>>);

/// One entry per place and query, in the order of the files.
fn collect(evaluator: &Evaluator<'_>, events: impl Iterator<Item = Event>) -> Workload {
    let mut index: FxHashMap<Same, usize> = FxHashMap::default();
    let mut queries: Vec<Issued> = Vec::new();
    for event in events {
        let range = event.place.range;
        let key = (event.file, range.start().to_u32(), range.end().to_u32(), event.sql.clone().ok());
        let confidence = match (&event.sql, event.guessed) {
            (Err(_), _) => Certainty::Unknown,
            (Ok(_), true) => Certainty::Likely,
            (Ok(_), false) => Certainty::Certain,
        };
        if let Some(known) = index.get(&key) {
            let known = &mut queries[*known];
            known.in_loop |= event.in_loop;
            known.confidence = known.confidence.min(confidence);
            continue;
        }
        index.insert(key, queries.len());
        queries.push(Issued {
            span: Span::new(event.file, range.start().to_u32(), range.end().to_u32()),
            anchor: event.place.anchor.to_u32(),
            function: event.function.to_string(),
            model: event.model,
            terminal: event.terminal,
            sql: event.sql.map(|sql| sql.to_string()).map_err(|reason| reason.to_string()),
            rows: event.rows,
            in_loop: event.in_loop,
            lazy: event.lazy,
            situation: event.situation,
            confidence,
        });
    }
    queries.sort_by(|one, other| {
        let path = |issued: &Issued| evaluator.files.path(issued.span.file);
        (path(one), one.anchor, one.span.start, &one.sql).cmp(&(
            path(other),
            other.anchor,
            other.span.start,
            &other.sql,
        ))
    });
    let coverage = coverage(&queries);
    Workload { queries, coverage, ..Workload::default() }
}

/// Places that send queries, and those of them where at least one text is known.
fn coverage(queries: &[Issued]) -> Coverage {
    let mut known: FxHashMap<Span, bool> = FxHashMap::default();
    for issued in queries {
        *known.entry(issued.span).or_default() |= issued.sql.is_ok();
    }
    Coverage { sites: known.len(), resolved: known.values().filter(|known| **known).count() }
}
