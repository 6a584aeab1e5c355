//! What users name parts of a project by: `FILE:LINE`, `app.Model`.

use std::ops::RangeInclusive;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_django::model::{Model, Models};

use crate::failure::Failure;

/// `FILE` or `FILE:LINE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Utf8PathBuf,
    pub(crate) line: Option<u32>,
}

impl Place {
    pub(crate) fn parse(text: &str) -> Place {
        match text.rsplit_once(':') {
            Some((file, line)) if line.parse::<u32>().is_ok() => Place { file: file.into(), line: line.parse().ok() },
            _ => Place { file: text.into(), line: None },
        }
    }

    /// Whether these lines of a file are meant.
    pub(crate) fn holds(&self, file: &str, lines: RangeInclusive<u32>) -> bool {
        let (first, last) = (*lines.start(), *lines.end());
        Utf8Path::new(file).ends_with(&self.file)
            && self.line.is_none_or(|line| (first..=last.max(first)).contains(&line))
    }
}

/// Whether `wanted` names the model: `app.Model` or `Model`, without case.
pub(crate) fn names(label: &str, wanted: &str) -> bool {
    label.eq_ignore_ascii_case(wanted) || label.rsplit('.').next().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}

/// The models of this name; the error says which one may be meant.
pub(crate) fn model_named<'m>(wanted: &str, models: &'m Models) -> Result<Vec<&'m Model>, Failure> {
    let found: Vec<&Model> = models.all.iter().filter(|model| names(&model.label(), wanted)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let labels: Vec<String> = models.all.iter().map(|model| model.label()).collect();
    let failure = Failure::new(format!("there is no model `{wanted}`"));
    let own = labels.iter().filter_map(|label| label.rsplit('.').next());
    Err(match pgwright_diagnostics::closest(wanted, own.chain(labels.iter().map(String::as_str))) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`pgwright inspect models` lists them"),
    })
}
