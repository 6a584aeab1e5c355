//! Speed beside the peer that a Django project runs today.

pub(crate) mod server;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::corpus::projects;
use crate::environment::{oracle_python, tools};
use crate::pgwright;
use crate::shell::{command, output, run as run_command};

const RUNS: usize = 7;

/// Runs a command and prints the peak of its resident memory as the operating system counts it.
const PEAK_MEMORY: &str = "
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak // 1024 if sys.platform != 'darwin' else peak // 1024**2)
";

pub(crate) fn run() -> Result<bool> {
    let project = projects(&["wagtail"])?.pop().context("wagtail is not in the corpus")?;
    let sources = project.fetch()?;
    let binary = pgwright::binary()?;
    let ruff = tools()?.join("bin/ruff");
    let check = || project.pgwright(&binary, &pgwright::CHECK_MODELS, &sources);
    let lint = || {
        let mut lint = command(&ruff, ["check", "--select", "DJ", "--no-cache", "--isolated", "--quiet"]);
        lint.arg(&sources.source);
        lint
    };
    // One run of each first, so that both find the files in the page cache.
    pgwright::answer(&mut check())?;
    pgwright::answer(&mut lint())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(milliseconds(&mut check())?);
        theirs.push(milliseconds(&mut lint())?);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let python = oracle_python()?;
    println!("wagtail, median of {RUNS} alternating runs      wall      peak memory");
    println!("pgwright check                           {ours:>7.0} ms   {:>5} MiB", peak_memory(&python, &check())?);
    println!("ruff check --select DJ --no-cache        {theirs:>7.0} ms   {:>5} MiB", peak_memory(&python, &lint())?);
    println!("ratio                                    {:>7.2}", ours / theirs);
    Ok(true)
}

fn milliseconds(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    output(command)?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn peak_memory(python: &Path, measured: &Command) -> Result<String> {
    let mut command = command(python, ["-c", PEAK_MEMORY]);
    command.arg(measured.get_program()).args(measured.get_args());
    Ok(run_command(&mut command)?.trim().to_owned())
}
