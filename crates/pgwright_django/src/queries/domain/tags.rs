//! Tags and filters of libraries: what a `Library` registered, executed as the Python functions they are.

use pgwright_python::eval::{Eval, Evaluator, Flow, Kwargs};
use pgwright_python::value::{Name, Value};

use super::Orm;
use super::rendering::{Scene, rendered};
use crate::templates::expression::Filtered;
use crate::templates::lexer::words;
use crate::templates::node::Custom;
use crate::templates::parser::keyword;

/// Libraries that are searched for one name.
const LIBRARIES: usize = 24;

impl<'a> Orm<'a> {
    /// What libraries that the scene's template loads have under a name, the last one loaded first.
    pub(super) fn registered(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        kind: &str,
        name: &str,
    ) -> Option<Value> {
        let templates = &self.serving.templates;
        let loaded = scene.template.libraries.iter().rev().filter_map(|library| templates.libraries.get(library));
        for module in loaded.chain(templates.builtins.iter().rev()).take(LIBRARIES) {
            let Some(module) = evaluator.import(module) else { continue };
            let Some(Value::Instance(library)) = evaluator.module_attribute(module, "register") else { continue };
            let entries = evaluator.heap.own(library, kind);
            if let Some(Value::Dict(entries)) = entries
                && let Some(found) = evaluator.heap.dict_get(*entries, name)
            {
                return Some(found.clone());
            }
        }
        None
    }

    pub(super) fn custom(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, tag: &Custom) -> Eval<()> {
        let Some(entry) = self.registered(evaluator, scene, "tags", &tag.name) else {
            // Most tags with a body render it.
            return match &tag.body {
                Some(body) => self.nodes(evaluator, body, scene),
                None => Ok(()),
            };
        };
        match &entry {
            Value::Tuple(parts) => match (&**parts, parts.first().and_then(Value::as_str)) {
                ([_, function, takes, rest @ ..], Some(kind)) => {
                    let takes_context = evaluator.truth(takes) == Some(true);
                    let context = takes_context.then(|| scene.context.clone());
                    let words = words(&tag.contents);
                    let (words, name) = match words.as_slice() {
                        [words @ .., "as", name] => (words, Some(*name)),
                        words => (words, None),
                    };
                    let (mut args, kwargs) =
                        self.tag_arguments(evaluator, scene, words.get(1..).unwrap_or_default())?;
                    if let (Some(body), "simple_block") = (&tag.body, kind) {
                        self.nodes(evaluator, body, scene)?;
                        args.insert(0, Value::unknown("a rendered body"));
                    }
                    args.splice(0..0, context);
                    let value = evaluator.call(function, args, kwargs, None)?;
                    match (kind, rest) {
                        ("inclusion", [template]) => match evaluator.call_named(&scene.context, "new", vec![value])? {
                            Some(context) => self.render_named(evaluator, template, &context),
                            None => Ok(()),
                        },
                        _ => match name {
                            Some(name) => {
                                self.bind(evaluator, scene, name, value);
                                Ok(())
                            }
                            None => self.output(evaluator, &value),
                        },
                    }
                }
                _ => Ok(()),
            },
            compile => self.compiled(evaluator, scene, tag, compile),
        }
    }

    /// The arguments of a tag.
    fn tag_arguments(
        &self,
        evaluator: &mut Evaluator<'a>,
        scene: &Scene,
        words: &[&str],
    ) -> Eval<(Vec<Value>, Kwargs)> {
        let mut args = Vec::new();
        let mut kwargs = Vec::new();
        for word in words {
            match keyword(word) {
                Some((name, value)) => {
                    let value = self.filtered(evaluator, scene, &Filtered::parse(value))?;
                    kwargs.push((Name::new(name), value));
                }
                None => args.push(self.filtered(evaluator, scene, &Filtered::parse(word))?),
            }
        }
        Ok((args, kwargs))
    }

    /// A tag with a compile function of its own: what it makes is asked to render itself.
    fn compiled(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, tag: &Custom, compile: &Value) -> Eval<()> {
        let (Some(parser), Some(token)) =
            (evaluator.class_at("django.template.base", "Parser"), evaluator.class_at("django.template.base", "Token"))
        else {
            return Ok(());
        };
        let body = match &tag.body {
            Some(body) => self.node_list(evaluator, scene, body)?,
            None => Value::None,
        };
        let parser = evaluator.call(&Value::Class(parser), vec![body], Vec::new(), None)?;
        let args = vec![Value::unknown("the kind of a token"), Value::str(&*tag.contents)];
        let token = evaluator.call(&Value::Class(token), args, Vec::new(), None)?;
        let node = evaluator.call(compile, vec![parser, token], Vec::new(), None)?;
        let nodes = node.alternatives().to_vec();
        let mut rendered = false;
        for node in nodes.iter().filter(|node| matches!(node, Value::Instance(_))) {
            rendered = true;
            if let Err(Flow::Exhausted) = evaluator.call_named(node, "render", vec![scene.context.clone()]) {
                return Err(Flow::Exhausted);
            }
        }
        match &tag.body {
            Some(body) if !rendered => self.nodes(evaluator, body, scene),
            _ => Ok(()),
        }
    }

    /// `resolve_expression(text, context)`, in the template being rendered.
    pub(crate) fn resolve_expression(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Eval {
        let [Value::Str(text), context] = args else { return Ok(Value::unknown("an expression that is not known")) };
        let template = self.state().under.last().map(|under| under.template.clone());
        match template.and_then(|template| Self::scene(evaluator, &template, context)) {
            Some(scene) => self.filtered(evaluator, &scene, &Filtered::parse(text)),
            None => Ok(rendered()),
        }
    }

    /// `split_contents(text)`
    pub(crate) fn split_contents(evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let Some(text) = args.first().and_then(Value::as_str) else { return Value::unknown("the words of a tag") };
        let words = words(text).into_iter().map(Value::str).collect();
        evaluator.heap.list(words)
    }

    /// `context_processors()`: the functions of settings, those that are found.
    pub(crate) fn context_processors(&self, evaluator: &mut Evaluator<'a>) -> Value {
        let paths = &self.serving.templates.context_processors;
        let functions = paths
            .iter()
            .filter_map(|path| {
                let (module, name) = path.rsplit_once('.')?;
                let module = evaluator.import(module)?;
                evaluator.module_attribute(module, name)
            })
            .collect();
        evaluator.heap.list(functions)
    }
}
