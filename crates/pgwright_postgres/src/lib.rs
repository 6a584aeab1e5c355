//! PostgreSQL itself: finding its programs, and running private clusters of it.
//!
//! With the binary this is the only crate that does I/O. A [`Cluster`] is ours, writable, and gone when it is dropped, when the
//! process is interrupted and when it is killed.

#![allow(clippy::disallowed_methods, reason = "starting servers and talking to them is I/O")]

mod cache;
pub mod cluster;
mod error;
pub mod installation;
mod owner;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod template;

pub use cluster::Cluster;
pub use error::Error;
pub use installation::{Installation, Search};
