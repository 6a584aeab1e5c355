//! Executing every entry, in rounds.

use pgwright_python::eval::{Branches, Evaluator, Reached};
use pgwright_python::text::Ranged;
use pgwright_python::value::{Definition, FunctionId, Name, Value, span};
use rustc_hash::{FxHashMap, FxHashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::collect::collect;
use super::domain::{Assumptions, Caller, Event, Heard, Known, Orm, Own, Parameter, Run, Seen, Shared, Trust};
use super::serving::Serving;
use super::starts::{HEIRS, Receiver, Start, Turn, starts};
use super::waves::{Mentions, WAVES, is_covered};
use super::workload::{Situation, Terminal, Unfollowed, Workload};
use crate::project::App;

/// Steps that one entry may take.
const FUEL: u32 = 24_000;
/// Entries that a worker takes at once.
const TOGETHER: usize = 8;
/// Stack of one worker, in bytes of address space.
const STACK: usize = 1 << 29;
/// Executes everything the project can be asked to do, and lists the queries met.
///
/// In rounds: first those entries that others do not lead to, then what is left of the rest, in [`waves`](super::waves); then methods
/// for more of the classes that inherit them. What callers were seen to give is used by all later rounds, and once more by those that
/// had to do without. The last takes conditions as open in functions that were not executed whole.
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

    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut seen = Arc::new(Seen::default());
    let mut reached = Reached::default();
    let mut next = |workers: &mut [Worker<'a>], chosen: &[usize]| {
        let found = round(workers, &starts, chosen, Trust::Sound);
        workers.iter().for_each(|worker| reached.merge(&worker.evaluator.reached));
        // A worker sees the runs of one round in order, but not those of two.
        let more = Seen::joined(workers.iter().map(|worker| worker.orm.take_seen()));
        seen = Arc::new((*seen).clone().then(more));
        workers.iter().for_each(|worker| worker.orm.state().seen = seen.clone());
        (found, reached.clone())
    };
    let mentions = Mentions::of(evaluator, &starts);
    let mut left: Vec<usize> = (0..starts.len()).filter(|at| starts[*at].turn == Turn::First).collect();
    for wave in WAVES {
        let chosen = mentions.wave(*wave, evaluator, known, &starts, &left);
        let (found, reached) = next(&mut workers, &chosen);
        outcomes.extend(found);
        let chosen: FxHashSet<usize> = chosen.into_iter().collect();
        left.retain(|at| !chosen.contains(at) && !is_covered(evaluator, &reached, &starts[*at]));
    }
    let (found, mut covering) = next(&mut workers, &left);
    outcomes.extend(found);
    for turn in [Turn::IfHeirsDiffer, Turn::IfManyHeirsDiffer] {
        let mut chosen = where_heirs_differ(&starts, &outcomes, turn);
        chosen.retain(|at| !is_covered(evaluator, &covering, &starts[*at]));
        let (found, reached) = next(&mut workers, &chosen);
        outcomes.extend(found);
        covering = reached;
    }

    let informed: Vec<usize> = outcomes
        .iter()
        .filter(|one| one.wanted.iter().any(|wanted| seen.knows(wanted)))
        .map(|one| one.start)
        .filter(|at| !is_covered(evaluator, &covering, &starts[*at]))
        .collect();
    outcomes.extend(round(&mut workers, &starts, &informed, Trust::Sound));

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
    let unresolved = outcomes
        .iter()
        .filter(|outcome| outcome.panicked)
        .filter_map(|outcome| unfollowed(evaluator, starts[outcome.start].function))
        .collect();
    let workload = collect(evaluator, outcomes.into_iter().flat_map(|outcome| outcome.events));
    Workload { unresolved, ..workload }
}

/// A function that could not be executed.
fn unfollowed(evaluator: &Evaluator<'_>, function: FunctionId) -> Option<Unfollowed> {
    let record = evaluator.heap.function(function);
    let (Definition::Def(def), Some(file)) = (record.definition, evaluator.module(record.module).file) else {
        return None;
    };
    let reason = "pgwright failed on this function: please report it".to_owned();
    Some(Unfollowed { function: evaluator.function_path(function), span: span(file, def.name.range()), reason })
}

/// Methods for the heirs that were left out, where those that were not send different things; for many heirs, where what they write
/// differs for most.
fn where_heirs_differ(starts: &[Start], outcomes: &[Outcome], turn: Turn) -> Vec<usize> {
    let mut sent: FxHashMap<FunctionId, FxHashSet<Vec<&str>>> = FxHashMap::default();
    for outcome in outcomes {
        let counts =
            |event: &&Event| turn == Turn::IfHeirsDiffer || matches!(event.terminal, Terminal::Save | Terminal::Delete);
        let mut texts: Vec<&str> =
            outcome.events.iter().filter(counts).filter_map(|event| event.sql.as_deref().ok()).collect();
        texts.sort_unstable();
        texts.dedup();
        sent.entry(starts[outcome.start].function).or_default().insert(texts);
    }
    let same = if turn == Turn::IfHeirsDiffer { 1 } else { HEIRS / 2 };
    let differs = |start: &Start| sent.get(&start.function).is_some_and(|texts| texts.len() > same);
    (0..starts.len()).filter(|at| starts[*at].turn == turn && differs(&starts[*at])).collect()
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
    /// It could not be executed: a mistake of pgwright's.
    panicked: bool,
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

/// Executes one entry: a second time with what was assumed turned round, where something was. A panic costs that entry alone.
fn run(worker: &mut Worker<'_>, start: Start, number: usize, trust: Trust) -> Outcome {
    let both_ways = || {
        let usual =
            Run { number, situation: start.situation, caller: start.caller, trust, assumptions: Assumptions::Hold };
        let (mut events, mut wanted, assumed) = attempt(worker, start, usual);
        if assumed {
            let (more, also, _) = attempt(worker, start, Run { assumptions: Assumptions::Fail, ..usual });
            events.extend(more);
            wanted.extend(also);
        }
        Outcome { start: number, events, wanted, panicked: false }
    };
    catch_unwind(AssertUnwindSafe(both_ways)).unwrap_or_else(|_| Outcome {
        start: number,
        events: Vec::new(),
        wanted: Vec::new(),
        panicked: true,
    })
}

fn attempt<'a>(worker: &mut Worker<'a>, start: Start, run: Run) -> (Vec<Event>, Vec<Parameter>, bool) {
    let orm = worker.orm.clone();
    worker.evaluator.trial(FUEL, |evaluator| {
        orm.enter(run);
        let args = match start.receiver {
            Receiver::None => Vec::new(),
            Receiver::Class(class) => vec![Value::Class(class)],
            Receiver::Instance(class) => {
                if start.caller == Caller::Handler {
                    orm.enter_view(evaluator, class, start.function);
                }
                vec![orm.summon(evaluator, class)]
            }
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
