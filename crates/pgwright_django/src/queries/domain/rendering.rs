//! Rendering templates: their nodes executed over the values of a context, as Django's `Node.render` does.
//!
//! A context is an instance of the described `Context`, all names in one dictionary; what a tag binds for its body is taken away when the
//! body ends. A way through a template that depends on something not known is taken and not taken, like a branch of Python code.

use std::sync::Arc;

use pgwright_diagnostics::File;
use pgwright_python::eval::{Eval, Evaluator, Flow, Items};
use pgwright_python::value::{Foreign, Object, ObjectId, Value};

use super::Orm;
use crate::templates::expression::Filtered;
use crate::templates::node::{Assignment, For, Include, Names};
use crate::templates::{Body, Node, NodeKind, Template, parser};

/// Templates within templates.
const DEEPEST: usize = 24;
/// Renderings of one template at a time: what recursion does is seen in the second.
const RECURSION: usize = 2;
/// Items of one known sequence that a loop runs for.
const KNOWN_ROUNDS: usize = 12;

/// Attribute of a described `NodeList` that holds its [`Part`].
const PART: &str = "<part>";

/// A template being rendered.
#[derive(Debug, Clone)]
pub(crate) struct Under {
    pub(crate) template: Arc<Template>,
    /// Where in it rendering stands, in bytes.
    pub(crate) at: u32,
    /// Calls that were under way when it began.
    pub(crate) calls: usize,
}

/// The bodies of a block, from the template that was asked for to the one it extends last.
type Blocks = Vec<(Box<str>, Vec<(Arc<Template>, Body)>)>;

/// What rendering a part of a template depends on.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) template: Arc<Template>,
    blocks: Arc<Blocks>,
    /// The block being rendered, and which of its bodies.
    block: Option<(Box<str>, usize)>,
    /// The instance of `Context`.
    pub(crate) context: Value,
    /// Its dictionary.
    pub(crate) names: ObjectId,
}

/// Nodes that Python code may render later.
#[derive(Debug, Clone)]
struct Part {
    scene: Scene,
    body: Body,
}

impl<'a> Orm<'a> {
    /// Renders a response that is rendered when the view has returned it.
    pub(crate) fn render_response(&self, evaluator: &mut Evaluator<'a>, response: &Value) -> Eval {
        for response in response.alternatives() {
            let Some(class) = Self::instance_class(evaluator, response) else { continue };
            if evaluator.heap.find_in_class(class, "is_rendered").is_some() {
                evaluator.call_named(response, "render", Vec::new())?;
            }
        }
        Ok(Value::None)
    }

    /// `render_template(name, context)`: the first there is of a list of names.
    pub(crate) fn render_template(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Eval {
        let [name, context] = args else { return Ok(rendered()) };
        self.render_named(evaluator, name, context)?;
        Ok(rendered())
    }

    /// `render_source(text, context)`
    pub(crate) fn render_source(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Eval {
        let [Value::Str(text), context] = args else { return Ok(rendered()) };
        let template = parser::parse(Arc::new(File::new("".into(), text.to_string())));
        self.render(evaluator, &Arc::new(template), context)?;
        Ok(rendered())
    }

    /// `render_body(nodelist, context)`
    pub(crate) fn render_body(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Eval {
        let [Value::Instance(list), context] = args else { return Ok(rendered()) };
        let part = evaluator.heap.own(*list, PART);
        let Some(Part { scene, body }) = part.and_then(|part| part.foreign::<Part>()).cloned() else {
            return Ok(rendered());
        };
        let Some(names) = Self::names_of(evaluator, context) else { return Ok(rendered()) };
        let scene = Scene { context: context.clone(), names, ..scene };
        self.nodes(evaluator, &body, &scene)?;
        Ok(rendered())
    }

    /// A part of a template as a described `NodeList`.
    pub(super) fn node_list(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, body: &Body) -> Eval {
        let Some(class) = evaluator.class_at("django.template.base", "NodeList") else { return Ok(rendered()) };
        let list = evaluator.call(&Value::Class(class), Vec::new(), Vec::new(), None)?;
        let part = Part { scene: scene.clone(), body: body.clone() };
        evaluator.put(&list, PART, Value::Foreign(Foreign::referring(part)));
        Ok(list)
    }

    /// The dictionary of a context.
    fn names_of(evaluator: &Evaluator<'a>, context: &Value) -> Option<ObjectId> {
        let Value::Instance(id) = context else { return None };
        match evaluator.heap.own(*id, "values") {
            Some(Value::Dict(names)) => Some(*names),
            _ => None,
        }
    }

    pub(super) fn render_named(&self, evaluator: &mut Evaluator<'a>, name: &Value, context: &Value) -> Eval<()> {
        match name {
            Value::Str(name) => match self.serving.templates.get(name) {
                Some(template) => self.render(evaluator, &template, context),
                None => Ok(()),
            },
            Value::List(_) | Value::Tuple(_) => {
                let names = evaluator.iterate(name).unwrap_or_default();
                let is_there = |name: &Value| match name {
                    Value::Str(name) => self.serving.templates.get(name).is_some(),
                    Value::None | Value::Unknown(_) => false,
                    _ => true,
                };
                match names.iter().find(|name| is_there(name)) {
                    Some(name) => self.render_named(evaluator, name, context),
                    None => Ok(()),
                }
            }
            Value::Union(alternatives) => {
                let alternatives = alternatives.clone();
                evaluator.each_way(alternatives.len(), |evaluator, way| {
                    self.render_named(evaluator, &alternatives[way], context)
                })
            }
            Value::Each(name) => self.render_named(evaluator, &name.clone(), context),
            // Something with a method of that name, as a template has.
            Value::Instance(_) => evaluator.call_named(name, "render", vec![context.clone()]).map(drop),
            _ => Ok(()),
        }
    }

    fn render(&self, evaluator: &mut Evaluator<'a>, template: &Arc<Template>, context: &Value) -> Eval<()> {
        match Self::scene(evaluator, template, context) {
            Some(scene) => self.template(evaluator, &scene),
            None => Ok(()),
        }
    }

    pub(super) fn scene(evaluator: &Evaluator<'a>, template: &Arc<Template>, context: &Value) -> Option<Scene> {
        let names = Self::names_of(evaluator, context)?;
        let (template, context) = (template.clone(), context.clone());
        Some(Scene { template, blocks: Arc::default(), block: None, context, names })
    }

    /// Renders a scene's template, or the one it extends with its blocks.
    fn template(&self, evaluator: &mut Evaluator<'a>, scene: &Scene) -> Eval<()> {
        self.standing_in(evaluator, &scene.template, |evaluator| {
            let extends = scene.template.nodes.iter().find_map(|node| match &node.kind {
                NodeKind::Extends(parent) => Some((node.at, parent)),
                _ => None,
            });
            let mut blocks: Blocks = (*scene.blocks).clone();
            if !blocks.is_empty() || extends.is_some() {
                add_blocks(&mut blocks, &scene.template);
            }
            let scene = Scene { blocks: Arc::new(blocks), ..scene.clone() };
            let Some((at, parent)) = extends else { return self.nodes(evaluator, &scene.template.nodes, &scene) };
            self.stand_at(at);
            let parent = self.filtered(evaluator, &scene, parent)?;
            self.extended(evaluator, &parent, &scene)
        })
    }

    fn extended(&self, evaluator: &mut Evaluator<'a>, parent: &Value, scene: &Scene) -> Eval<()> {
        match parent {
            Value::Str(name) => match self.serving.templates.get(name) {
                Some(template) => self.template(evaluator, &Scene { template, ..scene.clone() }),
                None => Ok(()),
            },
            Value::Union(alternatives) => {
                let alternatives = alternatives.clone();
                evaluator
                    .each_way(alternatives.len(), |evaluator, way| self.extended(evaluator, &alternatives[way], scene))
            }
            // What stands around the blocks is not known; they themselves are.
            _ => {
                let blocks = scene.blocks.clone();
                for (name, bodies) in blocks.iter() {
                    if let Some((template, body)) = bodies.first() {
                        self.block(evaluator, scene, name, 0, template, body)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Runs something as part of a template, unless templates go too deep.
    fn standing_in(
        &self,
        evaluator: &mut Evaluator<'a>,
        template: &Arc<Template>,
        work: impl FnOnce(&mut Evaluator<'a>) -> Eval<()>,
    ) -> Eval<()> {
        {
            let mut state = self.state();
            state.rendered += 1;
            let of_it = state.under.iter().filter(|under| Arc::ptr_eq(&under.template, template)).count();
            if state.under.len() >= DEEPEST || of_it >= RECURSION {
                return Ok(());
            }
            let calls = evaluator.stack.len();
            state.under.push(Under { template: template.clone(), at: 0, calls });
        }
        let outcome = work(evaluator);
        self.state().under.pop();
        outcome
    }

    fn stand_at(&self, at: u32) {
        let mut state = self.state();
        state.rendered += 1;
        if let Some(under) = state.under.last_mut() {
            under.at = at;
        }
    }

    pub(super) fn nodes(&self, evaluator: &mut Evaluator<'a>, nodes: &[Node], scene: &Scene) -> Eval<()> {
        for node in nodes {
            evaluator.spend()?;
            self.stand_at(node.at);
            // What else is raised here was more often not understood than raised.
            if let Err(Flow::Exhausted) = self.node(evaluator, &node.kind, scene) {
                return Err(Flow::Exhausted);
            }
        }
        Ok(())
    }

    fn node(&self, evaluator: &mut Evaluator<'a>, node: &NodeKind, scene: &Scene) -> Eval<()> {
        match node {
            NodeKind::Output(value) => {
                if let Some(["block", "super"]) = value.path().as_deref() {
                    return self.block_super(evaluator, scene);
                }
                let value = self.filtered(evaluator, scene, value)?;
                self.output(evaluator, &value)
            }
            NodeKind::If(clauses) => {
                let mut ways: Vec<Option<&Body>> = Vec::new();
                let mut decided = false;
                for (condition, body) in clauses {
                    let truth = match condition {
                        Some(condition) => self.condition(evaluator, scene, condition)?,
                        None => Some(true),
                    };
                    match truth {
                        Some(false) => continue,
                        Some(true) if ways.is_empty() => return self.nodes(evaluator, body, scene),
                        Some(true) => {
                            ways.push(Some(body));
                            decided = true;
                            break;
                        }
                        None => ways.push(Some(body)),
                    }
                }
                if !decided {
                    ways.push(None);
                }
                evaluator.each_way(ways.len(), |evaluator, way| match ways[way] {
                    Some(body) => self.nodes(evaluator, body, scene),
                    None => Ok(()),
                })
            }
            NodeKind::For(each) => self.each(evaluator, each, scene),
            NodeKind::With { assignments, body } => {
                let values = self.assigned(evaluator, scene, assignments)?;
                self.with_names(evaluator, scene, values, |evaluator| self.nodes(evaluator, body, scene))
            }
            NodeKind::Include(include) => self.include(evaluator, include, scene),
            NodeKind::Extends(_) => Ok(()),
            NodeKind::Block { name, body } => {
                let found = scene.blocks.iter().find(|(known, _)| known == name).and_then(|(_, bodies)| bodies.first());
                let (template, body) = found.cloned().unwrap_or_else(|| (scene.template.clone(), body.clone()));
                self.block(evaluator, scene, name, 0, &template, &body)
            }
            NodeKind::Inline(body) => self.nodes(evaluator, body, scene),
            NodeKind::Partial(name) => {
                let found = scene.template.partials.iter().find(|(known, _)| known == name);
                match found {
                    Some((_, body)) => {
                        self.standing_in(evaluator, &scene.template, |evaluator| self.nodes(evaluator, body, scene))
                    }
                    None => Ok(()),
                }
            }
            NodeKind::Regroup { items, by, name } => self.regroup(evaluator, scene, items, by, name),
            NodeKind::Values { values, name } => {
                for value in values {
                    let value = self.filtered(evaluator, scene, value)?;
                    self.output(evaluator, &value)?;
                }
                self.bind_text(evaluator, scene, name.as_deref());
                Ok(())
            }
            NodeKind::FirstOf { values, name } => {
                for value in values {
                    let value = self.filtered(evaluator, scene, value)?;
                    let truth = evaluator.ask_truth(&value)?;
                    self.output(evaluator, &value)?;
                    if truth == Some(true) {
                        break;
                    }
                }
                self.bind_text(evaluator, scene, name.as_deref());
                Ok(())
            }
            NodeKind::IfChanged { values, body, otherwise } => {
                for value in values {
                    self.filtered(evaluator, scene, value)?;
                }
                evaluator
                    .each_way(2, |evaluator, way| self.nodes(evaluator, if way == 0 { body } else { otherwise }, scene))
            }
            NodeKind::Filter { filters, body } => {
                self.nodes(evaluator, body, scene)?;
                self.filtered(evaluator, scene, filters).map(drop)
            }
            NodeKind::Custom(custom) => self.custom(evaluator, scene, custom),
        }
    }

    /// What becomes part of the text: an object is asked for its own.
    pub(super) fn output(&self, evaluator: &mut Evaluator<'a>, value: &Value) -> Eval<()> {
        match value {
            Value::Union(alternatives) => {
                let alternatives = alternatives.clone();
                evaluator.each_way(alternatives.len(), |evaluator, way| self.output(evaluator, &alternatives[way]))
            }
            Value::Instance(_) => evaluator.call_named(value, "__str__", Vec::new()).map(drop),
            _ => Ok(()),
        }
    }

    pub(super) fn bind(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, name: &str, value: Value) {
        evaluator.set_item(&Value::Dict(scene.names), &Value::str(name), value);
    }

    fn bind_text(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, name: Option<&str>) {
        if let Some(name) = name {
            self.bind(evaluator, scene, name, Value::unknown("a text"));
        }
    }

    fn assigned(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        assignments: &[Assignment],
    ) -> Eval<Vec<(Box<str>, Value)>> {
        assignments
            .iter()
            .map(|assignment| Ok((assignment.name.clone(), self.filtered(evaluator, scene, &assignment.value)?)))
            .collect()
    }

    /// Runs something with names bound that are gone afterwards.
    pub(super) fn with_names(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        values: Vec<(Box<str>, Value)>,
        work: impl FnOnce(&mut Evaluator<'a>) -> Eval<()>,
    ) -> Eval<()> {
        let before = evaluator.heap.dict_of(scene.names).cloned();
        for (name, value) in values {
            self.bind(evaluator, scene, &name, value);
        }
        let outcome = work(evaluator);
        if let (Some(before), Object::Dict(names)) = (before, evaluator.heap.object_mut(scene.names)) {
            *names = before;
        }
        outcome
    }

    fn each(&self, evaluator: &mut Evaluator<'a>, each: &For, scene: &Scene) -> Eval<()> {
        let iterable = self.filtered(evaluator, scene, &each.items)?;
        // Neither nothing nor a number is gone over.
        if matches!(iterable, Value::None | Value::Int(_)) {
            return self.nodes(evaluator, &each.empty, scene);
        }
        match evaluator.items(&iterable) {
            Items::Known(items) if items.is_empty() => self.nodes(evaluator, &each.empty, scene),
            Items::Known(items) => {
                for item in items.into_iter().take(KNOWN_ROUNDS) {
                    self.round(evaluator, each, scene, item)?;
                }
                Ok(())
            }
            Items::Each(item) => {
                let about = item.clone();
                evaluator.any_number_of_times(&about, |evaluator| self.round(evaluator, each, scene, item))?;
                if each.empty.is_empty() {
                    return Ok(());
                }
                evaluator.each_way(2, |evaluator, way| match way {
                    0 => self.nodes(evaluator, &each.empty, scene),
                    _ => Ok(()),
                })
            }
        }
    }

    fn round(&self, evaluator: &mut Evaluator<'a>, each: &For, scene: &Scene, item: Value) -> Eval<()> {
        let mut values: Vec<(Box<str>, Value)> = Vec::with_capacity(each.names.len() + 1);
        match each.names.as_slice() {
            [name] => values.push((name.clone(), item)),
            names => {
                let parts = evaluator.iterate(&item);
                for (at, name) in names.iter().enumerate() {
                    let part = parts.as_ref().and_then(|parts| parts.get(at)).cloned();
                    values.push((name.clone(), part.unwrap_or_else(|| Value::unknown("a part of an item"))));
                }
            }
        }
        let outer = evaluator.heap.dict_get(scene.names, "forloop").cloned().unwrap_or(Value::None);
        let forloop = evaluator.make_dict(vec![(Value::str("parentloop"), outer)]);
        for name in ["counter", "counter0", "revcounter", "revcounter0", "first", "last", "length"] {
            evaluator.set_item(&forloop, &Value::str(name), Value::unknown("where in a loop it stands"));
        }
        values.push(("forloop".into(), forloop));
        self.with_names(evaluator, scene, values, |evaluator| self.nodes(evaluator, &each.body, scene))
    }

    fn include(&self, evaluator: &mut Evaluator<'a>, include: &Include, scene: &Scene) -> Eval<()> {
        let template = self.filtered(evaluator, scene, &include.template)?;
        let values = self.assigned(evaluator, scene, &include.assignments)?;
        match include.names {
            Names::Inherited => self.with_names(evaluator, scene, values, |evaluator| {
                self.render_named(evaluator, &template, &scene.context)
            }),
            Names::Given => {
                let given = values.into_iter().map(|(name, value)| (Value::str(&*name), value)).collect();
                let given = evaluator.make_dict(given);
                match evaluator.call_named(&scene.context, "new", vec![given])? {
                    Some(context) => self.render_named(evaluator, &template, &context),
                    None => Ok(()),
                }
            }
        }
    }

    fn block(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        name: &str,
        level: usize,
        template: &Arc<Template>,
        body: &Body,
    ) -> Eval<()> {
        let scene = Scene { template: template.clone(), block: Some((name.into(), level)), ..scene.clone() };
        self.standing_in_block(evaluator, template, |evaluator| {
            self.with_names(evaluator, &scene, Vec::new(), |evaluator| self.nodes(evaluator, body, &scene))
        })
    }

    /// Runs something as part of a template that is one of those being rendered already.
    fn standing_in_block(
        &self,
        evaluator: &mut Evaluator<'a>,
        template: &Arc<Template>,
        work: impl FnOnce(&mut Evaluator<'a>) -> Eval<()>,
    ) -> Eval<()> {
        let calls = evaluator.stack.len();
        let before = {
            let mut state = self.state();
            state.rendered += 1;
            let Some(under) = state.under.last_mut() else { return Ok(()) };
            let calls = under.calls.min(calls);
            std::mem::replace(under, Under { template: template.clone(), at: 0, calls })
        };
        let outcome = work(evaluator);
        if let Some(under) = self.state().under.last_mut() {
            *under = before;
        }
        outcome
    }

    fn block_super(&self, evaluator: &mut Evaluator<'a>, scene: &Scene) -> Eval<()> {
        let Some((name, level)) = &scene.block else { return Ok(()) };
        let bodies = scene.blocks.iter().find(|(known, _)| known == name).map(|(_, bodies)| bodies.as_slice());
        match bodies.and_then(|bodies| bodies.get(level + 1)) {
            Some((template, body)) => self.block(evaluator, scene, name, level + 1, template, body),
            None => Ok(()),
        }
    }

    fn regroup(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        items: &Filtered,
        by: &str,
        name: &str,
    ) -> Eval<()> {
        let items = self.filtered(evaluator, scene, items)?;
        if matches!(items, Value::None | Value::Unknown(_)) {
            self.bind(evaluator, scene, name, Value::unknown("groups of something not known"));
            return Ok(());
        }
        let item = match evaluator.items(&items) {
            Items::Known(items) => {
                items.into_iter().take(KNOWN_ROUNDS).reduce(|one, other| evaluator.either(one, other))
            }
            Items::Each(item) => Some(item),
        };
        let Some(item) = item else {
            let empty = evaluator.heap.list(Vec::new());
            self.bind(evaluator, scene, name, empty);
            return Ok(());
        };
        let mut grouper = Value::Absent;
        let about = item.clone();
        evaluator.any_number_of_times(&about, |evaluator| {
            grouper = self.follow(evaluator, item.clone(), by)?;
            Ok(())
        })?;
        let group =
            evaluator.make_dict(vec![(Value::str("grouper"), grouper), (Value::str("list"), Value::each(item))]);
        self.bind(evaluator, scene, name, Value::each(group));
        Ok(())
    }
}

/// What rendering gives.
pub(super) fn rendered() -> Value {
    Value::unknown("a rendered template")
}

/// Adds a template's blocks below those of the templates that extend it.
fn add_blocks(blocks: &mut Blocks, template: &Arc<Template>) {
    for (name, body) in &template.blocks {
        match blocks.iter_mut().find(|(known, _)| known == name) {
            Some((_, bodies)) => bodies.push((template.clone(), body.clone())),
            None => blocks.push((name.clone(), vec![(template.clone(), body.clone())])),
        }
    }
}
