//! `get_or_create()` by columns that no unique constraint covers.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_django::queries::workload::{Certainty, Issued, Situation, Terminal};
use pgwright_schema::sql::parse_statement;
use pgwright_schema::statement::{RelationSource, resolve_statement};
use pgwright_schema::terms::{Kind, Term, is_equality};

use crate::headline::fitting;
use crate::unique::{add_unique, is_unique_over, wanted};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "race-in-get-or-create",
    summary: "`get_or_create()` looks for a row by columns that no unique constraint covers",
    docs: include_str!("race_in_get_or_create.md"),
    group: Group::Concurrency,
    severity: Severity::Warning,
    check: Check::Place(check),
};

/// Models that a place may be of, before it says nothing about any of them.
const MODELS: usize = 6;

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    let looks = |issued: &&Issued| {
        matches!(issued.terminal, Terminal::GetOrCreate | Terminal::UpdateOrCreate)
            && !matches!(issued.situation, Situation::Command | Situation::Migration | Situation::Test)
            && issued.sql.as_ref().is_ok_and(|sql| sql.starts_with("SELECT "))
    };
    let mut models: Vec<_> = place.iter().filter(looks).filter_map(|issued| issued.model).collect();
    models.sort();
    models.dedup();
    if models.len() > MODELS {
        return;
    }
    for model in models {
        let texts: Vec<&Issued> = place.iter().filter(looks).filter(|issued| issued.model == Some(model)).collect();
        let model = facts.project.models.get(model);
        // Whoever looks in another way there may be covered.
        let columns: Option<Vec<Vec<String>>> = texts.iter().map(|issued| columns(facts, model, issued)).collect();
        let is_open = |columns: &Vec<String>| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            !is_unique_over(facts, model, &columns)
        };
        let Some(columns) = columns.filter(|columns| columns.iter().all(is_open)) else { continue };
        let surest = texts.iter().zip(&columns).min_by_key(|(issued, _)| issued.confidence);
        let Some((issued, columns)) = surest.filter(|_| model.origin.is_own()) else { continue };
        let one = finding(facts, model, issued, columns);
        // One place, one finding, whatever model it is called for.
        match found.last_mut().filter(|last| last.rule == RULE.name && last.primary.span == issued.span) {
            Some(last) => last.related.extend(one.related),
            None => found.push(one),
        }
    }
}

fn finding(facts: Facts, model: &Model, issued: &Issued, columns: &[String]) -> Diagnostic {
    let field_of = |column: &String| model.fields.iter().find(|field| field.column.as_deref() == Some(column));
    let fields: Vec<&Field> = columns.iter().filter_map(field_of).collect();
    let listed = fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
    let method = if issued.terminal == Terminal::GetOrCreate { "get_or_create" } else { "update_or_create" };
    let name = &model.name;
    let wordings = [
        format!("`{method}()` of `{name}` by {listed}, which nothing keeps unique"),
        format!("`{method}()` of `{name}` by columns that nothing keeps unique"),
        format!("`{method}()` by columns that nothing keeps unique"),
    ];
    let mut finding = RULE
        .at(issued.span, fitting(&wordings))
        .why(
            "two processes that find no row at once both create one; from then on the look itself fails with MultipleObjectsReturned. \
             Only a unique constraint makes one of them fail and read the other's row, which is what Django counts on",
        )
        .help(format!("{}; look by its columns alone and give the rest in `defaults`", wanted(model, &fields)));
    if let Some(site) = &model.site {
        finding = finding.related(site.name, "no unique constraint here covers them");
    }
    if issued.confidence != Certainty::Certain {
        finding = finding.confidence(Confidence::Likely);
    }
    if let Ok(sql) = &issued.sql {
        finding = finding.evidence("sql", sql.clone());
    }
    finding.fix = add_unique(facts, model, &fields);
    finding
}

/// Columns of the model's own table that a look compares with one value each, in the table's order. None where it asks for
/// anything else as well.
fn columns(facts: Facts, model: &Model, issued: &Issued) -> Option<Vec<String>> {
    let schema = &facts.project.own_schema().schema;
    let statement = parse_statement(issued.sql.as_ref().ok()?).ok()?;
    let query = resolve_statement(&statement, schema, &[]);
    let [block] = query.blocks.as_slice() else { return None };
    let [join] = block.joins.as_slice() else { return None };
    let RelationSource::Table(table) = query.relations[join.relation].source else { return None };
    let table = schema.tables.get(table).filter(|table| table.name == model.table)?;
    let compared: Vec<String> = block.conditions().iter().map(compared).collect::<Option<_>>()?;
    let columns: Vec<String> =
        table.columns.iter().map(|column| column.name.clone()).filter(|name| compared.contains(name)).collect();
    (!columns.is_empty()).then_some(columns)
}

/// The column that a condition gives one value.
fn compared(term: &Term) -> Option<String> {
    let column = |term: &Term| match &term.kind {
        Kind::Column { name, .. } => Some(name.to_string()),
        _ => None,
    };
    match &term.kind {
        Kind::Operator { id, args } if is_equality(*id) => match args.as_slice() {
            [left, right] if right.relations().is_empty() => column(left),
            _ => None,
        },
        Kind::Not(inner) => column(inner),
        _ => column(term),
    }
}
