//! Pages of rows that come in no order.

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity};
use pgwright_django::model::Value;
use pgwright_django::usage::{Paged, Pager, is_plain_pagination};

use crate::edits::string;
use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unordered-pagination",
    summary: "pages are made of rows that come in no order, so that rows are shown twice or never",
    docs: include_str!("unordered_pagination.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let paged = facts.project.usage.paged.iter();
    found.extend(paged.filter(|paged| is_paged(facts, paged.pager)).map(|paged| finding(facts, paged)));
}

/// Whether pages are made at all.
fn is_paged(facts: Facts, pager: Pager) -> bool {
    if pager != Pager::Setting {
        return true;
    }
    let settings = &facts.project.settings.values;
    let Some((_, Value::Dict(options))) = settings.iter().find(|(name, _)| name == "REST_FRAMEWORK") else {
        return false;
    };
    let option = |name: &str| options.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value);
    let is_plain = option("DEFAULT_PAGINATION_CLASS").and_then(Value::as_str).is_some_and(is_plain_pagination);
    is_plain && option("PAGE_SIZE").is_some_and(|size| *size != Value::None)
}

fn finding(facts: Facts, paged: &Paged) -> Diagnostic {
    let name = &facts.project.models.get(paged.model).name;
    let wordings = [
        format!("pages are made of `{name}` rows that come in no order"),
        "pages are made of rows in no order".to_owned(),
    ];
    let mut finding = RULE
        .at(paged.site, fitting(&wordings))
        .why(
            "without ORDER BY PostgreSQL gives rows as it finds them, which changes with every plan, UPDATE and parallel scan: a row is on two pages \
             and another on none (Django warns: UnorderedObjectListWarning)",
        )
        .help(format!(
            "Order the rows by something unique at its end (`.order_by(\"-created\", \"pk\")`), or give `{name}` a `Meta.ordering`"
        ));
    let edit = paged.chain.and_then(|chain| {
        let file = facts.files.try_get(chain.file)?;
        Some(Edit::insert(chain.file, chain.end, format!(".order_by({})", string(file, "pk"))))
    });
    finding.fix = edit.map(|edit| Fix {
        title: "Order by the primary key".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
    });
    finding
}
