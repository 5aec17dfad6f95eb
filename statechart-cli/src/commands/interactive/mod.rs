//! `statechart run --interactive`: a machine, or the actors of a system, stepped line by line.
//!
//! ```text
//! stdin ─line─▶ command ──▶ player (session, undo, word so far) ──▶ show ─▶ stdout
//! ```
//!
//! It is line based, so that a pipe drives it as well as a person does; only a terminal gets a prompt.

mod command;
mod player;
mod show;

use std::io::{self, BufRead, IsTerminal as _, Read as _};

use statechart_lang::interpreter::{Item, Stage, Word};

use self::command::Command;
use self::player::Player;
use crate::commands::why;
use crate::error::Error;
use crate::{Outcome, output};

/// Most bytes of one line.
const LINE_LIMIT: u64 = 64 << 10;

/// Steps what is on the stage by the lines of stdin. `words` are applied first; `file` is where `save` appends.
///
/// # Errors
/// stdin or stdout fails. What is wrong with a line is told, and the next line is read.
pub(crate) fn run(
    view: &why::View<'_>,
    stage: &Stage<'_>,
    words: &[Word],
    file: &str,
) -> Result<Outcome, Error> {
    let mut stdin = io::stdin().lock();
    let is_terminal = io::stdin().is_terminal();
    let mut table = Table { view, file, player: Player::new(stage), refused: false };
    for word in words {
        table.player.begin(word);
        table.player.play(&word.items);
    }
    output::styled(&format!("{}{}", show::welcome(stage), show::situation(&table.player)))?;
    loop {
        if is_terminal {
            output::styled(show::PROMPT)?;
        }
        let Some(line) = read_line(&mut stdin)? else { break };
        let Some(line) = line else {
            table.refuse(&format!("the line is longer than {} KiB", LINE_LIMIT >> 10), "write it in parts");
            continue;
        };
        match Command::parse(&line, stage) {
            Ok(Some(Command::Quit)) => break,
            Ok(Some(command)) => table.obey(command)?,
            Ok(None) => {}
            Err(mistake) => table.refuse(&mistake.what, &mistake.help),
        }
    }
    if is_terminal {
        output::styled("\n")?;
    }
    // A person has seen what was refused; a script has to be told.
    Ok(if table.refused && !is_terminal { Outcome::Bad } else { Outcome::Good })
}

/// What the commands work on.
struct Table<'a> {
    view: &'a why::View<'a>,
    file: &'a str,
    player: Player<'a>,
    refused: bool,
}

impl Table<'_> {
    fn obey(&mut self, command: Command) -> Result<(), Error> {
        match command {
            Command::Choose(number) => match self.player.choice(number) {
                Some(item) => self.play(&[item]),
                None => {
                    self.refuse(
                        &format!("there is no event {number} to choose"),
                        "`show` lists what there is to choose from",
                    );
                    Ok(())
                }
            },
            Command::Play(items) => self.play(&items),
            Command::Answer(answers) => {
                self.player.answer(answers);
                output::styled(&show::answers(&self.player))
            }
            Command::Forget => {
                self.player.forget();
                output::styled(&show::answers(&self.player))
            }
            Command::At(actor) => self.look_at(actor),
            Command::Undo => {
                if self.player.undo() {
                    output::styled(&show::situation(&self.player))
                } else {
                    self.refuse("there is nothing to undo", "the machine stands where it started");
                    Ok(())
                }
            }
            Command::Restart => {
                self.player.restart();
                output::styled(&show::situation(&self.player))
            }
            Command::Show => output::styled(&show::situation(&self.player)),
            Command::Why => output::styled(&why::explain_rows(self.view, self.player.last_rows())),
            Command::Word => output::styled(&format!("{}\n", self.player.word())),
            Command::Save(name) => self.save(name.as_deref()),
            Command::Help => output::styled(command::HELP),
            Command::Quit => Ok(()),
        }
    }

    fn look_at(&mut self, actor: Option<String>) -> Result<(), Error> {
        let wanted = actor.clone().unwrap_or_default();
        if self.player.stage().system().is_none() {
            self.refuse("one machine runs, and no actors", "`show` says how it stands");
            return Ok(());
        }
        match self.player.look_at(actor) {
            Ok(()) => output::styled(&show::situation(&self.player)),
            Err(known) => {
                self.refuse(
                    &format!("no actor `{wanted}` runs"),
                    &format!("those that run are {}", known.join(", ")),
                );
                Ok(())
            }
        }
    }

    fn play(&mut self, items: &[Item]) -> Result<(), Error> {
        self.player.play(items);
        let text = format!("{}{}", show::rows(self.player.last_rows()), show::situation(&self.player));
        output::styled(&text)
    }

    /// Appends the word so far to the file of words.
    fn save(&mut self, name: Option<&str>) -> Result<(), Error> {
        let line = match name {
            Some(name) => format!("{name}: {}\n", self.player.word()),
            None => format!("{}\n", self.player.word()),
        };
        match output::append(&line, self.file) {
            Ok(()) => output::styled(&format!("appended to {}\n", self.file)),
            Err(error) => {
                let help = error.help().unwrap_or_default();
                self.refuse(&error.to_string(), &help);
                Ok(())
            }
        }
    }

    fn refuse(&mut self, what: &str, help: &str) {
        self.refused = true;
        output::mistake(what, Some(help));
    }
}

/// The next line; `None` at the end, `Some(None)` for a line beyond the limit, which is skipped whole.
fn read_line(stdin: &mut impl BufRead) -> Result<Option<Option<String>>, Error> {
    let failed = |error: io::Error| Error::Read { path: "stdin".to_owned(), why: error.to_string() };
    let mut bytes = Vec::new();
    stdin.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut bytes).map_err(failed)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !bytes.ends_with(b"\n") && bytes.len() as u64 == LINE_LIMIT {
        loop {
            let mut rest = Vec::new();
            stdin.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut rest).map_err(failed)?;
            if rest.is_empty() || rest.ends_with(b"\n") {
                return Ok(Some(None));
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(Some(text.trim_end_matches(['\n', '\r']).to_owned())))
}

/// The file of words beside a specification.
pub(crate) fn words_beside(spec: &str) -> String {
    std::path::Path::new(spec).with_extension("words").to_string_lossy().into_owned()
}
