//! Inspection events as lines of JSON: what `statechart trace` replays.
//!
//! ```text
//! Inspector ──broadcast──▶ task ──a line each──▶ any Write
//!                │ lags: a `missed` line         │ full: a `full` line, then nothing more
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use serde_json::{Value as Json, json};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError, error::TryRecvError},
        oneshot,
    },
    task::JoinHandle,
};

use super::{Inspection, Inspector, Record};

/// Most bytes that a journal writes, unless it is told otherwise.
pub const JOURNAL_BYTES: u64 = 64 << 20;

/// A journal that is being written. When it is dropped the writing ends as with [`Journal::finish`], unobserved.
#[derive(Debug)]
pub struct Journal {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<Journaled>>,
}

/// What a journal holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Journaled {
    /// Lines that hold an inspection event.
    pub records: u64,
    /// Bytes of all lines.
    pub bytes: u64,
    /// Events that came faster than they were written. A replay stops where they are missing.
    pub missed: u64,
    /// The limit of bytes was reached, and the rest left out.
    pub is_full: bool,
}

impl Journal {
    /// Writes what the actors of an inspector do from now on, a line of JSON for each inspection event, until
    /// [`Journal::finish`] or until so many bytes are written ([`JOURNAL_BYTES`] is a good limit). Start it before
    /// the actors, so that a replay can begin where they begin.
    ///
    /// The writer is called from a task; it should not block for long: a file does not. What is read too late because
    /// the inspector keeps too few events is counted and noted in the journal; see [`Inspector::new`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use = "a journal that is dropped is written no further"]
    pub fn write(inspector: &Inspector, out: impl Write + Send + 'static, limit_bytes: u64) -> Self {
        let (stop, stopped) = oneshot::channel();
        let writer = Writer { out: io::BufWriter::new(out), limit_bytes, written: Journaled::default() };
        let task = tokio::spawn(run(inspector.subscribe(), writer, stopped));
        Self { stop: Some(stop), task }
    }

    /// Writes what has happened by now, and ends.
    ///
    /// # Errors
    /// The writer's.
    pub async fn finish(mut self) -> io::Result<Journaled> {
        drop(self.stop.take());
        self.task.await.map_err(io::Error::other)?
    }
}

struct Writer<W: Write> {
    out: io::BufWriter<W>,
    limit_bytes: u64,
    written: Journaled,
}

async fn run<W: Write>(
    mut events: Receiver<Arc<Record>>,
    mut writer: Writer<W>,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<Journaled> {
    loop {
        let event = tokio::select! {
            // Actors that never rest must not keep the end away.
            biased;
            _ = &mut stopped => break,
            event = events.recv() => event,
        };
        match event {
            Ok(record) => writer.record(&record)?,
            Err(RecvError::Lagged(missed)) => writer.missed(missed)?,
            Err(RecvError::Closed) => break,
        }
        // Should the process be killed while its actors rest, the journal is whole.
        if events.is_empty() {
            writer.out.flush()?;
        }
    }
    // What was published before the end; what comes meanwhile is too late. One turn may tell of those that are missing.
    for _ in 0..=events.len() {
        match events.try_recv() {
            Ok(record) => writer.record(&record)?,
            Err(TryRecvError::Lagged(missed)) => writer.missed(missed)?,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    writer.out.flush()?;
    Ok(writer.written)
}

impl<W: Write> Writer<W> {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        if self.line(&record.to_json())? {
            self.written.records += 1;
        }
        Ok(())
    }

    fn missed(&mut self, records: u64) -> io::Result<()> {
        self.written.missed += records;
        self.line(&json!({ "records": records, "what": "missed" }).to_string()).map(drop)
    }

    /// Whether the line was written.
    fn line(&mut self, line: &str) -> io::Result<bool> {
        if self.written.is_full {
            return Ok(false);
        }
        let bytes = line.len() as u64 + 1;
        let is_full = self.written.bytes + bytes > self.limit_bytes;
        let line = if is_full {
            self.written.is_full = true;
            json!({ "limit_bytes": self.limit_bytes, "what": "full" }).to_string()
        } else {
            line.to_owned()
        };
        self.written.bytes += line.len() as u64 + 1;
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")?;
        Ok(!is_full)
    }
}

impl Record {
    /// The record as one line of JSON, without its end: `actor`, `instance`, `sequence`, `time_us`, `what`, and what
    /// belongs to it. Events, outputs and messages are Rust's debug text, in which a replay reads them.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (what, fields) = parts(&self.what);
        // In the order of the names, whatever order the maps of serde_json keep.
        let mut object = BTreeMap::from([
            ("actor".to_owned(), Json::from(&*self.actor)),
            ("instance".to_owned(), Json::from(self.instance)),
            ("sequence".to_owned(), Json::from(self.sequence)),
            ("time_us".to_owned(), Json::from(self.time.0)),
            ("what".to_owned(), Json::from(what)),
        ]);
        if let Json::Object(fields) = fields {
            object.extend(fields);
        }
        // Text and numbers under text can always be written.
        serde_json::to_string(&object).unwrap_or_default()
    }
}

/// The name of an inspection event, and its fields.
fn parts(what: &Inspection) -> (&'static str, Json) {
    match what {
        Inspection::Started { machine, restarts } => {
            ("started", json!({ "machine": machine, "restarts": restarts }))
        }
        Inspection::Resumed { machine } => ("resumed", json!({ "machine": machine })),
        Inspection::Halted => ("halted", json!({})),
        Inspection::Event { name, text } => ("event", json!({ "name": name, "text": text })),
        Inspection::Transition { text, line, from, to } => {
            ("transition", json!({ "text": text, "line": line, "from": from, "to": to }))
        }
        Inspection::Entered { state } => ("entered", json!({ "state": state })),
        Inspection::Exited { state } => ("exited", json!({ "state": state })),
        Inspection::Output { text } => ("output", json!({ "text": text })),
        Inspection::Message { text, delay } => {
            ("message", json!({ "text": text, "delay_us": delay.map(|delay| delay.0) }))
        }
        Inspection::Undelivered { text } => ("undelivered", json!({ "text": text })),
        Inspection::ServiceStarted { service } => ("service_started", json!({ "service": service })),
        Inspection::ServiceFinished { service } => ("service_finished", json!({ "service": service })),
        Inspection::ServiceCancelled { service } => ("service_cancelled", json!({ "service": service })),
        Inspection::ServicePanicked { service, why } => {
            ("service_panicked", json!({ "service": service, "why": why }))
        }
        Inspection::ChildStarted { child } => ("child_started", json!({ "child": child })),
        Inspection::ChildFinished { child, result } => {
            ("child_finished", json!({ "child": child, "result": result }))
        }
        Inspection::ChildStopped { child } => ("child_stopped", json!({ "child": child })),
        Inspection::ChildFailed { child, why } => ("child_failed", json!({ "child": child, "why": why })),
        Inspection::TimerArmed { state, after } => {
            ("timer_armed", json!({ "state": state, "after_us": after.0 }))
        }
        Inspection::TimerFired { state } => ("timer_fired", json!({ "state": state })),
        Inspection::Unhandled { name } => ("unhandled", json!({ "name": name })),
        Inspection::Deferred { name } => ("deferred", json!({ "name": name })),
        Inspection::Fault(fault) => ("fault", json!({ "kind": fault.kind() })),
        Inspection::Log { text } => ("log", json!({ "text": text })),
        Inspection::Restarting { why, backoff_ms } => {
            ("restarting", json!({ "why": &**why, "backoff_ms": backoff_ms }))
        }
        Inspection::Stopped { reason } => {
            ("stopped", json!({ "reason": reason.to_string(), "failed": reason.is_failure() }))
        }
    }
}
