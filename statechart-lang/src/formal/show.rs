//! Automata for people, for Graphviz and for machines.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Dfa, StateIndex};

impl Dfa {
    /// The states from which no word is accepted any more: the sink that completes an automaton, and its like.
    #[must_use]
    pub fn dead(&self) -> Vec<bool> {
        self.distances().iter().map(Option::is_none).collect()
    }

    /// Edges that lead somewhere, symbols of equal ends together: from, to, symbols.
    fn bundles(&self) -> BTreeMap<(StateIndex, StateIndex), Vec<&str>> {
        let dead = self.dead();
        let mut bundles: BTreeMap<(StateIndex, StateIndex), Vec<&str>> = BTreeMap::new();
        for from in 0..self.len() as StateIndex {
            for (symbol, name) in self.alphabet().names().iter().enumerate() {
                let to = self.step(from, symbol);
                if !dead.get(to as usize).copied().unwrap_or(true) {
                    bundles.entry((from, to)).or_default().push(name);
                }
            }
        }
        bundles
    }

    /// A line a state: `q0 → q1 COIN`, accepting ones with a star. The dead state is left out.
    #[must_use]
    pub fn table(&self) -> String {
        let bundles = self.bundles();
        let mut out = format!("{} states, {} symbols\n", self.len(), self.alphabet().len());
        let dead = self.dead();
        for state in 0..self.len() as StateIndex {
            if dead.get(state as usize).copied().unwrap_or(true) && state != 0 {
                continue;
            }
            let start = if state == 0 { "→" } else { " " };
            let star = if self.is_accepting(state) { "*" } else { " " };
            let _ = write!(out, "{start}{star}q{state}");
            for ((_, to), symbols) in bundles.range((state, 0)..=(state, StateIndex::MAX)) {
                let _ = write!(out, "  {} → q{to}", symbols.join(" | "));
            }
            out.push('\n');
        }
        out
    }

    /// Graphviz: accepting states doubled, the dead state left out.
    #[must_use]
    pub fn dot(&self, name: &str) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let dead = self.dead();
        let mut out = format!("digraph \"{}\" {{\n  rankdir=LR\n  node [shape=circle]\n", quoted(name));
        out.push_str("  start [shape=point]\n  start -> q0\n");
        for state in 0..self.len() as StateIndex {
            if self.is_accepting(state) {
                let _ = writeln!(out, "  q{state} [shape=doublecircle]");
            } else if state == 0 || !dead.get(state as usize).copied().unwrap_or(true) {
                let _ = writeln!(out, "  q{state}");
            }
        }
        for ((from, to), symbols) in self.bundles() {
            let _ = writeln!(
                out,
                "  q{from} -> q{to} [label=\"{}\"]",
                quoted(&symbols.join("\n")).replace('\n', "\\n")
            );
        }
        out.push_str("}\n");
        out
    }
}
