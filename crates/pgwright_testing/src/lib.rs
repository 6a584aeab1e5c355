//! Test support: projects written in Markdown.
