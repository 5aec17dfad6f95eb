//! Why a command failed: what, where, why, and what to do, in one sentence.

use std::{io, path::PathBuf};

use crate::{lock::LockError, platform::StartError, simulator::SimulatorError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The arguments cannot be read, or help was asked for.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// A setting's value cannot be used.
    #[error("{place} is `{value}`: {reason}")]
    Setting {
        /// Where it stands: `--listen`, `PLATFORM_LISTEN`, `listen in platform.toml, line 3`.
        place: String,
        /// As given.
        value: String,
        /// Why it cannot be used, and what can.
        reason: String,
    },
    /// A setting without which there is nothing to do.
    #[error("{0}")]
    Missing(&'static str),
    /// The configuration file is wrong.
    #[error("{path}, line {line}: {reason}")]
    ConfigFile {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A tape has rows that cannot be used.
    #[error("{path} has {bad} rows that cannot be used; correct or remove the lines listed above")]
    Tape {
        /// The file.
        path: String,
        /// How many.
        bad: u64,
    },
    /// The directory has nothing of ours.
    #[error("{} {why}, so nothing was deleted; give a directory that `platform run --data-dir` has used", .dir.display())]
    NoDataDir {
        /// The directory.
        dir: PathBuf,
        /// `does not exist`, …
        why: &'static str,
    },
    /// Deleting needs a yes, and there is nobody to ask.
    #[error("nothing was deleted: {0}; say yes at the question, or give --yes")]
    NotConfirmed(&'static str),
    /// A data directory of a demo is used with other settings.
    #[error(
        "{dir} holds a made-up market of seed {seed}, so another seed would contradict it; give --seed {seed} or another --data-dir"
    )]
    OtherSeed {
        /// The directory.
        dir: String,
        /// The seed it was made with.
        seed: u64,
    },
    /// The data directory is in use or cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The platform does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The simulator does not start.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// Some of log, store and cache cannot be used; each has been reported.
    #[error("{0} cannot be used; what each of them says stands above")]
    NotUsable(String),
    /// No platform answers.
    #[error(
        "no platform answers at {url} ({reason}); start one with `platform run` or `platform demo`, or give its address with --url"
    )]
    Unreachable {
        /// Its base URL.
        url: String,
        /// The connection's words.
        reason: String,
    },
    /// Something answers, but not as the platform does.
    #[error("{url} does not answer like a platform ({reason}); check the address")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The demo's request got no candles.
    #[error(
        "the demo's request was not answered within {within_s} s ({reason}); `--log-level info` shows what the actors do"
    )]
    NoCandles {
        /// How long it waited.
        within_s: u64,
        /// The last thing that was heard.
        reason: String,
    },
    /// A file or stream.
    #[error("cannot {doing} {what}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        what: String,
        /// The system's words.
        source: io::Error,
    },
}

impl CliError {
    /// 2 for usage and configuration, 1 for what failed while it ran, 0 for help.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Arguments(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Setting { .. }
            | Self::Missing(_)
            | Self::ConfigFile { .. }
            | Self::NoDataDir { .. }
            | Self::NotConfirmed(_)
            | Self::OtherSeed { .. }
            | Self::Start(StartError::Backend { .. } | StartError::Unusable(_) | StartError::Settings(_))
            | Self::NotUsable(_)
            | Self::Simulator(SimulatorError::Config { .. } | SimulatorError::Tape { .. }) => 2,
            _ => 1,
        }
    }

    /// Whether the reader of our output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Tells the user.
    pub(crate) fn report(&self) {
        match self {
            // Help goes to stdout and usage errors to stderr; clap knows which this is.
            Self::Arguments(error) => drop(error.print()),
            _ => anstream::eprintln!("\u{1b}[1;31merror\u{1b}[0m: {self}"),
        }
    }
}
