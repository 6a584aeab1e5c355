//! The door to the analysis.

use camino::Utf8PathBuf;
use pgwright_diagnostics::Files;
use pgwright_django::Project;
use pgwright_python::Host;

#[derive(Debug, Clone, Default)]
pub(crate) struct ReadRequest {
    pub(crate) paths: Vec<Utf8PathBuf>,
    pub(crate) roots: Vec<Utf8PathBuf>,
    pub(crate) settings: Option<String>,
    pub(crate) site_packages: Vec<Utf8PathBuf>,
    pub(crate) django: Option<(u8, u8)>,
}

pub(crate) fn read(request: &ReadRequest, host: &dyn Host) -> (Files, Project) {
    let mut files = Files::default();
    for path in &request.paths {
        if let Ok(bytes) = host.read(path) {
            files.add(path.clone(), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    (files, Project { file_count: request.paths.len(), ..Project::default() })
}

pub(crate) fn schema(_project: &Project, _all: bool) -> pgwright_schema::Schema {
    pgwright_schema::Schema::default()
}
