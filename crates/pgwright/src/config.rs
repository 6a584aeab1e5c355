//! `[tool.pgwright]` in `pyproject.toml`, or `pgwright.toml`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobMatcher};
use pgwright_diagnostics::{Confidence, Severity, closest};
use pgwright_rules::{PerFile, RULES, Selection};
use pgwright_schema::change::Rates;
use serde::Deserialize;
use toml::Spanned;

use crate::failure::Failure;

/// A configuration that was read and checked; paths in it are relative to the folder of its file.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The file, if there is one.
    pub(crate) path: Option<Utf8PathBuf>,
    pub(crate) settings: Option<String>,
    pub(crate) python: Option<Utf8PathBuf>,
    pub(crate) django: Option<(u8, u8)>,
    pub(crate) select: Vec<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) per_file: Vec<PerFile>,
    pub(crate) exclude: Vec<GlobMatcher>,
    pub(crate) severity: BTreeMap<String, Severity>,
    pub(crate) min_severity: Option<Severity>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Rows to assume per `app.Model`, where there are no statistics.
    pub(crate) assumed_rows: BTreeMap<String, u64>,
    /// `app.Model`s that nobody may wait for.
    pub(crate) hot: BTreeSet<String>,
    pub(crate) rates: Rates,
}

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Raw {
    settings: Option<String>,
    python: Option<Utf8PathBuf>,
    django: Option<Spanned<String>>,
    select: Vec<Spanned<String>>,
    ignore: Vec<Spanned<String>>,
    per_file_ignores: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    exclude: Vec<Spanned<String>>,
    severity: BTreeMap<Spanned<String>, Severity>,
    min_severity: Option<Severity>,
    min_confidence: Option<Confidence>,
    baseline: Option<Utf8PathBuf>,
    assume: Assume,
    migrations: Migrations,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Assume {
    rows: BTreeMap<Spanned<String>, u64>,
}

/// What `pgwright migrations` and the rules about migrations go by.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Migrations {
    hot: Vec<Spanned<String>>,
    rates: Option<Spanned<Rates>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PyProject {
    tool: Tool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tool {
    pgwright: Option<Raw>,
}

impl Config {
    /// The configuration given, or the nearest one from `start` up; without any, the defaults.
    pub(crate) fn find(given: Option<&Utf8Path>, start: &Utf8Path) -> Result<Self, Failure> {
        if let Some(path) = given {
            let text = read(path)?;
            let found = Config::parse(path, &text)?;
            return found.ok_or_else(|| {
                Failure::new(format!("`{path}` has no `[tool.pgwright]` table"))
                    .hint("`--config` takes a `pgwright.toml`, or a `pyproject.toml` with that table")
            });
        }
        for folder in crate::session::upwards(start) {
            for name in ["pgwright.toml", "pyproject.toml"] {
                let path = folder.join(name);
                if path.is_file()
                    && let Some(config) = Config::parse(&path, &read(&path)?)?
                {
                    return Ok(config);
                }
            }
        }
        Ok(Config::default())
    }

    /// None for a `pyproject.toml` that says nothing about pgwright.
    pub(crate) fn parse(path: &Utf8Path, text: &str) -> Result<Option<Self>, Failure> {
        let raw = if path.file_name() == Some("pyproject.toml") {
            if !text.contains("pgwright") {
                return Ok(None);
            }
            toml::from_str::<PyProject>(text).map(|file| file.tool.pgwright)
        } else {
            toml::from_str::<Raw>(text).map(Some)
        };
        let in_file = InFile { path, text };
        let Some(raw) = raw.map_err(|error| in_file.toml(&error))? else { return Ok(None) };
        in_file.check(raw).map(Some)
    }
}

fn read(path: &Utf8Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::write("read", &path, &error))
}

/// Django's `X.Y`, also written `X.Y.Z`.
pub(crate) fn parse_django(text: &str) -> Option<(u8, u8)> {
    let mut parts = text.trim().split('.');
    let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.clone().count() <= 1 && parts.all(|part| part.parse::<u8>().is_ok())).then_some(version)
}

/// Mistakes in a configuration file, said with the line they are on.
struct InFile<'a> {
    path: &'a Utf8Path,
    text: &'a str,
}

impl InFile<'_> {
    fn failure(&self, message: impl Into<String>, span: Option<std::ops::Range<usize>>) -> Failure {
        Failure::InFile {
            path: self.path.to_owned(),
            text: self.text.to_owned(),
            message: message.into(),
            span,
            hints: Vec::new(),
        }
    }

    fn toml(&self, error: &toml::de::Error) -> Failure {
        let message = error.message();
        let failure = |message: String| self.failure(message, error.span());
        // serde says: unknown field `setings`, expected one of `settings`, `python`, …
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let Some((unknown, known)) = quoted.split_first() else { return failure(message.replace('\n', "; ")) };
        let kind = if message.starts_with("unknown field") {
            "key"
        } else if message.starts_with("unknown variant") {
            "value"
        } else {
            return failure(message.replace('\n', "; "));
        };
        let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        failure(format!("there is no {kind} `{unknown}` here")).hint(match closest(unknown, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known are {}", list()),
        })
    }

    fn check(&self, raw: Raw) -> Result<Config, Failure> {
        let folder = self.path.parent().unwrap_or(Utf8Path::new(""));
        let django = raw
            .django
            .map(|version| {
                parse_django(version.get_ref()).ok_or_else(|| {
                    self.failure("this is no Django version", Some(version.span())).hint("write it as in \"5.2\"")
                })
            })
            .transpose()?;
        let mut per_file = Vec::new();
        for (pattern, rules) in raw.per_file_ignores {
            per_file.push(PerFile { glob: self.glob(folder, &pattern)?, rules: self.rule_names(rules)? });
        }
        let exclude = raw.exclude.iter().map(|pattern| self.glob(folder, pattern)).collect::<Result<_, _>>()?;
        let mut severity = BTreeMap::new();
        for (name, level) in raw.severity {
            severity.insert(self.rule_name(name)?, level);
        }
        let mut assumed_rows = BTreeMap::new();
        for (label, rows) in raw.assume.rows {
            assumed_rows.insert(self.label(label)?, rows);
        }
        let hot = raw.migrations.hot.into_iter().map(|label| self.label(label)).collect::<Result<_, _>>()?;
        let rates = match raw.migrations.rates {
            Some(rates) if !rates.get_ref().are_sound() => {
                return Err(self
                    .failure("a rate is a slow and a fast number per second", Some(rates.span()))
                    .hint("write it as in `read-mb = [100, 2000]`"));
            }
            Some(rates) => rates.into_inner(),
            None => Rates::default(),
        };
        Ok(Config {
            path: Some(self.path.to_owned()),
            settings: raw.settings,
            python: raw.python.map(|path| folder.join(path)),
            django,
            select: self.rule_names(raw.select)?,
            ignore: self.rule_names(raw.ignore)?,
            per_file,
            exclude,
            severity,
            min_severity: raw.min_severity,
            min_confidence: raw.min_confidence,
            baseline: raw.baseline.map(|path| folder.join(path)),
            assumed_rows,
            hot,
            rates,
        })
    }

    fn label(&self, label: Spanned<String>) -> Result<String, Failure> {
        let parts = label.get_ref().split_once('.');
        if parts.is_some_and(|(app, name)| !app.is_empty() && !name.is_empty() && !name.contains('.')) {
            return Ok(label.into_inner());
        }
        Err(self.failure("this is no model", Some(label.span())).hint("write it as \"app_label.ModelName\""))
    }

    fn rule_names(&self, names: Vec<Spanned<String>>) -> Result<Vec<String>, Failure> {
        names.into_iter().map(|name| self.rule_name(name)).collect()
    }

    fn rule_name(&self, name: Spanned<String>) -> Result<String, Failure> {
        Selection::check_name(RULES, name.get_ref()).map_err(|unknown| {
            self.failure(format!("there is no rule or group `{}`", unknown.name), Some(name.span())).hint(match unknown
                .suggestion
            {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`pgwright rules` lists the names".to_owned(),
            })
        })?;
        Ok(name.into_inner())
    }

    /// A pattern without a slash matches in any folder, as in `.gitignore`; others start at the file's folder.
    fn glob(&self, folder: &Utf8Path, pattern: &Spanned<String>) -> Result<GlobMatcher, Failure> {
        let written = pattern.get_ref().trim_end_matches('/');
        let rooted = match written.strip_prefix('/') {
            Some(rest) => join(folder, rest),
            None if written.contains('/') => join(folder, written),
            None => format!("**/{written}"),
        };
        match Glob::new(&rooted) {
            Ok(glob) => Ok(glob.compile_matcher()),
            Err(error) => Err(self.failure(format!("not a pattern: {}", error.kind()), Some(pattern.span()))),
        }
    }
}

/// The folder is a path and not a pattern: its special characters are escaped.
fn join(folder: &Utf8Path, pattern: &str) -> String {
    if folder.as_str().is_empty() {
        pattern.to_owned()
    } else {
        format!("{}/{pattern}", globset::escape(folder.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, (String, String, Vec<String>)> {
        match Config::parse(Utf8Path::new("pgwright.toml"), text) {
            Ok(config) => Ok(config.expect("a pgwright.toml is always a configuration")),
            Err(Failure::InFile { message, span, hints, .. }) => {
                Err((message, span.and_then(|span| text.get(span)).unwrap_or_default().to_owned(), hints))
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_can_be_set() {
        let config = parse(
            r#"
            settings = "shop.settings"
            python = ".venv"
            django = "5.2"
            select = ["schema", "security"]
            ignore = ["unused-ignore"]
            exclude = ["legacy/", "*_pb2.py"]
            min-severity = "warning"
            min-confidence = "certain"
            baseline = "pgwright.baseline.json"
            per-file-ignores = { "tests/**" = ["all"] }
            severity = { syntax-error = "warning" }
            assume = { rows = { "shop.Order" = 1_000_000 } }
            migrations = { hot = ["shop.Order"], rates = { read-mb = [50, 500] } }
            "#,
        )
        .expect("valid");
        assert_eq!(config.django, Some((5, 2)));
        assert_eq!(config.assumed_rows["shop.Order"], 1_000_000);
        assert!(config.hot.contains("shop.Order"));
        assert_eq!((config.rates.read_mb.slow, config.rates.read_mb.fast), (50.0, 500.0));
        assert_eq!(config.rates.index_rows, Rates::default().index_rows);
        assert!(config.exclude[1].is_match("a/b/x_pb2.py"));
        assert!(config.per_file[0].glob.is_match("tests/models.py"));
    }

    #[test]
    fn mistakes_point_into_the_file() {
        let wrong = |text: &str| parse(text).expect_err("invalid");
        assert_eq!(
            wrong("setings = \"x\"\n"),
            ("there is no key `setings` here".into(), "setings".into(), vec!["did you mean `settings`?".into()])
        );
        let (message, at, _) = wrong("select = [\"schema\", \"xyzzy\"]\n");
        assert_eq!((message.as_str(), at.as_str()), ("there is no rule or group `xyzzy`", "\"xyzzy\""));
        assert_eq!(wrong("ignore = [\"unused-ignor\"]\n").2, ["did you mean `unused-ignore`?"]);
        assert_eq!(wrong("django = \"latest\"\n").1, "\"latest\"");
        assert_eq!(wrong("min-severity = \"eror\"\n").2, ["did you mean `error`?"]);
        assert_eq!(wrong("assume = { rows = { Order = 1 } }\n").0, "this is no model");
        assert_eq!(wrong("migrations = { hot = [\"Order\"] }\n").0, "this is no model");
        assert_eq!(wrong("migrations = { rates = { read-mb = [5, 1] } }\n").2.len(), 1);
        assert_eq!(wrong("migrations = { rates = { reads = [1, 5] } }\n").1, "reads");
        assert_eq!(wrong("exclude = [\"a[\"]\n").1, "\"a[\"");
        assert!(!wrong("select = [\n").0.is_empty());
        assert_eq!(wrong("severity = { all-of-it = \"error\" }\n").1, "all-of-it");
    }

    #[test]
    fn pyproject_is_read_only_where_it_speaks_of_us() {
        let parse = |text| Config::parse(Utf8Path::new("pyproject.toml"), text);
        assert!(matches!(parse("[tool.ruff]\nx = 1\n"), Ok(None)));
        assert!(matches!(parse("[project]\nname = \"pgwright-user\"\n"), Ok(None)));
        assert!(matches!(parse("[tool.pgwright]\nsettings = \"a\"\n"), Ok(Some(_))));
        assert!(parse("[tool.pgwright]\nsettingz = \"a\"\n").is_err());
    }
}
