//! Truncates a text so that what is left is readable: whole grapheme clusters, tags, mentions and elements.

use alloc::{string::String, vec::Vec};

use unicode_segmentation::GraphemeCursor;

/// A link is 2048 bytes at most. What is longer is no tag, and is not looked through.
const MAX_UNIT_BYTES: usize = 4096;

/// How WeCom's page counts the length of a text.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    Bytes(usize),
    Chars(usize),
}

/// An element that has to be closed: `<a …>` or `<div …>`. WeCom's own markup has no other pairs outside markdown.
struct Open<'a> {
    start: usize,
    name: &'a str,
}

/// The text within its limit; `None` if it is already.
///
/// It is truncated before a tag, mention or id translation that would be split, and before an element that would stay open.
/// Where that element is more than half of what may be sent, it is truncated inside instead and closed.
pub(crate) fn truncate(text: &str, limit: Limit) -> Option<String> {
    let end = limit.end(text);
    if end == text.len() {
        return None;
    }
    let (readable, open) = readable_end(text, end);
    let truncated = match open.first() {
        Some(outermost) if outermost.start < readable / 2 => return Some(close(text, limit)),
        Some(outermost) => outermost.start,
        None => readable,
    };
    // One tag that is longer than all that may be sent is no reason to send nothing.
    let truncated = if truncated == 0 { grapheme_boundary(text, end) } else { truncated };
    Some(text.get(..truncated)?.into())
}

impl Limit {
    /// Where a prefix of this length ends, on a character boundary.
    fn end(self, text: &str) -> usize {
        match self {
            Self::Bytes(max) => text.floor_char_boundary(max),
            Self::Chars(max) => text.char_indices().nth(max).map_or(text.len(), |(end, _)| end),
        }
    }

    fn less(self, length: usize) -> Self {
        match self {
            Self::Bytes(max) => Self::Bytes(max.saturating_sub(length)),
            Self::Chars(max) => Self::Chars(max.saturating_sub(length)),
        }
    }
}

/// Truncates inside the open elements and closes them, within the limit.
fn close(text: &str, limit: Limit) -> String {
    // Nearer to the beginning, other elements may be open, which need more bytes to be closed.
    let mut room = 0;
    loop {
        let (end, open) = readable_end(text, limit.less(room).end(text));
        let mut closed = String::from(text.get(..end).unwrap_or_default());
        for Open { name, .. } in open.iter().rev() {
            closed.extend(["</", name, ">"]);
        }
        if limit.end(&closed) == closed.len() || end == 0 {
            return closed;
        }
        room += 1;
    }
}

/// The last readable place at or before `end`, and the elements that are open there, outermost first.
fn readable_end(text: &str, end: usize) -> (usize, Vec<Open<'_>>) {
    let end = grapheme_boundary(text, end);
    let mut open: Vec<Open> = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..end).and_then(|it| it.find(['<', '$'])) {
        let start = from + start;
        let Some(length) = text.get(start..).and_then(unit) else {
            from = start + 1;
            continue;
        };
        from = start + length;
        if from > end {
            return (start, open);
        }
        match text.get(start..from).and_then(element) {
            Some((name, true)) => open.push(Open { start, name }),
            Some((name, false)) => {
                if let Some(opened) = open.iter().rposition(|it| it.name.eq_ignore_ascii_case(name))
                {
                    open.truncate(opened);
                }
            }
            None => {}
        }
    }
    (end, open)
}

/// The length of a prefix that must not be split: a tag `<a …>`, `</a>`, a mention `<@id>`, or an id
/// translation `$userName=ID$`.
pub(crate) fn unit(text: &str) -> Option<usize> {
    let (last, inner_start) = match text.as_bytes() {
        [b'<', b'/' | b'@' | b'a'..=b'z' | b'A'..=b'Z', ..] => ('>', '<'),
        _ if ["$userName=", "$departmentName=", "$userAlias=", "$userAliasOrName="]
            .iter()
            .any(|it| text.starts_with(it)) =>
        {
            ('$', '<')
        }
        _ => return None,
    };
    let rest = text.get(1..text.floor_char_boundary(MAX_UNIT_BYTES))?;
    let length = rest.find(last)?;
    // An angle that is never closed is a sign, as in "a <b".
    (!rest.get(..length)?.contains(inner_start)).then_some(length + 2)
}

/// The name of the element that a tag opens (true) or closes (false).
fn element(tag: &str) -> Option<(&str, bool)> {
    let inner = tag.strip_prefix('<')?.strip_suffix('>')?;
    let (inner, opens) = inner.strip_prefix('/').map_or((inner, true), |it| (it, false));
    let name = inner.split(|it: char| !it.is_ascii_alphanumeric()).next()?;
    let paired = ["a", "div"].iter().any(|it| it.eq_ignore_ascii_case(name));
    (paired && !inner.ends_with('/')).then_some((name, opens))
}

fn grapheme_boundary(text: &str, end: usize) -> usize {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(false) => cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0),
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn text_within_its_limit_is_left_alone() {
        assert_eq!(truncate("部门", Limit::Bytes(6)), None);
        assert_eq!(truncate("部门", Limit::Chars(2)), None);
        assert_eq!(truncate("", Limit::Bytes(0)), None);
    }

    #[test]
    fn text_is_truncated_on_character_and_grapheme_boundaries() {
        assert_eq!(truncate("部门部", Limit::Bytes(7)).as_deref(), Some("部门"));
        assert_eq!(truncate("a部😀b部", Limit::Chars(4)).as_deref(), Some("a部😀b"));
        let family = "xx\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(truncate(family, Limit::Bytes(15)).as_deref(), Some("xx"));
        assert_eq!(truncate("ae\u{301}x", Limit::Chars(2)).as_deref(), Some("a"));
        assert_eq!(truncate("🇨🇳🇨🇳", Limit::Bytes(12)).as_deref(), Some("🇨🇳"));
    }

    #[test]
    fn a_tag_mention_or_translation_is_kept_whole_or_left_out() {
        for (unit, limit) in [
            ("<@noor.h>", 25),
            ("<br/>", 22),
            ("$userName=noor.h$", 30),
            ("<a href=\"https://a.example\">open</a>", 30),
            ("<a href=\"https://a.example\">open</a>", 50),
            ("<div class=\"gray\">14 May</div>", 39),
        ] {
            let text = format!("{}{unit}", "x".repeat(20));
            assert_eq!(
                truncate(&text, Limit::Bytes(limit)).as_deref(),
                Some("x".repeat(20).as_str()),
                "{unit}"
            );
            let whole = format!("{text}yyy");
            assert_eq!(truncate(&whole, Limit::Bytes(text.len())), Some(text), "{unit}");
        }
    }

    #[test]
    fn an_angle_that_is_no_tag_is_text() {
        assert_eq!(truncate("1 < 2 and 3 > 2", Limit::Bytes(8)).as_deref(), Some("1 < 2 an"));
        assert_eq!(truncate("a <b and no end", Limit::Bytes(8)).as_deref(), Some("a <b and"));
        assert_eq!(truncate("cost $5 or $6", Limit::Bytes(8)).as_deref(), Some("cost $5 "));
    }

    #[test]
    fn an_element_that_is_most_of_the_text_is_closed() {
        let text = format!("<div class=\"gray\"><a href=\"x\">{}</a></div>", "检".repeat(100));
        let short = truncate(&text, Limit::Chars(60)).unwrap();
        assert_eq!(
            short,
            format!("<div class=\"gray\"><a href=\"x\">{}</a></div>", "检".repeat(20))
        );
        assert_eq!(short.chars().count(), 60);
    }

    #[test]
    fn an_element_in_the_second_half_is_left_out() {
        let text = |before: usize| format!("{}<a>{}</a>", "x".repeat(before), "t".repeat(100));
        assert_eq!(truncate(&text(30), Limit::Bytes(60)), Some("x".repeat(30)));
        let closed = format!("{}<a>{}</a>", "x".repeat(29), "t".repeat(24));
        assert_eq!(truncate(&text(29), Limit::Bytes(60)), Some(closed));
    }

    #[test]
    fn closing_an_element_keeps_within_the_limit() {
        let text = format!("<div>{}<a>ttttt</a>yyyyyyyyyyyy</div>", "x".repeat(83));
        for max in 20..text.len() {
            let short = truncate(&text, Limit::Bytes(max)).unwrap();
            assert!(short.len() <= max, "{max}: {short}");
            assert_eq!(short.matches("<a>").count(), short.matches("</a>").count(), "{short}");
            assert_eq!(short.matches("<div>").count(), short.matches("</div>").count(), "{short}");
        }
    }

    #[test]
    fn a_tag_longer_than_the_limit_is_split() {
        assert_eq!(
            truncate("<a href=\"https://a.example\">open</a>", Limit::Bytes(4)).as_deref(),
            Some("<a h")
        );
    }
}
