//! Planning queries with values in them.

use pgwright_postgres::{Error, Live, Shadow};
use pgwright_schema::parameters::{self, Choice, PatternKind, Usage, Value};
use pgwright_schema::sql::{number_placeholders, parse_statement};
use pgwright_schema::{Plan, Statistics};

use crate::failure::Failure;

/// Who is asked for plans.
pub(crate) enum Planner {
    Shadow(Box<Shadow>),
    Live(Box<Live>),
}

impl Planner {
    fn plan(&mut self, statement: &str) -> Result<Plan, Error> {
        match self {
            Planner::Shadow(shadow) => shadow.plan(statement),
            Planner::Live(live) => live.plan(statement),
        }
    }

    fn parameter_types(&mut self, statement: &str) -> Result<Vec<String>, Error> {
        match self {
            Planner::Shadow(shadow) => shadow.parameter_types(statement),
            Planner::Live(live) => live.parameter_types(statement),
        }
    }
}

/// A statement with the places that send it.
pub(crate) struct Query {
    /// As Django sends it, `%s` for each parameter; or why it is not known.
    pub(crate) sql: Result<String, String>,
    pub(crate) sites: Vec<Site>,
    pub(crate) pattern: PatternKind,
}

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    pub(crate) function: String,
    pub(crate) model: Option<String>,
    pub(crate) in_loop: bool,
}

/// A query with its plans, or why it has none.
pub(crate) struct Explained {
    pub(crate) query: Query,
    /// With typical values; then, where that is another plan, with the most frequent ones.
    pub(crate) plans: Result<Vec<Planned>, String>,
    /// Other plans that the first becomes when tables grow, by the factor from which on.
    pub(crate) grown: Vec<(f64, Planned)>,
}

/// A plan for certain values.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) choice: Choice,
    /// What stands for each parameter, with what it is compared with.
    pub(crate) values: Vec<(Option<Usage>, Value)>,
    pub(crate) statement: String,
    pub(crate) plan: Plan,
    pub(crate) sentence: String,
}

impl Explained {
    /// Cost of the dearest of its plans, for sorting.
    pub(crate) fn cost(&self) -> f64 {
        let plans = self.plans.iter().flatten().map(|planned| planned.plan.total_cost);
        plans.fold(0.0, f64::max)
    }

    /// Notes the plan in a shadow of the database grown by `factor`, where it is another one.
    pub(crate) fn grow(&mut self, shadow: &mut Shadow, factor: f64, statistics: &Statistics) {
        let Ok(plans) = &self.plans else { return };
        let Some(first) = plans.first() else { return };
        let before = self.grown.last().map_or(first, |(_, planned)| planned);
        let Ok(plan) = shadow.plan(&first.statement) else { return };
        if plan.shape() != before.plan.shape() {
            let sentence = plan.sentence(statistics);
            self.grown.push((factor, Planned { plan, sentence, ..first.clone() }));
        }
    }
}

/// Plans all queries, the dearest first.
///
/// # Errors
/// The server has stopped.
pub(crate) fn plan_all(
    planner: &mut Planner,
    queries: Vec<Query>,
    statistics: &Statistics,
) -> Result<Vec<Explained>, Failure> {
    let mut explained: Vec<Explained> = queries
        .into_iter()
        .map(|query| {
            let plans = query.sql.clone().and_then(|sql| plans(planner, &sql, query.pattern, statistics));
            Explained { query, plans, grown: Vec::new() }
        })
        .collect();
    // Whether the server is still there: had it stopped, every plan would have failed for that reason.
    planner.plan("SELECT")?;
    explained.sort_by(|left, right| right.cost().total_cmp(&left.cost()));
    Ok(explained)
}

/// The plans of one statement, or why there are none.
fn plans(
    planner: &mut Planner,
    sql: &str,
    pattern: PatternKind,
    statistics: &Statistics,
) -> Result<Vec<Planned>, String> {
    let numbered = number_placeholders(sql);
    let usages = parse_statement(&numbered).map(|statement| parameters::usages(&statement)).unwrap_or_default();
    let types = if numbered.contains('$') {
        planner.parameter_types(&numbered).map_err(|error| error.message)?
    } else {
        Vec::new()
    };
    let mut plan = |choice| -> Result<Planned, String> {
        let values = parameters::values(&usages, &types, statistics, choice, pattern);
        let statement = parameters::bind(&numbered, &values);
        let plan = planner.plan(&statement).map_err(|error| error.message)?;
        let sentence = plan.sentence(statistics);
        let usage = |at: usize| u32::try_from(at + 1).ok().and_then(|number| usages.get(&number).cloned());
        let values = values.into_iter().enumerate().map(|(at, value)| (usage(at), value)).collect();
        Ok(Planned { choice, values, statement, plan, sentence })
    };
    let typical = plan(Choice::Typical)?;
    let mut plans = vec![typical];
    if !types.is_empty() {
        let frequent = plan(Choice::Frequent)?;
        if frequent.plan.shape() != plans[0].plan.shape() {
            plans.push(frequent);
        }
    }
    Ok(plans)
}
