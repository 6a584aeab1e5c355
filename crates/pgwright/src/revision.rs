//! What git says was changed since a revision, and how files were then.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Failure;
use crate::walk::clean;

/// Files above this size hold data, not code.
const LARGEST: usize = crate::disk::LARGEST_FILE as usize;

/// The files that differ from where this branch left a revision.
pub(crate) struct Before {
    /// The commit that is compared with, abbreviated.
    pub(crate) commit: String,
    /// The text each of them had; none where it was not there. Named as a walk of the folders names them.
    pub(crate) texts: BTreeMap<Utf8PathBuf, Option<String>>,
    /// Files that git takes for others that were moved: where each was, and where it is.
    pub(crate) moved: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
}

/// One difference of a file, as `git diff --raw` has it.
struct Differing {
    path: Utf8PathBuf,
    /// The old content's name; none where there was no file, or no regular one.
    blob: Option<String>,
    gone: bool,
}

/// Files below a folder that differ from where this branch left `revision`, and those that git does not know yet.
pub(crate) fn changed(revision: &str, folder: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>, Failure> {
    let folder = folder_of(folder);
    let base = base(revision, folder)?;
    let differing = differing(&base, folder)?;
    let names = differing.iter().filter(|file| !file.gone);
    Ok(names.filter_map(|file| folder.join(&file.path).canonicalize_utf8().ok()).collect())
}

/// The same of several folders, with the texts that the files had.
pub(crate) fn before(revision: &str, folders: &[Utf8PathBuf]) -> Result<Before, Failure> {
    let mut before = Before { commit: String::new(), texts: BTreeMap::new(), moved: BTreeMap::new() };
    for folder in folders {
        let folder = folder_of(folder);
        let base = base(revision, folder)?;
        let differing = differing(&base, folder)?;
        let blobs: Vec<&str> = differing.iter().filter_map(|file| file.blob.as_deref()).collect();
        let mut texts = contents(folder, &blobs)?.into_iter();
        for file in &differing {
            let text = file.blob.as_ref().and_then(|_| texts.next().flatten());
            before.texts.insert(clean(&folder.join(&file.path)), text);
        }
        let moves = moves(&base, folder)?;
        before.moved.extend(moves.map(|(was, now)| (clean(&folder.join(was)), clean(&folder.join(now)))));
        before.commit = git(folder, &["rev-parse", "--short", &base])?.trim().to_owned();
    }
    Ok(before)
}

fn folder_of(path: &Utf8Path) -> &Utf8Path {
    let folder = if path.is_file() { path.parent().unwrap_or(Utf8Path::new(".")) } else { path };
    if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder }
}

/// The commit at which this branch left `revision`.
fn base(revision: &str, folder: &Utf8Path) -> Result<String, Failure> {
    if revision.starts_with('-') || revision.is_empty() {
        return Err(Failure::new(format!("`{revision}` is no revision")));
    }
    if let Err(failure) = git(folder, &["rev-parse", "--show-toplevel"]) {
        let here = folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned());
        let is_below = here.ancestors().any(|above| above.join(".git").exists());
        // Git has its own reasons, as with a folder of somebody else's.
        let failure = if is_below { failure } else { Failure::new(format!("`{folder}` is in no git repository")) };
        return Err(failure.hint("`--since` compares with a commit, so the project has to be in a clone"));
    }
    let is_shallow = || git(folder, &["rev-parse", "--is-shallow-repository"]).is_ok_and(|said| said.trim() == "true");
    let fetch = "fetch what is missing: `git fetch --unshallow`, or `fetch-depth: 0` for GitHub's `actions/checkout`";
    let commit = format!("{revision}^{{commit}}");
    let Ok(found) = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]) else {
        return Err(match is_shallow() {
            true => Failure::new(format!("`{revision}` is not in this clone, which is shallow")).hint(fetch),
            false => Failure::new(format!("git knows no revision `{revision}`"))
                .hint("`--since` takes a branch, a tag or a commit, as in `--since origin/main`"),
        });
    };
    match git(folder, &["merge-base", found.trim(), "HEAD"]) {
        Ok(base) => Ok(base.trim().to_owned()),
        Err(_) if is_shallow() => Err(Failure::new(format!(
            "the commit at which this branch left `{revision}` is not in this clone, which is shallow"
        ))
        .hint(fetch)),
        Err(_) => Err(Failure::new(format!("this branch and `{revision}` have no commit in common"))),
    }
}

fn differing(base: &str, folder: &Utf8Path) -> Result<Vec<Differing>, Failure> {
    let raw = git(folder, &["diff", "--raw", "--no-abbrev", "--no-renames", "--relative", "-z", base])?;
    let unknown = git(folder, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let mut fields = raw.split('\0').filter(|field| !field.is_empty());
    let mut differing = Vec::new();
    // `:100644 100644 OLD NEW M`, then the path.
    while let (Some(what), Some(path)) = (fields.next(), fields.next()) {
        let what: Vec<&str> = what.trim_start_matches(':').split(' ').collect();
        let [mode, _, blob, _, status] = what.as_slice() else { continue };
        differing.push(Differing {
            path: path.into(),
            blob: mode.starts_with("100").then(|| (*blob).to_owned()),
            gone: status.starts_with('D'),
        });
    }
    let new = unknown.split('\0').filter(|name| !name.is_empty());
    differing.extend(new.map(|path| Differing { path: path.into(), blob: None, gone: false }));
    Ok(differing)
}

/// What git's detection of renames finds among the files it knows, by its usual measure of likeness.
fn moves(base: &str, folder: &Utf8Path) -> Result<impl Iterator<Item = (String, String)> + use<>, Failure> {
    let said = git(folder, &["diff", "--name-status", "--find-renames", "--diff-filter=R", "--relative", "-z", base])?;
    // `R087`, where it was, where it is.
    let fields: Vec<String> = said.split('\0').filter(|field| !field.is_empty()).map(str::to_owned).collect();
    let mut fields = fields.into_iter();
    Ok(std::iter::from_fn(move || {
        fields.next()?;
        Some((fields.next()?, fields.next()?))
    }))
}

/// The texts of these blobs, in order; none where it is no text, or too large to be code.
fn contents(folder: &Utf8Path, blobs: &[&str]) -> Result<Vec<Option<String>>, Failure> {
    if blobs.is_empty() {
        return Ok(Vec::new());
    }
    let failed =
        |error: &std::io::Error| Failure::new(format!("git could not be run: {}", crate::failure::plain(error)));
    let mut command = command(folder, &["cat-file", "--batch"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let asked = blobs.join("\n") + "\n";
    let input = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // It answers while it is asked: one side alone would fill a pipe and wait for ever.
        scope.spawn(move || input.map(|mut input| input.write_all(asked.as_bytes())));
        child.wait_with_output()
    })
    .map_err(|error| failed(&error))?;
    let mut rest = output.stdout.as_slice();
    let mut texts = Vec::new();
    for blob in blobs {
        let missing = || Failure::new(format!("git does not have the old content {blob} of a file that was changed"));
        // `NAME blob SIZE`, the content, a line's end.
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(missing)?;
        let head = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let size: usize = head.rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(missing)?;
        let content = rest.get(end + 1..end + 1 + size).ok_or_else(missing)?;
        rest = rest.get(end + size + 2..).unwrap_or_default();
        texts.push(if size > LARGEST { None } else { std::str::from_utf8(content).ok().map(str::to_owned) });
    }
    Ok(texts)
}

fn command(folder: &Utf8Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // A repository's own settings name no program that git would start, and nothing is written into it.
    command.args(["-c", "core.fsmonitor=false", "-C"]).arg(folder).args(arguments).env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn git(folder: &Utf8Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = command(folder, arguments)
        .output()
        .map_err(|error| Failure::new(format!("git could not be run: {}", crate::failure::plain(&error))))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("no message").to_owned();
        return Err(Failure::new(format!("git does not know what was changed: {first}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
