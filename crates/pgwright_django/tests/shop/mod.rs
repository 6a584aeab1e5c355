//! A project of one app, `shop`, in memory: read with its workload.
#![allow(dead_code, reason = "each test binary uses its part")]

use pgwright_diagnostics::Files;
use pgwright_django::queries::workload::Issued;
use pgwright_django::{Extent, Project, ReadRequest, read};
use pgwright_testing::Memory;

pub(crate) const SETTINGS: &str = "\
INSTALLED_APPS = [\"django.contrib.contenttypes\", \"django.contrib.auth\", \"shop\"]
DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.postgresql\", \"NAME\": \"shop\"}}
DEFAULT_AUTO_FIELD = \"django.db.models.BigAutoField\"
USE_TZ = True
";
const MANAGE: &str = "import os\n\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"settings\")\n";

/// A project that was read.
pub(crate) struct Shop {
    pub(crate) files: Files,
    pub(crate) project: Project,
}

/// The project with these files; one of the same path replaces what every shop has.
pub(crate) fn shop(own: &[(&str, &str)]) -> Shop {
    shop_on((5, 2), own)
}

/// The same on this Django.
pub(crate) fn shop_on(version: (u8, u8), own: &[(&str, &str)]) -> Shop {
    let every = [("manage.py", MANAGE), ("settings.py", SETTINGS), ("shop/__init__.py", "")];
    let host = Memory::new(every.iter().chain(own).copied());
    let request = ReadRequest {
        paths: host.python_files(),
        roots: vec![".".into()],
        django: Some(version),
        extent: Extent::Workload,
        ..ReadRequest::default()
    };
    let (files, project) = read(&request, &host);
    Shop { files, project }
}

impl Shop {
    /// What the functions of one file send.
    pub(crate) fn sent_from(&self, file: &str) -> impl Iterator<Item = &Issued> {
        self.project.workload.queries.iter().filter(move |issued| self.files.path(issued.span.file).ends_with(file))
    }

    /// The line of the code that sends it.
    pub(crate) fn line(&self, issued: &Issued) -> u32 {
        self.files.get(issued.span.file).position(issued.anchor).line
    }
}

/// The text, or why it is not known.
pub(crate) fn text(issued: &Issued) -> String {
    issued.sql.clone().unwrap_or_else(|reason| format!("unknown: {reason}"))
}
