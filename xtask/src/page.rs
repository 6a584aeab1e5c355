//! The page of `pgwright review --format html` in a real browser: Chromium, driven by Playwright, both from npm.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::environment::{cached, django, root};
use crate::pgwright::{answer, binary};
use crate::shell::{command, find_on_path, output, printed, run};

const FILES: [&str; 3] = ["package.json", "package-lock.json", "page.mjs"];

/// What `page.mjs` ends with where there is no browser that starts.
const NO_BROWSER: i32 = 3;

pub(crate) enum Walk {
    /// What was measured.
    Passed(String),
    /// Why no browser can be had.
    Skipped(String),
}

/// The page of `examples/shop`; pictures of it go into `pictures`.
pub(crate) fn run_page(pictures: Option<&Path>) -> Result<bool> {
    match walk(pictures)? {
        Walk::Passed(said) => println!("{said}"),
        Walk::Skipped(reason) => println!("SKIPPED, the page was seen by no browser: {reason}"),
    }
    Ok(true)
}

/// Walks through the page.
///
/// # Errors
/// The page does not do what it should, or cannot be made.
pub(crate) fn walk(pictures: Option<&Path>) -> Result<Walk> {
    let environment = match environment() {
        Ok(environment) => environment,
        Err(reason) => return Ok(Walk::Skipped(format!("{reason:#}"))),
    };
    let report = std::env::temp_dir().join(format!("pgwright-page-{}.html", std::process::id()));
    let made = make(&report).and_then(|()| {
        let mut browser = command("node", [environment.join("page.mjs")]);
        output(browser.arg(&report).args(pictures))
    });
    std::fs::remove_file(&report).ok();
    let output = made?;
    match output.status.code() {
        Some(0) => Ok(Walk::Passed(printed(&output))),
        Some(NO_BROWSER) => Ok(Walk::Skipped(printed(&output))),
        _ => bail!("the page is not as it should be\n{}", printed(&output)),
    }
}

/// With plans of a server where Django's environment has one, so that the viewer is opened.
fn make(report: &Path) -> Result<()> {
    let mut review = command(binary()?, ["review", "--django", "6.0", "--format", "html", "--output-file"]);
    review.arg(report).arg(".").current_dir(root().join("examples/shop"));
    if let Some(environment) = django("6.0")?.as_deref().and_then(|python| python.parent()?.parent()) {
        review.env("VIRTUAL_ENV", environment);
    }
    answer(&mut review).map(drop)
}

/// Playwright and a packed Chromium at the versions of the lock file.
fn environment() -> Result<PathBuf> {
    if find_on_path("node").is_none() || find_on_path("npm").is_none() {
        bail!("there is no node with npm");
    }
    let source = root().join("tests/browser");
    let texts = FILES.map(|file| std::fs::read_to_string(source.join(file)));
    let key: String = texts.into_iter().collect::<std::io::Result<_>>()?;
    cached("environments", "browser", &key, |directory| {
        for file in FILES {
            std::fs::copy(source.join(file), directory.join(file))?;
        }
        let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        run(command("npm", install).current_dir(directory)).map(drop)
    })
}
