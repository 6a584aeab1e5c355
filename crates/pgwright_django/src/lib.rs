//! Understands a Django project from its source: settings, apps, models, schema.

pub mod model;
pub mod project;
pub mod schema;
pub mod usage;

pub use project::Project;
