//! Tasks, mails and HTTP requests that leave before the transaction around them is committed.

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity};
use pgwright_django::usage::{Departure, Leaves};

use crate::headline::fitting;
use crate::place::quoted;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "task-in-transaction",
    summary: "a task, mail or HTTP request leaves before the transaction around it is committed",
    docs: include_str!("task_in_transaction.md"),
    group: Group::Concurrency,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    found.extend(facts.project.usage.departures.iter().map(|departure| finding(facts, departure)));
}

fn finding(facts: Facts, departure: &Departure) -> Diagnostic {
    let code = quoted(facts, departure.site);
    let (what, why, help) = match departure.leaves {
        Leaves::Task => (
            "is sent before the transaction is committed",
            "a worker may start it before COMMIT and not find the rows, or find them as they were; after a rollback it runs all the same",
            "Send it when the rows are there: `transaction.on_commit(lambda: …)`, or `delay_on_commit()` of Celery's Django task",
        ),
        Leaves::Mail => (
            "sends mail before the transaction is committed",
            "after a rollback the mail is out and the rows are not there; meanwhile the transaction holds its connection and locks as \
             long as the mail server takes",
            "Send it when the rows are there: `transaction.on_commit(lambda: …)`",
        ),
        Leaves::Request => (
            "waits for another server inside a transaction",
            "the transaction holds its connection and its row locks as long as that server takes, and old row versions cannot be removed \
             meanwhile; after a rollback the request has been made all the same",
            "Make the request before or after the transaction, with a `timeout`, or in `transaction.on_commit(…)`",
        ),
    };
    let mut finding = RULE
        .at(departure.site, fitting(&[format!("`{code}` {what}"), format!("a call {what}")]))
        .related(departure.transaction, "the transaction begins here")
        .why(why)
        .help(help);
    finding.fix = fix(facts, departure);
    finding
}

/// Puts it off until the commit. None where the result is used, where names may change before the commit, and where `transaction` is not Django's
/// by that name.
fn fix(facts: Facts, departure: &Departure) -> Option<Fix> {
    let file = facts.files.try_get(departure.site.file)?;
    let imports = file.text.lines().any(|line| {
        line.strip_prefix("from django.db import ")
            .is_some_and(|names| names.split(',').any(|name| name.trim() == "transaction"))
    });
    if !departure.is_statement || !imports || departure.leaves == Leaves::Request {
        return None;
    }
    let edits = vec![
        Edit::insert(departure.site.file, departure.site.start, "transaction.on_commit(lambda: "),
        Edit::insert(departure.site.file, departure.site.end, ")"),
    ];
    Some(Fix { title: "Wait for the commit".to_owned(), applicability: Applicability::Unsafe, edits })
}
