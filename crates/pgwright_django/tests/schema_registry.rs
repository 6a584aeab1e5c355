//! `schema::schema` against the statements real Django makes for eight projects.
//!
//! `truth/registry_ddl.json.gz` holds what Django's registry says of each model (`tests/oracle/dump_registry.py`) and the
//! statements of `create_model`. The models are loaded from it, so this tests the conversion alone, not the reading of source.

mod common;

use common::{list, project, text, texts, unpack};
use pgwright_django::model::Origin;
use pgwright_django::schema::schema;
use pgwright_schema::{Schema, ddl};

#[test]
fn statements_are_djangos_on_eight_projects() {
    let truth = unpack(include_bytes!("truth/registry_ddl.json.gz"));
    let (mut equal, mut total, mut differences) = (0, 0, Vec::new());
    for (name, json) in truth.as_object().expect("an object per project") {
        let project = project(json);
        let outcome = schema(&project);
        let (mut here, mut all) = (0, 0);
        for model in list(json, "models") {
            let label = text(model, "label").unwrap_or_default();
            let owner = project.models.by_label(&label).map(|model| model.id);
            let tables = project.models.all.iter().filter(|other| other.has_table()).filter(|other| {
                Some(other.id) == owner
                    || matches!(&other.origin, Origin::AutomaticThrough { of, .. } if Some(*of) == owner)
            });
            let tables = tables.filter_map(|model| outcome.schema.table(&model.table).cloned()).collect();
            let made = ddl(&Schema { tables, extensions: Vec::new() });
            let mut made: Vec<&str> = made.iter().map(String::as_str).collect();
            for statement in texts(model, "create_sql") {
                let statement = statement.trim_end_matches(';');
                all += 1;
                match made.iter().position(|ours| *ours == statement) {
                    Some(at) => {
                        made.remove(at);
                        here += 1;
                    }
                    None => differences.push(format!("{name} {label}\n  django {statement}")),
                }
            }
            differences.extend(made.iter().map(|ours| format!("{name} {label}\n  ours   {ours}")));
        }
        println!("{name}: {here} of {all} statements equal, {} unresolved", outcome.unresolved.len());
        for lost in &outcome.unresolved {
            println!("  {}: {}", lost.subject, lost.reason);
        }
        (equal, total) = (equal + here, total + all);
    }
    println!("all: {equal} of {total}");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
