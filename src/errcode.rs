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
    /// `after`: seconds, where WeCom documents them.
    RetryLater { after: Option<u32> },
    /// Not without a change.
    Permanent,
}

pub(crate) fn disposition(code: i32) -> Disposition {
    match code {
        40001 | 40014 | 41001 | 42001 => Disposition::RefreshToken,
        // The window may also be an hour or a day; a minute is the shortest, and the chatbots'.
        45009 => Disposition::RetryLater { after: Some(60) },
        -1 | 6000 | 45033 => Disposition::RetryLater { after: None },
        _ => Disposition::Permanent,
    }
}

pub(crate) fn hint(code: i32) -> &'static str {
    match code {
        -1 => "WeCom is busy: wait a little and repeat, at most three times",
        6000 => {
            "somebody else changes the same data: repeat shortly, and write one after the other"
        }
        40001 => "check corp id, secret, and that the application is enabled",
        40003 | 46004 => "check the user id",
        40004 => "this file type is not allowed: see the limits of the upload functions",
        40005 => "the kind of file must be one that the function lists",
        40006 => "the file is empty, too small or too large",
        40007 => {
            "the media id is unknown, older than three days, of another kind, or another chatbot's: upload again"
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
        40033 => "a character is in a form that WeCom forbids",
        40035 => "a parameter is not of the form that WeCom expects",
        40039 => "the url is too long: some calls take only 1024 bytes",
        40050 | 86003 => "there is no such group chat: create it first",
        40056 => "there is no application with this agent id",
        40058 => {
            "a parameter is wrong: WeCom's message names it; for a recall, the message is another application's"
        }
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
        45009 => "too often: wait, and spread the calls; a chatbot may speak 20 times a minute",
        45024 => "the enterprise has no accounts left: extend their number in the console",
        45026 => "WeCom's protection against mass deletion stepped in: delete fewer at a time",
        45029 => "the answer would be too large: ask for less",
        45031 => "the secret is not safe enough: reset it in the console",
        45032 => "an author may have 64 bytes",
        45033 => "too many calls at the same time: make fewer in parallel",
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
        60003 => "there is no such department",
        60004 | 60124 => "there is no such parent department: create it first",
        60005 => "the department has members: move them first",
        60006 => "the department has departments below it: delete those first",
        60007 => "the root department cannot be deleted",
        60008 => "the department exists already, by id or by name beside its siblings: look it up",
        60009 => "the name has a forbidden character",
        60010 => "a department cannot be moved below itself",
        60020 | 301042 => {
            "add this address to the application's trusted ones in the console and wait a minute"
        }
        60031 => "this application may no longer make calls: ask the administrator",
        60102 => "the user id exists already: update the member instead",
        60103 => "a mobile number has digits, `+` and `-`",
        60104 | 60106 | 60145 => "another member has it already",
        60105 | 60141 | 60142 | 60143 => "the email address is not one that WeCom accepts here",
        60110 => "a member can belong to only so many departments",
        60111 => {
            "there is no such member, or the application may not see it; after deleting, it is gone"
        }
        60123 => "there is no such department; after deleting, it is gone",
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
        86001 | 86205 | 86206 | 93006 => "the group chat id is invalid: 1 to 32 digits and letters",
        86004 => "the name of the group chat is invalid",
        86005 => "the owner is invalid",
        86006 => "a group chat has 2 to 2000 members",
        86007 => "a member is invalid",
        86008 => "another application created this group chat: use that one's credentials",
        86101 => "only the owner of the group chat may do this",
        86207 => "the owner must be a member; name a new one when the owner is removed",
        86215 => "the group chat exists already",
        86216 => "somebody to add is unknown, or somebody to remove is not a member",
        86217 => "the sender is not a member of the group chat",
        86220 | 86222 | 86224 => "WeCom does not take this for a group chat of its rules",
        90405 | 90406 => "the image is not of an allowed type or size",
        92001 => "the application has no right to sensitive data: request it in the console",
        92002 | 92003 => "the token belongs to another enterprise or application",
        93000 => "the key is wrong or the chatbot was removed: make a new one in the group chat",
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

    #[test]
    fn only_temporary_refusals_are_retried() {
        for code in [-1, 6000, 45009, 45033] {
            assert!(matches!(disposition(code), Disposition::RetryLater { .. }), "{code}");
        }
        for code in [40001, 40014, 41001, 42001] {
            assert_eq!(disposition(code), Disposition::RefreshToken, "{code}");
        }
        // Codes of other flows, and those that look temporary but are not.
        for code in [42007, 42009, 45024, 45029, 48002, 60020, 93000, 7] {
            assert_eq!(disposition(code), Disposition::Permanent, "{code}");
        }
    }
}
