//! JSON, as much of it as the calls and their answers need.
//!
//! By hand, as a general reader is a fifth of the component, and the connector reads two dozen members of flat answers. It
//! takes what RFC 8259 allows, nested 127 deep, and nothing else; the fuzzers hold it against `serde_json`.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::mem;

use crate::wire::Decimal;

/// Objects and lists within each other. More are refused: each takes some of the stack.
const DEEPEST: u32 = 127;

/// Reads a text piece by piece. Every method gives none when something else comes than it reads.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Begins an object. As long as there is [`more`](Self::more), a [`name`](Self::name) comes next, and then its value.
    pub(crate) fn object(&mut self) -> Option<Sequence> {
        self.open(b'{', b'}')
    }

    /// The name of a member.
    pub(crate) fn name(&mut self) -> Option<Cow<'a, str>> {
        let name = self.string()?;
        self.expect(b':')?;
        Some(name)
    }

    pub(crate) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = self.open(b'[', b']')?;
        let mut items = Vec::new();
        while self.more(&mut list)? {
            items.push(read(self)?);
        }
        Some(items)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        self.string().map(Cow::into_owned)
    }

    /// A whole number without fraction and exponent.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        // Minus zero is a fraction to those who tell the two apart.
        if number == "-0" { None } else { number.parse().ok() }
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.integer()?.try_into().ok()
    }

    /// A number that WeCom also writes in quotes.
    pub(crate) fn number_or_text(&mut self) -> Option<u64> {
        match self.peek()? {
            b'"' => self.string()?.trim().parse().ok(),
            _ => self.integer()?.try_into().ok(),
        }
    }

    /// Whether `null` comes next, which then is read.
    pub(crate) fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null").is_some()
    }

    /// Any value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => {
                let mut object = self.object()?;
                while self.more(&mut object)? {
                    self.skip_text()?;
                    self.expect(b':')?;
                    self.skip()?;
                }
                Some(())
            }
            b'[' => {
                let mut list = self.open(b'[', b']')?;
                while self.more(&mut list)? {
                    self.skip()?;
                }
                Some(())
            }
            b'"' => self.skip_text(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    /// Whether there is nothing more.
    pub(crate) fn ended(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Reads with `read`; where that fails, passes over the value and says so.
    pub(crate) fn or_skip<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Result<T, Misfit>> {
        let (at, depth) = (self.at, self.depth);
        if let Some(value) = read(self) {
            return Some(Ok(value));
        }
        (self.at, self.depth) = (at, depth);
        self.skip()?;
        Some(Err(Misfit))
    }

    fn open(&mut self, open: u8, close: u8) -> Option<Sequence> {
        self.expect(open)?;
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(Sequence { close, begun: false })
    }

    /// Whether there is another item, which comes next. If not, the sequence is over.
    pub(crate) fn more(&mut self, sequence: &mut Sequence) -> Option<bool> {
        let next = self.peek()?;
        if next == sequence.close {
            self.at += 1;
            self.depth -= 1;
            return Some(false);
        }
        if mem::replace(&mut sequence.begun, true) {
            self.expect(b',')?;
        }
        Some(true)
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let run = self.run()?;
        let mut whole = match self.take()? {
            b'"' => return Some(Cow::Borrowed(run)),
            _ => String::from(run),
        };
        loop {
            // A backslash was read.
            whole.push(self.escaped()?);
            whole.push_str(self.run()?);
            if self.take()? == b'"' {
                return Some(Cow::Owned(whole));
            }
        }
    }

    /// A text that nobody reads. Halves of characters are of no concern to the grammar.
    fn skip_text(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.run()?;
            if self.take()? == b'"' {
                return Some(());
            }
            match self.take()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => drop(self.unit()?),
                _ => return None,
            }
        }
    }

    /// What stands for itself, up to a quotation mark or a backslash.
    #[inline]
    fn run(&mut self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = plain(rest);
        if !matches!(rest.get(length)?, b'"' | b'\\') {
            return None;
        }
        let run = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(run)
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.take()? {
            it @ (b'"' | b'\\' | b'/') => char::from(it),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut units = [self.unit()?, 0];
                let count = if matches!(units, [0xd800..0xdc00, _]) {
                    self.word("\\u")?;
                    units = [units[0], self.unit()?];
                    2
                } else {
                    1
                };
                return char::decode_utf16(units.into_iter().take(count)).next()?.ok();
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.take()?).to_digit(16)?;
        }
        u16::try_from(unit).ok()
    }

    fn number(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.take_if(b"-");
        // No zero in front of another digit.
        if self.take_if(b"0").is_none() {
            self.digits()?;
        }
        if self.take_if(b".").is_some() {
            self.digits()?;
        }
        if self.take_if(b"eE").is_some() {
            self.take_if(b"+-");
            self.digits()?;
        }
        self.text.get(start..self.at)
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        self.take_if(b"0123456789")?;
        while self.take_if(b"0123456789").is_some() {}
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.peek().filter(|it| *it == byte)?;
        self.at += 1;
        Some(())
    }

    /// What comes behind white space, which is passed over.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                it => return Some(*it),
            }
        }
    }

    #[inline]
    fn take(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(*byte)
    }

    fn take_if(&mut self, any: &[u8]) -> Option<()> {
        self.text.as_bytes().get(self.at).filter(|it| any.contains(it))?;
        self.at += 1;
        Some(())
    }
}

/// An object or a list that is being read.
pub(crate) struct Sequence {
    close: u8,
    begun: bool,
}

/// A value is there, and is none that was to be read.
#[derive(Debug)]
pub(crate) struct Misfit;

/// An object as text, but for the brace that ends it. Made by [`object!`].
///
/// Written straight away, rather than by way of a tree of values.
#[derive(Clone)]
pub(crate) struct Object(Vec<u8>);

/// An object as it is written in JSON; a name without quotation marks is a variable. What is none is left out.
macro_rules! object {
    ($($name:tt: $value:expr),* $(,)?) => {{
        let object = $crate::json::Object::new();
        $(let object = object.with($name, &$value);)*
        object
    }};
}
pub(crate) use object;

impl Object {
    pub(crate) fn new() -> Self {
        // Room for most bodies, so that they do not grow step by step.
        let mut object = Self(Vec::with_capacity(256));
        object.0.push(b'{');
        object
    }

    pub(crate) fn with<T: Json>(mut self, name: &'static str, value: &T) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a member, unless it is none.
    pub(crate) fn set<T: Json>(&mut self, name: &'static str, value: &T) {
        if !value.is_none() {
            self.begin(name);
            value.write(&mut self.0);
        }
    }

    fn begin(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        // Names are ours, and have nothing in them that would be escaped.
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// The whole object.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

/// A value that can be written as JSON.
pub(crate) trait Json {
    fn write(&self, to: &mut Vec<u8>);

    fn is_none(&self) -> bool {
        false
    }
}

impl Json for str {
    fn write(&self, to: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        to.push(b'"');
        let mut rest = self.as_bytes();
        loop {
            let (run, more) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
            to.extend_from_slice(run);
            let Some((byte, more)) = more.split_first() else { break };
            match byte {
                b'\n' => to.extend_from_slice(b"\\n"),
                b'\r' => to.extend_from_slice(b"\\r"),
                b'\t' => to.extend_from_slice(b"\\t"),
                ..b' ' => {
                    let digit = |it: u8| DIGITS.get(usize::from(it)).copied().unwrap_or_default();
                    to.extend_from_slice(b"\\u00");
                    to.extend([digit(byte >> 4), digit(byte & 15)]);
                }
                _ => to.extend([b'\\', *byte]),
            }
            rest = more;
        }
        to.push(b'"');
    }
}

/// How many bytes at the beginning stand for themselves in a string: all but control characters, quotation marks and
/// backslashes. Eight at a time, as texts are most of what is read and written.
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // The highest bit of each byte that is less than `limit`, and perhaps of some behind the first that is.
    let below =
        |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word & (EACH << 7);
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = below(word ^ (EACH * u64::from(b'"')), 1);
        let backslashes = below(word ^ (EACH * u64::from(b'\\')), 1);
        let special = below(word, b' ') | quotes | backslashes;
        if special != 0 {
            return 8 * index + special.trailing_zeros() as usize / 8;
        }
    }
    let special = |it: &u8| matches!(it, b'"' | b'\\' | ..b' ');
    8 * words.len() + rest.iter().position(special).unwrap_or(rest.len())
}

impl Json for &str {
    fn write(&self, to: &mut Vec<u8>) {
        (**self).write(to);
    }
}

impl Json for String {
    fn write(&self, to: &mut Vec<u8>) {
        self.as_str().write(to);
    }
}

impl Json for u32 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(Decimal::new(*self).as_ref().as_bytes());
    }
}

impl Json for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for Object {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.0);
        to.push(b'}');
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        if let Some(it) = self {
            it.write(to);
        }
    }

    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(b'[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                to.push(b',');
            }
            item.write(to);
        }
        to.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::fuzzing::json;

    #[test]
    fn what_is_json_is_read_and_nothing_else() {
        for text in [
            "{}",
            " { } ",
            "[]",
            "{\"a\":[1,{\"b\":null}],\"c\":true}",
            "\"\"",
            "0",
            "-0",
            "-1.5e+10",
            "1e999",
            "false",
            "{\"\\u0061\\ud83d\\ude00\\n\\/\":\"部😀\"}",
            "[1 , 2\t,\r\n3]",
            "",
            " ",
            "{",
            "}",
            "[",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x1",
            "tru",
            "nul",
            "NaN",
            "True",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u00e\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"\n\"",
            "\"\u{1f}\"",
            "\"\u{7f}\"",
            "{} {}",
            "1 1",
            "[}",
            "{]",
            "\u{feff}{}",
            "\u{a0}1",
            "/**/1",
        ] {
            json(text);
        }
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        json(&deep(127));
        json(&deep(128));
    }

    #[test]
    fn what_stands_for_itself_ends_at_the_first_byte_that_does_not() {
        for length in 0..20 {
            let text = vec![b'x'; length];
            assert_eq!(plain(&text), length);
            for (at, byte) in (0..length).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut text = text.clone();
                text[at] = byte;
                let special = byte < b' ' || byte == b'"' || byte == b'\\';
                assert_eq!(
                    plain(&text),
                    if special { at } else { length },
                    "{byte} at {at} of {length}"
                );
            }
        }
        assert_eq!(plain("部门\u{80}\u{7f} !#[]\"\\".as_bytes()), 14);
    }

    #[test]
    fn texts_are_unescaped() {
        for text in [
            r#""a\"b\\c\/d\b\f\n\r\t\u00e9\u0000\ud83d\ude00部""#,
            r#""\\""#,
            r#""plain""#,
            r#""\u90E8x""#,
        ] {
            let expected: String = serde_json::from_str(text).unwrap();
            assert_eq!(Reader::new(text).text().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_and_fit() {
        for (text, expected) in [
            ("7200", Some(7200)),
            ("-1", Some(-1)),
            ("0", Some(0)),
            ("-0", None),
            ("1.0", None),
            ("1e3", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("\"1\"", None),
            ("null", None),
        ] {
            assert_eq!(Reader::new(text).integer(), expected, "{text}");
        }
        for (text, expected) in [("4294967295", Some(u32::MAX)), ("4294967296", None), ("-1", None)]
        {
            assert_eq!(Reader::new(text).u32(), expected, "{text}");
        }
        for (text, expected) in [
            ("7200", Some(7200)),
            (r#"" 7200""#, Some(7200)),
            (r#""soon""#, None),
            ("-1", None),
            ("{}", None),
        ] {
            assert_eq!(Reader::new(text).number_or_text(), expected, "{text}");
        }
    }

    #[test]
    fn objects_are_written_without_what_is_absent() {
        let inner = object! { "none": None::<u32> };
        let object = object! {
            "a": None::<String>,
            "b": "x\"\\\n\u{1}部😀\u{2028}",
            "c": vec![inner],
            "d": Some(true),
            "e": vec![0_u32, 4_294_967_295],
        };
        let text = String::from_utf8(object.finish()).unwrap();
        assert_eq!(
            text,
            "{\"b\":\"x\\\"\\\\\\n\\u0001部😀\u{2028}\",\"c\":[{}],\"d\":true,\"e\":[0,4294967295]}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let all: String = (0..=0x7f).map(char::from).collect();
        let text = String::from_utf8(object! { "": all }.finish()).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            serde_json::json!({ "": all })
        );
    }
}
