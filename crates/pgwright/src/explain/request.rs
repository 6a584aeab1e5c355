//! What is to be explained: from arguments to queries.

use std::collections::BTreeMap;

use pgwright_django::queries::workload::Issued;
use pgwright_schema::parameters::PatternKind;

use super::planning::{Query, Site};
use crate::cli::{ExplainArgs, ProjectArgs};
use crate::failure::Failure;
use crate::place::{Place, model_named, names};
use crate::session::{Reading, Session};

pub(super) struct Request {
    pub(super) wanted: Wanted,
    pub(super) project: ProjectArgs,
}

pub(super) enum Wanted {
    All,
    Sql(String),
    Place(Place),
    Model(String),
}

impl Request {
    pub(super) fn new(args: &ExplainArgs) -> Result<Request, Failure> {
        let (wanted, rest) = match args.targets.split_first() {
            _ if args.all => (Wanted::All, args.targets.as_slice()),
            Some((target, rest)) => (Wanted::of(target), rest),
            None => return Err(Failure::new("nothing to explain").hint("give a target, or `--all`")),
        };
        let mut paths: Vec<camino::Utf8PathBuf> = rest.iter().map(Into::into).collect();
        if let (Wanted::Place(place), true) = (&wanted, paths.is_empty()) {
            // The project is the one the file is in.
            if !place.file.exists() {
                return Err(Failure::new(format!("there is no `{}`", place.file))
                    .hint("a target is `FILE:LINE`, a model (`app.Model`), or a statement in quotes"));
            }
            paths.push(place.file.clone());
        }
        if paths.is_empty() {
            paths.push(".".into());
        }
        Ok(Request { wanted, project: ProjectArgs { paths, options: args.options.clone() } })
    }

    /// The queries meant, each text once with all places that send it.
    pub(super) fn queries(&self, session: &Session, reading: &Reading) -> Result<Vec<Query>, Failure> {
        if let Wanted::Sql(sql) = &self.wanted {
            return Ok(vec![Query { sql: Ok(sql.clone()), sites: Vec::new(), pattern: PatternKind::Contains }]);
        }
        let queries = queries(session, reading, &|site| self.wanted.holds(site));
        if queries.is_empty() {
            return Err(self.nothing(reading));
        }
        Ok(queries)
    }

    fn nothing(&self, reading: &Reading) -> Failure {
        match &self.wanted {
            Wanted::Place(place) => {
                let at = place.line.map(|line| format!(":{line}")).unwrap_or_default();
                Failure::new(format!("no query is known to be sent from `{}{at}`", place.file))
                    .hint(format!("`pgwright inspect queries --at {}` lists those of the file", place.file))
            }
            Wanted::Model(wanted) => match model_named(wanted, &reading.project.models) {
                Ok(_) => Failure::new(format!("no query of the model `{wanted}` is known"))
                    .hint("`pgwright inspect queries` lists all queries"),
                Err(failure) => failure,
            },
            Wanted::All | Wanted::Sql(_) => Failure::new("no query is known to be sent from this project"),
        }
    }
}

/// Queries of the places meant, each text once with all places that send it.
pub(super) fn queries(session: &Session, reading: &Reading, holds: &dyn Fn(&Site) -> bool) -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for issued in &reading.project.workload.queries {
        let site = site(issued, session, reading);
        if !session.shows(reading.files.path(issued.span.file)) || !holds(&site) {
            continue;
        }
        let known = issued.sql.as_deref().ok().and_then(|sql| places.get(sql).copied());
        match known {
            Some(at) => queries[at].sites.push(site),
            None => {
                if let Ok(sql) = &issued.sql {
                    places.insert(sql, queries.len());
                }
                queries.push(Query { sql: issued.sql.clone(), pattern: pattern(issued, reading), sites: vec![site] });
            }
        }
    }
    queries
}

impl Wanted {
    fn of(target: &str) -> Wanted {
        let first = target.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let is_statement =
            ["select", "insert", "update", "delete", "with", "merge", "values"].contains(&first.as_str());
        if is_statement && target.trim().contains(char::is_whitespace) {
            return Wanted::Sql(target.to_owned());
        }
        let place = Place::parse(target);
        if place.line.is_some() || target.contains('/') || place.file.is_file() {
            Wanted::Place(place)
        } else {
            Wanted::Model(target.to_owned())
        }
    }

    fn holds(&self, site: &Site) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Sql(_) => false,
            Wanted::Model(wanted) => site.model.as_deref().is_some_and(|label| names(label, wanted)),
            Wanted::Place(place) => place.holds(&site.file, site.line..=site.end_line),
        }
    }
}

pub(crate) fn site(issued: &Issued, session: &Session, reading: &Reading) -> Site {
    let file = reading.files.get(issued.span.file);
    Site {
        file: session.relative(reading.files.path(issued.span.file)).to_string(),
        line: file.position(issued.anchor).line,
        end_line: file.position(issued.span.end).line,
        function: issued.function.clone(),
        model: issued.model.map(|model| reading.project.models.get(model).label()),
        in_loop: issued.in_loop.is_some(),
    }
}

/// See [`pgwright_rules::pattern`].
pub(crate) fn pattern(issued: &Issued, reading: &Reading) -> PatternKind {
    pgwright_rules::pattern(issued, &reading.files)
}
