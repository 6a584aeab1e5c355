//! Who runs a cluster: PostgreSQL refuses to run as root.

use std::path::Path;

/// The user and group a cluster runs as, when that is not who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// By convention the user that owns nothing.
const NOBODY: u32 = 65534;

/// Who has to run clusters in our place: someone, when we are root.
#[cfg(unix)]
pub(crate) fn unprivileged() -> Option<Owner> {
    rustix::process::geteuid().is_root().then(|| {
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        // `initdb` looks its user up: one with a name has to be taken.
        let named = |name: &str| users.lines().find_map(|line| of_line(line, name));
        named("nobody").or_else(|| named("postgres")).unwrap_or(Owner { uid: NOBODY, gid: NOBODY })
    })
}

/// `nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin`.
fn of_line(line: &str, name: &str) -> Option<Owner> {
    let mut parts = line.split(':');
    (parts.next()? == name).then_some(())?;
    Some(Owner { uid: parts.nth(1)?.parse().ok().filter(|uid| *uid != 0)?, gid: parts.next()?.parse().ok()? })
}

/// Whether everyone may enter each folder on the way, and read what is there.
#[cfg(unix)]
pub(crate) fn is_readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().map(|metadata| metadata.permissions().mode());
    path.canonicalize().is_ok_and(|path| {
        let way = path.ancestors().skip(1).all(|folder| mode(folder).is_ok_and(|mode| mode & 0o001 != 0));
        way && mode(&path).is_ok_and(|mode| mode & 0o005 == 0o005)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_and_root_is_nobody_to_take() {
        let line = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";
        assert_eq!(of_line(line, "nobody"), Some(Owner { uid: 65534, gid: 65533 }));
        assert_eq!(of_line(line, "postgres"), None);
        assert_eq!(of_line("nobody:x:0:0::/:", "nobody"), None);
        assert_eq!(of_line("nobody", "nobody"), None);
    }
}
