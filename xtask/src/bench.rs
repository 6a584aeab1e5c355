//! `docs/benchmarks.md`: time and memory beside the programs that a Django project runs today, on the same trees, in one run.

pub(crate) mod server;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::corpus::{Project, Sources, projects};
use crate::environment::{cache_directory, django, oracle_python, root, site_packages, tools};
use crate::generated::generate;
use crate::pgwright;
use crate::rivals;
use crate::shell::{command, run as run_command};

/// Runs of what takes less than [`LONG`], after one that does not count; of the rest three in all.
const RUNS: usize = 5;

/// Seconds.
const LONG: f64 = 5.0;

/// Seconds after which a program is stopped.
const LIMIT: u32 = 300;

/// Runs a command and prints seconds of the clock, of the processors, and the peak of resident memory in KiB, as the operating system has them.
const MEASURE: &str = "
import json, resource, subprocess, sys, threading, time
start = time.perf_counter()
running = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
# Not wait(timeout): that only looks every 0.05 s.
limit = threading.Timer(float(sys.argv[1]), running.kill)
limit.start()
code = running.wait()
wall = time.perf_counter() - start
code = code if limit.is_alive() else None
limit.cancel()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss // 1024 if sys.platform == 'darwin' else used.ru_maxrss
print(json.dumps({'code': code, 'wall': wall, 'cpu': used.ru_utime + used.ru_stime, 'peak': peak}))
";

#[derive(Debug, Clone, Copy, Deserialize)]
struct Measured {
    /// None where it was stopped.
    code: Option<i32>,
    wall: f64,
    cpu: f64,
    /// KiB.
    peak: u64,
}

/// What is read, and what pgwright is told about it.
struct Tree {
    name: String,
    source: PathBuf,
    arguments: Vec<String>,
}

struct Programs {
    pgwright: PathBuf,
    floor: PathBuf,
    ruff: PathBuf,
    rivals: PathBuf,
    python: PathBuf,
}

/// A column of the table.
struct Column {
    name: &'static str,
    command: fn(&Programs, &Tree) -> Command,
    /// Whether its first run does what later ones do: not so where one finds what another has kept.
    first_counts: bool,
}

const COLUMNS: [Column; 10] = [
    column("reading and parsing", |programs, tree| command(&programs.floor, [&tree.source])),
    column("ruff, DJ", |programs, tree| lint(programs, tree, "DJ")),
    column("ruff, all", |programs, tree| lint(programs, tree, "ALL")),
    column("inspect models", |programs, tree| ours(programs, tree, &["inspect", "models"])),
    column("check, models", |programs, tree| ours(programs, tree, &pgwright::CHECK_MODELS)),
    column("check, first", |programs, tree| ours(programs, tree, &["check", "--no-cache"])),
    Column { first_counts: false, ..column("check, second", |programs, tree| ours(programs, tree, &["check"])) },
    column("migrations --all", |programs, tree| ours(programs, tree, &["migrations", "--all"])),
    column("djch", |programs, tree| inside(tree, command(programs.rivals.join("djch"), ["check"]))),
    column("django-orm-lens", |programs, tree| {
        let arguments = ["-m", "django_orm_lens", "nplusone", "--path", ".", "--format", "json"];
        inside(tree, command(programs.rivals.join("python"), arguments))
    }),
];

const fn column(name: &'static str, command: fn(&Programs, &Tree) -> Command) -> Column {
    Column { name, command, first_counts: true }
}

fn ours(programs: &Programs, tree: &Tree, arguments: &[&str]) -> Command {
    let mut pgwright = command(&programs.pgwright, arguments);
    pgwright.args(&tree.arguments).arg(&tree.source);
    pgwright
}

fn lint(programs: &Programs, tree: &Tree, select: &str) -> Command {
    let mut ruff = command(&programs.ruff, ["check", "--select", select, "--no-cache", "--isolated", "--quiet"]);
    ruff.arg(&tree.source);
    ruff
}

fn inside(tree: &Tree, mut command: Command) -> Command {
    command.current_dir(&tree.source);
    command
}

/// Measures all of it and writes the page; with names only these projects, and to the terminal.
pub(crate) fn run(names: &[&str]) -> Result<bool> {
    let programs = programs()?;
    let mut trees: Vec<Tree> = Vec::new();
    for project in projects(names)? {
        let sources = project.fetch()?;
        trees.push(tree(&project, &sources));
    }
    if names.is_empty() {
        trees.push(made_up(700, "made up")?);
    }
    let mut page = String::new();
    write!(page, "| project | files, lines |")?;
    COLUMNS.iter().try_for_each(|column| write!(page, " {} |", column.name))?;
    writeln!(page, "\n| --- | --- |{}", " ---: |".repeat(COLUMNS.len()))?;
    for tree in &trees {
        let size = run_command(&mut command(&programs.floor, [&tree.source]))?;
        write!(page, "| {} | {} |", tree.name, size.trim())?;
        for column in &COLUMNS {
            let cell = cell(&programs, tree, column)?;
            write!(page, " {cell} |")?;
        }
        println!("{}", page.lines().last().unwrap_or_default());
        writeln!(page)?;
    }
    if !names.is_empty() {
        return Ok(true);
    }
    let file = root().join("docs/benchmarks.md");
    std::fs::write(&file, format!("{}\n{page}", introduction()?))?;
    println!("written to {}", file.display());
    Ok(true)
}

fn introduction() -> Result<String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let mut text = String::new();
    write!(
        text,
        "# Time and memory\n\n\
         Written by `cargo xtask bench`. Each cell is the median of {RUNS} runs (of 3, where the first takes longer than {LONG:.0} s), one after the other on the same \
         files: seconds of the clock, seconds of all processors, and the peak of resident memory in MiB. {processors} processors, load {load} when it ended. \
         Whatever takes longer than {LIMIT} s is stopped.\n\n\
         *Reading and parsing* is the floor: ruff's parser on every file, in parallel, and nothing else. *ruff, DJ* is `ruff check --select DJ --no-cache`, \
         *ruff, all* the same with every rule. *check, models* leaves out the rules that need to know what queries the code sends; *check, first* has all of \
         them and keeps nothing, *check, second* finds what another run has kept. `djch check` and `django-orm-lens nplusone` look for N+1 only, without \
         models, libraries or SQL ([what they find](rivals.md)). The made-up project is one of `cargo xtask generated`: many small apps, a function per query.\n"
    )?;
    Ok(text)
}

fn programs() -> Result<Programs> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let example = ["build", "--quiet", "--release", "--package", "pgwright_python", "--example", "parse"];
    run_command(command(&cargo, example).current_dir(root()))?;
    let pgwright = pgwright::binary()?;
    let target = pgwright::target_directory()?;
    Ok(Programs {
        pgwright,
        floor: target.join("release/examples/parse"),
        ruff: tools()?.join("bin/ruff"),
        rivals: rivals::environment()?.join("bin"),
        python: oracle_python()?,
    })
}

fn tree(project: &Project, sources: &Sources) -> Tree {
    let site = sources.site_packages.display().to_string();
    let arguments = ["--settings".to_owned(), project.settings.clone(), "--python".to_owned(), site];
    Tree { name: project.name.clone(), source: sources.source.clone(), arguments: arguments.to_vec() }
}

fn made_up(apps: usize, name: &str) -> Result<Tree> {
    let folder = cache_directory()?.join("generated").join(format!("bench-{apps}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let python = django("5.2")?.context("no Python for Django 5.2 was found (3.10 to 3.14)")?;
    run_command(&mut generate(&python, &folder, 1, apps))?;
    let arguments = ["--python".to_owned(), site_packages(&python)?.display().to_string()];
    Ok(Tree { name: name.to_owned(), source: folder, arguments: arguments.to_vec() })
}

fn cell(programs: &Programs, tree: &Tree, column: &Column) -> Result<String> {
    let command = (column.command)(programs, tree);
    // Once for the page cache, and for what is kept.
    let first = measure(&programs.python, &command)?;
    let Some(code) = first.code else { return Ok(format!("over {LIMIT} s")) };
    if !(0..=1).contains(&code) {
        return Ok(format!("fails ({code})"));
    }
    // What is kept is new to the first run, and seconds of reading are lost in it only where it is short.
    let (mut runs, more) = match first.wall > LONG && column.first_counts {
        true => (vec![first], 2),
        false => (Vec::new(), RUNS),
    };
    for _ in 0..more {
        runs.push(measure(&programs.python, &command)?);
    }
    let (wall, cpu) = (median(&runs, |run| run.wall), median(&runs, |run| run.cpu));
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default() / 1024;
    Ok(format!("{wall:.2} s, {cpu:.2} s, {peak} MiB"))
}

fn median(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn measure(python: &Path, measured: &Command) -> Result<Measured> {
    let mut command = command(python, ["-c", MEASURE, &LIMIT.to_string()]);
    command.arg(measured.get_program()).args(measured.get_args());
    if let Some(folder) = measured.get_current_dir() {
        command.current_dir(folder);
    }
    Ok(serde_json::from_str(&run_command(&mut command)?)?)
}
