//! Which field names speak of a secret.

/// What a secret is for: it decides what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Password,
    ApiKey,
    PrivateKey,
    Card,
    CardCode,
    /// What one-time codes are computed from.
    Seed,
    BackupCodes,
    /// Some token or secret; what it opens is not said.
    Token,
}

impl Kind {
    pub(crate) fn what(self) -> &'static str {
        match self {
            Kind::Password => "a password",
            Kind::ApiKey => "an API credential",
            Kind::PrivateKey => "a private key",
            Kind::Card => "a card number",
            Kind::CardCode => "a card verification code",
            Kind::Seed => "the seed of one-time codes",
            Kind::BackupCodes => "backup codes",
            Kind::Token => "a token",
        }
    }
}

/// Ends of names, longest first where one contains another.
const ENDINGS: [(&str, Kind); 58] = [
    ("credit_card_number", Kind::Card),
    ("card_number", Kind::Card),
    ("cc_number", Kind::Card),
    ("cardnumber", Kind::Card),
    ("cvv", Kind::CardCode),
    ("cvv2", Kind::CardCode),
    ("cvc", Kind::CardCode),
    ("totp_secret", Kind::Seed),
    ("totp_seed", Kind::Seed),
    ("totp_key", Kind::Seed),
    ("otp_secret", Kind::Seed),
    ("otp_seed", Kind::Seed),
    ("otp_key", Kind::Seed),
    ("mfa_secret", Kind::Seed),
    ("two_factor_secret", Kind::Seed),
    ("tfa_secret", Kind::Seed),
    ("recovery_codes", Kind::BackupCodes),
    ("backup_codes", Kind::BackupCodes),
    ("recovery_code", Kind::BackupCodes),
    ("backup_code", Kind::BackupCodes),
    ("private_key", Kind::PrivateKey),
    ("privkey", Kind::PrivateKey),
    ("privatekey", Kind::PrivateKey),
    ("signing_key", Kind::PrivateKey),
    ("encryption_key", Kind::PrivateKey),
    ("api_key", Kind::ApiKey),
    ("apikey", Kind::ApiKey),
    ("api_secret", Kind::ApiKey),
    ("api_token", Kind::ApiKey),
    ("apitoken", Kind::ApiKey),
    ("secret_access_key", Kind::ApiKey),
    ("access_key", Kind::ApiKey),
    ("secret_key", Kind::ApiKey),
    ("account_key", Kind::ApiKey),
    ("auth_key", Kind::ApiKey),
    ("access_token", Kind::ApiKey),
    ("refresh_token", Kind::ApiKey),
    ("auth_token", Kind::ApiKey),
    ("oauth_token", Kind::ApiKey),
    ("bearer_token", Kind::ApiKey),
    ("aws_session_token", Kind::ApiKey),
    ("bot_token", Kind::ApiKey),
    ("client_secret", Kind::ApiKey),
    ("consumer_secret", Kind::ApiKey),
    ("app_secret", Kind::ApiKey),
    ("webhook_secret", Kind::ApiKey),
    ("shared_secret", Kind::ApiKey),
    ("signing_secret", Kind::ApiKey),
    ("password", Kind::Password),
    ("passwd", Kind::Password),
    ("passphrase", Kind::Password),
    ("pwd", Kind::Password),
    ("passcode", Kind::Password),
    ("secret", Kind::Token),
    ("token", Kind::Token),
    ("secret_token", Kind::Token),
    ("secret_code", Kind::Token),
    ("access_code", Kind::Token),
];

/// With one of these in it the name is about a secret, a digest of one, or something else that is called a token.
const HARMLESS: [&str; 71] = [
    "hash",
    "hashed",
    "digest",
    "encrypted",
    "cipher",
    "ciphertext",
    "salt",
    "public",
    "pub",
    "csrf",
    "cache",
    "has",
    "is",
    "use",
    "uses",
    "needs",
    "require",
    "requires",
    "allow",
    "show",
    "hint",
    "help",
    "label",
    "name",
    "id",
    "url",
    "uri",
    "path",
    "type",
    "kind",
    "count",
    "length",
    "min",
    "max",
    "ttl",
    "expires",
    "at",
    "date",
    "template",
    "regex",
    "pattern",
    "policy",
    "page",
    "sync",
    "continuation",
    "cursor",
    "idempotency",
    "device",
    "fcm",
    "apns",
    "push",
    "lock",
    "sort",
    "unsubscribe",
    "notification",
    "notifications",
    "feed",
    "calendar",
    "ical",
    "masked",
    "fingerprint",
    "prefix",
    "suffix",
    "last",
    "next",
    "previous",
    "nlp",
    "stop",
    "reference",
    "tracking",
    "share",
];

/// Good for one use, and of no use afterwards.
const ONE_TIME: [&str; 17] = [
    "reset",
    "invite",
    "invitation",
    "confirm",
    "confirmation",
    "verify",
    "verification",
    "activation",
    "activate",
    "onetime",
    "challenge",
    "nonce",
    "state",
    "temporary",
    "magic",
    "claim",
    "initialization",
];

pub(crate) fn kind_of(field: &str, class: &str) -> Option<Kind> {
    let lower = field.to_ascii_lowercase();
    let bare = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let bare = ["_plain", "_plaintext", "_raw", "_value", "_text"]
        .iter()
        .find_map(|end| bare.strip_suffix(end))
        .unwrap_or(bare);
    let bare = if lower.ends_with("cvv2") { "cvv" } else { bare };
    let kind = ENDINGS.iter().find(|(end, _)| ends_with_words(bare, end)).map(|(_, kind)| *kind)?;
    // Django keeps its own session keys as they are, for as long as a session lasts.
    let is_session = bare.ends_with("session_token") && !bare.starts_with("aws");
    if is_session || bare.split('_').any(|word| HARMLESS.contains(&word)) {
        return None;
    }
    let class = class.to_ascii_lowercase();
    if kind == Kind::Token
        && ["otp", "totp", "authenticator", "twofactor", "mfa"].iter().any(|part| class.contains(part))
    {
        return Some(Kind::Seed);
    }
    // What no longer opens anything, and the passwords that were: nobody can keep a history of those but as hashes.
    let is_history = kind == Kind::Password && ["historic", "history"].iter().any(|part| class.contains(part));
    if is_history || ["blacklist", "blocked", "denylist", "revoked", "cache"].iter().any(|part| class.contains(part)) {
        return None;
    }
    Some(kind)
}

pub(crate) fn is_one_time(field: &str, class: &str) -> bool {
    let class = class.to_ascii_lowercase();
    field.to_ascii_lowercase().split('_').any(|word| ONE_TIME.contains(&word))
        || ["reset", "invit", "confirmation", "verification", "challenge", "activation", "onetime"]
            .iter()
            .any(|part| class.contains(part))
}

/// `api_key` ends `client_api_key`, and not `napi_key`.
fn ends_with_words(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_hold() {
        assert_eq!(kind_of("api_key", "Client"), Some(Kind::ApiKey));
        assert_eq!(kind_of("aws_secret_access_key", "Storage"), Some(Kind::ApiKey));
        assert_eq!(kind_of("password2", "Account"), Some(Kind::Password));
        assert_eq!(kind_of("cvv2", "Card"), Some(Kind::CardCode));
        assert_eq!(kind_of("secret", "OTPDevice"), Some(Kind::Seed));
        assert_eq!(kind_of("secret", "Order"), Some(Kind::Token));
    }

    #[test]
    fn names_about_secrets_are_no_secrets() {
        for name in [
            "csrf_token",
            "token_count",
            "max_tokens",
            "password_changed_at",
            "secret_name",
            "key",
            "public_key",
            "api_key_hash",
            "hashed_password",
            "page_token",
            "needs_password",
            "access_key_id",
            "monkey",
            "tokens",
        ] {
            assert_eq!(kind_of(name, "Thing"), None, "{name}");
        }
    }

    #[test]
    fn one_time_tokens_are_known() {
        assert!(is_one_time("reset_token", "User"));
        assert!(is_one_time("token", "TeamInvite"));
        assert!(!is_one_time("token", "Device"));
    }
}
