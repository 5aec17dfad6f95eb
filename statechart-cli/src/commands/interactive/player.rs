//! The machine under way: a session with its past.

use statechart_lang::interpreter::{
    Address, Answers, Interpreter, Item, ItemKind, Offer, Outcome, Row, Session, Stage, Value, Word,
    event_text,
};
use statechart_lang::model::{ChildId, EventId, Machine};

/// Most lines that can be taken back.
const UNDO_LIMIT: usize = 1_000;

/// A session with the word so far, what can be taken back, and the answers that hold.
#[derive(Debug)]
pub(super) struct Player<'m> {
    stage: Stage<'m>,
    session: Session<'m>,
    /// The answers that the machine started with.
    started_with: Answers,
    /// What was played, as a word spells it.
    word: Vec<String>,
    /// Sessions with the length of their word, the newest last.
    past: Vec<(Session<'m>, usize)>,
    answers: Answers,
    last: Vec<Row>,
    /// The name of the actor that alone is shown.
    at: Option<String>,
}

/// An outermost machine: the one that runs by itself, whose name is empty, or an actor of a system.
pub(super) struct Actor<'p, 'm> {
    pub(super) address: Address,
    pub(super) name: &'p str,
    pub(super) interpreter: &'p Interpreter<'m, Answers>,
}

/// What there is to choose from.
pub(super) enum Choice {
    Event(Offer),
    /// A child that may complete.
    Done(ChildId),
}

impl<'m> Actor<'_, 'm> {
    pub(super) fn machine(&self) -> &'m Machine {
        self.interpreter.machine()
    }

    /// Its events, then its children that run.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let events = self.interpreter.offers().into_iter().map(Choice::Event);
        events.chain(self.interpreter.children().map(|(child, _)| Choice::Done(child))).collect()
    }

    /// The beginning of a symbol that is for it.
    pub(super) fn prefix(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("{}.", self.name) }
    }

    fn item(&self, kind: ItemKind, text: &str) -> Item {
        let text = format!("{}{text}", self.prefix());
        Item { to: self.address.clone(), kind, answers: Answers::default(), text, column: 1 }
    }

    fn event(&self, event: EventId) -> Option<Item> {
        let symbol = &self.machine().events.get(event)?.symbol;
        let args: Vec<Value> =
            symbol.fields.iter().map(|field| Value::default_of(&field.ty, &field.name)).collect();
        let text = event_text(&symbol.name, symbol.fields.iter().zip(&args));
        Some(self.item(ItemKind::Event { event, args }, &text))
    }

    /// A choice with the defaults of its fields.
    fn chosen(&self, choice: &Choice) -> Option<Item> {
        let child = match choice {
            Choice::Event(offer) => return self.event(offer.event),
            Choice::Done(child) => *child,
        };
        let row = self.machine().children.get(child)?;
        let result = row.result.as_ref().map(|ty| Value::default_of(ty, "result"));
        let text = match &result {
            Some(value) => format!("done({}, result: {value})", row.name),
            None => format!("done({})", row.name),
        };
        Some(self.item(ItemKind::Done { child, result }, &text))
    }
}

impl<'m> Player<'m> {
    /// What has just been started.
    pub(super) fn new(stage: &Stage<'m>) -> Self {
        let stage = stage.clone().explaining();
        let mut player = Self {
            session: stage.session(),
            stage,
            started_with: Answers::default(),
            word: Vec::new(),
            past: Vec::new(),
            answers: Answers::default(),
            last: Vec::new(),
            at: None,
        };
        player.restart();
        player
    }

    /// Starts anew with the answers that hold now.
    pub(super) fn restart(&mut self) {
        self.session = self.stage.session();
        self.started_with = self.answers.clone();
        self.last = self.session.start(&self.started_with);
        self.word.clear();
        self.past.clear();
    }

    /// What stands in front of a word: values for parameters and answers, with which the machine starts anew.
    pub(super) fn begin(&mut self, word: &Word) {
        if word.params.is_empty() && word.start.0.is_empty() {
            return;
        }
        if !word.params.is_empty() {
            self.stage = self.stage.clone().with_params(word.params.clone());
        }
        self.answers.0.extend(word.start.0.clone());
        self.restart();
    }

    /// Applies items as one step that can be taken back.
    pub(super) fn play(&mut self, items: &[Item]) {
        if self.past.len() == UNDO_LIMIT {
            self.past.remove(0);
        }
        self.past.push((self.session.clone(), self.word.len()));
        self.last.clear();
        for item in items {
            let item = self.answered(item);
            self.last.extend(self.session.apply(&item));
            self.word.push(format!("{}{}", item.text, item.answers));
        }
    }

    /// Takes the last step back, if there is one.
    pub(super) fn undo(&mut self) -> bool {
        let Some((session, length)) = self.past.pop() else { return false };
        self.session = session;
        self.word.truncate(length);
        self.last.clear();
        true
    }

    /// What holds for every item that does not say otherwise.
    pub(super) fn answer(&mut self, answers: Answers) {
        self.answers.0.extend(answers.0);
    }

    pub(super) fn forget(&mut self) {
        self.answers.0.clear();
    }

    fn answered(&self, item: &Item) -> Item {
        let mut answers = self.answers.clone();
        answers.0.extend(item.answers.0.clone());
        Item { answers, ..item.clone() }
    }

    /// The machines that are shown, in the order of their start.
    pub(super) fn actors(&self) -> Vec<Actor<'_, 'm>> {
        let all = self.session.system().outermost();
        let all: Vec<_> =
            all.map(|(address, name, interpreter)| Actor { address, name, interpreter }).collect();
        // One that was taken back is not there.
        match all.iter().position(|actor| Some(actor.name) == self.at.as_deref()) {
            Some(only) => all.into_iter().skip(only).take(1).collect(),
            None => all,
        }
    }

    /// Shows only one actor, or all again. Where no such actor runs, those that do.
    pub(super) fn look_at(&mut self, actor: Option<String>) -> Result<(), Vec<String>> {
        let names: Vec<String> =
            self.session.system().outermost().map(|(_, name, _)| name.to_owned()).collect();
        if let Some(name) = &actor
            && !names.contains(name)
        {
            return Err(names);
        }
        self.at = actor;
        Ok(())
    }

    /// The choice of a number.
    pub(super) fn choice(&self, number: usize) -> Option<Item> {
        let actors = self.actors();
        let (actor, choice) = numbered(&actors).nth(number.checked_sub(1)?)?;
        actor.chosen(&choice)
    }

    /// What would become of an event without fields, or with their defaults, under the answers that hold.
    pub(super) fn outlook(&self, actor: &Actor<'_, '_>, event: EventId) -> Option<Outcome> {
        let item = self.answered(&actor.event(event)?);
        self.session.clone().apply(&item).first().map(|row| row.report.outcome)
    }

    pub(super) fn stage(&self) -> &Stage<'m> {
        &self.stage
    }

    pub(super) fn session(&self) -> &Session<'m> {
        &self.session
    }

    pub(super) fn held_answers(&self) -> &Answers {
        &self.answers
    }

    /// The rows of the last step.
    pub(super) fn last_rows(&self) -> &[Row] {
        &self.last
    }

    /// The word so far, as a file of words holds it.
    pub(super) fn word(&self) -> String {
        let start = self.started_with.to_string();
        let items = self.word.iter().cloned();
        let parts: Vec<String> =
            Some(start).filter(|start| !start.is_empty()).into_iter().chain(items).collect();
        if parts.is_empty() { "ε".to_owned() } else { parts.join(" ") }
    }
}

/// What can be chosen by number, from 1: of each machine its events, then its children that may complete.
pub(super) fn numbered<'a, 'p, 'm>(
    actors: &'a [Actor<'p, 'm>],
) -> impl Iterator<Item = (&'a Actor<'p, 'm>, Choice)> {
    actors.iter().flat_map(|actor| actor.choices().into_iter().map(move |row| (actor, row)))
}
