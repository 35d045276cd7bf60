//! WeCom's habits on the wire: query encoding, a|b|c, uploads.

use alloc::{format, string::String, vec, vec::Vec};

/// Appends `name=value` to a query, with everything encoded that is not unreserved in RFC 3986.
pub(crate) fn push_query(query: &mut String, name: &str, value: &str) {
    query.reserve(name.len() + value.len() + 2);
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(name);
    query.push('=');
    percent_encode(query, value);
}

/// Whether a byte stands for itself in a query: letters, digits and `-._~`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[allow(
            clippy::indexing_slicing,
            reason = "a constant that is out of bounds does not compile"
        )]
        {
            plain[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        }
        byte += 1;
    }
    plain
};

pub(crate) fn percent_encode(to: &mut String, value: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |it: u8| DIGITS.get(usize::from(it)).copied().map_or('0', char::from);
    let plain = |it: u8| PLAIN.get(usize::from(it)).is_some_and(|it| *it);
    let mut rest = value;
    // In runs, as most of what is sent is plain.
    while let Some(length) = rest.bytes().position(|it| !plain(it)) {
        let Some((run, more)) = rest.split_at_checked(length) else { break };
        to.push_str(run);
        let mut characters = more.chars();
        let special = characters.next().unwrap_or_default();
        for byte in special.encode_utf8(&mut [0; 4]).bytes() {
            to.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
        rest = characters.as_str();
    }
    to.push_str(rest);
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

/// Where a text stands in another. Without the tables of `str::find`, which are for more than is looked through here.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len().max(1)).position(|it| it == part.as_bytes())
}

/// The beginning of a text, of at most so many bytes, with `***` for each place where a secret stands in it.
///
/// In one pass, so that a long text is not copied for each secret, and nothing remains of a secret that begins like another.
pub(crate) fn without(text: &str, secrets: &[String], longest: usize) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while clean.len() < longest
        && let Some(first) = rest.chars().next()
    {
        let here = secrets.iter().filter(|it| !it.is_empty() && rest.starts_with(it.as_str()));
        let taken = if let Some(length) = here.map(String::len).max() {
            clean.push_str("***");
            length
        } else {
            clean.push(first);
            first.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    clean.truncate(clean.floor_char_boundary(longest));
    clean
}

/// A number in decimal digits.
pub(crate) struct Decimal {
    digits: [u8; 10],
    start: usize,
}

impl Decimal {
    pub(crate) fn new(mut number: u32) -> Self {
        let mut it = Self { digits: [b'0'; 10], start: 10 };
        for digit in it.digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            it.start -= 1;
            if number == 0 {
                break;
            }
        }
        it
    }
}

impl AsRef<str> for Decimal {
    fn as_ref(&self) -> &str {
        self.digits.get(self.start..).and_then(|it| str::from_utf8(it).ok()).unwrap_or_default()
    }
}

/// `a|b|c`; none for an empty list, so that the field is left out.
pub(crate) fn join_bars<T: AsRef<str>>(items: impl Iterator<Item = T>) -> Option<String> {
    let mut joined: Option<String> = None;
    for item in items {
        match &mut joined {
            Some(joined) => {
                joined.push('|');
                joined.push_str(item.as_ref());
            }
            None => joined = Some(item.as_ref().into()),
        }
    }
    joined
}

/// The items of `a|b|c`. Missing and "" are both an empty list.
pub(crate) fn split_bars(joined: Option<&str>) -> Vec<String> {
    // Most answers have nothing to tell.
    let Some(joined) = joined.filter(|it| !it.is_empty()) else { return Vec::new() };
    let items = joined.split('|').map(str::trim);
    items.filter(|it| !it.is_empty()).map(String::from).collect()
}

/// The ids of `1|2|3`; none if one is not a number.
pub(crate) fn split_bars_of_ids(joined: Option<&str>) -> Option<Vec<u32>> {
    split_bars(joined).iter().map(|it| it.parse().ok()).collect()
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
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn everything_in_a_query_is_encoded() {
        let mut query = String::new();
        push_query(&mut query, "a", "x y&z=部#%+/?");
        push_query(&mut query, "b", "A-z_0.9~");
        assert_eq!(query, "?a=x%20y%26z%3D%E9%83%A8%23%25%2B%2F%3F&b=A-z_0.9~");
        for byte in 0..0x80 {
            let mut encoded = String::new();
            percent_encode(&mut encoded, &char::from(byte).to_string());
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert_eq!(
                encoded,
                if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            );
        }
    }

    #[test]
    fn secrets_are_blanked_out() {
        let secrets = ["部门".into(), "abc".into(), "abcd".into(), String::new()];
        for (text, clean) in [
            ("", ""),
            ("部", "部"),
            ("部门", "***"),
            ("x部门y部部门", "x***y部***"),
            ("abcde ab abcx", "***e ab ***x"),
        ] {
            assert_eq!(without(text, &secrets, 100), clean, "{text}");
        }
        // What is cut is cut afterwards, and on a character boundary.
        assert_eq!(without("xxabc", &secrets, 4), "xx**");
        assert_eq!(without("x部x", &secrets, 3), "x");
        assert_eq!(without("tttt", &["t".into()], 6), "******");
    }

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 7, 10, 310, 4_294_967_295] {
            assert_eq!(Decimal::new(number).as_ref(), format!("{number}"));
        }
    }

    #[test]
    fn lists_are_joined_and_split_at_bars() {
        assert_eq!(join_bars(["a", "b"].iter()).as_deref(), Some("a|b"));
        assert_eq!(join_bars([""; 0].iter()), None);
        assert_eq!(split_bars(Some("a| b||c")), ["a", "b", "c"]);
        assert_eq!(split_bars_of_ids(Some("7|8")).unwrap(), [7, 8]);
        assert_eq!(split_bars_of_ids(Some("7|x")), None);
        assert!(split_bars(None).is_empty());
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
