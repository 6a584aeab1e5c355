//! The door to the analysis.

use pgwright_django::Project;

pub(crate) use pgwright_django::{ReadRequest, read};

pub(crate) fn schema(project: &Project, all: bool) -> pgwright_schema::Schema {
    let scope = if all { pgwright_django::schema::Scope::All } else { pgwright_django::schema::Scope::Own };
    pgwright_django::schema::schema_of(project, scope).schema
}
