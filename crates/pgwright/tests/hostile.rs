//! A repository that wishes whoever reads it ill: SECURITY.md.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;

/// Settings, models and a migration that would leave a file behind if anything of them ran.
fn running() -> Project {
    let trap = "import os\n\nos.system('touch ran')\nopen('ran', 'w').close()\n";
    let models = format!(
        "{trap}from django.db import models\n\n\nclass Product(models.Model):\n    name = models.CharField(max_length=__import__('os').system('touch ran'))\n"
    );
    let settings = format!("{trap}INSTALLED_APPS = ['shop']\nSECRET_KEY = exec(\"open('ran', 'w')\") or 'x'\n");
    let project = Project::with_app("shop", &[("shop/models.py", &models), ("settings.py", &settings)]);
    project.write("manage.py", &format!("{trap}os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"));
    project.write("shop/migrations/__init__.py", trap);
    project.write("shop/migrations/0001_initial.py", &format!("{trap}from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = [migrations.RunPython(lambda apps, editor: os.system('touch ran'))]\n"));
    project
}

const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["check", "--format", "concise"],
    &["check", "--format", "json"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
    &["check", "--format", "gitlab"],
    &["check", "--format", "junit"],
    &["check", "--diff", "--unsafe-fixes"],
    &["inspect", "models"],
    &["inspect", "schema", "--format", "sql"],
    &["inspect", "queries"],
    &["inspect", "migrations"],
    &["inspect", "project"],
    &["migrations", "--all"],
    &["tune"],
];

#[test]
fn nothing_of_the_project_runs() {
    let project = running();
    for command in COMMANDS {
        let (code, _, err) = project.run(command);
        assert!(code == 0 || code == 1, "{command:?}: {err}");
        assert!(!project.path().join("ran").exists(), "{command:?} ran the project's code");
    }
}

#[test]
fn names_cannot_command_a_terminal() {
    // Python's escapes: what the names hold are the characters themselves.
    let models = r#"from django.db import models


class Product(models.Model):
    price = models.FloatField(db_column="pr\x1b]0;title\x07ice")
    name = models.CharField(max_length=10, null=True)

    class Meta:
        db_table = "sh\x1b[2Jop\u202e"
        indexes = [models.Index(fields=["name"], name="i\x1b[31mx"), models.Index(fields=["name"], name="j\x9b2Jx")]
"#;
    let views = "from .models import Product\n\n\ndef f():\n    return Product.objects.filter(name='\u{1b}[31m').count()  # \u{1b}[2J\u{202e}\n";
    let project = Project::with_app("shop", &[("shop/models.py", models), ("shop/views.py", views)]);
    project.write("shop/\u{1b}[2J.py", "def (:\n");
    for command in COMMANDS {
        let (code, out, err) = project.run(command);
        assert!(code == 0 || code == 1, "{command:?}: {err}");
        for text in [&out, &err] {
            let hidden = text.chars().find(|char| char.is_control() && *char != '\n' || *char == '\u{202e}');
            assert_eq!(hidden, None, "{command:?}: {text:?}");
        }
    }
    let (_, out, _) = project.run(&["inspect", "models"]);
    assert!(out.contains(r"sh\u001b[2Jop\u202e"), "{out}");
    let (_, out, _) = project.run(&["--color", "always", "check"]);
    assert!(out.contains("\u{1b}[1m") && !out.contains("\u{1b}[2J") && !out.contains('\u{9b}'), "{out:?}");
}
