//! Where execution starts: every function and method of the project, and what frameworks call of a class.

use pgwright_python::eval::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, Definition, Descriptor, Function, FunctionId, ModuleId, Value};
use rustc_hash::FxHashMap;

use super::domain::{Caller, Known};
use super::workload::Situation;

/// Classes that inherit a method, for which it is executed in any case.
const FEW_HEIRS: usize = 2;
/// And where what it sends depends on the class.
pub(super) const HEIRS: usize = 8;
/// And where what it writes depends on the class.
const MANY_HEIRS: usize = 64;

/// One function to execute, for one class where it is a method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) function: FunctionId,
    pub(super) receiver: Receiver,
    pub(super) situation: Situation,
    pub(super) caller: Caller,
    pub(super) turn: Turn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    /// One more heir of a method: only if it sends something else for one of the first than for the other.
    IfHeirsDiffer,
    /// And one more still: only if it writes something else for each of them.
    IfManyHeirsDiffer,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Receiver {
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
/// Every function of the project's modules, with the classes its methods run for.
pub(super) fn starts(evaluator: &mut Evaluator<'_>, known: &Known) -> Vec<Start> {
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
        if known.wide.has(class) {
            continue;
        }
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
        // One object stands for all heirs where there are many.
        let all = (users.len() > HEIRS && descriptor.is_none()).then(|| known.wide.heirs(class)).flatten();
        if let Some(all) = all {
            let receiver = Receiver::Instance(all);
            starts.push(Start { function, receiver, situation, turn: Turn::First, caller });
        }
        for (at, user) in users.into_iter().take(MANY_HEIRS).enumerate() {
            let turn = match at {
                ..FEW_HEIRS => Turn::First,
                FEW_HEIRS..HEIRS => Turn::IfHeirsDiffer,
                _ => Turn::IfManyHeirsDiffer,
            };
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
pub(super) fn caller(function: &Function<'_>) -> Caller {
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

pub(super) fn situation(module: &str) -> Situation {
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
