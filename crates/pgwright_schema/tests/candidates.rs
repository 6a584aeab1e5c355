//! Which indexes are proposed, for statements as Django sends them, on a table of a million rows of which nothing is known.

mod common;

use common::schema;
use pgwright_schema::access::{DatabaseCollation, Server};
use pgwright_schema::candidates::{Candidate, candidates, candidates_of_all};
use pgwright_schema::predict::Database;
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::{Query, resolve_statement};
use pgwright_schema::terms::{Pattern, Value};
use pgwright_schema::{Schema, Statistics};

fn server() -> Server {
    Server { version: 18, collation: DatabaseCollation::Linguistic("en_US.UTF-8".into()) }
}

fn query(sql: &str, schema: &Schema, values: &[Value]) -> Query {
    resolve_statement(&parse_statement(sql).expect(sql), schema, values)
}

/// `gt_thing USING gin (json jsonb_path_ops)`, without the name.
fn shape(candidate: &Candidate) -> String {
    let sql = candidate.sql().replace('"', "");
    sql.split_once(" ON ").map(|(_, rest)| rest.to_owned()).unwrap_or(sql)
}

fn proposed(sql: &str, values: &[Value]) -> Vec<String> {
    let schema = schema();
    let database = Database::new(&schema, &Statistics::default(), server());
    candidates(&query(sql, &schema, values), &database).iter().map(shape).collect()
}

#[test]
fn the_best_index_is_among_those_proposed() {
    let all = r#"SELECT * FROM "gt_thing" WHERE "#;
    let cases = [
        (r#""intf" = %s"#, "gt_thing (intf)"),
        (r#"("boolf" AND "intf" = %s) ORDER BY "dt" DESC LIMIT 20"#, "gt_thing (intf, dt) WHERE boolf"),
        (r#""smallf" = %s ORDER BY "dt" DESC, "id" DESC LIMIT 20"#, "gt_thing (smallf, dt, id)"),
        (r#""smallf" = %s ORDER BY "dt" DESC, "id" ASC LIMIT 20"#, "gt_thing (smallf, dt DESC, id)"),
        (r#"("smallf" = %s AND "dt" >= %s)"#, "gt_thing (smallf, dt)"),
        (r#"UPPER("email"::text) = UPPER(%s)"#, "gt_thing ((UPPER(email)))"),
        (r#""char"::text LIKE '%abc%'"#, "gt_thing USING gin (char gin_trgm_ops)"),
        (r#"UPPER("char"::text) LIKE UPPER('%abc%')"#, "gt_thing USING gin ((UPPER(char)) gin_trgm_ops)"),
        (r#""json" @> %s"#, "gt_thing USING gin (json jsonb_path_ops)"),
        (r#""json" ? %s"#, "gt_thing USING gin (json)"),
        (r#"("json" -> 'k') = %s"#, "gt_thing (((json -> 'k')))"),
        (r#""arrt" @> ARRAY['a']::varchar(20)[]"#, "gt_thing USING gin (arrt)"),
        (r#""dtr" && %s"#, "gt_thing USING gist (dtr)"),
        (r#""nint" IS NOT NULL AND "intf" = %s"#, "gt_thing (intf) WHERE nint IS NOT NULL"),
        (r#"EXTRACT(YEAR FROM "date") IN (2020, 2021)"#, "gt_thing ((EXTRACT(year FROM date)))"),
    ];
    for (condition, expected) in cases {
        let found = proposed(&format!("{all}{condition}"), &[]);
        assert!(found.iter().any(|shape| shape == expected), "{condition}: {expected} is not in {found:#?}");
    }
    let prefix = [Value::Pattern(Pattern::Prefix)];
    let found = proposed(&format!(r#"{all}"char"::text LIKE %s"#), &prefix);
    assert!(found.contains(&"gt_thing (char text_pattern_ops)".to_owned()), "{found:#?}");
    let found = proposed(r#"SELECT "dt" FROM "gt_thing" WHERE "intf" = %s"#, &[]);
    assert!(found.contains(&"gt_thing (intf) INCLUDE (dt)".to_owned()), "{found:#?}");
    // What is long does not fit into an entry: INSERT would fail.
    for long in ["json", "text"] {
        let found = proposed(&format!(r#"SELECT "{long}" FROM "gt_thing" WHERE "intf" = %s"#), &[]);
        assert!(found.contains(&"gt_thing (intf)".to_owned()), "{found:#?}");
        assert!(found.iter().all(|shape| !shape.contains("INCLUDE")), "{long}: {found:#?}");
    }
    let joined = r#"SELECT "gt_author"."name" FROM "gt_author" INNER JOIN "gt_thing" ON ("gt_author"."id" = "gt_thing"."fk_id") WHERE "gt_author"."id" = %s"#;
    let found = proposed(joined, &[]);
    assert!(found.contains(&"gt_thing (fk_id)".to_owned()), "{found:#?}");
}

#[test]
fn what_exists_is_not_proposed() {
    let schema = schema();
    let thing = schema.table("gt_thing").expect("the table");
    let cases = [
        (r#"CREATE INDEX i ON gt_thing (intf, dt)"#, r#"SELECT * FROM gt_thing WHERE intf = %s"#, "gt_thing (intf)"),
        (
            r#"CREATE INDEX i ON gt_thing (smallf, intf)"#,
            r#"SELECT * FROM gt_thing WHERE intf = 1 AND smallf = 2"#,
            "gt_thing (intf, smallf)",
        ),
        (
            r#"CREATE INDEX i ON gt_thing (intf, dt DESC)"#,
            r#"SELECT * FROM gt_thing WHERE intf = %s ORDER BY dt LIMIT 5"#,
            "gt_thing (intf, dt)",
        ),
        (
            r#"CREATE INDEX i ON gt_thing USING gin (json jsonb_path_ops)"#,
            r#"SELECT * FROM gt_thing WHERE json @> %s"#,
            "gt_thing USING gin (json jsonb_path_ops)",
        ),
    ];
    for (existing, sql, shape_of_it) in cases {
        let mut database = Database::new(&schema, &Statistics::default(), server());
        let statement = query(sql, &schema, &[]);
        let before: Vec<String> = candidates(&statement, &database).iter().map(shape).collect();
        let table = schema.tables.iter().position(|table| table.name == "gt_thing").expect("the table");
        let index =
            pgwright_schema::access::PreparedIndex::from_definition(&parse_index(existing).expect(existing), thing);
        database = database.with_index(table, index.expect(existing));
        let after: Vec<String> = candidates(&statement, &database).iter().map(shape).collect();
        assert!(!after.iter().any(|shape| shape == shape_of_it), "{existing}: {after:#?}, before {before:#?}");
    }
    let database = Database::new(&schema, &Statistics::default(), server());
    let by_key = query("SELECT * FROM gt_thing WHERE id = %s", &schema, &[]);
    assert!(candidates(&by_key, &database).is_empty());
}

#[test]
fn one_index_serves_several_statements() {
    let schema = schema();
    let database = Database::new(&schema, &Statistics::default(), server());
    let short = query("SELECT * FROM gt_thing WHERE intf = %s", &schema, &[]);
    let long = query("SELECT * FROM gt_thing WHERE smallf = %s AND intf = %s ORDER BY dt DESC LIMIT 10", &schema, &[]);
    let found = candidates_of_all(&[(&short, 10.0), (&long, 1.0)], &database);
    let both = found.iter().find(|candidate| shape(candidate) == "gt_thing (intf, smallf, dt)");
    let both = both.unwrap_or_else(|| panic!("{:#?}", found.iter().map(shape).collect::<Vec<_>>()));
    assert_eq!(both.serves.iter().map(|served| served.statement).collect::<Vec<_>>(), [0, 1]);
}
