//! `cargo xtask test`: every check there is, one line each.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::environment::{DJANGO_VERSIONS, django, root, tools};
use crate::page::{Walk, walk};
use crate::shell::{command, find_on_path, output, printed};

/// Lines shown of either end of a failed step's output.
const SHOWN_LINES: usize = 60;

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

pub(crate) fn run() -> Result<bool> {
    let mut tally = Tally::default();
    let mut versions = Vec::new();
    tally.step("environments", || {
        tools()?;
        for (version, _) in DJANGO_VERSIONS {
            if django(version)?.is_some() {
                versions.push(*version);
            }
        }
        Ok(())
    });
    tally.command("format", cargo(&["fmt", "--all", "--check"]));
    tally.command("lints", cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    let ruff = tools().map(|tools| tools.join("bin/ruff")).unwrap_or_else(|_| "ruff".into());
    tally.command(
        "lints of the Python files",
        command(ruff, ["check", "--no-cache", "--quiet", "tests", "examples", "python"]),
    );
    tally.command("licences", xtask(&["licences", "--check"])?);
    let nextest = find_on_path("cargo-nextest").is_some();
    let tests: &[&str] = if nextest { &["nextest", "run", "--workspace"] } else { &["test", "--workspace"] };
    let mut tests = cargo(tests);
    // The wheel in it brings the server that tests start.
    let python = versions.last().and_then(|version| django(version).ok().flatten());
    let environment = python.as_deref().and_then(|python| python.parent()?.parent());
    if let Some(environment) = environment {
        tests.env("VIRTUAL_ENV", environment);
    }
    tally.command("tests", tests);
    tally.command("release build", cargo(&["build", "--quiet", "--release", "--package", "pgwright"]));
    tally.command("MCP by its own client", mcp_client(environment)?);
    let mut unseen = None;
    tally.step("page of review in a browser", || {
        if let Walk::Skipped(reason) = walk(None)? {
            unseen = Some(reason);
        }
        Ok(())
    });
    if let Some(reason) = unseen {
        println!("{:<32} SKIPPED: {}", "page of review in a browser", shortened(&reason));
    }
    if let Some(python) = &python {
        let mut sequences = command(python, ["-B", "tests/oracle/safe_sequences.py"]);
        sequences.arg(crate::pgwright::binary()?);
        tally.command("sequences of safe migrations", sequences);
        let mut command = command(python, ["-B", "tests/oracle/django_command.py"]);
        command.arg(crate::pgwright::binary()?);
        tally.command("manage.py pgwright", command);
    }
    for (version, _) in DJANGO_VERSIONS {
        if versions.contains(version) {
            tally.command(&format!("shop runs on Django {version}"), xtask(&["shop", "tests", version])?);
        } else {
            println!("{:<32} skipped: no Python for it was found", format!("shop runs on Django {version}"));
        }
    }
    tally.command("shop is read as Django does", xtask(&["shop"])?);
    tally.command("corpus fetch", xtask(&["corpus", "fetch"])?);
    tally.command("corpus models", xtask(&["corpus", "models", "--diff"])?);
    tally.command("corpus schema", xtask(&["corpus", "schema", "--diff"])?);
    tally.command("corpus migrations", xtask(&["corpus", "migrations"])?);
    tally.command("corpus trace", xtask(&["corpus", "trace"])?);
    tally.command("corpus drift", xtask(&["corpus", "drift"])?);
    tally.command("corpus queries", xtask(&["corpus", "queries"])?);
    tally.command("corpus repeated", xtask(&["corpus", "repeated"])?);
    tally.command("corpus n1", xtask(&["corpus", "n1"])?);
    tally.command("corpus check", xtask(&["corpus", "check"])?);
    tally.command("made-up projects: queries", xtask(&["generated", "queries", "400", "1"])?);
    tally.command("made-up projects: migrations", xtask(&["generated", "migrations", "200", "1"])?);
    tally.command("corpus mutations", xtask(&["corpus", "mutations"])?);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(tally.failed == 0)
}

impl Tally {
    /// Run a command. A test runner's own counts are taken over; anything else counts as one.
    fn command(&mut self, name: &str, mut command: Command) {
        let start = Instant::now();
        let (success, text) = match output(command.current_dir(root())) {
            Ok(output) => (output.status.success(), printed(&output)),
            Err(error) => (false, format!("{error:#}")),
        };
        let (passed, failed) = test_counts(&text);
        self.passed += if success { passed.max(1) } else { passed };
        self.failed += if success { 0 } else { failed.max(1) };
        report(name, success, start, &text);
    }

    fn step(&mut self, name: &str, body: impl FnOnce() -> Result<()>) {
        let start = Instant::now();
        match body() {
            Ok(()) => {
                self.passed += 1;
                report(name, true, start, "");
            }
            Err(error) => {
                self.failed += 1;
                report(name, false, start, &format!("{error:#}"));
            }
        }
    }
}

fn report(name: &str, success: bool, start: Instant, text: &str) {
    let result = if success { "ok" } else { "FAILED" };
    println!("{name:<32} {result:<6} {:>7.1} s", start.elapsed().as_secs_f64());
    if !success {
        println!("{}\n", shortened(text));
    }
}

/// Both ends of a long output: a compiler's first error and a test runner's summary.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= 2 * SHOWN_LINES {
        return text.to_owned();
    }
    let (head, tail) = (&lines[..SHOWN_LINES], &lines[lines.len() - SHOWN_LINES..]);
    format!("{}\n… {} lines …\n{}", head.join("\n"), lines.len() - 2 * SHOWN_LINES, tail.join("\n"))
}

/// Sums of the summaries of nextest (`9 passed, 1 failed`) and of `cargo test` (`9 passed; 1 failed`).
fn test_counts(text: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for line in text.lines().filter(|line| line.contains("tests run:") || line.starts_with("test result:")) {
        let words: Vec<&str> = line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let count = pair[0].parse().unwrap_or(0);
            match pair[1] {
                "passed" => counts.0 += count,
                "failed" => counts.1 += count,
                _ => {}
            }
        }
    }
    counts
}

fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")), arguments)
}

/// An agent's session with the built program.
fn mcp_client(environment: Option<&Path>) -> Result<Command> {
    let mut client = command(tools()?.join("bin/python"), [root().join("tests/oracle/mcp_client.py")]);
    client.arg(crate::pgwright::binary()?).arg(root().join("examples/shop"));
    if let Some(environment) = environment {
        client.env("VIRTUAL_ENV", environment);
    }
    Ok(client)
}

fn xtask(arguments: &[&str]) -> Result<Command> {
    Ok(command(std::env::current_exe()?, arguments))
}

#[cfg(test)]
mod tests {
    use super::test_counts;

    #[test]
    fn both_runners_are_understood() {
        assert_eq!(test_counts("     Summary [ 0.1s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped"), (9, 1));
        assert_eq!(
            test_counts("test result: ok. 3 passed; 0 failed; 1 ignored\ntest result: ok. 2 passed; 1 failed"),
            (5, 1)
        );
    }
}
