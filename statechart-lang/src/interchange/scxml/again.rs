//! Messages that may be sent again while they are under way. W3C 6.2 delivers each; the language has one of a name at
//! most, so what could make a difference is named.

use std::collections::BTreeSet;

use super::super::{Position, draft::DraftKind, ecma::Js};
use super::{
    chart::Translator,
    document::{Content, ContentKind, Transition},
};

/// How many pairs of a state and a transition are looked at before a state counts as entered again.
const REACH_LIMIT: usize = 50_000_000;

/// Where content stands.
struct Block {
    state: usize,
    /// It may run again while its state is active.
    stays: bool,
    /// What leaving its state cancels.
    left: BTreeSet<String>,
}

/// What is found, and how much may still be looked at.
struct Search {
    found: Vec<(Position, String)>,
    budget: usize,
}

impl Translator<'_> {
    /// Names every message that may be under way when it is sent again.
    pub(super) fn sent_again(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        let chart = self.chart;
        let mut search = Search { found: Vec::new(), budget: REACH_LIMIT };
        let none = BTreeSet::new();
        for (index, state) in chart.states.iter().enumerate() {
            let entry = Block { state: index, stays: false, left: self.cancels(&state.exit) };
            for block in state.entry.iter().chain([&state.initial_content]) {
                self.visit(block, &entry, &none, &mut search);
            }
            let exit = Block { state: index, stays: false, left: BTreeSet::new() };
            for block in &state.exit {
                self.visit(block, &exit, &none, &mut search);
            }
            for transition in &state.transitions {
                let stays = transition.targets.is_empty() || transition.internal;
                let block = Block { state: index, stays, left: BTreeSet::new() };
                self.visit(&transition.content, &block, &none, &mut search);
            }
        }
        for (at, id) in search.found {
            self.lost(
                at,
                format!(
                    "`{id}` may be sent again while it is under way: W3C delivers both, here the later takes its place"
                ),
            );
        }
    }

    fn visit(&self, contents: &[Content], block: &Block, before: &BTreeSet<String>, search: &mut Search) {
        let mut cancelled = before.clone();
        for content in contents {
            match &content.kind {
                ContentKind::Cancel(_) => cancelled.extend(self.cancelled(content)),
                ContentKind::Send(send) => {
                    let Some(id) = Self::message_id(send, content.at) else { continue };
                    let is_named = self
                        .messages
                        .get(&id)
                        .is_some_and(|rows| rows.iter().any(|(place, _)| *place == content.at));
                    let is_safe = !is_named || block.left.contains(&id) || cancelled.contains(&id);
                    if !is_safe && (block.stays || self.is_entered_again(block.state, &id, search)) {
                        search.found.push((content.at, id));
                    }
                }
                ContentKind::If(arms) => {
                    arms.iter().for_each(|(_, body)| self.visit(body, block, &cancelled, search));
                }
                ContentKind::Foreach { body, .. } => {
                    let each = Block { state: block.state, stays: true, left: BTreeSet::new() };
                    self.visit(body, &each, &BTreeSet::new(), search);
                }
                _ => {}
            }
        }
    }

    /// What blocks cancel, whatever happens in them.
    fn cancels(&self, blocks: &[Vec<Content>]) -> BTreeSet<String> {
        blocks.iter().flatten().filter_map(|content| self.cancelled(content)).collect()
    }

    /// The id of the messages that content cancels.
    fn cancelled(&self, content: &Content) -> Option<String> {
        match &content.kind {
            ContentKind::Cancel(code) => match code.js.as_ref() {
                Ok(Js::Text(id)) => Some(id.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a state can be entered after it has been, by transitions that do not cancel a message.
    fn is_entered_again(&self, state: usize, id: &str, search: &mut Search) -> bool {
        let count = self.chart.states.len();
        let mut open: Vec<usize> =
            (0..count).filter(|other| self.draft.are_together(state, *other)).collect();
        let mut known: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(source) = open.pop() {
            for transition in &self.chart.states[source].transitions {
                let targets: Vec<usize> =
                    transition.targets.iter().filter_map(|id| self.ids.get(id.as_str()).copied()).collect();
                if targets.is_empty() {
                    continue;
                }
                match search.budget.checked_sub(count) {
                    Some(rest) => search.budget = rest,
                    None => return true,
                }
                let domain = self.domain(source, transition, &targets);
                if self.is_cancelled_by(source, transition, domain, id) {
                    continue;
                }
                let is_entered = |state: usize| {
                    self.draft.is_below(state, domain)
                        && targets.iter().any(|target| self.draft.are_together(state, self.place_of(*target)))
                };
                if is_entered(state) {
                    return true;
                }
                let reached: Vec<usize> =
                    (1..count).filter(|other| !known.contains(other) && is_entered(*other)).collect();
                known.extend(&reached);
                open.extend(reached);
            }
        }
        false
    }

    /// Whether a transition, or leaving what it is certain to leave, cancels a message.
    fn is_cancelled_by(&self, source: usize, transition: &Transition, domain: usize, id: &str) -> bool {
        if transition.content.iter().any(|content| self.cancelled(content).as_deref() == Some(id)) {
            return true;
        }
        let mut at = source;
        while at != domain && at != 0 {
            if self.cancels(&self.chart.states[at].exit).contains(id) {
                return true;
            }
            at = self.draft.states[at].parent;
        }
        false
    }

    /// A history state stands for what is in its parent.
    fn place_of(&self, target: usize) -> usize {
        let row = &self.draft.states[target];
        if matches!(row.kind, DraftKind::History { .. }) { row.parent } else { target }
    }

    /// W3C's getTransitionDomain.
    fn domain(&self, source: usize, transition: &Transition, targets: &[usize]) -> usize {
        let holds = |state: usize| targets.iter().all(|target| self.draft.is_below(*target, state));
        let is_compound = |state: usize| state == 0 || self.draft.states[state].kind == DraftKind::State;
        if transition.internal && is_compound(source) && holds(source) {
            return source;
        }
        let mut domain = source;
        while domain != 0 {
            domain = self.draft.states[domain].parent;
            if is_compound(domain) && holds(domain) {
                break;
            }
        }
        domain
    }
}
