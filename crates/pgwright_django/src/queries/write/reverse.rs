//! Managers of foreign keys seen from the other side (`create_reverse_many_to_one_manager`).

use super::super::context::{Context, FieldId};
use super::lookup::{GetOrCreate, get_or_create, update_or_create};
use super::save::{Fields, Force, Save, save};
use super::select::{Columns, Order, Select};
use super::text::{all, column, field_named, key_in};
use super::update::update;
use super::{Given, Rows, Statement, Values, When, all_when};

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
    let add = || update(context, model, &Rows::with(&key_in(context, model)), &[&name], &Values::default());
    let remove = |condition: &str| update(context, model, &Rows::with(condition), &[&name], &nulled);
    let select = |condition: &str| {
        Select { model, columns: Columns::All, condition, order: Order::Meta, tail: "" }.statement(context)
    };
    let each = |condition: &str| {
        let fields = Fields::Only(vec![name.clone()]);
        let one = save(context, &Save { fields, values: nulled.clone(), ..Save::loaded(model) });
        let mut statements = vec![select(condition)];
        statements.extend(all_when(one, &When::Rows));
        statements
    };
    match call {
        Call::Add => add(),
        Call::AddEach => save(context, &Save::loaded(model)),
        Call::AddEachNew => save(context, &Save { values: values.clone(), ..Save::added(model) }),
        Call::Remove => remove(&some),
        Call::RemoveEach => each(&some),
        Call::Clear => remove(&own),
        Call::ClearEach => each(&own),
        // Without NULL nothing can be taken away.
        Call::Set | Call::SetClear if !context.field(field).null => add(),
        Call::Set => {
            let mut statements = vec![select(&own)];
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
        Call::GetOrCreate(by) => get_or_create(context, &looked(context, field, by, values)),
        Call::UpdateOrCreate { by, set } => {
            update_or_create(context, &looked(context, field, by, values), set, &Values::default())
        }
    }
}

/// The manager filters by the key, and its object is given once more as a keyword.
fn looked(context: &Context<'_>, field: FieldId, by: &[&str], values: &Values) -> GetOrCreate {
    let mut names: Vec<&str> = by.to_vec();
    names.push(&context.field(field).name);
    names.sort_unstable();
    let mut conditions = vec![format!("{} = %s", column(context, field))];
    let fields = names.iter().filter_map(|name| field_named(context, field.model, name));
    conditions.extend(fields.map(|field| format!("{} = %s", column(context, field))));
    GetOrCreate { values: values.clone(), ..GetOrCreate::by_condition(field.model, &all(&conditions)) }
}
