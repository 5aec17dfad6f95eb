//! Malformed items, looked at together with what stands around them.

use super::{
    grammar::{self, Rule},
    message::{self, KEYWORDS},
    text::pieces,
    why_not,
};
use crate::{Code, Diagnostic, FileId, Span, diagnostic::nearest};

const SEPARATED: &str = "actions are separated by `,`: `/ x := 1, emit DONE`";

/// What is wrong with the rest of an item that began well, where what stands before it tells.
pub(super) fn rest(file: FileId, text: &str, start: usize, item: &str, end: usize) -> Option<Diagnostic> {
    let (at, before) = word_before(text, start);
    if item.starts_with(":=") && !before.is_empty() {
        if text.get(at..end).is_some_and(|rest| grammar::parse(Rule::assign, rest).is_err()) {
            return why_not(Rule::assign, file, text, at, end);
        }
        // It is sound, and its name was read as a part of what stands before it.
        return Some(message::unexpected(file, text, start).help(SEPARATED));
    }
    if item.starts_with(is_word)
        && KEYWORDS.contains(&before)
        && let Some(form) = named(word_before(text, at).1).and_then(message::form)
    {
        return Some(message::unexpected(file, text, at).label("expected a name").help(form));
    }
    if follows_action(text, start, item) {
        let line = item.lines().next().unwrap_or_default().trim_end();
        if before == "send" && line.chars().all(is_word) {
            let span = Span { file, start: at as u32, end: (start + line.len()) as u32 };
            return Some(
                Diagnostic::new(Code::Syntax, span, "a message lacks its receiver or its event")
                    .help("write `send peer EVENT`, or `send self EVENT`"),
            );
        }
        let rule = action(before)?;
        return match grammar::parse(rule, text.get(at..end)?) {
            Ok(_) => Some(message::unexpected(file, text, at).help(SEPARATED)),
            Err(_) => why_not(rule, file, text, at, end),
        };
    }
    let part = message::part(item)?;
    let help = message::order(part)?;
    // One that is sound only stands at the wrong place.
    grammar::parse(part, item).ok().map(|_| message::unexpected(file, text, start).help(help))
}

/// Whether an item begins behind the word of an action, which was read as a name: as if `/` divided by it.
pub(super) fn follows_action(text: &str, start: usize, item: &str) -> bool {
    let starts = item.starts_with(|c: char| is_word(c) || matches!(c, '"' | '\''));
    starts && action(word_before(text, start).1).is_some()
}

/// What the word of an action begins.
fn action(word: &str) -> Option<Rule> {
    Some(match word {
        "emit" => Rule::emit,
        "raise" => Rule::raise,
        "send" => Rule::send,
        "log" => Rule::log,
        "cancel" => Rule::cancel,
        "spawn" => Rule::spawn,
        "stop" => Rule::stop,
        _ => return None,
    })
}

/// What a word begins that a name follows.
fn named(word: &str) -> Option<Rule> {
    Some(match word {
        "state" => Rule::state,
        "final" => Rule::final_state,
        "region" => Rule::region,
        "parallel" => Rule::parallel,
        "history" => Rule::history,
        "initial" => Rule::initial,
        "use" => Rule::use_fragment,
        _ => return None,
    })
}

/// Where further items begin in a malformed one: at a line outside brackets that begins with a misspelt word of an item, or
/// with any word where it stands as far to the left as the item's own line and nothing leads over to it.
pub(super) fn items_in(text: &str, start: usize, item: &str) -> Vec<usize> {
    if !item.contains('\n') {
        return Vec::new();
    }
    let line = text.get(..start).unwrap_or_default();
    let line = line.get(line.rfind('\n').map_or(0, |at| at + 1)..).unwrap_or_default();
    let margin = line.len() - line.trim_start().len();
    let item = plain(item);
    let (mut found, mut depth, mut at, mut goes_on) = (Vec::new(), 0_usize, 0, true);
    for line in item.split_inclusive('\n') {
        let words = line.trim_start();
        let first = first_word(words);
        let indent = line.len() - words.len();
        let near = first.len() >= 3 && nearest(first, KEYWORDS.iter().copied()).is_some();
        let aligned = indent <= margin && !first.is_empty() && !goes_on;
        if at > 0 && depth == 0 && (near || aligned) {
            found.push(start + at + indent);
        }
        for c in line.chars() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let kept = line.trim_end();
        if !kept.is_empty() {
            goes_on = kept.ends_with([',', '/', '|', '>', '<', '=', '+', '-', '*', '%', ':', '!', '?', '.']);
        }
        at += line.len();
    }
    found
}

/// A text of the same length, blanks in the place of comments and of what stands in quotes.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (piece, is_comment) in pieces(text) {
        let mut quoted = false;
        for c in piece.chars() {
            quoted ^= c == '"';
            if c == '\n' || !(is_comment || quoted) {
                plain.push(c);
            } else {
                plain.extend(std::iter::repeat_n(' ', c.len_utf8()));
            }
        }
    }
    plain
}

/// The word that a text begins with.
pub(super) fn first_word(text: &str) -> &str {
    text.get(..text.find(|c| !is_word(c)).unwrap_or(text.len())).unwrap_or_default()
}

/// Data of a region, which has none.
pub(super) fn data_of_region(span: Span) -> Diagnostic {
    let span = Span { end: span.start + 1, ..span };
    Diagnostic::new(Code::Syntax, span, "a region takes no data")
        .help("give it to the parallel state around it, or to a state inside")
}

/// The word before a position, with nothing but blanks between, and where it starts.
fn word_before(text: &str, at: usize) -> (usize, &str) {
    let before = text.get(..at).unwrap_or_default().trim_end();
    let start = before
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    (start, before.get(start..).unwrap_or_default())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
