//! From the description of a snippet to the call it stands for.

use pgwright_django::model::{Model, ModelId, PrivateField, Value as Known};
use pgwright_django::queries::Query;
use pgwright_django::queries::build::{Applied, apply};
use pgwright_django::queries::context::{Context, FieldId};
use pgwright_django::queries::write::bulk::{Conflicts, Count, Keys, bulk_create, bulk_update};
use pgwright_django::queries::write::load::{Refresh, backward, forward, refresh};
use pgwright_django::queries::write::lookup::{GetOrCreate, get_or_create, update_or_create};
use pgwright_django::queries::write::many::{Many, Side, many};
use pgwright_django::queries::write::save::{Check, Fields, Force, Key, Parents, Save, State, save};
use pgwright_django::queries::write::update::update;
use pgwright_django::queries::write::{
    Given, Relations, Rows, Statement, Values, When, delete, generic, many as many_module, reverse, session,
};
use toml::Value;

struct Spec<'a> {
    context: &'a Context<'a>,
    toml: &'a Value,
}

impl Spec<'_> {
    fn text(&self, key: &str) -> &str {
        self.toml.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn list(&self, key: &str) -> Vec<&str> {
        self.toml.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn flag(&self, key: &str) -> bool {
        self.toml.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn count(&self) -> usize {
        self.toml.get("rows").and_then(Value::as_integer).and_then(|rows| rows.try_into().ok()).unwrap_or(1)
    }

    fn model_named(&self, name: &str) -> &Model {
        let label = if name.contains('.') { name.to_owned() } else { format!("lib.{name}") };
        self.context.models.by_label(&label).unwrap_or_else(|| panic!("no model {label}"))
    }

    fn model(&self) -> &Model {
        self.model_named(self.text("model"))
    }

    fn field(&self) -> FieldId {
        let model = self.model();
        let index = model.fields.iter().position(|field| field.name == self.text("field"));
        FieldId { model: model.id, index: index.expect("a field") as u32 }
    }

    fn private(&self) -> &PrivateField {
        self.model().private_fields.iter().find(|field| field.name == self.text("field")).expect("a field")
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        for name in self.list("null") {
            values = values.with(name, Given::Null);
        }
        for name in self.list("given") {
            values = values.with(name, Given::Parameter);
        }
        for (name, sql) in self.toml.get("expr").and_then(Value::as_table).into_iter().flatten() {
            values = values.with(name, Given::Expression(sql.as_str().unwrap_or_default().to_owned()));
        }
        values
    }

    /// The queryset: conditions as text, or look-ups with the kind of value each is given.
    fn rows(&self) -> Rows {
        if let Some(lookups) = self.toml.get("filter").and_then(Value::as_table) {
            return Rows::Query(Box::new(self.filtered(self.model().id, lookups)));
        }
        match self.toml.get("where").and_then(Value::as_str) {
            Some(condition) => Rows::Where(condition.to_owned()),
            None => Rows::All,
        }
    }

    /// The queryset of the default manager.
    fn base(&self, model: ModelId) -> Query {
        match self.toml.get("base").and_then(Value::as_table) {
            Some(lookups) => self.filtered(model, lookups),
            None => Query::new(model),
        }
    }

    fn target(&self, relation: &PrivateField) -> ModelId {
        let label = relation.to_label.as_deref().expect("a target");
        self.context.models.by_label(label).expect("a model").id
    }

    fn filtered(&self, model: ModelId, lookups: &toml::Table) -> Query {
        let unknown = || Known::Unknown("a value".to_owned());
        let lookups: Vec<(String, Known)> = lookups
            .iter()
            .map(|(name, kind)| {
                let value = match kind {
                    Value::Boolean(flag) => Known::Bool(*flag),
                    Value::String(kind) if kind == "none" => Known::List(Vec::new()),
                    Value::String(kind) if kind == "list" => Known::List(vec![unknown()]),
                    _ => unknown(),
                };
                (name.clone(), value)
            })
            .collect();
        match apply(self.context, &Query::new(model), "filter", &[], &lookups) {
            Applied::Query(query) => *query,
            Applied::Unknown(reason) => panic!("{reason}"),
        }
    }

    fn key(&self) -> Key {
        if self.text("key") == "set" { Key::Set } else { Key::Unset }
    }
}

pub(crate) fn call(context: &Context<'_>, relations: &mut Relations, toml: &Value) -> Vec<Statement> {
    let spec = Spec { context, toml };
    listen(&spec, relations);
    match spec.text("op") {
        "save" => save(context, &saved(&spec)),
        "create" => {
            let new =
                Save { force: Force::Insert, key: spec.key(), values: spec.values(), ..Save::added(spec.model().id) };
            save(context, &new)
        }
        "delete" => {
            let parents = if spec.flag("keep_parents") { delete::Parents::Kept } else { delete::Parents::Deleted };
            delete::delete(context, relations, spec.model().id, parents)
        }
        "delete_rows" => delete::delete_rows(context, relations, spec.model().id, &spec.rows()).unwrap_or_default(),
        "raw_delete" => delete::raw_delete(context, spec.model().id, &spec.rows()).unwrap_or_default(),
        "update_rows" => {
            update(context, spec.model().id, &spec.rows(), &spec.list("set"), &spec.values()).unwrap_or_default()
        }
        "bulk_create" => bulk(&spec),
        "bulk_update" => {
            let model = spec.model().id;
            let rows = match spec.rows() {
                Rows::All => Rows::by_keys(context, model),
                rows => rows,
            };
            bulk_update(context, model, &rows, spec.count(), &spec.list("fields"), &spec.values()).unwrap_or_default()
        }
        "get_or_create" => get_or_create(context, &looked(&spec)).expect("a look-up"),
        "update_or_create" => {
            update_or_create(context, &looked(&spec), &spec.list("set"), &spec.values()).expect("a look-up")
        }
        "m2m" => many_call(&spec, relations),
        "reverse" => reverse::reverse(
            context,
            spec.field(),
            &reverse_call(&spec, &spec.list("by"), &spec.list("set")),
            &spec.base(spec.model().id),
            &spec.values(),
        )
        .expect("a call"),
        "generic" => generic::generic(
            context,
            relations,
            spec.model().id,
            spec.private(),
            &generic_call(&spec, &spec.list("by")),
            &spec.base(spec.target(spec.private())),
        )
        .expect("a call"),
        "refresh" => {
            let fields = spec.list("fields");
            let fields = if fields.is_empty() { Refresh::All } else { Refresh::Only(&fields) };
            refresh(context, spec.model().id, fields).into_iter().collect()
        }
        "load" => forward(context, spec.field()).into_iter().collect(),
        "reverse_load" => backward(context, spec.field()).into_iter().collect(),
        "generic_load" => generic::load_generic(context, spec.model_named(spec.text("target")).id).expect("a model"),
        "content_type" => {
            let model = spec.model_named("Plain").id;
            let mut statement = match spec.text("action") {
                "for_id" => generic::content_type_by_id(context, model),
                "for_models" => generic::content_types(context, model),
                _ => generic::content_type(context, model),
            };
            statement.when.push(When::Uncached);
            vec![statement]
        }
        "session" => sessions(&spec, relations),
        other => panic!("no such call: {other}"),
    }
}

fn listen(spec: &Spec<'_>, relations: &mut Relations) {
    for name in spec.list("listeners") {
        let model = spec.model_named(name).id;
        if spec.text("op") == "m2m" { &mut relations.listened_many } else { &mut relations.listened }.insert(model);
    }
    for name in spec.list("delete_listeners") {
        let model = spec.model_named(name).id;
        relations.listened.insert(model);
    }
}

fn saved(spec: &Spec<'_>) -> Save {
    let model = spec.model();
    let names = |key: &str| spec.list(key).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let fields = ["fields", "loaded"].into_iter().find(|key| spec.toml.get(key).is_some());
    let bases: Vec<_> = spec.list("force_bases").into_iter().map(|name| spec.model_named(name).id).collect();
    Save {
        model: model.id,
        state: if spec.text("state") == "loaded" { State::Loaded } else { State::Adding },
        key: spec.key(),
        force: match spec.text("force") {
            "insert" => Force::Insert,
            "update" => Force::Update,
            _ if !bases.is_empty() => Force::InsertBases(bases),
            _ => Force::No,
        },
        fields: fields.map_or(Fields::All, |key| Fields::Only(names(key))),
        parents: if spec.flag("raw") { Parents::Raw } else { Parents::Saved },
        values: spec.values(),
        check: if model.name == "Checked" { Check::BySelect } else { Check::ByUpdate },
    }
}

fn looked(spec: &Spec<'_>) -> GetOrCreate {
    GetOrCreate {
        values: spec.values(),
        ..GetOrCreate::by_fields(spec.context, &Query::new(spec.model().id), &spec.list("by")).expect("fields")
    }
}

fn count(spec: &Spec<'_>) -> Count {
    if spec.count() > 1 { Count::Several } else { Count::One }
}

fn bulk(spec: &Spec<'_>) -> Vec<Statement> {
    if spec.count() == 0 {
        return Vec::new();
    }
    let keys = match spec.text("keys") {
        "set" => Keys::Set,
        "mixed" => Keys::Mixed,
        _ => Keys::Unset,
    };
    let names = |key: &str| spec.list(key).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let conflicts = match spec.text("conflicts") {
        "ignore" => Conflicts::Ignore,
        "update" => Conflicts::Update { unique: names("unique"), fields: names("fields") },
        _ => Conflicts::Fail,
    };
    bulk_create(spec.context, spec.model().id, keys, count(spec), &conflicts, &spec.values())
}

fn many_call(spec: &Spec<'_>, relations: &Relations) -> Vec<Statement> {
    let side = if spec.text("side") == "reverse" { Side::Reverse } else { Side::Forward };
    let manager = Many::of(spec.context, spec.model().id, spec.text("field"), side).expect("a manager");
    let by = spec.list("by");
    let call = match spec.text("action") {
        "add" => many_module::Call::Add(count(spec)),
        "remove" => many_module::Call::Remove,
        "clear" => many_module::Call::Clear,
        "set" => many_module::Call::Set(count(spec)),
        "set_clear" => many_module::Call::SetClear(count(spec)),
        "create" => many_module::Call::Create,
        "get_or_create" => many_module::Call::GetOrCreate(&by),
        other => panic!("no such call: {other}"),
    };
    many(spec.context, relations, &manager, &call, &spec.base(manager.model), &spec.values()).expect("a call")
}

fn reverse_call<'s>(spec: &Spec<'_>, by: &'s [&'s str], set: &'s [&'s str]) -> reverse::Call<'s> {
    match spec.text("action") {
        "add" => reverse::Call::Add,
        "add_each" => reverse::Call::AddEach,
        "add_each_new" => reverse::Call::AddEachNew,
        "remove" => reverse::Call::Remove,
        "remove_each" => reverse::Call::RemoveEach,
        "clear" => reverse::Call::Clear,
        "clear_each" => reverse::Call::ClearEach,
        "set" => reverse::Call::Set,
        "set_clear" => reverse::Call::SetClear,
        "create" => reverse::Call::Create,
        "get_or_create" => reverse::Call::GetOrCreate(by),
        "update_or_create" => reverse::Call::UpdateOrCreate { by, set },
        other => panic!("no such call: {other}"),
    }
}

fn generic_call<'s>(spec: &Spec<'_>, by: &'s [&'s str]) -> generic::Call<'s> {
    match spec.text("action") {
        "add" => generic::Call::Add,
        "add_each" => generic::Call::AddEach,
        "remove" => generic::Call::Remove,
        "remove_each" => generic::Call::RemoveEach,
        "clear" => generic::Call::Clear,
        "clear_each" => generic::Call::ClearEach,
        "set" => generic::Call::Set,
        "set_clear" => generic::Call::SetClear,
        "create" => generic::Call::Create,
        "get_or_create" => generic::Call::GetOrCreate(by),
        other => panic!("no such call: {other}"),
    }
}

fn sessions(spec: &Spec<'_>, relations: &Relations) -> Vec<Statement> {
    let model = |label: &str| spec.context.models.by_label(label).unwrap_or_else(|| panic!("no model {label}")).id;
    let call = match spec.text("action") {
        "user" => return session::user(spec.context, model("auth.User")).into_iter().collect(),
        "load" => session::Call::Load,
        "create" => session::Call::Create,
        "save" => session::Call::Save,
        _ => session::Call::Delete,
    };
    let mut statements = session::session(spec.context, relations, model("sessions.Session"), call);
    // The snippets' sessions are there.
    statements.retain_mut(|statement| {
        statement.when.retain(|when| *when != When::Found);
        true
    });
    statements
}
