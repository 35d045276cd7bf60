//! Splits a long text into parts that WeCom accepts, each readable by itself: code fences, tables, quotes and elements that are
//! split are closed in one part and opened again in the next.

use alloc::{format, string::String, vec, vec::Vec};
use core::{mem, ops::Range};

use unicode_segmentation::UnicodeSegmentation;

use crate::{
    bindings::wit::{texts::TextFormat, types::Error},
    truncate,
    validate::Check,
};

const MIN_LIMIT: u32 = 64;
/// Elements within elements. What is nested deeper is split like other text.
const MAX_DEPTH: usize = 8;
/// Longer runs of backticks are text.
const MAX_BACKTICKS: usize = 8;

/// The parts of a text, none longer than `limit` bytes. What fits is returned unchanged; white space where it is split is dropped.
pub(crate) fn split_text(
    content: String,
    format: TextFormat,
    limit: u32,
    numbered: bool,
) -> Result<Vec<String>, Error> {
    let mut check = Check::default();
    check.range("limit", limit, MIN_LIMIT..=u32::MAX);
    check.finish()?;

    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if content.is_empty() {
        return Ok(Vec::new());
    }
    if content.len() <= limit {
        return Ok(vec![content]);
    }
    if !numbered {
        return Ok(Parts::of(&content, format, limit));
    }
    // How many digits the numbers have is known after splitting, and how long the parts may be depends on it.
    let mut digits = 1;
    loop {
        let room = "(/)\n\n".len() + 2 * digits as usize;
        let parts = Parts::of(&content, format, limit - room);
        if parts.len() < 10_usize.saturating_pow(digits) {
            return Ok(number(parts, format));
        }
        digits += 1;
    }
}

fn number(parts: Vec<String>, format: TextFormat) -> Vec<String> {
    let total = parts.len();
    if total == 1 {
        return parts;
    }
    let numbered = parts.iter().enumerate().map(|(index, part)| {
        // On the line of a heading, quote, list, table or fence it would end it.
        let gap = if starts_with_block(part, format) { "\n\n" } else { " " };
        format!("({}/{total}){gap}{part}", index + 1)
    });
    numbered.collect()
}

/// What a text consists of, above its lines.
struct Block<'a> {
    range: Range<usize>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Heading,
    Paragraph,
    Quote,
    Fence(Fence<'a>),
    Table { head: &'a str, rows: &'a str },
}

struct Fence<'a> {
    /// White space and quote marks before it.
    prefix: String,
    run: &'a str,
    info: &'a str,
    body: &'a str,
}

/// How marks in a line are read.
#[derive(Clone, Copy, PartialEq)]
enum Markup {
    /// Code: there are none.
    Literal,
    /// Tags, mentions and id translations.
    Tags,
    /// These, and links, bold text and inline code.
    Markdown,
}

/// A segment of a line.
struct Unit<'a> {
    text: &'a str,
    kind: UnitKind<'a>,
}

enum UnitKind<'a> {
    Text,
    /// A tag, mention, id translation or link.
    Whole,
    /// `<font …>…</font>`, `**…**` and the like.
    Element {
        open: &'a str,
        inner: &'a str,
        close: &'a str,
        markup: Markup,
    },
}

/// What is closed at the end of a part and opened again in the next.
struct Context {
    open: String,
    /// What opens it in the next parts, where that is something else.
    reopen: Option<String>,
    close: String,
    /// Whether the current part has it already. It is opened with its first content only.
    opened: bool,
}

impl Context {
    fn new(open: impl Into<String>, close: impl Into<String>) -> Self {
        Self { open: open.into(), reopen: None, close: close.into(), opened: false }
    }

    fn max_open(&self) -> usize {
        self.open.len().max(self.reopen.as_ref().map_or(0, String::len))
    }
}

/// The parts so far.
struct Parts {
    limit: usize,
    done: Vec<String>,
    current: String,
    contexts: Vec<Context>,
}

impl Parts {
    fn of(text: &str, format: TextFormat, limit: usize) -> Vec<String> {
        let mut parts =
            Self { limit, done: Vec::new(), current: String::new(), contexts: Vec::new() };
        let markup = match format {
            TextFormat::Plain => Markup::Tags,
            TextFormat::Markdown | TextFormat::MarkdownV2 => Markup::Markdown,
        };
        let blocks = blocks(text, format);
        let mut rest = blocks.as_slice();
        let mut end = 0;
        while !rest.is_empty() {
            // A heading stays with what it is the heading of.
            let headings = rest.iter().take_while(|it| matches!(it.kind, Kind::Heading)).count();
            let (section, tail) = rest.split_at((headings + 1).min(rest.len()));
            rest = tail;
            let start = section.first().map_or(end, |it| it.range.start);
            let section_end = section.last().map_or(end, |it| it.range.end);
            if !parts.place(slice(text, end..start), slice(text, start..section_end)) {
                for block in section {
                    parts.block(text, end, block, markup);
                    end = block.range.end;
                }
            }
            end = section_end;
        }
        parts.flush();
        parts.done
    }

    /// Adds a text that is not split: to the current part, or to a new one. False if it is longer than a part.
    fn place(&mut self, before: &str, text: &str) -> bool {
        let closes: usize = self.contexts.iter().map(|it| it.close.len()).sum();
        let unopened: usize =
            self.contexts.iter().filter(|it| !it.opened).map(|it| it.open.len()).sum();
        let gap = if self.current.is_empty() { "" } else { before };
        let added = gap.len() + unopened + text.len() + closes;
        if self.current.len() + added <= self.limit {
            self.current.push_str(gap);
        } else {
            let opens: usize = self.contexts.iter().map(|it| it.open.len()).sum();
            if opens + text.len() + closes > self.limit {
                return false;
            }
            self.flush();
        }
        for context in self.contexts.iter_mut().filter(|it| !it.opened) {
            self.current.push_str(&context.open);
            context.opened = true;
        }
        self.current.push_str(text);
        true
    }

    /// Ends the current part.
    fn flush(&mut self) {
        if self.current.is_empty() {
            return;
        }
        for context in self.contexts.iter_mut().rev().filter(|it| it.opened) {
            self.current.push_str(&context.close);
            context.opened = false;
            if let Some(reopen) = context.reopen.take() {
                context.open = reopen;
            }
        }
        self.done.push(mem::take(&mut self.current));
    }

    /// Adds what `fill` adds within a context. False if opening and closing it would take more than three quarters of a part.
    fn within(&mut self, context: Context, fill: impl FnOnce(&mut Self)) -> bool {
        let overhead: usize =
            self.contexts.iter().chain([&context]).map(|it| it.max_open() + it.close.len()).sum();
        if self.contexts.len() == MAX_DEPTH || overhead > self.limit / 4 * 3 {
            return false;
        }
        self.contexts.push(context);
        fill(self);
        if let Some(context) = self.contexts.pop().filter(|it| it.opened) {
            self.current.push_str(&context.close);
        }
        true
    }

    /// Adds a block, `end` being the end of the block before.
    fn block(&mut self, text: &str, end: usize, block: &Block, markup: Markup) {
        let before = slice(text, end..block.range.start);
        let text = slice(text, block.range.clone());
        if self.place(before, text) {
            return;
        }
        match &block.kind {
            Kind::Heading | Kind::Paragraph => self.lines(before, text, markup),
            Kind::Quote => {
                for (gap, line) in with_first_gap(before, lines(text)) {
                    if self.place(gap, line) {
                        continue;
                    }
                    let (marks, rest) = line.split_at(line.len() - unquoted(line).len());
                    let quote = Context::new(marks, "");
                    if is_blank(rest) || !self.within(quote, |it| it.words(gap, rest, markup)) {
                        self.words(gap, line, markup);
                    }
                }
            }
            Kind::Fence(Fence { prefix, run, info, body }) => {
                // The first part has the line as it is, unless its info string is too long to be repeated.
                let open = |info| format!("{prefix}{run}{info}\n");
                let fenced = !is_blank(body)
                    && [(first_line(text), *info), (&open(""), "")].iter().any(|(first, info)| {
                        let mut fence = Context::new(*first, format!("\n{prefix}{run}"));
                        fence.reopen = Some(open(info));
                        self.within(fence, |it| it.lines(before, body, Markup::Literal))
                    });
                if !fenced {
                    self.lines(before, text, Markup::Literal);
                }
            }
            Kind::Table { head, rows } => {
                let table = Context::new(format!("{head}\n"), "");
                if is_blank(rows) || !self.within(table, |it| it.lines(before, rows, markup)) {
                    self.lines(before, text, markup);
                }
            }
        }
    }

    fn lines(&mut self, before: &str, text: &str, markup: Markup) {
        for (gap, line) in with_first_gap(before, lines(text)) {
            if !self.place(gap, line) {
                self.words(gap, line, markup);
            }
        }
    }

    fn words(&mut self, before: &str, line: &str, markup: Markup) {
        for (gap, word) in with_first_gap(before, words(line, markup)) {
            if !self.place(gap, word) {
                self.units(gap, word, markup);
            }
        }
    }

    /// A word that is longer than a part.
    fn units(&mut self, mut before: &str, word: &str, markup: Markup) {
        for Unit { text, kind } in units(word, markup) {
            if !self.place(before, text) {
                match kind {
                    UnitKind::Text => self.graphemes(before, text),
                    UnitKind::Whole => self.words(before, text, Markup::Literal),
                    // There is nothing that would open it.
                    UnitKind::Element { open, inner, close, .. } if is_blank(inner) => {
                        for (gap, mark) in [(before, open), (" ", close)] {
                            if !self.place(gap, mark) {
                                self.words(gap, mark, Markup::Literal);
                            }
                        }
                    }
                    UnitKind::Element { open, inner, close, markup } => {
                        let fill = |it: &mut Self| it.words(before, inner, markup);
                        if !self.within(Context::new(open, close), fill) {
                            self.words(before, text, Markup::Literal);
                        }
                    }
                }
            }
            before = "";
        }
    }

    fn graphemes(&mut self, mut before: &str, text: &str) {
        for grapheme in text.graphemes(true) {
            if !self.place(before, grapheme) {
                for char in grapheme.chars() {
                    // Contexts leave a quarter of a part at least.
                    let placed = self.place("", char.encode_utf8(&mut [0; 4]));
                    debug_assert!(placed, "a character is longer than a part");
                }
            }
            before = "";
        }
    }
}

/// The gap before the first segment is that before all of them.
fn with_first_gap<'a>(
    before: &'a str,
    segments: Vec<(&'a str, &'a str)>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let gap = move |(index, (gap, segment))| (if index == 0 { before } else { gap }, segment);
    segments.into_iter().enumerate().map(gap)
}

fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The lines that are not blank, each with the white space before it.
fn lines(text: &str) -> Vec<(&str, &str)> {
    let mut lines = Vec::new();
    let (mut end, mut at) = (0, 0);
    for whole in text.split_inclusive('\n') {
        let line = without_break(whole);
        if !is_blank(line) {
            lines.push((slice(text, end..at), line));
            end = at + line.len();
        }
        at += whole.len();
    }
    lines
}

fn without_break(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn first_line(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

/// How long the lines at the beginning are that hold, each given with what follows it. Without the last line break.
fn lines_while(text: &str, mut holds: impl FnMut(&str) -> bool) -> usize {
    let mut at = 0;
    let mut rest = text;
    while !rest.is_empty() && holds(rest) {
        at += first_line(rest).len();
        rest = slice(text, at..text.len());
    }
    without_break(slice(text, 0..at)).len()
}

fn blocks(text: &str, format: TextFormat) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = slice(text, at..text.len());
        let line = first_line(rest);
        if is_blank(line) {
            at += line.len();
            continue;
        }
        let (length, kind) = match format {
            TextFormat::Plain => {
                (lines_while(rest, |it| !is_blank(first_line(it))), Kind::Paragraph)
            }
            TextFormat::Markdown | TextFormat::MarkdownV2 => markdown_block(rest, format),
        };
        blocks.push(Block { range: at..at + length, kind });
        at += length.max(1);
    }
    blocks
}

/// The length and the kind of the block at the beginning of a text, whose first line is not blank.
fn markdown_block(text: &str, format: TextFormat) -> (usize, Kind<'_>) {
    if let Some(block) = fence(text).or_else(|| table(text, format)) {
        return block;
    }
    if is_heading(text) {
        return (without_break(first_line(text)).len(), Kind::Heading);
    }
    if is_quote(text) {
        return (lines_while(text, is_quote), Kind::Quote);
    }
    let mut first = true;
    let length = lines_while(text, |it| {
        mem::take(&mut first) || !is_blank(first_line(it)) && !starts_other_block(it, format)
    });
    (length, Kind::Paragraph)
}

/// Whether a paragraph ends in front of it.
fn starts_other_block(text: &str, format: TextFormat) -> bool {
    is_heading(text)
        || is_quote(text)
        || opening_fence(first_line(text)).is_some()
        || table_head(text, format).is_some()
}

/// Whether a word in front of it would make something else of it.
fn starts_with_block(text: &str, format: TextFormat) -> bool {
    if format == TextFormat::Plain {
        return false;
    }
    let line = first_line(text);
    let rule = line.trim();
    starts_other_block(text, format)
        || container(line).0 > 0
        || rule.len() >= 3
            && ["-", "*", "_"].iter().any(|it| rule.replace(it, "").trim().is_empty())
}

fn is_heading(text: &str) -> bool {
    let marks = text.bytes().take_while(|it| *it == b'#').count();
    (1..=6).contains(&marks) && matches!(text.as_bytes().get(marks), Some(b' ' | b'\t'))
}

fn is_quote(text: &str) -> bool {
    text.trim_start_matches([' ', '\t']).starts_with('>')
}

/// A line of a quote without the marks of the quote.
fn unquoted(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>'])
}

/// The length of the white space, quote marks and list marks that a line begins with, and what continues them.
fn container(line: &str) -> (usize, String) {
    let mut continued = String::new();
    let mut rest = line;
    loop {
        let inner = unquoted(rest);
        continued.push_str(slice(rest, 0..rest.len() - inner.len()));
        rest = inner;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = match rest.as_bytes().get(digits..) {
            Some([b'-' | b'*' | b'+', b' ', ..]) if digits == 0 => 2,
            Some([b'.' | b')', b' ', ..]) if (1..=9).contains(&digits) => digits + 2,
            _ => return (line.len() - rest.len(), continued),
        };
        continued.extend(core::iter::repeat_n(' ', length));
        rest = slice(rest, length..rest.len());
    }
}

/// The fence that a line opens, without its body.
fn opening_fence(line: &str) -> Option<Fence<'_>> {
    let (length, prefix) = container(line);
    let rest = slice(line, length..line.len());
    let mark = rest.chars().next().filter(|it| "`~".contains(*it))?;
    let info = rest.trim_start_matches(mark);
    let run = slice(rest, 0..rest.len() - info.len());
    let info = info.trim();
    // With more backticks behind it, it is inline code.
    (run.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some(Fence {
        prefix,
        run,
        info,
        body: "",
    })
}

/// A fence that nothing closes ends with the text or with its quote.
fn fence(text: &str) -> Option<(usize, Kind<'_>)> {
    let open = first_line(text);
    let fence = opening_fence(open)?;
    let depth = |marks: &str| marks.matches('>').count();
    let quoted = depth(&fence.prefix);
    let is_close = |line: &str| {
        let run = unquoted(line);
        let marks = slice(line, 0..line.len() - run.len());
        let run = run.trim_end();
        depth(marks) == quoted
            && run.starts_with(fence.run)
            && run.chars().all(|it| fence.run.starts_with(it))
    };
    let mut at = open.len();
    loop {
        let line = first_line(slice(text, at..text.len()));
        let closed = is_close(line);
        if line.is_empty() || closed || quoted > 0 && !is_quote(line) {
            let body = without_break(slice(text, open.len()..at));
            let end = if closed { at + line.len() } else { at };
            let length = without_break(slice(text, 0..end)).len();
            return Some((length, Kind::Fence(Fence { body, ..fence })));
        }
        at += line.len();
    }
}

/// The header of a table and the rule below it.
fn table_head(text: &str, format: TextFormat) -> Option<&str> {
    let head = first_line(text);
    let rule = first_line(slice(text, head.len()..text.len()));
    let is_rule = rule.contains('|')
        && rule.contains('-')
        && rule.trim().chars().all(|it| "|-: \t".contains(it));
    (format == TextFormat::MarkdownV2 && head.contains('|') && is_rule)
        .then(|| without_break(slice(text, 0..head.len() + rule.len())))
}

fn table(text: &str, format: TextFormat) -> Option<(usize, Kind<'_>)> {
    let head = table_head(text, format)?;
    let length = lines_while(text, |it| first_line(it).contains('|'));
    let rows = slice(text, head.len()..length).trim_start_matches(['\r', '\n']);
    Some((length, Kind::Table { head, rows }))
}

/// The words of a line, each with the white space before it. A mark with what belongs to it is part of one word. Chinese and
/// Japanese text, which has no blanks, ends a word with each character.
fn words(line: &str, markup: Markup) -> Vec<(&str, &str)> {
    let mut words = Vec::new();
    // Where the last word ended, and where the current one began.
    let (mut end, mut start) = (0, None);
    let mut at = 0;
    let mut previous = None;
    for Unit { text, kind } in units(line, markup) {
        // Of what stays together, only how it meets its neighbors matters.
        let segments = match kind {
            UnitKind::Text => text.graphemes(true).collect(),
            UnitKind::Whole | UnitKind::Element { .. } => vec![text],
        };
        for segment in segments {
            let first = segment.chars().next().unwrap_or(' ');
            if is_blank(segment) {
                if let Some(start) = start.take() {
                    words.push((slice(line, end..start), slice(line, start..at)));
                    end = at;
                }
            } else {
                if let Some(start_of_word) = start
                    && previous.is_some_and(|it| may_break(it, first))
                {
                    words.push((slice(line, end..start_of_word), slice(line, start_of_word..at)));
                    end = at;
                    start = None;
                }
                start.get_or_insert(at);
            }
            previous = Some(first);
            at += segment.len();
        }
    }
    if let Some(start) = start {
        words.push((slice(line, end..start), slice(line, start..at)));
    }
    words
}

/// Whether a line of Chinese or Japanese may be split between two characters.
fn may_break(before: char, after: char) -> bool {
    let wide = |it| matches!(it, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}');
    let opens = "（【《「『〈〔“‘([{";
    let ends = "，。、；：？！）】》」』〉〕”’…—～ー々,.;:?!)]}%";
    (wide(before) || wide(after)) && !opens.contains(before) && !ends.contains(after)
}

/// The segments of a line, in order.
fn units(line: &str, markup: Markup) -> Vec<Unit<'_>> {
    let marks: &[char] = match markup {
        Markup::Literal => &[],
        Markup::Tags => &['<', '$'],
        Markup::Markdown => &['<', '$', '[', '*', '`'],
    };
    let mut units = Vec::new();
    let push_text = |units: &mut Vec<_>, range: Range<usize>| {
        if !range.is_empty() {
            units.push(Unit { text: slice(line, range), kind: UnitKind::Text });
        }
    };
    // What closes an element and was not found: it is not searched again.
    let mut missing = Vec::new();
    let (mut start_of_text, mut at) = (0, 0);
    while let Some(found) = slice(line, at..line.len()).find(marks) {
        let start = at + found;
        let rest = slice(line, start..line.len());
        if let Some(unit) = unit(rest, markup, &mut missing) {
            push_text(&mut units, start_of_text..start);
            at = start + unit.text.len();
            start_of_text = at;
            units.push(unit);
        } else {
            // The rest of a run of marks is no other mark.
            let run = rest.len() - rest.trim_start_matches(['*', '`']).len();
            at = start + run.max(1);
        }
    }
    push_text(&mut units, start_of_text..line.len());
    units
}

/// The segment that begins with a mark.
fn unit<'a>(text: &'a str, markup: Markup, missing: &mut Vec<String>) -> Option<Unit<'a>> {
    match text.as_bytes().first()? {
        b'[' => {
            let whole = slice(text, 0..link(text)?);
            Some(Unit { text: whole, kind: UnitKind::Whole })
        }
        b'*' => element(text, "**", "**".into(), markup, missing),
        b'`' => {
            let run = text.len() - text.trim_start_matches('`').len();
            let run = (run <= MAX_BACKTICKS).then(|| slice(text, 0..run))?;
            element(text, run, run.into(), Markup::Literal, missing)
        }
        _ => {
            let tag = slice(text, 0..truncate::unit(text)?);
            let name =
                slice(tag, 1..tag.len()).split(|it: char| !it.is_ascii_alphanumeric()).next()?;
            let paired = ["a", "div", "font"].iter().any(|it| it.eq_ignore_ascii_case(name));
            let element = (paired && !tag.ends_with("/>"))
                .then(|| element(text, tag, format!("</{name}>"), markup, missing))
                .flatten();
            element.or(Some(Unit { text: tag, kind: UnitKind::Whole }))
        }
    }
}

/// An element that begins with `open` and ends with the next `close`.
fn element<'a>(
    text: &'a str,
    open: &'a str,
    close: String,
    markup: Markup,
    missing: &mut Vec<String>,
) -> Option<Unit<'a>> {
    if !text.starts_with(open) || missing.contains(&close) {
        return None;
    }
    let inner = slice(text, open.len()..text.len());
    let Some(length) = find_close(inner, &close) else {
        missing.push(close);
        return None;
    };
    let end = open.len() + length + close.len();
    let kind = UnitKind::Element {
        open,
        inner: slice(inner, 0..length),
        close: slice(text, open.len() + length..end),
        markup,
    };
    Some(Unit { text: slice(text, 0..end), kind })
}

/// The position of the next `close`. Backticks close as many backticks.
fn find_close(text: &str, close: &str) -> Option<usize> {
    if !close.starts_with('`') {
        return text.find(close);
    }
    let mut at = 0;
    loop {
        let start = at + slice(text, at..text.len()).find('`')?;
        let rest = slice(text, start..text.len());
        let run = rest.len() - rest.trim_start_matches('`').len();
        if run == close.len() {
            return Some(start);
        }
        at = start + run;
    }
}

/// The length of a link `[text](address)`.
fn link(text: &str) -> Option<usize> {
    let label = slice(text, 1..text.len());
    let label_end = 1 + label.find(['[', ']'])?;
    let address = slice(text, label_end..text.len()).strip_prefix("](")?;
    let address_end = address.find(['(', ')'])?;
    address.get(address_end..)?.starts_with(')').then_some(label_end + 2 + address_end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [TextFormat; 3] =
        [TextFormat::Plain, TextFormat::Markdown, TextFormat::MarkdownV2];

    fn split(content: &str, format: TextFormat, limit: u32) -> Vec<String> {
        split_text(content.into(), format, limit, false).unwrap()
    }

    fn plain(content: &str, limit: u32) -> Vec<String> {
        split(content, TextFormat::Plain, limit)
    }

    fn markdown(content: &str, limit: u32) -> Vec<String> {
        split(content, TextFormat::Markdown, limit)
    }

    fn markdown_v2(content: &str, limit: u32) -> Vec<String> {
        split(content, TextFormat::MarkdownV2, limit)
    }

    #[test]
    fn text_that_fits_is_returned_unchanged() {
        for format in FORMATS {
            for numbered in [false, true] {
                let split = |it: &str| split_text(it.into(), format, 64, numbered).unwrap();
                assert_eq!(split(""), [""; 0]);
                let text = format!(" \n{}\n\n", "部".repeat(20));
                assert_eq!(split(&text), [text]);
                assert_eq!(split("```\nopen"), ["```\nopen"]);
                assert_eq!(split(&"x".repeat(64)).len(), 1);
                assert_eq!(split(&"x".repeat(65)).len(), 2);
                assert_eq!(split(&" ".repeat(65)), [""; 0]);
            }
        }
    }

    #[test]
    fn limit_is_64_at_least() {
        for (limit, accepted) in [(0, false), (63, false), (64, true), (u32::MAX, true)] {
            let parts = split_text("x".into(), TextFormat::Plain, limit, true);
            assert_eq!(parts.is_ok(), accepted, "{limit}");
        }
        let Err(Error::PermanentInvalidInput(fields)) =
            split_text(String::new(), TextFormat::Plain, 63, true)
        else {
            panic!("accepted")
        };
        assert_eq!(fields.first().unwrap().field, "limit");
    }

    #[test]
    fn paragraphs_stay_whole_where_they_fit() {
        let (first, second) = ("a ".repeat(20), "b ".repeat(25));
        let (first, second) = (first.trim(), second.trim());
        for gap in ["\n\n", "\n\n\n", "\r\n\r\n", "\n \n"] {
            assert_eq!(plain(&[first, gap, second].concat(), 64), [first, second], "{gap:?}");
        }
        assert_eq!(
            plain(&format!("{first}\n\nc d\n\n{second}"), 64),
            [&format!("{first}\n\nc d"), second]
        );
    }

    #[test]
    fn blocks_that_a_number_before_them_would_change() {
        for block in [
            "# a",
            "###### a",
            "> a",
            " \t> a",
            "- a",
            "* a",
            "+ a",
            "1. a",
            "123456789) a",
            "```",
            "~~~ a`b",
            "---",
            "* * *",
            "___",
        ] {
            assert!(starts_with_block(block, TextFormat::Markdown), "{block:?}");
            assert!(!starts_with_block(block, TextFormat::Plain), "{block:?}");
        }
        for text in [
            "a",
            "#a",
            "#",
            "####### a",
            "-a",
            "1.a",
            "1- a",
            ". a",
            "1234567890. a",
            "``",
            "``` a`b",
            "--",
            "-*-",
        ] {
            assert!(!starts_with_block(text, TextFormat::Markdown), "{text:?}");
        }
    }

    #[test]
    fn fence_that_is_never_closed_ends_with_its_quote() {
        let text = format!("> ```\n{}\nafter the quote", ["> let it = 1;"; 5].join("\n"));
        let code = |lines| format!("> ```\n{}\n> ```", vec!["> let it = 1;"; lines].join("\n"));
        assert_eq!(markdown(&text, 64), [code(3), code(2) + "\nafter the quote"]);
    }

    #[test]
    fn table_has_a_header_and_a_rule() {
        let head = |text| table_head(text, TextFormat::MarkdownV2);
        assert_eq!(head("a | b\n--|:-:\nc | d"), Some("a | b\n--|:-:"));
        assert_eq!(head("|a|\r\n|-|\r\n"), Some("|a|\r\n|-|"));
        for text in
            ["a|b", "a|b\n", "a|b\n\n", "a|b\n--", "a|b\n||", "a|b\nc|d", "a|b\nx|-", "a\n-|-"]
        {
            assert_eq!(head(text), None, "{text:?}");
        }
        assert_eq!(table_head("a|b\n-|-", TextFormat::Markdown), None);
    }

    #[test]
    fn marks_that_open_nothing_are_text() {
        let texts =
            |line| units(line, Markup::Markdown).iter().map(|it| it.text).collect::<Vec<_>>();
        assert_eq!(texts("2 * 3 < 7 <@noor.h>"), ["2 * 3 < 7 ", "<@noor.h>"]);
        assert_eq!(texts("**a `b` [c] [d](e)"), ["**a ", "`b`", " [c] ", "[d](e)"]);
        assert_eq!(texts("*a** b"), ["*a** b"]);
        assert_eq!(texts("<b>c</b>"), ["<b>", "c", "</b>"]);
        assert_eq!(texts("<font/>c</font>"), ["<font/>", "c", "</font>"]);
    }

    #[test]
    fn containers_are_continued_with_as_much_white_space() {
        for (line, length, continued) in [
            ("a", 0, ""),
            ("> - a", 4, ">   "),
            ("123. > a", 7, "     > "),
            ("* 12) a", 6, "      "),
        ] {
            assert_eq!(container(line), (length, continued.into()), "{line:?}");
        }
    }

    #[test]
    fn paragraph_of_a_whole_part_is_not_split() {
        let long = "y".repeat(64);
        assert_eq!(plain(&["one\n\n", &long].concat(), 64), ["one", &long]);
    }

    #[test]
    fn element_takes_at_most_three_quarters_of_a_part() {
        let close = "</font>";
        for (color, parts) in [(26, 3), (27, 2)] {
            let open = format!("<font color=\"{}\">", "c".repeat(color));
            let text = [&open, "one two three four five six seven", close].concat();
            let found = markdown(&text, 64);
            assert_eq!(found.len(), parts, "{found:?}");
            let whole = found.iter().all(|it| it.starts_with(&open) && it.ends_with(close));
            assert_eq!(whole, open.len() + close.len() <= 48, "{found:?}");
        }
    }

    #[test]
    fn lines_of_a_paragraph_stay_together_where_they_fit() {
        let (first, second) = (["a"; 20].join(" "), ["b b b b b b"; 4].join("\n"));
        let text = [first.as_str(), &second].join("\n\n");
        for format in FORMATS {
            assert_eq!(split(&text, format, 64), [first.as_str(), &second], "{format:?}");
        }
    }

    #[test]
    fn lines_stay_whole_where_they_fit() {
        let line = "7-5 Noor and Iker, gate 4";
        let text = [line; 5].join("\n");
        assert_eq!(plain(&text, 64), [[line; 2].join("\n"), [line; 2].join("\n"), line.into()]);
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        let text = "The crews of the north yard meet at seven o'clock at gate 4, and not at gate 2 as before.";
        assert_eq!(
            plain(text, 64),
            [
                "The crews of the north yard meet at seven o'clock at gate 4, and",
                "not at gate 2 as before."
            ]
        );
        let address = format!("https://a.example/{}", "x".repeat(40));
        assert_eq!(plain(&format!("See the page {address}"), 64), ["See the page", &address]);
    }

    #[test]
    fn chinese_is_split_between_characters_and_not_before_a_full_stop() {
        let text = "北区的班组七点在四号门集合，不再去二号门。请带上安全帽和手套。";
        assert_eq!(
            plain(text, 64),
            ["北区的班组七点在四号门集合，不再去二号门。", "请带上安全帽和手套。"]
        );
        assert_eq!(plain(&format!("{}a。", "部".repeat(21)), 64), ["部".repeat(21), "a。".into()]);
    }

    #[test]
    fn long_word_is_split_between_grapheme_clusters() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        let parts = plain(&family.repeat(5), 64);
        assert_eq!(parts, [family.repeat(3), family.repeat(2)]);
        let accents = format!("e{}", "\u{301}".repeat(50));
        let parts = plain(&accents, 64);
        assert_eq!(parts.concat(), accents);
        assert!(parts.iter().all(|it| it.len() <= 64));
    }

    #[test]
    fn long_paragraph_begins_in_the_part_before_it() {
        let text = format!("Title\n\n{}", "word ".repeat(30));
        assert_eq!(
            plain(&text, 64).first().unwrap().as_str(),
            "Title\n\nword word word word word word word word word word word"
        );
    }

    #[test]
    fn heading_stays_with_what_follows_it() {
        let text = format!("{}\n\n## Next\n\n{}", "a".repeat(50), "b".repeat(40));
        assert_eq!(markdown(&text, 64), ["a".repeat(50), format!("## Next\n\n{}", "b".repeat(40))]);
    }

    #[test]
    fn code_fence_is_closed_and_opened_again() {
        let lines: Vec<_> = (0..5).map(|it| format!("let pump_{it} = start();")).collect();
        let text = format!("Code:\n\n```rust\n{}\n```\n\nEnd.", lines.join("\n"));
        for format in [TextFormat::Markdown, TextFormat::MarkdownV2] {
            assert_eq!(
                split(&text, format, 80),
                [
                    "Code:\n\n```rust\nlet pump_0 = start();\nlet pump_1 = start();\n```",
                    "```rust\nlet pump_2 = start();\nlet pump_3 = start();\nlet pump_4 = start();\n```",
                    "End.",
                ]
            );
        }
    }

    #[test]
    fn code_fence_within_a_quote_or_list_keeps_its_prefix() {
        let code = ["> x = 1; y = 2;"; 6].join("\n");
        let parts = markdown_v2(&format!("> ~~~\n{code}\n> ~~~"), 64);
        let part = "> ~~~\n> x = 1; y = 2;\n> x = 1; y = 2;\n> x = 1; y = 2;\n> ~~~";
        assert_eq!(parts, [part, part]);
        let code = ["  x = 1; y = 2;"; 6].join("\n");
        let parts = markdown_v2(&format!("- ```\n{code}\n  ```"), 64);
        assert_eq!(
            parts.first().unwrap(),
            "- ```\n  x = 1; y = 2;\n  x = 1; y = 2;\n  x = 1; y = 2;\n  ```"
        );
        assert_eq!(
            parts.get(1).unwrap(),
            "  ```\n  x = 1; y = 2;\n  x = 1; y = 2;\n  x = 1; y = 2;\n  ```"
        );
    }

    #[test]
    fn marks_in_code_are_code() {
        let code = ["a **b [c](d) <font color=\"info\"> | |"; 4].join("\n");
        let parts = markdown_v2(&format!("```\n{code}\n```"), 64);
        assert_eq!(parts, ["```\na **b [c](d) <font color=\"info\"> | |\n```"; 4]);
    }

    #[test]
    fn long_info_string_is_not_repeated() {
        let text = format!("```{}\n{}\n```", "i".repeat(60), ["x = 1;"; 12].join("\n"));
        let parts = markdown_v2(&text, 64);
        assert!(
            parts.iter().all(|it| it.starts_with("```\nx") && it.ends_with(";\n```")),
            "{parts:?}"
        );
    }

    #[test]
    fn fence_that_is_never_closed_is_closed_where_it_is_split() {
        let parts = markdown_v2(&format!("```\n{}", ["x = 1;"; 12].join("\n")), 64);
        assert_eq!(parts.len(), 2);
        assert!(
            parts.iter().all(|it| it.starts_with("```\nx") && it.ends_with(";\n```")),
            "{parts:?}"
        );
    }

    #[test]
    fn quote_keeps_its_marks() {
        let text = format!("> {}\n> end", "quoted words ".repeat(10).trim());
        for part in markdown(&text, 64) {
            assert!(part.lines().all(|it| it.starts_with("> ")), "{part}");
        }
        let nested = format!(">> {}", "quoted words ".repeat(10));
        for part in markdown_v2(&nested, 64) {
            assert!(part.starts_with(">> "), "{part}");
        }
    }

    #[test]
    fn table_repeats_its_head() {
        let rows: Vec<_> = (1..=5).map(|it| format!("| {it} | online |")).collect();
        let head = "| pump | state |\n| --- | --- |";
        let text = format!("Pumps:\n{head}\n{}\n\nEnd.", rows.join("\n"));
        assert_eq!(
            markdown_v2(&text, 64),
            [
                format!("Pumps:\n{head}\n| 1 | online |"),
                format!("{head}\n| 2 | online |\n| 3 | online |"),
                format!("{head}\n| 4 | online |\n| 5 | online |"),
                "End.".into(),
            ]
        );
        // Markdown has no tables: these are lines.
        assert_eq!(markdown(&text, 64).join("\n").matches("---").count(), 2);
    }

    #[test]
    fn tags_links_mentions_and_translations_stay_whole() {
        for (format, unit) in [
            (TextFormat::Plain, "<a href=\"https://a.example\">two words</a>"),
            (TextFormat::Plain, "$userName=noor.h$"),
            (TextFormat::Plain, "<@noor.h>"),
            (TextFormat::Markdown, "<@noor.h>"),
            (TextFormat::Markdown, "<font color=\"info\">two words</font>"),
            (TextFormat::Markdown, "[two words](https://a.example)"),
            (TextFormat::Markdown, "**two more words**"),
            (TextFormat::MarkdownV2, "`let two = words`"),
            (TextFormat::MarkdownV2, "![two words](https://a.example)"),
        ] {
            for before in 0..64 {
                for filler in ["x", " x"] {
                    let text = format!("{} {unit}部 and so on {unit}", filler.repeat(before));
                    let parts = split(&text, format, 64);
                    let whole: usize = parts.iter().map(|it| it.matches(unit).count()).sum();
                    assert_eq!(whole, 2, "{unit}: {parts:?}");
                }
            }
        }
    }

    #[test]
    fn element_longer_than_a_part_is_closed_and_opened_again() {
        let text = format!("<font color=\"info\">{}</font> end", "word ".repeat(20).trim());
        let parts = markdown(&text, 64);
        assert_eq!(parts.len(), 3);
        assert_eq!(
            parts.first().unwrap(),
            "<font color=\"info\">word word word word word word word</font>"
        );
        assert_eq!(
            parts.last().unwrap(),
            "<font color=\"info\">word word word word word word</font> end"
        );
        let bold = format!("**{}**", "部".repeat(30));
        assert_eq!(
            markdown(&bold, 64),
            [format!("**{}**", "部".repeat(20)), format!("**{}**", "部".repeat(10))]
        );
    }

    #[test]
    fn marks_around_nothing_are_kept() {
        let gap = " ".repeat(70);
        for (text, expected) in [
            (format!("a `{gap}` b"), "a ` ` b"),
            (format!("a **{gap}** b"), "a ** ** b"),
            (format!("<font color=\"info\">{gap}</font> b"), "<font color=\"info\"> </font> b"),
            (format!("> {} b", "\u{3000}".repeat(30)), "> b"),
            (format!("> {}", "\u{3000}".repeat(30)), ">"),
        ] {
            assert_eq!(markdown(&text, 64), [expected], "{text}");
        }
    }

    #[test]
    fn marks_without_an_end_are_text() {
        for mark in ["**", "`", "<font>", "<a href=", "[", "[a](", "$userName=", "<@"] {
            let text = format!("{mark}{}", "word ".repeat(20));
            for format in FORMATS {
                let parts = split(&text, format, 64);
                assert_eq!(visible(&parts.concat()), visible(&text), "{mark}");
            }
        }
    }

    #[test]
    fn numbers_count_the_parts_within_the_limit() {
        let text = "words and words ".repeat(8);
        let parts = split_text(text, TextFormat::Plain, 64, true).unwrap();
        assert_eq!(
            parts.first().unwrap(),
            "(1/3) words and words words and words words and words words and"
        );
        assert_eq!(parts.len(), 3);
        assert!(parts.last().unwrap().starts_with("(3/3) "));
        for (count, digits) in [(9, 1), (10, 2), (120, 3)] {
            let text = vec!["b".repeat(40); count].join("\n\n");
            let parts = split_text(text, TextFormat::Markdown, 64, true).unwrap();
            assert_eq!(parts.len(), count);
            assert!(parts.iter().all(|it| it.len() <= 40 + 4 + 2 * digits));
        }
    }

    #[test]
    fn number_is_above_what_has_to_begin_a_line() {
        let row = "| 1 | online |\n".repeat(6);
        let quote = "> quoted words\n".repeat(6);
        let list = "- listed words\n".repeat(6);
        let code = format!("```\n{}```", "code words\n".repeat(6));
        let heading = "# heading\n".repeat(8);
        let table = format!("| pump | state |\n| --- | --- |\n{row}");
        for text in [table, quote, list, code, heading] {
            for part in split_text(text, TextFormat::MarkdownV2, 64, true).unwrap() {
                let (number, rest) = part.split_once("\n\n").unwrap_or(("", &part));
                assert!(number.starts_with('(') && number.ends_with(')'), "{part}");
                assert!(starts_with_block(rest, TextFormat::MarkdownV2), "{part}");
            }
        }
    }

    /// What a reader sees: the text without white space.
    fn visible(text: &str) -> String {
        text.chars().filter(|it| !it.is_whitespace()).collect()
    }

    fn is_within(part: &str, whole: &str) -> bool {
        let mut whole = whole.chars();
        part.chars().all(|it| whole.any(|other| other == it))
    }

    /// Texts of many fragments, from a sequence that is the same on each run.
    fn texts() -> impl Iterator<Item = String> {
        let fragments = [
            "word ",
            "部门",
            "。",
            "\n",
            "\n\n",
            "\r\n",
            "> ",
            "| a | b |",
            "\n| - | - |\n",
            "x```",
            "\n```\n",
            "~~~\n",
            "**",
            "`",
            "<font color=\"info\">",
            "</font>",
            "<a href=\"https://a.example\">",
            "</a>",
            "<@noor.h>",
            "[",
            "](",
            ")",
            "$userName=noor.h$",
            "$",
            "<",
            ">",
            "# ",
            "- ",
            "1. ",
            "e\u{301}",
            "\u{1f468}\u{200d}\u{1f469}",
            "   ",
            "\t",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ];
        let mut state = 1_u64;
        let mut next = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        (0..3000).map(move |_| {
            let count = next(120);
            (0..count).map(|_| *fragments.get(next(fragments.len())).unwrap()).collect()
        })
    }

    #[test]
    fn parts_are_within_the_limit_and_hold_the_whole_text_in_order() {
        for text in texts() {
            for format in FORMATS {
                for (limit, numbered) in [(64, false), (64, true), (150, true)] {
                    let parts = split_text(text.clone(), format, limit, numbered).unwrap();
                    let short = |it: &String| it.len() <= limit as usize;
                    let seen = || format!("{text:?} as {format:?}: {parts:#?}");
                    assert!(parts.iter().all(short), "{}", seen());
                    assert!(parts.len() == 1 || parts.iter().all(|it| !is_blank(it)), "{}", seen());
                    assert!(is_within(&visible(&text), &visible(&parts.concat())), "{}", seen());
                }
            }
        }
    }

    #[test]
    fn plain_text_without_tags_gets_nothing_added() {
        for text in texts() {
            let text = text.replace(['<', '$'], "");
            assert_eq!(visible(&plain(&text, 64).concat()), visible(&text));
        }
    }

    #[test]
    fn each_part_is_balanced() {
        for text in texts() {
            let text = text.replace("~~~", "");
            for part in markdown_v2(&format!("a\n\n```\n{}\n```\n\nb", text.replace('`', "")), 64) {
                let fences = part.lines().filter(|it| it.starts_with("```")).count();
                assert_eq!(fences % 2, 0, "{part}");
            }
        }
    }
}
