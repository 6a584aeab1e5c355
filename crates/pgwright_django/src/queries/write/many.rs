//! Managers of many-to-many fields (`create_forward_many_to_many_manager`).

use std::sync::Arc;

use super::super::build::filter::add_q;
use super::super::build::ordering::unordered_all;
use super::super::build::q::{Child, Q};
use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::expression::Connector;
use super::super::query::Query;
use super::bulk::{Conflicts, Count, Keys, bulk_create};
use super::delete::delete_rows;
use super::lookup::{GetOrCreate, get_or_create};
use super::save::{Force, Save, save};
use super::select::{any_list, any_value, called, filtered, read};
use super::text::is_named;
use super::{Relations, Rows, Statement, Values, When, all_when};
use crate::model::{ModelId, Origin, RelationKind, Value};

/// One end of a many-to-many relation.
#[derive(Debug, Clone)]
pub struct Many {
    /// The model of the objects the manager gives.
    pub model: ModelId,
    pub through: ModelId,
    /// The key in the through table to the manager's own object.
    source: FieldId,
    /// The key to the objects it gives.
    target: FieldId,
    symmetrical: Symmetry,
    side: Side,
    /// By which name the given objects are filtered by the manager's own.
    query_name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    None,
    Mirrored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The object of the model that has the field.
    Forward,
    Reverse,
}

impl Many {
    /// The manager of the field `name` of `model`, seen from either side; none when a part of it is not known.
    pub fn of(context: &Context<'_>, model: ModelId, name: &str, side: Side) -> Option<Many> {
        let field = context.models.get(model).fields.iter().find(|field| field.name == name)?;
        let relation = field.relation.as_ref().filter(|relation| relation.kind == RelationKind::ManyToMany)?;
        let (to, through) = (relation.to?, relation.through?);
        let keys: Vec<(FieldId, ModelId)> = context
            .meta(through)
            .columns
            .iter()
            .filter_map(|id| Some((*id, context.field(*id).relation.as_ref()?.to?)))
            .collect();
        let pointing = |to: ModelId| keys.iter().filter(move |(_, at)| context.concrete(*at) == context.concrete(to));
        let named = |name: &str| keys.iter().find(|(id, _)| is_named(context.field(*id), name));
        let (source, target) = match &relation.through_fields {
            Some((source, target)) => (named(source)?, named(target)?),
            None => {
                let source = pointing(model).next().or_else(|| {
                    // The field may be inherited: the through model points to the model that declared it.
                    keys.iter().find(|(_, at)| context.is_subclass(model, *at))
                })?;
                (source, pointing(to).find(|(id, _)| *id != source.0)?)
            }
        };
        let symmetrical =
            if relation.symmetrical && context.concrete(to) == context.concrete(model) && side == Side::Forward {
                Symmetry::Mirrored
            } else {
                Symmetry::None
            };
        Some(match side {
            Side::Forward => {
                let query_name = reverse_name(context, model, name)?;
                Many { model: to, through, source: source.0, target: target.0, symmetrical, side, query_name }
            }
            Side::Reverse => {
                let query_name = field.name.clone();
                Many { model, through, source: target.0, target: source.0, symmetrical, side, query_name }
            }
        })
    }

    /// The key in the through table to the manager's own object.
    pub fn source(&self) -> FieldId {
        self.source
    }

    /// The key to the objects it gives.
    pub fn target(&self) -> FieldId {
        self.target
    }

    /// The two keys of the through table in the other direction.
    fn mirrored(&self) -> Many {
        Many { source: self.target, target: self.source, ..self.clone() }
    }

    /// The objects of the manager among those of a queryset.
    fn queried(&self, context: &Context<'_>, base: &Query) -> Result<Query, String> {
        let name = match context.target(self.source) {
            Some(key) => format!("{}__{}", self.query_name, context.field(key).name),
            None => self.query_name.clone(),
        };
        let sticky = called(context, base, "_next_is_sticky", &[], &[])?;
        filtered(context, &sticky, &[(&name, any_value())])
    }

    /// What `_build_remove_filters` asks: rows of the object, or those of them that lead to given objects.
    fn rows(&self, context: &Context<'_>, removed: Option<Value>) -> Result<Rows, String> {
        let name = |field: FieldId| context.field(field).name.clone();
        let one = |from: FieldId, to: FieldId| {
            let mut children = vec![Child::Pair(name(from), any_value())];
            children.extend(removed.clone().map(|list| Child::Pair(format!("{}__in", name(to)), list)));
            Child::Q(Q::all(children))
        };
        let mut children = vec![one(self.source, self.target)];
        if self.symmetrical == Symmetry::Mirrored {
            children.push(one(self.target, self.source));
        }
        let mut query = Query::new(self.through);
        add_q(context, &mut query, &Q { connector: Connector::Or, negated: false, children })?;
        Ok(Rows::Query(Box::new(query)))
    }
}

/// What is called on the manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call<'a> {
    Add(Count),
    Remove,
    Clear,
    /// `set()`, with how many objects are new.
    Set(Count),
    /// `set(clear=True)`.
    SetClear(Count),
    Create,
    /// By these fields of the related model.
    GetOrCreate(&'a [&'a str]),
}

/// What a call on the manager sends; an error says why it is not known.
///
/// `base` is the queryset of the related model's default manager: where it filters, only what it shows is taken away.
/// `through` are values of the through model's rows.
pub fn many(
    context: &Context<'_>,
    relations: &Relations,
    many: &Many,
    call: &Call<'_>,
    base: &Query,
    through: &Values,
) -> Result<Vec<Statement>, String> {
    let filters = !base.condition.children.is_empty();
    let shown = |query: &Query| Value::Query(Arc::new(unordered_all(query)));
    let delete = |removed: Option<Value>| delete_rows(context, relations, many.through, &many.rows(context, removed)?);
    let given = || -> Result<Value, String> {
        if !filters {
            return Ok(any_list());
        }
        let key = context.target(many.target).ok_or("a relation to a key that is not known")?;
        let name = format!("{}__in", context.field(key).attname);
        Ok(shown(&filtered(context, base, &[(&name, any_list())])?))
    };
    let all = || filters.then(|| shown(base));
    let add = |count: Count| add(context, relations, many, count, through);
    Ok(match call {
        Call::Add(count) => add(*count)?,
        Call::Remove => delete(Some(given()?))?,
        Call::Clear => delete(all())?,
        Call::Set(count) => {
            let mut statements = vec![linked(context, many, base)?];
            statements.extend(all_when(delete(Some(given()?))?, &When::Removed));
            statements.extend(all_when(add(*count)?, &When::Added));
            statements
        }
        Call::SetClear(count) => {
            let mut statements = delete(all())?;
            statements.extend(add(*count)?);
            statements
        }
        Call::Create => {
            let mut statements = save(context, &Save { force: Force::Insert, ..Save::added(many.model) });
            statements.extend(add(Count::One)?);
            statements
        }
        Call::GetOrCreate(by) => {
            let call = GetOrCreate::by_fields(context, &many.queried(context, base)?, by)?;
            let mut statements = get_or_create(context, &call)?;
            statements.extend(all_when(add(Count::One)?, &When::Missing));
            statements
        }
    })
}

fn add(
    context: &Context<'_>,
    relations: &Relations,
    many: &Many,
    count: Count,
    values: &Values,
) -> Result<Vec<Statement>, String> {
    let mut statements = add_items(context, relations, many, count, values)?;
    if many.symmetrical == Symmetry::Mirrored {
        for statement in add_items(context, relations, &many.mirrored(), count, values)? {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
    Ok(statements)
}

/// Conflicts can be ignored where the through model is Django's own; what is there is read only for who must know it.
fn add_items(
    context: &Context<'_>,
    relations: &Relations,
    many: &Many,
    count: Count,
    values: &Values,
) -> Result<Vec<Statement>, String> {
    let automatic = matches!(context.models.get(many.through).origin, Origin::AutomaticThrough { .. });
    let is_mirror = many.symmetrical == Symmetry::Mirrored && many.source > many.target;
    let heard = relations.listened_many.contains(&many.through) && (many.side == Side::Reverse || !is_mirror);
    let conflicts = if automatic { Conflicts::Ignore } else { Conflicts::Fail };
    let inserted = bulk_create(context, many.through, Keys::Unset, count, &conflicts, values);
    if automatic && !heard {
        return Ok(inserted);
    }
    let mut statements = vec![present(context, many)?];
    statements.extend(all_when(inserted, &When::Missing));
    Ok(statements)
}

/// Which of the given objects are there.
fn present(context: &Context<'_>, many: &Many) -> Result<Statement, String> {
    let (source, target) = (&context.field(many.source).name, &context.field(many.target).name);
    let several = format!("{target}__in");
    let query = Query::new(many.through);
    let listed = called(context, &query, "values_list", &[Value::Str(target.clone())], &[flat()])?;
    let query = filtered(context, &listed, &[(source, any_value()), (&several, any_list())])?;
    read(context, &query, &Terminal::Iterate)
}

/// Keys of the objects that are linked, for `set()`.
fn linked(context: &Context<'_>, many: &Many, base: &Query) -> Result<Statement, String> {
    let key = context.target(many.target).ok_or("a relation to a key that is not known")?;
    let name = Value::Str(context.field(key).attname.clone());
    let query = called(context, &many.queried(context, base)?, "values_list", &[name], &[flat()])?;
    read(context, &query, &Terminal::Iterate)
}

fn flat() -> (String, Value) {
    ("flat".to_owned(), Value::Bool(true))
}

/// The name by which the target of the field is filtered by the model that declares it.
fn reverse_name(context: &Context<'_>, model: ModelId, name: &str) -> Option<String> {
    let declares = |owner: ModelId| {
        let field = context.models.get(owner).fields.iter().find(|field| field.local && field.name == name)?;
        let to = field.relation.as_ref()?.to?;
        let reverse = &context.models.get(context.concrete(to)).reverse;
        let own = |entry: &&crate::model::Reverse| entry.from == owner && entry.field == name;
        Some(reverse.iter().chain(&context.models.get(to).reverse).find(own)?.query_name.clone())
    };
    let lineage = std::iter::once(context.concrete(model)).chain(super::text::ancestors(context, model));
    lineage.into_iter().find_map(declares)
}
