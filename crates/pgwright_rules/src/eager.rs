//! Loading related objects with the rows they belong to: which method does it, and where it goes in the source.

use pgwright_diagnostics::{Edit, Files};
use pgwright_django::model::{Model, Models, RelationKind};
use pgwright_django::queries::workload::Origin;

use crate::edits::tokens::{Kind, Tokens};
use crate::edits::{indent, string};

/// What loads a path of relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Eager {
    pub(crate) method: Method,
    /// As that method spells the path.
    pub(crate) path: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A join: each row leads to one object at most.
    SelectRelated,
    /// A second query for the objects of all rows.
    PrefetchRelated,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::SelectRelated => "select_related",
            Method::PrefetchRelated => "prefetch_related",
        }
    }
}

impl Eager {
    /// For the relations of an origin. None where one of them is not known to the model graph.
    pub(crate) fn of(models: &Models, origin: &Origin) -> Option<Eager> {
        let mut model = Some(models.get(origin.model));
        let mut method = Method::SelectRelated;
        let (mut selected, mut prefetched) = (Vec::new(), Vec::new());
        for part in origin.path.split("__") {
            let step = Step::of(models, model?, part)?;
            if !step.joins {
                method = Method::PrefetchRelated;
            }
            selected.push(step.selected);
            prefetched.push(part.to_owned());
            model = step.to;
        }
        let path = match method {
            Method::SelectRelated => selected,
            Method::PrefetchRelated => prefetched,
        };
        Some(Eager { method, path: path.join("__") })
    }

    /// The call, as it is chained to a queryset.
    pub(crate) fn call(&self, quoted: &str) -> String {
        format!(".{}({quoted})", self.method.name())
    }

    /// The call with plain quotes, for people.
    pub(crate) fn shown(&self) -> String {
        self.call(&format!("\"{}\"", self.path)).trim_start_matches('.').to_owned()
    }

    /// Chains the call to the expression that made the queryset. None where that expression is not one that goes on, or where what
    /// it says does not go with a join.
    pub(crate) fn chained(&self, files: &Files, origin: &Origin) -> Option<Edit> {
        let text = files.text(origin.made);
        let last = last_call(text)?;
        if !CHAINABLE.contains(&last) || UNMIXABLE.iter().any(|word| text.contains(word)) {
            return None;
        }
        let file = files.get(origin.made.file);
        let call = self.call(&string(file, &self.path));
        // A chain with a call per line goes on so.
        let last_line = text.rsplit_once('\n').map(|(_, line)| line).filter(|line| line.trim_start().starts_with('.'));
        let call = match last_line {
            Some(_) => format!("\n{}{call}", indent(file, origin.made.end)?),
            None => call,
        };
        Some(Edit::insert(origin.made.file, origin.made.end, call))
    }
}

/// One relation of a path.
struct Step<'m> {
    /// Whether it leads to one object at most, by a column.
    joins: bool,
    /// How `select_related` calls it.
    selected: String,
    to: Option<&'m Model>,
}

impl<'m> Step<'m> {
    fn of(models: &'m Models, model: &'m Model, name: &str) -> Option<Step<'m>> {
        if let Some(field) = model.field(name) {
            let relation = field.relation.as_ref()?;
            let joins = relation.kind != RelationKind::ManyToMany;
            return Some(Step { joins, selected: field.name.clone(), to: relation.to.map(|to| models.get(to)) });
        }
        if let Some(field) = model.private_fields.iter().find(|field| field.name == name) {
            let to = field.to_label.as_deref().and_then(|label| models.by_label(label));
            return Some(Step { joins: false, selected: name.to_owned(), to });
        }
        let mut around = vec![model];
        while let Some(model) = around.pop() {
            if let Some(reverse) = model.reverse.iter().find(|reverse| reverse.accessor.as_deref() == Some(name)) {
                let joins = reverse.kind == RelationKind::OneToOne;
                return Some(Step { joins, selected: reverse.query_name.clone(), to: Some(models.get(reverse.from)) });
            }
            around.extend(model.parents.iter().map(|link| models.get(link.parent)));
            around.extend(model.proxy_for.map(|of| models.get(of)));
        }
        None
    }
}

/// Methods of managers and querysets that give a queryset which can be chained.
const CHAINABLE: &[&str] = &[
    "all",
    "alias",
    "annotate",
    "complex_filter",
    "distinct",
    "exclude",
    "extra",
    "filter",
    "get_queryset",
    "order_by",
    "prefetch_related",
    "reverse",
    "select_related",
    "using",
];

/// What a join does not go with: locks would take the joined rows too, columns left out must not be followed, and what is combined
/// or not made of instances takes no relations.
const UNMIXABLE: &[&str] =
    &["select_for_update", "only(", "defer(", "union(", "intersection(", "difference(", "values(", "values_list("];

/// The name of the method that an expression ends with a call of.
pub(crate) fn last_call(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut last = None;
    let mut word: Option<&str> = None;
    for token in Tokens::new(text) {
        let token = token?;
        let said = text.get(token.start..token.end)?;
        match token.kind {
            Kind::Open => {
                if depth == 0 {
                    last = word.filter(|_| said == "(");
                }
                depth += 1;
            }
            Kind::Close => {
                depth = depth.checked_sub(1)?;
                word = None;
            }
            Kind::Comment => {}
            Kind::Comma | Kind::Other if depth > 0 => {}
            Kind::Comma => return None,
            Kind::Other => {
                let is_name = said.starts_with(|c: char| c.is_alphabetic() || c == '_');
                if is_name || said == "." {
                    last = None;
                    word = is_name.then_some(said);
                } else {
                    return None;
                }
            }
        }
    }
    last.filter(|_| depth == 0)
}

#[cfg(test)]
mod tests {
    use super::last_call;

    #[test]
    fn the_last_call_of_a_chain_is_found() {
        assert_eq!(last_call("Book.objects.all()"), Some("all"));
        assert_eq!(last_call("Book.objects.filter(x=f(1), y=\")\").order_by('a')"), Some("order_by"));
        assert_eq!(last_call("super().get_queryset()"), Some("get_queryset"));
        assert_eq!(last_call("Book.objects"), None);
        assert_eq!(last_call("books[:10]"), None);
        assert_eq!(last_call("Book.objects.all() | other.all()"), None);
        assert_eq!(last_call("Book.objects.filter("), None);
    }
}
