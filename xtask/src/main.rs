//! Developer tasks. `cargo xtask` lists them.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)]

use std::process::ExitCode;

use anyhow::Result;

mod accuracy;
mod bench;
mod corpus;
mod environment;
mod generated;
mod licences;
mod page;
mod pgwright;
mod rivals;
mod shell;
mod shop;
mod test;

const USAGE: &str = "\
cargo xtask test                            everything: format, lints, tests, oracles, corpus
cargo xtask shop                            examples/shop on real Django: its tests, its models, its schema
cargo xtask corpus fetch [NAME…]            download the corpus projects into the user's cache
cargo xtask corpus models [--diff] [NAME…]  agreement of `inspect models` with Django's registry
cargo xtask corpus schema [--diff] [NAME…]  `inspect schema` against what Django creates, on PostgreSQL
cargo xtask corpus migrations [--diff] [NAME…] `inspect migrations` against what real Django sent and PostgreSQL locked
cargo xtask corpus trace [--diff] [NAME…]   `migrations` against what PostgreSQL does when the history runs
cargo xtask corpus drift [--diff] [NAME…]   `migration-drift` against what real `makemigrations` would write
cargo xtask corpus queries [--diff] [NAME…] `inspect queries` against what real Django sent
cargo xtask corpus n1 [--diff] [NAME…]      loops in which `check` finds the queries that real Django sent per round
cargo xtask corpus repeated [NAME…]         the same queries on one thread and on several, byte for byte
cargo xtask corpus check [--update] [NAME…] counts of findings per rule
cargo xtask corpus mutations [NAME…]        damaged copies of the projects are read without a panic
cargo xtask generated queries APPS SEED     models and queries of projects made up by chance, against real Django
cargo xtask generated migrations APPS SEED  their migrations and what `makemigrations` would still write
cargo xtask licences [--check]              what the program is built from, in THIRD-PARTY.md
cargo xtask page [FOLDER]                   the page of `review` in Chromium; pictures of it into FOLDER
cargo xtask accuracy                        ask the corpus oracles and write docs/accuracy.md
cargo xtask rivals                          N+1 beside other tools, written to docs/rivals.md
cargo xtask bench [NAME…]                   time and memory beside other programs, written to docs/benchmarks.md
cargo xtask bench server                    how long an editor waits for `pgwright server` (Linux)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn dispatch(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => test::run(),
        ["shop"] => shop::run(),
        ["shop", "tests", version] => shop::tests(version),
        ["generated", "queries", apps, seed] => generated::queries::run(apps, seed),
        ["generated", "migrations", apps, seed] => generated::migrations::run(apps, seed),
        ["licences"] => licences::run(false),
        ["licences", "--check"] => licences::run(true),
        ["page"] => page::run_page(None),
        ["page", folder] => page::run_page(Some(folder.as_ref())),
        ["accuracy"] => accuracy::run(),
        ["bench", "server"] => bench::server::run(),
        ["bench", names @ ..] => bench::run(names),
        ["rivals"] => rivals::run(),
        ["corpus", "fetch", names @ ..] => corpus::fetch(names),
        ["corpus", "models", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::models::run(&names, diff)
        }
        ["corpus", "schema", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::schema::run(&names, diff)
        }
        ["corpus", "migrations", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::migrations::run(&names, diff)
        }
        ["corpus", "trace", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::trace::run(&names, diff)
        }
        ["corpus", "drift", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::drift::run(&names, diff)
        }
        ["corpus", "queries", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::queries::run(&names, diff)
        }
        ["corpus", "repeated", names @ ..] => corpus::repeated::run(names),
        ["corpus", "n1", rest @ ..] => {
            let (diff, names) = flag("--diff", rest);
            corpus::n_plus_1::run(&names, diff)
        }
        ["corpus", "mutations", names @ ..] => corpus::mutations::run(names),
        ["corpus", "check", rest @ ..] => {
            let (update, names) = flag("--update", rest);
            corpus::findings::run(&names, update)
        }
        _ => {
            println!("{USAGE}");
            Ok(words.is_empty() || words == ["--help"])
        }
    }
}

fn flag<'a>(name: &str, words: &[&'a str]) -> (bool, Vec<&'a str>) {
    (words.contains(&name), words.iter().copied().filter(|word| *word != name).collect())
}
