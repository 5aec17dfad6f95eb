//! Words: strings of input symbols, with payloads, spans of time and answers of extern guards.
//!
//! ```text
//! FETCH_DATA(symbol: "BTCUSD")      an event; fields by position or name, missing ones take defaults
//! REQUEST_DATA[fresh, not late]     answers of extern guards during that step and what it sets off
//! after 30s    +30s                 the clock moves on and fires what becomes due
//! after                             the clock moves to the next timer and fires it
//! done(worker)                      a running child machine completes
//! done(worker, result: 42)          with what it returns
//! 0123                              fieldless symbols written together, where that reads one way only
//! ε    ""                           the empty word
//! [fresh] A B                       answers for the start of the machine
//! (3, name: "a") A B                values for the machine's parameters, before its answers
//! worker.GO                         an event of a child that runs
//! shop.BUY  store["EU"].FETCH       where the actors of a system run: whose event it is
//! ```

mod joined;

use std::fmt;

use super::{
    Address, Answers, LocalValue, Stage, Value, literal::Cursor, stage::Subject, value::parse_duration,
};
use crate::{
    diagnostic::nearest,
    model::{self, ChildId, EventId, Field, Machine, Model, names},
};
use joined::split;

/// Most items of one word.
const ITEM_LIMIT: usize = 65_536;

/// A word over the input alphabet of a machine, every name resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Word {
    /// As it was written, without the space around it.
    pub text: String,
    /// Values for parameters of the machine.
    pub params: Vec<LocalValue>,
    /// Answers of extern guards while the machine starts.
    pub start: Answers,
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One item of a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Whom it happens to.
    pub to: Address,
    /// What happens.
    pub kind: ItemKind,
    /// Answers of extern guards during the item's steps; guards that are not named are false.
    pub answers: Answers,
    /// As it was written, without the answers.
    pub text: String,
    /// Where it stands, from 1, in characters.
    pub column: u32,
}

/// What an item of a word makes happen.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// An event of Σ.
    Event {
        /// Which event.
        event: EventId,
        /// One value a field, in order.
        args: Vec<Value>,
    },
    /// Time passes.
    Advance {
        /// How much, in microseconds.
        span_us: i64,
    },
    /// A child machine that runs completes.
    Done {
        /// Which child.
        child: ChildId,
        /// What it returns, where it returns anything.
        result: Option<Value>,
    },
    /// Time passes up to the next timer or message of the machine to itself.
    Elapse,
}

/// Why a text is no word of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordError {
    /// The line, from 1, in a file of words.
    pub line: Option<u32>,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        write!(f, "column {}: {}; {}", self.column, self.message, self.help)
    }
}

impl std::error::Error for WordError {}

impl Word {
    /// Reads a word of the machine's input alphabet; see [`Stage::word`].
    ///
    /// # Errors
    /// The first mistake: where it is, what is wrong, what to do.
    pub fn parse(text: &str, machine: &Machine) -> Result<Self, WordError> {
        Self::read(text, &Stage::alone(machine))
    }

    pub(super) fn read(text: &str, stage: &Stage<'_>) -> Result<Self, WordError> {
        let mut word = Self { text: text.trim().to_owned(), ..Self::default() };
        if matches!(word.text.as_str(), "ε" | "\"\"") {
            return Ok(word);
        }
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        if cursor.peek() == Some('(') {
            word.params = params(&mut cursor, stage)?;
            cursor.skip_space();
        }
        if cursor.peek() == Some('[') {
            word.start = answers(&mut cursor, stage)?;
        }
        while !cursor.skip_space() {
            item(&mut cursor, stage, &mut word.items)?;
            if word.items.len() > ITEM_LIMIT {
                let message = format!("the word has more than {ITEM_LIMIT} items");
                return Err(cursor.error(message, "split it into several words".to_owned()));
            }
        }
        Ok(word)
    }
}

/// `(3, name: "a")`, in front of a word: values for the machine's parameters.
fn params(cursor: &mut Cursor<'_>, stage: &Stage<'_>) -> Result<Vec<LocalValue>, WordError> {
    let Some(machine) = stage.machine() else {
        let message = format!("`{}` is a system, whose actors get their values there", stage.name());
        return Err(cursor.error(message, "leave the parentheses out".to_owned()));
    };
    let locals: Vec<(usize, Field)> = (0..)
        .zip(&machine.locals)
        .filter(|(_, local)| local.state == 0 && local.param)
        .map(|(id, local)| (id, Field { name: local.name.clone(), ty: local.ty.clone() }))
        .collect();
    if locals.is_empty() {
        let message = format!("`{}` takes no parameters", machine.name);
        return Err(cursor.error(message, "leave the parentheses out".to_owned()));
    }
    let fields: Vec<Field> = locals.iter().map(|(_, field)| field.clone()).collect();
    let values = cursor.values(&machine.name, &fields)?;
    Ok(locals.iter().zip(values).filter_map(|((id, _), value)| Some((*id, value?))).collect())
}

/// Reads one item; a token of several symbols becomes several.
fn item(cursor: &mut Cursor<'_>, stage: &Stage<'_>, items: &mut Vec<Item>) -> Result<(), WordError> {
    let (column, from) = (cursor.column(), cursor.offset());
    let (mut to, mut machine) = (Address::default(), stage.machine());
    if let Subject::Actors(model, system) = stage.subject
        && !is_clock(cursor)
    {
        let (address, found) = actor(cursor, model, system)?;
        (to, machine) = (address, Some(found));
    }
    // As deep as the word is long.
    while let (Some(outer), Some(model)) = (machine, stage.model()) {
        let child = |name: &str| outer.children.iter().position(|child| child.name == name);
        let Some(child) = cursor.step_into(child) else { break };
        to.below.push(child);
        machine = outer.children.get(child).and_then(|child| model.machine(&child.machine));
    }
    let is_quoted = cursor.peek() == Some('\'');
    let at = cursor.column();
    let token = cursor.symbol()?;
    let input = machine.and_then(|machine| input_event(machine, &token));
    let is_plain = !is_quoted && input.is_none();
    if is_plain
        && to.below.is_empty()
        && let Some(kind) = clock(cursor, &token, at)?
    {
        let text = cursor.text_from(from);
        let answers = answers(cursor, stage)?;
        items.push(Item { to: Address::default(), kind, answers, text, column });
        return Ok(());
    }
    let Some(machine) = machine else { return Ok(()) };
    if is_plain && token == "done" {
        let kind = done(cursor, machine, at)?;
        let text = cursor.text_from(from);
        let answers = answers(cursor, stage)?;
        items.push(Item { to, kind, answers, text, column });
        return Ok(());
    }
    let Some(event) = input else {
        return split(cursor, machine, &token, at, &to, items);
    };
    let args = cursor.arguments(machine, event)?;
    let text = cursor.text_from(from);
    let answers = answers(cursor, stage)?;
    items.push(Item { to, kind: ItemKind::Event { event, args }, answers, text, column });
    Ok(())
}

/// Whether the clock is spoken to, which no actor is.
fn is_clock(cursor: &mut Cursor<'_>) -> bool {
    cursor.peek() == Some('+') || cursor.looks_at(|token| token == "after")
}

/// `shop.` or `store["EU"].`: which actor.
fn actor<'m>(
    cursor: &mut Cursor<'_>,
    model: &'m Model,
    system: &'m model::System,
) -> Result<(Address, &'m Machine), WordError> {
    let column = cursor.column();
    let name = cursor.name();
    let fail = |message: String, help: String| Err(WordError { line: None, column, message, help });
    let form = |name: &str| {
        let family =
            system.actors.iter().find(|actor| actor.name == name).and_then(|actor| actor.family.as_ref());
        match family {
            Some(family) => {
                format!("write `{name}[{}].EVENT`, with a value of type {}", family.name, family.ty)
            }
            None => format!("write `{name}.EVENT`"),
        }
    };
    let Some((at, row)) = system.actors.iter().enumerate().find(|(_, row)| row.name == name) else {
        let able = system.actors.iter().find(|row| {
            model.machine(&row.machine).is_some_and(|machine| input_event(machine, &name).is_some())
        });
        if let Some(able) = able {
            let message = format!("`{name}` does not say which actor it is for");
            return fail(message, form(&able.name).replace("EVENT", &name));
        }
        let names = || system.actors.iter().map(|row| row.name.as_str());
        let help = match nearest(&name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its actors are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return fail(format!("`{}` has no actor `{name}`", system.name), help);
    };
    let member = match &row.family {
        Some(family) => {
            if !cursor.take('[') {
                return fail(
                    format!("`{name}` is a family, and nothing says which one is meant"),
                    form(&name),
                );
            }
            let value = cursor.value(&family.ty, 0)?;
            if !cursor.take(']') {
                return Err(cursor.error(format!("a `]` is missing behind `{name}[`"), form(&name)));
            }
            Some(value)
        }
        None => None,
    };
    if !cursor.take('.') {
        return Err(cursor.error(format!("what `{name}` is sent is missing"), form(&name)));
    }
    let Some(machine) = model.machine(&row.machine) else {
        return fail(format!("`{name}` runs no machine"), "declare its machine".to_owned());
    };
    Ok((Address { actor: at, member, below: Vec::new() }, machine))
}

/// `+5s`, `after 5s` and `after`.
fn clock(cursor: &mut Cursor<'_>, token: &str, column: u32) -> Result<Option<ItemKind>, WordError> {
    if token == "after" {
        let span_us = cursor.take_if(parse_duration);
        return match span_us {
            Some(span_us) if span_us < 0 => Err(backwards(column)),
            Some(span_us) => Ok(Some(ItemKind::Advance { span_us })),
            None => Ok(Some(ItemKind::Elapse)),
        };
    }
    match token.strip_prefix('+').map(parse_duration) {
        Some(Some(span_us)) if span_us < 0 => Err(backwards(column)),
        Some(Some(span_us)) => Ok(Some(ItemKind::Advance { span_us })),
        _ => Ok(None),
    }
}

/// `(child)` or `(child, result: value)`, behind `done`.
fn done(cursor: &mut Cursor<'_>, machine: &Machine, column: u32) -> Result<ItemKind, WordError> {
    let fail =
        |column: u32, message: String, help: String| Err(WordError { line: None, column, message, help });
    let form = || "write `done(child)` or `done(child, result: value)`".to_owned();
    if !cursor.take('(') {
        return fail(column, "`done` does not say which child machine completes".to_owned(), form());
    }
    cursor.skip_space();
    let at = cursor.column();
    let name = cursor.name();
    let Some(child) = machine.children.iter().position(|child| child.name == name) else {
        let message = format!("`{name}` is no child machine of `{}`", machine.name);
        let help = match nearest(&name, machine.children.iter().map(|child| child.name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => form(),
        };
        return fail(at, message, help);
    };
    let ty = machine.children.get(child).and_then(|child| child.result.as_ref());
    let mut result = ty.map(|ty| Value::default_of(ty, "result"));
    if cursor.take(',') {
        cursor.skip_space();
        let at = cursor.column();
        let Some(ty) = ty else {
            return fail(at, format!("`{name}` returns nothing"), format!("write `done({name})`"));
        };
        if cursor.name() != "result" || !cursor.take(':') {
            return fail(at, "a result stands without its name".to_owned(), form());
        }
        result = Some(cursor.value(ty, 0)?);
    }
    if !cursor.take(')') {
        return Err(cursor.error("a `)` is missing after `done(`".to_owned(), form()));
    }
    Ok(ItemKind::Done { child, result })
}

fn backwards(column: u32) -> WordError {
    WordError {
        line: None,
        column,
        message: "time does not run backwards".to_owned(),
        help: "write a span such as `after 30s`".to_owned(),
    }
}

fn input_event(machine: &Machine, name: &str) -> Option<EventId> {
    machine.events.iter().position(|event| !event.internal && event.symbol.name == name)
}

/// `EVENT(field: value)`, as a word holds it, with the fields that are given.
pub fn event_text<'v>(name: &str, given: impl IntoIterator<Item = (&'v Field, &'v Value)>) -> String {
    let given: Vec<String> =
        given.into_iter().map(|(field, value)| format!("{}: {value}", field.name)).collect();
    let name = names::symbol(name);
    if given.is_empty() { name } else { format!("{name}({})", given.join(", ")) }
}

/// `[fresh, not ready]`, if it is there: answers of extern guards.
fn answers(cursor: &mut Cursor<'_>, stage: &Stage<'_>) -> Result<Answers, WordError> {
    let mut answers = Answers::default();
    if !cursor.take('[') {
        return Ok(answers);
    }
    let guards = stage.guards();
    loop {
        cursor.skip_space();
        let column = cursor.column();
        let mut name = cursor.name();
        let mut value = true;
        if name == "not" {
            value = false;
            cursor.skip_space();
            name = cursor.name();
        }
        if !guards.contains(&name.as_str()) {
            let message = format!("`{name}` is no extern guard of `{}`", stage.name());
            let help = match nearest(&name, guards.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "brackets hold names of extern guards: `[fresh, not ready]`".to_owned(),
            };
            return Err(WordError { line: None, column, message, help });
        }
        answers.0.insert(name, value);
        if cursor.take(']') {
            return Ok(answers);
        }
        if !cursor.take(',') {
            let help = "write `[fresh, not ready]`".to_owned();
            return Err(cursor.error("a `,` or `]` is missing in the guard answers".to_owned(), help));
        }
    }
}
