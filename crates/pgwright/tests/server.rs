//! `pgwright server` over the protocol, as an editor speaks it.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use common::Project;
use serde_json::{Value, json};

const MODELS: &str = "\
from django.db import models


class Log(models.Model):
    flag = models.NullBooleanField()
    name = models.CharField(max_length=10, db_index=True)
";
const VIEWS: &str = "\
from .models import Log


def names(request):
    return [log.name for log in Log.objects.filter(flag=True)]
";

struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    root: String,
    asked: u32,
    /// Findings last published, by the end of the address.
    shown: Vec<(String, Value)>,
}

impl Editor {
    fn start(project: &Project) -> Editor {
        let mut server = project.command(&["server"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let root = format!("file://{}", project.path().display());
        let mut editor = Editor { server, to, from, root, asked: 0, shown: Vec::new() };
        let folder = json!([{"uri": editor.root, "name": "project"}]);
        let answer = editor.ask("initialize", json!({"capabilities": {}, "workspaceFolders": folder}));
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).unwrap();
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.from.read_exact(&mut text).unwrap();
        let message: Value = serde_json::from_slice(&text).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap().to_owned();
            self.shown.retain(|(known, _)| *known != uri);
            self.shown.push((uri, message["params"]["diagnostics"].clone()));
        }
        message
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.hear();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn document(&self, file: &str) -> Value {
        json!({"uri": format!("{}/{file}", self.root)})
    }

    /// Waits until a file shows exactly these rules.
    fn wait_for(&mut self, file: &str, rules: &[&str]) {
        let uri = format!("{}/{file}", self.root);
        loop {
            let shown = self.shown.iter().find(|(known, _)| *known == uri).map(|(_, shown)| shown);
            let mut now: Vec<&str> = shown
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|diagnostic| diagnostic["code"].as_str())
                .collect();
            now.sort_unstable();
            if shown.is_some() && now == rules {
                return;
            }
            self.hear();
        }
    }

    fn leave(mut self) {
        let _ = self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

fn project() -> Project {
    Project::with_app(
        "shop",
        &[
            ("shop/models.py", MODELS),
            ("shop/views.py", VIEWS),
            (
                "pgwright.toml",
                "select = [\"deprecated-declaration\", \"unindexed-filter\"]\n\n[assume.rows]\n\"shop.Log\" = 50000000\n",
            ),
        ],
    )
}

#[test]
fn findings_follow_what_is_typed() {
    let project = project();
    let mut editor = Editor::start(&project);
    editor.wait_for("shop/models.py", &["deprecated-declaration"]);
    let text = MODELS.replace("NullBooleanField()", "BooleanField(null=True)");
    let document =
        json!({"uri": editor.document("shop/models.py")["uri"], "languageId": "python", "version": 1, "text": MODELS});
    editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    let mut changed = editor.document("shop/models.py");
    changed["version"] = json!(2);
    editor.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"text": text}]}));
    editor.wait_for("shop/models.py", &[]);
    editor.tell("textDocument/didClose", json!({"textDocument": editor.document("shop/models.py")}));
    editor.wait_for("shop/models.py", &["deprecated-declaration"]);
    assert_eq!(project.read("shop/models.py"), MODELS, "the server writes nothing");
    editor.leave();
}

#[test]
fn fixes_hovers_lenses_and_symbols() {
    let project = project();
    let mut editor = Editor::start(&project);
    editor.wait_for("shop/models.py", &["deprecated-declaration"]);
    for (file, text) in [("shop/models.py", MODELS), ("shop/views.py", VIEWS)] {
        let document = json!({"uri": editor.document(file)["uri"], "languageId": "python", "version": 7, "text": text});
        editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}});
    let document = editor.document("shop/models.py");
    let params = json!({"textDocument": document, "range": whole, "context": {"diagnostics": []}});
    let answer = editor.ask("textDocument/codeAction", params);
    let edit = &answer["result"][0]["edit"]["documentChanges"][0];
    assert_eq!(edit["textDocument"]["version"], 7, "{answer}");
    let texts: Vec<&str> =
        edit["edits"].as_array().unwrap().iter().filter_map(|edit| edit["newText"].as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("BooleanField")), "{answer}");

    let at = json!({"line": 3, "character": 7});
    let answer = editor.ask("textDocument/hover", json!({"textDocument": document, "position": at}));
    let said = answer["result"]["contents"]["value"].as_str().unwrap();
    assert!(said.contains("\"shop_log\"") && said.contains("\"name\" varchar(10) NOT NULL"), "{said}");

    let answer = editor.ask("textDocument/codeLens", json!({"textDocument": document}));
    let title = answer["result"][0]["command"]["title"].as_str().unwrap();
    assert!(title.starts_with("50 M rows (as configured) · 3 indexes"), "{title}");

    let answer = editor.ask("workspace/symbol", json!({"query": "log"}));
    assert_eq!(answer["result"][0]["name"], "Log");

    // Queries are known once the code was executed.
    let views = editor.document("shop/views.py");
    let at = json!({"line": 4, "character": 45});
    loop {
        let answer = editor.ask("textDocument/hover", json!({"textDocument": views, "position": at}));
        if let Some(said) = answer["result"]["contents"]["value"].as_str() {
            assert!(said.contains("FROM \"shop_log\" WHERE \"shop_log\".\"flag\""), "{said}");
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    let answer = editor.ask("textDocument/references", json!({}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("textDocument/references"), "{answer}");
    editor.leave();
}

const LIBRARY: &str = "\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=10)


class Book(models.Model):
    title = models.CharField(max_length=10)
    author = models.ForeignKey(\"shop.Author\", models.CASCADE, related_name=\"books\")

    class Meta:
        ordering = [\"-author__name\"]
        indexes = [models.Index(fields=[\"title\"], name=\"title\")]
";
const SEARCH: &str = "\
from django.db.models import Count, F, Q

from .models import Author, Book


def search(request):
    found = Book.objects.filter(author__name=\"x\").order_by(\"-title\")
    for author in Author.objects.annotate(n=Count(\"books__title\")).filter(Q(books__title=F(\"name\"))):
        author.books.select_related(\"author\")
    return found
";

/// Where `what` stands in a text, its last letter under the cursor.
fn position(text: &str, what: &str) -> Value {
    let before = &text[..text.find(what).unwrap() + what.len()];
    let line = before.matches('\n').count();
    json!({"line": line, "character": before.len() - before.rfind('\n').map_or(0, |at| at + 1)})
}

fn library() -> (Project, Editor) {
    let select = ("pgwright.toml", "select = [\"deprecated-declaration\", \"unindexed-filter\"]\n");
    let files = [("shop/models.py", LIBRARY), ("shop/search.py", SEARCH), select];
    let project = Project::with_app("shop", &files);
    let mut editor = Editor::start(&project);
    for (file, text) in [("shop/models.py", LIBRARY), ("shop/search.py", SEARCH)] {
        let document = json!({"uri": editor.document(file)["uri"], "languageId": "python", "version": 1, "text": text});
        editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    }
    // The first round is there once it answers.
    while editor.ask("workspace/symbol", json!({"query": "book"}))["result"].as_array().unwrap().is_empty() {}
    (project, editor)
}

#[test]
fn definitions_of_what_paths_and_texts_name() {
    let (_project, mut editor) = library();
    // The file, what the cursor is in, and what stands where it leads.
    for (file, text, at, to) in [
        ("shop/models.py", LIBRARY, "\"shop.Aut", "Author(models"),
        ("shop/models.py", LIBRARY, "related_name=\"boo", "Author(models"),
        ("shop/models.py", LIBRARY, "\"-auth", "author = "),
        ("shop/models.py", LIBRARY, "\"-author__na", "name = "),
        ("shop/models.py", LIBRARY, "fields=[\"tit", "title = "),
        ("shop/search.py", SEARCH, "filter(auth", "author = "),
        ("shop/search.py", SEARCH, "filter(author__na", "name = "),
        ("shop/search.py", SEARCH, "order_by(\"-ti", "title = "),
        ("shop/search.py", SEARCH, "Count(\"boo", "author = "),
        ("shop/search.py", SEARCH, "Count(\"books__ti", "title = "),
        ("shop/search.py", SEARCH, "Q(books__ti", "title = "),
        ("shop/search.py", SEARCH, "F(\"na", "name = "),
        ("shop/search.py", SEARCH, "select_related(\"au", "author = "),
    ] {
        let params = json!({"textDocument": editor.document(file), "position": position(text, at)});
        let answer = editor.ask("textDocument/definition", params);
        let start = &answer["result"]["range"]["start"];
        let line = LIBRARY.lines().nth(start["line"].as_u64().unwrap() as usize).unwrap();
        let there = &line[start["character"].as_u64().unwrap() as usize..];
        assert!(there.starts_with(to), "{at}: {there}");
        assert!(answer["result"]["uri"].as_str().unwrap().ends_with("shop/models.py"), "{answer}");
    }
    // Values, names of indexes and of annotations are no fields.
    for (file, text, at) in [
        ("shop/search.py", SEARCH, "author__name=\"x"),
        ("shop/search.py", SEARCH, "annotate(n"),
        ("shop/models.py", LIBRARY, "name=\"title"),
    ] {
        let params = json!({"textDocument": editor.document(file), "position": position(text, at)});
        assert_eq!(editor.ask("textDocument/definition", params)["result"], Value::Null, "{at}");
    }
    editor.leave();
}

#[test]
fn completion_in_half_a_line_that_is_not_saved() {
    let (_project, mut editor) = library();
    let mut version = 1;
    for (line, expected) in [
        ("    Book.objects.filter(author__", &["name", "id", "in"][..]),
        ("    Book.objects.filter(author__name__ic", &["icontains"]),
        ("    Book.objects.filter(ti", &["title", "author"]),
        ("    Book.objects.order_by(\"-author__", &["name", "books"]),
        ("    Author.objects.prefetch_related(\"", &["books"]),
    ] {
        version += 1;
        let text = SEARCH.replace("    return found\n", &format!("{line}\n"));
        let mut changed = editor.document("shop/search.py");
        changed["version"] = json!(version);
        editor.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"text": text}]}));
        let params = json!({"textDocument": editor.document("shop/search.py"), "position": position(&text, line)});
        let answer = editor.ask("textDocument/completion", params);
        let items = answer["result"].as_array().unwrap();
        let labels: Vec<&str> = items.iter().filter_map(|item| item["label"].as_str()).collect();
        assert!(expected.iter().all(|name| labels.contains(name)), "{line}: {labels:?}");
    }
    let text = LIBRARY.replace("\"shop.Author\"", "\"\"");
    let mut changed = editor.document("shop/models.py");
    changed["version"] = json!(2);
    editor.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"text": text}]}));
    let params =
        json!({"textDocument": editor.document("shop/models.py"), "position": position(&text, "ForeignKey(\"")});
    let answer = editor.ask("textDocument/completion", params);
    let labels: Vec<&str> =
        answer["result"].as_array().unwrap().iter().filter_map(|item| item["label"].as_str()).collect();
    assert!(labels.starts_with(&["Author", "Book"]), "{labels:?}");
    editor.leave();
}

#[test]
fn the_outline_moves_with_what_is_typed() {
    let (_project, mut editor) = library();
    let mut changed = editor.document("shop/models.py");
    changed["version"] = json!(2);
    let text = format!("# A line above.\n{LIBRARY}");
    editor.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"text": text}]}));
    let params = json!({"textDocument": editor.document("shop/models.py")});
    let answer = editor.ask("textDocument/documentSymbol", params);
    let shown = &answer["result"];
    assert_eq!((&shown[0]["name"], &shown[1]["name"]), (&json!("Author"), &json!("Book")), "{answer}");
    assert_eq!(shown[1]["selectionRange"]["start"]["line"], 8, "{answer}");
    assert_eq!(shown[1]["children"][1]["detail"], "bigint → shop.Author", "{answer}");
    let answer = editor.ask("workspace/symbol", json!({"query": "book.title"}));
    assert_eq!(answer["result"][0]["containerName"], "shop.Book", "{answer}");
    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let hints = editor
        .ask("textDocument/inlayHint", json!({"textDocument": editor.document("shop/models.py"), "range": whole}));
    assert_eq!(hints["result"][0]["label"], "varchar(10) NOT NULL", "{hints}");
    editor.leave();
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_once() {
    let project = project();
    project.write("pgwright.toml", "selct = []\n");
    let mut editor = Editor::start(&project);
    let message = loop {
        let message = editor.hear();
        if message["method"] == "window/showMessage" {
            break message;
        }
    };
    assert!(message["params"]["message"].as_str().unwrap().contains("selct"), "{message}");
    editor.leave();
}
