//! Secrets that everyone who reads the table has.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::model::Model;
use pgwright_django::usage::{Use, UseKind};

use crate::declared::{Declared, class_name, declarations};
use crate::secret_names::{Kind, is_one_time, kind_of};
use crate::tables::is_of_tests;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "plaintext-secret",
    summary: "a password, token, key or card number in a plain text column",
    docs: include_str!("plaintext_secret.md"),
    group: Group::Security,
    severity: Severity::Error,
    check: Check::Model(check),
};

const SHOWN: usize = 3;

/// Parts of class paths and function names of what protects a value.
const PROTECTING: [&str; 9] =
    ["crypt", "fernet", "vault", "hashed", "hasher", "make_password", "argon2", "pbkdf2", "scrypt"];

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    if is_of_tests(model) {
        return;
    }
    for declared in declarations(facts, model) {
        let field = declared.field;
        if !declared.is_text() || field.has_choices || field.max_length.is_some_and(|length| length < 3) {
            continue;
        }
        let Some(kind) = kind_of(&field.name, class_name(&field.declared_in)) else { continue };
        let uses: Vec<&Use> = facts.project.usage.of(field).collect();
        if is_protected(facts, model, &declared, &uses) {
            continue;
        }
        let one_time = is_one_time(&field.name, class_name(&field.declared_in));
        if one_time && expires(model) {
            continue;
        }
        found.push(finding(&declared, kind, &uses, one_time || (kind == Kind::Token && expires(model))));
    }
}

fn is_protected(facts: Facts, model: &Model, declared: &Declared, uses: &[&Use]) -> bool {
    let field = declared.field;
    let protects = |text: &str| {
        let lower = text.to_ascii_lowercase();
        PROTECTING.iter().any(|part| lower.contains(part))
    };
    if !field.class.starts_with("django.") {
        let class = facts.project.usage.field_class(&field.class);
        let says = class.is_some_and(|class| {
            class.mro.iter().any(|path| protects(path))
                || class.calls.iter().any(|(call, _)| protects(call) || hashes(call))
        });
        // `SecretField` and the like of a library; one of the project itself was read.
        if says || protects(&field.class) || (class.is_none() && class_name(&field.class).contains("Secret")) {
            return true;
        }
    }
    if field.help_text.as_deref().is_some_and(|text| {
        let lower = text.to_lowercase();
        lower.contains("encrypted") || lower.contains("hashed")
    }) {
        return true;
    }
    // `set_password` and `check_password` keep no password.
    let has = |prefix: &str| model.methods.iter().any(|method| method.name == format!("{prefix}_{}", field.name));
    if has("check") || has("verify") || has("hash") || has("encrypt") {
        return true;
    }
    uses.iter().any(|usage| match usage.kind {
        UseKind::AssignedFrom => protects(&usage.function) || hashes(&usage.function),
        UseKind::PassedTo => {
            let last = class_name(&usage.function).to_ascii_lowercase();
            protects(&last) || last.contains("check_password") || last.contains("hash_") || last.contains("_hash")
        }
        _ => false,
    })
}

fn hashes(function: &str) -> bool {
    let lower = function.to_ascii_lowercase();
    // Digests of nothing secret, and generators, make no hash of the value.
    (lower.starts_with("hashlib") || lower.contains("hmac") || lower.contains("digest") || lower.contains("hash"))
        && !lower.contains("create_hash")
        && !lower.contains("generate")
}

/// A row that says until when it is good.
fn expires(model: &Model) -> bool {
    model.fields.iter().any(|field| {
        matches!(field.internal_type.as_str(), "DateTimeField" | "DateField" | "DurationField")
            && ["expir", "valid", "until", "created", "issued", "sent", "requested", "redeemed"]
                .iter()
                .any(|part| field.name.contains(part))
    })
}

/// Whether a use shows that the value is there as it is.
fn shows(usage: &&Use) -> bool {
    match usage.kind {
        UseKind::Compared | UseKind::LookedUp | UseKind::Sent => true,
        UseKind::PassedTo => {
            let last = class_name(&usage.function);
            matches!(last, "constant_time_compare" | "compare_digest") || usage.function.starts_with("hmac.")
        }
        UseKind::AssignedFrom => false,
    }
}

fn finding(declared: &Declared, kind: Kind, uses: &[&Use], lesser: bool) -> Diagnostic {
    let shown: Vec<&&Use> =
        uses.iter().filter(|usage| shows(usage) && usage.confidence == Confidence::Certain).collect();
    let is_sent = shown.iter().any(|usage| usage.kind == UseKind::Sent);
    let mut finding = RULE
        .at(declared.site.name, declared.headline(&format!("keeps {} in plain text", kind.what())))
        .why(
            "Whoever reads one row, a backup, a replica or a log of slow statements (Django puts values into the SQL it \
             sends) can use it; nothing has to be broken for that",
        )
        .help(help(kind, is_sent));
    for usage in shown.iter().take(SHOWN) {
        finding = finding.related(usage.site, said(usage));
    }
    if shown.is_empty() {
        finding = finding.confidence(Confidence::Likely);
    }
    // A link in an e-mail has to be written again; a credential for another system opens that system.
    let is_hard = !shown.is_empty() && !lesser && (kind != Kind::Token || is_sent);
    finding.severity = if is_hard { Severity::Error } else { Severity::Warning };
    finding
}

fn said(usage: &Use) -> String {
    match usage.kind {
        UseKind::Compared => "compared as it is".to_owned(),
        UseKind::LookedUp => "looked up as it is".to_owned(),
        UseKind::Sent => format!("given to {}", usage_target(&usage.function)),
        _ => format!("passed to `{}`", usage.function),
    }
}

fn usage_target(function: &str) -> String {
    if function.contains(' ') { function.to_owned() } else { format!("`{function}`") }
}

fn help(kind: Kind, is_sent: bool) -> &'static str {
    match (kind, is_sent) {
        (Kind::Card | Kind::CardCode, _) => {
            "Keep the payment provider's token and the last four digits; a verification code may not be stored at all \
             (PCI DSS 3.3.1)"
        }
        (_, true) => {
            "Other systems need the value itself, so encrypt it with a key that is not in the database, or keep only a \
             reference to a secret store"
        }
        (Kind::Password, _) => {
            "Store `make_password(…)` and compare with `check_password(…)`; if another system needs the value itself, \
             encrypt it with a key that is not in the database"
        }
        (Kind::Seed, _) => {
            "Encrypt it with a key that is not in the database; a seed is needed itself, so no hash will do"
        }
        (Kind::BackupCodes, _) => "Store `make_password(…)` of each code, and delete what has been used",
        (Kind::PrivateKey, _) => "Keep it in a secret store, or encrypt it with a key that is not in the database",
        (Kind::ApiKey, _) => {
            "Show it once and store its SHA-256 digest, which is enough to recognise a random value and can be unique; \
             if another system needs the value itself, encrypt it"
        }
        (Kind::Token, _) => {
            "Store its SHA-256 digest if nobody has to see it again; for links, sign the primary key with \
             `django.core.signing` and store nothing; what must be shown again can be encrypted"
        }
    }
}
