//! Static evaluation of Python: modules, classes and functions are executed over [`Value`]s, without side effects on anything
//! but the [`Heap`]. It is bounded (steps and depth), never fails, and says [`Value::Unknown`] where knowledge ends.
//!
//! Branches whose condition is not known are both taken, the first known binding of a name winning; a `return` in such a branch
//! makes the result of the call unknown unless all agree. That is right for code that makes things once. With [`Branches::Join`] the
//! ways through a function are kept apart and joined where they meet, for questions about what code *can* do.

mod allowance;
mod attributes;
mod builtins;
mod calls;
mod classes;
mod doors;
mod expressions;
mod imports;
mod memo;
mod methods;
mod operators;
mod reached;
mod sequences;
mod statements;
mod trial;
mod ways;

use std::sync::Arc;

use pgwright_diagnostics::{FileId, Files};
use ruff_python_ast as ast;
use rustc_hash::FxHashMap;

use crate::Trees;
use crate::domain::Domain;
use crate::host::Host;
use crate::modules::{Module, SearchPaths};
use crate::parse::Parsed;
use crate::sources::ProjectFiles;
use crate::value::{ClassId, Definition, FunctionId, Heap, ModuleId, Name, Names, Object, Scope, ScopeId, Value};

pub(crate) use builtins::Builtins;
pub use calls::Kwargs;
pub use reached::{Doubted, Reached};
pub use trial::{Activation, Loop, Place};
pub use ways::Items;

/// Why a statement or expression did not end normally.
#[derive(Debug)]
pub enum Flow {
    Raise(Value),
    Return(Value),
    Break,
    Continue,
    /// The step or depth limit was reached.
    Exhausted,
}

pub type Eval<T = Value> = Result<T, Flow>;

/// What happens where a condition is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branches {
    /// All branches run one after the other, and the first known binding of a name stays.
    FirstKnown,
    /// Each branch runs from the same names; what they leave is joined into unions.
    Join,
}

/// Steps (expressions and statements) one module or one call from outside may take.
const FUEL: u32 = 400_000;
/// Calls within calls.
const DEPTH: u32 = 48;
/// Rounds of one loop.
pub(crate) const ROUNDS: usize = 2_000;
/// Attribute of a property's getter that holds its setter.
pub(crate) const SETTER: &str = "<setter>";

/// Where evaluation stands: one per module body, class body or call.
#[derive(Debug)]
pub struct Frame {
    pub scope: ScopeId,
    pub module: ModuleId,
    pub file: FileId,
    pub function: Option<FunctionId>,
    /// The class being defined, or whose method runs.
    pub class: Option<ClassId>,
    /// First argument of the running method, for `super()`.
    pub receiver: Option<Value>,
    pub yields: Vec<Value>,
    /// Values returned in branches that may or may not be taken.
    pub maybe: Vec<Value>,
    /// Names as they were where `break` or `continue` left a branch of the loop under way.
    pub escaped: Vec<Names>,
    pub qualname: Arc<str>,
}

impl Frame {
    /// At the top of a module, or of something run as if it stood there.
    pub(crate) fn top(scope: ScopeId, module: ModuleId, file: FileId) -> Frame {
        Frame {
            scope,
            module,
            file,
            function: None,
            class: None,
            receiver: None,
            yields: Vec::new(),
            maybe: Vec::new(),
            escaped: Vec::new(),
            qualname: "".into(),
        }
    }

    /// In a scope of its own inside this one: a class body or a comprehension.
    pub(crate) fn inside(&self, scope: ScopeId, qualname: Arc<str>) -> Frame {
        Frame {
            function: self.function,
            class: self.class,
            receiver: self.receiver.clone(),
            qualname,
            ..Frame::top(scope, self.module, self.file)
        }
    }
}

pub struct Evaluator<'a> {
    pub heap: Heap<'a>,
    pub files: Files,
    pub modules: Vec<Module>,
    pub(crate) by_name: FxHashMap<Arc<str>, Option<ModuleId>>,
    pub(crate) suites: FxHashMap<ModuleId, &'a Parsed>,
    pub(crate) project: &'a ProjectFiles,
    pub(crate) trees: &'a Trees,
    pub(crate) host: &'a dyn Host,
    pub paths: SearchPaths,
    pub(crate) builtins: Builtins,
    pub(crate) opaque_classes: FxHashMap<Arc<str>, ClassId>,
    /// Top-level packages of site-packages, and whether they are read.
    pub(crate) relevant: FxHashMap<Box<str>, bool>,
    /// Whether a function is a generator, by the address of its definition.
    pub(crate) generators: FxHashMap<usize, bool>,
    /// Class bodies on their way through a metaclass.
    pub(crate) pending: Vec<classes::Body<'a>>,
    pub(crate) fuel: u32,
    allowance: allowance::Allowance,
    pub(crate) depth: u32,
    /// Enclosing `try` statements that would catch what is raised.
    pub(crate) tries: u32,
    /// Module names that were imported and found nowhere, with who asked first.
    pub missing: Vec<(Arc<str>, ModuleId)>,
    pub branches: Branches,
    pub domain: Option<Arc<dyn Domain<'a> + 'a>>,
    /// Calls under way, outermost first.
    pub stack: Vec<Activation>,
    /// How many undecided branches and loops are around what runs now.
    pub(crate) undecided: u32,
    /// A module that a trial found it needs first.
    pub(crate) needed: Option<Arc<str>>,
    /// Opaque classes made in this trial.
    pub(crate) passing: Vec<Arc<str>>,
    pub(crate) forcing: u32,
    /// Statements executed so far with [`Branches::Join`].
    pub reached: Reached,
    /// See [`reached`].
    pub doubted: Doubted,
    pub(crate) memo: memo::Memo<'a>,
}

impl<'a> Evaluator<'a> {
    pub fn new(
        project: &'a ProjectFiles,
        trees: &'a Trees,
        host: &'a dyn Host,
        files: Files,
        paths: SearchPaths,
    ) -> Evaluator<'a> {
        let mut heap = Heap::default();
        let builtins = Builtins::install(&mut heap);
        Evaluator {
            heap,
            files,
            modules: Vec::new(),
            by_name: FxHashMap::default(),
            suites: FxHashMap::default(),
            project,
            trees,
            host,
            paths,
            builtins,
            opaque_classes: FxHashMap::default(),
            relevant: FxHashMap::default(),
            generators: FxHashMap::default(),
            pending: Vec::new(),
            fuel: FUEL,
            allowance: allowance::Allowance::default(),
            depth: 0,
            tries: 0,
            missing: Vec::new(),
            branches: Branches::FirstKnown,
            domain: None,
            stack: Vec::new(),
            undecided: 0,
            needed: None,
            passing: Vec::new(),
            forcing: 0,
            reached: Reached::default(),
            doubted: Doubted::default(),
            memo: memo::Memo::default(),
        }
    }

    /// How files are read.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// Gives a fresh allowance of steps; call before each independent question.
    pub fn refuel(&mut self) {
        self.fuel = FUEL;
    }

    /// Another evaluator that knows what this one knows; from here on they go their own ways. Files it reads of libraries are not
    /// among this one's [`Files`].
    pub fn fork(&mut self) -> Evaluator<'a> {
        self.heap.share();
        Evaluator {
            heap: self.heap.clone(),
            files: Files::default(),
            modules: self.modules.clone(),
            by_name: self.by_name.clone(),
            suites: self.suites.clone(),
            project: self.project,
            trees: self.trees,
            host: self.host,
            paths: self.paths.clone(),
            builtins: self.builtins.clone(),
            opaque_classes: self.opaque_classes.clone(),
            relevant: self.relevant.clone(),
            generators: self.generators.clone(),
            pending: Vec::new(),
            fuel: FUEL,
            allowance: allowance::Allowance::default(),
            depth: 0,
            tries: 0,
            missing: Vec::new(),
            branches: self.branches,
            domain: self.domain.clone(),
            stack: Vec::new(),
            undecided: 0,
            needed: None,
            passing: Vec::new(),
            forcing: 0,
            reached: Reached::default(),
            doubted: Doubted::default(),
            memo: memo::Memo::default(),
        }
    }

    pub(crate) fn joins(&self) -> bool {
        self.branches == Branches::Join
    }

    pub(crate) fn step(&mut self) -> Eval<()> {
        if self.fuel == 0 {
            return Err(Flow::Exhausted);
        }
        self.fuel -= 1;
        Ok(())
    }

    pub(crate) fn enter(&mut self) -> Eval<()> {
        if self.depth >= DEPTH {
            return Err(Flow::Exhausted);
        }
        self.depth += 1;
        self.memo.note_depth(self.depth);
        Ok(())
    }

    /// A class standing for one whose source is not here.
    pub fn opaque_class(&mut self, path: &Arc<str>) -> ClassId {
        if let Some(class) = self.opaque_classes.get(path) {
            return *class;
        }
        let class = self.builtins.opaque(&mut self.heap, path);
        self.opaque_classes.insert(path.clone(), class);
        if self.heap.in_trial() {
            self.passing.push(path.clone());
        }
        class
    }

    /// `module.qualname`, as Python prints a class.
    pub fn class_path(&self, id: ClassId) -> String {
        let class = self.heap.class(id);
        if class.opaque || self.builtins.owns(id) {
            return class.qualname.to_string();
        }
        format!("{}.{}", self.module(class.module).name, class.qualname)
    }

    pub fn function_path(&self, id: FunctionId) -> String {
        let function = self.heap.function(id);
        format!("{}.{}", self.module(function.module).name, function.qualname)
    }

    /// The class with this dotted path among those evaluated so far.
    pub fn class_at(&mut self, module: &str, name: &str) -> Option<ClassId> {
        let module = self.import(module)?;
        match self.module_attribute(module, name) {
            Some(Value::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// A new instance of a class without running its `__init__`.
    pub fn bare_instance(&mut self, class: ClassId) -> Value {
        Value::Instance(self.heap.add_object(Object::Instance(crate::value::Instance {
            class,
            attributes: Default::default(),
            args: Vec::new(),
            kwargs: Vec::new(),
            call: None,
        })))
    }

    pub(crate) fn raise(&mut self, class: &str, message: &str) -> Flow {
        let class = self.builtins.exception(class);
        let instance = self.bare_instance(class);
        if let Value::Instance(id) = instance
            && let Some(object) = self.heap.instance_mut(id)
        {
            object.args = vec![Value::str(message)];
            object.attributes.insert(Name::new("args"), Value::tuple(vec![Value::str(message)]));
        }
        Flow::Raise(instance)
    }

    /// Every name bound in a module, deferred imports looked up.
    pub fn module_names(&mut self, id: ModuleId) -> Vec<(Name, Value)> {
        let scope = self.module(id).scope;
        let names: Vec<Name> = self.heap.scope(scope).names.keys().cloned().collect();
        names
            .into_iter()
            .filter_map(|name| {
                let value = self.heap.scope(scope).names.get(&name).cloned()?;
                let value = self.force_in(scope, &name, value);
                Some((name, value))
            })
            .collect()
    }

    /// Binds a name in a module from outside.
    pub fn set_module_name(&mut self, id: ModuleId, name: &'static str, value: Value) {
        let scope = self.module(id).scope;
        self.heap.scope_mut(scope).names.insert(Name::new_static(name), value);
    }

    /// Runs the import statements in the body of a class's method: what `AppConfig.ready` brings in.
    pub fn run_imports_of(&mut self, class: ClassId, method: &str) {
        let Some((_, Value::Function(id))) = self.heap.find_in_class(class, method) else { return };
        let function = self.heap.function(*id);
        let (Definition::Def(def), module) = (function.definition, function.module) else { return };
        let Some(file) = self.module(module).file else { return };
        self.refuel();
        let scope = self.heap.add_scope(Scope {
            names: Names::default(),
            parent: Some(self.module(module).scope),
            module,
            globals: Vec::new(),
            class_body: false,
        });
        let mut frame = Frame::top(scope, module, file);
        for statement in &def.body {
            if matches!(statement, ast::Stmt::Import(_) | ast::Stmt::ImportFrom(_)) {
                // What cannot be imported is left alone.
                let _ = self.statement(statement, &mut frame);
            }
        }
    }
}
