//! Managers of foreign keys seen from the other side (`create_reverse_many_to_one_manager`).

use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::lookup::{GetOrCreate, get_or_create, update_or_create};
use super::save::{Fields, Force, Save, save};
use super::select::{any_list, any_value, filtered, read};
use super::text::{all, column, key_in};
use super::update::update;
use super::{Given, Rows, Statement, Values, When, all_when};
use crate::model::Value;

/// What is called on the manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call<'a> {
    Add,
    /// `bulk=False` with objects that are there.
    AddEach,
    /// `bulk=False` with new objects.
    AddEachNew,
    Remove,
    RemoveEach,
    Clear,
    ClearEach,
    Set,
    /// `set(clear=True)`.
    SetClear,
    Create,
    GetOrCreate(&'a [&'a str]),
    UpdateOrCreate {
        by: &'a [&'a str],
        set: &'a [&'a str],
    },
}

/// What a call on the manager that the foreign key `field` gives its target sends; `values` are those of a new object.
pub fn reverse(context: &Context<'_>, field: FieldId, call: &Call<'_>, values: &Values) -> Vec<Statement> {
    let model = field.model;
    let name = context.field(field).name.clone();
    let own = format!("{} = %s", column(context, field));
    let some = all(&[own.clone(), key_in(context, model)]);
    let nulled = Values::default().with(&name, Given::Null);
    let add =
        || update(context, model, &Rows::by_keys(context, model), &[&name], &Values::default()).unwrap_or_default();
    let remove = |condition: &str| {
        update(context, model, &Rows::Where(condition.to_owned()), &[&name], &nulled).unwrap_or_default()
    };
    let select = |more: &[(&str, Value)]| {
        let query = queried(context, field).and_then(|query| filtered(context, &query, more));
        query.and_then(|query| read(context, &query, &Terminal::Iterate))
    };
    let each = |more: &[(&str, Value)]| {
        let fields = Fields::Only(vec![name.clone()]);
        let one = save(context, &Save { fields, values: nulled.clone(), ..Save::loaded(model) });
        let mut statements: Vec<Statement> = select(more).into_iter().collect();
        statements.extend(all_when(one, &When::Rows));
        statements
    };
    match call {
        Call::Add => add(),
        Call::AddEach => save(context, &Save::loaded(model)),
        Call::AddEachNew => save(context, &Save { values: values.clone(), ..Save::added(model) }),
        Call::Remove => remove(&some),
        Call::RemoveEach => each(&[("pk__in", any_list())]),
        Call::Clear => remove(&own),
        Call::ClearEach => each(&[]),
        // Without NULL nothing can be taken away.
        Call::Set | Call::SetClear if !context.field(field).null => add(),
        Call::Set => {
            let mut statements: Vec<Statement> = select(&[]).into_iter().collect();
            statements.extend(all_when(remove(&some), &When::Removed));
            statements.extend(all_when(add(), &When::Added));
            statements
        }
        Call::SetClear => {
            let mut statements = remove(&own);
            statements.extend(add());
            statements
        }
        Call::Create => save(context, &Save { force: Force::Insert, values: values.clone(), ..Save::added(model) }),
        Call::GetOrCreate(by) => match looked(context, field, by, values) {
            Ok(call) => get_or_create(context, &call),
            Err(_) => Vec::new(),
        },
        Call::UpdateOrCreate { by, set } => match looked(context, field, by, values) {
            Ok(call) => update_or_create(context, &call, set, &Values::default()),
            Err(_) => Vec::new(),
        },
    }
}

/// The objects of the manager.
fn queried(context: &Context<'_>, field: FieldId) -> Result<Query, String> {
    filtered(context, &Query::new(field.model), &[(&context.field(field).name, any_value())])
}

/// The manager filters by the key, and its object is given once more as a keyword.
fn looked(context: &Context<'_>, field: FieldId, by: &[&str], values: &Values) -> Result<GetOrCreate, String> {
    let mut names: Vec<&str> = by.to_vec();
    names.push(&context.field(field).name);
    let call = GetOrCreate::by_fields(context, &queried(context, field)?, &names)?;
    Ok(GetOrCreate { values: values.clone(), ..call })
}
