//! The outline of a file.

use super::{Analysis, Declaration, Kind};
use crate::{FileId, Span};

/// A declaration with what is declared inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// The declaration on one line.
    pub detail: String,
    /// What it is.
    pub kind: Kind,
    /// The whole declaration.
    pub full: Span,
    /// The name's place.
    pub span: Span,
    /// In document order.
    pub children: Vec<Symbol>,
}

impl Analysis {
    /// What a file declares, nested as it is in the file.
    #[must_use]
    pub fn symbols(&self, file: FileId) -> Vec<Symbol> {
        let mut own: Vec<&Declaration> = self
            .declarations
            .iter()
            .filter(|known| {
                known.span.file == file
                    && !matches!(known.kind, Kind::Argument | Kind::Binding | Kind::Message)
            })
            .collect();
        // Outer ones first; those of one place in the order of their names.
        own.sort_by_key(|known| (known.full.start, std::cmp::Reverse(known.full.end), known.span.start));
        let mut open: Vec<Symbol> = Vec::new();
        let mut top = Vec::new();
        for known in own {
            while open.last().is_some_and(|last| last.full.end <= known.span.start) {
                close(&mut open, &mut top);
            }
            open.push(Symbol {
                name: known.name.clone(),
                detail: known.text.clone(),
                kind: known.kind,
                full: known.full,
                span: known.span,
                children: Vec::new(),
            });
        }
        while !open.is_empty() {
            close(&mut open, &mut top);
        }
        top
    }
}

fn close(open: &mut Vec<Symbol>, top: &mut Vec<Symbol>) {
    let Some(mut done) = open.pop() else { return };
    // An editor wants the parts inside the whole.
    for child in &done.children {
        done.full.end = done.full.end.max(child.full.end);
    }
    match open.last_mut() {
        Some(outer) => outer.children.push(done),
        None => top.push(done),
    }
}
