//! One item: blanks between its tokens, and where it is broken when it is too long.

use pretty::{Arena, DocAllocator as _, DocBuilder};

use super::{
    INDENT, WIDTH,
    print::Printer,
    tree::{Comment, Node, Part, trimmed_lines},
};
use crate::syntax::Rule;

type Doc<'a> = DocBuilder<'a, Arena<'a>>;

/// How far the lines after the first of a long item are moved in.
const HANG: usize = 4;

/// What stands between two tokens of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Blank,
    /// A blank; a line end where the next part would not fit.
    Fill,
    /// A blank; a line end where the item does not fit on one line.
    Actions,
}

impl Printer<'_> {
    /// An item, or its part before a token, wrapped; the first line starts at the indentation.
    pub(super) fn wrapped(&self, node: &Node, end: usize, indent: usize) -> String {
        let arena = Arena::new();
        let margin = arena.text(" ".repeat(indent));
        let doc = self.doc(&arena, node, end).nest(HANG as isize).group();
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = margin.append(doc.nest(indent as isize)).render_fmt(WIDTH, &mut text);
        text.trim_start().to_owned()
    }

    /// A part on one line. Comments that end with their line make it several; the caller asks only where none is.
    pub(super) fn flat(&self, part: &Part, end: usize, text: &mut String) {
        match part {
            Part::Token(at) if *at < end => text.push_str(self.tree.word(*at)),
            Part::Token(_) => {}
            Part::Node(node) => {
                let wide = self.has_wide_items(node);
                for (at, part) in node.parts.iter().enumerate() {
                    if part.first() >= end {
                        break;
                    }
                    if let Some(before) = at.checked_sub(1).and_then(|at| node.parts.get(at)) {
                        self.flat_between(before.last(), part.first(), text);
                        let (prev, next) = (self.tree.word(before.last()), self.tree.word(part.first()));
                        if wide && prev != "{" && next != "}" && matches!(part, Part::Node(_)) {
                            text.push(' ');
                        }
                    }
                    self.flat(part, end, text);
                }
            }
        }
    }

    /// A block with an item of several tokens: on one line, its items stand two blanks apart.
    fn has_wide_items(&self, node: &Node) -> bool {
        let block =
            node.parts.iter().any(|part| matches!(part, Part::Token(at) if self.tree.word(*at) == "{"));
        // The braces of an action hold a list with commas.
        block && node.rule != Rule::block && node.parts.iter().any(|part| part.last() > part.first())
    }

    fn flat_between(&self, before: usize, next: usize, text: &mut String) {
        let between = self.between(before, next);
        let mut tight = between == Between::Nothing;
        for comment in self.tree.gap(next).comments {
            if !tight || !is_open(self.tree.word(before)) {
                text.push(' ');
            }
            text.push_str(comment.text);
            tight = tight && !is_open(self.tree.word(before));
        }
        if !tight {
            text.push(' ');
        }
        text.push_str(&" ".repeat(self.padding(next)));
    }

    fn part<'d>(&self, arena: &'d Arena<'d>, part: &Part, end: usize) -> Doc<'d> {
        match part {
            Part::Token(at) => arena.text(self.tree.word(*at).to_owned()),
            Part::Node(node) => self.doc(arena, node, end),
        }
    }

    fn doc<'d>(&self, arena: &'d Arena<'d>, node: &Node, end: usize) -> Doc<'d> {
        if node.rule == Rule::block {
            return self.braces(arena, node, end);
        }
        let mut doc = arena.nil();
        // What an open bracket encloses is aligned behind it.
        let mut outer: Vec<Doc<'d>> = Vec::new();
        let mut before: Option<usize> = None;
        let mut parts = node.parts.iter().take_while(|part| part.first() < end);
        while let Some(part) = parts.next() {
            let mut last = part.last();
            let next = part.first();
            let word = self.tree.word(next);
            let lone = matches!(part, Part::Token(_));
            let closing = lone && matches!(word, ")" | "]");
            let mut piece = self.part(arena, part, end);
            // An operator goes with what follows it.
            if self.is_operator(next)
                && let Some(operand) = parts.next()
            {
                last = operand.last();
                let operand = (operand.first(), self.part(arena, operand, end));
                piece = piece.append(self.join(arena, next, operand.0, operand.1));
            }
            if let Some(before) = before {
                piece = self.join(arena, before, next, piece);
            }
            if closing && let Some(enclosing) = outer.pop() {
                doc = enclosing.append(doc.append(piece).align());
            } else {
                doc = doc.append(piece);
            }
            if lone && is_open(word) {
                outer.push(doc);
                doc = arena.nil();
            }
            if node.rule == Rule::actions && word == "/" && before.is_none() {
                // The blank belongs in front of what is aligned.
                outer.push(doc.append(arena.text(" ")));
                doc = arena.nil();
            }
            before = Some(last);
        }
        while let Some(enclosing) = outer.pop() {
            doc = enclosing.append(doc.align());
        }
        if is_aligned(node.rule) { doc.align() } else { doc }
    }

    /// The actions of an `if` or `for`: on one line, or one a line.
    fn braces<'d>(&self, arena: &'d Arena<'d>, node: &Node, end: usize) -> Doc<'d> {
        let several = self.tree.spans_lines(node.first, node.first + 1);
        let line = || if several { arena.hardline() } else { arena.line() };
        let (mut doc, mut close) = (arena.text("{"), arena.nil());
        let mut inner = arena.nil();
        let mut before = node.first;
        for part in node.parts.iter().skip(1).take_while(|part| part.first() < end) {
            let next = part.first();
            let word = self.tree.word(next);
            let piece = self.part(arena, part, end);
            let between = self.between(before, next);
            let commented = !self.tree.gap(next).comments.is_empty();
            let piece = match between {
                _ if commented => self.join(arena, before, next, piece),
                Between::Nothing => piece,
                _ => line().append(piece),
            };
            before = part.last();
            if word == "}" && matches!(part, Part::Token(_)) {
                close = piece;
            } else {
                inner = inner.append(piece);
            }
        }
        doc = doc.append(inner.nest(INDENT as isize)).append(close);
        doc.group()
    }

    /// A piece with what stands between it and the token before it: blanks, line ends, comments.
    fn join<'d>(&self, arena: &'d Arena<'d>, before: usize, next: usize, piece: Doc<'d>) -> Doc<'d> {
        let between = self.between(before, next);
        let gap = self.tree.gap(next);
        let padding = arena.text(" ".repeat(self.padding(next)));
        // The blank after the slash of a list of actions is written already.
        let written = self.is_slash(before);
        if gap.comments.is_empty() {
            return match between {
                Between::Nothing => piece,
                _ if written => piece,
                Between::Blank => arena.text(" ").append(padding).append(piece),
                Between::Fill => arena.line().append(piece).group(),
                Between::Actions => arena.line().append(piece).nest(-1),
            };
        }
        let mut doc = arena.nil();
        let mut tight = between == Between::Nothing;
        let mut last: Option<Comment<'_>> = None;
        for comment in gap.comments {
            doc = if comment.lines_before > 0 || last.is_some_and(|last| last.is_line()) {
                doc.append(arena.hardline())
            } else if last.is_none() && (written || tight && is_open(self.tree.word(before))) {
                doc
            } else {
                doc.append(arena.text(" "))
            };
            tight = tight && !is_open(self.tree.word(before));
            doc = doc.append(arena.text(trimmed_lines(comment.text)));
            last = Some(comment);
        }
        if gap.lines > 0 || last.is_some_and(|last| last.is_line()) {
            doc.append(arena.hardline()).append(piece)
        } else if tight {
            doc.append(piece)
        } else {
            doc.append(arena.text(" ")).append(piece)
        }
    }

    pub(super) fn is_slash(&self, at: usize) -> bool {
        self.tree.tokens.get(at).is_some_and(|token| token.rule == Rule::slash)
            || self.tree.word(at) == "/"
                && self.tree.tokens.get(at).is_some_and(|token| token.rule == Rule::actions)
    }

    fn between(&self, before: usize, next: usize) -> Between {
        let (Some(prev), Some(token)) = (self.tree.tokens.get(before), self.tree.tokens.get(next)) else {
            return Between::Nothing;
        };
        if !self.is_apart(before, next) {
            return Between::Nothing;
        }
        if self.is_slash(next) {
            // `entry` and `exit` are no heads that could stand alone.
            return if matches!(prev.rule, Rule::kw_entry | Rule::kw_exit) {
                Between::Blank
            } else {
                Between::Actions
            };
        }
        let breaks = self.is_operator(next)
            || self.tree.word(before) == ","
            || matches!(token.rule, Rule::successes | Rule::failures | Rule::kw_streams | Rule::kw_undo);
        if breaks { Between::Fill } else { Between::Blank }
    }

    /// An operator between two operands, or the bar between two alternatives.
    fn is_operator(&self, at: usize) -> bool {
        let rule = self.tree.tokens.get(at).map(|token| token.rule);
        self.tree.word(at) == "|"
            || matches!(
                rule,
                Some(
                    Rule::kw_or
                        | Rule::kw_and
                        | Rule::sum_op
                        | Rule::product_op
                        | Rule::comparator
                        | Rule::default_op
                )
            )
    }

    /// Whether a blank stands between two neighbours.
    fn is_apart(&self, before: usize, next: usize) -> bool {
        let (Some(prev), Some(token)) = (self.tree.tokens.get(before), self.tree.tokens.get(next)) else {
            return false;
        };
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'');
        match (self.tree.word(before), self.tree.word(next)) {
            ("(" | "[" | "#", _) | (_, ")" | "]" | "," | "?") => false,
            (".", _) | (_, ".") => false,
            ("{", "}") => false,
            (_, "(") if matches!(token.rule, Rule::parenthesised | Rule::span_expr) => {
                prev.rule != Rule::minus
            }
            (_, "(") if matches!(token.rule, Rule::args | Rule::is_in | Rule::done) => false,
            // Fields, parameters, the text of a tag.
            (name, "(") => !name.ends_with(word) || prev.keyword,
            (_, "[") if matches!(token.rule, Rule::index | Rule::actor) => false,
            (_, ":") => token.rule == Rule::wire,
            _ => prev.rule != Rule::minus,
        }
    }
}

fn is_open(word: &str) -> bool {
    matches!(word, "(" | "[")
}

/// Rules whose second line starts below their first word.
fn is_aligned(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::pattern
            | Rule::alternatives
            | Rule::expr
            | Rule::conjunction
            | Rule::comparison
            | Rule::defaulted
            | Rule::sum
            | Rule::product
    )
}
