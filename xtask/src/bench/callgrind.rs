//! Instructions an event: each subject reads two words under callgrind, one twice as long as the other, so
//! that starting and preparing fall out of the difference.

use std::{collections::BTreeSet, process::Command};

use super::{HINT, figures::Figures, program};
use crate::{error::Error, tools};

/// Events of the shorter word.
const EVENTS: u64 = 50_000;

/// Counts every subject.
pub(super) fn count(figures: &mut Figures) -> Result<(), Error> {
    let subjects = tools::output(program("times").arg("list"), HINT)?;
    for line in subjects.lines().collect::<BTreeSet<_>>() {
        let subject: Vec<&str> = line.split('\t').collect();
        let &[group, name, mode, word] = subject.as_slice() else { continue };
        tools::progress(&format!("callgrind: {group}, {name}, {mode}, {word}"));
        let (once, twice) = (instructions(&subject, EVENTS)?, instructions(&subject, 2 * EVENTS)?);
        let each = twice.saturating_sub(once) as f64 / EVENTS as f64;
        figures.add(group, name, &format!("{mode} {word}"), "instructions", each);
    }
    Ok(())
}

/// Instructions of one whole run. As many events are prepared for either length.
fn instructions(subject: &[&str], events: u64) -> Result<u64, Error> {
    let run = program("times");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .current_dir(tools::root())
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(run.get_program())
        .arg("run")
        .args(subject)
        .args(["--events", &events.to_string(), "--prepared", &(2 * EVENTS).to_string()]);
    let said = tools::errors(&mut valgrind, "the output of valgrind is above")?;
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok()).ok_or_else(|| {
        Error::Unexpected {
            what: "what callgrind says".to_owned(),
            why: "it holds no line `Collected : …`".to_owned(),
            hint: "try `valgrind --tool=callgrind true`".to_owned(),
        }
    })
}
