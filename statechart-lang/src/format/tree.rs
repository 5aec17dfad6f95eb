//! Pairs of the grammar as tokens and nodes over them, and the comments between the tokens.

use pest::iterators::Pair;

use crate::syntax::{self, Rule};

/// A piece of text that is never broken: a word, a literal, an operator, a bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The rule that it is, or, of anonymous text of the grammar, the rule that it stands in.
    pub(super) rule: Rule,
    /// A keyword of the grammar.
    pub(super) keyword: bool,
}

/// Tokens that one rule of the grammar covers.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) rule: Rule,
    pub(super) parts: Vec<Part>,
    /// Its first token.
    pub(super) first: usize,
    /// Its last token.
    pub(super) last: usize,
}

/// What a node consists of.
#[derive(Debug)]
pub(super) enum Part {
    /// Index into [`Tree::tokens`].
    Token(usize),
    /// A part of the grammar with parts of its own.
    Node(Node),
}

impl Part {
    pub(super) fn first(&self) -> usize {
        match self {
            Self::Token(at) => *at,
            Self::Node(node) => node.first,
        }
    }

    pub(super) fn last(&self) -> usize {
        match self {
            Self::Token(at) => *at,
            Self::Node(node) => node.last,
        }
    }
}

/// A comment that is no documentation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comment<'a> {
    /// Its text, without the white space at its end.
    pub(super) text: &'a str,
    /// Line ends between it and what comes before it.
    pub(super) lines_before: usize,
}

impl Comment<'_> {
    /// Ends with its line.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

/// What lies between two tokens.
#[derive(Debug, Default)]
pub(super) struct Gap<'a> {
    pub(super) comments: Vec<Comment<'a>>,
    /// Line ends between the last comment, or the token before, and the token after.
    pub(super) lines: usize,
}

/// A text without syntax errors.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// The items of the file.
    pub(super) top: Vec<Part>,
}

impl<'a> Tree<'a> {
    /// Parses; `None` for what the grammar does not accept at all.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let mut tree = Self { text, tokens: Vec::new(), top: Vec::new() };
        let mut top = Vec::new();
        for pair in syntax::pairs(text)? {
            tree.parts(pair, &mut top);
        }
        tree.top = top;
        Some(tree)
    }

    /// The text of a token.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    /// What lies before a token; behind the last one for an index past the end.
    pub(super) fn gap(&self, before: usize) -> Gap<'a> {
        let start = before.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end);
        let end = self.tokens.get(before).map_or(self.text.len(), |token| token.start);
        let mut gap = Gap::default();
        let mut rest = self.text.get(start..end).unwrap_or("");
        while !rest.is_empty() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |at| at + 2)
            } else {
                // White space, and nothing else: everything else is a token.
                let length = rest.find('/').unwrap_or(rest.len()).max(1);
                let blank = rest.get(..length).unwrap_or("");
                gap.lines += blank.bytes().filter(|byte| *byte == b'\n').count();
                rest = rest.get(length..).unwrap_or("");
                continue;
            };
            let text = rest.get(..length).unwrap_or("").trim_end();
            gap.comments.push(Comment { text, lines_before: std::mem::take(&mut gap.lines) });
            rest = rest.get(length..).unwrap_or("");
        }
        gap
    }

    /// Whether there is a line end between two tokens.
    pub(super) fn spans_lines(&self, first: usize, last: usize) -> bool {
        match (self.tokens.get(first), self.tokens.get(last)) {
            (Some(first), Some(last)) => {
                self.text.get(first.end..last.start).is_some_and(|text| text.contains('\n'))
            }
            _ => false,
        }
    }

    /// Same tokens, same comments, in the same order.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let comments = |tree: &Self| -> Vec<String> {
            (0..=tree.tokens.len())
                .flat_map(|at| tree.gap(at).comments.into_iter().map(|comment| trimmed_lines(comment.text)))
                .collect()
        };
        self.tokens.len() == other.tokens.len()
            && self.tokens.iter().zip(&other.tokens).all(|(a, b)| {
                let (left, right) = (self.text.get(a.start..a.end), other.text.get(b.start..b.end));
                a.rule == b.rule && left.map(str::trim_end) == right.map(str::trim_end)
            })
            && comments(self) == comments(other)
    }

    /// Adds a pair as a part; of the file, its items.
    fn parts(&mut self, pair: Pair<'_, Rule>, parts: &mut Vec<Part>) {
        let rule = pair.as_rule();
        let span = pair.as_span();
        let inner = pair.clone().into_inner();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if inner.is_empty() {
            let text = pair.as_str().trim_end();
            // A leaf is one token, unless it is a rule of nothing but anonymous text.
            let whole = text.starts_with(['"', '\'']) || rule == Rule::doc;
            if whole || text.starts_with(word) && !text.contains(char::is_whitespace) {
                parts.push(Part::Token(self.tokens.len()));
                let (start, end) = (span.start(), span.start() + text.len());
                let keyword = format!("{rule:?}").starts_with("kw_");
                self.tokens.push(Token { start, end, rule, keyword });
                return;
            }
        }
        let first = self.tokens.len();
        let mut own = Vec::new();
        let mut at = span.start();
        for part in inner {
            self.anonymous(rule, at, part.as_span().start(), &mut own);
            at = part.as_span().end();
            self.parts(part, &mut own);
        }
        self.anonymous(rule, at, span.end(), &mut own);
        if rule == Rule::file {
            parts.append(&mut own);
        } else if let Some(last) = self.tokens.len().checked_sub(1).filter(|last| *last >= first) {
            parts.push(Part::Node(Node { rule, parts: own, first, last }));
        }
    }

    /// The tokens of text that the grammar gives no name.
    fn anonymous(&mut self, rule: Rule, start: usize, end: usize, parts: &mut Vec<Part>) {
        let mut at = start;
        while at < end {
            let rest = self.text.get(at..end).unwrap_or("");
            let Some(c) = rest.chars().next() else { break };
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |at| at + 2)
            } else if c.is_whitespace() || c == '\u{feff}' {
                c.len_utf8()
            } else {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let length = if word(c) {
                    rest.find(|c| !word(c)).unwrap_or(rest.len())
                } else if ["->", ":=", "==", "!=", "<=", ">=", "??"].iter().any(|op| rest.starts_with(op)) {
                    2
                } else {
                    c.len_utf8()
                };
                parts.push(Part::Token(self.tokens.len()));
                self.tokens.push(Token { start: at, end: at + length, rule, keyword: word(c) });
                length
            };
            at += length.max(1);
        }
    }
}

/// A comment without the white space at the ends of its lines.
pub(super) fn trimmed_lines(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
