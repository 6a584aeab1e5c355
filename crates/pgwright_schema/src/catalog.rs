//! What PostgreSQL knows of types, casts, operators, functions and operator classes.
//!
//! `catalog/postgresql.txt` is a dump of PostgreSQL 18's own catalogue with the extensions Django projects use, written
//! by `tests/oracle/operator_catalogue.py`. Where older versions differ, the code that asks knows it.

mod resolve;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::schema::IndexMethod;
use crate::types::PgType;

pub use resolve::{Resolved, coerces_implicitly};

/// A type of PostgreSQL, by its place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type(u16);

/// An operator: a name and the types of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilyId(u16);

/// When a function gives the same result for the same arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volatility {
    /// Always.
    Immutable,
    /// Within a statement.
    Stable,
    Volatile,
}

#[derive(Debug, Clone, Copy)]
pub struct TypeInfo {
    pub name: &'static str,
    pub category: char,
    pub preferred: bool,
    /// What an array holds.
    pub element: Option<Type>,
    /// Bytes, or less than 0 when it varies.
    pub length: i16,
    pub collatable: bool,
    /// What a range is made of.
    pub subtype: Option<Type>,
}

#[derive(Debug, Clone, Copy)]
pub struct Operator {
    pub name: &'static str,
    /// None for a prefix operator.
    pub left: Option<Type>,
    pub right: Type,
    pub result: Type,
    pub commutator: Option<&'static str>,
    pub negator: Option<&'static str>,
    /// Null in, null out.
    pub strict: bool,
    pub volatility: Volatility,
    /// The function that estimates it (`eqsel`, `scalarltsel`, `contsel`…).
    pub estimator: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub name: &'static str,
    pub args: Vec<Type>,
    pub result: Type,
    pub volatility: Volatility,
    pub aggregate: bool,
    pub strict: bool,
    pub variadic: bool,
    /// How many of the last arguments may be left out.
    pub defaults: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Nothing is computed: the value is the same (`varchar` to `text`).
    pub relabels: bool,
    pub implicit: bool,
    pub volatility: Volatility,
}

#[derive(Debug, Clone, Copy)]
pub struct OperatorClass {
    pub name: &'static str,
    pub family: FamilyId,
    pub type_: Type,
    pub default: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Search,
    Order,
}

#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub strategy: u16,
    pub purpose: Purpose,
}

pub struct Catalog {
    types: Vec<TypeInfo>,
    type_names: FxHashMap<&'static str, Type>,
    arrays: FxHashMap<Type, Type>,
    casts: FxHashMap<(Type, Type), Cast>,
    operators: Vec<Operator>,
    operator_names: FxHashMap<&'static str, Vec<OperatorId>>,
    functions: Vec<Function>,
    function_names: FxHashMap<&'static str, Vec<u16>>,
    families: Vec<(&'static str, &'static str)>,
    classes: FxHashMap<&'static str, Vec<OperatorClass>>,
    members: FxHashMap<(FamilyId, OperatorId), Vec<Member>>,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::read(include_str!("catalog/postgresql.txt")));

/// The catalogue, read when first asked for.
pub fn catalog() -> &'static Catalog {
    &CATALOG
}

macro_rules! known_types {
    ($($constant:ident = $name:literal),* $(,)?) => {
        impl Type {
            $(pub const $constant: &'static str = $name;)*
        }
    };
}

// Names that code asks for, so that a misspelling does not compile.
known_types!(
    BOOL = "bool",
    INT2 = "int2",
    INT4 = "int4",
    INT8 = "int8",
    NUMERIC = "numeric",
    FLOAT4 = "float4",
    FLOAT8 = "float8",
    TEXT = "text",
    VARCHAR = "varchar",
    BPCHAR = "bpchar",
    NAME = "name",
    CITEXT = "citext",
    DATE = "date",
    TIME = "time",
    TIMESTAMP = "timestamp",
    TIMESTAMPTZ = "timestamptz",
    INTERVAL = "interval",
    UUID = "uuid",
    INET = "inet",
    JSONB = "jsonb",
    TSVECTOR = "tsvector",
    TSQUERY = "tsquery",
    REGCONFIG = "regconfig",
    UNKNOWN = "unknown",
    ANY = "any",
    ANYELEMENT = "anyelement",
    ANYARRAY = "anyarray",
    ANYNONARRAY = "anynonarray",
    ANYENUM = "anyenum",
    ANYRANGE = "anyrange",
    ANYMULTIRANGE = "anymultirange",
    ANYCOMPATIBLE = "anycompatible",
    ANYCOMPATIBLEARRAY = "anycompatiblearray",
    ANYCOMPATIBLENONARRAY = "anycompatiblenonarray",
    RECORD = "record",
    VOID = "void",
);

impl Type {
    /// A type of the catalogue by PostgreSQL's name (`int4`); `unknown` for one that it does not hold.
    pub fn named(name: &str) -> Type {
        let catalog = catalog();
        catalog.type_names.get(name).or_else(|| catalog.type_names.get(Type::UNKNOWN)).copied().unwrap_or(Type(0))
    }

    pub fn info(self) -> &'static TypeInfo {
        let types = &catalog().types;
        types.get(usize::from(self.0)).unwrap_or(&types[0])
    }

    pub fn name(self) -> &'static str {
        self.info().name
    }

    pub fn is(self, name: &str) -> bool {
        self.name() == name
    }

    /// A literal or parameter whose place decides what it is, or a type that the catalogue does not hold.
    pub fn is_unknown(self) -> bool {
        self.is(Type::UNKNOWN)
    }

    pub fn is_textual(self) -> bool {
        self.info().category == 'S'
    }

    /// The array of it.
    pub fn array(self) -> Option<Type> {
        catalog().arrays.get(&self).copied()
    }

    /// The type as SQL writes it: `character varying`, `int`, `numeric(10, 2)`, `text[]`.
    pub fn parse(text: &str) -> Type {
        let lowered = text.to_lowercase();
        let parsed = PgType::parse(lowered.trim());
        let base = Type::named(canonical_name(&without_modifiers(&parsed.base)));
        if parsed.is_array() { base.array().unwrap_or_else(|| Type::named(Type::UNKNOWN)) } else { base }
    }

    /// Whether the type as written shortens or rounds values: `varchar(20)`, `numeric(10, 2)`.
    pub fn has_modifier(text: &str) -> bool {
        text.contains('(')
    }
}

impl From<&PgType> for Type {
    fn from(type_: &PgType) -> Type {
        let base = Type::named(canonical_name(&without_modifiers(&type_.base.to_lowercase())));
        if type_.is_array() { base.array().unwrap_or_else(|| Type::named(Type::UNKNOWN)) } else { base }
    }
}

/// `timestamp(6) with time zone` without its precision.
fn without_modifiers(name: &str) -> String {
    match (name.find('('), name.find(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", name.get(..open).unwrap_or_default(), name.get(close + 1..).unwrap_or_default())
        }
        _ => name.to_owned(),
    }
}

fn canonical_name(name: &str) -> &str {
    match name.trim() {
        "integer" | "int" | "serial" => "int4",
        "bigint" | "bigserial" => "int8",
        "smallint" | "smallserial" => "int2",
        "boolean" => "bool",
        "double precision" | "float" => "float8",
        "real" => "float4",
        "decimal" => "numeric",
        "character varying" | "char varying" => "varchar",
        "character" | "char" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "bit varying" => "varbit",
        other => other,
    }
}

impl Catalog {
    pub fn operator(&self, id: OperatorId) -> &Operator {
        &self.operators[usize::from(id.0)]
    }

    /// How `source` becomes `target`, when that needs no more than a cast.
    pub fn cast(&self, source: Type, target: Type) -> Option<Cast> {
        if source == target {
            return Some(Cast { relabels: true, implicit: true, volatility: Volatility::Immutable });
        }
        if let Some(cast) = self.casts.get(&(source, target)) {
            return Some(*cast);
        }
        let (from, to) = (source.info(), target.info());
        // Arrays are cast element by element.
        if let (Some(from), Some(to)) = (from.element, to.element) {
            return self.cast(from, to);
        }
        // Everything can be written as text and read from it.
        if to.category == 'S' || from.category == 'S' {
            return Some(Cast { relabels: false, implicit: false, volatility: Volatility::Stable });
        }
        None
    }

    /// An operator by name and the exact types it is declared with.
    pub fn declared(&self, name: &str, left: Option<Type>, right: Type) -> Option<OperatorId> {
        let named = self.operator_names.get(name)?;
        named.iter().copied().find(|id| {
            let operator = self.operator(*id);
            operator.left == left && operator.right == right
        })
    }

    /// The operator with its sides exchanged.
    pub fn commutator(&self, id: OperatorId) -> Option<OperatorId> {
        let operator = self.operator(id);
        self.declared(operator.commutator?, Some(operator.right), operator.left?)
    }

    /// The operator that is true where this one is false.
    pub fn negator(&self, id: OperatorId) -> Option<OperatorId> {
        let operator = self.operator(id);
        self.declared(operator.negator?, operator.left, operator.right)
    }

    /// The operator class of a name, or the default one, for keys of a type.
    ///
    /// Source: `GetDefaultOpClass` (`commands/indexcmds.c`): the class of the type itself, else of one it is
    /// binary-coercible to, its category's preferred type first.
    pub fn operator_class(&self, method: &IndexMethod, name: Option<&str>, type_: Type) -> Option<OperatorClass> {
        let classes = self.classes.get(method.as_str())?;
        if let Some(name) = name {
            return classes.iter().find(|class| class.name == name).copied();
        }
        let defaults = || classes.iter().filter(|class| class.default);
        let exact = defaults().find(|class| class.type_ == type_);
        let compatible = || defaults().filter(|class| resolve::is_binary_coercible(type_, class.type_));
        let preferred = || compatible().find(|class| class.type_.info().preferred);
        exact.or_else(preferred).or_else(|| compatible().next()).copied()
    }

    /// Every operator class of an access method.
    pub fn operator_classes(&self, method: &IndexMethod) -> &[OperatorClass] {
        self.classes.get(method.as_str()).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn family_name(&self, family: FamilyId) -> &'static str {
        self.families[usize::from(family.0)].1
    }

    /// What an operator does in a family; None when it is not in it.
    pub fn member(&self, family: FamilyId, operator: OperatorId, purpose: Purpose) -> Option<Member> {
        let found = self.members.get(&(family, operator))?;
        found.iter().copied().find(|member| member.purpose == purpose)
    }

    /// The strategy of an operator in the default B-tree class of the type: 1 `<`, 2 `<=`, 3 `=`, 4 `>=`, 5 `>`.
    pub fn btree_strategy(&self, operator: OperatorId) -> Option<u16> {
        let left = self.operator(operator).left?;
        let class = self.operator_class(&IndexMethod::Btree, None, left)?;
        self.member(class.family, operator, Purpose::Search).map(|member| member.strategy)
    }

    fn read(text: &'static str) -> Catalog {
        let mut catalog = Catalog {
            types: Vec::new(),
            type_names: FxHashMap::default(),
            arrays: FxHashMap::default(),
            casts: FxHashMap::default(),
            operators: Vec::new(),
            operator_names: FxHashMap::default(),
            functions: Vec::new(),
            function_names: FxHashMap::default(),
            families: Vec::new(),
            classes: FxHashMap::default(),
            members: FxHashMap::default(),
        };
        let mut types_pending = Vec::new();
        let mut section = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                if section == "type" {
                    catalog.complete_types(&types_pending);
                }
                section = name;
                continue;
            }
            if line.starts_with('#') && section.is_empty() {
                continue;
            }
            let fields: Vec<&'static str> = line.split(' ').collect();
            match section {
                "type" => types_pending.push(fields),
                "cast" => catalog.read_cast(&fields),
                "operator" => catalog.read_operator(&fields),
                "function" => catalog.read_function(&fields),
                "opclass" => catalog.read_class(&fields),
                "amop" => catalog.read_member(&fields),
                _ => {}
            }
        }
        catalog
    }

    fn complete_types(&mut self, rows: &[Vec<&'static str>]) {
        for (position, row) in rows.iter().enumerate() {
            if let Some(name) = row.first() {
                self.type_names.insert(name, Type(position as u16));
            }
        }
        for (position, row) in rows.iter().enumerate() {
            let [name, category, preferred, element, length, collatable, subtype] = row.as_slice() else { continue };
            let element = self.type_names.get(element).copied();
            if let Some(element) = element {
                self.arrays.insert(element, Type(position as u16));
            }
            self.types.push(TypeInfo {
                name,
                category: category.chars().next().unwrap_or('U'),
                preferred: *preferred == "p",
                element,
                length: length.parse().unwrap_or(-1),
                collatable: *collatable == "c",
                subtype: self.type_names.get(subtype).copied(),
            });
        }
    }

    fn read_cast(&mut self, fields: &[&'static str]) {
        let [source, target, method, context, volatility] = fields else { return };
        let (Some(source), Some(target)) = (self.type_names.get(source), self.type_names.get(target)) else { return };
        let cast =
            Cast { relabels: *method == "b", implicit: *context == "i", volatility: read_volatility(volatility) };
        self.casts.insert((*source, *target), cast);
    }

    fn read_operator(&mut self, fields: &[&'static str]) {
        let [name, left, right, result, commutator, negator, strict, volatility, estimator, _, _] = fields else {
            return;
        };
        let types = &self.type_names;
        let (Some(right), Some(result)) = (types.get(right), types.get(result)) else { return };
        let left = match *left {
            "-" => None,
            left => match types.get(left) {
                Some(left) => Some(*left),
                None => return,
            },
        };
        let id = OperatorId(self.operators.len() as u16);
        self.operators.push(Operator {
            name,
            left,
            right: *right,
            result: *result,
            commutator: given(commutator),
            negator: given(negator),
            strict: *strict == "s",
            volatility: read_volatility(volatility),
            estimator: given(estimator),
        });
        self.operator_names.entry(name).or_default().push(id);
    }

    fn read_function(&mut self, fields: &[&'static str]) {
        let [name, result, volatility, kind, strict, rest, args] = fields else { return };
        let types = &self.type_names;
        let Some(result) = types.get(result) else { return };
        let args: Option<Vec<Type>> = match *args {
            "-" => Some(Vec::new()),
            args => args.split(',').map(|arg| types.get(arg).copied()).collect(),
        };
        let Some(args) = args else { return };
        let id = self.functions.len() as u16;
        self.functions.push(Function {
            name,
            args,
            result: *result,
            volatility: read_volatility(volatility),
            aggregate: *kind == "a",
            strict: *strict == "s",
            variadic: *rest == "v",
            defaults: rest.parse().unwrap_or(0),
        });
        self.function_names.entry(name).or_default().push(id);
    }

    fn read_class(&mut self, fields: &[&'static str]) {
        let [method, name, family, type_, default] = fields else { return };
        let Some(type_) = self.type_names.get(type_).copied() else { return };
        let family = self.family(method, family);
        let class = OperatorClass { name, family, type_, default: *default == "d" };
        self.classes.entry(method).or_default().push(class);
    }

    fn read_member(&mut self, fields: &[&'static str]) {
        let [method, family, name, left, right, strategy, purpose] = fields else { return };
        let (Some(left), Some(right)) = (self.type_names.get(left), self.type_names.get(right)) else { return };
        let Some(operator) = self.declared(name, Some(*left), *right) else { return };
        let family = self.family(method, family);
        let purpose = if *purpose == "o" { Purpose::Order } else { Purpose::Search };
        let member = Member { strategy: strategy.parse().unwrap_or(0), purpose };
        self.members.entry((family, operator)).or_default().push(member);
    }

    fn family(&mut self, method: &'static str, name: &'static str) -> FamilyId {
        // Families of one method stand together, and there are few of them.
        let found = self.families.iter().rposition(|family| *family == (method, name));
        let position = found.unwrap_or_else(|| {
            self.families.push((method, name));
            self.families.len() - 1
        });
        FamilyId(position as u16)
    }
}

fn given(text: &'static str) -> Option<&'static str> {
    (text != "-").then_some(text)
}

fn read_volatility(text: &str) -> Volatility {
    match text {
        "i" => Volatility::Immutable,
        "s" => Volatility::Stable,
        _ => Volatility::Volatile,
    }
}
