//! WeCom's error codes: whether retrying can help, and what to do.
//!
//! From [全局错误码](https://developer.work.weixin.qq.com/document/path/90313), as far as the calls of this connector can return them.

#![allow(
    clippy::unreadable_literal,
    clippy::too_many_lines,
    reason = "a table, with the codes as the page writes them"
)]

/// Whether the same call can succeed later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Disposition {
    /// The token is stale: a fresh one may do.
    RefreshToken,
    RetryLater,
    /// Not without a change.
    Permanent,
}

/// The call that was refused, as far as the meaning of a code depends on it.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) path: &'static str,
    /// The caller gave the access token.
    pub(crate) given_token: bool,
    /// The secret that the call needs was not given; the other one stood in for it.
    pub(crate) substitute: bool,
}

pub(crate) fn disposition(code: i32) -> Disposition {
    match code {
        40001 | 40014 | 41001 | 42001 => Disposition::RefreshToken,
        -1 | 6000 | 45009 | 45033 | 45035 | 45036 | 81026 => Disposition::RetryLater,
        _ => Disposition::Permanent,
    }
}

/// Seconds, where WeCom documents them: the chatbots' window is a minute. Elsewhere the window that was exceeded may be a
/// minute, an hour or a day, and the response does not say which.
pub(crate) fn retry_after(code: i32, call: Call) -> Option<u32> {
    (code == 45009 && call.is_chatbot()).then_some(60)
}

impl Call {
    fn is_chatbot(self) -> bool {
        self.path.starts_with("/cgi-bin/webhook/")
    }

    fn is_contacts(self) -> bool {
        ["/cgi-bin/user/", "/cgi-bin/department/"].iter().any(|it| self.path.starts_with(it))
    }

    fn is_group_chat(self) -> bool {
        self.path.starts_with("/cgi-bin/appchat/")
    }
}

/// What to do about a refusal.
pub(crate) fn hint(code: i32, call: Call) -> &'static str {
    match code {
        40001 | 40014 | 41001 | 42001 if call.given_token => {
            "the access token that was given is not valid, or belongs to another enterprise: fetch a fresh one with \
             get-access-token"
        }
        40001 if call.path != "/cgi-bin/gettoken" => {
            "the access token was not accepted, even a fresh one: check that the application is enabled"
        }
        48002 | 60011 if call.is_contacts() && call.substitute => {
            "this call needs the secret of the contacts assistant (通讯录同步), and an application's secret was used as no \
             contacts secret is given: set WECOM_CONTACTS_SECRET or contacts-secret"
        }
        48002 | 301002 if !call.is_contacts() && call.substitute => {
            "this call needs an application's secret, and the contacts secret was used as no other is given: set \
             WECOM_SECRET or secret"
        }
        48002 if call.is_contacts() && call.given_token => {
            "this call needs a token of the contacts secret (通讯录同步): fetch one with get-access-token and scope contacts"
        }
        48002 if call.is_group_chat() => {
            "group chats need an application that the enterprise made itself and whose visible range is the root \
             department: widen it in the console"
        }
        60011 if call.is_contacts() => {
            "writing contacts needs the secret of the contacts assistant (通讯录同步), and editing by API switched on in its \
             page; an application reads only what is within its visible range"
        }
        45009 if call.path == "/cgi-bin/gettoken" => {
            "too often: tokens are to be kept and not fetched for every call; a wrong secret that is tried again and again \
             blocks the address for an hour"
        }
        45009 if call.is_chatbot() => {
            "a chatbot may send 20 messages a minute: wait a minute, and spread the messages"
        }
        45009 if call.path == "/cgi-bin/appchat/create" => {
            "an enterprise may create 1000 group chats a day with all its applications: wait until tomorrow"
        }
        45009 if call.path == "/cgi-bin/appchat/update" => {
            "an enterprise may change group chats 1000 times an hour: wait an hour"
        }
        45009 => {
            "too often for this minute, hour or day, and WeCom does not say which: wait, spread the calls, and retry in an \
             hour if a minute is not enough"
        }
        40058 if call.path == "/cgi-bin/message/recall" => {
            "the message id is not one of a message that this application sent"
        }
        40058 if call.path == "/cgi-bin/webhook/upload_media" => {
            "the key is wrong or the chatbot was removed: give the key of the webhook address"
        }
        60111 | 60123 if call.path.ends_with("/delete") => {
            "there is none with this id, or the application may not see it; after an earlier try, it is gone already"
        }
        -1 => {
            "WeCom is busy: wait and retry, at most three times; before sending a message again, see whether it arrived"
        }
        6000 => {
            "the same data is being changed by another call: retry shortly, and write one after the other"
        }
        40001 => {
            "the secret is wrong, is not one of this corp id, or the application is disabled: copy both again from the console"
        }
        40003 | 46004 => "check the user id",
        40004 => {
            "this file type is not allowed: see the limits of the upload functions, and give the name its extension"
        }
        40005 => "the kind of file must be one that the function lists",
        40006 => "the file is empty, too small or too large",
        40007 => {
            "the media id is unknown, older than three days, of another kind, another enterprise's or another chatbot's: upload \
             again, in the same enterprise"
        }
        40008 => "WeCom does not know this kind of message",
        40009 => "the image is too large or too small",
        40011 => "the video is too large or too small",
        40013 => "the corp id is wrong: copy it again from the console",
        40014 | 42001 => {
            "the access token is dead: get a fresh one; if that does not help, it is of the wrong kind for this call"
        }
        40031 | 301021 => "at least one user id is unknown or out of sight",
        40032 => "too many user ids: split the call",
        40033 => {
            "the text has a character that WeCom forbids, such as a control character: remove it"
        }
        40035 => "a parameter is not of the form that WeCom expects",
        40039 => "the url is empty or too long: some calls take only 1024 bytes",
        40050 | 86003 => "there is no such group chat: create it first",
        40056 => "there is no application with this agent id",
        40058 => "a parameter is wrong: WeCom's message names it",
        40063 | 41009 | 41010 | 41011 | 41016 | 41019 | 41033 | 60127 | 86201 | 86202 | 86203
        | 86204 => "a parameter that this call needs is missing or empty",
        40066 => "the list of departments is empty or names one that does not exist",
        40068 => "there is no such tag",
        40070 | 81013 => {
            "no receiver is valid: check the ids, and that the application may see them"
        }
        40074 => "use an image and text message (mpnews) for confidential articles",
        40091 => "the secret belongs to another enterprise",
        40123 | 90408 => "the image is damaged",
        40201 => "WeCom takes the content for spam: change it",
        40206 => "the request is too large: send less at once",
        41001 => "the access token is missing: get a fresh one",
        41002 => "the corp id is missing",
        41004 => "the secret is missing",
        41006 => "the media id is missing",
        42052 => "a message can be recalled for 24 hours only",
        43012 => "configure a callback address for the application in the console",
        44001 => "the uploaded file did not arrive",
        44004 => "the content is empty",
        45001 => "the file is too large",
        45002 => "the content is too long",
        45007 => "a voice file may last 60 seconds",
        45008 => "a message takes one to eight articles",
        45024 => "the enterprise has no accounts left: extend their number in the console",
        45026 => "WeCom's protection against mass deletion stepped in: delete fewer at a time",
        45029 => "the answer would be too large: ask for less",
        45031 => "the secret is not safe enough: reset it in the console",
        45032 => "an author may have 64 bytes",
        45033 | 45035 | 45036 => "too many calls at the same time: make fewer in parallel",
        45034 => "a url must begin with http:// or https://",
        48001 => "enable this function for the application in the console",
        48002 => {
            "this secret may not make this call: use the contacts secret for departments and members, an application's \
             secret for everything else"
        }
        48004 => "the authorization is invalid or was withdrawn: authorize again",
        48005 => "WeCom has retired this call",
        48006 => "the right was withdrawn after long disuse: enable the application again",
        48008 => "the permission to edit contacts covers only some calls: widen it in the console",
        48009 => {
            "the contacts secret may not read details from this address: use an application's secret"
        }
        49008 => "the group chat was dissolved by its owner: create a new one",
        50002 | 60011 | 60021 | 60030 | 92000 => {
            "the application may not see or edit this member or department: widen its range in the console"
        }
        50003 => "the application is disabled: enable it in the console",
        50100 => "the cursor is invalid: start again from the first page",
        60001 | 60112 | 60125 => {
            "the name is empty, too long or has a forbidden character; some enterprises are held to 32"
        }
        60003 | 60123 => "there is no such department",
        60004 | 60124 => "there is no such parent department: create it first",
        60005 => "the department has members: move them first",
        60006 => "the department has departments below it: delete those first",
        60007 => "the root department cannot be deleted",
        60008 => "the department exists already, by id or by name beside its siblings: look it up",
        60009 => "the name has a forbidden character",
        60010 => "a department cannot be moved below itself",
        60020 | 301042 => {
            "add the caller's address (caller-address) to the application's trusted addresses (企业可信IP) in the console, and \
             wait a minute"
        }
        60031 => "this application may no longer make calls: ask the administrator",
        60102 => "the user id exists already: update the member instead",
        60103 => {
            "the mobile number is not one that WeCom accepts: outside mainland China give the country code with `+`"
        }
        60104 => {
            "another member (conflicting-user) has this mobile number already: update that member, or use another number"
        }
        60106 | 60145 => "another member has this address already",
        60105 | 60141 | 60142 | 60143 => "the email address is not one that WeCom accepts here",
        60110 => "a member can belong to only so many departments",
        60111 => "there is no such member, or the application may not see it",
        60129 => "give a mobile number or an email address",
        60132 => "give the order and the leader mark for every department",
        60136 | 60146 | 60147 | 60148 => "WeCom finds no such entry",
        60144 => "this mailbox address cannot be changed any more",
        60257 => "fewer direct superiors are allowed",
        81001 => "a department may have 30000 departments and members directly below it",
        81002 => "departments may be 15 levels deep",
        81011 => "the application has no right on this tag",
        81012 | 82001 => "no receiver is given",
        81015 => "the domain is not that of the enterprise's mailboxes",
        82002 => "a message goes to at most 100 departments: split it",
        82003 => "a message goes to at most 100 tags: split it",
        82004 => "the content can crash clients: change it",
        85002 => "the text has forbidden words: change it",
        86001 | 86205 | 93006 => {
            "the group chat id is invalid: one that is chosen has 1 to 32 digits and ASCII letters"
        }
        86206 => {
            "a group chat id of digits only must be below 2^63 (9223372036854775808): put a letter into it"
        }
        86004 => "the name of the group chat is invalid",
        86005 => "the owner is invalid",
        86006 => "a group chat has 2 to 2000 members",
        86007 => "a member is invalid",
        86008 => "another application created this group chat: use that one's credentials",
        86101 => "only the owner of the group chat may do this",
        86207 => "the owner must be a member; name a new one when the owner is removed",
        86215 => "the group chat exists already",
        86216 => "a member to add is unknown, or one to remove is not in the chat",
        86217 => "the sender is not a member of the group chat",
        86220 | 86222 | 86224 => "WeCom does not take this for a group chat of its rules",
        90405 | 90406 => "the image is not of an allowed type or size",
        92001 => "the application has no right to sensitive data: request it in the console",
        92002 | 92003 => "the token belongs to another enterprise or application",
        93000 => {
            "the key is wrong or the chatbot was removed: give the key alone, which stands behind `key=` in the webhook \
             address, or make a new chatbot in the group chat"
        }
        93004 => "the chatbot is disabled: enable it",
        93008 => "the chatbot is not in the group chat: add it",
        301002 => "the agent id is not that of the application whose secret or token is used",
        301005 => "the enterprise's creator cannot be deleted: hand the role over first",
        301007 => "the enterprise is dissolved or banned",
        301012 => "a job title may have 128 characters",
        301013 => "a fixed-line number has 1 to 32 digits, `-`, `+` and `,`",
        301015 => "the avatar is not an uploaded image",
        301016 | 301017 => "a voice file must be AMR",
        301019 => "the MD5 must be that of the image before base64",
        301036 => "the user id cannot be changed",
        2_000_002 => "there is no enterprise with this corp id",
        _ => "look the code up in WeCom's table of error codes (全局错误码)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: Call =
        Call { path: "/cgi-bin/message/send", given_token: false, substitute: false };
    const CREATE: Call =
        Call { path: "/cgi-bin/department/create", given_token: false, substitute: false };
    const CHATBOT: Call =
        Call { path: "/cgi-bin/webhook/send", given_token: false, substitute: false };

    #[test]
    fn only_temporary_refusals_are_retried() {
        for code in [-1, 6000, 45009, 45033, 45035, 45036, 81026] {
            assert_eq!(disposition(code), Disposition::RetryLater, "{code}");
        }
        for code in [40001, 40014, 41001, 42001] {
            assert_eq!(disposition(code), Disposition::RefreshToken, "{code}");
        }
        // Codes of other flows, and those that look temporary but are not.
        for code in [42007, 42009, 45024, 45029, 48002, 60020, 93000, 7] {
            assert_eq!(disposition(code), Disposition::Permanent, "{code}");
        }
    }

    #[test]
    fn only_the_chatbots_window_is_known() {
        assert_eq!(retry_after(45009, CHATBOT), Some(60));
        assert_eq!(retry_after(45009, SEND), None);
        assert_eq!(retry_after(45009, Call { path: "/cgi-bin/gettoken", ..SEND }), None);
        assert_eq!(retry_after(-1, CHATBOT), None);
    }

    #[test]
    fn hint_depends_on_the_call_and_its_secret() {
        for (code, call, words) in [
            (60011, Call { substitute: true, ..CREATE }, "WECOM_CONTACTS_SECRET"),
            (48002, Call { substitute: true, ..CREATE }, "WECOM_CONTACTS_SECRET"),
            (48002, Call { given_token: true, ..CREATE }, "scope contacts"),
            (48002, Call { substitute: true, ..SEND }, "WECOM_SECRET"),
            (48002, Call { path: "/cgi-bin/appchat/send", ..SEND }, "root department"),
            (60011, CREATE, "contacts assistant"),
            (60011, SEND, "range"),
            (40001, Call { path: "/cgi-bin/gettoken", ..SEND }, "secret is wrong"),
            (40001, Call { given_token: true, ..SEND }, "get-access-token"),
            (40014, Call { given_token: true, ..SEND }, "get-access-token"),
            (45009, CHATBOT, "20 messages a minute"),
            (45009, Call { path: "/cgi-bin/appchat/create", ..SEND }, "a day"),
            (60111, Call { path: "/cgi-bin/user/delete", ..CREATE }, "gone"),
            (86206, CREATE, "2^63"),
            (93000, CHATBOT, "key="),
        ] {
            let hint = hint(code, call);
            assert!(hint.contains(words), "{code} {}: {hint}", call.path);
        }
    }
}
