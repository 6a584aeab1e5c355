//! Models loaded from what real Django says of them, for tests of what comes after the reading of source.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::HashMap;
use std::io::Read;

use pgwright_django::Project;
use pgwright_django::model::{
    Call, Combined, Constraint, ConstraintKind, Field, Generated, Index, Model, ModelId, Origin, ParentLink, Relation,
    RelationKind, Value,
};
use pgwright_django::project::{DjangoVersion, VersionSource};
use serde_json::Value as Json;

pub(crate) fn unpack(packed: &[u8]) -> Json {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("the truth is gzip");
    serde_json::from_str(&text).expect("the truth is JSON")
}

pub(crate) fn text(json: &Json, key: &str) -> Option<String> {
    json[key].as_str().map(str::to_owned)
}

pub(crate) fn flag(json: &Json, key: &str) -> bool {
    json[key].as_bool().unwrap_or(false)
}

pub(crate) fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn texts(json: &Json, key: &str) -> Vec<String> {
    list(json, key).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

pub(crate) fn rows(json: &Json, key: &str) -> Vec<Vec<String>> {
    list(json, key)
        .iter()
        .filter_map(Json::as_array)
        .map(|row| row.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        .collect()
}

pub(crate) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Float(number.as_f64().unwrap_or(0.0)), |number| Value::Int(number.into())),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => object(json),
    }
}

/// Objects by their tag: `repr` in registry dumps, the others in `tests/oracle/expression_ddl.py`.
fn object(json: &Json) -> Value {
    if let Some(class) = json["call"].as_str() {
        let kwargs = json["kwargs"].as_object().into_iter().flatten();
        return Value::Call(Box::new(Call {
            class: class.to_owned(),
            mro: texts(json, "mro"),
            args: list(json, "args").iter().map(value).collect(),
            kwargs: kwargs.map(|(name, json)| (name.clone(), value(json))).collect(),
        }));
    }
    if let Some(operator) = json["op"].as_str() {
        let (left, right) = (value(&json["left"]), value(&json["right"]));
        return Value::Combined(Box::new(Combined { operator: operator.to_owned(), left, right }));
    }
    if let Some(items) = json["tuple"].as_array() {
        return Value::Tuple(items.iter().map(value).collect());
    }
    if let Some(items) = json["dict"].as_array() {
        return Value::Dict(items.iter().map(|pair| (value(&pair[0]), value(&pair[1]))).collect());
    }
    match (json["path"].as_str(), json["repr"].as_str()) {
        (Some(path), _) => Value::Path(path.to_owned()),
        (_, Some(text)) => repr(text),
        _ => Value::Unknown("an object".to_owned()),
    }
}

pub(crate) fn call(class: &str, args: Vec<Value>, kwargs: Vec<(String, Value)>) -> Value {
    Value::Call(Box::new(Call { class: class.to_owned(), mro: vec![class.to_owned()], args, kwargs }))
}

/// The few representations that occur: `F(x)`, `Lower(F(x))`, `OpClass(F(x), name=c)`, `RawSQL(text, [])`.
pub(crate) fn repr(text: &str) -> Value {
    let unknown = || Value::Unknown(text.to_owned());
    let Some((name, rest)) = text.split_once('(') else { return unknown() };
    let Some(inside) = rest.strip_suffix(')') else { return unknown() };
    match name {
        "F" => call("django.db.models.expressions.F", vec![Value::Str(inside.to_owned())], Vec::new()),
        "Lower" => call("django.db.models.functions.text.Lower", vec![repr(inside)], Vec::new()),
        "OpClass" => match inside.split_once(", name=") {
            Some((inner, name)) => {
                let args = vec![repr(inner), Value::Str(name.to_owned())];
                call("django.contrib.postgres.indexes.OpClass", args, Vec::new())
            }
            None => unknown(),
        },
        "RawSQL" => match inside.strip_suffix(", []") {
            Some(sql) => {
                let args = vec![Value::Str(sql.to_owned()), Value::List(Vec::new())];
                call("django.db.models.expressions.RawSQL", args, Vec::new())
            }
            None => unknown(),
        },
        _ => unknown(),
    }
}

pub(crate) fn condition(json: &Json) -> Option<Value> {
    if json.is_null() {
        return None;
    }
    if json.get("connector").is_none() {
        return Some(value(json));
    }
    let children = list(json, "children").iter().map(|child| match child["lookup"].as_str() {
        Some(lookup) => Value::Tuple(vec![Value::Str(lookup.to_owned()), value(&child["value"])]),
        None => condition(child).unwrap_or(Value::None),
    });
    let connector = ("_connector".to_owned(), Value::Str(text(json, "connector").unwrap_or_default()));
    let q = call("django.db.models.query_utils.Q", children.collect(), vec![connector]);
    if flag(json, "negated") {
        return Some(Value::Combined(Box::new(Combined { operator: "~".to_owned(), left: q, right: Value::None })));
    }
    Some(q)
}

pub(crate) fn field(json: &Json, ids: &HashMap<String, ModelId>) -> Field {
    let relation = text(json, "to").map(|to| Relation {
        kind: if flag(json, "o2o") { RelationKind::OneToOne } else { RelationKind::ForeignKey },
        to: ids.get(&to).copied(),
        to_label: to,
        on_delete: text(json, "on_delete"),
        set_called: false,
        related_name: None,
        related_query_name: None,
        accessor: None,
        db_constraint: flag(json, "db_constraint"),
        parent_link: false,
        symmetrical: false,
        to_field: text(json, "to_field"),
        through: None,
        through_automatic: false,
        through_fields: None,
        db_table: None,
        swappable: None,
    });
    let expression = json.get("expression").map(value).or_else(|| text(json, "generated").map(|text| repr(&text)));
    let generated = expression.map(|expression| Generated { expression, stored: true });
    let db_type = text(json, "db_type").or_else(|| match json["output"].as_str() {
        Some("SearchVectorField") => Some("tsvector".to_owned()),
        _ => None,
    });
    let base = text(json, "base").map(|internal| Box::new(plain_field("", "", &internal, None)));
    Field {
        db_check: text(json, "db_check"),
        null: flag(json, "null"),
        unique: flag(json, "unique"),
        db_index: flag(json, "db_index"),
        primary_key: flag(json, "primary_key"),
        local: flag(json, "local"),
        db_default: json.get("db_default").map(value),
        default: json.get("default").map(value),
        db_collation: text(json, "db_collation"),
        db_comment: text(json, "db_comment"),
        attname: text(json, "attname").unwrap_or_default(),
        class: text(json, "class").unwrap_or_default(),
        column: text(json, "column"),
        base_field: base,
        generated,
        relation,
        ..plain_field(
            &text(json, "name").unwrap_or_default(),
            "",
            &text(json, "internal_type").unwrap_or_default(),
            db_type.as_deref(),
        )
    }
}

pub(crate) fn plain_field(name: &str, column: &str, internal_type: &str, db_type: Option<&str>) -> Field {
    Field {
        column: Some(column.to_owned()),
        db_type: db_type.map(str::to_owned),
        ..Field::new(name, "", internal_type)
    }
}

pub(crate) fn index(json: &Json) -> Index {
    let class = text(json, "class").unwrap_or_default();
    let name = class.rsplit('.').next().unwrap_or_default();
    // pretix has a class of its own over BrinIndex.
    let method = ["Gin", "Gist", "Brin", "Hash", "SpGist", "Bloom"].into_iter().find(|kind| name.starts_with(kind));
    let parameters = match (name, json["parameters"].as_object()) {
        ("BrinIndexIgnoredOnSQLite", _) => vec![("autosummarize".to_owned(), Value::Bool(true))],
        (_, Some(given)) => given.iter().map(|(name, json)| (name.clone(), value(json))).collect(),
        _ => Vec::new(),
    };
    Index {
        name: text(json, "name").unwrap_or_default(),
        method: text(json, "method").unwrap_or_else(|| method.map_or("btree".to_owned(), str::to_ascii_lowercase)),
        class,
        fields: texts(json, "fields"),
        expressions: list(json, "expressions").iter().map(value).collect(),
        opclasses: texts(json, "opclasses"),
        condition: condition(&json["condition"]),
        include: texts(json, "include"),
        db_tablespace: text(json, "db_tablespace"),
        parameters,
        site: None,
        declaration: None,
    }
}

pub(crate) fn constraint(json: &Json) -> Constraint {
    Constraint {
        name: text(json, "name").unwrap_or_default(),
        class: text(json, "class").unwrap_or_default(),
        kind: match json["kind"].as_str() {
            Some("CheckConstraint") => ConstraintKind::Check,
            Some("UniqueConstraint") => ConstraintKind::Unique,
            Some("ExclusionConstraint") => ConstraintKind::Exclusion,
            _ => ConstraintKind::Other,
        },
        fields: texts(json, "fields"),
        expressions: list(json, "expressions").iter().map(value).collect(),
        condition: condition(&json["condition"]),
        include: texts(json, "include"),
        opclasses: texts(json, "opclasses"),
        deferrable: text(json, "deferrable"),
        nulls_distinct: json["nulls_distinct"].as_bool(),
        index_type: text(json, "index_type"),
        site: None,
        condition_keyword: None,
        declaration: None,
    }
}

pub(crate) fn model(json: &Json, id: ModelId, ids: &HashMap<String, ModelId>) -> Model {
    let label = text(json, "label").unwrap_or_default();
    let (app, name) = label.split_once('.').unwrap_or(("", &label));
    let parents = json["parents"].as_object().into_iter().flatten().filter_map(|(label, field)| {
        Some(ParentLink { parent: *ids.get(label)?, field: field.as_str().map(str::to_owned) })
    });
    let origin = match text(json, "auto_created_by").and_then(|owner| ids.get(&owner).copied()) {
        Some(of) => Origin::AutomaticThrough { of, field: String::new(), own: true },
        None => Origin::Project,
    };
    Model {
        id,
        app_label: app.to_owned(),
        name: name.to_owned(),
        module: String::new(),
        origin,
        site: None,
        bases: Vec::new(),
        mro: Vec::new(),
        abstract_: false,
        proxy: flag(json, "proxy"),
        managed: !flag(json, "unmanaged"),
        swapped: text(json, "swapped"),
        parents: parents.collect(),
        proxy_for: text(json, "proxy_for").and_then(|label| ids.get(&label).copied()),
        table: text(json, "table").unwrap_or_default(),
        fields: list(json, "fields").iter().map(|json| field(json, ids)).collect(),
        private_fields: Vec::new(),
        unique_together: rows(json, "unique_together"),
        index_together: rows(json, "index_together"),
        indexes: list(json, "indexes").iter().map(index).collect(),
        constraints: list(json, "constraints").iter().map(constraint).collect(),
        ordering: Vec::new(),
        order_with_respect_to: None,
        default_related_name: None,
        db_table_comment: text(json, "comment"),
        managers: Vec::new(),
        reverse: Vec::new(),
        methods: Vec::new(),
    }
}

/// A third-party model of which only table and key are known: enough to be referenced.
pub(crate) fn outside(json: &Json, id: ModelId) -> Model {
    let bare = serde_json::json!({"label": json["label"], "table": json["table"], "unmanaged": true});
    let key = text(json, "pk").unwrap_or_default();
    let mut model = model(&bare, id, &HashMap::new());
    model.fields = vec![Field { primary_key: true, ..plain_field(&key, &key, "AutoField", Some("integer")) }];
    model
}

pub(crate) fn empty_project(django: &str) -> Project {
    let mut version = django.split('.').filter_map(|part| part.parse().ok());
    let (major, minor) = (version.next().unwrap_or_default(), version.next().unwrap_or_default());
    Project { django: DjangoVersion { major, minor, source: VersionSource::Given }, ..Project::default() }
}

pub(crate) fn project(json: &Json) -> Project {
    let version: Vec<u8> =
        json["django"].as_str().unwrap_or("").split('.').filter_map(|part| part.parse().ok()).collect();
    let mut project = Project {
        django: DjangoVersion { major: version[0], minor: version[1], source: VersionSource::Given },
        ..Project::default()
    };
    let (own, external) = (list(json, "models"), list(json, "external"));
    let labels = own.iter().chain(external).filter_map(|model| text(model, "label"));
    let ids: HashMap<String, ModelId> = labels.zip(0..).map(|(label, id)| (label, ModelId(id))).collect();
    let own_models = own.iter().zip(0..).map(|(json, id)| model(json, ModelId(id), &ids));
    project.models.all = own_models.collect();
    for json in external {
        let id = ModelId(u32::try_from(project.models.all.len()).unwrap_or_default());
        project.models.all.push(outside(json, id));
    }
    project
}
