//! The examples of the contract, called as `wasmtime run --invoke` calls them: the text is WAVE, the linker is wasmtime's
//! own, the values are dynamic, and every call gets a new instance.

use expect_test::expect;
use host_tests::{MEMBERS, TestBed, application, chatbot, in_memory, known_environment};
use serde_json::json;
use wasm_wave::{
    untyped::UntypedFuncCall,
    value::{Value, resolve_wit_func_type},
    wasm::{WasmFunc, WasmTypeKind, WasmValue},
};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker, ResourceTable, Val},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};
use wecom_contract::FILES;
use wecom_host::{
    COMPONENT, Timeouts, Transport, TransportError,
    bindings::exports::wecom::connector::{
        app_messages::{AppText, Recipients},
        media::{ChatbotMediaKind, MediaKind, NewChatbotMedia, NewMedia},
        types::FileContent,
    },
};
use wit_parser::{Function, Resolve, SourceMap};

#[tokio::test(start_paused = true)]
async fn every_wave_example_succeeds() {
    let contract = contract();
    let wasmtime = Wasmtime::new();
    let mut wire = String::new();
    let mut examples = 0;
    for (interface, function) in functions(&contract) {
        let (mut bed, id) = prepare(&function.name).await;
        bed.requests();
        let text = example(function)
            .replace("MEDIA-ID", &id)
            .replace("MESSAGE-ID", &id)
            .replace("RESPONSE-CODE", &id);
        let result = wasmtime.invoke(&bed, &contract, &interface, function, &text).await;
        assert!(matches!(result, Val::Result(Ok(_))), "{text}\n{result:?}");
        let requests = bed.requests();
        let last = bed.number_ids(requests.lines().last().unwrap_or("no request").into());
        wire += &(function.name.clone() + ": " + &last + "\n");
        examples += 1;
    }
    assert_eq!(examples, 59);
    expect![[r#"
        list-department-ids: GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
        create-department: POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Field Service North","name_en":"FSN","parentid":1,"order":4200,"id":310} -> 0
        update-department: POST /cgi-bin/department/update?access_token=<contacts token 1> {"id":310,"name":"Field Service (North)","order":4300} -> 0
        delete-department: GET /cgi-bin/department/delete?access_token=<contacts token 1>&id=310 -> 0
        list-departments: GET /cgi-bin/department/list?access_token=<app token 1>&id=310 -> 0
        get-department: GET /cgi-bin/department/get?access_token=<app token 1>&id=310 -> 0
        ensure-department: POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Field Service North","parentid":1,"order":4200} -> 0
        explain-error: no request
        check-application: POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":1} -> 0
        check-chatbot: POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=file <multipart media filename="wecom-connector-check.txt" type=application/octet-stream length=34> -> 0
        get-group-chat: GET /cgi-bin/appchat/get?access_token=<app token 1>&chatid=storm2026a -> 0
        create-group-chat: POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"Storm response","owner":"noor.h","userlist":["noor.h","iker.z","may.l"],"chatid":"storm2026a"} -> 0
        update-group-chat: POST /cgi-bin/appchat/update?access_token=<app token 1> {"chatid":"storm2026a","add_user_list":["kai.p"],"del_user_list":["may.l"]} -> 0
        ensure-group-chat: POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"Storm response","owner":"noor.h","userlist":["noor.h","iker.z","may.l"],"chatid":"storm2026a"} -> 0
        send-group-text: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"text","text":{"content":"Road N-22 reopened.","mentioned_list":["noor.h"]}} -> 0
        send-group-markdown: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"markdown","markdown":{"content":"**N-22** is open"}} -> 0
        send-group-file: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"file","file":{"media_id":"MEDIA-1"},"safe":1} -> 0
        send-group-image: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"image","image":{"media_id":"MEDIA-1"}} -> 0
        send-group-mpnews: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"mpnews","mpnews":{"articles":[{"title":"Road status","thumb_media_id":"MEDIA-1","content":"<p>N-22 open</p>","author":"Ops desk","content_source_url":"https://ops.example/n22","digest":"One line"}]}} -> 0
        send-group-text-card: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"textcard","textcard":{"title":"Road status","description":"N-22 open","url":"https://ops.example/n22"}} -> 0
        send-group-voice: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"voice","voice":{"media_id":"MEDIA-1"}} -> 0
        send-group-video: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"video","video":{"media_id":"MEDIA-1","title":"Site walk","description":"North yard"},"safe":0} -> 0
        send-group-news: POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"news","news":{"articles":[{"title":"Road status","description":"N-22","url":"https://ops.example/n22","picurl":"https://ops.example/n22.png"}]}} -> 0
        upload-media: POST /cgi-bin/media/upload?access_token=<app token 1>&type=file <multipart media filename="rota.txt" type=application/octet-stream length=7> -> 0
        upload-chatbot-media: POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=file <multipart media filename="rota.txt" type=application/octet-stream length=7> -> 0
        upload-article-image: POST /cgi-bin/media/uploadimg?access_token=<app token 1> <multipart media filename="pump.png" type=image/png length=8> -> 0
        get-media: GET /cgi-bin/media/get?access_token=<app token 1>&media_id=MEDIA-1 -> HTTP 206
        list-member-ids: POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":5000} -> 0
        create-member: POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"iker.z","name":"Iker Zabala","gender":"1","main_department":310,"position":"Dispatcher","department":[310,1],"order":[20,0],"is_leader_in_dept":[1,0],"mobile":"+34600000000","to_invite":false} -> 0
        update-member: POST /cgi-bin/user/update?access_token=<contacts token 1> {"userid":"iker.z","position":"Shift lead","department":[310],"order":[0],"is_leader_in_dept":[0],"direct_leader":[]} -> 0
        delete-member: GET /cgi-bin/user/delete?access_token=<contacts token 1>&userid=iker.z -> 0
        find-member-by-mobile: POST /cgi-bin/user/getuserid?access_token=<app token 1> {"mobile":"13900000000"} -> 0
        find-member-by-email: POST /cgi-bin/user/get_userid_by_email?access_token=<app token 1> {"email":"iker@ops.example","email_type":2} -> 0
        get-member: GET /cgi-bin/user/get?access_token=<app token 1>&userid=iker.z -> 0
        list-members: GET /cgi-bin/user/list?access_token=<app token 1>&department_id=310&fetch_child=1 -> 0
        delete-members: POST /cgi-bin/user/batchdelete?access_token=<contacts token 1> {"useridlist":["iker.z","may.l"]} -> 0
        ensure-member: POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"iker.z","name":"Iker Zabala","department":[310],"order":[0],"is_leader_in_dept":[0],"mobile":"+34600000000","to_invite":false} -> 0
        send-app-text: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h|iker.z","toparty":"310","msgtype":"text","text":{"content":"Shift swap approved."},"enable_duplicate_check":1,"duplicate_check_interval":600,"agentid":1000002} -> 0
        send-app-markdown: POST /cgi-bin/message/send?access_token=<app token 1> {"totag":"1","msgtype":"markdown","markdown":{"content":"**T3** is <font color=\"warning\">offline</font>"},"agentid":1000002} -> 0
        send-app-file: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"file","file":{"media_id":"MEDIA-1"},"safe":1,"agentid":1000002} -> 0
        send-app-image: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"image","image":{"media_id":"MEDIA-1"},"agentid":1000002} -> 0
        send-app-mpnews: POST /cgi-bin/message/send?access_token=<app token 1> {"toparty":"310","msgtype":"mpnews","mpnews":{"articles":[{"title":"Weekly digest","thumb_media_id":"MEDIA-1","content":"<p>All lines normal.</p>","author":"Ops desk","content_source_url":"https://ops.example/w/20","digest":"Nothing to report"}]},"safe":2,"agentid":1000002} -> 0
        send-app-text-card: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"textcard","textcard":{"title":"Outage 8841","description":"<div class=\"gray\">14 May</div>Transformer T3 offline","url":"https://ops.example/o/8841","btntxt":"Open"},"agentid":1000002} -> 0
        send-app-voice: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"voice","voice":{"media_id":"MEDIA-1"},"agentid":1000002} -> 0
        send-app-video: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"video","video":{"media_id":"MEDIA-1","title":"Site walk","description":"North yard"},"safe":1,"agentid":1000002} -> 0
        send-app-news: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"news","news":{"articles":[{"title":"Line map","description":"Rev. C","url":"https://ops.example/m","picurl":"https://ops.example/m.png"}]},"agentid":1000002} -> 0
        send-app-template-card: POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"button_interaction","main_title":{"title":"Approval needed"},"horizontal_content_list":[{"keyname":"Cost","value":"420 EUR"}],"button_list":[{"text":"Approve","style":1,"key":"yes"},{"text":"Reject","style":2,"key":"no"}],"task_id":"ap-12"},"agentid":1000002} -> 0
        update-template-card: POST /cgi-bin/message/update_template_card?access_token=<app token 1> {"userids":["noor.h"],"response_code":"rp2Jlr9FUP6RCTpuL-B2Zlrhai9uSo0wckhdrDRFDaMFmWGl4c6bcRq0X35BQQoT4TGXm5LqTb7wUxOJ","button":{"replace_name":"Approved"},"agentid":1000002} -> 0
        recall-app-message: POST /cgi-bin/message/recall?access_token=<app token 1> {"msgid":"MESSAGE-1"} -> 0
        send-chatbot-text: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"text","text":{"content":"Pump 2 restarted","mentioned_list":["noor.h","@all"]}} -> 0
        send-chatbot-markdown: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"markdown","markdown":{"content":"**Pump 2** <font color=\"info\">online</font>"}} -> 0
        send-chatbot-markdown-v2: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"markdown_v2","markdown_v2":{"content":"| pump | state |\n| --- | --- |\n| 2 | online |"}} -> 0
        send-chatbot-file: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"file","file":{"media_id":"MEDIA-1"}} -> 0
        send-chatbot-voice: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"voice","voice":{"media_id":"MEDIA-1"}} -> 0
        send-chatbot-image: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} -> 0
        send-chatbot-news: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"news","news":{"articles":[{"title":"Pump report","description":"May","url":"https://ops.example/r/5","picurl":"https://ops.example/r/5.png"}]}} -> 0
        send-chatbot-template-card: POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"template_card","template_card":{"card_type":"news_notice","main_title":{"title":"Pump report"},"card_image":{"url":"https://ops.example/r/5.png","aspect_ratio":1.6},"card_action":{"type":1,"url":"https://ops.example/r/5"}}} -> 0
        split-text: no request
        get-access-token: GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
    "#]].assert_eq(&wire);
}

#[tokio::test(start_paused = true)]
async fn rejection_is_a_variant_value() {
    let contract = contract();
    let (interface, function) =
        functions(&contract).find(|(_, it)| it.name == "delete-department").unwrap();
    let text = r#"delete-department(profile(""), 1)"#;
    let bed = TestBed::new();
    let refused = Wasmtime::new().invoke(&bed, &contract, &interface, function, text).await;
    let Val::Result(Err(Some(error))) = refused else { panic!("not refused: {refused:?}") };
    let Val::Variant(case, Some(_)) = *error else { panic!("not a case: {error:?}") };
    assert_eq!(case, "permanent-rejected");
}

/// A corp in which the example of a function makes sense, and the id that the example leaves open.
async fn prepare(function: &str) -> (TestBed, String) {
    let mut bed = match function {
        "create-department" | "ensure-department" => TestBed::new(),
        "create-group-chat" | "create-member" | "delete-department" | "ensure-group-chat" => {
            TestBed::with_members().await
        }
        _ => TestBed::with_group_chat().await,
    };
    let deleted = match function {
        "create-member" | "ensure-member" => &MEMBERS[1..2],
        "delete-department" => &MEMBERS[..],
        _ => &[],
    };
    for user_id in deleted {
        bed.delete_member(&application(), &(*user_id).into()).await.unwrap();
    }
    let id = match function {
        "send-app-file" | "send-group-file" | "get-media" => {
            upload(&mut bed, MediaKind::File).await
        }
        "send-app-image" | "send-app-mpnews" | "send-group-image" | "send-group-mpnews" => {
            upload(&mut bed, MediaKind::Image).await
        }
        "send-app-video" | "send-group-video" => upload(&mut bed, MediaKind::Video).await,
        "find-member-by-mobile" | "find-member-by-email" => {
            let member = json!({
                "user-id": "lin.m", "name": "林美", "mobile": "13900000009", "email": "iker@ops.example",
            });
            bed.call_as_profile("create-member", json!({ "member": member })).await.unwrap();
            String::new()
        }
        "update-template-card" => {
            let message = json!({
                "recipients": "everyone",
                "task-id": "ap-12",
                "card": {"button-interaction": {
                    "title": {"title": "Approval needed"},
                    "buttons": [{"text": "Approve", "action": {"callback": "yes"}}],
                }},
            });
            let sent = bed.call_as_profile("send-app-template-card", json!({ "message": message }));
            sent.await.unwrap()["response-code"].as_str().unwrap().into()
        }
        "send-chatbot-file" => {
            let media = NewChatbotMedia {
                kind: ChatbotMediaKind::File,
                file_name: "rota.txt".into(),
                content: FileContent::Bytes(b"Mon 7-5".to_vec()),
            };
            bed.upload_chatbot_media(&chatbot(), &media).await.unwrap().id
        }
        "recall-app-message" => {
            let message = AppText {
                recipients: Recipients::Everyone,
                content: "Pump 2".into(),
                confidentiality: None,
                options: None,
            };
            bed.send_app_text(&application(), &message).await.unwrap().message_id.unwrap()
        }
        _ => String::new(),
    };
    (bed, id)
}

async fn upload(bed: &mut TestBed, kind: MediaKind) -> String {
    let (file_name, content): (_, &[u8]) = match kind {
        MediaKind::Image => ("pump.png", b"\x89PNG\r\n\x1a\n"),
        MediaKind::Video => ("a.mp4", b"\0\0\0\x18ftypmp42"),
        _ => ("rota.txt", b"Mon 7-5"),
    };
    let media =
        NewMedia { kind, file_name: file_name.into(), content: FileContent::Bytes(content.into()) };
    bed.upload_media(&application(), &media).await.unwrap().id
}

/// The one example of a function.
fn example(function: &Function) -> String {
    let docs = function.docs.contents.as_deref().unwrap();
    let (_, rest) = docs.split_once("```wave\n").unwrap();
    assert!(!rest.contains("```wave"), "{} has two examples", function.name);
    rest.split_once("```").unwrap().0.trim().to_owned()
}

fn contract() -> Resolve {
    let mut sources = SourceMap::new();
    for (name, text) in FILES {
        sources.push_str(name, *text);
    }
    let mut resolve = Resolve::new();
    resolve.push_group(sources.parse().unwrap()).unwrap();
    resolve
}

/// All functions, each with the full name of its interface.
fn functions(contract: &Resolve) -> impl Iterator<Item = (String, &Function)> {
    contract.interfaces.iter().flat_map(|(id, interface)| {
        let name = contract.id_of(id).unwrap();
        interface.functions.values().map(move |it| (name.clone(), it))
    })
}

/// wasmtime as `wasmtime run -Shttp` sets it up, except for the network.
struct Wasmtime {
    component: Component,
    linker: Linker<State>,
}

impl Wasmtime {
    fn new() -> Self {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, COMPONENT).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        Self { component, linker }
    }

    async fn invoke(
        &self,
        bed: &TestBed,
        contract: &Resolve,
        interface: &str,
        function: &Function,
        text: &str,
    ) -> Val {
        let call = UntypedFuncCall::parse(text).unwrap();
        assert_eq!(call.name(), function.name);
        let types: Vec<_> = resolve_wit_func_type(contract, function).unwrap().params().collect();
        let arguments: Vec<Value> = call.to_wasm_params(&types).unwrap();
        let arguments: Vec<_> = arguments.iter().map(dynamic).collect();

        let mut store = Store::new(self.linker.engine(), State::new(bed));
        let instance = self.linker.instantiate_async(&mut store, &self.component).await.unwrap();
        let interface = instance.get_export_index(&mut store, None, interface).unwrap();
        let index = instance.get_export_index(&mut store, Some(&interface), &function.name);
        let callee = instance.get_func(&mut store, index.unwrap()).unwrap();
        let mut results = [Val::Bool(false)];
        callee.call_async(&mut store, &arguments, &mut results).await.unwrap();
        let [result] = results;
        result
    }
}

fn dynamic(value: &Value) -> Val {
    match value.kind() {
        WasmTypeKind::Bool => Val::Bool(value.unwrap_bool()),
        WasmTypeKind::U8 => Val::U8(value.unwrap_u8()),
        WasmTypeKind::S32 => Val::S32(value.unwrap_s32()),
        WasmTypeKind::U64 => Val::U64(value.unwrap_u64()),
        WasmTypeKind::F64 => Val::Float64(value.unwrap_f64()),
        WasmTypeKind::U32 => Val::U32(value.unwrap_u32()),
        WasmTypeKind::String => Val::String(value.unwrap_string().into()),
        WasmTypeKind::List => Val::List(value.unwrap_list().map(|it| dynamic(&it)).collect()),
        WasmTypeKind::Record => {
            let fields = value.unwrap_record();
            Val::Record(fields.map(|(name, it)| (name.into(), dynamic(&it))).collect())
        }
        WasmTypeKind::Variant => {
            let (case, payload) = value.unwrap_variant();
            Val::Variant(case.into(), payload.map(|it| dynamic(&it).into()))
        }
        WasmTypeKind::Enum => Val::Enum(value.unwrap_enum().into()),
        WasmTypeKind::Option => Val::Option(value.unwrap_option().map(|it| dynamic(&it).into())),
        other => panic!("the contract takes no {other}"),
    }
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
}

impl State {
    fn new(bed: &TestBed) -> Self {
        Self {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().envs(&known_environment()).build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(Box::new(in_memory(bed.simulator.clone()))),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Sends requests to the simulator.
struct Hooks(Box<dyn Transport>);

type Io = Box<dyn Future<Output = Result<(), TransportError>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Io), TransportError>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let response = self.0.send(request, Timeouts::default());
        Box::new(async move { Ok((response.await?, Box::new(async { Ok(()) }) as Io)) })
    }
}
