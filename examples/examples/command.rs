//! A machine inside a command: each line of stdin is an event, the exit code says whether the last state accepts.
//!
//! `printf 'coin\npush\n' | cargo run -p statechart-examples --example command`

use std::{
    io::{self, BufRead},
    process::ExitCode,
};

use statechart_runtime::chart::Outcome;

statechart_runtime::statechart!("specs/turnstile.sc");

use turnstile::{Event, Machine, Output};

/// What a person writes, as an event.
fn parse(line: &str) -> Option<Event> {
    match line {
        "coin" => Some(Event::Coin),
        "push" => Some(Event::Push),
        _ => None,
    }
}

fn main() -> io::Result<ExitCode> {
    let mut gate = Machine::new(());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let Some(event) = parse(line.trim()) else {
            eprintln!("`{line}` is no event; write `coin` or `push`");
            return Ok(ExitCode::from(2));
        };
        let step = gate.step(event);
        let outputs: Vec<&str> = step.outputs.iter().map(Output::name).collect();
        match step.outcome {
            Outcome::Taken => println!("{}: {} {}", line.trim(), step.path(), outputs.join(" ")),
            other => println!("{}: {other:?}", line.trim()),
        }
    }
    Ok(if gate.accepts() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
