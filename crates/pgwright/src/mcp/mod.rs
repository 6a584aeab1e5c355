//! `pgwright mcp`: the commands as tools of a coding agent, and the pages of the rules as resources, over the Model Context Protocol.

mod tools;

use pgwright_rules::RULES;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use tokio::sync::Mutex;

use self::tools::Permission;
use crate::cli::{Cli, McpArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::{STACK, Status};

/// Characters of one answer: about 15,000 tokens. An agent that reads more has lost the thread.
const LARGEST_ANSWER: usize = 60_000;

const INSTRUCTIONS: &str = "\
pgwright reads a Django project without importing it and says what PostgreSQL will make of it. Before you change models or queries, `check` \
the files; `explain` shows the plan of a place (`shop/views.py:12`), a model or a statement; `inspect_queries` lists the SQL of a place. \
Every answer says what is certain and what was assumed. The page of each rule is a resource: read it before you argue with a finding.";

pub(crate) fn run(args: &McpArgs) -> Result<Status, Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::new(format!("the server stopped: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fail(&error))?;
    let server = Server {
        permission: if args.allow_fix { Permission::Fix } else { Permission::Read },
        one_at_a_time: Mutex::new(()),
    };
    let served = runtime.block_on(async {
        let running = server.serve(rmcp::transport::stdio()).await.map_err(|error| fail(&error))?;
        running.waiting().await.map_err(|error| fail(&error))
    });
    // A read of stdin that is under way cannot be taken back.
    runtime.shutdown_background();
    served.map(|_| Status::Clean)
}

struct Server {
    permission: Permission,
    /// A large project fills the memory of a machine once, not twice.
    one_at_a_time: Mutex<()>,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("pgwright", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::tools(self.permission)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let answer = match tools::parse(&request.name, &arguments, self.permission) {
            Ok(cli) => {
                let _alone = self.one_at_a_time.lock().await;
                execute(cli).await
            }
            Err(reason) => Err(reason),
        };
        let result = match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(reason) => CallToolResult::error(vec![ContentBlock::text(reason)]),
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = |rule: &&pgwright_rules::Rule| {
            Resource::new(address(rule.name), rule.name).with_description(rule.summary).with_mime_type("text/markdown")
        };
        Ok(ListResourcesResult::with_all_items(RULES.iter().map(resource).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Some(rule) = RULES.iter().find(|rule| address(rule.name) == request.uri) else {
            return Err(ErrorData::resource_not_found(format!("there is no {}", request.uri), None));
        };
        let contents = ResourceContents::text(rule.docs, request.uri).with_mime_type("text/markdown");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn address(rule: &str) -> String {
    format!("pgwright://rules/{rule}")
}

/// Runs a command on a stack of its own, and gives what it says.
async fn execute(cli: Cli) -> Result<String, String> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let work = move || {
        let output = Output::kept();
        let outcome = crate::execute(&cli.command, &output);
        if let Err(failure) = &outcome {
            output.failure(failure);
        }
        // That nobody waits for the answer any more is no mistake.
        let _ = send.send((outcome.is_ok(), output.into_kept()));
    };
    std::thread::Builder::new()
        .name("tool".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|error| format!("no thread could be started: {error}"))?;
    let (done, kept) = receive.await.map_err(|_| "the command ended without an answer".to_owned())?;
    if !done {
        return Err(kept.remarks);
    }
    if kept.data.len() > LARGEST_ANSWER {
        return Err(format!(
            "the answer has {} characters, more than {LARGEST_ANSWER}: ask for less, with fewer `paths`, a `model`, a place or `select`ed \
             rules, or in a shorter `format`",
            kept.data.len()
        ));
    }
    let between = if kept.data.is_empty() || kept.remarks.is_empty() { "" } else { "\n" };
    Ok(format!("{}{between}{}", kept.data, kept.remarks))
}
