//! How long an editor waits for the language server on a real project: from a keystroke in unsaved text to the findings that it changes,
//! and for an answer asked right after it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::corpus::projects;
use crate::pgwright;
use crate::shell::command;

/// Keystrokes each of which is waited for.
const KEYS: usize = 100;
/// Keystrokes as fast as the server takes them.
const FLOOD: usize = 3000;
/// The file that is edited: the largest of the project's models.
const FILE: &str = "wagtail/models/pages.py";
/// Both rounds of the start are over when nothing was heard for so long.
const SILENCE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);

struct Server {
    process: Child,
    to: ChildStdin,
    heard: Receiver<Value>,
    uri: String,
    version: u32,
    asked: u32,
}

pub(crate) fn run() -> Result<bool> {
    let project = projects(&["wagtail"])?.pop().context("wagtail is not in the corpus")?;
    let sources = project.fetch()?;
    let binary = pgwright::binary()?;
    let text = std::fs::read_to_string(Path::new(&sources.source).join(FILE)).context(FILE)?;
    let python = sources.site_packages.to_str().context("the cache's path is not UTF-8")?;
    let mut start = command(&binary, ["server", "--settings", &project.settings, "--python", python]);
    start.current_dir(&sources.source).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = start.spawn()?;
    let to = process.stdin.take().context("no stdin")?;
    let from = process.stdout.take().context("no stdout")?;
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        while let Some(message) = read(&mut from) {
            if tell.send(message).is_err() {
                return;
            }
        }
    });
    let root = format!("file://{}", Path::new(&sources.source).display());
    let mut server = Server { process, to, heard, uri: format!("{root}/{FILE}"), version: 1, asked: 0 };
    let measured = measure(&mut server, &root, &text);
    let _ = server.process.kill();
    let _ = server.process.wait();
    measured?;
    Ok(true)
}

fn measure(server: &mut Server, root: &str, text: &str) -> Result<()> {
    let begun = Instant::now();
    server.ask("initialize", json!({"capabilities": {}, "workspaceFolders": [{"uri": root, "name": "project"}]}))?;
    server.tell("initialized", &json!({}))?;
    let document = json!({"uri": server.uri, "languageId": "python", "version": 1, "text": text});
    server.tell("textDocument/didOpen", &json!({"textDocument": document}))?;
    server.heard.recv_timeout(PATIENCE).context("no findings")?;
    println!("wagtail, edits in {FILE} ({} lines)", text.lines().count());
    println!("start to first findings {:>8.0} ms", begun.elapsed().as_secs_f64() * 1000.0);
    while server.heard.recv_timeout(SILENCE).is_ok() {}
    let rested = server.memory()?;

    let (mut findings, mut answers) = (Vec::new(), Vec::new());
    for key in 0..KEYS {
        // A parenthesis that comes and goes.
        let is_wrong = key % 2 == 0;
        let now = if is_wrong { format!("{text}\n)\n") } else { text.to_owned() };
        let pressed = Instant::now();
        server.change(&now)?;
        let at = json!({"textDocument": {"uri": server.uri}, "position": {"line": 0, "character": 0}});
        server.asked += 1;
        let asked = server.asked;
        let method = ["textDocument/hover", "textDocument/completion", "textDocument/documentSymbol"][key % 3];
        server.send(&json!({"jsonrpc": "2.0", "id": asked, "method": method, "params": at}))?;
        let (mut is_shown, mut is_answered) = (false, false);
        while !is_shown || !is_answered {
            let message = server.heard.recv_timeout(PATIENCE).context("no answer to a keystroke")?;
            let waited = pressed.elapsed().as_secs_f64() * 1000.0;
            if message["id"] == asked {
                answers.push(waited);
                is_answered = true;
            } else if message["params"]["uri"] == server.uri && !is_shown {
                let shown = message["params"]["diagnostics"].as_array().into_iter().flatten();
                is_shown = shown.into_iter().any(|shown| shown["code"] == "syntax-error") == is_wrong;
                if is_shown {
                    findings.push(waited);
                }
            }
        }
    }
    row("keystroke to findings", &mut findings);
    row("keystroke to an answer", &mut answers);
    let after = server.memory()?;
    for key in 0..FLOOD {
        server.change(&format!("{text}\n# {key}\n"))?;
    }
    while server.heard.recv_timeout(Duration::from_secs(5)).is_ok() {}
    println!(
        "resident memory         {rested} MiB at rest, {after} after {KEYS} keystrokes, {} after {FLOOD} more",
        server.memory()?
    );
    Ok(())
}

fn row(what: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() * share / 100).min(values.len() - 1)];
    println!("{what:<24}{:>8.0} ms p50 {:>8.0} ms p95   ({} keystrokes)", at(50), at(95), values.len());
}

impl Server {
    fn send(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.to.flush()?)
    }

    fn tell(&mut self, method: &str, params: &Value) -> Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<()> {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        while self.heard.recv_timeout(PATIENCE).with_context(|| format!("no answer to {method}"))?["id"] != id {}
        Ok(())
    }

    fn change(&mut self, text: &str) -> Result<()> {
        self.version += 1;
        let document = json!({"uri": self.uri, "version": self.version});
        self.tell("textDocument/didChange", &json!({"textDocument": document, "contentChanges": [{"text": text}]}))
    }

    /// Resident memory in MiB, as Linux counts it.
    fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        match line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()) {
            Some(kib) => Ok(kib / 1024),
            None => bail!("no number in `{line}`"),
        }
    }
}

/// The next message; none when the server has gone.
fn read(from: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
