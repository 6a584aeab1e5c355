//! Replaying migrations: the state goes forward, and the editor sends what Django would.

use pgwright_schema::Schema;
use pgwright_schema::change::Catalogue;
use rustc_hash::FxHashSet;

use super::editor::{At, Editor, Known, Pair};
use super::graph::Ordered;
use super::operation::{Action, Step};
use super::state::{ModelState, State};
use super::{History, Kind, Migration, Operation, Sent};
use crate::model::{Field, ModelId, Models};
use crate::project::{Project, Unresolved};
use crate::schema;

pub(super) fn replay(project: &Project, ordered: Ordered, mut unresolved: Vec<Unresolved>) -> History {
    let Ordered { migrations, leaves, conflicts, unresolved: open } = ordered;
    unresolved.extend(open);
    let replayed: FxHashSet<String> = migrations.iter().map(|migration| migration.app.clone()).collect();
    let state = State::new(project, |app| replayed.contains(app));
    let mut tables = Schema::default();
    for model in state.models.all.iter().filter(|model| model.has_table()) {
        tables.tables.push(schema::table_of(project, &state.models, model, &mut Vec::new()));
    }
    let before = Models { all: state.models.all.clone() };
    let given = tables.clone();
    let editor = Editor::new(project, Catalogue::new(tables));
    let mut replay = Replay { state, before, editor };
    let mut done = Vec::new();
    for (position, declared) in migrations.into_iter().enumerate() {
        replay.editor.catalogue.begin();
        let mut operations = Vec::new();
        for (index, step) in declared.steps.iter().enumerate() {
            replay.editor.operation = index;
            let mut failures = Failures::default();
            replay.step(&declared.app, step, Target::Both, &mut failures);
            operations.push(Operation {
                class: step.class.clone(),
                site: step.site,
                kind: kind(&step.action),
                statements: Vec::new(),
                unknown: failures.reasons.into_iter().next().or_else(|| step.doubt.clone()),
                reversible: reversible(&step.action),
                state_known: !failures.of_state && step.doubt.is_none(),
            });
            // What an author's code or SQL has done may have filled any table.
            match kind(&step.action) {
                _ if declared.atomic => {}
                Kind::Schema | Kind::State => replay.editor.catalogue.commit(),
                Kind::Sql | Kind::Python(_) | Kind::Unknown => replay.editor.catalogue.begin(),
            }
        }
        replay.editor.finish();
        for (order, emitted) in (0u32..).zip(std::mem::take(&mut replay.editor.sent)) {
            let Some(operation) = operations.get_mut(emitted.operation) else { continue };
            if let Some(reason) = emitted.unread
                && operation.unknown.is_none()
            {
                operation.unknown = Some(format!("a statement is not understood: {reason}"));
            }
            operation.statements.push(Sent {
                sql: emitted.sql,
                deferred: emitted.deferred,
                order,
                effects: emitted.effects,
            });
        }
        if declared.own {
            for operation in
                operations.iter().filter(|operation| operation.kind != Kind::Unknown || operation.unknown.is_some())
            {
                if let Some(reason) = &operation.unknown {
                    unresolved.push(Unresolved {
                        subject: format!("{}.{}", declared.app, declared.name),
                        reason: reason.clone(),
                        site: operation.site.or(declared.site),
                    });
                }
            }
        }
        done.push(Migration {
            app: declared.app,
            name: declared.name,
            file: declared.site.map(|site| site.file),
            site: declared.site,
            own: declared.own,
            atomic: declared.atomic,
            replaces: declared.replaces,
            dependencies: declared.dependencies,
            runs_before_others: !declared.run_before.is_empty(),
            leaf: leaves.contains(&position),
            month: declared.month,
            operations,
        });
    }
    History {
        migrations: done,
        given,
        models: replay.state.models,
        catalogue: replay.editor.catalogue.schema,
        conflicts,
        unresolved,
    }
}

fn reversible(action: &Action) -> bool {
    match action {
        Action::RunSql { reversible, .. } | Action::RunPython { reversible, .. } => *reversible,
        Action::Separate { database, .. } => database.iter().all(|step| reversible(&step.action)),
        _ => true,
    }
}

fn kind(action: &Action) -> Kind {
    match action {
        Action::RunSql { .. } => Kind::Sql,
        Action::RunPython { code, .. } => Kind::Python(code.clone()),
        Action::Unknown(_) => Kind::Unknown,
        Action::Nothing | Action::AlterModelManagers | Action::AlterModelOptions { .. } => Kind::State,
        _ => Kind::Schema,
    }
}

/// Why something of an operation is not known.
#[derive(Debug, Default)]
struct Failures {
    reasons: Vec<String>,
    /// One of them is about the models, not only about statements.
    of_state: bool,
}

impl Failures {
    fn of_state(&mut self, reason: String) {
        self.of_state = true;
        self.reasons.push(reason);
    }
}

/// What of an operation takes place (`SeparateDatabaseAndState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Both,
    State,
    /// The database; the state goes along and is taken back afterwards.
    Database,
}

struct Replay<'p> {
    state: State,
    /// The models as they were before the operation at work.
    before: Models,
    editor: Editor<'p>,
}

impl Replay<'_> {
    fn step(&mut self, app: &str, step: &Step, target: Target, failures: &mut Failures) {
        match &step.action {
            Action::Separate { database, state } => {
                if target != Target::State {
                    // `from_state` of each database operation is the state with those before it applied, in a copy.
                    let saved = self.state.save();
                    for step in database {
                        self.step(app, step, Target::Database, failures);
                    }
                    self.state.restore(saved);
                    self.settle();
                }
                for step in state {
                    self.step(app, step, Target::State, failures);
                }
                return;
            }
            Action::RunSql { statements, state, .. } => {
                if target != Target::State {
                    for sql in statements {
                        self.editor.execute(sql.clone());
                    }
                }
                for step in state {
                    self.step(app, step, Target::State, failures);
                }
                return;
            }
            Action::Unknown(reason) => {
                failures.of_state(reason.clone());
                return;
            }
            Action::Nothing => return,
            _ => {}
        }
        let changed = self.state_forwards(app, &step.action, failures);
        if target != Target::State
            && let Err(reason) = self.database_forwards(app, &step.action, changed)
        {
            failures.of_state |= changed.is_none();
            failures.reasons.push(reason);
        }
        self.settle();
    }

    /// What was rendered anew becomes what was before the next operation.
    fn settle(&mut self) {
        for id in self.state.take_touched() {
            let at = id.0 as usize;
            while self.before.all.len() <= at {
                let next = self.before.all.len();
                self.before.all.push(self.state.models.all[next].clone());
            }
            self.before.all[at] = self.state.models.all[at].clone();
        }
    }

    /// The model the operation is about, once the state has gone forward.
    fn state_forwards(&mut self, app: &str, action: &Action, failures: &mut Failures) -> Option<ModelId> {
        let state = &mut self.state;
        let mut lost = |subject: &str, reason: &String| failures.of_state(format!("{subject}: {reason}"));
        match action {
            Action::CreateModel { name, fields, options, bases } => {
                let mut known = Vec::new();
                for (field_name, field) in fields {
                    match field {
                        Ok(field) => known.push((**field).clone()),
                        Err(reason) => lost(&format!("{name}.{field_name}"), reason),
                    }
                }
                Some(state.create(ModelState {
                    app: app.to_owned(),
                    name: name.clone(),
                    fields: known,
                    options: (**options).clone(),
                    bases: bases.clone(),
                }))
            }
            Action::DeleteModel { name } => {
                let id = state.find(app, name)?;
                state.delete(id);
                Some(id)
            }
            Action::RenameModel { old, new } => {
                let id = state.find(app, old)?;
                state.rename_model(app, old, new);
                Some(id)
            }
            Action::AddField { model, name, field, .. } | Action::AlterField { model, name, field, .. } => {
                let id = state.find(app, model)?;
                let mut field = match field {
                    Ok(field) => (**field).clone(),
                    Err(reason) => {
                        lost(&format!("{model}.{name}"), reason);
                        return None;
                    }
                };
                if matches!(
                    action,
                    Action::AddField { preserve_default: false, .. }
                        | Action::AlterField { preserve_default: false, .. }
                ) {
                    field.default = None;
                }
                state.change(id, |model| match model.field_mut(name) {
                    Some(known) => *known = field,
                    None => model.fields.push(field),
                });
                Some(id)
            }
            Action::RemoveField { model, name } => {
                let id = state.find(app, model)?;
                state.change(id, |model| model.fields.retain(|field| field.name != *name));
                Some(id)
            }
            Action::RenameField { model, old, new } => {
                let id = state.find(app, model)?;
                state.rename_through(id, old, new);
                state.rename_field(id, old, new);
                Some(id)
            }
            Action::AlterModelTable { name, table } => {
                let id = state.find(app, name)?;
                state.change(id, |model| model.options.db_table = table.clone().filter(|table| !table.is_empty()));
                Some(id)
            }
            Action::AlterModelTableComment { name, comment } => {
                let id = state.find(app, name)?;
                state.change(id, |model| model.options.comment.clone_from(comment));
                Some(id)
            }
            Action::AlterUniqueTogether { name, groups } => {
                let id = state.find(app, name)?;
                state.change(id, |model| model.options.unique_together.clone_from(groups));
                Some(id)
            }
            Action::AlterIndexTogether { name, groups } => {
                let id = state.find(app, name)?;
                state.change(id, |model| model.options.index_together.clone_from(groups));
                Some(id)
            }
            Action::AlterOrderWithRespectTo { name, field } => {
                let id = state.find(app, name)?;
                state.change(id, |model| {
                    model.options.order_with_respect_to.clone_from(field);
                    if field.is_none() {
                        model.fields.retain(|field| field.name != "_order");
                    }
                });
                Some(id)
            }
            Action::AlterModelOptions { name, managed } => {
                let id = state.find(app, name)?;
                state.change(id, |model| model.options.unmanaged = !managed);
                Some(id)
            }
            Action::AddIndex { model, index, .. } => {
                let id = state.find(app, model)?;
                state.change(id, |model| model.options.indexes.push((**index).clone()));
                Some(id)
            }
            Action::RemoveIndex { model, name, .. } => {
                let id = state.find(app, model)?;
                state.change(id, |model| model.options.indexes.retain(|index| index.name != *name));
                Some(id)
            }
            Action::RenameIndex { model, new, old, old_fields } => {
                let id = state.find(app, model)?;
                state.change(id, |model| match old {
                    Some(old) => {
                        for index in model.options.indexes.iter_mut().filter(|index| index.name == *old) {
                            index.name.clone_from(new);
                        }
                    }
                    None => {
                        model.options.index_together.retain(|group| group != old_fields);
                        model.options.indexes.push(plain_index(new, old_fields));
                    }
                });
                Some(id)
            }
            Action::AddConstraint { model, constraint, .. } => {
                let id = state.find(app, model)?;
                state.change(id, |model| model.options.constraints.push((**constraint).clone()));
                Some(id)
            }
            Action::RemoveConstraint { model, name } => {
                let id = state.find(app, model)?;
                state.change(id, |model| model.options.constraints.retain(|constraint| constraint.name != *name));
                Some(id)
            }
            Action::AlterConstraint { model, constraint } => {
                let id = state.find(app, model)?;
                state.change(id, |model| {
                    for known in model.options.constraints.iter_mut().filter(|known| known.name == constraint.name) {
                        known.clone_from(constraint);
                    }
                });
                Some(id)
            }
            Action::ValidateConstraint { model, .. } => state.find(app, model),
            _ => None,
        }
    }

    fn database_forwards(&mut self, app: &str, action: &Action, changed: Option<ModelId>) -> Known<()> {
        let Replay { state, before, editor } = self;
        match action {
            Action::CreateExtension { name } => {
                editor.execute(format!("CREATE EXTENSION IF NOT EXISTS \"{name}\""));
                return Ok(());
            }
            Action::CreateCollation { name, locale, provider, deterministic } => {
                let mut arguments = vec![format!("locale=\"{locale}\"")];
                if provider != "libc" {
                    arguments.push(format!("provider={provider}"));
                }
                if !deterministic {
                    arguments.push("deterministic=false".to_owned());
                }
                editor.execute(format!("CREATE COLLATION \"{name}\" ({})", arguments.join(", ")));
                return Ok(());
            }
            Action::RemoveCollation { name } => {
                editor.execute(format!("DROP COLLATION \"{name}\""));
                return Ok(());
            }
            Action::RunPython { .. } | Action::AlterModelManagers => return Ok(()),
            _ => {}
        }
        let Some(id) = changed else {
            return match action {
                Action::AddField { field: Err(reason), .. } | Action::AlterField { field: Err(reason), .. } => {
                    Err(reason.clone())
                }
                _ => Err(format!("the model is not known in `{app}`")),
            };
        };
        let after = At { models: &state.models, model: state.models.get(id) };
        let earlier = before.all.get(id.0 as usize);
        // `allow_migrate_model`: proxies, unmanaged and swapped models have no table of their own.
        let judged = if matches!(action, Action::DeleteModel { .. }) { earlier } else { Some(after.model) };
        if !judged.is_some_and(|model| model.has_table()) {
            return Ok(());
        }
        let earlier = earlier.map(|model| At { models: before, model });
        let missing = || "the model is not known before the operation".to_owned();
        match action {
            Action::CreateModel { .. } => editor.create_model(after),
            Action::DeleteModel { .. } => {
                editor.delete_model(earlier.ok_or_else(missing)?);
                Ok(())
            }
            Action::RenameModel { .. } => rename_model(editor, earlier.ok_or_else(missing)?, after),
            Action::AlterModelTable { .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                editor.alter_db_table(&earlier.model.table, &after.model.table);
                for (old, new) in local_many(earlier).zip(local_many(after)) {
                    if super::editor::is_automatic(new)
                        && let (Some(old), Some(new)) = (super::editor::through_of(old), super::editor::through_of(new))
                    {
                        editor.alter_db_table(&before.get(old).table, &state.models.get(new).table);
                    }
                }
                Ok(())
            }
            Action::AlterModelTableComment { .. } => {
                editor.alter_db_table_comment(after.model);
                Ok(())
            }
            Action::AlterUniqueTogether { .. } => {
                let olds = earlier.ok_or_else(missing)?.model.unique_together.clone();
                editor.alter_unique_together(after, &olds)
            }
            Action::AlterIndexTogether { .. } => {
                let olds = earlier.ok_or_else(missing)?.model.index_together.clone();
                editor.alter_index_together(after, &olds)
            }
            Action::AlterOrderWithRespectTo { .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                match (earlier.model.field("_order"), after.model.field("_order")) {
                    (Some(field), None) => {
                        editor.remove_field(earlier, field);
                        Ok(())
                    }
                    (None, Some(field)) => {
                        let default = Some(crate::model::Value::Int(0));
                        editor.add_field(earlier, after, &Field { default, ..field.clone() })
                    }
                    _ => Ok(()),
                }
            }
            Action::AddField { name, field: Ok(given), .. } => {
                let field = after.model.field(name).ok_or_else(missing)?;
                // A default that is not kept still fills the column.
                let field = Field { default: given.default.clone(), ..field.clone() };
                editor.add_field(earlier.ok_or_else(missing)?, after, &field)
            }
            Action::RemoveField { name, .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                let field = earlier.model.fields.iter().find(|field| field.name == *name);
                editor.remove_field(earlier, field.ok_or_else(|| format!("there is no field `{name}`"))?);
                Ok(())
            }
            Action::AlterField { name, field: Ok(given), .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                let find = |at: At<'_>| at.model.fields.iter().find(|field| field.name == *name).cloned();
                let old = find(earlier).ok_or_else(|| format!("there is no field `{name}`"))?;
                let new = Field { default: given.default.clone(), ..find(after).ok_or_else(missing)? };
                editor.alter_field(earlier, after, Pair { old: &old, new: &new })
            }
            Action::RenameField { old, new, .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                let old_field = earlier.model.fields.iter().find(|field| field.name == *old);
                let new_field = after.model.fields.iter().find(|field| field.name == *new);
                match (old_field, new_field) {
                    (Some(old), Some(new)) => editor.alter_field(earlier, after, Pair { old, new }),
                    _ => Err(format!("there is no field `{old}`")),
                }
            }
            Action::AddIndex { index, concurrently, .. } => editor.add_index(after, index, *concurrently),
            Action::RemoveIndex { name, concurrently, .. } => {
                editor.remove_index(after.model, name, *concurrently);
                Ok(())
            }
            Action::RenameIndex { new, old, old_fields, .. } => {
                let old = match old {
                    Some(old) => old.clone(),
                    None => editor.unnamed_index(earlier.ok_or_else(missing)?, old_fields)?,
                };
                if old != *new {
                    editor.rename_index(&old, new);
                }
                Ok(())
            }
            Action::AddConstraint { constraint, valid, .. } => editor.add_constraint(after, constraint, *valid),
            Action::RemoveConstraint { name, .. } => {
                let earlier = earlier.ok_or_else(missing)?;
                let declared = earlier.model.constraints.iter().find(|constraint| constraint.name == *name);
                let declared = declared.ok_or_else(|| format!("there is no constraint `{name}`"))?.clone();
                editor.remove_constraint(earlier, &declared)
            }
            Action::ValidateConstraint { name, .. } => {
                editor.validate_constraint(after.model, name);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn local_many<'m>(at: At<'m>) -> impl Iterator<Item = &'m Field> {
    at.model.fields.iter().filter(|field| field.local && field.is_many_to_many())
}

/// `RenameModel.database_forwards`: the table, the columns that point to it, and its many-to-many tables.
fn rename_model(editor: &mut Editor<'_>, before: At<'_>, after: At<'_>) -> Known<()> {
    editor.alter_db_table(&before.model.table, &after.model.table);
    // `related_objects`, in the order Django keeps them.
    for owner in &before.models.all {
        for old in owner.fields.iter().filter(|field| field.local) {
            let Some(relation) = &old.relation else { continue };
            let hidden = matches!(owner.origin, crate::model::Origin::AutomaticThrough { .. });
            if relation.to != Some(before.model.id) || hidden {
                continue;
            }
            let model = after.models.get(owner.id);
            let Some(new) = model.fields.iter().find(|field| field.name == old.name) else { continue };
            // Its own table is known under the new name alone.
            let own = crate::model::Model { table: model.table.clone(), ..owner.clone() };
            let old_at = At { models: before.models, model: &own };
            editor.alter_field(old_at, At { models: after.models, model }, Pair { old, new })?;
        }
    }
    for (old, new) in local_many(before).zip(local_many(after)) {
        let to_itself = new.relation.as_ref().is_some_and(|relation| relation.to == Some(after.model.id));
        if !to_itself && super::editor::is_automatic(new) {
            editor.alter_many_to_many(before, after, Pair { old, new })?;
        }
    }
    Ok(())
}

fn plain_index(name: &str, fields: &[String]) -> crate::model::Index {
    crate::model::Index {
        name: name.to_owned(),
        class: "django.db.models.indexes.Index".to_owned(),
        method: "btree".to_owned(),
        fields: fields.to_vec(),
        expressions: Vec::new(),
        opclasses: Vec::new(),
        condition: None,
        include: Vec::new(),
        db_tablespace: None,
        parameters: Vec::new(),
        site: None,
        declaration: None,
    }
}
