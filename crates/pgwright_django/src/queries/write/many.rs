//! Managers of many-to-many fields (`create_forward_many_to_many_manager`).

use pgwright_schema::names::quote_name;

use super::super::context::{Context, FieldId};
use super::bulk::{Conflicts, Count, Keys, bulk_create};
use super::delete::delete_rows;
use super::lookup::{GetOrCreate, get_or_create};
use super::save::{Force, Save, save};
use super::text::{all, any, bare, column, field_named, is_named, table};
use super::{Action, Relations, Rows, Statement, Values, When, all_when};
use crate::model::{ModelId, Origin, RelationKind};

/// One end of a many-to-many relation.
#[derive(Debug, Clone, Copy)]
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
            Side::Forward => Many { model: to, through, source: source.0, target: target.0, symmetrical, side },
            Side::Reverse => Many { model, through, source: target.0, target: source.0, symmetrical, side },
        })
    }

    /// The two keys of the through table in the other direction.
    fn mirrored(self) -> Many {
        Many { source: self.target, target: self.source, ..self }
    }

    fn is(&self, context: &Context<'_>, field: FieldId) -> String {
        format!("{} = %s", column(context, field))
    }

    /// What `_build_remove_filters` asks: rows of the object, or those of them that lead to given objects.
    fn rows(&self, context: &Context<'_>, removed: Option<&str>) -> Rows {
        let one = |from: FieldId, to: FieldId| match removed {
            Some(list) => all(&[self.is(context, from), format!("{} IN ({list})", column(context, to))]),
            None => self.is(context, from),
        };
        let forth = one(self.source, self.target);
        Rows::with(&match self.symmetrical {
            Symmetry::None => forth,
            Symmetry::Mirrored => any(&[forth, one(self.target, self.source)]),
        })
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

/// What a call on the manager sends. `filtered` is the subquery of keys that a manager with a filter of its own stands for: it
/// takes the place of the objects that are removed.
pub fn many(
    context: &Context<'_>,
    relations: &Relations,
    many: Many,
    call: &Call<'_>,
    filtered: Option<&str>,
    through: &Values,
) -> Vec<Statement> {
    let delete = |rows: &Rows| delete_rows(context, relations, many.through, rows);
    match call {
        Call::Add(count) => add(context, relations, many, *count, through),
        Call::Remove => delete(&many.rows(context, Some(filtered.unwrap_or("%s")))),
        Call::Clear => delete(&many.rows(context, filtered)),
        Call::Set(count) => {
            let mut statements = vec![linked(context, many)];
            let removed = many.rows(context, Some(filtered.unwrap_or("%s")));
            statements.extend(all_when(delete(&removed), &When::Removed));
            statements.extend(all_when(add(context, relations, many, *count, through), &When::Added));
            statements
        }
        Call::SetClear(count) => {
            let mut statements = delete(&many.rows(context, filtered));
            statements.extend(add(context, relations, many, *count, through));
            statements
        }
        Call::Create => {
            let mut statements = save(context, &Save { force: Force::Insert, ..Save::added(many.model) });
            statements.extend(add(context, relations, many, Count::One, through));
            statements
        }
        Call::GetOrCreate(by) => {
            let call = GetOrCreate {
                select: Some(look(context, many, by)),
                ..GetOrCreate::by_fields(context, many.model, by)
            };
            let mut statements = get_or_create(context, &call);
            statements.extend(all_when(add(context, relations, many, Count::One, through), &When::Missing));
            statements
        }
    }
}

fn add(context: &Context<'_>, relations: &Relations, many: Many, count: Count, values: &Values) -> Vec<Statement> {
    let mut statements = add_items(context, relations, many, count, values);
    if many.symmetrical == Symmetry::Mirrored {
        for statement in add_items(context, relations, many.mirrored(), count, values) {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
    statements
}

/// Conflicts can be ignored where the through model is Django's own; what is there is read only for who must know it.
fn add_items(
    context: &Context<'_>,
    relations: &Relations,
    many: Many,
    count: Count,
    values: &Values,
) -> Vec<Statement> {
    let automatic = matches!(context.models.get(many.through).origin, Origin::AutomaticThrough { .. });
    let is_mirror = many.symmetrical == Symmetry::Mirrored && many.source > many.target;
    let heard = relations.listened_many.contains(&many.through) && (many.side == Side::Reverse || !is_mirror);
    let conflicts = if automatic { Conflicts::Ignore } else { Conflicts::Fail };
    let inserted = bulk_create(context, many.through, Keys::Unset, count, &conflicts, values);
    if automatic && !heard {
        return inserted;
    }
    let mut statements = vec![present(context, many)];
    statements.extend(all_when(inserted, &When::Missing));
    statements
}

/// Which of the given objects are there.
fn present(context: &Context<'_>, many: Many) -> Statement {
    let (source, target) = (context.field(many.source), context.field(many.target));
    let one = many.is(context, many.source);
    let several = format!("{} IN (%s)", column(context, many.target));
    // Keyword arguments of `filter()` are sorted by name.
    let conditions = if source.name < format!("{}__in", target.name) { [one, several] } else { [several, one] };
    let sql = format!(
        "SELECT {}{} FROM {} WHERE {}",
        column(context, many.target),
        alias(context, &target.name),
        table(context, many.through),
        all(&conditions)
    );
    Statement::new(Action::Select, many.through, sql)
}

/// Keys of the objects that are linked, for `set()`.
fn linked(context: &Context<'_>, many: Many) -> Statement {
    let key = target_key(context, many);
    let sql = format!(
        "SELECT {}{} FROM {} WHERE {}",
        key.map(|key| column(context, key)).unwrap_or_default(),
        key.map(|key| alias(context, &context.field(key).attname)).unwrap_or_default(),
        joined(context, many),
        many.is(context, many.source)
    );
    Statement::new(Action::Select, many.model, sql)
}

/// Since 5.2 `values_list()` names its columns.
fn alias(context: &Context<'_>, name: &str) -> String {
    if context.at_least(5, 2) { format!(" AS {}", quote_name(name)) } else { String::new() }
}

fn target_key(context: &Context<'_>, many: Many) -> Option<FieldId> {
    context.target(many.target)
}

fn joined(context: &Context<'_>, many: Many) -> String {
    let key = target_key(context, many).map(|key| column(context, key)).unwrap_or_default();
    format!(
        "{} INNER JOIN {through} ON ({key} = {through}.{})",
        table(context, many.model),
        bare(context, many.target),
        through = table(context, many.through)
    )
}

/// The SELECT of `get()` through the manager, without its `LIMIT`.
fn look(context: &Context<'_>, many: Many, by: &[&str]) -> String {
    let columns: Vec<String> = context.meta(many.model).columns.iter().map(|id| column(context, *id)).collect();
    let mut names = by.to_vec();
    names.sort_unstable();
    let mut conditions = vec![many.is(context, many.source)];
    let fields = names.iter().filter_map(|name| field_named(context, many.model, name));
    conditions.extend(fields.map(|field| format!("{} = %s", column(context, field))));
    format!("SELECT {} FROM {} WHERE {}", columns.join(", "), joined(context, many), all(&conditions))
}
