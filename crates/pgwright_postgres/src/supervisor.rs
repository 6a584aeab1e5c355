//! The small process that outlives us by a moment: it stops the server and removes its folder, whatever happened to us.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;
use crate::owner::Owner;

/// What the server said last is kept up to so many bytes.
const KEPT: usize = 16 << 10;

/// A shell that runs `program` in a folder while we live. Dropping it stops the program and removes the folder.
#[derive(Debug)]
pub(crate) struct Supervisor {
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Supervisor {
    /// From here on `folder` is removed when we end. The program starts with [`Supervisor::start`].
    pub(crate) fn watch(
        folder: &Path,
        owner: Option<Owner>,
        program: &Path,
        arguments: &[String],
    ) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(include_str!("supervisor.sh")).arg("pgwright-shadow").arg(program).args(arguments);
        // Its own group: Ctrl-C in the terminal is for us, and ends it through its stdin.
        command.current_dir(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        as_owner(&mut command, owner);
        let mut child = command.spawn().map_err(|error| Error::io("start `/bin/sh`", &error))?;
        let said = Arc::new(Mutex::new(Vec::new()));
        if let Some(mut stderr) = child.stderr.take() {
            let said = Arc::clone(&said);
            // Ends with the server: then nobody holds the other end any more.
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    said.extend_from_slice(&buffer[..read]);
                    let surplus = said.len().saturating_sub(KEPT);
                    said.drain(..surplus);
                }
            });
        }
        Ok(Supervisor { stdin: child.stdin.take(), child, said })
    }

    /// Copies the template to `data` in the folder (unless `data` is there already) and starts the program.
    pub(crate) fn start(&mut self, template: Option<&Path>) -> Result<(), Error> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        let template = template.map(|path| path.display().to_string()).unwrap_or_default();
        writeln!(stdin, "{template}").map_err(|error| Error::io("start PostgreSQL", &error))
    }

    /// What the program has written to stderr.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Whether it has ended, before it was asked to.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// Lets a command run as the owner of a cluster, with nothing of our environment that concerns PostgreSQL.
pub(crate) fn as_owner(command: &mut Command, owner: Option<Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C");
}
