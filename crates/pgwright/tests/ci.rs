//! What the GitHub Action runs.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::Path;
use std::process::Command;

use common::Project;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/github.sh");
const MODELS: &str =
    "from django.db import models\n\n\nclass Product(models.Model):\n    price = models.FloatField()\n";

/// Exit code, stdout and what is written to `$GITHUB_OUTPUT`.
fn run(project: &Project, variables: &[(&str, &str)]) -> (i32, String, String) {
    let folder = Path::new(env!("CARGO_BIN_EXE_pgwright")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .arg(SCRIPT)
        .current_dir(project.path())
        .env("PATH", path)
        .env("GITHUB_OUTPUT", project.path().join("output"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let written = std::fs::read_to_string(project.path().join("output")).unwrap_or_default();
    (output.status.code().unwrap(), stdout, written)
}

#[test]
fn findings_are_annotations_and_are_counted() {
    let project = Project::with_app("shop", &[("shop/models.py", MODELS)]);
    let select = ("PGWRIGHT_ARGUMENTS", "--select float-for-money");
    let (code, out, written) = run(&project, &[select, ("PGWRIGHT_SARIF", "found.sarif")]);
    assert!(code == 1 && out.starts_with("::warning file=shop/models.py,line=5"), "{out}");
    assert_eq!(written, "findings=1\n");
    assert!(project.read("found.sarif").contains("float-for-money"));

    let (code, out, _) = run(&project, &[select, ("PGWRIGHT_ANNOTATIONS", "false")]);
    assert!(code == 1 && out.starts_with("shop/models.py:5"), "{out}");
}

#[test]
fn a_clean_project_passes_and_a_mistake_does_not() {
    let project = Project::with_app("shop", &[("shop/models.py", "")]);
    let (code, _, written) = run(&project, &[]);
    assert_eq!((code, written.as_str()), (0, "findings=0\n"));
    let (code, ..) = run(&project, &[("PGWRIGHT_PATHS", "nowhere; touch evil")]);
    assert_eq!(code, 2);
    assert!(!project.path().join("evil").exists(), "inputs are never code");
}
