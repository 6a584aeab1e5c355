//! A name for a finding that survives edits elsewhere in the file.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use pgwright_diagnostics::{Diagnostic, Files};

/// 32 hexadecimal digits from the rule, the path, the headline and the source line of the primary place with its
/// white space normalised. Line numbers do not enter, so moved code keeps its fingerprint; two equal lines share one.
pub fn fingerprint(files: &Files, diagnostic: &Diagnostic) -> String {
    let path = files.try_get(diagnostic.primary.span.file).map(|file| file.path.as_str()).unwrap_or_default();
    fingerprint_at(path, files, diagnostic)
}

/// The fingerprint that the finding would have, were its file at this path.
pub(crate) fn fingerprint_at(path: &str, files: &Files, diagnostic: &Diagnostic) -> String {
    let file = files.try_get(diagnostic.primary.span.file);
    let line = file.map(|file| file.line(file.position(diagnostic.primary.span.start).line)).unwrap_or_default();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut hash = Md5::new();
    for part in [diagnostic.rule, &path.replace('\\', "/"), &diagnostic.headline, &line] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One fingerprint per diagnostic, in order; findings that would share one are told apart by a counter.
pub fn fingerprints(files: &Files, diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    diagnostics
        .iter()
        .map(|diagnostic| {
            let print = fingerprint(files, diagnostic);
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            if *count == 1 { print } else { format!("{print}-{count}") }
        })
        .collect()
}
