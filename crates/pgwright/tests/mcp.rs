//! `pgwright mcp` over the protocol, as a client speaks it.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use common::Project;
use serde_json::{Value, json};

const MODELS: &str =
    "from django.db import models\n\n\nclass Product(models.Model):\n    price = models.FloatField()\n";

struct Client {
    server: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    asked: u32,
}

impl Client {
    fn start(project: &Project, arguments: &[&str]) -> Client {
        let mut command = project.command(&[&["mcp"], arguments].concat());
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        let mut client = Client { server, to, from, asked: 0 };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        let answer = client.ask("initialize", hello);
        assert_eq!(answer["result"]["serverInfo"]["name"], "pgwright");
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.to.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// What a tool says, and whether it failed.
    fn call(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        (text.to_owned(), result["isError"] == true)
    }

    /// Ends the input, as a client does that goes away.
    fn leave(mut self) {
        self.to = None;
        assert!(self.server.wait().unwrap().success());
    }
}

#[test]
fn commands_are_tools_and_pages_are_resources() {
    let project = Project::with_app("shop", &[("shop/models.py", MODELS)]);
    let mut client = Client::start(&project, &[]);

    let answer = client.ask("tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "explain"));
    for tool in tools {
        jsonschema::validator_for(&tool["inputSchema"]).unwrap();
        assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{tool}");
    }

    let (found, failed) = client.call("check", json!({"select": ["float-for-money"], "format": "json"}));
    let report: Value =
        serde_json::from_str(found.split_once("\n\n").map_or(found.as_str(), |(json, _)| json)).unwrap();
    assert!(!failed && report["diagnostics"][0]["rule"] == "float-for-money", "{found}");
    let (models, _) = client.call("inspect_models", json!({}));
    assert!(models.contains("shop.Product"), "{models}");

    let answer = client.ask("resources/read", json!({"uri": "pgwright://rules/float-for-money"}));
    assert!(answer["result"]["contents"][0]["text"].as_str().unwrap().starts_with("# float-for-money"));
    let answer = client.ask("resources/read", json!({"uri": "file:///etc/passwd"}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("there is no"), "{answer}");
    client.leave();
}

#[test]
fn mistakes_are_answers_and_the_server_goes_on() {
    let project = Project::with_app("shop", &[("shop/models.py", MODELS)]);
    let mut client = Client::start(&project, &[]);
    for (tool, arguments, expected) in [
        ("check", json!({"paths": ["nowhere"]}), "there is no `nowhere`"),
        ("check", json!({"select": ["flot-for-money"]}), "did you mean `float-for-money`?"),
        ("check", json!({"fix": true}), "--allow-fix"),
        ("check", json!({"output_file": "out.txt"}), "takes no `output_file`"),
        ("chek", json!({}), "there is no tool `chek`"),
    ] {
        let (text, failed) = client.call(tool, arguments);
        assert!(failed && text.contains(expected), "{text}");
    }
    assert_eq!(project.read("shop/models.py"), MODELS);
    client.leave();
}

#[test]
fn fixes_are_applied_where_the_user_allows_it() {
    let models = "from django.db import models\n\n\nclass Log(models.Model):\n    flag = models.NullBooleanField()\n";
    let project = Project::with_app("shop", &[("shop/models.py", models)]);
    let mut client = Client::start(&project, &["--allow-fix"]);
    let (text, failed) = client.call("check", json!({"fix": true, "select": ["deprecated-declaration"]}));
    assert!(!failed && project.read("shop/models.py").contains("BooleanField(null=True)"), "{text}");
    client.leave();
}
