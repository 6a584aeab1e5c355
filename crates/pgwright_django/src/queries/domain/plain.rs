//! From executed values to the plain arguments that queries are built from.

use pgwright_python::Evaluator;
use pgwright_python::eval::Kwargs;
use pgwright_python::value::Value as Executed;

use super::Orm;
use crate::convert;
use crate::model::Value;

/// Combinations of alternative arguments that become queries of their own.
pub(crate) const VARIANTS: usize = 6;

/// Arguments of one call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Vec<(String, Value)>,
}

impl Arguments {
    /// Whether an `in` look-up is of something not known: a list gives parameters, a queryset a subquery.
    pub(crate) fn may_be_queries(&self) -> bool {
        fn in_unknown(kwargs: &[(String, Value)]) -> bool {
            kwargs.iter().any(|(name, value)| name.ends_with("__in") && matches!(value, Value::Unknown(_)))
        }
        fn within(value: &Value) -> bool {
            match value {
                Value::Call(call) => in_unknown(&call.kwargs) || call.args.iter().any(within),
                Value::Combined(combined) => within(&combined.left) || within(&combined.right),
                _ => false,
            }
        }
        in_unknown(&self.kwargs) || self.args.iter().any(within)
    }
}

/// Plain arguments of a call, one for each combination of alternatives; none when some arguments are not known at all.
pub(crate) fn arguments<'a>(
    orm: &Orm<'a>,
    evaluator: &mut Evaluator<'a>,
    args: &[Executed],
    kwargs: &Kwargs,
) -> Option<Vec<Arguments>> {
    let unpacked = |value: &Executed| matches!(value, Executed::Unpacked);
    if args.iter().any(unpacked) || kwargs.iter().any(|(_, value)| unpacked(value)) {
        return None;
    }
    let mut variants = vec![Arguments { args: Vec::new(), kwargs: Vec::new() }];
    for value in args {
        let choices = choices(orm, evaluator, value);
        variants = extend(variants, &choices, |variant, choice| variant.args.extend(choice));
    }
    for (name, value) in kwargs {
        let choices = choices(orm, evaluator, value);
        variants = extend(variants, &choices, |variant, choice| {
            variant.kwargs.extend(choice.map(|choice| (name.to_string(), choice)));
        });
    }
    Some(variants)
}

fn extend(
    variants: Vec<Arguments>,
    choices: &[Option<Value>],
    put: impl Fn(&mut Arguments, Option<Value>),
) -> Vec<Arguments> {
    if let [only] = choices {
        let mut variants = variants;
        variants.iter_mut().for_each(|variant| put(variant, only.clone()));
        return variants;
    }
    let mut all = Vec::new();
    for variant in &variants {
        for choice in choices {
            if all.len() < VARIANTS {
                let mut next = variant.clone();
                put(&mut next, choice.clone());
                all.push(next);
            }
        }
    }
    all
}

/// The different plain values a value may have; none where it may be absent.
fn choices<'a>(orm: &Orm<'a>, evaluator: &mut Evaluator<'a>, value: &Executed) -> Vec<Option<Value>> {
    let mut found: Vec<Option<Value>> = Vec::new();
    for alternative in value.alternatives() {
        let plain = match alternative {
            Executed::Absent => None,
            alternative => Some(plain(orm, evaluator, alternative)),
        };
        let same = |known: &Option<Value>| {
            *known == plain || matches!((known, &plain), (Some(Value::Unknown(_)), Some(Value::Unknown(_))))
        };
        if !found.iter().any(same) {
            found.push(plain);
        }
    }
    found
}

/// One plain value; querysets of managers are asked for.
pub(crate) fn plain<'a>(orm: &Orm<'a>, evaluator: &mut Evaluator<'a>, value: &Executed) -> Value {
    if let Some(class) = Orm::instance_class(evaluator, value)
        && orm.known.is_manager(evaluator, class)
        && let Ok(Some(queryset)) = evaluator.call_named(value, "get_queryset", Vec::new())
    {
        return convert::to_value(evaluator, &queryset, 0);
    }
    convert::to_value(evaluator, value, 0)
}
