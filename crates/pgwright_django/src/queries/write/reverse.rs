//! Managers of foreign keys seen from the other side (`create_reverse_many_to_one_manager`).

use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::lookup::{GetOrCreate, get_or_create, update_or_create};
use super::save::{Fields, Force, Save, save};
use super::select::{any_list, any_value, filtered, read};
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

/// What a call on the manager that the foreign key `field` gives its target sends; an error says why it is not known.
///
/// `base` is the queryset of the related model's default manager, `values` are those of a new object.
pub fn reverse(
    context: &Context<'_>,
    field: FieldId,
    call: &Call<'_>,
    base: &Query,
    values: &Values,
) -> Result<Vec<Statement>, String> {
    let model = field.model;
    let name = context.field(field).name.as_str();
    let own = filtered(context, base, &[(name, any_value())])?;
    let nulled = Values::default().with(name, Given::Null);
    // Objects are added by their keys, whatever the manager shows of them.
    let add = || update(context, model, &Rows::by_keys(context, model), &[name], &Values::default());
    let some = || filtered(context, &own, &[("pk__in", any_list())]);
    let remove = |rows: Query| update(context, model, &Rows::Query(Box::new(rows)), &[name], &nulled);
    let each = |rows: &Query| -> Result<Vec<Statement>, String> {
        let fields = Fields::Only(vec![name.to_owned()]);
        let one = save(context, &Save { fields, values: nulled.clone(), ..Save::loaded(model) });
        let mut statements = vec![read(context, rows, &Terminal::Iterate)?];
        statements.extend(all_when(one, &When::Rows));
        Ok(statements)
    };
    Ok(match call {
        Call::Add => add()?,
        Call::AddEach => save(context, &Save::loaded(model)),
        Call::AddEachNew => save(context, &Save { values: values.clone(), ..Save::added(model) }),
        Call::Remove => remove(some()?)?,
        Call::RemoveEach => each(&some()?)?,
        Call::Clear => remove(own)?,
        Call::ClearEach => each(&own)?,
        // Without NULL nothing can be taken away.
        Call::Set | Call::SetClear if !context.field(field).null => add()?,
        Call::Set => {
            let mut statements = vec![read(context, &own, &Terminal::Iterate)?];
            statements.extend(all_when(remove(some()?)?, &When::Removed));
            statements.extend(all_when(add()?, &When::Added));
            statements
        }
        Call::SetClear => {
            let mut statements = remove(own)?;
            statements.extend(add()?);
            statements
        }
        Call::Create => save(context, &Save { force: Force::Insert, values: values.clone(), ..Save::added(model) }),
        Call::GetOrCreate(by) => get_or_create(context, &looked(context, &own, name, by, values)?)?,
        Call::UpdateOrCreate { by, set } => {
            update_or_create(context, &looked(context, &own, name, by, values)?, set, values)?
        }
    })
}

/// The manager filters by the key, and its object is given once more as a keyword.
fn looked(context: &Context<'_>, own: &Query, name: &str, by: &[&str], values: &Values) -> Result<GetOrCreate, String> {
    let mut names: Vec<&str> = by.to_vec();
    names.push(name);
    let call = GetOrCreate::by_fields(context, own, &names)?;
    Ok(GetOrCreate { values: values.clone(), ..call })
}
