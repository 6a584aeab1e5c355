//! Understands a Django project from its source: settings, apps, models, schema.

mod apps;
mod convert;
mod described;
mod discovery;
mod extensions;
pub mod migrations;
pub mod model;
mod models;
pub mod project;
pub mod queries;
mod read;
pub mod references;
mod request;
pub mod schema;
mod settings;
mod templates;
pub mod usage;

pub use described::description;
pub use project::Project;
pub use read::read;
pub use request::{Extent, ReadRequest};
