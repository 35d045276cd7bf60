//! `wecom mcp`: the actions as tools for a model, over standard input and output.
//!
//! Credentials are the operator's: no tool takes them, and none returns them. Files come as base64, or by a path below a
//! folder that the operator grants.

use std::{
    fs::File,
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
    input,
    member::{get, set},
    output::Output,
    session::Session,
    suggest,
    wire::Mode,
};

/// The tool that would hand a secret to the model: only on request.
const SECRET: &str = "get-access-token";

/// The tool that returns the whole of another one: the list is too small for it.
const DESCRIBE: &str = "describe-action";

/// How much a tool says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// What stands in the list: the first sentences, and nested types in short.
    Brief,
    /// Everything.
    Full,
}

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
    /// The same tools, complete.
    full: Vec<Tool>,
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
    let full = tools
        .iter()
        .filter_map(|it| contract.action(&it.name))
        .map(|it| tool(contract, it, grant.files.is_some(), Detail::Full))
        .collect();
    let server = Server { tools, full, jobs };
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
        for (name, ty) in inputs(contract, action).map(|it| (it.0, it.1)) {
            let Some(by_path) = by_path(contract, ty) else { continue };
            let Some(path) = arguments.remove(&format!("{name}-path")) else { continue };
            if arguments.contains_key(name) {
                return Err(Failure::Usage(format!("{name} is given twice: as it is and by path")));
            }
            let path = path.as_str().unwrap_or_default();
            let content = BASE64.encode(read_below(files, path)?);
            let file_name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
            match by_path {
                ByPath::Content => {
                    let named = inputs(contract, action).any(|it| it.0 == "file-name");
                    if named && !arguments.contains_key("file-name") {
                        arguments.insert("file-name".into(), file_name.into());
                    }
                    arguments.insert(name.clone(), content.into());
                }
                ByPath::Case(case) => {
                    let file = json!({ "file-name": file_name, "content": content });
                    arguments.insert(name.clone(), json!({ case: file }));
                }
            }
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
    let file = File::open(&file).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    input::read(file, path).map_err(Failure::Usage)
}

/// What the file of a path becomes.
enum ByPath<'a> {
    /// The value itself.
    Content,
    /// This case of the value, with its name.
    Case(&'a str),
}

/// What a path stands for where a value of this type is expected. None where it is no file.
fn by_path<'a>(contract: &'a Contract, ty: &'a Type) -> Option<ByPath<'a>> {
    if contract.is_file(ty) {
        return Some(ByPath::Content);
    }
    let Some(Kind::Variant { cases }) = contract.kind(ty) else { return None };
    let holds_file = |it: &&wecom_contract::Case| {
        it.ty.as_ref().is_some_and(|ty| contract.fields(ty).iter().any(|it| it.name == "file-name"))
    };
    cases.iter().find(holds_file).map(|it| ByPath::Case(&it.name))
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
    let mut tools: Vec<Tool> =
        actions.map(|it| tool(contract, it, grant.files.is_some(), Detail::Brief)).collect();
    tools.push(describing());
    Ok(tools)
}

/// The tool that describes another.
fn describing() -> Tool {
    let input = json!({
        "type": "object",
        "properties": { "action": { "type": "string", "description": "The name of a tool." } },
        "required": ["action"],
    });
    let Value::Object(input) = input else { return Tool::new(DESCRIBE, "", Map::new()) };
    Tool::new(DESCRIBE, "Describe a tool with all its arguments, as JSON Schema.", input)
        .with_annotations(ToolAnnotations::from_raw(None, Some(true), None, None, None))
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

fn tool(contract: &Contract, action: &Action, files: bool, detail: Detail) -> Tool {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut types = Vec::new();
    for (name, ty, documentation) in inputs(contract, action) {
        let text =
            if documentation.is_empty() { own_documentation(contract, ty) } else { documentation };
        let schema = match detail {
            Detail::Full => {
                types.extend(contract.types_in(ty));
                let mut schema = ty.schema();
                describe(&mut schema, text);
                schema
            }
            Detail::Brief => {
                let mut schema = brief(contract, ty);
                let notation = shape(contract, ty);
                describe(
                    &mut schema,
                    &format!("{} {notation}", without_asides(first_sentence(text))),
                );
                schema
            }
        };
        properties.insert(name.clone(), schema);
        // With a folder granted, a file's name may come from its path.
        let named_by_path = files && name == "file-name";
        if files && by_path(contract, ty).is_some() {
            properties.insert(format!("{name}-path"), json!({ "type": "string" }));
        } else if !ty.is_option() && !named_by_path {
            required.push(name.clone());
        }
    }
    let mut input = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        set(&mut input, "required", required);
    }
    if !types.is_empty() {
        let types = types.into_iter().filter_map(|it| contract.named_type(it));
        set(&mut input, "$defs", contract.definitions(types));
    }
    let Value::Object(input) = input else { return Tool::new(action.name.clone(), "", Map::new()) };

    let read = action.effect == Effect::Read;
    let annotations = ToolAnnotations::from_raw(
        None,
        read.then_some(true),
        (!read).then(|| action.effect == Effect::Delete || action.name.starts_with("update-")),
        None,
        None,
    );
    let description = match detail {
        Detail::Brief => first_sentence(&action.summary).to_owned(),
        Detail::Full => plain(&action.documentation.replace('\n', " ")),
    };
    Tool::new(action.name.clone(), description, input).with_annotations(annotations)
}

/// The documentation of a type that has a name.
fn own_documentation<'a>(contract: &'a Contract, ty: &Type) -> &'a str {
    match ty.without_option() {
        Type::Named(name) => contract.named_type(name).map_or("", |it| &it.documentation),
        _ => "",
    }
}

/// A type as JSON Schema, one level deep and without limits: a list of tools is read as a whole by the model, at each of its
/// turns.
fn brief(contract: &Contract, ty: &Type) -> Value {
    let ty = contract.resolve(ty.without_option());
    match (ty, contract.kind(ty)) {
        _ if contract.is_file(ty) => json!({ "type": "string", "contentEncoding": "base64" }),
        (Type::Bool, _) => json!({ "type": "boolean" }),
        (Type::List(of), _) => json!({ "type": "array", "items": brief(contract, of) }),
        (_, Some(Kind::Enum { cases })) => {
            json!({ "enum": cases.iter().map(|it| it.name.as_str()).collect::<Vec<_>>() })
        }
        (_, Some(Kind::Record { .. })) => json!({ "type": "object" }),
        (_, Some(Kind::Variant { cases })) => {
            let word = |it: &wecom_contract::Case| {
                it.ty.as_ref().is_none_or(|ty| *contract.resolve(ty) == Type::String)
            };
            if cases.iter().any(word) {
                json!({ "type": ["string", "object"] })
            } else {
                json!({ "type": "object" })
            }
        }
        (ty, _) if ty.range().is_some() => json!({ "type": "integer" }),
        (Type::F64, _) => json!({ "type": "number" }),
        _ => json!({ "type": "string" }),
    }
}

/// What an object consists of, in short: `{department-id:number,leader?:true|false}`. Nothing for what is no object.
fn shape(contract: &Contract, ty: &Type) -> String {
    /// Larger types are described on request.
    const MAX_TYPES: usize = 8;
    match contract.resolve(ty.without_option()) {
        ty if contract.is_file(ty) => String::new(),
        Type::List(of) => shape(contract, of),
        ty if contract.types_in(ty).len() > MAX_TYPES => format!("Its members: {DESCRIBE}."),
        ty => match contract.kind(ty) {
            Some(Kind::Record { .. } | Kind::Variant { .. }) => notation(contract, ty),
            _ => String::new(),
        },
    }
}

fn notation(contract: &Contract, ty: &Type) -> String {
    let ty = contract.resolve(ty.without_option());
    if contract.is_file(ty) {
        return "base64".into();
    }
    let member = |name: &str, ty: &Type| {
        let mark = if ty.is_option() { "?" } else { "" };
        format!("{name}{mark}:{}", notation(contract, ty))
    };
    match (ty, contract.kind(ty)) {
        (Type::Bool, _) => "true|false".into(),
        (Type::String, _) => "text".into(),
        (Type::List(of), _) => format!("[{}]", notation(contract, of)),
        (_, Some(Kind::Enum { cases })) => {
            cases.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("|")
        }
        (_, Some(Kind::Record { fields })) => {
            let members: Vec<String> = fields.iter().map(|it| member(&it.name, &it.ty)).collect();
            format!("{{{}}}", members.join(","))
        }
        (_, Some(Kind::Variant { cases })) => {
            let case = |it: &wecom_contract::Case| match &it.ty {
                None => it.name.clone(),
                Some(ty) => format!("{{{}}}", member(&it.name, ty)),
            };
            cases.iter().map(case).collect::<Vec<_>>().join("|")
        }
        _ => "number".into(),
    }
}

/// A sentence without what it has in parentheses: WeCom's names and bytes.
fn without_asides(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(" (") {
        out.push_str(head);
        rest = tail.split_once(')').map_or("", |it| it.1);
    }
    out + rest
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
                 unknown, look before calling again. The list has arguments in short, `a|b` being a choice and `?` what may \
                 be left out; describe-action has the whole of a tool, and the members of template cards. For a media-id \
                 write the id of an uploaded file, or {\"file\": …} to upload one with the message. Arguments that end \
                 in -path take the path of a file in the folder that the operator granted, instead.",
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
        if request.name == DESCRIBE {
            let arguments = request.arguments.unwrap_or_default();
            let name = arguments.get("action").and_then(Value::as_str).unwrap_or_default();
            let found = self.full.iter().find(|it| it.name == name);
            let unknown = || ErrorData::invalid_params(format!("there is no tool {name}"), None);
            let described = serde_json::to_value(found.ok_or_else(unknown)?);
            let described =
                described.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
            return Ok(CallToolResult::structured(described).into());
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
        for tool in list(&everything()) {
            let inputs = tool.input_schema["properties"].as_object().unwrap();
            for name in ["application", "chatbot", "secret", "key", "token"] {
                assert!(!inputs.contains_key(name), "{} takes {name}", tool.name);
            }
        }
    }

    #[test]
    fn nested_types_in_short() {
        let tools = list(&everything());
        let description = |tool: &str, name: &str| {
            let tool = tools.iter().find(|it| it.name == tool).unwrap();
            tool.input_schema["properties"][name]["description"].as_str().unwrap().to_owned()
        };
        assert_eq!(
            description("send-app-text", "recipients"),
            "Who receives it. \
             everyone|{selected:{users?:[text],departments?:[number],tags?:[number]}}"
        );
        assert_eq!(
            description("create-member", "departments"),
            "The departments the member belongs to, at most 100. \
             {department-id:number,order?:number,leader?:true|false}"
        );
        assert_eq!(
            description("send-app-template-card", "card"),
            "The card. Its members: describe-action."
        );
    }

    #[test]
    fn description_is_complete() {
        let contract = Contract::load().unwrap();
        let schema = |name: &str| {
            let tool = tool(&contract, contract.action(name).unwrap(), false, Detail::Full);
            json!(tool.input_schema)
        };
        let members = schema("list-member-ids");
        let limit = &members["properties"]["limit"];
        assert_eq!(limit["anyOf"][0]["maximum"], u32::MAX);
        assert!(members["$defs"].is_null(), "{members}");
        // As in contract.json.
        let card = schema("send-app-template-card");
        let file = contract.to_json();
        assert_eq!(card["properties"]["card"]["$ref"], "#/$defs/template-card");
        for ty in contract.types_in(&Type::Named("template-card".into())) {
            assert_eq!(card["$defs"][ty], file["$defs"][ty]);
        }
    }

    #[test]
    fn grants() {
        let names = |grant: &Grant| -> Vec<String> {
            let tools = list(grant).into_iter().map(|it| it.name.into_owned());
            tools.filter(|it| it != DESCRIBE).collect()
        };
        let allow = |patterns: &[&str]| Grant {
            allow: patterns.iter().map(|it| (*it).to_owned()).collect(),
            ..everything()
        };
        assert_eq!(names(&allow(&["send-chatbot-te*t"])), ["send-chatbot-text"]);
        assert_eq!(names(&allow(&["*-member"])).len(), 5);
        assert_eq!(names(&allow(&["get-access-token"])), ["get-access-token"]);
        assert!(!names(&allow(&["*"])).contains(&SECRET.to_owned()));
        let read_only = Grant { read_only: true, ..everything() };
        let reading = ["list-", "get-", "find-", "check-", "explain-", "split-"];
        let names_of_reading = names(&read_only);
        assert!(names_of_reading.iter().all(|it| reading.iter().any(|verb| it.starts_with(verb))));
        let typo = allow(&["send-chatbt-text"]);
        assert!(tools(&Contract::load().unwrap(), &typo).is_err());
    }

    #[test]
    fn annotations_distinguish_reading_from_destroying() {
        let tools = list(&everything());
        let hints = |name: &str| {
            let tool = tools.iter().find(|it| it.name == name).unwrap();
            let it = tool.annotations.as_ref().unwrap();
            (it.read_only_hint, it.destructive_hint)
        };
        assert_eq!(hints("list-member-ids"), (Some(true), None));
        assert_eq!(hints("delete-member"), (None, Some(true)));
        assert_eq!(hints("send-chatbot-text"), (None, Some(false)));
    }
}
