//! What each action computes in the component, in wasmtime's fuel: about one unit an instruction, the same on every machine.

use std::fmt::Write as _;

use http_body_util::BodyExt;
use serde_json::{Value, json};
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Instance, Linker, ResourceTable, Type, Val, types::ComponentItem},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};
use wecom_contract::Contract;
use wecom_host::body;

use crate::contestants::component;

/// Far more than any call uses.
const TANK: u64 = 1 << 40;

/// A line per action: its name and its fuel.
pub async fn table() -> String {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
    let component = Component::from_binary(&engine, &component()).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();

    let mut table = String::new();
    for action in Contract::load().unwrap().actions {
        let arguments = action.example.arguments;
        let mut store = store(&engine);
        let instance = pre.instantiate_async(&mut store).await.unwrap();
        // The first call on an instance also sets up the allocator.
        call(&mut store, &instance, &action.name, &arguments).await;
        let used = call(&mut store, &instance, &action.name, &arguments).await;
        writeln!(table, "{:<26}{used:>8}", action.name).unwrap();
    }
    table
}

/// Fuel of one call, from lowering its arguments to lifting its result.
async fn call(store: &mut Store<State>, instance: &Instance, name: &str, arguments: &Value) -> u64 {
    let (function, params) = find(store, instance, name);
    let arguments: Vec<Val> = params
        .iter()
        .map(|(name, ty)| match name.as_str() {
            "application" => val(ty, &application(arguments)),
            "chatbot" => val(ty, &json!({"credentials": {"key": "KEY"}})),
            _ => val(ty, &arguments[name]),
        })
        .collect();
    store.set_fuel(TANK).unwrap();
    let mut results = [Val::Bool(false)];
    function.call_async(&mut *store, &arguments, &mut results).await.unwrap();
    assert!(matches!(results, [Val::Result(Ok(_))]), "{name}: {results:?}");
    TANK - store.get_fuel().unwrap()
}

/// A token given with the call, so that the action alone counts; a secret for the one that asks for a token.
fn application(arguments: &Value) -> Value {
    match arguments.get("scope") {
        Some(_) => json!({"credentials": {"corp-id": "CORP", "secret": "SECRET"}}),
        None => json!({"token": {"token": "TOKEN", "agent-id": 1_000_002}}),
    }
}

fn find(
    store: &mut Store<State>,
    instance: &Instance,
    name: &str,
) -> (wasmtime::component::Func, Vec<(String, Type)>) {
    let engine = store.engine().clone();
    let component = instance.instance_pre(&*store).component().clone();
    for (interface, item) in component.component_type().exports(&engine) {
        let ComponentItem::ComponentInstance(exports) = item.ty else { continue };
        let outer = component.get_export_index(None, interface).unwrap();
        for (function, item) in exports.exports(&engine) {
            if let ComponentItem::ComponentFunc(ty) = item.ty
                && function == name
            {
                let index = component.get_export_index(Some(&outer), function).unwrap();
                let params = ty.params().map(|(name, ty)| (name.to_owned(), ty)).collect();
                return (instance.get_func(store, index).unwrap(), params);
            }
        }
    }
    panic!("there is no {name}");
}

/// JSON as the contract's examples have it.
fn val(ty: &Type, json: &Value) -> Val {
    let text = || json.as_str().unwrap_or_else(|| panic!("{json} is not text"));
    let number = || json.as_u64().unwrap_or_else(|| panic!("{json} is not a number"));
    match ty {
        Type::Bool => Val::Bool(json.as_bool().unwrap()),
        Type::U8 => Val::U8(number().try_into().unwrap()),
        Type::S32 => Val::S32(json.as_i64().unwrap().try_into().unwrap()),
        Type::Float64 => Val::Float64(json.as_f64().unwrap()),
        Type::U32 => Val::U32(number().try_into().unwrap()),
        Type::U64 => Val::U64(number()),
        Type::String => Val::String(text().into()),
        Type::Enum(_) => Val::Enum(text().into()),
        Type::Option(_) if json.is_null() => Val::Option(None),
        Type::Option(some) => Val::Option(Some(Box::new(val(&some.ty(), json)))),
        Type::List(list) => {
            let items = json.as_array().into_iter().flatten();
            Val::List(items.map(|it| val(&list.ty(), it)).collect())
        }
        Type::Record(record) => Val::Record(
            record.fields().map(|it| (it.name.into(), val(&it.ty, &json[it.name]))).collect(),
        ),
        Type::Variant(variant) => {
            let (name, payload) = match json {
                Value::String(name) => (name, &Value::Null),
                _ => json.as_object().and_then(|it| it.iter().next()).unwrap(),
            };
            let case = variant.cases().find(|it| it.name == name).unwrap();
            Val::Variant(name.clone(), case.ty.map(|ty| Box::new(val(&ty, payload))))
        }
        other => panic!("no action takes {other:?}"),
    }
}

/// The members that WeCom always sends.
fn reply(path: &str) -> String {
    let rest = match path {
        "/cgi-bin/gettoken" => r#","access_token":"TOKEN","expires_in":7200"#,
        "/cgi-bin/department/create" => r#","id":310"#,
        "/cgi-bin/department/simplelist" => {
            r#","department_id":[{"id":1,"parentid":0,"order":100000000},{"id":310,"parentid":1,"order":4200}]"#
        }
        "/cgi-bin/department/list" => {
            r#","department":[{"id":310,"name":"North","parentid":1,"order":4200}]"#
        }
        "/cgi-bin/department/get" => {
            r#","department":{"id":310,"name":"North","parentid":1,"order":4200}"#
        }
        "/cgi-bin/user/get" => {
            r#","userid":"iker.z","name":"Iker Zabala","department":[310],"order":[20],"status":1"#
        }
        "/cgi-bin/user/simplelist" | "/cgi-bin/user/list" => {
            r#","userlist":[{"userid":"iker.z","name":"Iker Zabala","department":[310]}]"#
        }
        "/cgi-bin/user/getuserid" | "/cgi-bin/user/get_userid_by_email" => r#","userid":"iker.z""#,
        "/cgi-bin/media/uploadimg" => r#","url":"https://wework.example/0""#,
        "/cgi-bin/media/get" => return "Mon 7-5".into(),
        "/cgi-bin/get_api_domain_ip" => r#","ip_list":["127.0.0.1"]"#,
        "/cgi-bin/agent/get" => {
            r#","agentid":1000002,"name":"Site","close":0,"allow_partys":{"partyid":[1]}"#
        }
        "/cgi-bin/user/list_id" => {
            r#","next_cursor":"c-2","dept_user":[{"userid":"noor.h","department":310}]"#
        }
        "/cgi-bin/appchat/create" => r#","chatid":"storm2026a""#,
        "/cgi-bin/appchat/get" => {
            r#","chat_info":{"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","kai.p"],"chat_type":0}"#
        }
        "/cgi-bin/message/send" => r#","invaliduser":"","invalidparty":"","msgid":"Qf3""#,
        "/cgi-bin/media/upload" | "/cgi-bin/webhook/upload_media" => {
            r#","type":"file","media_id":"MEDIA-ID","created_at":"1789000100""#
        }
        _ => "",
    };
    format!(r#"{{"errcode":0,"errmsg":"ok"{rest}}}"#)
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    server: Server,
}

struct Server;

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Server {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        Box::new(async move {
            let (head, sent) = request.into_parts();
            sent.collect().await?;
            let mut response = http::Response::new(body(reply(head.uri.path())));
            if head.uri.path() == "/cgi-bin/media/get" {
                let disposition =
                    http::HeaderValue::from_static("attachment; filename=\"rota.txt\"");
                response.headers_mut().insert(http::header::CONTENT_DISPOSITION, disposition);
            }
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.server, table: &mut self.table, ctx: &mut self.http }
    }
}

fn store(engine: &Engine) -> Store<State> {
    let state = State {
        table: ResourceTable::new(),
        wasi: WasiCtx::builder().build(),
        http: WasiHttpCtx::new(),
        server: Server,
    };
    let mut store = Store::new(engine, state);
    store.set_fuel(TANK).unwrap();
    store
}
