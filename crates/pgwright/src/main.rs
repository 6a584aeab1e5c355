//! `pgwright`: the PostgreSQL architect for Django.
//!
//! This crate is the only one that touches the world: arguments, configuration, files, output. It contains no analysis.

#![allow(clippy::disallowed_methods, reason = "the binary is where I/O happens")]

mod advise;
mod check;
mod cli;
mod config;
mod disk;
mod environment;
mod explain;
mod failure;
mod fixing;
mod ground;
mod inspect;
mod kept;
mod manual;
mod mcp;
mod migrations;
mod output;
mod place;
mod printable;
mod render;
mod review;
mod revision;
mod rules;
mod schema;
mod server;
mod session;
mod shadow;
mod snapshot;
mod tune;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;

/// A third of a run is spent allocating syntax trees and freeing them; this allocator takes half as long (docs: CONTRIBUTING.md, Speed).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deeply nested source (generated code, mutated files) must not overflow a stack.
const STACK: usize = 64 << 20;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Clean,
    Findings,
}

fn main() -> ExitCode {
    let work = std::thread::Builder::new().name("pgwright".to_owned()).stack_size(STACK).spawn(run);
    work.ok().and_then(|thread| thread.join().ok()).unwrap_or(ExitCode::from(2))
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. A closed pipe is no reason to complain.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        // What panics is reported as a diagnostic or below; the default hook would add noise between.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let output = Output::new(cli.color);
    match execute(&cli.command, &output) {
        Ok(Status::Clean) | Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Ok(Status::Findings) => ExitCode::FAILURE,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(2)
        }
    }
}

/// Does what the command says; a panic is a failure like others.
fn execute(command: &Command, output: &Output) -> Result<Status, Failure> {
    let outcome = catch_unwind(AssertUnwindSafe(|| match command {
        Command::Advise(args) => advise::run(args, output),
        Command::Check(args) => check::run(args, output),
        Command::Inspect(args) => inspect::run(args, output),
        Command::Explain(args) => explain::run(args, output),
        Command::Migrations(args) => migrations::run(args, output),
        Command::Review(args) => review::run(args, output),
        Command::Rules(args) => rules::run(args, output),
        Command::Schema(args) => schema::run(args, output),
        Command::Snapshot(args) => snapshot::run(args, output),
        Command::Tune(args) => tune::run(args, output),
        Command::Server(args) => server::run(args),
        Command::Mcp(args) => mcp::run(args),
        Command::Completions(args) => manual::completions(args, output),
        Command::Man(args) => manual::pages(args, output),
    }));
    outcome.unwrap_or_else(|_| {
        Err(Failure::new("pgwright stopped on a mistake of its own")
            .hint("set `RUST_BACKTRACE=1`, run it again and report what it prints"))
    })
}
