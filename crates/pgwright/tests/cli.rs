//! The command as a user runs it, on small projects.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::process::Stdio;

use common::Project;

const MODELS: &str = "from django.db import models\n\n\nclass Order(models.Model):\n    payload = models.TextField()\n";

/// A Django project with one app, and these files beside or instead of its own.
fn project(files: &[(&str, &str)]) -> Project {
    Project::with_app("app", &[&[("app/models.py", MODELS)], files].concat())
}

const UNUSED: &str = "x = 1  # pgwright: ignore[unused-ignore]\ny = 2  # pgwright: ignore[syntax-error] why\n";

#[test]
fn a_clean_project_exits_with_0() {
    let (code, out, err) = project(&[]).run(&["check"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out, "no findings\nunderstood 1 of 1 model\n");
}

#[test]
fn findings_exit_with_1_and_are_fixed() {
    let project = project(&[("app/views.py", UNUSED)]);
    let (code, out, _) = project.run(&["check", "--format", "concise", "--select", "all"]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("app/views.py:2:8: warning[unused-ignore] nothing to ignore here: `syntax-error` [fixable]\n")
    );
    assert_eq!(project.run(&["check", "--exit-zero"]).0, 0);

    let (code, diff, err) = project.run(&["check", "--diff"]);
    assert_eq!(code, 1);
    assert!(diff.contains("--- a/app/views.py\n+++ b/app/views.py\n"), "{diff}");
    assert!(diff.contains("\n-y = 2  # pgwright: ignore[syntax-error] why\n"), "{diff}");
    assert!(diff.contains("\n+y = 2\n"), "{diff}");
    assert!(err.contains("nothing was changed"), "{err}");
    assert_eq!(project.read("app/views.py"), UNUSED);

    let (code, out, err) = project.run(&["check", "--fix"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2 fixed"), "{out}");
    assert_eq!(project.read("app/views.py"), "x = 1\ny = 2\n");
    assert_eq!(project.run(&["check", "--fix"]).0, 0);
}

#[test]
fn a_file_that_does_not_parse_is_said_and_the_rest_is_read() {
    let project = project(&[("app/broken.py", "def (:\n"), ("app/latin.py", "x = 1\n")]);
    std::fs::write(project.path().join("app/latin.py"), b"x = '\xe4'\n").unwrap();
    let (code, out, err) = project.run(&["check", "--format", "concise"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.contains("app/broken.py:1:"), "{out}");
    assert!(out.contains("error[syntax-error]"), "{out}");
    assert!(out.contains("app/latin.py:1:1: warning[invalid-encoding]"), "{out}");
    assert!(out.contains("understood 1 of 1 model"), "{out}");
}

#[test]
fn no_django_is_no_error() {
    let folder = Project::of(&[]);
    folder.write("a.py", "x = 1\n");
    let (code, out, _) = folder.run(&["check"]);
    assert_eq!(code, 0);
    assert!(out.contains("no Django models in 1 Python file\n"), "{out}");
}

/// A byte order mark, tabs, a circle of imports and one file in no known encoding: every model is read, and only what is
/// wrong is said, once.
#[test]
fn odd_files_are_read_and_what_is_wrong_is_said_once() {
    let project = project(&[
        (
            "app/models.py",
            "\u{feff}from django.db import models\nfrom app.circle import Second\n\nclass First(models.Model):\n\tname = models.TextField()\n",
        ),
        (
            "app/circle.py",
            "from django.db import models\nfrom app.models import First\n\nclass Second(models.Model):\n    first = models.ForeignKey('First', models.CASCADE)\n",
        ),
    ]);
    std::fs::write(project.path().join("app/views.py"), b"title = '\xff\xfe'\n").unwrap();
    let (code, out, err) = project.run(&["check", "--format", "concise"]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert_eq!(out.matches("invalid-encoding").count(), 1, "{out}");
    assert_eq!(out.lines().filter(|line| line.starts_with("app/")).count(), 1, "{out}");
    let (_, models, _) = project.run(&["inspect", "models", "--format", "json"]);
    for name in ["\"First\"", "\"Second\"", "\"app.First\""] {
        assert!(models.contains(name), "{name} in {models}");
    }
}

/// An app without settings or `manage.py`, as reusable apps are kept.
#[test]
fn an_app_without_a_project_is_read() {
    let folder = Project::of(&[]);
    folder.write("shelf/__init__.py", "");
    folder.write(
        "shelf/models.py",
        "from django.db import models\n\n\nclass Book(models.Model):\n    title = models.TextField()\n",
    );
    let (code, out, _) = folder.run(&["check", "--unresolved", "--ignore", "integer-primary-key"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("no settings module was found (`--settings` names one)"), "{out}");
    assert!(out.contains("understood 1 of 1 model"), "{out}");
}

#[test]
fn what_cannot_run_exits_with_2_and_says_how_to_go_on() {
    let project = project(&[]);
    for (arguments, message) in [
        (&["check", "nowhere"][..], "error: there is no `nowhere`"),
        (&["check", "--select", "syntax-eror"], "hint: did you mean `syntax-error`?"),
        (&["check", "--django", "new"], "hint: write it as in `--django 5.2`"),
        (&["check", "--python", "nowhere"], "hint: give a site-packages folder"),
        (&["check", "--baseline", "none.json"], "hint: write it with `--update-baseline`"),
        (&["check", "--update-baseline"], "error: no baseline file to update"),
        (&["check", "--config", "none.toml"], "could not read `none.toml`"),
        (&["check", "--unsafe-fixes"], "--fix"),
        (&["rules", "syntax-eror"], "hint: did you mean `syntax-error`?"),
    ] {
        let (code, out, err) = project.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
}

#[test]
fn configuration_is_found_above_and_mistakes_point_into_it() {
    let project = project(&[
        ("app/views.py", UNUSED),
        ("app/gen/out.py", UNUSED),
        ("pyproject.toml", "[tool.pgwright]\nexclude = [\"gen\"]\nper-file-ignores = { \"app/*.py\" = [\"all\"] }\n"),
    ]);
    let (code, out, err) = project.run(&["check", "app"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");

    project.write("pgwright.toml", "# ours\nexcludes = []\n");
    let (code, _, err) = project.run(&["check", "app"]);
    assert_eq!(code, 2);
    for part in ["there is no key `excludes` here", "pgwright.toml:2:1", "2 | excludes = []", "did you mean `exclude`?"]
    {
        assert!(err.contains(part), "{err}");
    }
}

#[test]
fn a_baseline_hides_what_is_known() {
    let project = project(&[("app/views.py", UNUSED)]);
    let (code, _, err) = project.run(&["check", "--baseline", "known.json", "--update-baseline"]);
    assert_eq!(code, 0, "{err}");
    project.write("app/views.py", &format!("# moved\n\n{UNUSED}"));
    let (code, out, _) = project.run(&["check", "--baseline", "known.json"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("2 known in the baseline"), "{out}");
    let before = project.read("known.json");
    project.run(&["check", "--baseline", "known.json", "--update-baseline"]);
    assert_eq!(project.read("known.json"), before);
}

#[test]
fn an_app_is_read_with_its_project_and_only_its_findings_are_shown() {
    let project = project(&[("app/views.py", UNUSED), ("other.py", UNUSED)]);
    let (_, out, _) = project.run(&["check", "app", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["summary"]["models_understood"], 1);
    let paths: Vec<_> = report["diagnostics"].as_array().unwrap().iter().map(|found| &found["path"]).collect();
    assert_eq!(paths, ["app/views.py", "app/views.py"]);
}

#[test]
fn inspect_models_keeps_its_contract() {
    let (code, out, err) = project(&[]).run(&["inspect", "models", "--format", "json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&document), "version models unresolved");
    let model = &document["models"][0];
    assert_eq!(
        keys(model),
        "app name module file line table abstract proxy managed bases fields indexes constraints unique_together ordering"
    );
    assert_eq!((&model["file"], &model["line"]), (&"app/models.py".into(), &4.into()));
    assert_eq!(
        keys(&model["fields"][1]),
        "name class column type null unique index primary_key has_default max_length to related_name on_delete"
    );
    assert_eq!(model["fields"][1]["type"], "text");
}

#[test]
fn inspect_schema_is_sql() {
    let (code, out, _) = project(&[]).run(&["inspect", "schema", "--format", "sql", "--django", "5.2"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("CREATE TABLE \"app_order\" ("), "{out}");
}

#[test]
fn a_closed_pipe_is_success() {
    let project = project(&[]);
    let mut child = project.command(&["rules"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let project = project(&[("app/views.py", UNUSED), ("app/broken.py", "def (:\n")]);
    for format in ["full", "json", "sarif", "gitlab", "junit", "github"] {
        let arguments = ["check", "--format", format];
        assert_eq!(project.run(&arguments), project.run(&arguments), "{format}");
    }
    let (_, stdout, _) = project.run(&["check"]);
    let (code, nothing, _) = project.run(&["check", "--output-file", "report.txt"]);
    assert_eq!((code, nothing.as_str()), (1, ""));
    assert_eq!(project.read("report.txt"), stdout);
}

#[test]
fn shells_and_man_know_every_command() {
    let project = Project::of(&[]);
    let (_, help, _) = project.run(&["--help"]);
    let commands: Vec<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|command| command != "help")
        .collect();
    assert!(commands.len() > 12, "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let (_, script, _) = project.run(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
    }
    assert_eq!(project.run(&["man", "."]).0, 0);
    for command in &commands {
        assert!(project.read(&format!("pgwright-{command}.1")).contains("SH SYNOPSIS"), "{command}");
    }
    assert!(project.read("pgwright-inspect-queries.1").contains("\\-\\-at"));
    let (code, _, complaint) = project.run(&["man", "nowhere"]);
    assert_eq!((code, complaint.lines().count()), (2, 1), "{complaint}");
}

#[test]
fn the_version_may_name_a_commit() {
    let (_, version, _) = Project::of(&[]).run(&["--version"]);
    let (number, commit) = version.trim_end().split_once(" (").unwrap_or((version.trim_end(), ""));
    assert_eq!(number, concat!("pgwright ", env!("CARGO_PKG_VERSION")));
    assert!(commit.is_empty() || commit.ends_with(')') && commit.split(' ').count() == 2, "{version}");
}

#[test]
fn fingerprints_survive_a_hundred_lines_above() {
    let models = "class Order(models.Model):\n    total_price = models.FloatField()\n\n\nclass Bill(models.Model):\n    total_price = models.FloatField()\n";
    let of = |above: &str| {
        let text = format!("from django.db import models\n\n{above}\n{models}");
        let project = Project::with_app("shop", &[("shop/models.py", &text)]);
        let (_, out, err) = project.run(&["check", "--format", "sarif"]);
        let document: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
        let results = document["runs"][0]["results"].as_array().unwrap();
        let of = |result: &serde_json::Value| {
            let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
            (result["partialFingerprints"]["pgwright/v1"].as_str().unwrap().to_owned(), line.as_u64().unwrap())
        };
        results.iter().map(of).collect::<Vec<_>>()
    };
    let (before, after) = (of(""), of(&"# a line\n".repeat(100)));
    assert!(before.len() >= 2);
    let moved: Vec<_> = before.iter().map(|(fingerprint, line)| (fingerprint.clone(), line + 100)).collect();
    assert_eq!(after, moved);
    let mut distinct: Vec<_> = after.iter().map(|(fingerprint, _)| fingerprint).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), after.len());
}
