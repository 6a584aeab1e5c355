//! From evaluated operations to [`Step`]s.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, ObjectId, Value as Evaluated};

use super::operation::{Action, Key, KnownField, Options, Step};
use crate::convert::{mro_paths, to_value};
use crate::model::Value;
use crate::models::{self, Context, Draft, attribute, attribute_bool, attribute_str};

/// The operations of a migration class.
pub(super) fn steps(evaluator: &mut Evaluator<'_>, context: &Context<'_>, app: &str, class: ClassId) -> Vec<Step> {
    // A class with an `__init__` of its own may choose its operations there.
    let own_init = evaluator.heap.find_in_class(class, "__init__").map(|(owner, _)| evaluator.class_path(owner));
    let made = own_init.filter(|path| !path.starts_with("django.")).and_then(|_| {
        evaluator.refuel();
        let arguments = vec![Evaluated::str("migration"), Evaluated::str(app)];
        match evaluator.call(&Evaluated::Class(class), arguments, Vec::new(), None) {
            Ok(Evaluated::Instance(object)) => attribute(evaluator, object, "operations"),
            _ => None,
        }
    });
    match made.or_else(|| models::class_value(evaluator, class, "operations")) {
        Some(value) => list(evaluator, context, app, class, &value),
        None => Vec::new(),
    }
}

fn list(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    app: &str,
    class: ClassId,
    value: &Evaluated,
) -> Vec<Step> {
    let unknown =
        |reason: String| Step { class: String::new(), site: None, action: Action::Unknown(reason), doubt: None };
    let Some(items) = evaluator.iterate(value) else {
        return vec![unknown("the list of operations is not known".to_owned())];
    };
    let mut steps = Vec::new();
    for item in items {
        let Evaluated::Instance(object) = item else {
            steps.push(unknown("an operation that is not known".to_owned()));
            continue;
        };
        let Some(made_of) = evaluator.heap.instance(object).map(|instance| instance.class) else { continue };
        evaluator.refuel();
        let reader = Reader { context, app, class, object };
        steps.push(Step {
            class: evaluator.class_path(made_of),
            site: models::call_span(evaluator, object),
            action: reader.action(evaluator, made_of),
            doubt: reader.doubt(evaluator, made_of),
        });
    }
    steps
}

struct Reader<'r, 'c> {
    context: &'r Context<'c>,
    app: &'r str,
    /// The migration class: fields and models are said to be declared in it.
    class: ClassId,
    object: ObjectId,
}

const OPERATIONS: [&str; 2] = ["django.db.migrations.operations.", "django.contrib.postgres.operations."];

/// What an operation does to the database and to the models.
const FORWARDS: [&str; 2] = ["database_forwards", "state_forwards"];

impl Reader<'_, '_> {
    fn action(&self, evaluator: &mut Evaluator<'_>, made_of: ClassId) -> Action {
        let mro = mro_paths(evaluator, made_of);
        let known = mro.iter().find_map(|path| {
            let rest = OPERATIONS.iter().find_map(|prefix| path.strip_prefix(prefix))?;
            rest.rsplit('.').next()
        });
        let Some(name) = known else {
            return Action::Unknown(format!("the operation `{}` is not known", evaluator.class_path(made_of)));
        };
        if name == "Operation" && self.does_nothing(evaluator, made_of) {
            return Action::Nothing;
        }
        self.known(evaluator, name, &mro).unwrap_or_else(Action::Unknown)
    }

    /// An operation of its own kind that says in both directions that nothing is to be done: a mark for other tools.
    fn does_nothing(&self, evaluator: &Evaluator<'_>, made_of: ClassId) -> bool {
        FORWARDS.iter().all(|method| match evaluator.heap.find_in_class(made_of, method) {
            Some((_, Evaluated::Function(function))) => evaluator.heap.function(*function).does_nothing(),
            _ => false,
        })
    }

    /// A class outside Django that says itself what it sends: what its base would send is what is shown.
    fn doubt(&self, evaluator: &Evaluator<'_>, made_of: ClassId) -> Option<String> {
        if self.does_nothing(evaluator, made_of) {
            return None;
        }
        FORWARDS.iter().find_map(|method| {
            let (owner, _) = evaluator.heap.find_in_class(made_of, method)?;
            Some(format!("`{}` has a `{method}` of its own; shown is what its base sends", evaluator.class_path(owner)))
        })
    }

    fn known(&self, evaluator: &mut Evaluator<'_>, name: &str, mro: &[String]) -> Result<Action, String> {
        let concurrently = mro.iter().any(|path| path.ends_with(".NotInTransactionMixin"));
        let model = |evaluator: &Evaluator<'_>| self.text(evaluator, "model_name");
        let named = |evaluator: &Evaluator<'_>| self.text(evaluator, "name");
        Ok(match name {
            "CreateModel" => self.create_model(evaluator)?,
            "DeleteModel" => Action::DeleteModel { name: named(evaluator)? },
            "RenameModel" => {
                Action::RenameModel { old: self.text(evaluator, "old_name")?, new: self.text(evaluator, "new_name")? }
            }
            "AlterModelTable" => {
                Action::AlterModelTable { name: named(evaluator)?, table: self.optional(evaluator, "table") }
            }
            "AlterModelTableComment" => Action::AlterModelTableComment {
                name: named(evaluator)?,
                comment: self.optional(evaluator, "table_comment"),
            },
            "AlterUniqueTogether" => {
                let groups = self.groups(evaluator, "unique_together")?;
                Action::AlterUniqueTogether { name: named(evaluator)?, groups }
            }
            "AlterIndexTogether" => {
                let groups = self.groups(evaluator, "index_together")?;
                Action::AlterIndexTogether { name: named(evaluator)?, groups }
            }
            "AlterOrderWithRespectTo" => Action::AlterOrderWithRespectTo {
                name: named(evaluator)?,
                field: self.optional(evaluator, "order_with_respect_to"),
            },
            "AlterModelOptions" => {
                let options = self.value(evaluator, "options");
                let managed = option(&options, "managed") != Some(&Value::Bool(false));
                Action::AlterModelOptions { name: named(evaluator)?, managed }
            }
            "AlterModelManagers" => Action::AlterModelManagers,
            "AddField" | "AlterField" => {
                let (model, field_name) = (model(evaluator)?, named(evaluator)?);
                let field = match attribute(evaluator, self.object, "field") {
                    Some(field) => self.field(evaluator, &model, &field_name, &field, FieldUse::Altered),
                    None => Err("no field is given".to_owned()),
                };
                let preserve_default = attribute_bool(evaluator, self.object, "preserve_default") != Some(false);
                if name == "AddField" {
                    Action::AddField { model, name: field_name, field, preserve_default }
                } else {
                    Action::AlterField { model, name: field_name, field, preserve_default }
                }
            }
            "RemoveField" => Action::RemoveField { model: model(evaluator)?, name: named(evaluator)? },
            "RenameField" => Action::RenameField {
                model: model(evaluator)?,
                old: self.text(evaluator, "old_name")?,
                new: self.text(evaluator, "new_name")?,
            },
            "AddIndex" | "AddIndexConcurrently" => {
                let model = model(evaluator)?;
                let index = self.part(evaluator, "index")?;
                let class = evaluator.heap.instance(index).map(|instance| instance.class);
                let draft = self.draft(&model);
                let index = models::index(evaluator, index, class.ok_or("the index is not known")?, &draft);
                Action::AddIndex { model, index: Box::new(index), concurrently }
            }
            "RemoveIndex" | "RemoveIndexConcurrently" => {
                Action::RemoveIndex { model: model(evaluator)?, name: named(evaluator)?, concurrently }
            }
            "RenameIndex" => {
                let old_fields = match self.value(evaluator, "old_fields") {
                    Value::List(items) | Value::Tuple(items) => strings(&items).ok_or("`old_fields` is not known")?,
                    _ => Vec::new(),
                };
                let old = self.optional(evaluator, "old_name");
                Action::RenameIndex {
                    model: model(evaluator)?,
                    new: self.text(evaluator, "new_name")?,
                    old,
                    old_fields,
                }
            }
            "AddConstraint" | "AddConstraintNotValid" | "AlterConstraint" => {
                let model = model(evaluator)?;
                let object = self.part(evaluator, "constraint")?;
                let class = evaluator.heap.instance(object).map(|instance| instance.class);
                let draft = self.draft(&model);
                let constraint =
                    models::constraint(evaluator, object, class.ok_or("the constraint is not known")?, &draft);
                let constraint = Box::new(constraint);
                match name {
                    "AlterConstraint" => Action::AlterConstraint { model, constraint },
                    _ => Action::AddConstraint { model, constraint, valid: name == "AddConstraint" },
                }
            }
            "RemoveConstraint" => Action::RemoveConstraint { model: model(evaluator)?, name: named(evaluator)? },
            "ValidateConstraint" => Action::ValidateConstraint { model: model(evaluator)?, name: named(evaluator)? },
            "SeparateDatabaseAndState" => Action::Separate {
                database: self.inner(evaluator, "database_operations"),
                state: self.inner(evaluator, "state_operations"),
            },
            "RunSQL" => {
                let statements = self.sql(evaluator)?;
                Action::RunSql {
                    statements,
                    state: self.inner(evaluator, "state_operations"),
                    reversible: self.says(evaluator, "reverse_sql"),
                }
            }
            "RunPython" => {
                let code = match self.value(evaluator, "code") {
                    Value::Path(path) => Some(path),
                    _ => None,
                };
                Action::RunPython { code, reversible: self.says(evaluator, "reverse_code") }
            }
            "CreateCollation" => Action::CreateCollation {
                name: named(evaluator)?,
                locale: self.text(evaluator, "locale")?,
                provider: self.text(evaluator, "provider")?,
                deterministic: attribute_bool(evaluator, self.object, "deterministic") != Some(false),
            },
            "RemoveCollation" => Action::RemoveCollation { name: named(evaluator)? },
            _ if mro.iter().any(|path| path.ends_with(".CreateExtension")) => {
                Action::CreateExtension { name: named(evaluator)? }
            }
            other => return Err(format!("the operation `{other}` is not known")),
        })
    }

    fn text(&self, evaluator: &Evaluator<'_>, name: &str) -> Result<String, String> {
        attribute_str(evaluator, self.object, name).ok_or_else(|| format!("its `{name}` is not known"))
    }

    /// Whether something is given for it.
    fn says(&self, evaluator: &Evaluator<'_>, name: &str) -> bool {
        !matches!(attribute(evaluator, self.object, name), Some(Evaluated::None))
    }

    fn optional(&self, evaluator: &Evaluator<'_>, name: &str) -> Option<String> {
        attribute_str(evaluator, self.object, name)
    }

    fn value(&self, evaluator: &mut Evaluator<'_>, name: &str) -> Value {
        match attribute(evaluator, self.object, name) {
            Some(value) => to_value(evaluator, &value, 0),
            None => Value::None,
        }
    }

    fn part(&self, evaluator: &Evaluator<'_>, name: &str) -> Result<ObjectId, String> {
        match attribute(evaluator, self.object, name) {
            Some(Evaluated::Instance(object)) => Ok(object),
            _ => Err(format!("its `{name}` is not known")),
        }
    }

    fn groups(&self, evaluator: &mut Evaluator<'_>, name: &str) -> Result<Vec<Vec<String>>, String> {
        let value = attribute(evaluator, self.object, name).unwrap_or(Evaluated::None);
        models::together(evaluator, &value).ok_or_else(|| format!("its `{name}` is not known"))
    }

    fn inner(&self, evaluator: &mut Evaluator<'_>, name: &str) -> Vec<Step> {
        match attribute(evaluator, self.object, name) {
            Some(value) => list(evaluator, self.context, self.app, self.class, &value),
            None => Vec::new(),
        }
    }

    /// `RunSQL.sql`: a text sent as it is, or a list of texts and of pairs with parameters.
    fn sql(&self, evaluator: &mut Evaluator<'_>) -> Result<Vec<String>, String> {
        let items = match self.value(evaluator, "sql") {
            Value::Str(text) if text.is_empty() => return Ok(Vec::new()),
            Value::Str(text) => return Ok(vec![text]),
            Value::List(items) | Value::Tuple(items) => items,
            Value::Unknown(reason) => return Err(format!("its SQL is not known: {reason}")),
            _ => return Err("its SQL is not known".to_owned()),
        };
        let one = |item: Value| match item {
            Value::Str(text) => Ok(text),
            Value::Tuple(parts) | Value::List(parts) => match parts.first() {
                Some(Value::Str(text)) => Ok(text.clone()),
                _ => Err("its SQL is not known".to_owned()),
            },
            _ => Err("its SQL is not known".to_owned()),
        };
        items.into_iter().map(one).collect()
    }

    fn draft(&self, model: &str) -> Draft {
        Draft {
            class: self.class,
            app_label: self.app.to_owned(),
            name: model.to_owned(),
            table: String::new(),
            is_abstract: false,
            proxy: false,
            proxy_for: None,
            meta: None,
            local: Vec::new(),
            many_to_many: Vec::new(),
            private: Vec::new(),
            parents: Vec::new(),
            default_auto_field: self.context.settings.default_auto_field.clone(),
        }
    }

    fn field(
        &self,
        evaluator: &mut Evaluator<'_>,
        model: &str,
        name: &str,
        value: &Evaluated,
        used: FieldUse,
    ) -> KnownField {
        let Evaluated::Instance(object) = value else {
            return Err(match value {
                Evaluated::Unknown(reason) => reason.to_string(),
                _ => "its class is not known".to_owned(),
            });
        };
        let draft = self.draft(model);
        let mut field = models::convert_object(evaluator, self.context, &draft, name, *object)?;
        field.site = None;
        // What a new column is filled with is the value that a callable gives, not the callable.
        if used == FieldUse::Altered
            && let Some(default) = attribute(evaluator, *object, "default")
            && matches!(default, Evaluated::Function(_) | Evaluated::Bound(_))
        {
            evaluator.refuel();
            if let Ok(value) = evaluator.call(&default, Vec::new(), Vec::new(), None) {
                let value = to_value(evaluator, &value, 0);
                if !value.has_unknown() {
                    field.default = Some(value);
                }
            }
        }
        Ok(Box::new(field))
    }

    fn create_model(&self, evaluator: &mut Evaluator<'_>) -> Result<Action, String> {
        let name = self.text(evaluator, "name")?;
        let given = attribute(evaluator, self.object, "fields").unwrap_or(Evaluated::None);
        let pairs = evaluator.iterate(&given).ok_or("its fields are not known")?;
        let mut fields = Vec::new();
        for pair in pairs {
            let parts = evaluator.iterate(&pair).unwrap_or_default();
            let [field_name, field] = parts.as_slice() else { return Err("its fields are not known".to_owned()) };
            let field_name = field_name.as_str().ok_or("its fields are not known")?.to_owned();
            let field = self.field(evaluator, &name, &field_name, field, FieldUse::Created);
            fields.push((field_name, field));
        }
        let options = self.options(evaluator, &name)?;
        let bases = self.bases(evaluator);
        Ok(Action::CreateModel { name, fields, options: Box::new(options), bases })
    }

    /// Bases that are models, by their labels; classes that are none have no columns.
    fn bases(&self, evaluator: &mut Evaluator<'_>) -> Vec<Key> {
        let given = attribute(evaluator, self.object, "bases").unwrap_or(Evaluated::None);
        let items = evaluator.iterate(&given).unwrap_or_default();
        let label = |item: &Evaluated| match item {
            Evaluated::Str(text) if text.contains('.') => Some(text.to_string()),
            Evaluated::Str(text) => Some(format!("{}.{text}", self.app)),
            Evaluated::Class(class) => self.context.labels.get(class).cloned(),
            _ => None,
        };
        items.iter().filter_map(label).filter_map(|label| key(&label)).collect()
    }

    fn options(&self, evaluator: &mut Evaluator<'_>, model: &str) -> Result<Options, String> {
        let given = attribute(evaluator, self.object, "options").unwrap_or(Evaluated::None);
        let Evaluated::Dict(dict) = given else { return Err("its options are not known".to_owned()) };
        let entries: Vec<(Evaluated, Evaluated)> =
            evaluator.heap.dict_of(dict).map(|dict| dict.entries.values().cloned().collect()).unwrap_or_default();
        let mut options = Options::default();
        let draft = self.draft(model);
        for (key, value) in entries {
            let Some(name) = key.as_str().map(str::to_owned) else { continue };
            let text = || value.as_str().map(str::to_owned);
            match name.as_str() {
                "db_table" => options.db_table = text().filter(|text| !text.is_empty()),
                "db_table_comment" => options.comment = text(),
                "swappable" => {
                    options.swapped = text()
                        .and_then(|setting| self.context.settings.model_named_by(&setting))
                        .filter(|chosen| !chosen.eq_ignore_ascii_case(&draft.label()));
                }
                "order_with_respect_to" => options.order_with_respect_to = text(),
                "managed" => options.unmanaged = evaluator.truth(&value) == Some(false),
                "proxy" => options.proxy = evaluator.truth(&value) == Some(true),
                "abstract" => options.is_abstract = evaluator.truth(&value) == Some(true),
                "unique_together" | "index_together" => {
                    let groups =
                        models::together(evaluator, &value).ok_or_else(|| format!("its `{name}` is not known"))?;
                    if name == "unique_together" {
                        options.unique_together = groups;
                    } else {
                        options.index_together = groups;
                    }
                }
                "indexes" | "constraints" => {
                    for item in evaluator.iterate(&value).ok_or_else(|| format!("its `{name}` are not known"))? {
                        let Evaluated::Instance(object) = item else {
                            return Err(format!("its `{name}` are not known"));
                        };
                        let Some(class) = evaluator.heap.instance(object).map(|one| one.class) else { continue };
                        if name == "indexes" {
                            options.indexes.push(models::index(evaluator, object, class, &draft));
                        } else {
                            options.constraints.push(models::constraint(evaluator, object, class, &draft));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

/// Whether a field's default can be sent: only where a column is added or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldUse {
    Created,
    Altered,
}

/// `app.Model` as the state names it.
pub(super) fn key(label: &str) -> Option<Key> {
    let (app, name) = label.split_once('.')?;
    Some((app.to_owned(), name.to_lowercase()))
}

fn option<'v>(options: &'v Value, name: &str) -> Option<&'v Value> {
    match options {
        Value::Dict(entries) => entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value),
        _ => None,
    }
}

fn strings(items: &[Value]) -> Option<Vec<String>> {
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
