//! Ways through a word. A nondeterministic machine may take any of several transitions, and a word is one of its language
//! where some way through it is accepted: that way is looked for, and shown.
//!
//! ```text
//! situations after an item ─each choice of the next one─▶ situations after it, each once, with the choices that led there
//! ```

use std::collections::BTreeSet;

use super::{Row, Session, Stage, Word};

/// Most ways through a word that are followed side by side.
pub const WAY_LIMIT: usize = 1_000;

/// Most choices of one item that are tried both ways.
const CHOICE_LIMIT: usize = 64;

/// Most steps of all ways that are remembered; beyond them only the first way goes on.
const STEP_LIMIT: usize = 200_000;

/// Which transition a machine takes where it may take several, by number, in the order in which it is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    /// What it takes; the first one, where this says no more.
    script: Vec<usize>,
    /// How many it could take each time.
    offered: Vec<usize>,
    /// It was asked more often than [`CHOICE_LIMIT`].
    more: bool,
}

impl Choices {
    /// Of so many transitions the one to take.
    pub(super) fn take(&mut self, of: usize) -> usize {
        if self.offered.len() == CHOICE_LIMIT {
            self.more = true;
            return 0;
        }
        let chosen = self.script.get(self.offered.len()).copied().unwrap_or(0);
        self.offered.push(of);
        chosen.min(of.saturating_sub(1))
    }
}

/// A way through a word.
pub(super) struct Way<'m> {
    /// What it ends in.
    pub(super) session: Session<'m>,
    pub(super) rows: Vec<Row>,
    /// There are ways that were not looked at, since there are too many.
    pub(super) more: bool,
}

/// The first way through a word that a strict machine does not refuse and that ends well; where there is none, the one that
/// takes the first transition each time. A machine that is not nondeterministic has no other.
pub(super) fn best<'m>(stage: &Stage<'m>, word: &Word, ends_well: &dyn Fn(&Session<'m>) -> bool) -> Way<'m> {
    if stage.machine().is_some_and(|machine| machine.nondeterministic) {
        return Search { stage, word, steps: Vec::new(), more: false }.best(ends_well);
    }
    let mut session = stage.session_of(word);
    let rows = (0..=word.items.len()).flat_map(|at| apply(&mut session, word, at)).collect();
    Way { session, rows, more: false }
}

/// The start of the machine, or an item of the word, from 1.
fn apply(session: &mut Session<'_>, word: &Word, at: usize) -> Vec<Row> {
    match at.checked_sub(1) {
        None => session.start(&word.start),
        Some(at) => word.items.get(at).map_or_else(Vec::new, |item| session.apply(item)),
    }
}

/// One of the ways that are followed.
struct Open<'m> {
    session: Session<'m>,
    /// Its last step.
    step: Option<usize>,
    refused: bool,
}

/// The choices of an item, behind those of the item before it.
struct Step {
    before: Option<usize>,
    choices: Vec<usize>,
}

struct Search<'s, 'm> {
    stage: &'s Stage<'m>,
    word: &'s Word,
    steps: Vec<Step>,
    more: bool,
}

impl<'m> Search<'_, 'm> {
    fn best(mut self, ends_well: &dyn Fn(&Session<'m>) -> bool) -> Way<'m> {
        let mut open = vec![Open { session: self.stage.session_of(self.word), step: None, refused: false }];
        for at in 0..=self.word.items.len() {
            open = self.onward(&open, at);
            if self.steps.len() > STEP_LIMIT && open.len() > 1 {
                open.truncate(1);
                self.more = true;
            }
        }
        let good = open.iter().position(|way| !way.refused && ends_well(&way.session)).unwrap_or(0);
        let mut choices = Vec::new();
        let mut step = open.get(good).and_then(|way| way.step);
        while let Some(Step { before, choices: taken }) = step.and_then(|step| self.steps.get(step)) {
            choices.push(taken.clone());
            step = *before;
        }
        let mut session = self.stage.session_of(self.word);
        let mut rows = Vec::new();
        for (at, taken) in choices.into_iter().rev().enumerate() {
            session.choose(Some(Choices { script: taken, ..Choices::default() }));
            rows.extend(apply(&mut session, self.word, at));
        }
        session.choose(None);
        Way { session, rows, more: self.more }
    }

    /// Every situation after an item, in the order of the choices that lead there. The first way is always kept, others
    /// only where they may still end well and lead where none has led.
    fn onward(&mut self, open: &[Open<'m>], at: usize) -> Vec<Open<'m>> {
        let mut next: Vec<Open<'m>> = Vec::new();
        let mut known = BTreeSet::new();
        for way in open {
            for (choices, session, refused) in self.ways(way, at) {
                let key = self.key(&session, refused);
                let is_known = key.is_some_and(|key| !known.insert(key));
                if !next.is_empty() && (refused || is_known) {
                    continue;
                }
                if next.len() == WAY_LIMIT {
                    self.more = true;
                    return next;
                }
                next.push(Open { session, step: Some(self.steps.len()), refused });
                self.steps.push(Step { before: way.step, choices });
            }
        }
        next
    }

    /// Every way through one item: its choices, what it leads to, and whether it is refused by then.
    fn ways(&mut self, from: &Open<'m>, at: usize) -> Vec<(Vec<usize>, Session<'m>, bool)> {
        let mut scripts: Vec<Vec<usize>> = vec![Vec::new()];
        let mut found = Vec::new();
        while let Some(script) = scripts.pop() {
            let given = script.len();
            let mut session = from.session.clone();
            session.choose(Some(Choices { script, ..Choices::default() }));
            let rows = apply(&mut session, self.word, at);
            let Choices { script, offered, more } = session.choose(None).unwrap_or_default();
            self.more |= more;
            // Beyond the script the first was taken each time; each of the others may be.
            for (asked, of) in offered.iter().enumerate().skip(given) {
                for other in 1..*of {
                    if scripts.len() + found.len() >= WAY_LIMIT {
                        self.more = true;
                        break;
                    }
                    let mut more = script.clone();
                    more.resize(asked, 0);
                    more.push(other);
                    scripts.push(more);
                }
            }
            found.push((script, session, from.refused || rows.iter().any(Row::is_refused)));
        }
        // A choice of the first is left out at the end of a script, which sorts before any other.
        found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        found
    }

    /// What a way leads to; nothing where children run, of which each way has its own.
    fn key(&self, session: &Session<'m>, refused: bool) -> Option<String> {
        let machine = self.stage.machine()?;
        machine.children.is_empty().then(|| format!("{refused} {}", session.interpreter().situation(true)))
    }
}
