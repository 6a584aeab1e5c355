//! `pgwright server`: the language server. One thread talks with the editor and answers from the newest round; another reads the project.

mod answers;
mod convert;
mod moved;
mod names;
mod rounds;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use camino::{Utf8Path, Utf8PathBuf};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit, Notification as _,
    PublishDiagnostics, ShowMessage,
};
use lsp_types::request::{
    CodeActionRequest, CodeLensRequest, Completion, DocumentSymbolRequest, GotoDefinition, HoverRequest,
    InlayHintRequest, Request as _, Shutdown, WorkspaceSymbolRequest,
};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, CodeLensOptions, CodeLensParams,
    CompletionOptions, CompletionParams, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentSymbolParams, GotoDefinitionParams, HoverParams, HoverProviderCapability,
    InitializeParams, InlayHintParams, MessageType, OneOf, PublishDiagnosticsParams, SaveOptions, ServerCapabilities,
    ShowMessageParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, Uri,
    WorkspaceSymbolParams,
};
use pgwright_django::Extent;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::answers::View;
use self::convert::{Encoding, path_of};
use self::names::Asked;
use self::rounds::{Occasion, Round, Unsaved, Wanted};
use crate::cli::ServerArgs;
use crate::failure::Failure;
use crate::{STACK, Status};

/// What the conversation waits for.
enum Event {
    Said(Message),
    Round(Box<Result<Round, Failure>>),
    /// The editor has gone.
    Left,
}

pub(crate) fn run(args: &ServerArgs) -> Result<Status, Failure> {
    let stopped =
        |error: &dyn std::fmt::Display| Failure::new(format!("the conversation with the editor ended: {error}"));
    let (connection, _threads) = Connection::stdio();
    let (id, params) = connection.initialize_start().map_err(|error| stopped(&error))?;
    let params: InitializeParams = serde_json::from_value(params).map_err(|error| stopped(&error))?;
    let encoding =
        Encoding::of(params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref()));
    let answer = json!({
        "capabilities": capabilities(encoding, Hints::of(&params)),
        "serverInfo": {"name": "pgwright", "version": env!("CARGO_PKG_VERSION")},
    });
    connection.initialize_finish(id, answer).map_err(|error| stopped(&error))?;
    let root = root(&params)?;

    let (to_rounds, wanted) = channel();
    let (to_events, events) = channel();
    let options = args.options.clone();
    let from_rounds = to_events.clone();
    std::thread::Builder::new()
        .name("rounds".to_owned())
        .stack_size(STACK)
        .spawn(move || rounds::run(&options, &wanted, &from_rounds))
        .map_err(|error| stopped(&error))?;
    let said = connection.receiver.clone();
    std::thread::spawn(move || {
        for message in said {
            if to_events.send(Event::Said(message)).is_err() {
                return;
            }
        }
        let _ = to_events.send(Event::Left);
    });

    let mut server = Server {
        connection,
        root,
        encoding,
        to_rounds,
        open: BTreeMap::new(),
        newest: None,
        whole: None,
        shown: BTreeMap::new(),
        told: None,
    };
    server.want(Occasion::Saved);
    server.converse(&events);
    Ok(Status::Clean)
}

/// Whether the column's type stands behind each field: only where the client asks for it, `{"inlayHints": true}` among its
/// `initializationOptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hints {
    Shown,
    Hidden,
}

impl Hints {
    fn of(params: &InitializeParams) -> Hints {
        let options = params.initialization_options.as_ref();
        match options.and_then(|options| options.get("inlayHints")).and_then(Value::as_bool) {
            Some(true) => Hints::Shown,
            Some(false) | None => Hints::Hidden,
        }
    }
}

fn capabilities(encoding: Encoding, hints: Hints) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(SaveOptions { include_text: Some(false) }.into()),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        definition_provider: Some(OneOf::Left(true)),
        completion_provider: Some(CompletionOptions {
            // Names begin after a quote, an opening parenthesis, a sign, and go on after `__` and `.`.
            trigger_characters: Some(["\"", "'", "(", "-", "_", "."].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        inlay_hint_provider: (hints == Hints::Shown).then_some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

/// The folder the editor has open; it becomes the current one, so that paths are shown from there as `check` does.
fn root(params: &InitializeParams) -> Result<Utf8PathBuf, Failure> {
    let folder = params.workspace_folders.as_ref().and_then(|folders| folders.first()).map(|folder| &folder.uri);
    #[expect(deprecated, reason = "older clients say only this")]
    let uri: Option<&Uri> = folder.or(params.root_uri.as_ref());
    if let Some(root) = uri.and_then(path_of) {
        std::env::set_current_dir(&root).map_err(|error| Failure::write("open", &root, &error))?;
        return Ok(root);
    }
    let here = std::env::current_dir().ok().and_then(|here| Utf8PathBuf::from_path_buf(here).ok());
    here.ok_or_else(|| Failure::new("the editor names no folder, and the current one has no name in UTF-8"))
}

/// A document the editor has open.
struct Document {
    text: String,
    version: i32,
}

struct Server {
    connection: Connection,
    root: Utf8PathBuf,
    encoding: Encoding,
    to_rounds: Sender<Wanted>,
    open: BTreeMap<Utf8PathBuf, Document>,
    newest: Option<std::sync::Arc<Round>>,
    /// The last round of all rules.
    whole: Option<std::sync::Arc<Round>>,
    /// The findings the editor shows.
    shown: BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    /// The failure last shown: it is not repeated with every key.
    told: Option<String>,
}

impl Server {
    /// Until the editor says `exit`, or is gone.
    fn converse(&mut self, events: &Receiver<Event>) {
        for event in events {
            match event {
                Event::Said(Message::Request(request)) => {
                    let response = self.answer(request);
                    self.send(response);
                }
                Event::Said(Message::Notification(notification)) if notification.method == Exit::METHOD => return,
                Event::Said(Message::Notification(notification)) => self.hear(notification),
                Event::Said(Message::Response(_)) => {}
                Event::Round(outcome) => self.take(*outcome),
                Event::Left => return,
            }
        }
    }

    /// That the editor has gone shows when the next message is read.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }

    fn notify<N: lsp_types::notification::Notification>(&self, params: N::Params) {
        self.send(Notification::new(N::METHOD.to_owned(), params));
    }

    /// The name the analysis has for a document: from the root where it lies below.
    fn path(&self, uri: &Uri) -> Option<Utf8PathBuf> {
        let path = path_of(uri)?;
        Some(path.strip_prefix(&self.root).map(Utf8Path::to_owned).unwrap_or(path))
    }

    fn want(&self, occasion: Occasion) {
        let unsaved: Unsaved = self.open.iter().map(|(path, document)| (path.clone(), document.text.clone())).collect();
        let _ = self.to_rounds.send(Wanted { unsaved, occasion });
    }

    fn hear(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(DidOpenTextDocumentParams { text_document }) = read(params) else { return };
                let Some(path) = self.path(&text_document.uri) else { return };
                let document = Document { text: text_document.text, version: text_document.version };
                self.open.insert(path, document);
                self.want(Occasion::Typed);
            }
            DidChangeTextDocument::METHOD => {
                let Some(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) else { return };
                let Some(path) = self.path(&text_document.uri) else { return };
                // Whole texts were asked for: the last is the newest.
                let Some(change) = content_changes.into_iter().last() else { return };
                self.open.insert(path, Document { text: change.text, version: text_document.version });
                self.want(Occasion::Typed);
            }
            DidCloseTextDocument::METHOD => {
                let Some(DidCloseTextDocumentParams { text_document }) = read(params) else { return };
                let Some(path) = self.path(&text_document.uri) else { return };
                self.open.remove(&path);
                self.want(Occasion::Typed);
            }
            DidSaveTextDocument::METHOD => self.want(Occasion::Saved),
            _ => {}
        }
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            HoverRequest::METHOD => read(params).map(|params| json!(self.hover(&params))),
            CodeLensRequest::METHOD => read(params).map(|params| self.lenses(&params)),
            CodeActionRequest::METHOD => read(params).map(|params| self.actions(&params)),
            DocumentSymbolRequest::METHOD => read(params).map(|params| self.outline(&params)),
            GotoDefinition::METHOD => read(params).map(|params| json!(self.definition(&params))),
            Completion::METHOD => read(params).map(|params| self.completion(&params)),
            InlayHintRequest::METHOD => read(params).map(|params| self.hints(&params)),
            WorkspaceSymbolRequest::METHOD => read(params).map(|params| self.symbols(&params)),
            // Nothing is to be put away; `exit` follows.
            Shutdown::METHOD => Some(Value::Null),
            _ => return Response::new_err(id, ErrorCode::MethodNotFound as i32, format!("pgwright has no `{method}`")),
        };
        match answer {
            Some(answer) => Response::new_ok(id, answer),
            None => Response::new_err(id, ErrorCode::InvalidParams as i32, format!("`{method}` with other parameters")),
        }
    }

    fn view(&self) -> View<'_> {
        View { root: &self.root, encoding: self.encoding }
    }

    /// An open document and a round to answer from.
    fn asked<T>(&self, uri: &Uri, round: Option<&Round>, answer: impl FnOnce(&Asked<'_>) -> T) -> Option<T> {
        let path = self.path(uri)?;
        let text = &self.open.get(&path)?.text;
        Some(answer(&Asked { view: self.view(), round: round?, path: &path, text }))
    }

    /// The last round in which code was executed: queries are known there.
    fn with_queries(&self) -> Option<&Round> {
        self.whole.as_deref().or(self.newest.as_deref())
    }

    fn hover(&self, params: &HoverParams) -> Option<lsp_types::Hover> {
        let at = &params.text_document_position_params;
        let uri = &at.text_document.uri;
        self.asked(uri, self.with_queries(), |asked| answers::hover(asked, at.position)).flatten()
    }

    fn lenses(&self, params: &CodeLensParams) -> Value {
        json!(self.asked(&params.text_document.uri, self.with_queries(), answers::lenses).unwrap_or_default())
    }

    fn outline(&self, params: &DocumentSymbolParams) -> Value {
        json!(self.asked(&params.text_document.uri, self.newest.as_deref(), names::outline).unwrap_or_default())
    }

    fn definition(&self, params: &GotoDefinitionParams) -> Option<lsp_types::Location> {
        let at = &params.text_document_position_params;
        self.of_models(&at.text_document.uri, |asked| names::definition(asked, at.position))
    }

    fn completion(&self, params: &CompletionParams) -> Value {
        let at = &params.text_document_position;
        let items = |asked: &Asked<'_>| {
            let items = names::completion(asked, at.position);
            (!items.is_empty()).then_some(items)
        };
        json!(self.of_models(&at.text_document.uri, items).unwrap_or_default())
    }

    fn hints(&self, params: &InlayHintParams) -> Value {
        let uri = &params.text_document.uri;
        json!(self.asked(uri, self.newest.as_deref(), |asked| names::hints(asked, params.range)).unwrap_or_default())
    }

    /// From the newest round, and where that does not know from the one that knows queries.
    fn of_models<T>(&self, uri: &Uri, answer: impl Fn(&Asked<'_>) -> Option<T>) -> Option<T> {
        let newest = self.asked(uri, self.newest.as_deref(), &answer).flatten();
        newest.or_else(|| self.asked(uri, self.whole.as_deref(), &answer).flatten())
    }

    fn actions(&self, params: &CodeActionParams) -> Value {
        let Some(path) = self.path(&params.text_document.uri) else { return json!([]) };
        let current = |path: &Utf8Path| self.open.get(path).map(|document| (document.text.clone(), document.version));
        let rounds = self.newest.iter().chain(
            self.whole
                .iter()
                .filter(|whole| !self.newest.as_ref().is_some_and(|newest| std::sync::Arc::ptr_eq(newest, whole))),
        );
        let actions: Vec<_> =
            rounds.flat_map(|round| answers::actions(&self.view(), round, &path, params.range, &current)).collect();
        json!(actions)
    }

    fn symbols(&self, params: &WorkspaceSymbolParams) -> Value {
        match self.newest.as_deref() {
            Some(round) => json!(names::symbols(&self.view(), round, &params.query)),
            None => json!([]),
        }
    }

    fn take(&mut self, outcome: Result<Round, Failure>) {
        let round = match outcome {
            Ok(round) => std::sync::Arc::new(round),
            Err(failure) => return self.tell(failure.to_string()),
        };
        self.told = None;
        if round.extent == Extent::Workload {
            self.whole = Some(round.clone());
        }
        self.newest = Some(round.clone());
        let open = |path: &Utf8Path| self.open.get(path).map(|document| document.text.as_str());
        let mut all = answers::diagnostics(&self.view(), &round, self.whole.as_deref(), &open);
        for path in self.shown.keys() {
            all.entry(path.clone()).or_default();
        }
        // What the editor shows already is not sent with every key.
        for (path, diagnostics) in all.iter().filter(|(path, now)| self.shown.get(*path) != Some(now)) {
            let Some(uri) = self.view().uri(path) else { continue };
            let version = self.open.get(path).map(|document| document.version);
            let diagnostics = diagnostics.clone();
            self.notify::<PublishDiagnostics>(PublishDiagnosticsParams { uri, diagnostics, version });
        }
        self.shown = all;
        self.shown.retain(|_, diagnostics| !diagnostics.is_empty());
    }

    fn tell(&mut self, message: String) {
        if self.told.as_ref() == Some(&message) {
            return;
        }
        self.notify::<ShowMessage>(ShowMessageParams {
            typ: MessageType::ERROR,
            message: format!("pgwright: {message}"),
        });
        self.told = Some(message);
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
