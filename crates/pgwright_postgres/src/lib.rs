//! PostgreSQL itself: finding its programs, running private clusters of it, and asking its planner.
//!
//! With the binary this is the only crate that does I/O. A [`Cluster`] is ours, writable, and gone when it is dropped, when the
//! process is interrupted and when it is killed. A [`Shadow`] is such a cluster that plans as
//! another database does; a [`trace::Tracer`] is one on which migrations run and are watched. A [`Live`] session is with a database that is
//! not ours, and cannot write.

#![allow(clippy::disallowed_methods, reason = "starting servers and talking to them is I/O")]

mod cache;
pub mod cluster;
pub mod dump;
mod error;
mod explain;
pub mod installation;
pub mod live;
pub mod measure;
mod owner;
#[cfg(unix)]
pub mod shadow;
pub mod snapshot;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod template;
pub mod trace;

pub use cache::folder as cache_folder;
pub use cluster::Cluster;
pub use error::Error;
pub use explain::plan;
pub use installation::{Installation, Search};
pub use live::Live;
#[cfg(unix)]
pub use shadow::Shadow;
pub use snapshot::Snapshot;
