//! Reading the project again and again, beside the conversation with the editor.
//!
//! A round of the rules that read models takes a moment and runs after each change. The others execute the project's code: they run when a
//! file is saved, and as the user types where that is quick enough.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use pgwright_django::Extent;
use pgwright_rules::Sizes;

use super::Event;
use crate::check::{self, Audit};
use crate::cli::{ProjectArgs, ProjectOptions};
use crate::failure::Failure;
use crate::ground::{Measured, read_snapshot, sizes};
use crate::kept::Keeping;
use crate::session::Session;

/// A round of all rules that takes less than this follows every change.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How long the list of files, the configuration and the snapshot may be as old as they are while somebody types; saving looks at once.
const LOOKED_UP: Duration = Duration::from_secs(5);

/// Texts that are not on disk, by path.
pub(super) type Unsaved = BTreeMap<Utf8PathBuf, String>;

/// Why a round is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Typed,
    Saved,
}

#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) unsaved: Unsaved,
    pub(super) occasion: Occasion,
}

/// What one round found.
pub(super) struct Round {
    pub(super) extent: Extent,
    /// The rules that ran.
    pub(super) rules: Vec<&'static str>,
    pub(super) audit: Audit,
    /// How large tables are, and who says so.
    pub(super) sizes: Sizes,
}

/// Runs rounds until nobody wants any. Of several that are wanted meanwhile only the last is run.
pub(super) fn run(options: &ProjectOptions, wanted: &Receiver<Wanted>, events: &Sender<Event>) {
    let mut unsaved = Unsaved::new();
    let mut whole = false;
    let mut last_whole: Option<Duration> = None;
    let mut opened: Option<Opened> = None;
    loop {
        let next = match whole {
            true => match wanted.try_recv() {
                Ok(next) => Some(next),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            },
            false => match wanted.recv() {
                Ok(next) => Some(next),
                Err(_) => return,
            },
        };
        let at_once = last_whole.is_some_and(|took| took < AT_ONCE);
        let extent = if let Some(next) = next {
            let mut newest = next;
            let mut is_saved = newest.occasion == Occasion::Saved;
            while let Ok(newer) = wanted.try_recv() {
                is_saved |= newer.occasion == Occasion::Saved;
                newest = newer;
            }
            whole |= at_once || is_saved;
            if is_saved {
                opened = None;
            }
            unsaved = newest.unsaved;
            if at_once { Extent::Workload } else { Extent::Models }
        } else {
            Extent::Workload
        };
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| round(options, &unsaved, extent, &mut opened)));
        if extent == Extent::Workload {
            whole = false;
            let is_fresh = outcome
                .as_ref()
                .is_ok_and(|round| round.as_ref().is_ok_and(|round| round.audit.reading.workload == Keeping::Fresh));
            // One that found its queries ready says nothing of how long the next takes.
            if is_fresh {
                last_whole = Some(start.elapsed());
            }
        }
        let outcome = outcome.unwrap_or_else(|_| Err(Failure::new("pgwright stopped on a mistake of its own")));
        if events.send(Event::Round(Box::new(outcome))).is_err() {
            return;
        }
    }
}

/// What a round needs beside texts: which files there are, the configuration, the snapshot.
struct Opened {
    session: Session,
    measured: Option<Measured>,
    at: Instant,
}

/// Reads the project. While somebody types, which files there are is looked up once in [`LOOKED_UP`].
fn round(
    options: &ProjectOptions,
    unsaved: &Unsaved,
    extent: Extent,
    opened: &mut Option<Opened>,
) -> Result<Round, Failure> {
    let Opened { session, measured, at } = match opened.take().filter(|opened| opened.at.elapsed() < LOOKED_UP) {
        Some(opened) => opened,
        None => {
            let args = ProjectArgs { paths: Vec::new(), options: options.clone() };
            let session = Session::open(&args)?;
            let measured = read_snapshot(None, &session)?;
            Opened { session, measured, at: Instant::now() }
        }
    };
    let selection = check::configured(&session.config)?.within(extent);
    let mut session = session.models_alone().reading(selection.extent());
    session.disk.changed.clone_from(unsaved);
    let session = if selection.reads_history() { session.with_history() } else { session };
    let rules = selection.rules().iter().map(|rule| rule.name).collect();
    let audit = check::audit(&session, &selection, measured.as_ref());
    let sizes = sizes(&session, &audit.reading, measured.as_ref());
    *opened = Some(Opened { session, measured, at });
    Ok(Round { extent, rules, audit, sizes })
}
