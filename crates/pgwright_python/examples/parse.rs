//! Reads and parses every Python file below some folders and does nothing else: the floor that `cargo xtask bench` compares with.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use pgwright_python::{decode, parse};
use rayon::prelude::*;

fn main() {
    let mut files = Vec::new();
    for folder in std::env::args_os().skip(1) {
        find(Path::new(&folder), &mut files);
    }
    let lines: usize = files
        .par_iter()
        .filter_map(|file| std::fs::read(file).ok())
        .map(|bytes| {
            let decoded = decode(bytes);
            let parsed = parse(&decoded.text);
            std::hint::black_box(&parsed);
            decoded.text.lines().count()
        })
        .sum();
    println!("{} files, {lines} lines", files.len());
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => find(&path, files),
            Ok(_) if path.extension().is_some_and(|extension| extension == "py") => files.push(path),
            _ => {}
        }
    }
}
