//! Generated arguments for every function: the component never traps, what its checks accept is accepted by the simulator, and
//! what they reject is rejected for a generated field. The two were written independently, so their limits check each other.
//!
//! `ARBTEST_SEED=<seed>` runs only that input: a corp, and calls of one function.

use std::{collections::BTreeMap, time::Duration};

use arbtest::arbitrary::{Result as Generated, Unstructured};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use host_tests::{CHAT, MEMBERS, NORTH, TestBed};
use serde_json::{Map, Value, json};
use tokio::runtime;
use wasmtime::component::Type;
use wecom_contract::{Action, Contract};
use wecom_host::{COMPONENT, CallError, Function, Host, Options};

use crate::property::{self, percent};

/// The inputs of a function, and of one whose argument has many fields.
const INPUTS: u32 = 10;
const MANY_INPUTS: u32 = 40;
/// The bytes of an input: some forty calls.
const SIZE: u32 = 400;
/// The calls of an input; the corp fills up.
const MAX_CALLS: usize = 100;
/// A department that can be deleted.
const EMPTY: u32 = NORTH + 1;

/// Codes of refusals that no check can predict, because they depend on the server's state. Every other code is a limit that
/// the checks miss.
const ONLY_THE_SERVER_KNOWS: &[(i64, &str)] = &[
    (40001, "the secret given is not one of the corp's"),
    (40007, "no such media, or of another kind"),
    (40013, "the corp id given is another"),
    (40014, "the token given is not one of the corp's"),
    (40056, "no application with this agent id"),
    (301_002, "the agent id of another application"),
    (301_005, "the creator of the corp cannot be deleted"),
    (301_021, "a superior is not a member"),
    (40066, "a department is not there"),
    (40003, "a member to delete is not there"),
    (40031, "a member to delete is not there"),
    (42015, "the card is of another application"),
    (46004, "no such member"),
    (60140, "the response code was used, or is none"),
    (50100, "a cursor that was never given out"),
    (60003, "no such department"),
    (60004, "no such parent"),
    (60005, "the department has members"),
    (60006, "the department has departments below it"),
    (60007, "the root department cannot be deleted"),
    (60008, "the department is there already"),
    (60010, "the new parent lies below the department"),
    (60102, "the member is there already"),
    (60103, "whether a mobile number is one"),
    (60104, "another member has the mobile number"),
    (60105, "whether an email address is one"),
    (60106, "another member has the address"),
    (60111, "no such member"),
    (60123, "no such department"),
    (60124, "no such parent"),
    (60143, "whether a mailbox address is one"),
    (60129, "the member would have neither a mobile number nor an address"),
    (60144, "the mailbox address was changed before"),
    (60145, "another member has the address"),
    (81002, "the tree would be deeper than 15 levels"),
    (81013, "no receiver is there"),
    (86003, "no such chat"),
    (86006, "the chat would have less than 2 members or more than 2000"),
    (86007, "a member of the new chat is unknown"),
    (86203, "the owner is removed and no other is named"),
    (86207, "the owner is not in the chat"),
    (86215, "the chat is there already"),
    (86216, "a member to add or remove is unknown"),
    (93000, "no such chatbot"),
];

/// Further refusals with a general code, by function and the simulator's message.
const ONLY_THE_SERVER_KNOWS_BY_MESSAGE: &[(&str, i64, &str)] = &[
    ("get-media", 40058, "`Range`: must be bytes=first-last, inside the file"),
    ("recall-app-message", 40058, "no message of this app"),
    // It depends on the name under which the file was uploaded.
    ("send-app-file", 40058, "1 is not for files of this type"),
    // An unknown key is 40058 for uploads.
    ("upload-chatbot-media", 40058, "param 'key'"),
];

/// Functions whose arguments have few limits, or none.
const FEW_LIMITS: &[&str] = &[
    "check-application",
    "check-chatbot",
    "delete-members",
    "find-member-by-email",
    "find-member-by-mobile",
    "get-access-token",
    "get-department",
    "get-media",
    "get-member",
    "list-departments",
    "list-members",
    "split-text",
    "update-template-card",
];

/// Fields that are checked together.
const CHECKED_TOGETHER: &[(&str, &str)] = &[
    ("member.mobile", "member.email"),
    ("group-chat.owner", "group-chat.members"),
    ("changes.remove-members", "changes.add-members"),
    ("md5", "image"),
    ("media.content", "media.kind"),
    ("message.task-id", "message.card"),
    ("options.range.first", "options.range.last"),
];

const HOSTILE: &[&str] = &[
    "",
    " ",
    "\0",
    "a\0b",
    "\u{1}\u{2}\u{1b}[31m",
    "\r\n",
    "a\r\nX-Injected: yes\r\n\r\n{}",
    "\t\n",
    "\u{7f}\u{80}\u{9f}",
    "\u{a0}\u{2007}\u{3000}",
    "\u{feff}部",
    "\u{2028}\u{2029}",
    "\u{202e}gpj.exe",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\u{10ffff}\u{fffe}\u{e000}",
    "\"\\\"\\",
    "\",\"agentid\":1,\"x\":\"",
    "{\"a\":[null]}",
    "a|b",
    "|",
    "@all",
    "@ALL",
    "a&access_token=b",
    "%00%2e%2e",
    "%",
    "+",
    "a+b c",
    "?#",
    "../../etc/passwd",
    "C:\\x",
    "/",
    "--",
    "-",
    ".",
    "@",
    "a@b",
    "a@b.c",
    "@example.com",
    "a@@example.com",
    "a@b..cd",
    "a@.bcd",
    "a@bcd.",
    "a.@-.-",
    "a b@example.com",
    "部@例子.中国",
    "0",
    "-1",
    "+1",
    "007",
    "99999999999999999999",
    "NaN",
    "null",
    "true",
    "undefined",
    "'; DROP TABLE members; --",
    "<script>alert(1)</script>",
    "http://",
    "https://",
    "http://a b",
    "HTTPS://A",
    "httpx://a",
    "javascript:alert(1)",
    "http://例子.中国/部?部#部",
    "$userName=noor.h$",
    "<@noor.h>",
    "noor.h",
    "NOOR.H",
    "founder",
    "nobody",
    CHAT,
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
    "ｆｕｌｌｗｉｄｔｈ１２３",
    "١٢٣",
];

const LENGTHS: &[usize] = &[
    1, 2, 4, 5, 6, 7, 31, 32, 33, 49, 50, 51, 63, 64, 65, 127, 128, 129, 254, 255, 256, 511, 512,
    513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 5121,
];

const COUNTS: &[usize] = &[0, 1, 2, 5, 6, 8, 9, 100, 101, 1000, 1001, 2000, 2001];

const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    300,
    310,
    1000,
    9999,
    10_000,
    10_001,
    14_400,
    14_401,
    900_000,
    1_000_002,
    1_000_003,
    2_147_483_646,
    2_147_483_647,
    2_147_483_648,
    4_294_967_295,
];

/// Generates arguments.
struct Generator<'a, 'b> {
    u: &'a mut Unstructured<'b>,
    /// The paths of what was generated, as the contract's errors write them, without indices of items.
    generated: Vec<String>,
}

impl Generator<'_, '_> {
    /// Changes one field somewhere in a value.
    fn mutate(&mut self, ty: &Type, value: &mut Value, path: &str) -> Generated<()> {
        match ty {
            Type::Record(record) => {
                let field = self.u.choose_iter(record.fields())?;
                let path = format!("{path}.{}", field.name);
                let object = value.as_object_mut().unwrap();
                let inner = object.entry(field.name).or_insert(Value::Null);
                return self.mutate(&field.ty, inner, &path);
            }
            Type::Option(option) if value.is_null() => *value = self.any(&option.ty(), path)?,
            Type::Option(option) => {
                if !percent(self.u, 10)? {
                    return self.mutate(&option.ty(), value, path);
                }
                *value = Value::Null;
            }
            Type::Variant(variant) if value.is_object() && percent(self.u, 80)? => {
                let (case, payload) = value.as_object_mut().unwrap().iter_mut().next().unwrap();
                let ty = variant.cases().find(|it| it.name == case).unwrap().ty.unwrap();
                return self.mutate(&ty, payload, &format!("{path}.{case}"));
            }
            Type::List(list) if matches!(list.ty(), Type::U8) => *value = self.base64()?.into(),
            Type::List(list) => {
                return self.mutate_list(&list.ty(), value.as_array_mut().unwrap(), path);
            }
            _ => *value = self.any(ty, path)?,
        }
        self.generated.push(path.into());
        Ok(())
    }

    fn mutate_list(&mut self, ty: &Type, items: &mut Vec<Value>, path: &str) -> Generated<()> {
        match self.u.choose_index(10)? {
            0..=3 if !items.is_empty() => {
                let index = self.u.choose_index(items.len())?;
                return self.mutate(ty, &mut items[index], path);
            }
            // Many valid items.
            4 | 5 if !items.is_empty() => {
                let count = *self.u.choose(COUNTS)?;
                let like = items[0].clone();
                *items = (0..count).map(|n| numbered(&like, n)).collect();
            }
            6 if !items.is_empty() => {
                let duplicate = self.u.choose(items)?.clone();
                items.push(duplicate);
            }
            7 => items.clear(),
            _ => items.push(self.any(ty, path)?),
        }
        self.generated.push(path.into());
        Ok(())
    }

    /// Any value of this type, preferably a malicious one.
    fn any(&mut self, ty: &Type, path: &str) -> Generated<Value> {
        self.generated.push(path.into());
        Ok(match ty {
            Type::Bool => percent(self.u, 50)?.into(),
            Type::U8 => self.u.int_in_range(0..=9_u8)?.into(),
            Type::S32 => (*self.u.choose(&[-1, 0, 1, 40014, 60020, i32::MIN, i32::MAX])?).into(),
            Type::U32 | Type::U64 => (*self.u.choose(NUMBERS)?).into(),
            Type::Float64 => (*self.u.choose(&[0.0, 1.29, 1.3, 2.25, 2.26, -1.0, 1e300])?).into(),
            Type::String => self.text()?.into(),
            Type::List(list) if matches!(list.ty(), Type::U8) => self.base64()?.into(),
            Type::List(list) => {
                let count = self.u.choose_index(4)?;
                let items = (0..count).map(|_| self.any(&list.ty(), path));
                items.collect::<Generated<Vec<_>>>()?.into()
            }
            Type::Option(_) if percent(self.u, 40)? => Value::Null,
            Type::Option(option) => self.any(&option.ty(), path)?,
            Type::Enum(names) => self.u.choose_iter(names.names())?.into(),
            Type::Record(record) => {
                let mut object = Map::new();
                for field in record.fields() {
                    let path = format!("{path}.{}", field.name);
                    object.insert(field.name.into(), self.any(&field.ty, &path)?);
                }
                object.into()
            }
            Type::Variant(variant) => {
                let case = self.u.choose_iter(variant.cases())?;
                match case.ty {
                    None => case.name.into(),
                    Some(ty) => {
                        let payload = self.any(&ty, &format!("{path}.{}", case.name))?;
                        json!({ (case.name): payload })
                    }
                }
            }
            other => panic!("the contract has a new kind of type: {other:?}"),
        })
    }

    /// Changes a few fields of the arguments of a function.
    fn mutate_arguments(&mut self, function: &Function, arguments: &mut Value) -> Generated<()> {
        for _ in 0..=self.u.choose_index(2)? {
            let last = function.params.len() - 1;
            // Rarely the credentials, which come first, and often the payload, which comes last.
            let index = match self.u.choose_index(20)? {
                19 => 0,
                10.. if last > 1 => last,
                _ => self.u.int_in_range(last.min(1)..=last)?,
            };
            let (param, ty) = &function.params[index];
            // A parameter may be omitted as a field may.
            if arguments.get(param).is_none() {
                arguments[param] = Value::Null;
            }
            self.mutate(ty, &mut arguments[param], param)?;
        }
        Ok(())
    }

    fn text(&mut self) -> Generated<String> {
        if percent(self.u, 50)? {
            return Ok((*self.u.choose(HOSTILE)?).into());
        }
        let length = *self.u.choose(LENGTHS)?;
        let unit = *self.u.choose(&["a", "7", "Z", "é", "部", "😀", " ", "\"", "\n"])?;
        let prefixes = ["", "", "", "a", "http://a.b/", "https://", "a@b.c", "+"];
        let prefix = *self.u.choose(&prefixes)?;
        // The length is in characters or in bytes.
        let units = if percent(self.u, 50)? {
            length.saturating_sub(prefix.len()) / unit.len()
        } else {
            length.saturating_sub(prefix.chars().count())
        };
        let suffix = *self.u.choose(&["", "", "", "a", "@b.cn", "部"])?;
        Ok([prefix, &unit.repeat(units), suffix].concat())
    }

    /// The content of a file.
    fn base64(&mut self) -> Generated<String> {
        const MAGIC: &[&[u8]] = &[
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"#!AMR\n",
            b"\0\0\0\x18ftypmp42",
            b"\x89PNG",
        ];
        const SIZES: &[usize] = &[0, 0, 1, 2, 3, 4, 5, 6, 7, 100, 2 << 20, (2 << 20) + 1];

        let magic = *self.u.choose(MAGIC)?;
        let size = *self.u.choose(SIZES)?;
        let fill = *self.u.choose(b"\0-\r\n\xff")?;
        let mut bytes = magic.to_vec();
        bytes.resize(size.max(magic.len()), fill);
        Ok(BASE64.encode(bytes))
    }
}

/// An item like this one with another id.
fn numbered(like: &Value, n: usize) -> Value {
    match like {
        Value::String(_) => format!("user{n}").into(),
        Value::Number(_) => (n + 1).into(),
        Value::Object(object) => {
            let mut object = object.clone();
            if let Some(id) = object.get_mut("department-id") {
                *id = (n + 1).into();
            }
            object.into()
        }
        other => other.clone(),
    }
}

/// A corp in which every example of the contract is valid.
struct Corp {
    bed: TestBed,
    media: BTreeMap<&'static str, Value>,
    message: Value,
    response_code: Value,
}

impl Corp {
    async fn new() -> Self {
        let mut bed = TestBed::with_group_chat().await;
        let empty = json!({"name": "Empty", "parent-id": 1, "id": EMPTY});
        let arguments = json!({"application": {"profile": ""}, "department": empty});
        bed.call_json("create-department", &arguments).await.unwrap();
        let mut media = BTreeMap::new();
        for (kind, content) in
            [("image", "iVBORw0KGgo="), ("video", "AAAAGGZ0eXBtcDQy"), ("file", "TW9uIDctNQ==")]
        {
            let file = json!({"kind": kind, "file-name": "rota.txt", "content": content});
            let arguments = json!({"application": {"profile": ""}, "media": file});
            let uploaded = bed.call_json("upload-media", &arguments).await.unwrap();
            media.insert(kind, uploaded["id"].clone());
            if kind == "file" {
                let arguments = json!({"chatbot": {"profile": ""}, "media": file});
                let uploaded = bed.call_json("upload-chatbot-media", &arguments).await.unwrap();
                media.insert("chatbot", uploaded["id"].clone());
            }
        }
        let message = json!({"recipients": "everyone", "content": "x"});
        let arguments = json!({"application": {"profile": ""}, "message": message});
        let sent = bed.call_json("send-app-text", &arguments).await.unwrap();
        let found = json!({
            "user-id": "lin.m", "name": "林美", "mobile": "13900000009", "email": "iker@ops.example",
        });
        bed.call_as_profile("create-member", json!({ "member": found })).await.unwrap();
        let card = json!({"button-interaction": {
            "title": {"title": "x"}, "buttons": [{"text": "x", "action": {"callback": "x"}}],
        }});
        let card = json!({"recipients": "everyone", "task-id": "corp", "card": card});
        let card = bed.call_as_profile("send-app-template-card", json!({ "message": card })).await;
        let response_code = card.unwrap()["response-code"].clone();
        Self { bed, media, message: sent["message-id"].clone(), response_code }
    }

    /// The example of a function, valid in this corp, with unique names.
    fn example(&self, function: &str, example: &Value, serial: usize) -> Value {
        let mut arguments = example.clone();
        let mut set = |pointer: &str, value: Value| match arguments.pointer_mut(pointer) {
            Some(Value::Object(media)) if media.contains_key("id") => {
                media.insert("id".into(), value);
            }
            // The example contains the file itself.
            Some(Value::Object(media)) if media.contains_key("file") => {}
            Some(it) => *it = value,
            None => {}
        };
        let kind = match function {
            "send-chatbot-file" => "chatbot",
            "send-app-file" | "send-group-file" | "get-media" => "file",
            "send-app-video" | "send-group-video" => "video",
            _ => "image",
        };
        set("/message/media-id", self.media[kind].clone());
        set("/media-id", self.media[kind].clone());
        set("/message/articles/0/thumbnail", self.media[kind].clone());
        set("/message-id", self.message.clone());
        set("/message/task-id", format!("ap-{serial}").into());
        set("/update/response-code", self.response_code.clone());
        set("/department/name", format!("North {serial}").into());
        set("/department/id", (1000 + serial).into());
        set("/member/user-id", format!("new.{serial}").into());
        set("/member/mobile", format!("138{serial:08}").into());
        set("/group-chat/id", format!("storm{serial}").into());
        if function == "update-member" || function == "delete-member" {
            set("/user-id", MEMBERS[1].into());
        }
        if function == "delete-department" {
            set("/department-id", EMPTY.into());
        }
        arguments
    }
}

/// Makes calls of one function until the input ends. Returns how many were accepted and how many were rejected by the checks.
async fn check_function(
    u: &mut Unstructured<'_>,
    function: &Function,
    action: &Action,
) -> Generated<(usize, usize)> {
    let name = function.name.as_str();
    let mut corp = Corp::new().await;
    let (mut accepted, mut rejected) = (0, 0);
    for serial in 0..MAX_CALLS {
        let mut arguments = corp.example(name, &action.example.arguments, serial);
        let mut generator = Generator { u, generated: Vec::new() };
        match serial % 10 {
            // The example itself is accepted, or the rest would prove nothing.
            0 => {}
            1 => {
                for (param, ty) in &function.params {
                    arguments[param] = generator.any(ty, param)?;
                }
            }
            _ => generator.mutate_arguments(function, &mut arguments)?,
        }
        let generated = generator.generated;

        corp.bed.simulator.advance(Duration::from_secs(61));
        corp.bed.simulator.clear_transcript();
        let result = corp.bed.call_json(name, &arguments).await;
        match &result {
            Ok(_) => accepted += 1,
            Err(CallError::Returned(error)) if error.get("permanent-invalid-input").is_some() => {
                rejected += 1;
            }
            _ => {}
        }
        if let Err(why) = judge(name, &generated, &arguments, &result, &corp.bed) {
            let arguments: String = arguments.to_string().chars().take(600).collect();
            panic!("{name}: {why}\n  {arguments}");
        }
        if u.is_empty() {
            break;
        }
    }
    Ok((accepted, rejected))
}

#[test]
fn checks_agree_with_the_simulator_and_nothing_traps() {
    let host = Host::new(COMPONENT, Options { instances: 1, ..Options::default() }).unwrap();
    let contract = Contract::load().unwrap();
    for function in host.functions() {
        let name = function.name.as_str();
        let action = contract.action(name).unwrap();
        let inputs =
            if matches!(name, "create-member" | "update-member") { MANY_INPUTS } else { INPUTS };
        let (mut accepted, mut rejected) = (0, 0);
        property::check(inputs, SIZE, |u| {
            let runtime =
                runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let counts = runtime.unwrap().block_on(check_function(u, function, action))?;
            accepted += counts.0;
            rejected += counts.1;
            Ok(())
        });
        println!("{name}: {accepted} accepted, {rejected} rejected");
        if !property::is_replay() {
            // The example comes first in each input, and some can be accepted only once.
            let inputs = usize::try_from(inputs).unwrap();
            assert!(accepted >= inputs, "{name}: {accepted} accepted");
            assert!(rejected >= 20 || FEW_LIMITS.contains(&name), "{name}: {rejected} rejected");
        }
    }
}

/// Whether such arguments may have this result.
fn judge(
    name: &str,
    generated: &[String],
    arguments: &Value,
    result: &Result<Value, CallError>,
    bed: &TestBed,
) -> Result<(), String> {
    let credentials =
        generated.iter().any(|it| it.starts_with("application") || it.starts_with("chatbot"));
    let error = match result {
        // Offline, or a finding states that nothing could be sent.
        Ok(_) if ["check", "explain", "split"].iter().any(|it| name.starts_with(it)) => {
            return Ok(());
        }
        Ok(value) => return arrived(arguments, value, bed),
        Err(CallError::Returned(Value::Object(error))) => error,
        Err(other) => return Err(other.to_string()),
    };
    let (case, payload) = error.iter().next().unwrap();
    match case.as_str() {
        "permanent-invalid-input" => {
            if !bed.simulator.transcript().is_empty() {
                return Err("a request was sent all the same".into());
            }
            for violation in payload.as_array().unwrap() {
                let field = violation["field"].as_str().unwrap();
                if !is_generated(field, generated) {
                    return Err(format!("rejected for a valid field: {violation}"));
                }
            }
            Ok(())
        }
        // A base URL with a path reaches no endpoint of WeCom, and no host accepts a URL of 64 KB.
        "unreachable"
            if credentials
                && payload["reason"].as_str().unwrap().contains("rejected the request") =>
        {
            Ok(())
        }
        "permanent-missing-credential" | "permanent-unexpected-reply" if credentials => Ok(()),
        "permanent-rejected" => {
            let code = payload["code"].as_i64().unwrap();
            let message = payload["message"].as_str().unwrap();
            let known = ONLY_THE_SERVER_KNOWS.iter().any(|it| it.0 == code)
                || ONLY_THE_SERVER_KNOWS_BY_MESSAGE
                    .iter()
                    .any(|it| it.0 == name && it.1 == code && message.contains(it.2));
            if known {
                Ok(())
            } else {
                Err(format!("passed the checks, and was refused with {payload}"))
            }
        }
        _ => Err(format!("{case}: {payload}")),
    }
}

fn is_generated(field: &str, generated: &[String]) -> bool {
    let plain: String = {
        let parts = field.split('[').map(|it| it.split_once(']').map_or(it, |(_, rest)| rest));
        parts.collect()
    };
    // Credentials of the environment are never generated.
    let is_near = |it: &str| {
        let related =
            |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|it| it.starts_with('.'));
        generated.iter().any(|path| related(it, path) || related(path, it))
    };
    is_near(&plain)
        || CHECKED_TOGETHER.iter().any(|(a, b)| {
            (plain.starts_with(a) && is_near(b)) || (plain.starts_with(b) && is_near(a))
        })
}

/// Texts arrive unchanged.
fn arrived(arguments: &Value, result: &Value, bed: &TestBed) -> Result<(), String> {
    const TEXTS: &[&str] = &[
        "content",
        "title",
        "name",
        "english-name",
        "description",
        "digest",
        "author",
        "position",
        "address",
        "alias",
    ];

    if result.get("truncated").is_some_and(|it| it != &json!([])) {
        return Ok(());
    }
    let requests = bed.simulator.transcript();
    if requests.is_empty() {
        return Err("accepted, and no request was sent".into());
    }
    let mut sent = Vec::new();
    for request in requests.iter().filter(|it| it.body.starts_with('{')) {
        // The transcript truncates a long body.
        let Ok(body) = serde_json::from_str::<Value>(&request.body) else { return Ok(()) };
        walk(&body, "", &mut |_, text| sent.push(text.to_owned()));
    }
    if sent.is_empty() {
        return Ok(());
    }
    let mut missing = None;
    walk(arguments, "", &mut |name, text| {
        if TEXTS.contains(&name) && !text.is_empty() && !sent.iter().any(|it| it == text) {
            missing = Some(format!("{name} did not arrive: {text:?}"));
        }
    });
    missing.map_or(Ok(()), Err)
}

/// All texts in a value, with the name of the field that they are in.
fn walk<'a>(value: &'a Value, name: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    match value {
        Value::String(text) => visit(name, text),
        Value::Array(items) => items.iter().for_each(|it| walk(it, name, visit)),
        Value::Object(object) => object.iter().for_each(|(inner, it)| {
            // What a field is set to belongs to the field; `clear` is no text.
            match inner.as_str() {
                "set" => walk(it, name, visit),
                _ if it == "clear" => {}
                // An upload is no text.
                "file" if it.is_object() => {}
                _ => walk(it, inner, visit),
            }
        }),
        _ => {}
    }
}
