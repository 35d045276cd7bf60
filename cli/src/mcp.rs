//! `wecom mcp`: the actions as tools for a model, over standard input and output.
//!
//! Credentials are the operator's: no tool takes them, and none returns them. Files come as base64, or by a path below a
//! folder that the operator grants.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use wecom_contract::{Action, Contract, Effect, Kind, Type};

use crate::{
    arguments::{self, Identity},
    cli::Using,
    failure::{self, Failure},
    help::{first_sentence, plain, sentences},
    member::{get, set},
    output::Output,
    session::Session,
    suggest,
    wire::Mode,
};

/// The tool that would hand a secret to the model: only on request.
const SECRET: &str = "get-access-token";

/// What the operator grants.
pub(crate) struct Grant {
    /// Patterns of names, `*` standing for anything. None allow everything but secrets.
    pub(crate) allow: Vec<String>,
    pub(crate) read_only: bool,
    /// The folder below which files may be read.
    pub(crate) files: Option<PathBuf>,
}

/// A call on its way to the thread that makes calls.
struct Job {
    action: String,
    arguments: Map<String, Value>,
    reply: oneshot::Sender<Result<Value, Failure>>,
}

struct Server {
    tools: Vec<Tool>,
    jobs: mpsc::Sender<Job>,
}

/// Serves until the client closes standard input.
pub(crate) fn serve(
    contract: &Contract,
    output: Output,
    grant: Grant,
    using: &Using,
) -> Result<(), Failure> {
    let files = match &grant.files {
        None => None,
        Some(folder) => Some(folder.canonicalize().map_err(|error| {
            Failure::Usage(format!("{} is no folder to read files from: {error}", folder.display()))
        })?),
    };
    let tools = tools(contract, &grant)?;
    let mut session = Session::new(using.setup(Mode::Send), output)?;
    let identity = using.identity();

    let unusable = |error: &dyn std::fmt::Display| Failure::Component(format!("{error}"));
    let (jobs, queue) = mpsc::channel::<Job>();
    let server = Server { tools, jobs };
    let serving = thread::Builder::new().name("wecom-mcp".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let service =
                server.serve(rmcp::transport::stdio()).await.map_err(std::io::Error::other)?;
            service.waiting().await.map(drop).map_err(std::io::Error::other)
        })
    });
    let serving = serving.map_err(|error| unusable(&error))?;

    // One call at a time, as an instance takes them. The queue ends with the server.
    for Job { action, arguments, reply } in queue {
        let result = call(contract, &mut session, &identity, files.as_deref(), &action, arguments);
        // The client may have gone away.
        let _ = reply.send(result);
    }
    match serving.join() {
        Ok(outcome) => outcome.map_err(|error| unusable(&error)),
        Err(_) => Err(Failure::Component("the server stopped".into())),
    }
}

fn call(
    contract: &Contract,
    session: &mut Session,
    identity: &Identity,
    files: Option<&Path>,
    action: &str,
    mut arguments: Map<String, Value>,
) -> Result<Value, Failure> {
    let Some(action) = contract.action(action) else {
        return Err(Failure::UnknownAction { name: action.to_owned(), similar: Vec::new() });
    };
    let credentials = action.credentials.map(wecom_contract::Credentials::name);
    if let Some(name) = credentials.filter(|it| arguments.contains_key(*it)) {
        return Err(Failure::Usage(format!("{name} is chosen by the operator")));
    }
    if let Some(files) = files {
        for name in files_of(contract, action) {
            let Some(path) = arguments.remove(&format!("{name}-path")) else { continue };
            if arguments.contains_key(&name) {
                return Err(Failure::Usage(format!(
                    "{name} is given twice: as base64 and by path"
                )));
            }
            let bytes = read_below(files, path.as_str().unwrap_or_default())?;
            arguments.insert(name, BASE64.encode(bytes).into());
        }
    }
    let arguments = arguments::from_object(contract, action, arguments, identity)?;
    session.call(&action.name, &arguments)
}

/// The bytes of a file below a folder, also behind links.
fn read_below(folder: &Path, path: &str) -> Result<Vec<u8>, Failure> {
    let refused = |why: &str| Failure::Usage(format!("{path} {why}"));
    let file = folder.join(path).canonicalize();
    let file =
        file.map_err(|_| refused("is not a file in the folder that the operator granted"))?;
    if !file.starts_with(folder) || !file.is_file() {
        return Err(refused("is not a file in the folder that the operator granted"));
    }
    fs::read(&file).map_err(|error| refused(&format!("cannot be read: {error}")))
}

/// The names of the inputs that are files.
fn files_of(contract: &Contract, action: &Action) -> Vec<String> {
    inputs(contract, action).filter(|it| contract.is_file(it.1)).map(|it| it.0.clone()).collect()
}

/// The inputs of an action, the fields of its one record beside the others, with their documentation.
fn inputs<'a>(
    contract: &'a Contract,
    action: &'a Action,
) -> impl Iterator<Item = (&'a String, &'a Type, &'a str)> {
    let record = contract.record_parameter(action).map(|it| &it.name);
    action.inputs().iter().flat_map(move |it| {
        let fields = if record == Some(&it.name) { contract.fields(&it.ty) } else { &[] };
        let own = fields.is_empty().then_some((&it.name, &it.ty, it.documentation.as_str()));
        own.into_iter().chain(fields.iter().map(|it| (&it.name, &it.ty, it.documentation.as_str())))
    })
}

fn tools(contract: &Contract, grant: &Grant) -> Result<Vec<Tool>, Failure> {
    for pattern in &grant.allow {
        if !contract.actions.iter().any(|it| matches(pattern, &it.name)) {
            let names = contract.actions.iter().map(|it| it.name.as_str());
            let similar = suggest::did_you_mean(&suggest::similar(pattern, names));
            return Err(Failure::Usage(format!(
                "--allow {pattern}: there is no such action{similar}"
            )));
        }
    }
    let allowed = |action: &&Action| match grant.allow.as_slice() {
        [] => action.name != SECRET,
        patterns => patterns
            .iter()
            .any(|it| matches(it, &action.name) && (action.name != SECRET || it == SECRET)),
    };
    let actions = contract.actions.iter().filter(allowed);
    let actions = actions.filter(|it| !grant.read_only || it.effect == Effect::Read);
    Ok(actions.map(|it| tool(contract, it, grant.files.is_some())).collect())
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|i| rest.get(i..).is_some_and(|rest| matches(tail, rest)))
        }),
    }
}

fn tool(contract: &Contract, action: &Action, files: bool) -> Tool {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, ty, documentation) in inputs(contract, action) {
        let mut schema = schema(contract, ty);
        let is_file = contract.is_file(ty);
        let text =
            if documentation.is_empty() { own_documentation(contract, ty) } else { documentation };
        describe(&mut schema, text);
        properties.insert(name.clone(), schema);
        if is_file && files {
            let text = format!("Instead of `{name}`: the path of a file in the granted folder.");
            properties
                .insert(format!("{name}-path"), json!({ "type": "string", "description": text }));
        } else if !ty.is_option() {
            required.push(name.clone());
        }
    }
    let mut input =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        set(&mut input, "required", required);
    }
    let Value::Object(input) = input else { return Tool::new(action.name.clone(), "", Map::new()) };

    let read = action.effect == Effect::Read;
    let annotations = ToolAnnotations::from_raw(
        None,
        Some(read),
        (!read).then(|| action.effect == Effect::Delete || action.name.starts_with("update-")),
        None,
        None,
    );
    let description = plain(&action.documentation.replace('\n', " "));
    Tool::new(action.name.clone(), description, input).with_annotations(annotations)
}

/// The documentation of a type that has a name.
fn own_documentation<'a>(contract: &'a Contract, ty: &Type) -> &'a str {
    match ty.without_option() {
        Type::Named(name) => contract.named_type(name).map_or("", |it| &it.documentation),
        _ => "",
    }
}

/// A type as JSON Schema, complete in itself. What the names of fields say is not said again: a list of tools is read as a
/// whole by the model, at each of its turns.
fn schema(contract: &Contract, ty: &Type) -> Value {
    let ty = contract.resolve(ty.without_option());
    if contract.is_file(ty) {
        return json!({ "type": "string", "contentEncoding": "base64" });
    }
    match (ty, contract.kind(ty)) {
        (Type::Bool, _) => json!({ "type": "boolean" }),
        (Type::List(of), _) => json!({ "type": "array", "items": schema(contract, of) }),
        (_, Some(Kind::Enum { cases })) => {
            json!({ "enum": cases.iter().map(|it| it.name.as_str()).collect::<Vec<_>>() })
        }
        (_, Some(Kind::Record { fields })) => {
            let mut properties = Map::new();
            for it in fields {
                let mut schema = schema(contract, &it.ty);
                describe(&mut schema, first_sentence(&it.documentation));
                properties.insert(it.name.clone(), schema);
            }
            let required = fields.iter().filter(|it| !it.ty.is_option());
            let required: Vec<&str> = required.map(|it| it.name.as_str()).collect();
            let mut object = json!({ "type": "object", "properties": properties });
            if !required.is_empty() {
                set(&mut object, "required", required);
            }
            object
        }
        (_, Some(Kind::Variant { cases })) => {
            let choice = |case: &wecom_contract::Case| match &case.ty {
                None => json!({ "const": case.name }),
                Some(ty) => json!({
                    "type": "object",
                    "properties": { case.name.as_str(): schema(contract, ty) },
                    "required": [case.name],
                }),
            };
            json!({ "oneOf": cases.iter().map(choice).collect::<Vec<_>>() })
        }
        (ty, _) if ty.range().is_some() => json!({ "type": "integer" }),
        _ => json!({ "type": "string" }),
    }
}

/// What a field is for. That it may be left out stands in the schema.
fn describe(schema: &mut Value, documentation: &str) {
    let text = plain(&documentation.replace('\n', " "));
    let sentences = sentences(&text).into_iter().filter(|it| !it.starts_with("Leave it out "));
    let text = sentences.collect::<Vec<_>>().join(" ");
    if let Some(object) = schema.as_object_mut().filter(|_| !text.is_empty()) {
        object.insert("description".into(), text.into());
    }
}

/// A failure for a model: what went wrong, whether to try again, and whether something happened.
fn failed(failure: &Failure) -> CallToolResult {
    let error = failure.error();
    let case = failure::case(&error).to_owned();
    let retry_after = get(get(&error, &case), "retry-after").clone();
    let mut report = json!({
        "error": error,
        "retryable": failure.retry_after(0).is_some(),
        "took-effect": if failure.may_have_taken_effect() { "unknown" } else { "no" },
    });
    if !retry_after.is_null() {
        set(&mut report, "retry-after", retry_after);
    }
    CallToolResult::structured_error(report)
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("wecom", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "WeCom (企业微信): departments, members, group chats, messages, files. An error says whether the same call \
                 may be tried again (`retryable`) and whether it may have taken effect (`took-effect`); where that is \
                 unknown, look before calling again.",
            )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.tools.iter().any(|it| it.name == request.name) {
            return Err(ErrorData::invalid_params(
                format!("there is no tool {}", request.name),
                None,
            ));
        }
        let (reply, result) = oneshot::channel();
        let arguments = request.arguments.unwrap_or_default();
        let job = Job { action: request.name.into_owned(), arguments, reply };
        let gone = || ErrorData::internal_error("the component is gone", None);
        self.jobs.send(job).map_err(|_| gone())?;
        Ok(match result.await.map_err(|_| gone())? {
            Ok(value) => {
                // Structured content is an object.
                let value = if value.is_object() { value } else { json!({ "result": value }) };
                CallToolResult::structured(value)
            }
            Err(failure) => failed(&failure),
        }
        .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(grant: &Grant) -> Vec<Tool> {
        tools(&Contract::load().unwrap(), grant).ok().unwrap()
    }

    fn everything() -> Grant {
        Grant { allow: Vec::new(), read_only: false, files: Some(PathBuf::new()) }
    }

    #[test]
    fn list_stays_small() {
        const MAX_BYTES: usize = 32 << 10;
        let text = serde_json::to_string(&list(&everything())).unwrap();
        assert!(text.len() < MAX_BYTES, "{} bytes", text.len());
        for name in ["application", "chatbot", "secret", "key", "token"] {
            assert!(!text.contains(&format!("\"{name}\":")), "a tool takes {name}");
        }
    }

    #[test]
    fn grants() {
        let names = |grant: &Grant| -> Vec<String> {
            list(grant).iter().map(|it| it.name.clone().into_owned()).collect()
        };
        let allow = |patterns: &[&str]| Grant {
            allow: patterns.iter().map(|it| (*it).to_owned()).collect(),
            ..everything()
        };
        assert_eq!(names(&allow(&["send-chatbot-t*"])), ["send-chatbot-text"]);
        assert_eq!(names(&allow(&["*-member"])).len(), 3);
        assert_eq!(names(&allow(&["get-access-token"])), ["get-access-token"]);
        assert!(!names(&allow(&["*"])).contains(&SECRET.to_owned()));
        let read_only = Grant { read_only: true, ..everything() };
        assert!(
            names(&read_only).iter().all(|it| it.starts_with("list-") || it.starts_with("get-"))
        );
        let typo = allow(&["send-chatbt-text"]);
        assert!(tools(&Contract::load().unwrap(), &typo).is_err());
    }

    #[test]
    fn annotations_tell_reading_from_destroying() {
        let tools = list(&everything());
        let hints = |name: &str| {
            let tool = tools.iter().find(|it| it.name == name).unwrap();
            let it = tool.annotations.as_ref().unwrap();
            (it.read_only_hint, it.destructive_hint)
        };
        assert_eq!(hints("list-member-ids"), (Some(true), None));
        assert_eq!(hints("delete-member"), (Some(false), Some(true)));
        assert_eq!(hints("send-chatbot-text"), (Some(false), Some(false)));
    }
}
