//! Amounts of money in binary floating point.

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity};
use pgwright_django::model::{Model, Value};

use crate::declared::{Declared, declarations};
use crate::edits::Sequence;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "float-for-money",
    summary: "an amount of money in a FloatField, which cannot hold most amounts exactly",
    docs: include_str!("float_for_money.md"),
    group: Group::Schema,
    severity: Severity::Warning,
    check: Check::Model(check),
};

/// Last words of names that are amounts of money.
const MONEY: [&str; 27] = [
    "price", "prices", "amount", "cost", "costs", "fee", "fees", "salary", "wage", "wages", "balance", "payment",
    "tax", "vat", "revenue", "budget", "refund", "deposit", "turnover", "earnings", "subtotal", "total", "discount",
    "charge", "income", "expense", "money",
];
/// Any of these, and it is a quantity or a share, not money.
const NOT_MONEY: [&str; 36] = [
    "rate",
    "ratio",
    "score",
    "percent",
    "percentage",
    "pct",
    "weight",
    "factor",
    "share",
    "hours",
    "minutes",
    "seconds",
    "time",
    "duration",
    "count",
    "points",
    "distance",
    "length",
    "size",
    "quantity",
    "qty",
    "volume",
    "memory",
    "bytes",
    "loss",
    "calories",
    "energy",
    "usage",
    "probability",
    "token",
    "tokens",
    "step",
    "steps",
    "run",
    "cpu",
    "items",
];
/// Words that are money only beside another that says so, or when the model does: a `total` may be of anything.
const VAGUE: [&str; 6] = ["total", "amount", "balance", "discount", "charge", "budget"];
const MONEY_MODELS: [&str; 17] = [
    "order",
    "payment",
    "invoice",
    "cart",
    "basket",
    "product",
    "price",
    "account",
    "transaction",
    "refund",
    "donation",
    "expense",
    "salary",
    "wallet",
    "bill",
    "purchase",
    "sale",
];

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    for declared in declarations(facts, model) {
        let field = declared.field;
        if field.internal_type != "FloatField" || !says_money(&field.name, &field.declared_in) {
            continue;
        }
        let mut finding = RULE
            .at(declared.site.name, declared.headline("is money in a FloatField"))
            .why(
                "`double precision` holds binary fractions: 0.1 + 0.2 is 0.30000000000000004, sums depend on the order of \
                 the rows, and `= 19.99` may find nothing",
            )
            .help(
                "Make it a `DecimalField` (`numeric`), with as many decimal places as the currency needs. The migration \
                 rewrites the table under AccessExclusiveLock: nobody reads or writes it meanwhile",
            );
        finding.fix = fix(facts, &declared);
        found.push(finding);
    }
}

fn says_money(name: &str, class: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split('_').filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| NOT_MONEY.contains(word)) {
        return false;
    }
    let is_vague = |word: &&&str| VAGUE.contains(*word);
    let clear = words.iter().any(|word| MONEY.contains(word) && !VAGUE.contains(word));
    let model = crate::declared::class_name(class).to_ascii_lowercase();
    // `price_total` and `total_price` are both money; `total` is when the model is about money.
    clear || (words.iter().any(|word| is_vague(&word)) && MONEY_MODELS.iter().any(|part| model.contains(part)))
}

fn fix(facts: Facts, declared: &Declared) -> Option<Fix> {
    let (field, site) = (declared.field, declared.site);
    let callee = site.callee?;
    let prefix = facts.files.text(callee).strip_suffix("FloatField")?;
    if field.class != "django.db.models.fields.FloatField" || !(prefix.is_empty() || prefix.ends_with('.')) {
        return None;
    }
    // A bare name would have to be imported.
    if prefix.is_empty() {
        return None;
    }
    let mut edits = vec![Edit::replace(callee, format!("{prefix}DecimalField"))];
    let arguments = site.arguments?;
    let digits = "max_digits=12, decimal_places=2";
    let sequence = Sequence::of_arguments(facts.files, arguments)?;
    match sequence.entries.first() {
        None => edits.push(Edit::replace(arguments, digits)),
        Some(_) => edits.extend(sequence.with(facts.files, digits)?),
    }
    // `default=0.0` would be a float again; other fractions are written as they stand, and are exact as text.
    if let (Some(Value::Float(default)), Some(keyword)) = (&field.default, site.keyword("default")) {
        if default.fract() != 0.0 {
            return None;
        }
        edits.push(Edit::replace(keyword.value, format!("{default:.0}")));
    }
    Some(Fix { title: "Make it a `DecimalField`".to_owned(), applicability: Applicability::Unsafe, edits })
}
