//! The `platform` command line.
//!
//! ```text
//! arguments ──▶ one command a file: its arguments as a struct, and `run`
//!                 ├─ demo      simulator + platform in this process, asked over HTTP
//!                 ├─ simulate  the simulator alone
//!                 ├─ run       the platform, configured by flags, environment and file (settings/)
//!                 ├─ doctor    whether log, store and cache can be used, and how
//!                 ├─ status    one screen about a running platform
//!                 └─ reset     deletes a data directory's data
//! ```
//!
//! Results go to stdout, everything else to stderr. Colours and moving lines appear on a terminal only. An error is
//! one sentence that says what to do; the exit code is 2 for wrong usage or configuration and 1 when running failed.

mod chart;
mod client;
mod demo;
mod doctor;
mod error;
mod output;
mod path_text;
mod reset;
mod run;
mod settings;
mod signal;
mod simulate;
mod status;
mod symbols;
mod table;
mod time_text;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};

use error::CliError;

/// A market-data platform of five statechart actors: candles on request, fetched where they are missing.
#[derive(Debug, Parser)]
#[command(name = "platform", version, about, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// What is told on stderr: error, warn, info, debug, trace, or a filter like `actors=debug,sqlx=warn`
    /// [default: RUST_LOG, else warn]
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  platform demo                                        everything in one process, nothing to set up
  platform simulate --speed 60x                        an exchange to try things against
  platform run --exchange http://127.0.0.1:9000        the platform on that exchange
  platform doctor --log kafka://127.0.0.1:9092         whether a broker can be used
  platform status                                      what the platform is doing

Exit codes:
  0  all is well
  1  running failed
  2  wrong usage or configuration";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Simulate(simulate::Simulate),
    Run(run::Run),
    Doctor(doctor::Doctor),
    Status(status::StatusCommand),
    Reset(reset::Reset),
}

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    finish(start(std::env::args_os()))
}

fn start(arguments: impl IntoIterator<Item = OsString>) -> Result<(), CliError> {
    let cli = Cli::try_parse_from(arguments)?;
    output::log_to_stderr(cli.log_level.as_deref())?;
    let Some(command) = cli.command else {
        let help = Cli::command().render_help();
        return output::print(&help.ansi().to_string());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|source| {
        CliError::Io { doing: "start the threads of", what: "this process".into(), source }
    })?;
    runtime.block_on(async {
        match command {
            Command::Demo(command) => command.run().await,
            Command::Simulate(command) => command.run().await,
            Command::Run(command) => command.run().await,
            Command::Doctor(command) => command.run().await,
            Command::Status(command) => command.run().await,
            Command::Reset(command) => command.run(),
        }
    })
}

fn finish(result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough (`| head`): that is its right, and no error.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_and_exit_codes() {
        for (arguments, code) in [
            ("--help", 0),
            ("--version", 0),
            ("demo --help", 0),
            ("demo --exti", 2),
            ("dmeo", 2),
            ("status --url ftp://x", 2),
            ("status --url https://127.0.0.1:1", 2),
            ("status --url http://127.0.0.1:1", 1),
            ("simulate --speed fast", 2),
            ("simulate --fault dorp=30s", 2),
            ("simulate --tape a.csv --seed 1", 2),
            ("simulate --tape /does/not/exist.csv", 2),
            ("simulate --check /does/not/exist.csv", 2),
            ("simulate --symbols BTC_USDX", 2),
            ("reset --data-dir /does/not/exist", 2),
            ("demo --log-level no=such=thing", 2),
            ("run --exchange http://127.0.0.1:1 --log debug", 2),
            ("run --exchange http://127.0.0.1:1 --role singer", 2),
            ("run --exchange http://127.0.0.1:1 --partitions 1,x", 2),
            ("doctor --log kafka://", 2),
            ("doctor --log kafka://127.0.0.1:1 --data-dir /does/not/exist", 2),
        ] {
            let arguments = std::iter::once("platform").chain(arguments.split(' ')).map(OsString::from);
            let arguments: Vec<_> = arguments.collect();
            let result = start(arguments.clone());
            let got = result.as_ref().err().map_or(0, CliError::exit_code);
            assert_eq!(got, code, "{arguments:?}: {result:?}");
        }
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  platform "), "{}", command.get_name());
        }
    }
}
