//! A snapshot: what planning needs to know of a database, in a file that is stable, can be compared and is meant to be committed.

use std::collections::BTreeMap;

use pgwright_schema::Statistics;
use pgwright_schema::activity::Activity;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The version of the file's form.
pub const VERSION: u32 = 1;

/// The name under which it is looked for.
pub const FILE_NAME: &str = "pgwright.statistics.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub version: u32,
    pub server: Server,
    /// The planner's settings that are not PostgreSQL's defaults.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    #[serde(default)]
    pub extensions: Vec<String>,
    #[serde(flatten)]
    pub statistics: Statistics,
    /// Counters, ages, options, sequences and settings; absent from a dump and from files of older versions.
    #[serde(default, skip_serializing_if = "Activity::is_empty")]
    pub activity: Activity,
}

/// The server that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// As in `17.5`.
    pub version: String,
    /// How the database orders text: `en_US.UTF-8`, `C`…
    pub collation: String,
}

impl Server {
    /// The major version; None when it is not written as PostgreSQL does.
    pub fn major(&self) -> Option<u32> {
        self.version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

impl Snapshot {
    /// # Errors
    /// The text is no snapshot, or one of a later version.
    pub fn parse(text: &str) -> Result<Snapshot, Error> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let version = serde_json::from_str::<Version>(text);
        match version {
            Ok(Version { version }) if version > VERSION => {
                return Err(Error::new(format!("it has version {version}, and this pgwright reads version {VERSION}"))
                    .hint("use a newer pgwright, or take the snapshot again with this one"));
            }
            _ => {}
        }
        serde_json::from_str(text)
            .map_err(|error| Error::new(format!("it is no snapshot: {error}")).hint("`pgwright snapshot` makes one"))
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
