//! The lines of a journal.

use std::fmt;

use serde::Deserialize;

/// Most bytes of one line.
pub const LOG_LINE_BYTES: usize = 1 << 20;

/// One line: an inspection event of an actor.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    #[serde(default)]
    pub(super) actor: String,
    /// Tells apart the actors of one name.
    #[serde(default)]
    pub(super) instance: u32,
    #[serde(default)]
    pub(super) sequence: u64,
    #[serde(default)]
    pub(super) time_us: i64,
    #[serde(flatten)]
    pub(super) what: What,
    /// Its line, from 1.
    #[serde(skip)]
    pub(super) line: usize,
}

/// What an actor did. Fields that a replay does not need are not read.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum What {
    Started {
        #[serde(default)]
        machine: String,
    },
    Resumed {
        #[serde(default)]
        machine: String,
    },
    Halted,
    Event {
        name: String,
        text: String,
    },
    Transition {
        text: String,
        from: String,
    },
    Entered {
        state: String,
    },
    Exited {
        state: String,
    },
    Output {
        text: String,
    },
    Message {
        text: String,
        delay_us: Option<i64>,
    },
    Undelivered,
    ServiceStarted {
        service: String,
    },
    ServiceFinished {
        service: String,
    },
    ServiceCancelled {
        service: String,
    },
    ServicePanicked,
    ChildStarted {
        child: String,
    },
    ChildFinished {
        child: String,
        result: Option<String>,
    },
    ChildStopped {
        child: String,
    },
    ChildFailed {
        child: String,
    },
    TimerArmed {
        state: String,
        after_us: i64,
    },
    TimerFired {
        state: String,
    },
    Unhandled {
        name: String,
    },
    Deferred,
    Fault {
        kind: String,
    },
    Log {
        text: String,
    },
    Restarting,
    Stopped {
        #[serde(default)]
        failed: bool,
    },
    /// The journal was written too slowly.
    Missed {
        records: u64,
    },
    /// The journal was full.
    Full,
}

/// Every line of a journal.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub(super) records: Vec<Record>,
}

/// Why a text is no journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError {
    /// The line, from 1; 0 for the journal as a whole.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl std::error::Error for LogError {}

impl Log {
    /// Reads a journal. Its last line may be cut off, as a crash leaves it; empty lines are skipped.
    ///
    /// # Errors
    /// The first line that is no inspection event.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let mut records = Vec::new();
        let is_whole = text.ends_with('\n');
        let mut lines = text.lines().enumerate().peekable();
        while let Some((at, line)) = lines.next() {
            if line.trim().is_empty() {
                continue;
            }
            let error =
                |message: String, help: &str| Err(LogError { line: at + 1, message, help: help.to_owned() });
            if line.len() > LOG_LINE_BYTES {
                return error(
                    format!("the line is longer than {LOG_LINE_BYTES} bytes"),
                    "a journal of the runtime has no such line unless an extern value prints so much",
                );
            }
            match serde_json::from_str::<Record>(line) {
                Ok(mut record) => {
                    record.line = at + 1;
                    records.push(record);
                }
                Err(_) if lines.peek().is_none() && !is_whole => break,
                Err(why) => {
                    return error(
                        format!("this is no inspection event: {why}"),
                        "give the file that `statechart_runtime::actor::Journal` has written",
                    );
                }
            }
        }
        Ok(Self { records })
    }

    /// The names of the actors in it, each with its machine's where its start is in it, in order of appearance.
    #[must_use]
    pub fn actors(&self) -> Vec<(String, Option<String>)> {
        let mut actors: Vec<(String, Option<String>)> = Vec::new();
        for record in &self.records {
            if matches!(record.what, What::Missed { .. } | What::Full) {
                continue;
            }
            let machine = match &record.what {
                What::Started { machine } | What::Resumed { machine } if !machine.is_empty() => {
                    Some(machine.clone())
                }
                _ => None,
            };
            match actors.iter_mut().find(|(name, _)| *name == record.actor) {
                Some((_, known)) => *known = known.take().or(machine),
                None => actors.push((record.actor.clone(), machine)),
            }
        }
        actors
    }
}
