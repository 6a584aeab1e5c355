//! `docs/rivals.md`: N+1 beside the other programs that look for it in Django code without running it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;

use crate::corpus::projects;
use crate::environment::{cached, find_python, install, root};
use crate::pgwright;
use crate::shell::{command, run as run_command};

/// Their programs.
pub(crate) fn environment() -> Result<PathBuf> {
    let requirements = root().join("tests/oracle/environments/rivals.txt");
    cached("environments", "rivals", &std::fs::read_to_string(&requirements)?, |directory| {
        let python = find_python(&["3.12", "3.13", "3.11"]).context("no Python from 3.11 to 3.13 was found")?;
        install(&python, &requirements, directory)
    })
}

/// Runs all of them on the projects whose queries were recorded, and writes the page.
pub(crate) fn run() -> Result<bool> {
    let environment = environment()?;
    let mut given = Vec::new();
    for project in projects(&[])? {
        let truth = project.directory().join("n_plus_1.json.xz");
        if truth.is_file() {
            let (project, sources) = project.recorded()?;
            let arguments = ["--settings".to_owned(), project.settings.clone(), "--python".to_owned()];
            let arguments: Vec<String> =
                arguments.into_iter().chain([sources.site_packages.display().to_string()]).collect();
            given.push(json!({
                "name": project.name, "source": sources.source, "arguments": arguments, "truth": truth,
            }));
        }
    }
    let given = json!({"pgwright": pgwright::binary()?, "rivals": environment.join("bin"), "projects": given});
    let script = root().join("tests/oracle/rivals.py");
    let page =
        run_command(&mut command(environment.join("bin/python"), [script.into_os_string(), given.to_string().into()]))?;
    let file = root().join("docs/rivals.md");
    std::fs::write(&file, page)?;
    println!("written to {}", file.display());
    Ok(true)
}
