//! Which operator or function a name means for given types.
//!
//! Source: `parser/parse_oper.c` (`oper`, `oper_select_candidate`) and `parser/parse_func.c` (`func_match_argtypes`,
//! `func_select_candidate`, `enforce_generic_type_consistency` in `parse_coerce.c`).

use super::{Catalog, Function, OperatorId, Type, Volatility, catalog};

/// A function for given arguments.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub function: &'static Function,
    /// What each argument becomes.
    pub args: Vec<Type>,
    pub result: Type,
}

/// Whether a value of `source` is one of `target` without anything being computed.
pub(super) fn is_binary_coercible(source: Type, target: Type) -> bool {
    if source == target {
        return true;
    }
    if is_polymorphic(target) {
        return fits_polymorphic(source, target);
    }
    catalog().cast(source, target).is_some_and(|cast| cast.relabels && cast.implicit)
}

/// Whether PostgreSQL turns a value of `source` into one of `target` on its own.
pub fn coerces_implicitly(source: Type, target: Type) -> bool {
    if source == target || source.is_unknown() {
        return true;
    }
    if target.is(Type::ANY) {
        return true;
    }
    if is_polymorphic(target) {
        return fits_polymorphic(source, target);
    }
    catalog().cast(source, target).is_some_and(|cast| cast.implicit)
}

fn is_polymorphic(type_: Type) -> bool {
    type_.name().starts_with("any") && !type_.is(Type::ANY)
}

fn fits_polymorphic(source: Type, target: Type) -> bool {
    let info = source.info();
    match target.name() {
        Type::ANYARRAY | Type::ANYCOMPATIBLEARRAY => info.element.is_some() && info.category == 'A',
        Type::ANYNONARRAY | Type::ANYCOMPATIBLENONARRAY => info.category != 'A',
        Type::ANYENUM => info.category == 'E',
        Type::ANYRANGE | "anycompatiblerange" => info.category == 'R' && !info.name.ends_with("multirange"),
        Type::ANYMULTIRANGE | "anycompatiblemultirange" => info.name.ends_with("multirange"),
        _ => true,
    }
}

/// Whether the polymorphic arguments agree: an array holds what the element is, a range is made of it.
fn polymorphic_agree(declared: &[Type], given: &[Type]) -> bool {
    let mut element: Option<Type> = None;
    let mut whole: Option<(Type, Type)> = None;
    for (target, source) in declared.iter().zip(given) {
        if source.is_unknown() {
            continue;
        }
        let part = match target.name() {
            Type::ANYELEMENT | Type::ANYNONARRAY | Type::ANYENUM => Some(*source),
            Type::ANYARRAY => {
                if whole.is_some_and(|(kind, seen)| kind == *target && seen != *source) {
                    return false;
                }
                whole = Some((*target, *source));
                source.info().element
            }
            Type::ANYRANGE | Type::ANYMULTIRANGE => {
                if whole.is_some_and(|(kind, seen)| kind == *target && seen != *source) {
                    return false;
                }
                whole = Some((*target, *source));
                source.info().subtype
            }
            _ => None,
        };
        match (element, part) {
            (Some(seen), Some(part)) if seen != part => return false,
            (None, Some(part)) => element = Some(part),
            _ => {}
        }
    }
    true
}

/// What a polymorphic type is, given what the arguments are.
fn concrete(target: Type, declared: &[Type], given: &[Type]) -> Type {
    if !is_polymorphic(target) {
        return target;
    }
    let same = declared.iter().zip(given).find(|(slot, source)| **slot == target && !source.is_unknown());
    if let Some((_, source)) = same {
        return *source;
    }
    let known = declared.iter().zip(given).filter(|(slot, source)| is_polymorphic(**slot) && !source.is_unknown());
    for (slot, source) in known {
        let info = source.info();
        let element = match slot.name() {
            Type::ANYARRAY | Type::ANYCOMPATIBLEARRAY => info.element,
            Type::ANYRANGE | Type::ANYMULTIRANGE => info.subtype,
            _ => Some(*source),
        };
        let found = match target.name() {
            Type::ANYARRAY | Type::ANYCOMPATIBLEARRAY => element.and_then(Type::array),
            Type::ANYRANGE | Type::ANYMULTIRANGE => None,
            _ => element,
        };
        if let Some(found) = found {
            return found;
        }
    }
    Type::named(Type::UNKNOWN)
}

impl Catalog {
    /// The operator that `left name right` means, and what the sides become.
    pub fn resolve_operator(&self, name: &str, left: Type, right: Type) -> Option<(OperatorId, [Type; 2], Type)> {
        let named = self.operator_names.get(name)?;
        let candidates: Vec<(OperatorId, [Type; 2])> = named
            .iter()
            .filter_map(|id| {
                let operator = self.operator(*id);
                Some((*id, [operator.left?, operator.right]))
            })
            .collect();
        let given = [left, right];
        // A literal without a type is first taken for what stands on the other side.
        let alike = match (left.is_unknown(), right.is_unknown()) {
            (true, false) => [right, right],
            (false, true) => [left, left],
            _ => given,
        };
        let chosen = candidates.iter().find(|(_, args)| *args == alike).or_else(|| {
            let args: Vec<&[Type]> = candidates.iter().map(|(_, args)| args.as_slice()).collect();
            select(&args, &given).and_then(|position| candidates.get(position))
        });
        let (id, args) = chosen?;
        let result = concrete(self.operator(*id).result, args, &given);
        let becomes = [concrete(args[0], args, &given), concrete(args[1], args, &given)];
        Some((*id, becomes, result))
    }

    pub fn resolve_prefix_operator(&self, name: &str, right: Type) -> Option<(OperatorId, Type)> {
        let named = self.operator_names.get(name)?;
        let mut prefix = named.iter().filter(|id| self.operator(**id).left.is_none());
        let id = prefix.find(|id| self.operator(**id).right == right)?;
        Some((*id, self.operator(*id).result))
    }

    /// The function that a call means.
    pub fn resolve_function(&'static self, name: &str, given: &[Type]) -> Option<Resolved> {
        let named = self.function_names.get(name)?;
        let mut candidates: Vec<(&'static Function, Vec<Type>)> = Vec::new();
        for id in named {
            let function = &self.functions[usize::from(*id)];
            let mut args = function.args.clone();
            if function.variadic && args.len() <= given.len() {
                let rest = args.pop()?;
                let each = rest.info().element.unwrap_or(rest);
                args.resize(given.len(), each);
            }
            let missing = args.len().saturating_sub(given.len());
            if args.len() < given.len() || missing > function.defaults {
                continue;
            }
            args.truncate(given.len());
            candidates.push((function, args));
        }
        let exact = candidates.iter().position(|(_, args)| args == given);
        let position = exact.or_else(|| {
            let args: Vec<&[Type]> = candidates.iter().map(|(_, args)| args.as_slice()).collect();
            select(&args, given)
        })?;
        let (function, args) = candidates.into_iter().nth(position)?;
        let result = concrete(function.result, &args, given);
        let args = args.iter().map(|arg| concrete(*arg, &args, given)).collect();
        Some(Resolved { function, args, result })
    }

    /// Whether a function of the name exists, whatever it takes.
    pub fn has_function(&self, name: &str) -> bool {
        self.function_names.contains_key(name)
    }

    /// The most volatile of the functions of a name; unknown functions count as volatile.
    pub fn volatility(&self, name: &str) -> Volatility {
        let named = self.function_names.get(name).map(Vec::as_slice).unwrap_or_default();
        let volatilities = named.iter().map(|id| self.functions[usize::from(*id)].volatility);
        volatilities.max().unwrap_or(Volatility::Volatile)
    }

    pub fn is_aggregate(&self, name: &str) -> bool {
        let named = self.function_names.get(name).map(Vec::as_slice).unwrap_or_default();
        named.iter().any(|id| self.functions[usize::from(*id)].aggregate)
    }
}

/// The best candidate for the types given, by PostgreSQL's rules.
fn select(candidates: &[&[Type]], given: &[Type]) -> Option<usize> {
    let mut left: Vec<usize> = (0..candidates.len())
        .filter(|position| {
            let args = candidates[*position];
            args.len() == given.len()
                && args.iter().zip(given).all(|(target, source)| coerces_implicitly(*source, *target))
                && polymorphic_agree(args, given)
        })
        .collect();
    if left.len() <= 1 {
        return left.first().copied();
    }
    let keep_best = |left: &mut Vec<usize>, score: &dyn Fn(usize) -> usize| {
        let best = left.iter().map(|position| score(*position)).max().unwrap_or(0);
        left.retain(|position| score(*position) == best);
    };
    let known = || given.iter().enumerate().filter(|(_, source)| !source.is_unknown());
    keep_best(&mut left, &|position| known().filter(|(slot, source)| candidates[position][*slot] == **source).count());
    if let [only] = left.as_slice() {
        return Some(*only);
    }
    let preferred = |target: Type, source: Type| {
        let (target_info, source_info) = (target.info(), source.info());
        target == source || (target_info.preferred && target_info.category == source_info.category)
    };
    keep_best(&mut left, &|position| {
        known().filter(|(slot, source)| preferred(candidates[position][*slot], **source)).count()
    });
    if let [only] = left.as_slice() {
        return Some(*only);
    }
    let unknown: Vec<usize> = (0..given.len()).filter(|slot| given[*slot].is_unknown()).collect();
    if unknown.is_empty() {
        return left.first().copied();
    }
    // Each unknown argument is a text if any candidate takes one, else of the category that all candidates agree on.
    let mut categories = Vec::new();
    for slot in &unknown {
        let of = |position: &usize| candidates[*position][*slot].info().category;
        let category = if left.iter().any(|position| of(position) == 'S') {
            Some('S')
        } else {
            let first = left.first().map(&of);
            first.filter(|first| left.iter().all(|position| of(position) == *first))
        };
        categories.push(category);
    }
    if categories.iter().all(Option::is_some) {
        let fits = |position: &usize| {
            unknown
                .iter()
                .zip(&categories)
                .all(|(slot, category)| Some(candidates[*position][*slot].info().category) == *category)
        };
        if left.iter().any(&fits) {
            left.retain(fits);
            let preferred_count =
                |position: usize| unknown.iter().filter(|slot| candidates[position][**slot].info().preferred).count();
            keep_best(&mut left, &preferred_count);
        }
    }
    if let [only] = left.as_slice() {
        return Some(*only);
    }
    // The unknown ones are what the known ones are, when those are all alike.
    let mut kinds = known().map(|(_, source)| *source);
    if let Some(first) = kinds.next()
        && kinds.all(|kind| kind == first)
    {
        let same = vec![first; given.len()];
        let alike = |position: &&usize| {
            let args = candidates[**position];
            args.iter().all(|target| coerces_implicitly(first, *target)) && polymorphic_agree(args, &same)
        };
        let mut fitting = left.iter().filter(alike);
        if let (Some(only), None) = (fitting.next(), fitting.next()) {
            return Some(*only);
        }
    }
    left.first().copied()
}

#[cfg(test)]
mod tests {
    use super::super::{Type, catalog};

    fn meaning(left: &str, name: &str, right: &str) -> Option<(String, String)> {
        let (id, _, _) = catalog().resolve_operator(name, Type::named(left), Type::named(right))?;
        let operator = catalog().operator(id);
        Some((operator.left?.name().to_owned(), operator.right.name().to_owned()))
    }

    #[test]
    fn operators_mean_what_postgresql_means() {
        let cases = [
            ("varchar", "=", "unknown", ("text", "text")),
            ("int8", "=", "int4", ("int8", "int4")),
            ("int4", "=", "unknown", ("int4", "int4")),
            ("int4", "=", "numeric", ("numeric", "numeric")),
            ("jsonb", "->", "unknown", ("jsonb", "text")),
            ("jsonb", "@>", "unknown", ("jsonb", "jsonb")),
            ("text", "~~", "unknown", ("text", "text")),
            ("date", ">", "timestamptz", ("date", "timestamptz")),
            ("_varchar", "@>", "_varchar", ("anyarray", "anyarray")),
            ("tstzrange", "@>", "timestamptz", ("anyrange", "anyelement")),
            ("tstzrange", "@>", "unknown", ("anyrange", "anyrange")),
            ("uuid", "=", "unknown", ("uuid", "uuid")),
            ("inet", "=", "unknown", ("inet", "inet")),
            ("varchar", "%", "unknown", ("text", "text")),
            ("tsvector", "@@", "tsquery", ("tsvector", "tsquery")),
            ("varchar", "||", "unknown", ("text", "text")),
            ("bpchar", "=", "unknown", ("bpchar", "bpchar")),
            ("citext", "=", "unknown", ("citext", "citext")),
        ];
        for (left, name, right, expected) in cases {
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(meaning(left, name, right), Some(expected), "{left} {name} {right}");
        }
    }
}
