//! `docs/accuracy.md`: how far pgwright agrees with those who know, as the oracles measure it.

use std::fmt::Write;

use anyhow::Result;

use crate::environment::root;
use crate::shell::{command, output, printed};

struct Part {
    title: &'static str,
    /// What is compared with what, and what the columns mean.
    about: &'static str,
    arguments: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part {
        title: "Models",
        about: "`inspect models` against Django's own app registry: each model, field, index and constraint with its attributes. *Wrong* is what \
                differs without being listed by pgwright as not understood, *unresolved* what is listed.",
        arguments: &["corpus", "models"],
    },
    Part {
        title: "Schema",
        about: "`inspect schema --format sql`, executed on PostgreSQL, against the catalogue that Django's schema editor creates from the same \
                models, and the one that the project's own migrations lead to.",
        arguments: &["corpus", "schema"],
    },
    Part {
        title: "Migrations",
        about: "`inspect migrations` against what real Django sent for each operation when the project's migrations ran, and which tables \
                PostgreSQL had locked after each statement.",
        arguments: &["corpus", "migrations"],
    },
    Part {
        title: "Locks, rewrites and reads",
        about: "`migrations --all --trace`: the whole history of each project runs on a private server without rows, and what each statement \
                locks, writes anew and reads is compared with what is said of it. *Refused* are statements that need what Python code of an \
                earlier migration makes or drops, which is not run.",
        arguments: &["corpus", "trace"],
    },
    Part {
        title: "Queries",
        about: "`inspect queries` against what was sent while the project's own tests ran on PostgreSQL. *Sites*: recorded places that are listed. \
                *SQL*: texts recorded there that are listed. *Wrong of certain*: places where none of the texts said to be certain was sent. \
                *Coverage*: listed places with a known text. A test run reaches only a part of the code, so what was not recorded is no mistake.",
        arguments: &["corpus", "queries"],
    },
    Part {
        title: "N+1",
        about: "The findings of `related-access-in-loop`, `query-in-loop` and `write-in-loop` against the places of the project's own code that sent \
                one query per round of a loop, with other parameters each time, while its tests ran.",
        arguments: &["corpus", "n1"],
    },
];

/// Asks every oracle again and writes the page. Whether all of them were content.
pub(crate) fn run() -> Result<bool> {
    let mut page = "# Accuracy\n\nWritten by `cargo xtask accuracy` from the oracles; CONTRIBUTING.md says how each works and what is least expected. \
                    The projects are pinned in `tests/corpus/corpus.toml`.\n"
        .to_owned();
    let mut content = true;
    for Part { title, about, arguments } in PARTS {
        let output = output(command(std::env::current_exe()?, *arguments).current_dir(root()))?;
        content &= output.status.success();
        let table = printed(&output);
        write!(page, "\n## {title}\n\n{about}\n\n```console\n$ cargo xtask {}\n{table}\n```\n", arguments.join(" "))?;
        println!("{title}: {}", if output.status.success() { "as expected" } else { "less than expected" });
    }
    let file = root().join("docs/accuracy.md");
    std::fs::create_dir_all(root().join("docs"))?;
    std::fs::write(&file, page)?;
    println!("written to {}", file.display());
    Ok(content)
}
