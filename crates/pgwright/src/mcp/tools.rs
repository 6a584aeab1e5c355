//! Commands as tools: the command line says what each takes, and a call becomes one.

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Arg, ArgAction, Command, CommandFactory, Parser};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::cli::Cli;

/// Commands that are servers themselves or about the command line, or ask a database for what only its owner can give.
const NO_TOOLS: &[&str] = &["completions", "help", "man", "mcp", "server", "snapshot"];

/// Options an agent has no use for, or that reach beyond the project: other programs to run, addresses to connect to, files to write.
const NO_OPTIONS: &[&str] = &[
    "color",
    "config",
    "database_url",
    "help",
    "output_file",
    "postgres_bin",
    "unapplied",
    "update_baseline",
    "version",
];

/// Options that change the user's files.
const WRITING: &[&str] = &["fix"];

/// What an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    Read,
    /// Also apply fixes.
    Fix,
}

impl Permission {
    fn gives(self, option: &Arg) -> bool {
        let id = option.get_id().as_str();
        !NO_OPTIONS.contains(&id) && (self == Permission::Fix || !WRITING.contains(&id))
    }
}

/// A command as the words that name it: `["inspect", "models"]`.
struct Named {
    words: Vec<String>,
    command: Command,
}

/// The commands that do something, `inspect models` as well as `check`.
fn commands() -> Vec<Named> {
    let mut found = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    descend(&cli, &[], &mut found);
    found
}

fn descend(command: &Command, words: &[String], found: &mut Vec<Named>) {
    for inner in command.get_subcommands().filter(|inner| !NO_TOOLS.contains(&inner.get_name())) {
        let words = [words, &[inner.get_name().to_owned()]].concat();
        if inner.has_subcommands() {
            descend(inner, &words, found);
        } else {
            found.push(Named { words, command: inner.clone() });
        }
    }
}

pub(super) fn tools(permission: Permission) -> Vec<Tool> {
    commands().iter().map(|named| tool(named, permission)).collect()
}

fn tool(Named { words, command }: &Named, permission: Permission) -> Tool {
    let options = || command.get_arguments().filter(|option| permission.gives(option));
    let properties: Map<String, Value> =
        options().map(|option| (option.get_id().to_string(), property(option))).collect();
    let required: Vec<&str> =
        options().filter(|option| option.is_required_set()).map(|option| option.get_id().as_str()).collect();
    let schema: JsonObject = [
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(properties)),
        ("required".to_owned(), json!(required)),
        ("additionalProperties".to_owned(), json!(false)),
    ]
    .into_iter()
    .collect();
    let writes = options().any(|option| WRITING.contains(&option.get_id().as_str()));
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    Tool::new(words.join("_"), about, Arc::new(schema))
        .with_annotations(ToolAnnotations::new().read_only(!writes).destructive(writes).open_world(false))
}

fn property(option: &Arg) -> Value {
    let mut property = Map::new();
    if matches!(option.get_action(), ArgAction::SetTrue) {
        property.insert("type".to_owned(), json!("boolean"));
    } else {
        let mut one = json!({"type": "string"});
        let words: Vec<String> = option.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
        if !words.is_empty() {
            one["enum"] = json!(words);
        }
        if is_list(option) {
            property.insert("type".to_owned(), json!("array"));
            property.insert("items".to_owned(), one);
        } else if let Value::Object(one) = one {
            property.extend(one);
        }
    }
    if let Some(help) = option.get_help() {
        property.insert("description".to_owned(), json!(help.to_string()));
    }
    if let [default] = option.get_default_values() {
        let default = default.to_string_lossy();
        let default = match option.get_action() {
            ArgAction::SetTrue => json!(default == "true"),
            _ if is_list(option) => json!([default]),
            _ => json!(default),
        };
        property.insert("default".to_owned(), default);
    }
    Value::Object(property)
}

fn is_list(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append)
        || option.get_num_args().is_some_and(|several| several.max_values() > 1)
}

/// The command line of a call; why not, in words for the agent.
pub(super) fn parse(tool: &str, arguments: &JsonObject, permission: Permission) -> Result<Cli, String> {
    let commands = commands();
    let Some(Named { words, command }) = commands.iter().find(|named| named.words.join("_") == tool) else {
        let names: Vec<String> = commands.iter().map(|named| named.words.join("_")).collect();
        return Err(format!("there is no tool `{tool}`, only {}", names.join(", ")));
    };
    let mut options: Vec<OsString> = Vec::new();
    let mut places: Vec<OsString> = Vec::new();
    for (name, value) in arguments {
        let known = command.get_arguments().find(|option| option.get_id() == name.as_str());
        let Some(option) = known.filter(|option| permission.gives(option)) else {
            let hint = if WRITING.contains(&name.as_str()) { ": start the server with `--allow-fix`" } else { "" };
            return Err(format!("`{tool}` takes no `{name}`{hint}"));
        };
        let values = texts(value).ok_or_else(|| format!("`{name}` has to be text, or a list of texts"))?;
        match option.get_long() {
            None => places.extend(values.into_iter().map(OsString::from)),
            Some(long) if matches!(option.get_action(), ArgAction::SetTrue) => {
                options.extend((value == &Value::Bool(true)).then(|| format!("--{long}").into()));
            }
            // In one word, so that a value cannot be taken for an option.
            Some(long) => options.extend(values.into_iter().map(|value| format!("--{long}={value}").into())),
        }
    }
    let program = std::iter::once(OsString::from("pgwright"));
    let words = words.iter().map(OsString::from);
    let all = program.chain(words).chain(options).chain([OsString::from("--")]).chain(places);
    Cli::try_parse_from(all).map_err(|error| error.to_string())
}

/// What one or several values say; none for what is no plain value.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Bool(yes) => Some(vec![yes.to_string()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(values) => values.iter().map(|value| texts(value)?.into_iter().next()).collect(),
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, parse, tools};
    use crate::cli::Command;
    use rmcp::model::JsonObject;
    use serde_json::{Value, json};

    fn object(value: Value) -> JsonObject {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn every_command_that_answers_is_a_tool() {
        let names: Vec<String> = tools(Permission::Read).iter().map(|tool| tool.name.to_string()).collect();
        for name in ["check", "explain", "migrations", "tune", "inspect_models", "inspect_queries", "rules"] {
            assert!(names.iter().any(|known| known == name), "{name} is no tool of {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("mcp") || name == "snapshot" || name == "help"));
    }

    #[test]
    fn schemas_say_what_a_command_takes() {
        let tools = tools(Permission::Read);
        let check = tools.iter().find(|tool| tool.name == "check").expect("a tool");
        let properties = &check.input_schema["properties"];
        assert_eq!(properties["select"]["type"], "array");
        assert_eq!(
            (&properties["exit_zero"]["type"], &properties["exit_zero"]["default"]),
            (&json!("boolean"), &json!(false))
        );
        assert_eq!(properties["min_severity"]["enum"], json!(["note", "warning", "error"]));
        assert_eq!(properties["paths"]["default"], json!(["."]));
        assert!(properties.get("fix").is_none() && properties.get("output_file").is_none());
        assert_eq!(check.annotations.as_ref().and_then(|hints| hints.read_only_hint), Some(true));
    }

    #[test]
    fn a_call_is_a_command_line() {
        let call =
            object(json!({"paths": ["shop", "-x"], "select": ["a-rule", "b"], "exit_zero": true, "unresolved": false}));
        let cli = parse("check", &call, Permission::Read).expect("a command line");
        let Command::Check(args) = cli.command else { panic!("another command") };
        assert_eq!(args.project.paths, ["shop", "-x"]);
        assert_eq!(args.select, ["a-rule", "b"]);
        assert!(args.exit_zero && !args.unresolved);
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_a_reason() {
        let refused = |tool: &str, call: Value, permission| parse(tool, &object(call), permission).err();
        let fix = refused("check", json!({"fix": true}), Permission::Read).expect("refused");
        assert!(fix.contains("--allow-fix"), "{fix}");
        assert!(refused("check", json!({"fix": true}), Permission::Fix).is_none());
        for (tool, call) in [
            ("check", json!({"output_file": "/etc/passwd"})),
            ("explain", json!({"targets": ["a.py:1"], "database_url": "postgresql://x"})),
            ("explain", json!({"targets": ["a.py:1"], "postgres_bin": "/evil"})),
            ("check", json!({"select": {"a": 1}})),
            ("check", json!({"min_severity": "loud"})),
            ("snapshot", json!({})),
        ] {
            assert!(refused(tool, call.clone(), Permission::Fix).is_some(), "{tool} {call}");
        }
    }
}
