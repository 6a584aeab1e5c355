//! The values of static evaluation, and the heap they live on.
//!
//! A [`Value`] is small and cheap to copy; whatever has identity (lists, dictionaries, instances, classes, functions)
//! lies on the [`Heap`] and is named by an index. What cannot be known is [`Value::Unknown`] with the reason.

use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use pgwright_diagnostics::FileId;
use ruff_python_ast as ast;
use ruff_text_size::TextRange;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::fingerprint::Fingerprint;
use crate::journal::{Journal, Kind, Lengths, Node, Thing, Trial, Way, was_there};
use crate::shelf::Shelf;

pub use ruff_python_ast::name::Name;

/// A map that keeps the order in which names were first bound, as Python's namespaces do.
pub type Names = IndexMap<Name, Value, FxBuildHasher>;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    )* };
}

index! {
    /// A list, dictionary, set or instance. Grows with time, so it orders instances by creation.
    ObjectId
    ClassId
    FunctionId
    ScopeId
    ModuleId
}

#[derive(Debug, Clone)]
pub enum Value {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Arc<[Value]>),
    List(ObjectId),
    Dict(ObjectId),
    Set(ObjectId),
    Instance(ObjectId),
    Class(ClassId),
    Function(FunctionId),
    /// A callable with its first argument bound.
    Bound(Arc<(Value, Value)>),
    /// A function of pgwright's own, by name: builtins and what the descriptions of libraries import from `_pgwright`.
    Native(&'static str),
    /// A function of the [`crate::Domain`]'s, by name.
    Asked(Arc<str>),
    /// A method of a builtin type, with its receiver.
    NativeMethod(Arc<(Value, Name)>),
    /// `property`, `classmethod`, `staticmethod` or `cached_property` around a callable.
    Descriptor(Descriptor, Arc<Value>),
    Module(ModuleId),
    /// `from module import name` not looked up yet.
    Lazy(ModuleId, Name),
    /// Something known only by where it is imported from: its source is not here.
    Opaque(Arc<str>),
    Super(Arc<SuperOf>),
    /// Any of these, where ways through the code join; see [`crate::eval::Branches::Join`].
    Union(Arc<[Value]>),
    /// An iterable of any number of items like this one.
    Each(Arc<Value>),
    /// Something the evaluator passes on without knowing what it is.
    Foreign(Foreign),
    /// Nothing at all: an entry of a container that is there on some ways only has this among its alternatives.
    Absent,
    /// Any number of arguments: what `*x` and `**x` of something not known pass.
    Unpacked,
    Unknown(Arc<str>),
}

/// A value of the [`crate::Domain`]'s own.
#[derive(Debug, Clone)]
pub struct Foreign {
    value: Arc<dyn std::any::Any + Send + Sync>,
    fingerprint: Option<u128>,
}

impl Foreign {
    /// A value that holds nothing of what lies on the heap.
    pub fn new<T: std::any::Any + Hash + Send + Sync>(value: T) -> Foreign {
        let mut hasher = Fingerprint::default();
        value.hash(&mut hasher);
        Foreign { value: Arc::new(value), fingerprint: Some(hasher.wide()) }
    }

    /// A value that refers to the heap: calls that meet it are executed each time.
    pub fn referring<T: std::any::Any + Send + Sync>(value: T) -> Foreign {
        Foreign { value: Arc::new(value), fingerprint: None }
    }

    pub fn get<T: std::any::Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    pub fn is_same(&self, other: &Foreign) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }

    /// Equal for equal values; none for those that refer to the heap.
    pub(crate) fn fingerprint(&self) -> Option<u128> {
        self.fingerprint
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptor {
    Property,
    CachedProperty,
    ClassMethod,
    StaticMethod,
}

/// `super()`: look attributes up after `after` in the resolution order of `of`, bound to `receiver`.
#[derive(Debug, Clone)]
pub struct SuperOf {
    pub after: ClassId,
    pub of: ClassId,
    pub receiver: Value,
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    pub fn each(item: Value) -> Value {
        Value::Each(Arc::new(item))
    }

    /// The alternatives of a union, or the value itself.
    pub fn alternatives(&self) -> &[Value] {
        match self {
            Value::Union(alternatives) => alternatives,
            other => std::slice::from_ref(other),
        }
    }

    pub fn foreign<T: std::any::Any>(&self) -> Option<&T> {
        match self {
            Value::Foreign(foreign) => foreign.get(),
            _ => None,
        }
    }

    pub fn tuple(items: Vec<Value>) -> Value {
        Value::Tuple(items.into())
    }

    pub fn unknown(reason: impl Into<Arc<str>>) -> Value {
        Value::Unknown(reason.into())
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_) | Value::Opaque(_))
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// What dictionary keys and set members are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    None,
    Int(i128),
    /// Bits of the float.
    Float(u64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Vec<Key>),
    Object(ObjectId),
    Class(ClassId),
    Function(FunctionId),
    Other(Arc<str>),
}

/// Key to the key as it was written and the value; insertion order kept.
pub type Entries = IndexMap<Key, (Value, Value), FxBuildHasher>;

#[derive(Debug, Clone)]
pub enum Object<'a> {
    List(Vec<Value>),
    Dict(Dict),
    Set(IndexMap<Key, Value, FxBuildHasher>),
    Instance(Instance<'a>),
}

#[derive(Debug, Default, Clone)]
pub struct Dict {
    pub entries: Entries,
    /// A key or an update was not known: absence proves nothing.
    pub open: bool,
}

#[derive(Debug, Clone)]
pub struct Instance<'a> {
    pub class: ClassId,
    pub attributes: Names,
    /// What the class was called with.
    pub args: Vec<Value>,
    pub kwargs: Vec<(Name, Value)>,
    /// The call expression that made it, where one did.
    pub call: Option<(FileId, &'a ast::ExprCall)>,
}

#[derive(Debug, Clone)]
pub struct Class<'a> {
    pub name: Name,
    pub qualname: Arc<str>,
    pub module: ModuleId,
    pub bases: Vec<ClassId>,
    /// C3 order, itself first.
    pub mro: Vec<ClassId>,
    pub attributes: Names,
    /// Last assignment of each name in the class body.
    pub assignments: FxHashMap<Name, &'a ast::Stmt>,
    pub statement: Option<(FileId, &'a ast::StmtClassDef)>,
    /// A base could not be evaluated, so attributes may exist that are not seen.
    pub open: bool,
    /// The source is not here; `qualname` is then the whole dotted path.
    pub opaque: bool,
    pub metaclass: Option<ClassId>,
    /// Members of an enumeration, in order.
    pub members: Vec<Name>,
}

#[derive(Debug, Clone, Copy)]
pub enum Definition<'a> {
    Def(&'a ast::StmtFunctionDef),
    Lambda(&'a ast::ExprLambda),
}

#[derive(Debug, Clone)]
pub struct Function<'a> {
    pub name: Name,
    pub qualname: Arc<str>,
    pub definition: Definition<'a>,
    pub module: ModuleId,
    pub closure: ScopeId,
    /// The class whose body defines it, for `super()`.
    pub class: Option<ClassId>,
    /// Evaluated defaults by parameter name.
    pub defaults: Vec<(Name, Value)>,
    pub attributes: Names,
    pub generator: bool,
}

impl Function<'_> {
    /// Whether its body is `pass`, a docstring or the like.
    pub fn does_nothing(&self) -> bool {
        let Definition::Def(definition) = self.definition else { return false };
        definition.body.iter().all(|statement| match statement {
            ast::Stmt::Pass(_) => true,
            ast::Stmt::Return(statement) => statement.value.is_none(),
            ast::Stmt::Expr(statement) => {
                statement.value.is_string_literal_expr() || statement.value.is_ellipsis_literal_expr()
            }
            _ => false,
        })
    }
}

/// A namespace: a module's, a class body's or a call's.
#[derive(Debug, Clone)]
pub struct Scope {
    pub names: Names,
    pub parent: Option<ScopeId>,
    pub module: ModuleId,
    pub globals: Vec<Name>,
    /// A class body is not seen from the functions in it.
    pub class_body: bool,
}

#[derive(Debug, Default, Clone)]
pub struct Heap<'a> {
    pub objects: Shelf<Object<'a>>,
    pub classes: Shelf<Class<'a>>,
    pub functions: Shelf<Function<'a>>,
    pub scopes: Shelf<Scope>,
    pub(crate) journal: Journal<'a>,
}

fn next(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl<'a> Heap<'a> {
    /// Makes all that is there now cheap to clone.
    pub(crate) fn share(&mut self) {
        self.objects.share();
        self.classes.share();
        self.functions.share();
        self.scopes.share();
    }

    /// From here to [`Heap::end_trial`] every change is remembered, so that it can be taken back.
    pub fn begin_trial(&mut self) {
        self.journal.trial = Some(Box::new(Trial { lengths: self.lengths(), ..Trial::default() }));
    }

    pub(crate) fn lengths(&self) -> Lengths {
        [self.objects.len(), self.classes.len(), self.functions.len(), self.scopes.len()]
    }

    /// Everything as it was when the trial began.
    pub fn end_trial(&mut self) {
        let Some(trial) = self.journal.trial.take() else { return };
        self.journal.clear();
        let [objects, classes, functions, scopes] = trial.lengths;
        self.objects.truncate(objects);
        self.classes.truncate(classes);
        self.functions.truncate(functions);
        self.scopes.truncate(scopes);
        trial.objects.into_iter().for_each(|(at, object)| self.objects.put(at as usize, object));
        trial.classes.into_iter().for_each(|(at, class)| self.classes.put(at as usize, class));
        trial.functions.into_iter().for_each(|(at, function)| self.functions.put(at as usize, function));
        trial.scopes.into_iter().for_each(|(at, scope)| self.scopes.put(at as usize, scope));
    }

    /// Binds a name for good, also during a trial: for look-ups whose answer does not depend on it. False where it does.
    pub fn settle(&mut self, scope: ScopeId, name: &str, value: &Value) -> bool {
        let Some(trial) = &mut self.journal.trial else { return false };
        let [objects, classes, functions, scopes] = trial.lengths;
        let lasts = match value {
            Value::Class(id) => (id.0 as usize) < classes,
            Value::Function(id) => (id.0 as usize) < functions,
            Value::List(id) | Value::Dict(id) | Value::Set(id) | Value::Instance(id) => (id.0 as usize) < objects,
            Value::Module(_) | Value::Opaque(_) | Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::None => true,
            _ => false,
        };
        if !lasts || (scope.0 as usize) >= scopes {
            return false;
        }
        for names in [Some(&mut self.scopes[scope.0 as usize]), trial.scopes.get_mut(&scope.0)].into_iter().flatten() {
            if let Some(slot) = names.names.get_mut(name) {
                *slot = value.clone();
            }
        }
        true
    }

    /// Begins one of several ways through the code.
    pub(crate) fn begin_way(&mut self) {
        self.journal.ways.push(Way { objects: self.objects.len(), before: FxHashMap::default() });
    }

    /// Ends a way: lists and dictionaries are as they were before it, and what it made of them is given.
    pub(crate) fn end_way(&mut self) -> Vec<(ObjectId, Object<'a>)> {
        let Some(way) = self.journal.ways.pop() else { return Vec::new() };
        let mut made: Vec<(ObjectId, Object<'a>)> = Vec::with_capacity(way.before.len());
        for (id, before) in way.before {
            if let Some(object) = self.objects.get_mut(id.0 as usize) {
                made.push((id, std::mem::replace(object, before)));
            }
        }
        made.sort_unstable_by_key(|(id, _)| *id);
        made
    }

    /// Whether changes will be taken back: then nothing that should last may begin.
    pub fn in_trial(&self) -> bool {
        self.journal.trial.is_some()
    }

    /// Whether something was there before the trial under way.
    pub(crate) fn was_before_trial(&self, node: Node) -> bool {
        self.journal.trial.as_ref().is_none_or(|trial| was_there(&trial.lengths, node))
    }

    /// Whether a class was there before the trial under way.
    pub fn outlasts_trial(&self, class: ClassId) -> bool {
        self.was_before_trial((Kind::Class, class.0))
    }

    /// The object that is made next.
    pub(crate) fn next_object(&self) -> ObjectId {
        ObjectId(next(self.objects.len()))
    }

    pub fn add_object(&mut self, object: Object<'a>) -> ObjectId {
        let id = self.next_object();
        self.objects.push(object);
        id
    }

    pub fn add_class(&mut self, class: Class<'a>) -> ClassId {
        let id = ClassId(next(self.classes.len()));
        self.classes.push(class);
        id
    }

    pub fn add_function(&mut self, function: Function<'a>) -> FunctionId {
        let id = FunctionId(next(self.functions.len()));
        self.functions.push(function);
        id
    }

    pub fn add_scope(&mut self, scope: Scope) -> ScopeId {
        let id = ScopeId(next(self.scopes.len()));
        self.scopes.push(scope);
        id
    }

    pub fn list(&mut self, items: Vec<Value>) -> Value {
        Value::List(self.add_object(Object::List(items)))
    }

    pub fn dict(&mut self, dict: Dict) -> Value {
        Value::Dict(self.add_object(Object::Dict(dict)))
    }

    pub fn set(&mut self, items: IndexMap<Key, Value, FxBuildHasher>) -> Value {
        Value::Set(self.add_object(Object::Set(items)))
    }

    pub fn class(&self, id: ClassId) -> &Class<'a> {
        &self.classes[id.0 as usize]
    }

    pub fn class_mut(&mut self, id: ClassId) -> &mut Class<'a> {
        self.journal.class(&self.classes, id.0, None);
        &mut self.classes[id.0 as usize]
    }

    pub fn function(&self, id: FunctionId) -> &Function<'a> {
        &self.functions[id.0 as usize]
    }

    pub fn function_mut(&mut self, id: FunctionId) -> &mut Function<'a> {
        self.journal.function(&self.functions, id.0, None);
        &mut self.functions[id.0 as usize]
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        self.journal.scope(&self.scopes, id.0, None);
        &mut self.scopes[id.0 as usize]
    }

    pub fn object(&self, id: ObjectId) -> &Object<'a> {
        let object = &self.objects[id.0 as usize];
        self.journal.reads_whole((Kind::Object, id.0), || Thing::Object(object.clone()));
        object
    }

    pub fn object_mut(&mut self, id: ObjectId) -> &mut Object<'a> {
        self.journal.object(&self.objects, id, None);
        &mut self.objects[id.0 as usize]
    }

    pub fn instance(&self, id: ObjectId) -> Option<&Instance<'a>> {
        match self.object(id) {
            Object::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    pub fn instance_mut(&mut self, id: ObjectId) -> Option<&mut Instance<'a>> {
        match self.object_mut(id) {
            Object::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// Whether `class` is `ancestor` or derives from it.
    pub fn is_subclass(&self, class: ClassId, ancestor: ClassId) -> bool {
        self.class(class).mro.contains(&ancestor)
    }

    /// Looks a name up along the resolution order; says in which class it was found.
    pub fn find_in_class(&self, class: ClassId, name: &str) -> Option<(ClassId, &Value)> {
        self.class(class).mro.iter().find_map(|id| self.own_of_class(*id, name).map(|value| (*id, value)))
    }

    pub fn list_items(&self, id: ObjectId) -> &[Value] {
        match self.object(id) {
            Object::List(items) => items,
            _ => &[],
        }
    }

    pub fn dict_of(&self, id: ObjectId) -> Option<&Dict> {
        match self.object(id) {
            Object::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub fn dict_get(&self, id: ObjectId, key: &str) -> Option<&Value> {
        self.dict_of(id)?.entries.get(&Key::Str(key.into())).map(|(_, value)| value)
    }
}

/// Where a range of a file lies, for [`pgwright_diagnostics::Span`].
pub fn span(file: FileId, range: TextRange) -> pgwright_diagnostics::Span {
    pgwright_diagnostics::Span::new(file, range.start().to_u32(), range.end().to_u32())
}
