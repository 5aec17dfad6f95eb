//! Blocks of items: one a line, with their comments, blank lines and alignment.

use std::collections::BTreeMap;

use super::{
    INDENT, WIDTH,
    tree::{Node, Part, Tree, trimmed_lines},
};
use crate::syntax::Rule;

/// Writes a file.
pub(super) struct Printer<'t> {
    pub(super) tree: &'t Tree<'t>,
    out: String,
    /// Blanks before a token that aligns it with its neighbours.
    padding: BTreeMap<usize, usize>,
}

/// A line of a block.
#[derive(Clone, Copy)]
enum Line<'t> {
    Doc(usize),
    Item(&'t Part),
}

impl Line<'_> {
    fn first(self) -> usize {
        match self {
            Self::Doc(at) => at,
            Self::Item(part) => part.first(),
        }
    }

    fn last(self) -> usize {
        match self {
            Self::Doc(at) => at,
            Self::Item(part) => part.last(),
        }
    }
}

/// The braces of an item, and what they hold.
struct Block<'t> {
    open: usize,
    close: usize,
    items: &'t [Part],
}

/// Formats a file.
pub(super) fn print(tree: &Tree<'_>) -> String {
    let mut printer = Printer { tree, out: String::new(), padding: BTreeMap::new() };
    printer.block(&tree.top, 0);
    printer.gap(tree.tokens.len(), 0, false);
    let mut text = String::with_capacity(printer.out.len() + 1);
    for line in printer.out.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

impl<'t> Printer<'t> {
    /// Blanks that align a token with its neighbours.
    pub(super) fn padding(&self, token: usize) -> usize {
        self.padding.get(&token).copied().unwrap_or(0)
    }

    fn block(&mut self, items: &'t [Part], indent: usize) {
        self.align(items, indent);
        let mut documented = false;
        for line in lines(self.tree, items) {
            self.gap(line.first(), indent, documented);
            documented = matches!(line, Line::Doc(_));
            match line {
                Line::Doc(at) => self.out.push_str(self.tree.word(at).trim_end()),
                Line::Item(part) => self.item(part, indent),
            }
            debug_assert!(line.last() >= line.first());
        }
    }

    /// Ends the line before a token, with the comments that stand there, and starts the token's line.
    fn gap(&mut self, next: usize, indent: usize, documented: bool) {
        let gap = self.tree.gap(next);
        let at_open = next.checked_sub(1).is_none_or(|before| self.tree.word(before) == "{");
        let at_end = next >= self.tree.tokens.len();
        let closing = at_end || self.tree.word(next) == "}";
        let inner = if closing && !at_end { indent + INDENT } else { indent };
        let mut first = true;
        let mut own_line = false;
        let follows = |at: usize| gap.comments.get(at + 1).map_or(gap.lines, |comment| comment.lines_before);
        for (at, comment) in gap.comments.iter().enumerate() {
            let trailing = comment.lines_before == 0 && !self.out.is_empty();
            // Behind an open brace, only what ends its line.
            let trailing = trailing && !(at_open && first && !comment.is_line() && follows(at) == 0);
            if trailing {
                self.out.push(' ');
            } else {
                self.line(inner, comment.lines_before > 1 && !documented && !(at_open && first));
                own_line = true;
            }
            self.out.push_str(&trimmed_lines(comment.text));
            first = false;
        }
        let last_is_line = gap.comments.last().is_some_and(|comment| comment.is_line());
        if at_end {
            return;
        }
        if own_line && gap.lines == 0 && !last_is_line && !closing {
            self.out.push(' ');
        } else {
            let unwanted = documented || closing || (at_open && first);
            let blank = gap.lines > 1 && !unwanted;
            self.line(indent, blank);
        }
    }

    fn line(&mut self, indent: usize, blank: bool) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if blank {
                self.out.push('\n');
            }
        }
        self.out.push_str(&" ".repeat(indent));
    }

    fn item(&mut self, part: &'t Part, indent: usize) {
        let tree = self.tree;
        let end = part.last() + 1;
        let block = match part {
            Part::Node(node) => block(tree, node),
            Part::Token(_) => None,
        };
        match (part, block) {
            (Part::Token(at), _) => self.out.push_str(tree.word(*at)),
            (Part::Node(node), None) => {
                let text = self.wrapped(node, end, indent);
                self.out.push_str(&text);
            }
            (Part::Node(_), Some(block)) if self.fits_one_line(part, &block, indent) => {
                let mut text = String::new();
                self.flat(part, end, &mut text);
                self.out.push_str(&text);
            }
            (Part::Node(node), Some(block)) => {
                let head = self.wrapped(node, block.open, indent);
                self.out.push_str(&head);
                self.before_brace(block.open, indent);
                self.out.push('{');
                if block.close == block.open + 1 && tree.gap(block.close).comments.is_empty() {
                    self.out.push('}');
                } else {
                    self.block(block.items, indent + INDENT);
                    self.gap(block.close, indent, false);
                    self.out.push('}');
                }
                for token in block.close + 1..end {
                    self.out.push(' ');
                    self.out.push_str(tree.word(token));
                }
            }
        }
    }

    /// The blank before an open brace, or the comments there.
    fn before_brace(&mut self, open: usize, indent: usize) {
        let gap = self.tree.gap(open);
        let mut ended = false;
        for comment in &gap.comments {
            if comment.lines_before > 0 || ended {
                self.line(indent + INDENT, false);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(&trimmed_lines(comment.text));
            ended = comment.is_line();
        }
        if ended || !gap.comments.is_empty() && gap.lines > 0 {
            self.line(indent, false);
        } else {
            self.out.push(' ');
        }
    }

    /// The author wrote the body on one line, and there is room for it.
    fn fits_one_line(&self, part: &Part, block: &Block<'_>, indent: usize) -> bool {
        if self.tree.spans_lines(block.open, block.close) || self.has_line_end(part) {
            return false;
        }
        let mut text = String::new();
        self.flat(part, part.last() + 1, &mut text);
        indent + text.chars().count() <= WIDTH
    }

    /// A comment inside a part that ends a line.
    fn has_line_end(&self, part: &Part) -> bool {
        (part.first() + 1..=part.last()).any(|at| {
            let gap = self.tree.gap(at);
            let breaks = |comment: &super::tree::Comment<'_>| {
                comment.is_line() || comment.lines_before > 0 || comment.text.contains('\n')
            };
            !gap.comments.is_empty() && (gap.comments.iter().any(breaks) || gap.lines > 0)
        })
    }

    /// Keeps arrows and braces aligned that neighbours align in the source.
    fn align(&mut self, items: &'t [Part], indent: usize) {
        let tree = self.tree;
        let mut run: Vec<(usize, usize)> = Vec::new();
        let mut column = None;
        let (mut fits, mut apart) = (true, false);
        for line in lines(tree, items) {
            let gap = tree.gap(line.first());
            apart |= gap.lines > 1 || gap.comments.iter().any(|comment| comment.lines_before > 1);
            // Comments do not part what they explain.
            let Line::Item(part) = line else { continue };
            let anchor = self.anchor(part, indent);
            if apart || anchor.as_ref().map(|anchor| anchor.column) != column {
                self.pad(&run, fits);
                run.clear();
                fits = true;
            }
            apart = false;
            column = anchor.as_ref().map(|anchor| anchor.column);
            if let Some(anchor) = anchor {
                let widest = run.iter().map(|(_, width)| *width).max().unwrap_or(0).max(anchor.width);
                fits &= indent + widest + anchor.rest <= WIDTH;
                run.push((anchor.token, anchor.width));
            }
        }
        self.pad(&run, fits);
    }

    fn pad(&mut self, run: &[(usize, usize)], fits: bool) {
        let widest = run.iter().map(|(_, width)| *width).max().unwrap_or(0);
        if fits {
            self.padding.extend(run.iter().map(|(token, width)| (*token, widest - width)));
        }
    }

    /// What may be aligned in an item: its arrow, or the brace of a body on one line.
    fn anchor(&self, part: &'t Part, indent: usize) -> Option<Anchor> {
        let Part::Node(node) = part else { return None };
        let tree = self.tree;
        let (token, end) = match block(tree, node) {
            Some(block) if self.fits_one_line(part, &block, indent) => (block.open, part.last() + 1),
            Some(_) => return None,
            None => {
                let rule = |at: &usize| tree.tokens.get(*at).map(|token| token.rule);
                let mut tokens = part.first()..=part.last();
                let arrow = tokens.find(|at| tree.word(*at) == "->" && rule(at).is_some_and(has_arrow))?;
                let slash = (arrow..=part.last()).find(|at| self.is_slash(*at));
                (arrow, slash.unwrap_or(part.last() + 1))
            }
        };
        if tree.spans_lines(part.first(), token) || self.has_line_end(part) || token == part.first() {
            return None;
        }
        let (start, at) = (tree.tokens.get(part.first())?.start, tree.tokens.get(token)?.start);
        let mut head = String::new();
        self.flat(part, token, &mut head);
        let mut whole = String::new();
        self.flat(part, end, &mut whole);
        let (width, whole) = (head.trim_end().chars().count(), whole.trim_end().chars().count());
        Some(Anchor {
            token,
            column: tree.text.get(start..at)?.chars().count(),
            width,
            rest: whole.saturating_sub(width),
        })
    }
}

/// Items whose arrows stand below each other.
fn has_arrow(rule: Rule) -> bool {
    matches!(rule, Rule::target | Rule::wire | Rule::history | Rule::example | Rule::moved)
}

/// Where an item may be aligned.
struct Anchor {
    token: usize,
    /// Where it stands in the source, from the item's start.
    column: usize,
    /// How wide what comes before it is.
    width: usize,
    /// How wide what follows on its line is.
    rest: usize,
}

/// Documentation on lines of its own, then the item.
fn lines<'t>(tree: &Tree<'_>, items: &'t [Part]) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    for item in items {
        let Part::Node(node) = item else {
            lines.push(Line::Item(item));
            continue;
        };
        let docs = node.parts.iter().take_while(
            |part| matches!(part, Part::Token(at) if tree.tokens.get(*at).is_some_and(|token| token.rule == Rule::doc)),
        );
        let count = docs.count();
        lines.extend((node.first..node.first + count).map(Line::Doc));
        match node.parts.get(count..) {
            Some([only]) => lines.push(Line::Item(only)),
            _ => lines.push(Line::Item(item)),
        }
    }
    lines
}

/// The braces of an item, wherever in it they stand; those of an action belong to its line.
fn block<'t>(tree: &Tree<'_>, node: &'t Node) -> Option<Block<'t>> {
    if node.rule == Rule::actions {
        return None;
    }
    let brace = |part: &Part, brace: &str| matches!(part, Part::Token(at) if tree.word(*at) == brace);
    if let Some(open) = node.parts.iter().position(|part| brace(part, "{")) {
        let close = node.parts.iter().rposition(|part| brace(part, "}"))?;
        let items = node.parts.get(open + 1..close)?;
        return Some(Block {
            open: node.parts.get(open)?.first(),
            close: node.parts.get(close)?.first(),
            items,
        });
    }
    node.parts.iter().find_map(|part| match part {
        Part::Node(node) => block(tree, node),
        Part::Token(_) => None,
    })
}
