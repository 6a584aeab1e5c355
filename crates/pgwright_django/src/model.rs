//! The model graph: what Django's app registry would hold, as plain data.
//!
//! Everything here is a value: no syntax trees, no lifetimes, no I/O. Names follow `Model._meta`.
//! The oracle is Django's own registry (`tests/oracle/dump_registry.py`).

use std::sync::Arc;

use pgwright_diagnostics::Span;
use serde::{Deserialize, Serialize};

use crate::queries::Query;

/// Index into [`Models::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelId(pub u32);

/// Every model the project's apps register, abstract bases included, in registration order.
#[derive(Debug, Default)]
pub struct Models {
    pub all: Vec<Model>,
}

impl Models {
    pub fn get(&self, id: ModelId) -> &Model {
        &self.all[id.0 as usize]
    }

    /// Looks a concrete model up by `app_label.ModelName`; the model's name is compared as Django does, without case.
    pub fn by_label(&self, label: &str) -> Option<&Model> {
        let (app, name) = label.split_once('.')?;
        self.all
            .iter()
            .find(|model| !model.abstract_ && model.app_label == app && model.name.eq_ignore_ascii_case(name))
    }

    /// The project's own models that own a table: neither abstract, proxy, unmanaged, swapped out nor from a dependency.
    pub fn own_tables(&self) -> impl Iterator<Item = &Model> {
        self.all.iter().filter(|model| model.origin.is_own() && model.has_table())
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Model {
    pub id: ModelId,
    pub app_label: String,
    /// The class name, as in `Model._meta.object_name`.
    pub name: String,
    /// Dotted module the class is defined in.
    pub module: String,
    pub origin: Origin,
    /// Where the class is defined; none for models that Django or a library makes at run time.
    pub site: Option<ClassSite>,
    /// Dotted paths of the direct bases.
    pub bases: Vec<String>,
    /// Dotted paths of the method resolution order, the class itself first, `object` left out.
    pub mro: Vec<String>,
    pub abstract_: bool,
    pub proxy: bool,
    pub managed: bool,
    /// The model that replaces this one (`Meta.swappable` pointing elsewhere).
    pub swapped: Option<String>,
    /// Concrete parents of multi-table inheritance, with the field that links to each (none when inherited through a proxy).
    pub parents: Vec<ParentLink>,
    /// The model a proxy stands for.
    pub proxy_for: Option<ModelId>,
    pub table: String,
    /// Every field in `_meta` order, inherited ones included: columns first, then many-to-many.
    pub fields: Vec<Field>,
    /// Fields without a column of their own: `GenericForeignKey`, `GenericRelation`.
    pub private_fields: Vec<PrivateField>,
    pub unique_together: Vec<Vec<String>>,
    pub index_together: Vec<Vec<String>>,
    pub indexes: Vec<Index>,
    pub constraints: Vec<Constraint>,
    pub ordering: Vec<Value>,
    pub order_with_respect_to: Option<String>,
    pub default_related_name: Option<String>,
    pub db_table_comment: Option<String>,
    pub managers: Vec<Manager>,
    /// Relations that point here, with the accessor they add.
    pub reverse: Vec<Reverse>,
    /// Names of methods and properties defined in the class body and its project bases (`save`, `clean`, `__str__`…).
    pub methods: Vec<Method>,
}

impl Model {
    pub fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.name)
    }

    /// Whether migrations create a table for it.
    pub fn has_table(&self) -> bool {
        !self.abstract_ && !self.proxy && self.managed && self.swapped.is_none()
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || field.attname == name)
    }

    pub fn primary_key(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.primary_key)
    }

    /// Fields whose column lies in this model's own table: not those of a multi-table parent, and no many-to-many.
    pub fn local_columns(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.local && field.column.is_some())
    }
}

/// Who the model belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Origin {
    /// A class statement (or class-making call) in the project.
    Project,
    /// Read from site-packages.
    Dependency,
    /// From pgwright's own description of a package that is not installed.
    Described,
    /// The through model Django makes for a many-to-many field of `of`; it belongs to whoever `of` belongs to.
    AutomaticThrough { of: ModelId, field: String, own: bool },
}

impl Origin {
    pub fn is_own(&self) -> bool {
        matches!(self, Origin::Project | Origin::AutomaticThrough { own: true, .. })
    }
}

/// The places in a class statement that findings point at and fixes edit.
#[derive(Debug, Clone, Serialize)]
pub struct ClassSite {
    /// The class name.
    pub name: Span,
    /// The whole statement, decorators included.
    pub statement: Span,
    /// The whole `class Meta` statement, where the class has one of its own.
    pub meta: Option<Span>,
    /// Each `name = value` of that `Meta`.
    pub meta_options: Vec<MetaOption>,
    /// The statement that a `Meta` would follow, where only methods come after it.
    pub before_methods: Option<Span>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MetaOption {
    pub name: String,
    pub statement: Span,
    pub value: Span,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParentLink {
    pub parent: ModelId,
    pub field: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Field {
    pub name: String,
    /// Attribute on instances: `author_id` for a foreign key `author`.
    pub attname: String,
    /// None for many-to-many and other fields without a column.
    pub column: Option<String>,
    /// Dotted path as in Django's `field.__class__` (`django.db.models.fields.CharField`).
    pub class: String,
    /// `get_internal_type()`: what kind of column Django makes of it.
    pub internal_type: String,
    /// PostgreSQL's column type as Django's `db_type` gives it (`varchar(50)`), none where there is no column.
    pub db_type: Option<String>,
    /// The type a column that references this one gets (`rel_db_type`).
    pub rel_db_type: Option<String>,
    /// Django's own CHECK on the column with the `%(column)s` filled in (`"stock" >= 0`).
    pub db_check: Option<String>,
    pub null: bool,
    pub blank: bool,
    /// Includes primary keys and one-to-one fields, as `field.unique` does.
    pub unique: bool,
    pub db_index: bool,
    pub primary_key: bool,
    pub editable: bool,
    /// Made by Django (`id`, parent links).
    pub auto_created: bool,
    /// Whether its column lies in this model's own table.
    pub local: bool,
    pub default: Option<Value>,
    pub db_default: Option<Value>,
    pub max_length: Option<u32>,
    pub max_digits: Option<u32>,
    pub decimal_places: Option<u32>,
    /// Values of `choices` (groups flattened); empty without choices or when they are not known.
    pub choices: Vec<Value>,
    /// Whether `choices` was given at all, known or not.
    pub has_choices: bool,
    pub validators: Vec<Value>,
    pub db_collation: Option<String>,
    pub db_comment: Option<String>,
    pub help_text: Option<String>,
    pub auto_now: bool,
    pub auto_now_add: bool,
    /// `unique_for_date`, `unique_for_month`, `unique_for_year`: the field named.
    pub unique_for: Vec<String>,
    /// The element of an array or range.
    pub base_field: Option<Box<Field>>,
    pub generated: Option<Generated>,
    pub relation: Option<Relation>,
    /// Where it is declared; none when Django made it.
    pub site: Option<FieldSite>,
    /// What its class was called with, as a migration writes it; none where Django or a library declares it.
    pub declaration: Option<Box<Call>>,
    /// Dotted path of the class whose body holds the declaration.
    pub declared_in: String,
}

impl Field {
    /// A field with everything at Django's defaults, its column named as itself.
    pub fn new(name: &str, class: &str, internal_type: &str) -> Field {
        Field {
            name: name.to_owned(),
            attname: name.to_owned(),
            column: Some(name.to_owned()),
            class: class.to_owned(),
            internal_type: internal_type.to_owned(),
            db_type: None,
            rel_db_type: None,
            db_check: None,
            null: false,
            blank: false,
            unique: false,
            db_index: false,
            primary_key: false,
            editable: true,
            auto_created: false,
            local: true,
            default: None,
            db_default: None,
            max_length: None,
            max_digits: None,
            decimal_places: None,
            choices: Vec::new(),
            has_choices: false,
            validators: Vec::new(),
            db_collation: None,
            db_comment: None,
            help_text: None,
            auto_now: false,
            auto_now_add: false,
            unique_for: Vec::new(),
            base_field: None,
            generated: None,
            relation: None,
            site: None,
            declaration: None,
            declared_in: String::new(),
        }
    }

    pub fn is_many_to_many(&self) -> bool {
        matches!(&self.relation, Some(relation) if relation.kind == RelationKind::ManyToMany)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    pub expression: Value,
    /// `db_persist`: stored rather than virtual.
    pub stored: bool,
}

/// The places of one field declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSite {
    /// The attribute name.
    pub name: Span,
    /// The whole assignment.
    pub statement: Span,
    /// The callee (`models.CharField`), when the field is made by a call.
    pub callee: Option<Span>,
    /// The call's arguments without the parentheses; empty span where there are none.
    pub arguments: Option<Span>,
    /// Each keyword argument: name, whole `name=value`, and value.
    pub keywords: Vec<KeywordSite>,
}

impl FieldSite {
    pub fn keyword(&self, name: &str) -> Option<&KeywordSite> {
        self.keywords.iter().find(|keyword| keyword.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeywordSite {
    pub name: String,
    pub whole: Span,
    pub value: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    ForeignKey,
    OneToOne,
    ManyToMany,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    pub kind: RelationKind,
    /// None when the target is not among the models (package not installed): then `to_label` is what the code says.
    pub to: Option<ModelId>,
    /// `app_label.ModelName`.
    pub to_label: String,
    pub on_delete: Option<String>,
    /// `SET(function)`: the new value is asked for by a call.
    pub set_called: bool,
    pub related_name: Option<String>,
    pub related_query_name: Option<String>,
    /// The attribute added to the target; none when hidden (`related_name="+"`).
    pub accessor: Option<String>,
    pub db_constraint: bool,
    pub parent_link: bool,
    pub symmetrical: bool,
    /// Name of the field the column references; many-to-many: none.
    pub to_field: Option<String>,
    pub through: Option<ModelId>,
    pub through_automatic: bool,
    /// `through_fields=`: the keys of the through model to the model that has the field and to its target.
    pub through_fields: Option<(String, String)>,
    /// `db_table=` of a many-to-many field.
    pub db_table: Option<String>,
    /// Given as a setting (`settings.AUTH_USER_MODEL`): its name.
    pub swappable: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrivateField {
    pub name: String,
    pub class: String,
    /// `GenericForeignKey`: the content type and object id fields. `GenericRelation`: those of the target.
    pub content_type_field: String,
    pub object_id_field: String,
    pub to_label: Option<String>,
    /// `related_query_name` of a `GenericRelation`: the name by which its target can be filtered by it.
    pub related_query_name: Option<String>,
    pub site: Option<FieldSite>,
}

/// An entry of `Meta.indexes`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Index {
    /// As Django generates it when the code gives none.
    pub name: String,
    /// Dotted path of its class.
    pub class: String,
    /// `btree`, `gin`, `gist`, `brin`, `hash`, `spgist`, `bloom`.
    pub method: String,
    /// `fields=` as written, with the leading `-`.
    pub fields: Vec<String>,
    pub expressions: Vec<Value>,
    pub opclasses: Vec<String>,
    pub condition: Option<Value>,
    pub include: Vec<String>,
    pub db_tablespace: Option<String>,
    /// `fillfactor`, `fastupdate`, `pages_per_range`…: storage parameters given to a PostgreSQL index class.
    pub parameters: Vec<(String, Value)>,
    pub site: Option<Span>,
    /// What its class was called with, as a migration writes it; none for those that nobody wrote.
    pub declaration: Option<Box<Call>>,
}

/// An entry of `Meta.constraints`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Constraint {
    pub name: String,
    /// Dotted path of its class.
    pub class: String,
    pub kind: ConstraintKind,
    pub fields: Vec<String>,
    /// For exclusion: each expression with its operator as a two-element tuple.
    pub expressions: Vec<Value>,
    /// The check of a `CheckConstraint`, the condition of the others.
    pub condition: Option<Value>,
    pub include: Vec<String>,
    pub opclasses: Vec<String>,
    /// `Deferrable.DEFERRED` → `deferred`, `Deferrable.IMMEDIATE` → `immediate`.
    pub deferrable: Option<String>,
    pub nulls_distinct: Option<bool>,
    /// Exclusion: `gist` or `spgist`.
    pub index_type: Option<String>,
    pub site: Option<Span>,
    /// The `check=` or `condition=` keyword as written, where there is one.
    pub condition_keyword: Option<KeywordSite>,
    /// What its class was called with, as a migration writes it; none for those that nobody wrote.
    pub declaration: Option<Box<Call>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    Check,
    Unique,
    Exclusion,
    /// A class pgwright cannot read.
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manager {
    pub name: String,
    pub class: String,
    /// Dotted path of its QuerySet class.
    pub queryset_class: Option<String>,
    /// Public methods beyond Django's own, of the manager and its QuerySet class.
    pub methods: Vec<String>,
    pub is_default: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reverse {
    pub accessor: Option<String>,
    pub query_name: String,
    pub from: ModelId,
    pub field: String,
    pub kind: RelationKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Method {
    pub name: String,
    /// Dotted path of the class that defines it.
    pub declared_in: String,
    pub site: Span,
}

/// What a static evaluation of a Python expression gave.
///
/// Expressions of the ORM (`Q`, `F`, `Upper(...)`) are [`Value::Call`]: constructor path plus arguments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Set(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A class or function, by dotted path.
    Path(String),
    Lambda,
    /// An object made by calling a class: what it was called with.
    Call(Box<Call>),
    /// Two `Q` objects joined, or one negated.
    Combined(Box<Combined>),
    /// A queryset used as a value.
    #[serde(serialize_with = "query_as_text")]
    Query(Arc<Query>),
    /// An instance of a model used as a value.
    Instance(ModelId),
    /// Not known from source, and why.
    Unknown(String),
}

fn query_as_text<S: serde::Serializer>(query: &Query, serializer: S) -> Result<S::Ok, S::Error> {
    query.serialize(serializer)
}

impl Value {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Whether any part of the value is not known.
    pub fn has_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().any(Value::has_unknown),
            Value::Dict(items) => items.iter().any(|(key, value)| key.has_unknown() || value.has_unknown()),
            Value::Call(call) => {
                call.args.iter().any(Value::has_unknown) || call.kwargs.iter().any(|(_, value)| value.has_unknown())
            }
            Value::Combined(combined) => combined.left.has_unknown() || combined.right.has_unknown(),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Dotted path of the class where it is defined (`django.db.models.query_utils.Q`).
    pub class: String,
    /// Dotted paths of its bases in resolution order, the class itself first.
    pub mro: Vec<String>,
    pub args: Vec<Value>,
    pub kwargs: Vec<(String, Value)>,
}

impl Call {
    pub fn is_a(&self, path: &str) -> bool {
        self.mro.iter().any(|class| class == path)
    }

    pub fn kwarg(&self, name: &str) -> Option<&Value> {
        self.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// An operator applied to ORM expressions: `Q(a=1) | Q(b=2)`, `~Q(a=1)`, `F("a") + 1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combined {
    /// `&`, `|`, `^`, `~`, `+`, `-`, `*`, `/`, `%`, `**`, and `desc`/`asc` for the ordering methods.
    pub operator: String,
    pub left: Value,
    /// [`Value::None`] for `~`; keyword arguments of `desc`/`asc` as a dict.
    pub right: Value,
}
