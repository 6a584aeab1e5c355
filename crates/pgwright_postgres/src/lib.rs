//! PostgreSQL itself: finding its programs, running private clusters of it, and asking its planner.
//!
//! With the binary this is the only crate that does I/O. A [`Cluster`] is ours, writable, and gone when it is dropped, when the
//! process is interrupted and when it is killed. A [`Shadow`] is such a cluster that plans as
//! another database does.

#![allow(clippy::disallowed_methods, reason = "starting servers and talking to them is I/O")]

mod cache;
pub mod cluster;
mod error;
mod explain;
pub mod installation;
pub mod measure;
mod owner;
#[cfg(unix)]
pub mod shadow;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod template;

pub use cluster::Cluster;
pub use error::Error;
pub use explain::plan;
pub use installation::{Installation, Search};
#[cfg(unix)]
pub use shadow::Shadow;
