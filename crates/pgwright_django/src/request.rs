//! What a caller asks to be read.

use camino::Utf8PathBuf;

/// What to read, decided by the caller; nothing else is looked at but site-packages.
#[derive(Debug, Default, Clone)]
pub struct ReadRequest {
    /// Python files of the project.
    pub paths: Vec<Utf8PathBuf>,
    /// Folders the user named; the project's import roots are found below them.
    pub roots: Vec<Utf8PathBuf>,
    /// `--settings`, or the `DJANGO_SETTINGS_MODULE` of the environment.
    pub settings: Option<String>,
    pub site_packages: Vec<Utf8PathBuf>,
    /// `--django`.
    pub django: Option<(u8, u8)>,
    pub extent: Extent,
    /// Whether migrations are read and replayed too.
    pub history: bool,
}

/// How much is to be understood.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Settings, apps, models and how their fields are used.
    #[default]
    Models,
    /// Also every query the code can send.
    Workload,
}
