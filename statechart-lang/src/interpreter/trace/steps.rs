//! The records of an actor cut into steps: what set each off, and what was seen of it.

use std::cmp::Ordering;

use super::log::{Log, Record, What};

/// What set a step off.
#[derive(Debug, Clone)]
pub(super) enum Opener {
    /// The machine starts; a supervised actor does so again after a failure.
    Start,
    /// An event, and the service that ends with it where it is a result.
    Event {
        name: String,
        text: String,
        service: Option<String>,
    },
    /// A timer of the state.
    Timer {
        state: String,
    },
    ChildDone {
        child: String,
        result: Option<String>,
    },
    ChildFailed {
        child: String,
    },
    /// A fault that performing effects has met.
    Fault {
        kind: String,
    },
}

/// A step as it was recorded.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    pub(super) opener: Opener,
    /// The record that set it off.
    pub(super) first: &'a Record,
    pub(super) records: Vec<&'a Record>,
    /// The actor failed in it or right after it, so that not all of it may have been recorded.
    pub(super) is_torn: bool,
}

/// The steps, and why they end before the journal does, where they do.
pub(super) struct Steps<'a> {
    pub(super) steps: Vec<Step<'a>>,
    /// The line and the reason.
    pub(super) stopped: Option<(usize, String)>,
    /// How many records of the actor are in the steps.
    pub(super) records: usize,
}

/// Cuts the records of one actor.
pub(super) fn steps<'a>(log: &'a Log, actor: &str) -> Steps<'a> {
    let mut cutter = Cutter {
        found: Steps { steps: Vec::new(), stopped: None, records: 0 },
        service: None,
        pending_faults: 0,
    };
    let mut sequence: Option<u64> = None;
    for record in &log.records {
        match record.what {
            What::Full => {
                cutter.stop(record, "the journal was full here");
                break;
            }
            What::Missed { records } => {
                // Some of them may be other actors'; the next number of this one tells.
                if sequence.is_none() {
                    cutter.stop(record, &format!("{records} records before the actor's first are missing"));
                    break;
                }
                continue;
            }
            _ => {}
        }
        if record.actor != actor {
            continue;
        }
        match sequence {
            None if !matches!(record.what, What::Started { .. }) => {
                cutter.stop(
                    record,
                    "the journal does not begin with the actor's start; write it from before `spawn`",
                );
                break;
            }
            Some(last) if record.sequence != last + 1 => {
                let (from, to) = (last + 1, record.sequence.saturating_sub(1));
                let why = match from.cmp(&to) {
                    Ordering::Less => format!("records number {from} to {to} of the actor are missing"),
                    Ordering::Equal => format!("record number {from} of the actor is missing"),
                    Ordering::Greater => format!("record number {} comes again", record.sequence),
                };
                cutter.stop(record, &why);
                break;
            }
            _ => {}
        }
        sequence = Some(record.sequence);
        cutter.found.records += 1;
        cutter.take(record);
    }
    cutter.found
}

struct Cutter<'a> {
    found: Steps<'a>,
    /// A service that has finished; its result is the next event.
    service: Option<String>,
    /// Faults that effects have met and that are still to be raised.
    pending_faults: usize,
}

impl<'a> Cutter<'a> {
    fn stop(&mut self, record: &Record, why: &str) {
        self.found.stopped = Some((record.line, why.to_owned()));
        // What is missing may belong to the last step.
        if let Some(last) = self.found.steps.last_mut() {
            last.is_torn = true;
        }
    }

    fn take(&mut self, record: &'a Record) {
        let opener = match &record.what {
            What::Started { .. } => Opener::Start,
            What::Event { name, text } => {
                Opener::Event { name: name.clone(), text: text.clone(), service: self.service.take() }
            }
            What::TimerFired { state } => Opener::Timer { state: state.clone() },
            What::ChildFinished { child, result } => {
                Opener::ChildDone { child: child.clone(), result: result.clone() }
            }
            What::ChildFailed { child } => Opener::ChildFailed { child: child.clone() },
            What::Fault { kind } if self.raises(kind) => {
                self.pending_faults -= 1;
                Opener::Fault { kind: kind.clone() }
            }
            What::ServiceFinished { service } => {
                self.service = Some(service.clone());
                return;
            }
            What::Undelivered | What::ServicePanicked => {
                self.pending_faults += 1;
                return;
            }
            What::Restarting | What::Stopped { failed: true } => {
                self.pending_faults = 0;
                if let Some(last) = self.found.steps.last_mut() {
                    last.is_torn = true;
                }
                return;
            }
            _ => {
                if let Some(last) = self.found.steps.last_mut() {
                    last.records.push(record);
                }
                return;
            }
        };
        if matches!(opener, Opener::Start) {
            self.pending_faults = 0;
        }
        let mut records = Vec::new();
        if matches!(opener, Opener::Fault { .. }) {
            records.push(record);
        }
        self.found.steps.push(Step { opener, first: record, records, is_torn: false });
    }

    /// Whether a fault is one that effects have met, which sets off a step of its own.
    fn raises(&self, kind: &str) -> bool {
        self.pending_faults > 0 && matches!(kind, "undelivered" | "service_panicked")
    }
}
