//! Functions and names that tell something about a value passing through them.

const JSON_MODULES: [&str; 6] = ["json", "simplejson", "orjson", "ujson", "rapidjson", "demjson"];
const YAML_FUNCTIONS: [&str; 6] = ["load", "safe_load", "full_load", "dump", "safe_dump", "unsafe_load"];

/// Parts of a path that speak of hashing, encryption, signing or making secrets, by their first letter: every call of a project
/// is looked at.
fn cryptographic(letter: u8) -> &'static [&'static str] {
    match letter {
        b'a' => &["argon2"],
        b'c' => &["crypt", "check_password", "constant_time_compare"],
        b'd' => &["digest"],
        b'f' => &["fernet"],
        b'g' => &["get_random_string"],
        b'h' => &["hash", "hmac"],
        b'm' => &["make_password"],
        b'p' => &["pbkdf2", "passlib"],
        b's' => &["signing"],
        b't' => &["token_urlsafe", "token_hex"],
        _ => &[],
    }
}

/// Keyword arguments and parts of an authentication that carry credentials.
const CREDENTIALS: [&str; 22] = [
    "password",
    "passwd",
    "api_key",
    "apikey",
    "token",
    "access_token",
    "auth_token",
    "secret",
    "secret_key",
    "client_secret",
    "aws_secret_access_key",
    "aws_session_token",
    "private_key",
    "credentials",
    "account_key",
    "sas_token",
    "bearer",
    "auth",
    "secret_access_key",
    "login_password",
    "passphrase",
    "http_auth",
];

const HEADERS: [&str; 7] =
    ["authorization", "proxy-authorization", "x-api-key", "api-key", "x-auth-token", "x-access-token", "private-token"];

/// `json.loads` and its like.
pub(super) fn is_document(path: &str) -> bool {
    let (module, function) = path.rsplit_once('.').unwrap_or(("", path));
    let top = module.split('.').next().unwrap_or_default();
    (JSON_MODULES.contains(&top) && matches!(function, "loads" | "dumps"))
        || (matches!(top, "yaml" | "ruamel") && YAML_FUNCTIONS.contains(&function))
        || path == "ast.literal_eval"
}

pub(super) fn is_cryptographic(path: &str) -> bool {
    let path = path.as_bytes();
    path.iter().enumerate().any(|(at, byte)| {
        let starts =
            |part: &&str| path[at..].get(..part.len()).is_some_and(|here| here.eq_ignore_ascii_case(part.as_bytes()));
        cryptographic(byte.to_ascii_lowercase()).iter().any(starts)
    })
}

pub(super) fn is_telling(path: &str) -> bool {
    is_document(path) || is_cryptographic(path)
}

pub(super) fn is_credential(keyword: &str) -> bool {
    CREDENTIALS.contains(&keyword)
}

pub(super) fn is_header(name: &str) -> bool {
    HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_module_and_function() {
        for path in ["json.loads", "simplejson.dumps", "orjson.loads", "yaml.safe_load", "ast.literal_eval"] {
            assert!(is_document(path), "{path}");
        }
        for path in ["json.JSONDecodeError", "self.loads", "pickle.loads", "geojson.loads", "yaml.YAMLError"] {
            assert!(!is_document(path), "{path}");
        }
    }

    #[test]
    fn cryptography_is_known_by_what_it_is_called() {
        for path in
            ["django.contrib.auth.hashers.make_password", "hashlib.sha256", "cryptography.fernet.Fernet.encrypt"]
        {
            assert!(is_cryptographic(path), "{path}");
        }
        assert!(!is_cryptographic("shop.orders.total"));
        assert!(is_header("Authorization") && !is_header("Accept"));
    }
}
