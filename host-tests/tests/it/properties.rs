//! Generated arguments for every function: the component never traps, what it lets through is accepted by the simulator,
//! and what it refuses it refuses for something that was generated. The two were written apart, so their limits prove
//! each other.
//!
//! `PROPERTY=<seed>` starts elsewhere; a failure names its case.

use std::{collections::BTreeMap, env, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use host_tests::{CHAT, MEMBERS, NORTH, TestBed, known_environment};
use serde_json::{Map, Value, json};
use wasmtime::component::Type;
use wecom_contract::Contract;
use wecom_host::{COMPONENT, CallError, Host, Options};

use crate::dice::Dice;

/// How many calls there are of a function, and of one whose argument has many fields.
const CASES: usize = 400;
const MANY_CASES: usize = 1600;
/// A department that can be deleted.
const EMPTY: u32 = NORTH + 1;
/// After so many the corp is a fresh one: it fills up.
const FRESH_AFTER: usize = 100;

/// What a refusal may be about although the arguments are as documented: things that only the server knows. Every other
/// code is a limit that the checks should have known.
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

/// Further refusals with a general code, by what the simulator says.
const ONLY_THE_SERVER_KNOWS_BY_MESSAGE: &[(&str, i64, &str)] = &[
    ("recall-app-message", 40058, "no message of this app"),
    // It depends on the name under which the file was uploaded.
    ("send-app-file", 40058, "1 is not for files of this type"),
    // An unknown key is 40058 for uploads.
    ("upload-chatbot-media", 40058, "param 'key'"),
];

/// Fields that are judged by another one.
const JUDGED_TOGETHER: &[(&str, &str)] = &[
    ("member.mobile", "member.email"),
    ("group-chat.owner", "group-chat.members"),
    ("changes.remove-members", "changes.add-members"),
    ("md5", "image"),
    ("media.content", "media.kind"),
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

/// One set of arguments in the making.
struct Case<'a> {
    dice: &'a mut Dice,
    /// The paths of what was generated, as the contract's errors write them, without numbers of items.
    touched: Vec<String>,
}

impl Case<'_> {
    /// Changes one thing somewhere in a value.
    fn twist(&mut self, ty: &Type, value: &mut Value, path: &str) {
        match ty {
            Type::Record(record) => {
                let field = self.dice.take(record.fields());
                let path = format!("{path}.{}", field.name);
                let object = value.as_object_mut().unwrap();
                let inner = object.entry(field.name).or_insert(Value::Null);
                self.twist(&field.ty, inner, &path);
            }
            Type::Option(option) if value.is_null() || self.dice.percent(10) => {
                *value =
                    if value.is_null() { self.anything(&option.ty(), path) } else { Value::Null };
                self.touched.push(path.into());
            }
            Type::Option(option) => self.twist(&option.ty(), value, path),
            Type::Variant(variant) if self.dice.percent(80) && value.is_object() => {
                let (case, payload) = value.as_object_mut().unwrap().iter_mut().next().unwrap();
                let ty = variant.cases().find(|it| it.name == case).unwrap().ty.unwrap();
                self.twist(&ty, payload, &format!("{path}.{case}"));
            }
            Type::List(list) if matches!(list.ty(), Type::U8) => {
                *value = self.bytes().into();
                self.touched.push(path.into());
            }
            Type::List(list) => self.twist_list(&list.ty(), value.as_array_mut().unwrap(), path),
            _ => {
                *value = self.anything(ty, path);
                self.touched.push(path.into());
            }
        }
    }

    fn twist_list(&mut self, ty: &Type, items: &mut Vec<Value>, path: &str) {
        match self.dice.below(10) {
            0..=3 if !items.is_empty() => {
                let index = self.dice.below(items.len());
                return self.twist(ty, &mut items[index], path);
            }
            // Many, as long as they are as they should be.
            4 | 5 if !items.is_empty() => {
                let count = *self.dice.pick(COUNTS);
                let like = items[0].clone();
                *items = (0..count).map(|n| numbered(&like, n)).collect();
            }
            6 if !items.is_empty() => {
                let again = self.dice.pick(items).clone();
                items.push(again);
            }
            7 => items.clear(),
            _ => {
                let one = self.anything(ty, path);
                items.push(one);
            }
        }
        self.touched.push(path.into());
    }

    /// Anything of this type, the worse the better.
    fn anything(&mut self, ty: &Type, path: &str) -> Value {
        self.touched.push(path.into());
        match ty {
            Type::Bool => self.dice.percent(50).into(),
            Type::U32 | Type::U64 => (*self.dice.pick(NUMBERS)).into(),
            Type::String => self.text().into(),
            Type::List(list) if matches!(list.ty(), Type::U8) => self.bytes().into(),
            Type::List(list) => {
                let count = self.dice.below(4);
                (0..count).map(|_| self.anything(&list.ty(), path)).collect()
            }
            Type::Option(_) if self.dice.percent(40) => Value::Null,
            Type::Option(option) => self.anything(&option.ty(), path),
            Type::Enum(names) => self.dice.take(names.names()).into(),
            Type::Record(record) => {
                let mut object = Map::new();
                for field in record.fields() {
                    let path = format!("{path}.{}", field.name);
                    object.insert(field.name.into(), self.anything(&field.ty, &path));
                }
                object.into()
            }
            Type::Variant(variant) => {
                let case = self.dice.take(variant.cases());
                match case.ty {
                    None => case.name.into(),
                    Some(ty) => {
                        let payload = self.anything(&ty, &format!("{path}.{}", case.name));
                        json!({ (case.name): payload })
                    }
                }
            }
            other => panic!("the contract has a new kind of type: {other:?}"),
        }
    }

    fn text(&mut self) -> String {
        if self.dice.percent(50) {
            return (*self.dice.pick(HOSTILE)).into();
        }
        let length = *self.dice.pick(LENGTHS);
        let unit = *self.dice.pick(&["a", "7", "Z", "é", "部", "😀", " ", "\"", "\n"]);
        let before = *self.dice.pick(&["", "", "", "a", "http://a.b/", "https://", "a@b.c", "+"]);
        let units = match self.dice.below(2) {
            0 => length.saturating_sub(before.len()) / unit.len(),
            _ => length.saturating_sub(before.chars().count()),
        };
        let after = *self.dice.pick(&["", "", "", "a", "@b.cn", "部"]);
        [before, &unit.repeat(units), after].concat()
    }

    /// In base64.
    fn bytes(&mut self) -> String {
        const MAGIC: &[&[u8]] = &[
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"#!AMR\n",
            b"\0\0\0\x18ftypmp42",
            b"\x89PNG",
        ];
        const SIZES: &[usize] = &[0, 0, 1, 2, 3, 4, 5, 6, 7, 100, 2 << 20, (2 << 20) + 1];

        let magic = *self.dice.pick(MAGIC);
        let size = *self.dice.pick(SIZES);
        let fill = *self.dice.pick(b"\0-\r\n\xff");
        let mut bytes = magic.to_vec();
        bytes.resize(size.max(magic.len()), fill);
        BASE64.encode(bytes)
    }
}

/// The same item, but another one.
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

/// A corp in which every example of the contract is right.
struct Corp {
    bed: TestBed,
    media: BTreeMap<&'static str, Value>,
    message: Value,
}

impl Corp {
    async fn new() -> Self {
        let with_group_chat = TestBed::with_group_chat().await;
        let mut bed = with_group_chat.second_instance(&known_environment());
        let empty = json!({"name": "Empty", "parent-id": 1, "id": EMPTY});
        let arguments = json!({"application": {"profile": ""}, "department": empty});
        bed.call_json("create-department", &arguments).await.unwrap();
        let mut media = BTreeMap::new();
        for (kind, content) in [("image", "iVBORw0KGgo="), ("file", "TW9uIDctNQ==")] {
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
        Self { bed, media, message: sent["message-id"].clone() }
    }

    /// The example of a function, made right for this corp, with names that nothing else has.
    fn example(&self, function: &str, example: &Value, serial: usize) -> Value {
        let mut arguments = example.clone();
        let mut set = |pointer: &str, value: Value| {
            if let Some(it) = arguments.pointer_mut(pointer) {
                *it = value;
            }
        };
        let kind = match function {
            "send-chatbot-file" => "chatbot",
            "send-app-file" | "send-group-file" => "file",
            _ => "image",
        };
        set("/message/media-id", self.media[kind].clone());
        set("/media-id", self.media[kind].clone());
        set("/message/articles/0/thumbnail", self.media[kind].clone());
        set("/message-id", self.message.clone());
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

#[tokio::test(start_paused = true)]
async fn checks_and_simulator_agree_and_nothing_traps() {
    let host = Host::new(COMPONENT, Options { instances: 1, ..Options::default() }).unwrap();
    let contract = Contract::load().unwrap();
    let seed = env::var("PROPERTY").map_or(1, |it| it.parse().unwrap());
    let mut dice = Dice::new(seed);
    let mut disagreements = Vec::new();
    let mut rare = Vec::new();
    for function in host.functions() {
        let name = function.name.as_str();
        let example = contract.action(name).unwrap().example.arguments.clone();
        let mut corp = Corp::new().await;
        let (mut accepted, mut refused) = (0, 0);
        let cases =
            if matches!(name, "create-member" | "update-member") { MANY_CASES } else { CASES };
        for serial in 0..cases {
            if serial % FRESH_AFTER == FRESH_AFTER - 1 {
                corp = Corp::new().await;
            }
            let mut arguments = corp.example(name, &example, serial);
            let mut case = Case { dice: &mut dice, touched: Vec::new() };
            if serial % 20 == 1 {
                // Nothing is: the example itself must be right, or the rest shows nothing.
            } else if serial % 10 == 0 {
                // All of it is made up.
                for (param, ty) in &function.params {
                    arguments[param] = case.anything(ty, param);
                }
            } else {
                // One or two things are; mostly what is said, and seldom who says it.
                for _ in 0..=case.dice.below(2) {
                    let last = function.params.len() - 1;
                    let index = if case.dice.percent(5) {
                        0
                    } else {
                        case.dice.below(last).max(1).min(last)
                    };
                    let index = if last > 1 && case.dice.percent(50) { last } else { index };
                    let (param, ty) = &function.params[index];
                    // A parameter may be left out as a field may.
                    if arguments.get(param).is_none() {
                        arguments[param] = Value::Null;
                    }
                    case.twist(ty, &mut arguments[param], param);
                }
            }
            let touched = case.touched;

            corp.bed.simulator.advance(Duration::from_secs(61));
            corp.bed.simulator.clear_transcript();
            let result = corp.bed.call_json(name, &arguments).await;
            match &result {
                Ok(_) => accepted += 1,
                Err(CallError::Returned(error))
                    if error.get("permanent-invalid-input").is_some() =>
                {
                    refused += 1;
                }
                _ => {}
            }
            if let Err(why) = judge(name, &touched, &arguments, &result, &corp.bed) {
                let shown: String = arguments.to_string().chars().take(600).collect();
                disagreements.push(format!("{name}, seed {seed}, case {serial}: {why}\n  {shown}"));
            }
        }
        // Otherwise nothing was shown.
        if accepted < CASES / FRESH_AFTER || (refused < CASES / 20 && name != "get-access-token") {
            rare.push(format!("{name}: {accepted} accepted, {refused} refused"));
        }
    }
    assert!(
        disagreements.is_empty(),
        "{} disagreements:\n{}",
        disagreements.len(),
        disagreements.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(rare.is_empty(), "too few of one kind:\n{}", rare.join("\n"));
}

/// Whether a result is one that such arguments may have.
fn judge(
    name: &str,
    touched: &[String],
    arguments: &Value,
    result: &Result<Value, CallError>,
    bed: &TestBed,
) -> Result<(), String> {
    let credentials =
        touched.iter().any(|it| it.starts_with("application") || it.starts_with("chatbot"));
    let error = match result {
        Ok(value) => return arrived(arguments, value, bed),
        Err(CallError::Returned(Value::Object(error))) => error,
        Err(other) => return Err(other.to_string()),
    };
    let (case, payload) = error.iter().next().unwrap();
    match case.as_str() {
        "permanent-invalid-input" => {
            if !bed.simulator.transcript().is_empty() {
                return Err("something was sent all the same".into());
            }
            for violation in payload.as_array().unwrap() {
                let field = violation["field"].as_str().unwrap();
                if !is_touched(field, touched) {
                    return Err(format!("refused for what was right: {violation}"));
                }
            }
            Ok(())
        }
        // A base url with a path leads to a page that is not there, and no host takes an address of 64 KB.
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
            if known { Ok(()) } else { Err(format!("passed the checks, and then {payload}")) }
        }
        _ => Err(format!("{case}: {payload}")),
    }
}

fn is_touched(field: &str, touched: &[String]) -> bool {
    let plain: String = {
        let parts = field.split('[').map(|it| it.split_once(']').map_or(it, |(_, rest)| rest));
        parts.collect()
    };
    // Credentials of the environment are never generated.
    let is_near = |it: &str| {
        let related =
            |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|it| it.starts_with('.'));
        touched.iter().any(|touched| related(it, touched) || related(touched, it))
    };
    is_near(&plain)
        || JUDGED_TOGETHER.iter().any(|(a, b)| {
            (plain.starts_with(a) && is_near(b)) || (plain.starts_with(b) && is_near(a))
        })
}

/// Texts arrive as they were given, whatever is in them.
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
    let Some(request) = bed.simulator.transcript().pop() else {
        return Err("accepted, and nothing was sent".into());
    };
    // The transcript keeps the beginning of a long body.
    let Ok(body) = serde_json::from_str::<Value>(&request.body) else { return Ok(()) };
    let mut sent = Vec::new();
    walk(&body, "", &mut |_, text| sent.push(text.to_owned()));
    let mut lost = None;
    walk(arguments, "", &mut |name, text| {
        if TEXTS.contains(&name) && !text.is_empty() && !sent.iter().any(|it| it == text) {
            lost = Some(format!("{name} did not arrive: {text:?}"));
        }
    });
    lost.map_or(Ok(()), Err)
}

/// All texts in a value, with the name of the field that they are in.
fn walk<'a>(value: &'a Value, name: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    match value {
        Value::String(text) => visit(name, text),
        Value::Array(items) => items.iter().for_each(|it| walk(it, name, visit)),
        Value::Object(object) => object.iter().for_each(|(inner, it)| {
            // What a field is set to belongs to the field; that it is cleared is no text.
            match inner.as_str() {
                "set" => walk(it, name, visit),
                _ if it == "clear" => {}
                _ => walk(it, inner, visit),
            }
        }),
        _ => {}
    }
}
