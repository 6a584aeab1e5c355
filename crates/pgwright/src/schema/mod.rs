//! `pgwright schema`: a model class as it should be.

mod carry;
pub(crate) mod correct;
pub(crate) mod json;
pub(crate) mod text;

use camino::Utf8PathBuf;
use pgwright_django::Extent;
use pgwright_django::model::{Model, Origin};

use crate::Status;
use crate::check::{configured, judge};
use crate::cli::{FactFormat, ProjectArgs, SchemaArgs};
use crate::failure::Failure;
use crate::fixing;
use crate::ground::read_snapshot;
use crate::output::Output;
use crate::place::model_named;
use crate::render::Look;
use crate::session::Session;

pub(crate) fn run(args: &SchemaArgs, output: &Output) -> Result<Status, Failure> {
    let project = ProjectArgs { paths: args.paths.clone(), options: args.options.clone() };
    let session = Session::open(&project)?.reading(Extent::Workload).with_history();
    let mut selection = configured(&session.config)?;
    selection.retain(correct::is_about_models);
    let measured = read_snapshot(None, &session)?;
    let reading = session.read();
    let wanted = one(model_named(&args.model, &reading.project.models)?, &args.model)?;
    let (module, name) = (wanted.module.clone(), wanted.name.clone());
    let first = judge(&session, reading, &selection, None, measured.as_ref());
    let mut session = session.models_alone();
    let is_wanted = |model: &Model| model.module == module && model.name == name;
    let corrections = correct::correct(&mut session, &selection, None, measured.as_ref(), &first, &is_wanted);
    for warning in &corrections.outcome.warnings {
        output.warning(warning);
    }
    let Some(corrected) = corrections.models.first() else {
        return Err(Failure::new(format!("the class of `{}` is not in the project", args.model)));
    };
    if args.fix {
        let migrations: Vec<(Utf8PathBuf, &str)> = corrections
            .migrations
            .iter()
            .flat_map(|app| app.written.iter().flatten())
            .map(|written| (written.path.clone(), written.text.as_str()))
            .collect();
        fixing::write_with(&corrections.outcome, &migrations)?;
    }
    let report = Report { corrected, corrections: &corrections, written: args.fix };
    let look = Look { styled: output.styled(), width: output.width() };
    output.data(&match args.format {
        FactFormat::Text => text::render(&report, look),
        FactFormat::Json => json::render(&report),
    })?;
    let is_clean = corrected.open.is_empty() && (args.fix || corrected.changes.is_empty());
    Ok(if is_clean { Status::Clean } else { Status::Findings })
}

/// What `schema` shows of one model.
struct Report<'r> {
    corrected: &'r correct::Corrected,
    corrections: &'r correct::Corrections,
    /// Whether the files were changed.
    written: bool,
}

/// The one model meant: of several, which have to be told apart; a library's are not the project's to change.
fn one<'m>(found: Vec<&'m Model>, wanted: &str) -> Result<&'m Model, Failure> {
    let own: Vec<&Model> = found.iter().copied().filter(|model| model.origin == Origin::Project).collect();
    match own.as_slice() {
        [only] => Ok(only),
        [] => Err(Failure::new(format!("`{wanted}` is a library's model: its class is not the project's to change"))),
        several => {
            let labels: Vec<String> = several.iter().map(|model| format!("`{}`", model.label())).collect();
            Err(Failure::new(format!("`{wanted}` may be {}", labels.join(" or "))).hint("name it with its app"))
        }
    }
}
