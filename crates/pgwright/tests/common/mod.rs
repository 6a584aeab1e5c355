//! A project in a folder of its own, and the command run in it.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::path::Path;
use std::process::{Command, Output};

pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A folder with these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A Django project with one app of this name, and these files beside or instead of its own.
    pub(crate) fn with_app(app: &str, files: &[(&str, &str)]) -> Self {
        let settings = format!(
            "INSTALLED_APPS = ['{app}']\nDEFAULT_AUTO_FIELD = \"django.db.models.BigAutoField\"\nSECRET_KEY = 'x'\n"
        );
        let project = Project::of(&[
            ("manage.py", "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"),
            ("settings.py", &settings),
            (&format!("{app}/__init__.py"), ""),
        ]);
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgwright"));
        command.args(arguments).current_dir(self.path());
        for name in
            ["VIRTUAL_ENV", "CONDA_PREFIX", "COLUMNS", "CLICOLOR_FORCE", "RUST_BACKTRACE", "PGHOST", "PGSERVICE"]
        {
            command.env_remove(name);
        }
        command
    }

    /// Exit code, stdout and stderr.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}
