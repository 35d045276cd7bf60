//! WeCom's habits on the wire: query encoding, a|b|c, numbers in strings, uploads.

use alloc::{format, string::String, vec, vec::Vec};
use core::fmt::{self, Write as _};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

/// Appends `name=value` to a query, with everything encoded that is not unreserved in RFC 3986.
pub(crate) fn push_query(query: &mut String, name: &str, value: &str) {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(name);
    query.push('=');
    percent_encode(query, value);
}

pub(crate) fn percent_encode(to: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                to.push(char::from(byte));
            }
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(to, "%{byte:02X}");
            }
        }
    }
}

/// What [`percent_encode`] made, as somebody else may write it: `%2f` for `%2F`.
pub(crate) fn with_small_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut small = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        small.extend(["%", &digits.to_ascii_lowercase(), rest]);
    }
    small
}

/// `a|b|c`; none for an empty list, so that the field is left out.
pub(crate) fn join_bars<T: fmt::Display>(items: &[T]) -> Option<String> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push('|');
        }
        let _ = write!(joined, "{item}");
    }
    (!items.is_empty()).then_some(joined)
}

/// The items of `a|b|c`. Missing and "" are both an empty list.
pub(crate) fn split_bars(joined: Option<&str>) -> Vec<String> {
    let items = joined.unwrap_or_default().split('|').map(str::trim);
    items.filter(|it| !it.is_empty()).map(String::from).collect()
}

/// The ids of `1|2|3`; none if one is not a number.
pub(crate) fn split_bars_of_ids(joined: Option<&str>) -> Option<Vec<u32>> {
    split_bars(joined).iter().map(|it| it.parse().ok()).collect()
}

/// A number that may come in a string.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number(pub(crate) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct NumberOrText;
        impl Visitor<'_> for NumberOrText {
            type Value = Number;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("a number")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                text.trim().parse().map(Number).map_err(|_| E::custom("not a number"))
            }
        }
        from.deserialize_any(NumberOrText)
    }
}

/// A JSON object as text, but for the brace that ends it.
///
/// Written straight away rather than through `serde_json::Value`, which is larger and slower.
#[derive(Clone)]
pub(crate) struct Object(String);

impl Object {
    /// The fields in the order given. Those that are none are left out.
    pub(crate) fn new(fields: &[(&str, &dyn Json)]) -> Self {
        let mut object = Self("{".into());
        for (name, value) in fields {
            object.set(name, *value);
        }
        object
    }

    pub(crate) fn set(&mut self, name: &str, value: &dyn Json) {
        if value.is_none() {
            return;
        }
        if self.0.len() > 1 {
            self.0.push(',');
        }
        name.write(&mut self.0);
        self.0.push(':');
        value.write(&mut self.0);
    }

    /// The whole object.
    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A value that can be written as JSON.
pub(crate) trait Json {
    fn write(&self, to: &mut String);

    fn is_none(&self) -> bool {
        false
    }
}

impl Json for str {
    fn write(&self, to: &mut String) {
        // A text is always JSON.
        to.push_str(&serde_json::to_string(self).unwrap_or_default());
    }
}

impl Json for &str {
    fn write(&self, to: &mut String) {
        (**self).write(to);
    }
}

impl Json for String {
    fn write(&self, to: &mut String) {
        self.as_str().write(to);
    }
}

impl Json for u32 {
    fn write(&self, to: &mut String) {
        let _ = write!(to, "{self}");
    }
}

impl Json for bool {
    fn write(&self, to: &mut String) {
        to.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for Object {
    fn write(&self, to: &mut String) {
        to.push_str(&self.0);
        to.push('}');
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, to: &mut String) {
        if let Some(it) = self {
            it.write(to);
        }
    }

    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, to: &mut String) {
        to.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                to.push(',');
            }
            item.write(to);
        }
        to.push(']');
    }
}

/// One file as `multipart/form-data`, in parts so that the file itself is not copied.
pub(crate) struct Upload {
    pub(crate) content_type: String,
    pub(crate) parts: Vec<Vec<u8>>,
}

/// WeCom takes one part named `media`, the name raw and quoted (it does not know `filename*`), and wants the boundary
/// unquoted in the header.
pub(crate) fn upload(file_name: &str, part_type: &str, content: Vec<u8>) -> Upload {
    let mut boundary = String::from("wecom-connector-0");
    let mut number = 0_u32;
    while contains_line(&content, boundary.as_bytes()) {
        number += 1;
        boundary = format!("wecom-connector-{number}");
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{file_name}\"; filelength={}\r\n\
         Content-Type: {part_type}\r\n\r\n",
        content.len()
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    Upload {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        parts: vec![head.into_bytes(), content, tail.into_bytes()],
    }
}

/// Whether a line of the content begins with the boundary's delimiter.
fn contains_line(content: &[u8], boundary: &[u8]) -> bool {
    content
        .split(|&byte| byte == b'\n')
        .any(|line| line.strip_prefix(b"--").is_some_and(|it| it.starts_with(boundary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_a_query_is_encoded() {
        let mut query = String::new();
        push_query(&mut query, "a", "x y&z=部#%+/?");
        push_query(&mut query, "b", "A-z_0.9~");
        assert_eq!(query, "?a=x%20y%26z%3D%E9%83%A8%23%25%2B%2F%3F&b=A-z_0.9~");
    }

    #[test]
    fn lists_are_joined_and_split_at_bars() {
        assert_eq!(join_bars(&["a", "b"]).as_deref(), Some("a|b"));
        assert_eq!(join_bars::<u32>(&[]), None);
        assert_eq!(split_bars(Some("a| b||c")), ["a", "b", "c"]);
        assert_eq!(split_bars_of_ids(Some("7|8")).unwrap(), [7, 8]);
        assert_eq!(split_bars_of_ids(Some("7|x")), None);
        assert!(split_bars(None).is_empty());
    }

    #[test]
    fn numbers_come_as_numbers_or_text() {
        for (text, expected) in
            [("7200", Some(7200)), (r#""7200""#, Some(7200)), (r#""soon""#, None), ("-1", None)]
        {
            assert_eq!(serde_json::from_str(text).ok().map(|Number(it)| it), expected, "{text}");
        }
    }

    #[test]
    fn objects_are_written_without_what_is_absent() {
        let inner = Object::new(&[("none", &None::<u32>)]);
        let object = Object::new(&[
            ("a", &None::<String>),
            ("b", &"x\"\\\n\u{1}部😀\u{2028}"),
            ("c", &vec![inner]),
            ("d", &Some(true)),
            ("e", &vec![0_u32, 4_294_967_295]),
        ]);
        let text = object.finish();
        assert_eq!(
            text,
            "{\"b\":\"x\\\"\\\\\\n\\u0001部😀\u{2028}\",\"c\":[{}],\"d\":true,\"e\":[0,4294967295]}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn an_upload_is_one_part_named_media() {
        let upload = upload("名单.txt", "application/octet-stream", b"Mon 7-5".to_vec());
        assert_eq!(upload.content_type, "multipart/form-data; boundary=wecom-connector-0");
        assert_eq!(
            String::from_utf8(upload.parts.concat()).unwrap(),
            "--wecom-connector-0\r\nContent-Disposition: form-data; name=\"media\"; filename=\"名单.txt\"; filelength=7\r\n\
             Content-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--\r\n"
        );
    }

    #[test]
    fn a_boundary_is_never_in_the_file() {
        let content = b"x\r\n--wecom-connector-0\r\n--wecom-connector-1--".to_vec();
        assert_eq!(
            upload("a", "b", content).content_type,
            "multipart/form-data; boundary=wecom-connector-2"
        );
    }
}
