//! The same files give the same bytes: on one thread and on all, with nothing kept from another run.

use anyhow::Result;

use super::projects;
use crate::pgwright;

/// Projects of which nothing is special but that they are large, and that their managers go by what is set around them.
const LARGE: [&str; 2] = ["pretalx", "wagtail"];

/// Whether each project's queries are the same, byte for byte, however they were found.
pub(crate) fn run(names: &[&str]) -> Result<bool> {
    let binary = pgwright::binary()?;
    let mut well = true;
    for project in projects(if names.is_empty() { &LARGE } else { names })? {
        let sources = project.fetch()?;
        let answer = |threads: &str| {
            let mut inspect =
                project.pgwright(&binary, &["inspect", "queries", "--no-cache", "--format", "json"], &sources);
            pgwright::answer(inspect.env("RAYON_NUM_THREADS", threads))
        };
        let same = answer("1")? == answer("3")?;
        println!("{:<14} {}", project.name, if same { "the same" } else { "not the same" });
        well &= same;
    }
    Ok(well)
}
