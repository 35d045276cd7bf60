//! The contract: its documentation, its names, and the files made from it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};
use wecom_contract::{Contract, Credentials, Effect, FILES, Kind, NamedType, Type};

/// The actions that send no request.
const OFFLINE: [&str; 2] = ["explain-error", "split-text"];

fn contract() -> Contract {
    Contract::load().unwrap()
}

/// The fields or cases of a type with their documentation.
fn members(ty: &NamedType) -> Vec<(&str, &str)> {
    match &ty.kind {
        Kind::Alias { .. } => Vec::new(),
        Kind::Record { fields } => {
            fields.iter().map(|it| (it.name.as_str(), it.documentation.as_str())).collect()
        }
        Kind::Variant { cases } | Kind::Enum { cases } => {
            cases.iter().map(|it| (it.name.as_str(), it.documentation.as_str())).collect()
        }
    }
}

#[test]
fn all_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let names: BTreeSet<_> = names.map(|it| it.into_string().unwrap()).collect();
    assert_eq!(names, FILES.iter().map(|it| it.0.to_owned()).collect());
}

#[test]
fn contract_json_is_current() {
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/contract.json")).unwrap();
    assert!(file == contract().to_json_text(), "run `cargo run -p wecom-contract`");
}

#[test]
fn actions_md_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/actions.md");
    let file = fs::read_to_string(file).unwrap();
    assert!(file == contract().to_markdown(), "run `cargo run -p wecom-contract`");
}

#[test]
fn links_within_actions_md_lead_to_a_heading() {
    let page = contract().to_markdown();
    let headings: BTreeSet<_> = page
        .lines()
        .filter_map(|it| it.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' '))
        .collect();
    let links: BTreeSet<_> =
        page.split("](#").skip(1).filter_map(|it| it.split(')').next()).collect();
    assert!(links.len() > 100, "{} links", links.len());
    assert_eq!(links.difference(&headings).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn everything_is_documented() {
    let contract = contract();
    assert!(contract.actions.len() >= 56, "{} actions", contract.actions.len());
    let mut items = vec![("package".to_owned(), contract.documentation.as_str())];
    items.extend(contract.interfaces.iter().map(|it| (it.name.clone(), &*it.documentation)));
    for ty in &contract.types {
        items.push((ty.name.clone(), &ty.documentation));
        items.extend(members(ty).iter().map(|it| (format!("{}.{}", ty.name, it.0), it.1)));
    }
    for action in &contract.actions {
        items.push((action.name.clone(), &action.documentation));
        assert!(!action.errors.is_empty(), "{} names no error", action.name);
        assert!(!action.page.title.is_empty(), "{} names no page", action.name);
        for it in action.inputs() {
            let own = contract.types_in(&it.ty);
            let of_type = own.first().and_then(|it| contract.named_type(it));
            let of_type = of_type.map_or("", |it| &it.documentation);
            let text = if it.documentation.is_empty() { of_type } else { &it.documentation };
            items.push((format!("{}({})", action.name, it.name), text));
        }
    }
    let bare: Vec<_> = items.iter().filter(|it| it.1.trim().is_empty()).map(|it| &it.0).collect();
    assert!(bare.is_empty(), "without documentation: {bare:?}");
}

#[test]
fn errors_shared_with_another_action_are_listed() {
    let contract = contract();
    let errors = |name: &str| &contract.action(name).unwrap().errors;
    for it in errors("create-member") {
        let in_use = it.contains("60102");
        assert_eq!(errors("ensure-member").contains(it), !in_use, "{it}");
    }
    for it in contract.actions.iter().flat_map(|it| &it.errors) {
        assert!(!it.contains("As for"), "{it}");
    }
}

#[test]
fn every_action_names_its_requests() {
    for action in contract().actions {
        if OFFLINE.contains(&&*action.name) {
            assert!(action.requests.is_empty(), "{} is offline", action.name);
            continue;
        }
        let example = "`[title](page): `POST /cgi-bin/…``";
        assert!(!action.requests.is_empty(), "{}: behind the page's link, {example}", action.name);
        for it in &action.requests {
            let path = it.strip_prefix("GET ").or_else(|| it.strip_prefix("POST "));
            assert!(path.is_some_and(|it| it.starts_with("/cgi-bin/")), "{}: {it}", action.name);
        }
    }
}

/// The names in the samples of WeCom's pages, by path: of queries, bodies and responses.
fn vendor_names() -> BTreeMap<String, BTreeSet<String>> {
    fn collect(json: &Value, names: &mut BTreeSet<String>) {
        match json {
            Value::Object(members) => {
                names.extend(members.keys().cloned());
                members.values().for_each(|it| collect(it, names));
            }
            Value::Array(items) => items.iter().for_each(|it| collect(it, names)),
            _ => {}
        }
    }
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../host-tests/samples/samples.json");
    let samples: Vec<Value> = serde_json::from_str(&fs::read_to_string(samples).unwrap()).unwrap();
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for it in samples {
        let names = found.entry(it["path"].as_str().unwrap().to_owned()).or_default();
        collect(&it["body"], names);
        collect(&it["response"], names);
        let query = it["query"].as_str().and_then(|it| it.split_once('='));
        names.extend(query.map(|it| it.0.to_owned()));
    }
    // What the pages have in tables and forms alone.
    let uploads = ["type", "media", "filename", "media_id", "created_at", "errmsg"];
    for (path, names) in [
        ("/cgi-bin/media/upload", uploads.as_slice()),
        ("/cgi-bin/webhook/upload_media", uploads.as_slice()),
        ("/cgi-bin/gettoken", &["access_token", "expires_in"]),
        ("/cgi-bin/appchat/send", &["mentioned_list"]),
        ("/cgi-bin/webhook/send", &["userid"]),
        ("/cgi-bin/media/get", &["media_id"]),
        ("/cgi-bin/media/uploadimg", &["media", "filename", "url", "errmsg"]),
        // Older pages have it.
        ("/cgi-bin/user/simplelist", &["fetch_child"]),
        ("/cgi-bin/user/list", &["fetch_child"]),
    ] {
        found.entry(path.into()).or_default().extend(names.iter().map(|it| (*it).to_owned()));
    }
    found
}

#[test]
fn fields_have_the_names_of_the_vendors_samples() {
    let contract = contract();
    let vendor = vendor_names();
    let mut wrong = BTreeSet::new();
    for action in contract.actions.iter().filter(|it| !OFFLINE.contains(&&*it.name)) {
        let known: Vec<_> = action
            .requests
            .iter()
            .filter_map(|it| vendor.get(it.split_once(' ')?.1))
            .flatten()
            .collect();
        let mut members = Vec::new();
        for it in action.inputs() {
            members.push((action.name.as_str(), &*it.name, &it.ty, &*it.documentation));
        }
        let types = action.inputs().iter().map(|it| &it.ty).chain([&action.result]);
        for ty in types.flat_map(|it| contract.types_in(it)) {
            let fields = contract.fields(&Type::Named(ty.into()));
            members.extend(fields.iter().map(|it| (ty, &*it.name, &it.ty, &*it.documentation)));
        }
        for (owner, name, ty, documentation) in members {
            // Credentials, whose other fields no response has.
            if owner == "access-token" {
                continue;
            }
            let is_elsewhere = match action.name.as_str() {
                // Other names than in messages: those that `template-card-update.recipients` has.
                "update-template-card" => owner == "selection",
                // Refused: cards of chatbots have no menu.
                "send-chatbot-template-card" => ["card-menu", "card-action"].contains(&owner),
                _ => false,
            };
            if is_elsewhere {
                continue;
            }
            for it in contract.wecom_names(owner, name, ty, documentation) {
                if !known.iter().any(|known| **known == it) {
                    wrong.insert(format!("{owner}.{name}: `{it}` ({})", action.name));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "WeCom's pages have no such names. The documentation of a field has the right one in parentheses; what only the connector \
         has is in `OWN_TYPES`. {wrong:#?}"
    );
}

#[test]
fn names_are_plain_and_unique() {
    let contract = contract();
    let mut seen = BTreeSet::new();
    let mut names: Vec<&str> = contract.interfaces.iter().map(|it| it.name.as_str()).collect();
    for ty in &contract.types {
        assert!(seen.insert(&ty.name), "two interfaces define {}", ty.name);
        names.push(&ty.name);
        names.extend(members(ty).iter().map(|it| it.0));
    }
    for action in &contract.actions {
        assert!(seen.insert(&action.name), "two interfaces define {}", action.name);
        names.push(&action.name);
        names.extend(action.parameters.iter().map(|it| it.name.as_str()));
    }
    let plain = |word: &str| {
        word.starts_with(|it: char| it.is_ascii_lowercase())
            && word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    };
    for name in names {
        assert!(name.split('-').all(plain), "{name}");
    }
    for (file, text) in FILES {
        for line in text.lines().filter(|it| !it.trim_start().starts_with("///")) {
            assert!(!line.contains('%'), "{file}: {line}");
        }
    }
}

#[test]
fn credentials_come_first() {
    for action in contract().actions {
        let chatbot = action.name.contains("chatbot");
        let offline = OFFLINE.contains(&&*action.name);
        let expected = if chatbot { Credentials::Chatbot } else { Credentials::Application };
        assert_eq!(action.credentials, (!offline).then_some(expected), "{}", action.name);
        let most = if offline { 4 } else { 3 };
        assert!(action.parameters.len() <= most, "{} takes too many parameters", action.name);
    }
}

#[test]
fn effects() {
    let contract = contract();
    let effect = |name: &str| contract.action(name).unwrap().effect;
    assert_eq!(effect("list-member-ids"), Effect::Read);
    assert_eq!(effect("get-group-chat"), Effect::Read);
    assert_eq!(effect("update-member"), Effect::Write);
    assert_eq!(effect("send-chatbot-text"), Effect::Write);
    assert_eq!(effect("delete-department"), Effect::Delete);
    assert_eq!(effect("recall-app-message"), Effect::Delete);
}

#[test]
fn types_of_an_action() {
    let contract = contract();
    let action = contract.action("update-member").unwrap();
    let json = json!(action.parameters);
    assert_eq!(json[2], json!({ "name": "changes", "type": { "named": "member-changes" } }));
    assert_eq!(action.result, Type::Named("receipt".into()));
    assert_eq!(contract.types_in(&action.result), ["receipt", "truncation"]);
    assert_eq!(contract.record_parameter(action).unwrap().name, "changes");
    let department = contract.resolve(&Type::Named("department-id".into())).clone();
    assert_eq!(department, Type::U32);
    assert_eq!(department.range(), Some((0, 4_294_967_295)));

    assert!(contract.is_file(&Type::List(Type::U8.into())));
    assert!(!contract.is_file(&Type::List(Type::U32.into())));
    assert!(!contract.is_file(&Type::Named("recipients".into())));
}

#[test]
fn schemas() {
    let contract = contract();
    let file: Value = serde_json::from_str(&contract.to_json_text()).unwrap();
    let action = file["actions"].as_array().unwrap();
    let action = action.iter().find(|it| it["name"] == "list-member-ids").unwrap();
    assert_eq!(
        action["arguments-schema"],
        json!({
            "type": "object",
            "properties": {
                "application": { "$ref": "#/$defs/application" },
                "cursor": {
                    "anyOf": [{ "type": "string" }, { "type": "null" }],
                    "description": "`next-cursor` of the page before. None for the first page.",
                },
                "limit": {
                    "anyOf": [
                        { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 },
                        { "type": "null" },
                    ],
                    "description": "the rows of a page, 1 to 10000. None lets WeCom choose.",
                },
            },
            "required": ["application"],
            "additionalProperties": false,
        })
    );
    assert_eq!(action["result-schema"], json!({ "$ref": "#/$defs/member-page" }));

    // Every reference leads somewhere.
    let mut references = BTreeSet::new();
    collect_references(&file, &mut references);
    assert!(references.len() > 30);
    for name in &references {
        assert!(file["$defs"][name].is_object(), "{name}");
    }

    let recipients = &file["$defs"]["recipients"];
    assert_eq!(recipients["anyOf"][0]["const"], "everyone");
    let selected = &recipients["anyOf"][1];
    assert_eq!(selected["properties"]["selected"], json!({ "$ref": "#/$defs/selection" }));
    assert_eq!(selected["required"], json!(["selected"]));
}

/// As the host reads JSON: a string that is no case stands for the only case with a string.
#[test]
fn schemas_of_variants_accept_the_strings_that_the_host_accepts() {
    let contract = contract();
    let schemas = &contract.to_json()["$defs"];
    let mut found = Vec::new();
    for ty in contract.types.iter().filter(|it| matches!(it.kind, Kind::Variant { .. })) {
        let choices = schemas[&ty.name]["anyOf"].as_array().unwrap();
        if choices.iter().any(|it| it["type"] == "string") {
            found.push(ty.name.as_str());
        }
    }
    let expected = [
        "application",
        "chatbot",
        "error",
        "file-content",
        "media",
        "link",
        "text-change",
        "attribute-value",
        "card-change",
    ];
    assert_eq!(found, expected);
    let media = &schemas["media"];
    assert_eq!(media["anyOf"][1]["required"], json!(["id"]));
    assert_eq!(media["anyOf"][2]["required"], json!(["file"]));
}

fn collect_references(json: &Value, found: &mut BTreeSet<String>) {
    match json {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                found.insert(reference.trim_start_matches("#/$defs/").to_owned());
            }
            object.values().for_each(|it| collect_references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| collect_references(it, found)),
        _ => {}
    }
}
