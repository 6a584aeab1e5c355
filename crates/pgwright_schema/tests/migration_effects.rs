//! Locks, rewrites and scans of what Django's migration operations send, against what PostgreSQL 15 and 18 took and did on tables with
//! rows (218 operations and variants on Django 4.2, 5.2 and 6.0).

mod common;

use std::collections::BTreeMap;

use pgwright_schema::Schema;
use pgwright_schema::change::{Catalogue, Effect};
use serde_json::Value as Json;

use common::{list, texts, unpack};

/// What cannot be told from statements, or is not what the statements alone do.
const LEFT_OUT: [(&str, &str); 5] = [
    // Rows that Python code reads and writes are no text of the migration.
    ("RunPython", ""),
    // All values of the key were NULL, so that PostgreSQL looked none up in the table referenced; that is not known beforehand.
    ("AlterField", "FK target change (Author->Publisher)"),
    // The table was empty.
    ("AlterField", "M2M target change"),
    // What was read of a renamed table was counted under its new name, which the measurement does not list.
    ("RenameModel", "with inbound FK + M2M"),
    ("RenameModel", "M2M target"),
];

fn send(catalogue: &mut Catalogue, sql: &str) -> Vec<Effect> {
    catalogue.send(sql).unwrap_or_else(|reason| panic!("{reason}: {sql}"))
}

fn yes(measured: &Json) -> bool {
    measured.as_str().is_some_and(|text| text.starts_with("yes"))
}

#[test]
fn effects_are_those_postgresql_showed() {
    let truth = unpack(include_bytes!("truth/migrations.json.gz"));
    let mut base = Catalogue::new(Schema::default());
    for sql in texts(&truth, "base") {
        send(&mut base, sql);
    }
    let (mut judged, mut agreeing) = (0, 0);
    let mut differences = Vec::new();
    for case in list(&truth, "cases") {
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let name = format!("{}|{}", text("op"), text("variant"));
        let left_out =
            LEFT_OUT.iter().any(|(op, variant)| text("op").starts_with(op) && text("variant").starts_with(variant));
        // A statement that fails holds its locks no longer than that.
        if left_out || !text("error").is_empty() || text("sql").contains("sqlmigrate error") {
            continue;
        }
        let mut catalogue = base.clone();
        for sql in texts(&truth["pre"], &name) {
            send(&mut catalogue, sql);
        }
        catalogue.begin();
        let statements: Vec<&str> = text("sql").lines().filter(|line| !line.starts_with("--")).collect();
        let mut found: BTreeMap<String, Effect> = BTreeMap::new();
        for mut effect in send(&mut catalogue, &statements.join("\n")) {
            effect.table = catalogue.former_name(&effect.table).to_owned();
            found.entry(effect.table.clone()).and_modify(|known| known.join(&effect)).or_insert(effect);
        }
        let show = |lock: &str, rewrite: bool, scan: bool, reads: bool, writes: bool| {
            format!(
                "{lock}{}{}{}{}",
                mark(rewrite, " rewrite"),
                mark(scan, " scan"),
                mark(reads, " reads"),
                mark(writes, " writes")
            )
        };
        let measured: BTreeMap<&str, String> = case["tables"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(table, effect)| {
                let shown = show(
                    effect[0].as_str().unwrap_or_default(),
                    yes(&effect[1]),
                    yes(&effect[2]),
                    yes(&effect[3]),
                    yes(&effect[4]),
                );
                (table.as_str(), shown)
            })
            .collect();
        let told: BTreeMap<&str, String> = found
            .values()
            .map(|one| {
                (one.table.as_str(), show(one.lock.name(), one.rewrite, one.scan, one.blocks_reads, one.blocks_writes))
            })
            .collect();
        judged += 1;
        if told == measured {
            agreeing += 1;
        } else {
            differences.push(format!(
                "{name} (Django {}, PostgreSQL {})\n  told     {told:?}\n  measured {measured:?}",
                text("django"),
                case["pg"]
            ));
        }
    }
    println!("{agreeing} of {judged} cases agree");
    assert!(judged > 1_100, "{judged} cases");
    assert!(differences.is_empty(), "{agreeing} of {judged} cases agree\n{}", differences.join("\n"));
}

fn mark(is: bool, word: &str) -> &str {
    if is { word } else { "" }
}
