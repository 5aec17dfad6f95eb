//! The shortest word that tells two versions apart: breadth-first search over pairs of configurations.
//!
//! ```text
//! (old, new) ─letter─▶ (old', new')     the same letter to both
//!      └ seen from outside: outputs, messages, services, actions, faults, what is unhandled, accepting, done
//!      └ seen from inside: the active states, as far as they are paired
//! ```
//!
//! A letter is an event that both have, with some values for its fields and answers of extern guards, waiting for
//! whatever is due next, or the completion of a child machine. A pair of configurations that was met before is not looked at again; what was not met within
//! the limit is unknown.

use std::collections::{BTreeSet, VecDeque};

use super::samples::{self, Letter};
use super::{Pairing, same};
use crate::interpreter::{Answers, Cause, Effect, Fault, Item, ItemKind, Outcome, Row, Session, Value};
use crate::model::{Machine, walk::reads_the_clock};

/// Most timers and messages that one letter may set off; they may take ten times as many transitions.
const STORM_LIMIT: usize = 100;
/// Most rows and transitions that a search goes through, over all.
const WORK_LIMIT: usize = 5_000_000;

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Whether the two are one machine, word for word: then nothing was tried.
    pub same: bool,
    /// The shortest word after which the two look different from outside.
    pub outside: Option<Witness>,
    /// The shortest word after which other states are active, where it is shorter than the former or the only one.
    pub inside: Option<Witness>,
    /// How many pairs of configurations were looked at.
    pub pairs: usize,
    /// Whether the limit stopped it: then there may be a word that it did not try.
    pub limited: bool,
    /// How many letters were tried in each.
    pub letters: usize,
    /// Input events that were not tried because only one version has them, or with other fields.
    pub untried: Vec<String>,
}

/// A word and what the two versions make of its last item.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The word; ε for the start itself.
    pub word: String,
    /// What the old version does at its end.
    pub old: Seen,
    /// What the new version does at its end.
    pub new: Seen,
}

/// What one step, with all that it sets off, looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Paths of the active leaf states afterwards.
    pub leaves: Vec<String>,
    /// Effects on the outside, in order.
    pub effects: Vec<String>,
    /// Events that nothing enabled, deferred or ignored.
    pub unhandled: Vec<String>,
    /// Whether that is an error: the machine is strict.
    pub refused: bool,
    /// Whether the configuration accepts.
    pub accepts: bool,
    /// Whether the machine is done.
    pub done: bool,
}

impl Seen {
    fn of(rows: &[Row], session: &Session<'_>) -> Self {
        let interpreter = session.interpreter();
        let refused = rows.iter().any(Row::is_refused);
        let reports = rows.iter().map(|row| &row.report);
        let effects = reports.clone().flat_map(|report| &report.effects);
        Self {
            leaves: interpreter.leaves(),
            effects: effects.filter(|effect| is_outside(effect)).map(ToString::to_string).collect(),
            unhandled: reports.flat_map(|report| &report.unhandled).map(ToString::to_string).collect(),
            refused,
            accepts: interpreter.accepts(),
            done: interpreter.is_done(),
        }
    }

    /// Whether nobody outside could tell.
    fn looks_like(&self, other: &Self) -> bool {
        self.effects == other.effects
            && self.unhandled == other.unhandled
            && self.refused == other.refused
            && self.accepts == other.accepts
            && self.done == other.done
    }
}

/// Timers and what stays in the machine are seen by what comes of them.
fn is_outside(effect: &Effect) -> bool {
    !matches!(
        effect,
        Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Raise(_) | Effect::Send { peer: None, .. }
    )
}

/// A pair of configurations that waits to be looked at.
struct Node<'m> {
    old: Session<'m>,
    new: Session<'m>,
    /// The word that leads here, as positions in `Walk::steps`.
    step: Option<usize>,
}

struct Walk<'m> {
    queue: VecDeque<Node<'m>>,
    met: BTreeSet<(String, String)>,
    /// Each letter of a word with the step before it.
    steps: Vec<(Option<usize>, String)>,
    clock_matters: bool,
    pair_limit: usize,
    /// Rows and transitions so far.
    work: usize,
    /// Whether a pair was dropped for a limit.
    limited: bool,
}

pub(super) fn search(old: &Machine, new: &Machine, pairing: &Pairing, pair_limit: usize) -> Search {
    let (letters, untried) = samples::letters(old, new);
    let same = same::same(old, new);
    let mut found = Search {
        same,
        outside: None,
        inside: None,
        pairs: 0,
        limited: false,
        letters: letters.len(),
        untried,
    };
    if same {
        return found;
    }
    let clock_matters = reads_the_clock(old) || reads_the_clock(new);
    let mut walk = Walk {
        queue: VecDeque::new(),
        met: BTreeSet::new(),
        steps: Vec::new(),
        clock_matters,
        pair_limit,
        work: 0,
        limited: false,
    };
    let mut first = Node { old: session(old), new: session(new), step: None };
    let start = Answers::default();
    let rows = (first.old.start(&start), first.new.start(&start));
    if walk.judge(&mut found, pairing, &first, &rows) {
        return found;
    }
    walk.keep(first);
    while let Some(node) = walk.queue.pop_front() {
        found.pairs += 1;
        for letter in letters.iter().cloned().chain(local_letters(&node)) {
            let mut next = Node { old: node.old.clone(), new: node.new.clone(), step: node.step };
            let rows = (next.old.apply(&letter.old), next.new.apply(&letter.new));
            walk.steps.push((node.step, text_of(&letter.old)));
            next.step = walk.steps.len().checked_sub(1);
            if walk.judge(&mut found, pairing, &next, &rows) {
                return found;
            }
            walk.work +=
                rows.0.iter().chain(&rows.1).map(|row| 1 + row.report.transitions.len()).sum::<usize>();
            if walk.work > WORK_LIMIT {
                found.limited = true;
                return found;
            }
            if is_runaway(&rows.0) || is_runaway(&rows.1) {
                walk.limited = true;
                walk.steps.pop();
            } else if !walk.keep(next) {
                // Only words that lead somewhere new are remembered.
                walk.steps.pop();
            }
            found.limited = walk.limited;
        }
    }
    found
}

/// Storms of messages are cut short early: there are many steps to try.
fn session(machine: &Machine) -> Session<'_> {
    Session::new(machine).at_most(STORM_LIMIT, 10 * STORM_LIMIT)
}

/// Whether a machine kept itself busy beyond a limit: what it would do next is of no interest.
fn is_runaway(rows: &[Row]) -> bool {
    rows.iter().any(|row| {
        let is_storm = row.report.cause == Cause::Clock && row.report.outcome == Outcome::Unhandled;
        is_storm || row.report.faults().any(|fault| matches!(fault, Fault::Microsteps { .. }))
    })
}

impl<'m> Walk<'m> {
    /// Notes what a pair shows; whether the search is over.
    fn judge(
        &self,
        found: &mut Search,
        pairing: &Pairing,
        node: &Node<'m>,
        rows: &(Vec<Row>, Vec<Row>),
    ) -> bool {
        let (old, new) = (Seen::of(&rows.0, &node.old), Seen::of(&rows.1, &node.new));
        let is_outside = !old.looks_like(&new);
        if !is_outside && (found.inside.is_some() || same_states(pairing, node, &old, &new)) {
            return false;
        }
        let witness = Witness { word: self.word(node.step), old, new };
        if is_outside {
            found.outside = Some(witness);
        } else {
            found.inside = Some(witness);
        }
        is_outside
    }

    /// Adds a pair that was not met before; whether it was added.
    fn keep(&mut self, node: Node<'m>) -> bool {
        let key = (self.key(&node.old), self.key(&node.new));
        if self.met.contains(&key) {
            return false;
        }
        if self.met.len() >= self.pair_limit {
            self.limited = true;
            return false;
        }
        self.met.insert(key);
        self.queue.push_back(node);
        true
    }

    /// All that decides what a machine does from here on.
    fn key(&self, session: &Session<'_>) -> String {
        session.interpreter().situation(self.clock_matters)
    }

    fn word(&self, mut step: Option<usize>) -> String {
        let mut letters = Vec::new();
        while let Some((before, letter)) = step.and_then(|at| self.steps.get(at)) {
            letters.push(letter.as_str());
            step = *before;
        }
        letters.reverse();
        if letters.is_empty() { "ε".to_owned() } else { letters.join(" ") }
    }
}

/// What depends on where the two stand: waiting until the next timer or message of either, and the completion of each
/// child that runs in either and is declared in both.
fn local_letters(node: &Node<'_>) -> Vec<Letter> {
    let due = |session: &Session<'_>| {
        let interpreter = session.interpreter();
        interpreter.next_due_us().map(|time_us| time_us.saturating_sub(interpreter.time_us()))
    };
    let item = |kind: ItemKind, text: String| Item {
        to: crate::interpreter::Address::default(),
        kind,
        answers: Answers::default(),
        text,
        column: 1,
    };
    let mut letters = Vec::new();
    if let Some(span_us) = [due(&node.old), due(&node.new)].into_iter().flatten().min() {
        let text = format!("after {}", Value::Duration(span_us));
        let item = item(ItemKind::Advance { span_us }, text);
        letters.push(Letter { old: item.clone(), new: item });
    }
    let (before, after) = (node.old.interpreter(), node.new.interpreter());
    for (id, child) in before.machine().children.iter().enumerate() {
        let Some(other) = after.machine().children.iter().position(|row| row.name == child.name) else {
            continue;
        };
        let runs = before.children().any(|(running, _)| running == id)
            || after.children().any(|(running, _)| running == other);
        if runs {
            let done = |machine: &Machine, child: usize| {
                let ty = machine.children.get(child).and_then(|row| row.result.as_ref());
                ItemKind::Done { child, result: ty.map(|ty| Value::default_of(ty, "result")) }
            };
            let text = format!("done({})", child.name);
            letters.push(Letter {
                old: item(done(before.machine(), id), text.clone()),
                new: item(done(after.machine(), other), text),
            });
        }
    }
    letters
}

/// Whether the active states are each other's pairs.
fn same_states(pairing: &Pairing, node: &Node<'_>, old: &Seen, new: &Seen) -> bool {
    let (before, after) = (node.old.interpreter().machine(), node.new.interpreter().machine());
    let paired = old.leaves.iter().map(|path| {
        let id = before.state(path)?;
        Some(after.states.get(pairing.new_of(id)?)?.path.as_str())
    });
    let Some(paired) = paired.collect::<Option<BTreeSet<&str>>>() else { return false };
    paired == new.leaves.iter().map(String::as_str).collect()
}

fn text_of(item: &Item) -> String {
    format!("{}{}", item.text, item.answers)
}
