//! Queries: what the ORM is asked for, and the SQL that Django sends to PostgreSQL for it.
//!
//! [`query::Query`] is an immutable value. `build` holds the methods of `QuerySet` as functions from a query and plain
//! arguments to the next query; `compile` turns a query into SQL text with `%s` for every parameter. Both follow
//! `django/db/models/sql/`, whose answers `tests/oracle/queries` records for each supported release. `write` is what the ORM sends
//! when it writes. `domain` makes all of it known to executed code, and `entries` executes the project's functions: what they send is
//! the [`workload::Workload`].

pub mod build;
mod collect;
pub mod compile;
pub mod context;
pub(crate) mod domain;
pub(crate) mod entries;
pub mod expression;
mod hash;
pub mod kind;
pub mod query;
mod recursion;
pub(crate) mod relabel;
pub(crate) mod serving;
pub(crate) mod starts;
mod waves;
pub mod workload;
pub mod write;

use std::sync::{Arc, OnceLock};

pub use context::Context;
use pgwright_python::Evaluator;
use pgwright_python::value::ClassId;
pub use query::Query;

use crate::model::Models;
use crate::project::Project;
use domain::{Heard, Known, Orm, Shared};
use serving::Serving;
use workload::Workload;

/// What the workload is read against. It outlives the evaluator, whose values refer to it.
#[derive(Default)]
pub(crate) struct Facts {
    models: OnceLock<Models>,
    known: OnceLock<Option<Known>>,
    heard: OnceLock<Heard>,
}

impl Facts {
    /// The models, back from where they were lent.
    pub(crate) fn into_models(self) -> Option<Models> {
        self.models.into_inner()
    }
}

/// Executes the project's code and lists the queries it can send. Takes the models from the project; see [`Facts::into_models`].
pub(crate) fn read<'a, 'm: 'a>(
    evaluator: &mut Evaluator<'a>,
    project: &mut Project,
    classes: Vec<ClassId>,
    facts: &'m Facts,
    context: &'a OnceLock<Context<'m>>,
) -> Workload {
    let models = facts.models.get_or_init(|| std::mem::take(&mut project.models));
    let settings = &project.settings;
    let labels: Vec<&str> = project.apps.iter().map(|app| app.label.as_str()).collect();
    let context = context.get_or_init(|| {
        Context::new(
            models,
            context::Settings {
                version: (project.django.major.into(), project.django.minor.into()),
                use_tz: settings.use_tz.unwrap_or(project.django.at_least(5, 0)),
                time_zone: settings.time_zone.clone(),
            },
        )
        .with_unread(project.unresolved.iter().map(|unresolved| unresolved.subject.as_str()))
    });
    let known =
        facts.known.get_or_init(|| Known::find(evaluator, context, classes, &settings.auth_user_model, &labels));
    let Some(known) = known else { return Workload::default() };
    let heard = facts.heard.get_or_init(|| {
        let serving = Arc::new(Serving::nothing(evaluator));
        let orm = Arc::new(Orm::new(context, known, None, Shared::of(evaluator), serving));
        Heard::find(evaluator, context, known, orm, &labels)
    });
    let orm = |shared, serving| Orm::new(context, known, Some(heard), shared, serving);
    entries::execute(evaluator, known, heard, &project.apps, orm)
}
