//! The records of an actor cut into steps: what set each off, and what was seen of it.

use std::cmp::Ordering;

use super::log::{Log, Record, What};

/// What set a step off.
#[derive(Debug, Clone)]
pub(super) enum Opener {
    /// The machine starts; a supervised actor does so again after a failure.
    Start,
    /// The machine leaves its states: its parent has stopped it.
    Halt,
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
    /// The journal ends in it or right after it: what was recorded may be no more than its beginning.
    pub(super) may_be_cut: bool,
}

/// What one actor did, from its start to its end or to that of the journal. Of several with one name, as of a child
/// that is started again, each has its own.
pub(super) struct Life<'a> {
    instance: u32,
    pub(super) steps: Vec<Step<'a>>,
    /// Where it cannot be followed any further, where that is so: the line and the reason.
    pub(super) stopped: Option<(usize, String)>,
    /// How many records of the actor are in the steps.
    pub(super) records: usize,
    /// The number of its last record.
    sequence: Option<u64>,
    /// The actor has ended.
    is_over: bool,
    /// A service that has finished; its result is the next event.
    service: Option<String>,
    /// Faults that effects have met and that are still to be raised.
    pending_faults: usize,
}

/// Cuts the records of the actors of one name, in the order of their starts.
pub(super) fn lives<'a>(log: &'a Log, actor: &str) -> Vec<Life<'a>> {
    let mut lives: Vec<Life<'a>> = Vec::new();
    let (mut missed, mut full) = (0_u64, None);
    for record in &log.records {
        match record.what {
            What::Full => {
                full = Some(record);
                break;
            }
            // Some of them may be other actors'; the next number of this one tells.
            What::Missed { records } => missed = missed.saturating_add(records),
            _ if record.actor == actor => {
                let known = lives.iter().rposition(|life| life.instance == record.instance);
                let at = known.unwrap_or(lives.len());
                if known.is_none() {
                    lives.push(Life::new(record.instance));
                }
                if let Some(life) = lives.get_mut(at) {
                    life.read(record, missed);
                }
            }
            _ => {}
        }
    }
    for life in &mut lives {
        if let Some(record) = full.filter(|_| !life.is_over) {
            life.stop(record, "the journal was full here");
        } else if !life.is_over {
            life.cut();
        }
    }
    lives
}

impl<'a> Life<'a> {
    fn new(instance: u32) -> Self {
        Self {
            instance,
            steps: Vec::new(),
            stopped: None,
            records: 0,
            sequence: None,
            is_over: false,
            service: None,
            pending_faults: 0,
        }
    }

    fn stop(&mut self, record: &Record, why: &str) {
        if self.stopped.is_none() {
            self.stopped = Some((record.line, why.to_owned()));
            self.cut();
        }
    }

    fn cut(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.may_be_cut = true;
        }
    }

    /// The next record of the actor; so many records of whomever are missing before it.
    fn read(&mut self, record: &'a Record, missed: u64) {
        if self.stopped.is_some() {
            return;
        }
        match (self.sequence, &record.what) {
            (None, What::Started { .. }) => {}
            (None, What::Resumed { .. }) => {
                self.stop(record, "the actor goes on from a snapshot here, which is in no journal");
                return;
            }
            (None, _) => {
                let missing = match missed {
                    0 => String::new(),
                    one_or_more => format!("; {one_or_more} records are missing before"),
                };
                let why = "the journal does not begin with the actor's start; write it from before `spawn`";
                self.stop(record, &format!("{why}{missing}"));
                return;
            }
            (Some(last), _) if last.checked_add(1) != Some(record.sequence) => {
                let (from, to) = (last.saturating_add(1), record.sequence.saturating_sub(1));
                let why = match from.cmp(&to) {
                    Ordering::Less => format!("records number {from} to {to} of the actor are missing"),
                    Ordering::Equal => format!("record number {from} of the actor is missing"),
                    Ordering::Greater => format!("record number {} comes again", record.sequence),
                };
                self.stop(record, &why);
                return;
            }
            _ => {}
        }
        self.sequence = Some(record.sequence);
        self.records += 1;
        self.is_over |= matches!(record.what, What::Stopped { .. });
        self.take(record);
    }

    fn take(&mut self, record: &'a Record) {
        let opener = match &record.what {
            What::Started { .. } => Opener::Start,
            What::Halted => Opener::Halt,
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
                if let Some(last) = self.steps.last_mut() {
                    last.is_torn = true;
                }
                return;
            }
            _ => {
                if let Some(last) = self.steps.last_mut() {
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
        self.steps.push(Step { opener, first: record, records, is_torn: false, may_be_cut: false });
    }

    /// Whether a fault is one that effects have met, which sets off a step of its own.
    fn raises(&self, kind: &str) -> bool {
        self.pending_faults > 0 && matches!(kind, "undelivered" | "service_panicked")
    }
}
