//! Where a database is, by the same names and in the same places as libpq's: an address, a service, `PG*` variables, a password file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Error;

/// Parameters by libpq's names (`host`, `port`, `user`, `password`, `dbname`, `sslmode`…).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    parameters: BTreeMap<String, String>,
}

/// Nothing that could be a password is shown.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({self})")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |name| self.get(name).unwrap_or_default();
        write!(f, "{}@{}:{}/{}", of("user"), of("host"), self.get("port").unwrap_or("5432"), of("dbname"))
    }
}

/// Parameters and the variables that set them.
const VARIABLES: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("passfile", "PGPASSFILE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
];

impl Address {
    /// The address given (`postgresql://…` or `host=… dbname=…`), completed by a service's file, variables and a password file.
    ///
    /// # Errors
    /// The address cannot be read, or names a service that there is not.
    pub fn find(given: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Address, Error> {
        let mut parameters = given.map(parse).transpose()?.unwrap_or_default();
        let mut complete = |more: BTreeMap<String, String>| {
            more.into_iter().for_each(|(name, value)| {
                parameters.entry(name).or_insert(value);
            });
        };
        let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
        let service = given.and(None).or_else(|| variable("PGSERVICE"));
        complete(
            VARIABLES
                .iter()
                .filter(|_| service.is_none())
                .filter_map(|(name, from)| {
                    Some(((*name).to_owned(), variable(from).filter(|value| !value.is_empty())?))
                })
                .collect(),
        );
        if let Some(name) = parameters.remove("service").or(service) {
            let file = variable("PGSERVICEFILE").map_or_else(|| home.join(".pg_service.conf"), PathBuf::from);
            for (name, value) in of_service(&name, &file)? {
                parameters.entry(name).or_insert(value);
            }
        }
        parameters.entry("host".to_owned()).or_insert_with(usual_host);
        let user = || variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "postgres".to_owned());
        let user = parameters.entry("user".to_owned()).or_insert_with(user).clone();
        parameters.entry("dbname".to_owned()).or_insert(user);
        let mut address = Address { parameters };
        if address.get("password").is_none() {
            let file = address.get("passfile").map_or_else(|| home.join(".pgpass"), PathBuf::from);
            if let Some(password) = address.of_password_file(&file) {
                address.parameters.insert("password".to_owned(), password);
            }
        }
        Ok(address)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// `host:port:database:user:password`, the first line that fits. A file that others can read is not used, as libpq does not.
    fn of_password_file(&self, file: &Path) -> Option<String> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if file.metadata().ok()?.permissions().mode() & 0o077 != 0 {
                return None;
            }
        }
        let text = std::fs::read_to_string(file).ok()?;
        let host = self.get("host").filter(|host| !host.starts_with('/')).unwrap_or("localhost");
        let wanted = [host, self.get("port").unwrap_or("5432"), self.get("dbname")?, self.get("user")?];
        text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
            let fields = fields(line);
            let fits =
                fields.len() == 5 && fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
            fits.then(|| fields.into_iter().next_back())?
        })
    }
}

/// Separated by colons, which a backslash makes ordinary.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            c => {
                let c = if c == '\\' { chars.next().unwrap_or(c) } else { c };
                if let Some(last) = fields.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    fields
}

fn usual_host() -> String {
    let sockets = ["/var/run/postgresql", "/tmp"];
    let found = sockets.into_iter().find(|folder| Path::new(folder).join(".s.PGSQL.5432").exists());
    found.unwrap_or("localhost").to_owned()
}

/// The section of a service in `pg_service.conf`.
fn of_service(name: &str, file: &Path) -> Result<BTreeMap<String, String>, Error> {
    let missing = || {
        Error::new(format!("there is no service `{name}` in `{}`", file.display()))
            .hint("PGSERVICEFILE names the file with services; the usual one is ~/.pg_service.conf")
    };
    let text = std::fs::read_to_string(file).map_err(|_| missing())?;
    let header = format!("[{name}]");
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != header);
    lines.next().ok_or_else(missing)?;
    let own = lines.take_while(|line| !line.starts_with('['));
    let pairs = own.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

/// The text may hold a password: no error repeats any of it.
fn parse(text: &str) -> Result<BTreeMap<String, String>, Error> {
    let text = text.trim();
    let found = match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
        Some(rest) => of_url(rest),
        None => of_pairs(text),
    };
    found.ok_or_else(|| {
        Error::new("the database's address cannot be read")
            .hint("write it as in `postgresql://user@host:5432/database?sslmode=require`, or as `host=… dbname=…`")
            .hint("special characters in a URL are written in percent: `@` is `%40`, `/` is `%2F`, `%` is `%25`")
    })
}

fn of_url(rest: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    let mut put = |name: &str, value: &str| -> Option<()> {
        if !value.is_empty() {
            parameters.insert(name.to_owned(), decoded(value)?);
        }
        Some(())
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    put("user", user)?;
    put("password", password)?;
    put("dbname", database)?;
    let split = |host: &'_ str| -> (String, String) {
        // An IPv6 address stands in brackets.
        let end = host.rfind(']').map_or(0, |at| at + 1);
        let (name, port) = match host[end..].split_once(':') {
            Some((between, port)) => (&host[..end + between.len()], port),
            None => (host, ""),
        };
        (name.trim_start_matches('[').trim_end_matches(']').to_owned(), port.to_owned())
    };
    let (names, ports): (Vec<String>, Vec<String>) = hosts.split(',').map(split).unzip();
    put("host", &names.join(","))?;
    if ports.iter().any(|port| !port.is_empty()) {
        put(
            "port",
            &ports.iter().map(|port| if port.is_empty() { "5432" } else { port }).collect::<Vec<_>>().join(","),
        )?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        put(name, value)?;
    }
    Some(parameters)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok())?;
            bytes.push(u8::from_str_radix(code, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// `host=db dbname='my db'`.
fn of_pairs(text: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let is_quoted = after.starts_with('\'');
        let mut value = String::new();
        let mut chars = after.char_indices().skip(usize::from(is_quoted));
        let mut end = after.len();
        let mut closed = !is_quoted;
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.push(chars.next()?.1),
                '\'' if is_quoted => {
                    (end, closed) = (at + 1, true);
                    break;
                }
                c if c.is_whitespace() && !is_quoted => {
                    end = at;
                    break;
                }
                c => value.push(c),
            }
        }
        if !closed || name.trim().is_empty() || name.trim().contains(char::is_whitespace) {
            return None;
        }
        parameters.insert(name.trim().to_owned(), value);
        rest = after[end..].trim_start();
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn addresses_are_read_in_both_forms() {
        let url = "postgresql://me%40x:p%2Fw@db.example:6432/shop?sslmode=verify-full&connect_timeout=3";
        let address = Address::find(Some(url), &none).expect("an address");
        let of = |name| address.get(name).unwrap_or_default();
        assert_eq!((of("user"), of("password"), of("host"), of("port")), ("me@x", "p/w", "db.example", "6432"));
        assert_eq!((of("dbname"), of("sslmode"), of("connect_timeout")), ("shop", "verify-full", "3"));
        let pairs =
            Address::find(Some("host = db dbname='my \\'db' user=me password = 'p w'"), &none).expect("an address");
        assert_eq!((pairs.get("dbname"), pairs.get("password")), (Some("my 'db"), Some("p w")));
        let ipv6 = Address::find(Some("postgres://me@[::1]:5433/x"), &none).expect("an address");
        assert_eq!((ipv6.get("host"), ipv6.get("port")), (Some("::1"), Some("5433")));
    }

    #[test]
    fn nothing_shows_a_password() {
        let address = Address::find(Some("postgresql://me:hunter2@db/x"), &none).expect("an address");
        assert_eq!(format!("{address} {address:?}"), "me@db:5432/x Address(me@db:5432/x)");
        let error = Address::find(Some("postgresql://me:hunter2%@db/x"), &none).expect_err("a lone percent sign");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let error = Address::find(Some("host=db password='hunter2"), &none).expect_err("an open quote");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn services_variables_and_password_files_complete_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (services, passwords) = (folder.path().join("services"), folder.path().join("passwords"));
        std::fs::write(&services, "[other]\nhost=no\n[shop]\n# a remark\nhost=db.example\nport=6432\ndbname=shop\nuser=reader\n[x]\nhost=no\n").expect("written");
        std::fs::write(&passwords, "# \nother:*:*:*:no\ndb.example:6432:*:reader:s\\:ecret\n").expect("written");
        let variable = |name: &str| match name {
            "PGSERVICE" => Some("shop".to_owned()),
            "PGSERVICEFILE" => Some(services.display().to_string()),
            "PGPASSFILE" => Some(passwords.display().to_string()),
            _ => None,
        };
        let given = format!("service=shop passfile={}", passwords.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = Address::find(Some(&given), &variable).expect("an address");
            assert_eq!(readable.get("password"), None, "a file that others can read is not used");
            std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).expect("set");
        }
        let address = Address::find(Some(&given), &variable).expect("an address");
        assert_eq!((address.get("host"), address.get("user")), (Some("db.example"), Some("reader")));
        assert_eq!(address.get("password"), Some("s:ecret"));
        let plain = Address::find(None, &|name| (name == "PGHOST").then(|| "h".to_owned())).expect("an address");
        assert_eq!((plain.get("host"), plain.get("dbname")), (Some("h"), Some("postgres")));
        assert!(Address::find(Some("service=none"), &variable).is_err());
    }
}
