//! From names in a file to dotted paths, and from those to models.

use pgwright_python::Evaluator;
use pgwright_python::ast::{self, Expr};
use pgwright_python::modules::ModuleState;
use pgwright_python::value::{ClassId, ModuleId, Value};
use rustc_hash::FxHashMap;

use crate::model::{Field, Model, ModelId, Models};

/// Re-exports of re-exports followed.
const DEPTH: u32 = 8;

/// What every file's walk looks up; made once.
pub(super) struct Lookup<'m> {
    pub(super) models: &'m Models,
    /// Every dotted name a model can be imported by.
    paths: FxHashMap<String, ModelId>,
    /// Classes that are no models, and the first model that derives from each: what `self` is in their methods.
    mixins: FxHashMap<&'m str, ModelId>,
    /// Fields by name where exactly one declaration in the project has it.
    distinctive: FxHashMap<&'m str, ModelId>,
    pub(super) user: Option<ModelId>,
}

impl<'m> Lookup<'m> {
    pub(super) fn new(evaluator: &Evaluator<'_>, models: &'m Models) -> Self {
        let mut paths: FxHashMap<String, ModelId> = FxHashMap::default();
        for model in &models.all {
            paths.insert(format!("{}.{}", model.module, model.name), model.id);
        }
        let mut exports = Vec::new();
        for module in evaluator.modules.iter().filter(|module| module.state == ModuleState::Done) {
            for (name, value) in &evaluator.heap.scope(module.scope).names {
                if let Some(class) = follow(evaluator, value, DEPTH)
                    && let Some(id) = paths.get(&evaluator.class_path(class))
                {
                    exports.push((format!("{}.{name}", module.name), *id));
                }
            }
        }
        paths.extend(exports);
        let mut mixins = FxHashMap::default();
        for model in models.all.iter().filter(|model| model.origin.is_own()) {
            for path in model.mro.iter().filter(|path| !path.starts_with("django.") && !paths.contains_key(*path)) {
                mixins.entry(path.as_str()).or_insert(model.id);
            }
        }
        let user = models.all.iter().find(|model| {
            model.origin.is_own()
                && !model.abstract_
                && !model.proxy
                && model.mro.iter().any(|path| path == "django.contrib.auth.base_user.AbstractBaseUser")
        });
        Lookup { models, paths, mixins, distinctive: distinctive(models), user: user.map(|model| model.id) }
    }

    pub(super) fn model_at(&self, path: &str) -> Option<ModelId> {
        self.paths.get(path).copied()
    }

    /// The model that `self` is in the methods of a class.
    pub(super) fn model_of_class(&self, path: &str) -> Option<ModelId> {
        self.model_at(path).or_else(|| self.mixins.get(path).copied())
    }

    pub(super) fn model(&self, id: ModelId) -> &'m Model {
        self.models.get(id)
    }

    /// The one model with a field of this name, when the name says enough to be no coincidence.
    pub(super) fn only_model_with(&self, name: &str) -> Option<(ModelId, &'m Field)> {
        let id = *self.distinctive.get(name)?;
        Some((id, self.model(id).field(name)?))
    }

    /// The field at the end of a lookup path such as `order__customer__api_key__exact`.
    pub(super) fn field_of_lookup(&self, model: ModelId, lookup: &str) -> Option<(ModelId, &'m Field)> {
        let mut model = model;
        let mut parts = lookup.split("__").peekable();
        loop {
            let part = parts.next()?;
            let here = self.model(model);
            if let Some(field) = here.field(part) {
                let rest: Vec<&str> = parts.clone().collect();
                match &field.relation {
                    Some(relation) if !rest.is_empty() => model = relation.to?,
                    _ => return matches!(rest.as_slice(), [] | ["exact" | "iexact" | "in"]).then_some((model, field)),
                }
            } else {
                model = here.reverse.iter().find(|reverse| reverse.query_name == part)?.from;
            }
        }
    }
}

fn distinctive(models: &Models) -> FxHashMap<&str, ModelId> {
    let mut declared: FxHashMap<&str, (ModelId, &str)> = FxHashMap::default();
    let mut ambiguous = Vec::new();
    for model in models.all.iter().filter(|model| !model.proxy) {
        for field in &model.fields {
            match declared.get(field.name.as_str()) {
                Some((_, declared_in)) if *declared_in != field.declared_in => ambiguous.push(field.name.as_str()),
                Some(_) => {}
                None => {
                    declared.insert(&field.name, (model.id, &field.declared_in));
                }
            }
        }
    }
    for name in ambiguous {
        declared.remove(name);
    }
    declared
        .into_iter()
        .filter(|(name, _)| name.len() >= 8 && name.contains('_'))
        .map(|(name, (model, _))| (name, model))
        .collect()
}

/// The class a name stands for, through imports that were not forced; runs nothing.
fn follow(evaluator: &Evaluator<'_>, value: &Value, depth: u32) -> Option<ClassId> {
    match value {
        Value::Class(class) => Some(*class),
        Value::Lazy(module, name) if depth > 0 => {
            let value = evaluator.heap.scope(scope_of(evaluator, *module)?).names.get(name)?;
            follow(evaluator, value, depth - 1)
        }
        _ => None,
    }
}

fn scope_of(evaluator: &Evaluator<'_>, module: ModuleId) -> Option<pgwright_python::value::ScopeId> {
    let module = evaluator.module(module);
    (module.state == ModuleState::Done).then_some(module.scope)
}

/// What the names of one file stand for.
#[derive(Debug)]
pub(super) struct Imports {
    module: String,
    package: String,
    names: FxHashMap<String, String>,
}

impl Imports {
    pub(super) fn new(module: &str, is_package: bool) -> Self {
        let package = match (is_package, module.rsplit_once('.')) {
            (true, _) => module,
            (false, Some((package, _))) => package,
            (false, None) => "",
        };
        Imports { module: module.to_owned(), package: package.to_owned(), names: FxHashMap::default() }
    }

    pub(super) fn import(&mut self, statement: &ast::StmtImport) {
        for alias in &statement.names {
            let name = alias.name.as_str();
            match &alias.asname {
                Some(local) => self.names.insert(local.to_string(), name.to_owned()),
                None => {
                    let top = name.split('.').next().unwrap_or(name);
                    self.names.insert(top.to_owned(), top.to_owned())
                }
            };
        }
    }

    pub(super) fn import_from(&mut self, statement: &ast::StmtImportFrom) {
        let mut base: Vec<&str> = Vec::new();
        if statement.level > 0 {
            base = self.package.split('.').filter(|part| !part.is_empty()).collect();
            base.truncate((base.len() + 1).saturating_sub(statement.level as usize));
        }
        base.extend(statement.module.as_ref().map(|module| module.as_str()));
        let base = base.join(".");
        for alias in &statement.names {
            let local = alias.asname.as_ref().unwrap_or(&alias.name);
            self.names.insert(local.to_string(), format!("{base}.{}", alias.name));
        }
    }

    pub(super) fn define(&mut self, name: &str) {
        self.names.insert(name.to_owned(), format!("{}.{name}", self.module));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// Dotted path of `a.b.c`, of what `a.b(…)` is called on, and so on; names that are not imported stay as they are.
    pub(super) fn path(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Name(name) => Some(self.get(name.id.as_str()).unwrap_or(name.id.as_str()).to_owned()),
            Expr::Attribute(attribute) => Some(format!("{}.{}", self.path(&attribute.value)?, attribute.attr)),
            Expr::Call(call) => self.path(&call.func),
            _ => None,
        }
    }

    /// Whether a dotted expression starts at an imported module rather than at a value.
    pub(super) fn is_imported(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => self.names.contains_key(name.id.as_str()),
            Expr::Attribute(attribute) => self.is_imported(&attribute.value),
            _ => false,
        }
    }
}
