//! A line, understood.

use statechart_lang::interpreter::{Answers, Item, Stage};

/// What `help` prints.
pub(super) const HELP: &str =
    "  1 … n               send the event of that number, with default values for its fields
  done(child)         let a child machine complete, done(child, result: value) with what it returns
  child.EVENT         send a child machine an event
  EVENT(field: value) send an event; several at once make a word; EVENT[fresh, not late] answers extern guards
  actor.EVENT         send an event to an actor of a system; actor[value].EVENT to one of a family
  at ACTOR            of a system, show and number only what this actor does; `at` alone shows all again
  after 30s, +30s     let time pass and fire what becomes due
  after               go to the next timer or message
  answer fresh, not late   how extern guards are answered from now on; `answer` alone makes all false again
  why                 why each candidate of the last step was taken or not
  show                the states, the context, what waits, and the events to choose from
  word                the word so far
  save [NAME]         append the word so far to the file of words
  undo                take the last line back
  restart             start the machine anew, with the answers given so far
  help, quit
A command may be written with a colon before it, for machines whose events have the same name: `:undo`, `:1`.
";

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    /// The event of this number, from 1.
    Choose(usize),
    /// A word.
    Play(Vec<Item>),
    /// Answers of extern guards, from now on.
    Answer(Answers),
    /// All of them false again.
    Forget,
    /// Only this actor is shown, or all again.
    At(Option<String>),
    Undo,
    Restart,
    Show,
    Why,
    Word,
    /// With the name that the word gets.
    Save(Option<String>),
    Help,
    Quit,
}

/// Why a line was not understood.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    pub(super) what: String,
    pub(super) help: String,
}

/// A word, and the command that it is.
type Plain = (&'static str, fn() -> Command);

/// The commands without arguments.
const PLAIN: [Plain; 10] = [
    ("undo", || Command::Undo),
    ("restart", || Command::Restart),
    ("show", || Command::Show),
    ("why", || Command::Why),
    ("word", || Command::Word),
    ("help", || Command::Help),
    ("?", || Command::Help),
    ("quit", || Command::Quit),
    ("exit", || Command::Quit),
    ("q", || Command::Quit),
];

impl Command {
    /// Reads a line; nothing for an empty one or a comment. A colon makes it a command; without one it is a command
    /// unless the machine has an event of that name.
    pub(super) fn parse(line: &str, stage: &Stage<'_>) -> Result<Option<Self>, Mistake> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let (is_certain, text) = match line.strip_prefix(':') {
            Some(text) => (true, text.trim()),
            None => (false, line),
        };
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let is_event = stage.machine().is_some_and(|machine| machine.event(name).is_some());
        if !is_certain && is_event && stage.word(text).is_ok() {
            return word(text, stage).map(Some);
        }
        if let Ok(number) = text.parse::<usize>()
            && (is_certain || stage.word(text).is_err())
        {
            return Ok(Some(Self::Choose(number)));
        }
        if let Some((_, command)) = PLAIN.iter().find(|(known, _)| rest.is_empty() && *known == name) {
            return Ok(Some(command()));
        }
        match name {
            "answer" => answers(rest, stage).map(Some),
            "save" => save(rest.trim()).map(Some),
            "at" => Ok(Some(Self::At(Some(rest.trim().to_owned()).filter(|actor| !actor.is_empty())))),
            _ if is_certain => Err(Mistake {
                what: format!("`{name}` is no command"),
                help: "`:help` lists the commands; an event is written without the colon".to_owned(),
            }),
            _ => word(text, stage).map(Some),
        }
    }
}

fn word(text: &str, stage: &Stage<'_>) -> Result<Command, Mistake> {
    let word = stage.word(text).map_err(|error| Mistake {
        what: error.message,
        help: format!("{}; `help` lists the commands", error.help),
    })?;
    if !word.params.is_empty() {
        return Err(Mistake {
            what: "the machine has been started with its parameters".to_owned(),
            help: "leave the parentheses out, or start anew with `--param name=value`".to_owned(),
        });
    }
    if word.items.is_empty() && !word.start.0.is_empty() {
        return Ok(Command::Answer(word.start));
    }
    Ok(Command::Play(word.items))
}

fn answers(text: &str, stage: &Stage<'_>) -> Result<Command, Mistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Command::Forget);
    }
    // Written as the answers for a machine's start are.
    let bracketed = if text.starts_with('[') { text.to_owned() } else { format!("[{text}]") };
    let word = stage.word(&bracketed).map_err(|error| Mistake { what: error.message, help: error.help })?;
    Ok(Command::Answer(word.start))
}

fn save(name: &str) -> Result<Command, Mistake> {
    if name.contains(|c: char| c.is_control() || ":#()[]\"'".contains(c)) {
        return Err(Mistake {
            what: format!("`{name}` cannot be the name of a word"),
            help: "leave out colons, quotes, brackets and `#`".to_owned(),
        });
    }
    Ok(Command::Save((!name.is_empty()).then(|| name.to_owned())))
}
