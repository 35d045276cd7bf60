//! The test bed: the built component in the reference host, with the simulator as its transport.
//!
//! It uses no ports, and tests run on tokio's paused clock (`#[tokio::test(start_paused = true)]`): a pause or a timeout of any
//! length passes at once. Only the tests of faults on a network (`faults.rs`) use loopback ports, and wait in real time for the
//! timeouts that they are about.

#![allow(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test bed that cannot be set up is a failed test"
)]

mod delivery;

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, LazyLock},
    thread,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value;
use wecom_host::{
    Body, COMPONENT, CallError, Host, Instance, Options, Sending, Timeouts, Transport,
    bindings::exports::wecom::connector::{
        app_messages::{AppFile, AppImage, AppMarkdown, AppMpnews, AppText, AppTextCard, Delivery},
        chatbots::ChatbotText,
        departments::{CreatedDepartment, Department, DepartmentChanges, NewDepartment},
        group_chats::{CreatedGroupChat, GroupChat, GroupChatChanges, NewGroupChat},
        group_messages::{
            GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupText, GroupTextCard,
        },
        media::{NewChatbotMedia, NewMedia, UploadedMedia},
        members::{CreatedMember, MemberChanges, MemberPage, Membership, NewMember},
        tokens::{IssuedToken, TokenScope},
        types::{
            Application, Chatbot, Error, FileContent, GroupChatId, Media, MessageId, NewsArticle,
            Receipt, UserId,
        },
    },
};
use wecom_simulator::{Simulator, known};

/// The base URL of the unnamed profile. The transport ignores it.
pub const BASE_URL: &str = "http://127.0.0.1:1";

/// The department of [`TestBed::with_members`].
pub const NORTH: u32 = 310;
/// The members of [`TestBed::with_members`], all in [`NORTH`].
pub const MEMBERS: [&str; 4] = ["noor.h", "iker.z", "may.l", "kai.p"];
/// The group chat of [`TestBed::with_group_chat`], with the first three members.
pub const CHAT: &str = "storm2026a";

/// A component instance and the simulator behind it. Prints the transcript when its test fails.
pub struct TestBed {
    pub simulator: Simulator,
    pub instance: Instance,
    transport: Arc<dyn Transport>,
    requests_seen: usize,
    state_seen: Value,
}

tokio::task_local! {
    /// The transport of the current call: all tests of a process share the host.
    static TRANSPORT: Arc<dyn Transport>;
}

/// Compiled once a process.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    let transport =
        |request, timeouts| TRANSPORT.with(|transport| transport.send(request, timeouts));
    Host::new(COMPONENT, Options { transport: Arc::new(transport), ..Options::default() }).unwrap()
});

impl TestBed {
    /// A fresh simulator, and an instance whose unnamed profile has the credentials of its first application.
    #[allow(clippy::new_without_default, reason = "a default would be a value to fill in")]
    pub fn new() -> Self {
        Self::with_environment(&known_environment())
    }

    /// As [`new`](Self::new), with other environment variables.
    pub fn with_environment(environment: &[(&str, &str)]) -> Self {
        let simulator = Simulator::new().strict();
        let transport = Arc::new(in_memory(simulator.clone()));
        Self::with_transport(simulator, environment, transport)
    }

    /// As [`with_members`](Self::with_members), with the group chat [`CHAT`].
    pub async fn with_group_chat() -> Self {
        let mut bed = Self::with_members().await;
        let chat = NewGroupChat {
            name: Some("Storm".into()),
            owner: None,
            members: MEMBERS.iter().take(3).map(ToString::to_string).collect(),
            id: Some(CHAT.into()),
        };
        bed.create_group_chat(&application(), &chat).await.unwrap();
        bed.second_instance(&known_environment())
    }

    /// As [`new`](Self::new), in a corp with the department [`NORTH`] and [`MEMBERS`]. The instance is a fresh one, and
    /// [`requests`](Self::requests) and [`changes`](Self::changes) begin here.
    pub async fn with_members() -> Self {
        let mut bed = Self::new();
        let north = NewDepartment {
            name: "Field Service North".into(),
            english_name: None,
            parent_id: 1,
            order: None,
            id: Some(NORTH),
        };
        bed.create_department(&application(), &north).await.unwrap();
        for (user_id, mobile) in MEMBERS.iter().zip(0..) {
            let member = new_member(user_id, &format!("+3461000000{mobile}"));
            bed.create_member(&application(), &member).await.unwrap();
        }
        bed.second_instance(&known_environment())
    }

    /// With another transport than [`in_memory`].
    pub fn with_transport(
        simulator: Simulator,
        environment: &[(&str, &str)],
        transport: Arc<dyn Transport>,
    ) -> Self {
        let instance = HOST.instance(environment.iter().copied());
        let (requests_seen, state_seen) = (simulator.transcript().len(), simulator.state());
        Self { simulator, instance, transport, requests_seen, state_seen }
    }

    /// Another instance with the same simulator.
    #[must_use]
    pub fn second_instance(&self, environment: &[(&str, &str)]) -> Self {
        Self::with_transport(self.simulator.clone(), environment, Arc::clone(&self.transport))
    }

    /// The requests that reached the simulator since the previous call of this method, a line each; secrets and tokens are
    /// replaced by their roles.
    pub fn requests(&mut self) -> String {
        let transcript = self.simulator.transcript();
        let new =
            transcript.iter().skip(self.requests_seen).map(|it| it.to_string() + "\n").collect();
        self.requests_seen = transcript.len();
        new
    }

    /// The whole state of the simulator; see [`Simulator::state`].
    pub fn state(&self) -> Value {
        self.simulator.state()
    }

    /// What changed in the simulator's state since the previous call of this method: a line with `+` for each row that was
    /// added or changed, one with `-` for each that was removed. Clock and token count are omitted.
    pub fn changes(&mut self) -> String {
        let before = std::mem::replace(&mut self.state_seen, self.simulator.state());
        let mut lines = String::new();
        for (subject, rows) in self.state_seen.as_object().unwrap() {
            let Some(new) = rows.as_array() else { continue };
            let old = before.get(subject).and_then(Value::as_array).unwrap();
            for (sign, rows, others) in [('-', old, new), ('+', new, old)] {
                for row in rows.iter().filter(|it| !others.contains(it)) {
                    writeln!(lines, "{sign} {subject} {}", ordered(row)).unwrap();
                }
            }
        }
        lines
    }

    /// Replaces the ids of media and messages by `MEDIA-1`, `MESSAGE-1` and so on, in order of creation.
    pub fn number_ids(&self, mut text: String) -> String {
        let state = self.simulator.state();
        for (subject, id, name) in
            [("media", "media_id", "MEDIA"), ("messages", "msgid", "MESSAGE")]
        {
            let rows = state.get(subject).and_then(Value::as_array);
            for (row, number) in rows.into_iter().flatten().zip(1..) {
                let id = row.get(id).and_then(Value::as_str).unwrap();
                text = text.replace(id, &format!("{name}-{number}"));
            }
        }
        text
    }

    /// Calls a function by name with JSON, as [`Instance::call_json`].
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn call_json(&mut self, name: &str, arguments: &Value) -> Result<Value, CallError> {
        let transport = Arc::clone(&self.transport);
        TRANSPORT.scope(transport, self.instance.call_json(name, arguments)).await
    }

    /// As [`call_json`](Self::call_json), as the unnamed profile.
    ///
    /// # Errors
    /// The contract's error.
    pub async fn call_as_profile(
        &mut self,
        name: &str,
        mut arguments: Value,
    ) -> Result<Value, Value> {
        let credentials = match name {
            "explain-error" | "split-text" => None,
            _ if name.contains("chatbot") => Some("chatbot"),
            _ => Some("application"),
        };
        if let (Some(it), Some(arguments)) = (credentials, arguments.as_object_mut()) {
            arguments.insert(it.into(), serde_json::json!({ "profile": "" }));
        }
        match self.call_json(name, &arguments).await {
            Ok(value) => Ok(ordered(&value)),
            Err(CallError::Returned(error)) => Err(ordered(&error)),
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

/// One method for each function that tests call with typed values.
macro_rules! functions {
    ($($interface:ident { $($name:ident $call:ident($($argument:ident: $type:ty),*) -> $result:ty;)* })*) => {
        impl TestBed {
            $($(
                #[allow(missing_docs, clippy::missing_errors_doc, reason = "the contract documents it")]
                pub async fn $name(&mut self, $($argument: $type),*) -> Result<$result, Error> {
                    let call = self.instance.call(async |store, connector| {
                        connector.$interface(store)?.$call(store, $($argument),*).await
                    });
                    let called = TRANSPORT.scope(Arc::clone(&self.transport), call).await;
                    called.unwrap_or_else(|error| panic!("{}: {error}", stringify!($name)))
                }
            )*)*
        }
    };
}

functions! {
    departments {
        list_department_ids call_list_department_ids(application: &Application, department_id: Option<u32>) -> Vec<Department>;
        create_department call_create_department(application: &Application, department: &NewDepartment) -> CreatedDepartment;
        update_department call_update_department(application: &Application, department_id: u32, changes: &DepartmentChanges) -> Receipt;
        delete_department call_delete_department(application: &Application, department_id: u32) -> Receipt;
    }
    members {
        list_member_ids call_list_member_ids(application: &Application, cursor: Option<&str>, limit: Option<u32>) -> MemberPage;
        create_member call_create_member(application: &Application, member: &NewMember) -> CreatedMember;
        update_member call_update_member(application: &Application, user_id: &UserId, changes: &MemberChanges) -> Receipt;
        delete_member call_delete_member(application: &Application, user_id: &UserId) -> Receipt;
    }
    group_chats {
        get_group_chat call_get_group_chat(application: &Application, group_chat_id: &GroupChatId) -> GroupChat;
        create_group_chat call_create_group_chat(application: &Application, group_chat: &NewGroupChat) -> CreatedGroupChat;
        update_group_chat call_update_group_chat(application: &Application, group_chat_id: &GroupChatId, changes: &GroupChatChanges) -> Receipt;
    }
    app_messages {
        send_app_text call_send_app_text(application: &Application, message: &AppText) -> Delivery;
        send_app_markdown call_send_app_markdown(application: &Application, message: &AppMarkdown) -> Delivery;
        send_app_file call_send_app_file(application: &Application, message: &AppFile) -> Delivery;
        send_app_image call_send_app_image(application: &Application, message: &AppImage) -> Delivery;
        send_app_mpnews call_send_app_mpnews(application: &Application, message: &AppMpnews) -> Delivery;
        send_app_text_card call_send_app_text_card(application: &Application, message: &AppTextCard) -> Delivery;
        recall_app_message call_recall_app_message(application: &Application, message_id: &MessageId) -> Receipt;
    }
    group_messages {
        send_group_text call_send_group_text(application: &Application, message: &GroupText) -> Receipt;
        send_group_markdown call_send_group_markdown(application: &Application, message: &GroupMarkdown) -> Receipt;
        send_group_file call_send_group_file(application: &Application, message: &GroupFile) -> Receipt;
        send_group_image call_send_group_image(application: &Application, message: &GroupImage) -> Receipt;
        send_group_mpnews call_send_group_mpnews(application: &Application, message: &GroupMpnews) -> Receipt;
        send_group_text_card call_send_group_text_card(application: &Application, message: &GroupTextCard) -> Receipt;
    }
    chatbots {
        send_chatbot_text call_send_chatbot_text(chatbot: &Chatbot, message: &ChatbotText) -> Receipt;
        send_chatbot_markdown call_send_chatbot_markdown(chatbot: &Chatbot, content: &str) -> Receipt;
        send_chatbot_file call_send_chatbot_file(chatbot: &Chatbot, media_id: &Media) -> Receipt;
        send_chatbot_image call_send_chatbot_image(chatbot: &Chatbot, image: &FileContent, md5: Option<&str>) -> Receipt;
        send_chatbot_news call_send_chatbot_news(chatbot: &Chatbot, articles: &[NewsArticle]) -> Receipt;
    }
    media {
        upload_media call_upload_media(application: &Application, media: &NewMedia) -> UploadedMedia;
        upload_chatbot_media call_upload_chatbot_media(chatbot: &Chatbot, media: &NewChatbotMedia) -> UploadedMedia;
    }
    tokens {
        get_access_token call_get_access_token(application: &Application, scope: TokenScope) -> IssuedToken;
    }
}

impl Drop for TestBed {
    fn drop(&mut self) {
        if thread::panicking() {
            let transcript = self.simulator.transcript();
            let lines: Vec<_> = transcript.iter().map(|it| format!("  {it}")).collect();
            eprintln!("transcript of {} requests:\n{}", lines.len(), lines.join("\n"));
        }
    }
}

/// The environment of [`TestBed::new`].
pub fn known_environment() -> Vec<(&'static str, &'static str)> {
    static AGENT_ID: LazyLock<String> = LazyLock::new(|| known::AGENT_ID.to_string());
    vec![
        ("WECOM_CORP_ID", known::CORP_ID),
        ("WECOM_SECRET", known::APP_SECRET),
        ("WECOM_CONTACTS_SECRET", known::CONTACTS_SECRET),
        ("WECOM_AGENT_ID", &AGENT_ID),
        ("WECOM_CHATBOT_KEY", known::CHATBOT_KEY),
        ("WECOM_BASE_URL", BASE_URL),
    ]
}

/// A member of [`NORTH`], not invited.
pub fn new_member(user_id: &str, mobile: &str) -> NewMember {
    let north = Membership { department_id: NORTH, order: None, leader: None };
    NewMember {
        user_id: user_id.into(),
        name: user_id.into(),
        alias: None,
        gender: None,
        enabled: None,
        main_department: None,
        position: None,
        departments: Some(vec![north]),
        direct_superiors: None,
        telephone: None,
        mobile: Some(mobile.into()),
        email: None,
        corp_email: None,
        address: None,
        to_invite: Some(false),
    }
}

/// The unnamed profile.
pub fn application() -> Application {
    Application::Profile(String::new())
}

/// The unnamed profile.
pub fn chatbot() -> Chatbot {
    Chatbot::Profile(String::new())
}

/// A transport to a simulator, which delivers each response with its fault, if it has one.
pub fn in_memory(simulator: Simulator) -> impl Transport {
    move |request: http::Request<Body>, timeouts: Timeouts| -> Sending {
        let simulator = simulator.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body: Bytes = body.collect().await?.to_bytes();
            let response = simulator.handle(&http::Request::from_parts(head, body));
            delivery::deliver(response, timeouts).await
        })
    }
}

/// A row whose keys are in order, whatever the features of `serde_json`.
fn ordered(row: &Value) -> Value {
    match row {
        Value::Object(row) => {
            let row: BTreeMap<_, _> = row.iter().map(|(key, it)| (key, ordered(it))).collect();
            serde_json::to_value(row).unwrap()
        }
        Value::Array(rows) => rows.iter().map(ordered).collect(),
        other => other.clone(),
    }
}
