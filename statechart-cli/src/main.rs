//! `statechart`: checks, draws, runs, explains, compares and expands `.sc` specifications.
//!
//! ```text
//! arguments ──▶ commands/… ──spec──▶ Compiled ──▶ text on stdout (or -o FILE)
//!                              │                  diagnostics and errors on stderr
//!                           loader                exit code 0, 1 or 2
//! ```
//!
//! Every command has the same shape: its arguments as a struct, and `run`, which writes its result and
//! returns what the exit code says. Results go to stdout and everything else to stderr, so that a
//! picture or a table can be piped while warnings are still seen.

mod commands;
mod error;
mod loader;
mod lsp;
mod output;
mod spec;
mod stage;
mod style;
mod tree;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{Pairing, Single};

/// Checks, draws, runs, explains, compares and expands statechart specifications (.sc files).
///
/// Diagnostics say what is wrong, where, why, and what to do about it.
/// They are coloured only on a terminal, and not when NO_COLOR is set.
#[derive(Debug, Parser)]
#[command(name = "statechart", version, about, long_about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well (warnings allowed)
  1  the specification or a word has errors, a word was not accepted, or a file is not formatted
  2  wrong usage, or a file cannot be read or written

Examples:
  statechart check specs/*.sc
  statechart diagram specs/producer.sc | dot -Tsvg -o producer.svg
  statechart run specs/turnstile.sc --word \"COIN PUSH\"
  statechart why specs/turnstile.sc --word \"PUSH COIN\"
  statechart cover specs/turnstile.sc --criteria transitions
  statechart diff old.sc specs/turnstile.sc
  statechart expand specs/turnstile.sc | less
  statechart fmt --check specs/*.sc
  statechart import door.scxml -o door.sc
  statechart export specs/turnstile.sc --format xstate
  statechart language specs/turnstile.sc --regex
  statechart equivalent old.sc new.sc";

#[derive(Debug, Subcommand)]
enum Command {
    Check(commands::Check),
    Diagram(commands::Diagram),
    Run(commands::Run),
    Why(commands::Why),
    Cover(commands::Cover),
    Trace(commands::Trace),
    Diff(commands::Diff),
    Expand(commands::Expand),
    Fmt(commands::Fmt),
    Lsp(lsp::Lsp),
    Import(commands::Import),
    Export(commands::Export),
    Accepts(commands::Accepts),
    Language(commands::Language),
    Equivalent(commands::Equivalent),
    Include(commands::Include),
    /// Show the minimal automaton of the words that both machines accept.
    Intersect(commands::Two),
    /// Show the minimal automaton of the words that either machine accepts.
    Union(commands::Two),
    /// Show the product automaton of two machines: every pair of states that one word leads to.
    Product(commands::Two),
    /// Show the minimal automaton of the words that a machine does not accept.
    Complement(commands::One),
    /// Show a machine as a deterministic automaton.
    Determinize(commands::One),
    /// Show a machine as the smallest deterministic automaton.
    Minimize(commands::One),
}

/// What the exit code says, when nothing prevented an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// All is well.
    Good,
    /// The specification or a word has errors, or a word was not accepted.
    Bad,
    /// A file that was named on the command line cannot be read.
    Unreadable,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(check) => check.run(),
        Command::Diagram(diagram) => diagram.run(),
        Command::Run(run) => run.run(),
        Command::Why(why) => why.run(),
        Command::Cover(cover) => cover.run(),
        Command::Trace(trace) => trace.run(),
        Command::Diff(diff) => diff.run(),
        Command::Expand(expand) => expand.run(),
        Command::Fmt(fmt) => fmt.run(),
        Command::Lsp(lsp) => lsp.run(),
        Command::Import(import) => import.run(),
        Command::Export(export) => export.run(),
        Command::Accepts(accepts) => accepts.run(),
        Command::Language(language) => language.run(),
        Command::Equivalent(equivalent) => equivalent.run(),
        Command::Include(include) => include.run(),
        Command::Intersect(two) => two.run(Pairing::Intersect),
        Command::Union(two) => two.run(Pairing::Union),
        Command::Product(two) => two.run(Pairing::Product),
        Command::Complement(one) => one.run(Single::Complement),
        Command::Determinize(one) => one.run(Single::Determinize),
        Command::Minimize(one) => one.run(Single::Minimize),
    };
    match result {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Ok(Outcome::Unreadable) => ExitCode::from(2),
        // The reader has seen enough (`| head`): that is its right, and no error.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            error.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
