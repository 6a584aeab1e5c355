//! The table that the matrices were measured on, and reading what was measured.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::Read;

use pgwright_schema::access::{DatabaseCollation, Server};
use pgwright_schema::{Column, Constraint, ConstraintKind, PgType, Placement, Schema, Table};
use serde_json::Value as Json;

pub(crate) fn unpack(packed: &[u8]) -> Json {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("the truth is gzip");
    serde_json::from_str(&text).expect("the truth is JSON")
}

pub(crate) fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn texts<'a>(json: &'a Json, key: &str) -> Vec<&'a str> {
    list(json, key).iter().filter_map(Json::as_str).collect()
}

pub(crate) fn servers(json: &Json) -> Vec<Server> {
    list(json, "environments")
        .iter()
        .map(|environment| Server {
            version: environment["version"].as_u64().expect("a version") as u32,
            collation: DatabaseCollation::named(
                environment["collation"].as_str().expect("a collation"),
                environment["provider"].as_str().and_then(|text| text.chars().next()).expect("a provider"),
            ),
        })
        .collect()
}

fn column(name: &str, type_: &str) -> Column {
    let (type_, null) = match type_.strip_suffix(" NULL") {
        Some(type_) => (type_, true),
        None => (type_, false),
    };
    let (type_, collation) = match type_.split_once(" COLLATE ") {
        Some((type_, collation)) => (type_, Some(collation.to_owned())),
        None => (type_, None),
    };
    Column {
        name: name.to_owned(),
        type_: PgType::parse(type_),
        null,
        default: None,
        identity: None,
        collation,
        generated: None,
        comment: None,
    }
}

pub(crate) fn table(name: &str, columns: &[(&str, &str)]) -> Table {
    Table {
        name: name.to_owned(),
        columns: columns.iter().map(|(name, type_)| column(name, type_)).collect(),
        constraints: vec![Constraint {
            name: format!("{name}_pkey"),
            kind: ConstraintKind::PrimaryKey { columns: vec!["id".to_owned()] },
            placement: Placement::Column,
        }],
        indexes: Vec::new(),
        comment: None,
        tablespace: None,
    }
}

pub(crate) fn schema() -> Schema {
    let thing = [
        ("id", "bigint"),
        ("char", "varchar(100)"),
        ("text", "text"),
        ("slug", "varchar(50)"),
        ("email", "varchar(254)"),
        ("ccoll", "varchar(100) COLLATE C"),
        ("intf", "integer"),
        ("bigf", "bigint"),
        ("smallf", "smallint"),
        ("dec", "numeric(12, 2)"),
        ("flt", "double precision"),
        ("boolf", "boolean"),
        ("nint", "integer NULL"),
        ("nchar", "varchar(50) NULL"),
        ("date", "date"),
        ("dt", "timestamp with time zone"),
        ("tm", "time"),
        ("dur", "interval"),
        ("uid", "uuid"),
        ("json", "jsonb"),
        ("njson", "jsonb NULL"),
        ("arrt", "varchar(20)[]"),
        ("arri", "integer[]"),
        ("ip", "inet"),
        ("fk_id", "bigint"),
        ("dtr", "tstzrange"),
        ("intr", "int4range"),
        ("sv", "tsvector NULL"),
        ("hs", "hstore"),
        ("bina", "bytea"),
    ];
    Schema {
        tables: vec![table("gt_thing", &thing), table("gt_author", &[("id", "bigint"), ("name", "varchar(100)")])],
        extensions: Vec::new(),
    }
}
