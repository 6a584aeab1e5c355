//! The workload of the last reading, kept from run to run.
//!
//! Executing a project's code takes most of the time of a reading, and what comes of it depends on nothing but the request and what was
//! asked of the file system. So each question is noted with its answer. As long as all of them are answered the same, the workload is
//! the same, and is taken from the user's cache folder, one file per project and way of reading it. Deleting that folder is always safe,
//! and so are several runs at once: a file is replaced as a whole, and one that cannot be read counts for nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::{FileId, Files};
use pgwright_django::queries::workload::Workload;
use pgwright_django::{Extent, Project, ReadRequest, description, read};
use pgwright_python::{Host, decode};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::disk::Disk;

/// Files of this kind that stay in the folder; the oldest go first.
const ROOM: usize = 16;

/// Whether the workload of an earlier run may stand for that of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    Kept,
    /// `--no-cache`: it is neither looked for nor left behind.
    Fresh,
}

/// Something that is asked of the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Question {
    Text,
    IsFile,
    IsFolder,
    Entries,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    Yes,
    No,
    /// What it holds, by its SHA-256.
    Holds(String),
    /// It cannot be read.
    Fails,
}

type Asked = BTreeMap<(Utf8PathBuf, Question), Answer>;

/// What is kept of one reading.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The project's files, in order.
    paths: Vec<Utf8PathBuf>,
    asked: Vec<(Utf8PathBuf, Question, Answer)>,
    /// Files that places in `workload` are in: their [`FileId`] is the position here.
    files: Vec<Utf8PathBuf>,
    workload: Workload,
}

/// Answers from disk, and notes what was asked.
struct Watched<'a> {
    disk: &'a Disk,
    asked: Mutex<Asked>,
}

/// Reads a project; with its workload from an earlier run where that is the same. Tells which.
pub(crate) fn read_kept(request: &ReadRequest, disk: &Disk, keeping: Keeping) -> (Files, Project, Keeping) {
    // What an editor holds changes with every key.
    let place = match keeping {
        Keeping::Kept if request.extent == Extent::Workload && disk.is_plain() => place(request),
        _ => None,
    };
    let Some(place) = place else {
        let (files, project) = read(request, disk);
        return (files, project, Keeping::Fresh);
    };
    if let Some(kept) = find(&place, request, disk) {
        let (mut files, mut project) = read(&ReadRequest { extent: Extent::Models, ..request.clone() }, disk);
        project.set_workload(restored(kept.workload, &kept.files, &mut files, disk));
        return (files, project, Keeping::Kept);
    }
    let watched = Watched { disk, asked: Mutex::default() };
    let (files, project) = read(request, &watched);
    let asked = watched.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The answer is there; whether the next run has it sooner is not worth a word.
    let _ = keep(&place, request, asked, &files, &project.workload);
    (files, project, Keeping::Fresh)
}

/// Where the workload of this project is kept when it is read like this by this very program.
fn place(request: &ReadRequest) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let metadata = program.metadata().ok()?;
    let ReadRequest { paths: _, roots, settings, site_packages, django, extent, history } = request;
    let way = (
        (env!("CARGO_PKG_VERSION"), program, metadata.len(), metadata.modified().ok()?),
        (std::env::current_dir().ok()?, roots, settings, site_packages, django, extent, history),
    );
    Some(pgwright_postgres::cache_folder()?.join("workloads").join(format!("{}.json", hash(format!("{way:?}")))))
}

/// What is kept there, if all it depends on is as it was.
fn find(place: &Path, request: &ReadRequest, disk: &Disk) -> Option<Kept> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(place).ok()?).ok()?;
    let holds = |(path, question, answer): &(Utf8PathBuf, Question, Answer)| ask(disk, path, *question) == *answer;
    (kept.paths == request.paths && kept.asked.par_iter().all(holds)).then_some(kept)
}

fn ask(disk: &Disk, path: &Utf8Path, question: Question) -> Answer {
    match question {
        Question::Text => text(&disk.read(path)),
        Question::IsFile => yes_or_no(disk.is_file(path)),
        Question::IsFolder => yes_or_no(disk.is_dir(path)),
        Question::Entries => entries(&disk.list(path)),
    }
}

/// The workload with places in the files of this reading; those that it has not read are added.
fn restored(mut workload: Workload, paths: &[Utf8PathBuf], files: &mut Files, disk: &Disk) -> Workload {
    let mut known: BTreeMap<Utf8PathBuf, FileId> = BTreeMap::new();
    for (id, file) in files.iter() {
        known.entry(file.path.clone()).or_insert(id);
    }
    let ids: Vec<FileId> = paths
        .iter()
        .map(|path| match known.get(path) {
            Some(id) => *id,
            None => files.add(path.clone(), text_of(path, disk)),
        })
        .collect();
    workload.move_to(|file| ids.get(file.0 as usize).copied().unwrap_or(FileId(0)));
    workload
}

fn text_of(path: &Utf8Path, disk: &Disk) -> String {
    match description(path) {
        Some(text) => text.to_owned(),
        None => disk.read(path).map(|bytes| decode(bytes).text).unwrap_or_default(),
    }
}

fn keep(place: &Path, request: &ReadRequest, asked: Asked, files: &Files, workload: &Workload) -> io::Result<()> {
    let mut paths = Vec::new();
    let mut positions: BTreeMap<FileId, FileId> = BTreeMap::new();
    let mut workload = workload.clone();
    workload.move_to(|file| {
        *positions.entry(file).or_insert_with(|| {
            paths.push(files.path(file).to_owned());
            FileId(u32::try_from(paths.len() - 1).unwrap_or(u32::MAX))
        })
    });
    let asked = asked.into_iter().map(|((path, question), answer)| (path, question, answer)).collect();
    let kept = Kept { paths: request.paths.clone(), asked, files: paths, workload };
    let folder = place.parent().unwrap_or(Path::new("."));
    create_private(folder)?;
    make_room(folder);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(io::BufWriter::new(&mut file), &kept)?;
    file.persist(place)?;
    Ok(())
}

/// A folder that nobody else can look into: places and queries are the project's own affair.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Removes the oldest files where there are more than [`ROOM`].
fn make_room(folder: &Path) {
    let mut files: Vec<_> = folder
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort();
    for (_, path) in files.iter().take((files.len() + 1).saturating_sub(ROOM)) {
        // Another run may have been quicker.
        let _ = std::fs::remove_file(path);
    }
}

fn hash(what: impl AsRef<[u8]>) -> String {
    // Half of it is enough to tell apart any two texts that were not made to collide, and those too.
    Sha256::digest(what).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn text(read: &io::Result<Vec<u8>>) -> Answer {
    read.as_ref().map_or(Answer::Fails, |bytes| Answer::Holds(hash(bytes)))
}

fn entries(paths: &[Utf8PathBuf]) -> Answer {
    Answer::Holds(hash(format!("{paths:?}")))
}

fn yes_or_no(holds: bool) -> Answer {
    if holds { Answer::Yes } else { Answer::No }
}

impl Watched<'_> {
    fn note(&self, path: &Utf8Path, question: Question, answer: Answer) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // Where it changed meanwhile the first answer stays, which the next run will not get.
        asked.entry((path.to_owned(), question)).or_insert(answer);
    }
}

impl Host for Watched<'_> {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let read = self.disk.read(path);
        self.note(path, Question::Text, text(&read));
        read
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        let is_file = self.disk.is_file(path);
        self.note(path, Question::IsFile, yes_or_no(is_file));
        is_file
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        let is_dir = self.disk.is_dir(path);
        self.note(path, Question::IsFolder, yes_or_no(is_dir));
        is_dir
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let paths = self.disk.list(folder);
        self.note(folder, Question::Entries, entries(&paths));
        paths
    }
}
