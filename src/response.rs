//! The errcode envelope that all responses of WeCom share.

use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    bindings::wit::types::{DepartmentId, TagId, UserId},
    credentials::Auth,
    redact::redact,
    wire::Lenient,
};

#[derive(Debug)]
pub(crate) enum Response {
    Accepted(Accepted),
    Refused(Refusal),
}

/// A response with errcode 0, or a file.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) body: String,
    pub(crate) file: Option<DownloadedFile>,
    pub(crate) warnings: Warnings,
}

/// A file, or the part of it that was asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct DownloadedFile {
    pub(crate) name: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) content: Vec<u8>,
    /// The size of the whole file.
    pub(crate) total: Option<u64>,
}

/// The headers that describe a file.
#[derive(Debug, Default)]
pub(crate) struct FileHeaders {
    /// `content-type`
    pub(crate) media_type: Option<String>,
    /// `content-disposition`
    pub(crate) disposition: Option<String>,
    /// `content-range`
    pub(crate) range: Option<String>,
}

/// A response with another errcode.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    /// Without the debugging suffix.
    pub(crate) message: String,
    /// WeCom's debugging suffix: `, hint: […], from ip: …, more info at …`.
    suffix: String,
    pub(crate) receivers: Receivers,
}

/// Receivers that WeCom did not reach. An acceptance and a refusal have the same four members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Receivers {
    pub(crate) invaliduser: Lenient<Vec<UserId>>,
    pub(crate) invalidparty: Lenient<Vec<DepartmentId>>,
    pub(crate) invalidtag: Lenient<Vec<TagId>>,
    pub(crate) unlicenseduser: Lenient<Vec<UserId>>,
}

/// Why a response is not one that WeCom documents.
#[derive(Debug, PartialEq)]
pub(crate) struct Unexpected(pub(crate) String);

/// What came with an acceptance and is no failure: WeCom's warning, and members that cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    texts: Vec<String>,
    /// A server may repeat what it was sent.
    secrets: Rc<[String]>,
}

/// All members may be missing or null, and of any type in a refusal.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Envelope {
    errcode: Lenient<Option<i64>>,
    errmsg: Lenient<Option<String>>,
    access_token: Lenient<Option<String>>,
}

impl Response {
    /// Never panics, whatever the bytes. A refusal counts, whatever else is wrong with the response.
    pub(crate) fn parse(body: Vec<u8>, auth: Auth) -> Result<Self, Unexpected> {
        if body.is_empty() {
            return Err(Unexpected::new("the response is empty"));
        }
        let body = clean(body);
        // Derived structs would also accept arrays.
        let envelope =
            body.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(&body));
        let Some(Ok(Envelope { errcode, errmsg, access_token })) = envelope else {
            return Err(Unexpected::new("the response is not a JSON object of WeCom's"));
        };
        if !errcode.is_complete() {
            return Err(Unexpected::new("the response has an errcode that is not a number"));
        }
        // Some servers omit the code when they grant a token.
        let granted = auth == Auth::None && access_token.value.is_some();
        let Some(code) = errcode.value.or(granted.then_some(0)) else {
            return Err(Unexpected::new("the response has no errcode"));
        };
        let Ok(code) = i32::try_from(code) else {
            return Err(Unexpected::new("the response has an errcode that is out of range"));
        };
        let text = errmsg.value.unwrap_or_default();
        let (message, suffix) = split_debug_suffix(&text);
        if code != 0 {
            let receivers = serde_json::from_str(&body).unwrap_or_default();
            let (message, suffix) = (message.into(), suffix.into());
            return Ok(Self::Refused(Refusal { code, message, suffix, receivers }));
        }
        let mut warnings = Warnings::default();
        if is_warning(message) {
            warnings.texts.push(message.into());
        }
        Ok(Self::Accepted(Accepted { body, file: None, warnings }))
    }

    /// Reads a file, or a refusal in place of it. `range` is what was asked for.
    pub(crate) fn parse_file(
        status: u16,
        body: Vec<u8>,
        headers: FileHeaders,
        range: Option<(u64, u64)>,
        auth: Auth,
    ) -> Result<Self, Unexpected> {
        let FileHeaders { media_type, disposition, range: found } = headers;
        // A refusal is JSON, without the name of a file.
        if disposition.is_none() && media_type.as_deref().is_none_or(is_text) {
            return match Self::parse(body, auth)? {
                Self::Accepted(_) => Err(Unexpected::lacks("file")),
                refused @ Self::Refused(_) => Ok(refused),
            };
        }
        let (content, total) = match (range, found) {
            (Some((first, _)), Some(found)) => {
                let (start, total) = parse_content_range(&found)
                    .ok_or_else(|| Unexpected::new("the response has a broken content-range"))?;
                if start != first {
                    return Err(Unexpected::new("the response is another range of the file"));
                }
                (body, total)
            }
            _ if status == 206 => {
                return Err(Unexpected::new(
                    "the response is a part of the file, and does not say which, or none was asked for",
                ));
            }
            // The server does not support ranges, and returned the whole file.
            (Some(range), None) => {
                let total = body.len() as u64;
                (part(body, range), Some(total))
            }
            (None, _) => {
                let total = body.len() as u64;
                (body, Some(total))
            }
        };
        let name = disposition.as_deref().and_then(file_name);
        let file = DownloadedFile { name, media_type, content, total };
        let (body, warnings) = (String::new(), Warnings::default());
        Ok(Self::Accepted(Accepted { body, file: Some(file), warnings }))
    }
}

/// Whether a content type is one of WeCom's refusals, or of a proxy's page.
fn is_text(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    content_type.starts_with("text/") || content_type.contains("json")
}

/// The first byte and the size of the file, of `bytes 0-1023/146515`.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

fn part(mut content: Vec<u8>, (first, last): (u64, u64)) -> Vec<u8> {
    let index = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
    content.truncate(index(last).saturating_add(1));
    content.drain(..index(first).min(content.len()));
    content
}

/// The name in `attachment; filename="rota.xlsx"`, or in `filename*=UTF-8''rota.xlsx` (RFC 8187), which WeCom was seen to send
/// as well: <https://github.com/binarywang/WxJava/issues/3348>.
fn file_name(disposition: &str) -> Option<String> {
    let value = |parameter: &str| {
        let start = disposition.to_ascii_lowercase().find(parameter)? + parameter.len();
        disposition.get(start..).map(str::trim_start)
    };
    let encoded = || {
        let (charset, rest) = value("filename*=")?.split_once('\'')?;
        let (_language, rest) = rest.split_once('\'')?;
        let name = rest.split(';').next()?.trim_end();
        let name = percent_decode_str(name).decode_utf8().ok()?;
        charset.eq_ignore_ascii_case("utf-8").then(|| name.into_owned())
    };
    let plain = || {
        let value = value("filename=")?;
        let name = match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => value.split(';').next()?,
        };
        Some(name.into())
    };
    let name: String = encoded().or_else(plain)?;
    non_blank(&name).map(Into::into)
}

impl Accepted {
    /// Deserializes the members that an action reads. Others may be anything.
    pub(crate) fn read<R: DeserializeOwned>(&self) -> Result<R, Unexpected> {
        serde_json::from_str(&self.body).map_err(|_| {
            Unexpected::new("WeCom accepted the call, with a response that is not as documented")
        })
    }
}

impl Refusal {
    /// The number of the request, for WeCom's query page and support.
    pub(crate) fn request_id(&self) -> Option<&str> {
        let (_, rest) = self.suffix.split_once("hint: [")?;
        non_blank(rest.split_once(']')?.0)
    }

    /// The caller's address as WeCom sees it.
    pub(crate) fn caller_address(&self) -> Option<&str> {
        let (_, rest) = self.suffix.split_once("from ip:")?;
        non_blank(rest.split(',').next()?)
    }

    /// The member who has the mobile number already.
    pub(crate) fn conflicting_user(&self) -> Option<&str> {
        let (_, rest) =
            self.message.split_once("mobile existed:").filter(|_| self.code == 60104)?;
        non_blank(rest)
    }
}

impl Unexpected {
    pub(crate) fn new(reason: &str) -> Self {
        Self(reason.into())
    }

    /// An acceptance without the one member that the call was made for.
    pub(crate) fn lacks(member: &str) -> Self {
        Self(format!("WeCom accepted the call, and its response has no readable {member}"))
    }
}

impl Warnings {
    /// `secrets` are redacted from all that is warned of.
    pub(crate) fn redacting(mut self, secrets: &[&str]) -> Self {
        self.secrets = secrets.iter().map(|it| (*it).to_owned()).collect();
        self
    }

    /// For an item of a list, which has its own warning.
    pub(crate) fn of_item(&self) -> Self {
        Self { texts: Vec::new(), secrets: Rc::clone(&self.secrets) }
    }

    /// The value of a member. What cannot be read of it becomes a warning.
    pub(crate) fn value<T>(&mut self, name: &str, member: Lenient<T>) -> T {
        if let Some(text) = member.unread(name) {
            self.texts.push(text);
        }
        member.value
    }

    pub(crate) fn push(&mut self, text: Option<String>) {
        self.texts.extend(text);
    }

    pub(crate) fn into_text(self) -> Option<String> {
        let text = redact(&self.texts.join("; "), self.secrets.iter().map(String::as_str));
        (!text.is_empty()).then_some(text)
    }
}

/// The text of a body. WeCom echoes names as they were stored: with raw control characters inside JSON strings, truncated in
/// the middle of a character, or after a byte order mark.
fn clean(body: Vec<u8>) -> String {
    let mut text =
        String::from_utf8(body).unwrap_or_else(|it| String::from_utf8_lossy(it.as_bytes()).into());
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = rest.into();
    }
    if text.bytes().any(|it| it.is_ascii_control()) {
        // Between tokens a blank is as good as a line break.
        text = text.replace(|it: char| it.is_ascii_control(), " ");
    }
    text
}

fn is_warning(message: &str) -> bool {
    message.as_bytes().windows(7).any(|it| it.eq_ignore_ascii_case(b"warning"))
}

/// WeCom's message, and the debugging hint, the caller's address and the link that it appends.
fn split_debug_suffix(message: &str) -> (&str, &str) {
    let suffixes = ["hint: [", "from ip:", "more info at "];
    let start = suffixes.iter().filter_map(|it| message.find(it)).min().unwrap_or(message.len());
    let (message, suffix) = message.split_at_checked(start).unwrap_or((message, ""));
    (message.trim().trim_end_matches([',', ' ']), suffix)
}

fn non_blank(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Id {
        id: Lenient<Option<u32>>,
    }

    fn parse(body: &[u8]) -> Result<Response, Unexpected> {
        Response::parse(body.to_owned(), Auth::Contacts)
    }

    fn read(body: &[u8]) -> Result<(Option<u32>, Option<String>), Unexpected> {
        match parse(body)? {
            Response::Accepted(mut it) => {
                let Id { id } = it.read()?;
                let id = it.warnings.value("id", id);
                Ok((id, it.warnings.into_text()))
            }
            Response::Refused(_) => panic!("refused"),
        }
    }

    fn refusal(body: &str) -> Refusal {
        match parse(body.as_bytes()) {
            Ok(Response::Refused(it)) => it,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn only_a_documented_response_is_parsed() {
        let not_wecom = "the response is not a JSON object of WeCom's";
        for (bytes, expected) in [
            (&b""[..], "the response is empty"),
            (b"\xff", not_wecom),
            (b"<html>", not_wecom),
            (br#"{"errcode":0,"errmsg":nix,"ok"}"#, not_wecom),
            (b"[0]", not_wecom),
            (b" [0, \"ok\"]", not_wecom),
            (br#"{"errcode":0}{}"#, not_wecom),
            (br#"{"errcode":"ok"}"#, "the response has an errcode that is not a number"),
            (br#"{"errcode":[0]}"#, "the response has an errcode that is not a number"),
            (br#"{"errcode":0.5}"#, "the response has an errcode that is not a number"),
            (br#"{"errmsg":"ok"}"#, "the response has no errcode"),
            (br#"{"errcode":null}"#, "the response has no errcode"),
            (br#"{"access_token":"t"}"#, "the response has no errcode"),
            (br#"{"errcode":4294967296}"#, "the response has an errcode that is out of range"),
        ] {
            assert_eq!(read(bytes).unwrap_err().0, expected, "{}", bytes.escape_ascii());
        }
        for (bytes, id) in [
            (&br#"{"errcode":0}"#[..], None),
            (br#"{"errcode":"0"}"#, None),
            (br#" {"errcode":0,"id":null,"errmsg":null}"#, None),
            (br#"{"errcode":0,"id":7,"new":[{}]}"#, Some(7)),
            (br#"{"errcode":0,"id":"7"}"#, Some(7)),
        ] {
            assert_eq!(read(bytes).unwrap(), (id, None), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn unreadable_member_of_an_acceptance_is_a_warning() {
        for (member, warning) in [
            (r#""x""#, r#"id cannot be read: "x""#),
            ("-7", "id cannot be read: -7"),
            ("[7]", "id cannot be read: [7]"),
            (r#""\ud83d""#, r#"id cannot be read: "\ud83d""#),
        ] {
            let body = format!(r#"{{"errcode":0,"errmsg":"ok","id":{member}}}"#);
            assert_eq!(read(body.as_bytes()).unwrap(), (None, Some(warning.into())), "{member}");
        }
    }

    #[test]
    fn broken_text_is_cleaned_and_kept() {
        for body in [
            &b"\xef\xbb\xbf{\"errcode\":0,\"id\":7}"[..],
            b"{\"errcode\":0,\"name\":\"\x1b[31m a\nb\x00\",\"id\":7}",
            b"{\"errcode\":0,\"name\":\"\xe4\xb8\xad\xe9\x83\",\"id\":7}",
            b"\n{\r\n\t\"errcode\": 0,\n\"id\": 7}\n",
        ] {
            assert_eq!(read(body).unwrap(), (Some(7), None), "{}", body.escape_ascii());
        }
        let it = parse(b"{\"errcode\":60009,\"errmsg\":\"bad Line 1\nLine 2 \xe4\xb8\"}");
        let Ok(Response::Refused(it)) = it else { panic!("not refused") };
        assert_eq!((it.code, it.message.as_str()), (60009, "bad Line 1 Line 2 \u{fffd}"));
    }

    #[test]
    fn granted_token_needs_no_errcode() {
        let granted = Response::parse(br#"{"access_token":"t"}"#.to_vec(), Auth::None);
        assert!(matches!(granted, Ok(Response::Accepted(_))), "{granted:?}");
        let refused =
            Response::parse(br#"{"errcode":40001,"access_token":"t"}"#.to_vec(), Auth::None);
        assert!(
            matches!(refused, Ok(Response::Refused(Refusal { code: 40001, .. }))),
            "{refused:?}"
        );
    }

    #[test]
    fn refusal_counts_whatever_else_is_wrong() {
        for (body, expected) in [
            (r#"{"errcode":60003,"errmsg":"no","id":"x","chat_info":[]}"#, (60003, "no")),
            (r#"{"errcode":"60003","errmsg":"no","invaliduser":{}}"#, (60003, "no")),
            (r#"{"errcode":60003,"errmsg":"no","id":1,"id":2}"#, (60003, "no")),
            (r#"{"id":0,"errcode":-1,"id":null}"#, (-1, "")),
            (r#"{"errcode":-1,"errmsg":0}"#, (-1, "0")),
            (r#"{"errcode":-1,"errmsg":["no"]}"#, (-1, "")),
            (r#"{"errcode":-1,"errmsg":"lone \ud83d"}"#, (-1, "")),
        ] {
            let Refusal { code, message, .. } = refusal(body);
            assert_eq!((code, message.as_str()), expected, "{body}");
        }
    }

    #[test]
    fn duplicate_member_is_no_success() {
        for body in [
            r#"{"errcode":0,"id":1,"id":1}"#,
            r#"{"errcode":60003,"errcode":0}"#,
            r#"{"errcode":0,"errcode":0}"#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn unread_members_may_be_anything() {
        let deep = format!(r#""x":{}{}"#, "[".repeat(100_000), "]".repeat(100_000));
        for member in [r#""x":"\ud83d""#, r#""x":1e999"#, r#""x":[{"id":"7"}]"#, &deep] {
            let body = format!(r#"{{"errcode":0,"id":7,{member}}}"#);
            assert_eq!(read(body.as_bytes()).unwrap(), (Some(7), None), "{member}");
        }
    }

    #[test]
    fn unclosed_brackets_are_refused() {
        let deep = [r#"{"errcode":0,"x":"#, &"[".repeat(100_000)].concat();
        assert!(read(deep.as_bytes()).is_err());
    }

    #[test]
    fn operands_of_refusals_are_read_from_the_suffix() {
        for (errmsg, message, request_id, address) in [
            (
                "not allow to access from your ip, hint: [17_9a], from ip: 203.0.113.7, more info at https://x",
                "not allow to access from your ip",
                Some("17_9a"),
                Some("203.0.113.7"),
            ),
            ("department existed, hint: [16_9a]", "department existed", Some("16_9a"), None),
            (
                "no privilege , hint: [], from ip: , more info at https://x",
                "no privilege",
                None,
                None,
            ),
            ("invalid chat hint: [5]", "invalid chat", Some("5"), None),
            (
                "not owner., hint: [5], from ip: 2001:db8::7",
                "not owner.",
                Some("5"),
                Some("2001:db8::7"),
            ),
            ("invalid access_token", "invalid access_token", None, None),
        ] {
            let it = refusal(&format!(r#"{{"errcode":60020,"errmsg":"{errmsg}"}}"#));
            assert_eq!(
                (it.message.as_str(), it.request_id(), it.caller_address()),
                (message, request_id, address),
                "{errmsg}"
            );
        }
        let taken = refusal(r#"{"errcode":60104,"errmsg":"mobile existed:lin.q"}"#);
        assert_eq!(taken.conflicting_user(), Some("lin.q"));
    }

    #[test]
    fn receivers_are_read_in_every_shape() {
        let it = refusal(
            r#"{"errcode":81013,"errmsg":"x","invaliduser":"noor.h|iker.z","invalidparty":[310,"x"],"invalidtag":7}"#,
        );
        let Receivers { invaliduser, invalidparty, invalidtag, unlicenseduser } = it.receivers;
        assert_eq!(invaliduser.value, ["noor.h", "iker.z"]);
        assert_eq!(invalidparty.value, [310]);
        assert_eq!(invalidparty.unread("p").as_deref(), Some("p cannot be read: x"));
        assert_eq!(invalidtag.value, [7]);
        assert!(unlicenseduser.value.is_empty());
    }

    #[test]
    fn warning_beside_an_acceptance_is_kept_and_redacted() {
        for (body, expected) in [
            (
                r#"{"errcode":0,"errmsg":"updated. Warning: wrong json format. "}"#,
                Some("updated. Warning: wrong json format."),
            ),
            (r#"{"errcode":0,"errmsg":"updated"}"#, None),
            (r#"{"errcode":0,"errmsg":"warning: s3cret"}"#, Some("warning: ***")),
        ] {
            let Ok(Response::Accepted(it)) = parse(body.as_bytes()) else { panic!("refused") };
            assert_eq!(it.warnings.redacting(&["s3cret"]).into_text().as_deref(), expected);
        }
    }

    #[test]
    fn warnings_of_an_item_are_its_own_and_redacted() {
        let mut all = Warnings::default().redacting(&["s3cret"]);
        all.push(Some("of the list".into()));
        let mut item = all.of_item();
        assert_eq!(all.of_item().into_text(), None);
        item.push(Some("name cannot be read: s3cret".into()));
        assert_eq!(item.into_text().as_deref(), Some("name cannot be read: ***"));
    }

    fn file(
        headers: [Option<&str>; 3],
        range: Option<(u64, u64)>,
        body: &str,
    ) -> Result<Response, Unexpected> {
        let [media_type, disposition, found] = headers.map(|it| it.map(Into::into));
        let headers = FileHeaders { media_type, disposition, range: found };
        let status = if range.is_some() && headers.range.is_some() { 206 } else { 200 };
        Response::parse_file(status, body.into(), headers, range, Auth::Application)
    }

    fn downloaded(response: Result<Response, Unexpected>) -> DownloadedFile {
        match response {
            Ok(Response::Accepted(Accepted { file: Some(file), .. })) => file,
            other => panic!("no file: {other:?}"),
        }
    }

    #[test]
    fn file_has_its_name_type_and_size() {
        for (disposition, name) in [
            (Some("attachment; filename=\"名单 1;2.xlsx\""), Some("名单 1;2.xlsx")),
            (Some("attachment; FileName=rota.xlsx; size=7"), Some("rota.xlsx")),
            (
                Some("attachment; filename*=utf-8''%E6%B5%8B%E8%AF%95.xlsx; filename=\"x.xlsx\""),
                Some("测试.xlsx"),
            ),
            (Some("attachment; filename=x; filename*=UTF-8'zh'%e8%a1%a81.txt "), Some("表1.txt")),
            (Some("attachment; filename*=gbk''%B1%ED; filename=\"表\""), Some("表")),
            (Some("attachment; filename*=UTF-8''%B1%ED; filename=\"表\""), Some("表")),
            (Some("attachment; filename*=UTF-8''100%.txt"), Some("100%.txt")),
            (Some("attachment; filename*=UTF-8''"), None),
            (Some("attachment; filename=\"\""), None),
            (Some("attachment"), None),
            (None, None),
        ] {
            let it = downloaded(file([Some("image/png"), disposition, None], None, "Mon 7-5"));
            let DownloadedFile { name: found, media_type, content, total } = it;
            assert_eq!(found.as_deref(), name, "{disposition:?}");
            assert_eq!(media_type.as_deref(), Some("image/png"));
            assert_eq!((content.as_slice(), total), (&b"Mon 7-5"[..], Some(7)));
        }
    }

    #[test]
    fn file_may_be_json() {
        let json = r#"{"errcode":40007,"errmsg":"a file about errors"}"#;
        let attachment = Some("attachment; filename=\"a.json\"");
        let it = downloaded(file([Some("application/json"), attachment, None], None, json));
        assert_eq!(it.content, json.as_bytes());
    }

    #[test]
    fn refusal_in_place_of_a_file_is_a_refusal() {
        let refusal = r#"{"errcode":40007,"errmsg":"invalid media_id"}"#;
        for content_type in
            [Some("application/json; charset=UTF-8"), Some("text/plain"), Some("Text/HTML"), None]
        {
            let it = file([content_type, None, None], Some((0, 1)), refusal);
            let refused = matches!(it, Ok(Response::Refused(Refusal { code: 40007, .. })));
            assert!(refused, "{content_type:?}: {it:?}");
        }
        for body in ["<html>", "", r#"{"errcode":0,"errmsg":"ok"}"#] {
            let it = file([Some("text/html"), None, None], None, body);
            assert!(it.is_err(), "{body:?}: {it:?}");
        }
    }

    #[test]
    fn range_of_a_file_is_the_one_that_was_asked_for() {
        let part =
            |content_range| file([None, Some("attachment"), content_range], Some((4, 5)), "7-");
        let it = downloaded(part(Some("bytes 4-5/7")));
        assert_eq!((it.content.as_slice(), it.total), (&b"7-"[..], Some(7)));
        assert_eq!(downloaded(part(Some("bytes 4-5/*"))).total, None);
        for other in ["bytes 0-1/7", "bytes */7", "4-5/7", ""] {
            assert!(part(Some(other)).is_err(), "{other:?}");
        }
        // A server that does not know ranges.
        for (range, content) in
            [((4, 5), "7-"), ((0, 6), "Mon 7-5"), ((4, u64::MAX), "7-5"), ((7, 9), "")]
        {
            let it = downloaded(file([None, Some("attachment"), None], Some(range), "Mon 7-5"));
            assert_eq!(it.content, content.as_bytes(), "{range:?}");
            assert_eq!(it.total, Some(7));
        }
    }

    #[test]
    fn part_of_a_file_that_was_not_asked_for_is_refused() {
        for (range, found) in [(Some((4, 5)), None), (None, Some("bytes 4-5/7")), (None, None)] {
            let (media_type, disposition) = (None, Some("attachment".into()));
            let headers = FileHeaders { media_type, disposition, range: found.map(Into::into) };
            let it = Response::parse_file(206, b"7-".into(), headers, range, Auth::Application);
            assert!(it.is_err(), "{range:?} {found:?}: {it:?}");
        }
    }
}
