//! Taking a snapshot.

use super::{
    Fields, Restorable, SNAPSHOT_FORMAT, SavedActivity, SavedChild, SavedEvent, SavedMessage, SavedTimer,
    SavedUndo, Snapshot, SnapshotError,
};
use crate::{
    chart::{Chart, Core, FINISHED, Queue as _, Shape, Tables},
    value::{Duration, Time},
};

/// The machine as it stands at a time. Steps run to completion, so it is always between two macrosteps.
///
/// # Errors
/// An extern value that serde cannot write.
pub fn take<C: Restorable>(machine: &C, now: Time) -> Result<Snapshot, SnapshotError> {
    let (about, core) = (C::ABOUT, machine.core());
    let (mut context, mut data) = (Fields::new(), Fields::new());
    machine.save_context(&mut context)?;
    machine.save_data(&mut data)?;
    let history = histories(C::TABLES).filter_map(|(state, slot)| {
        let stored = core.histories.as_ref().get(usize::from(slot)).copied().flatten()?;
        Some((path(C::TABLES, state), stored.iter().map(|state| path(C::TABLES, state)).collect()))
    });
    Ok(Snapshot {
        format: SNAPSHOT_FORMAT,
        machine: C::TABLES.name.to_owned(),
        fingerprint: about.fingerprint.to_owned(),
        shape: about.shape.iter().map(|line| (*line).to_owned()).collect(),
        time_us: now.0,
        done: core.done,
        generation: core.generation,
        states: core.active().filter(|state| *state != 0).map(|state| path(C::TABLES, state)).collect(),
        context,
        data,
        history: history.collect(),
        deferred: deferred(machine)?,
        messages: Vec::new(),
        timers: timers(core, now),
        activities: activities(core, C::TABLES),
        children: children(core, C::TABLES),
        undo: undos(machine)?,
        result: match core.result() {
            Some(result) => C::save_result(result)?,
            None => None,
        },
    })
}

/// A message under way, for [`Snapshot::messages`]; `id` is its index into [`Tables::sends`].
///
/// # Errors
/// An extern value that serde cannot write.
pub fn message<C: Restorable>(
    message: &C::Message,
    due_in: Duration,
    id: Option<u16>,
) -> Result<SavedMessage, SnapshotError> {
    let (to, event, fields) = C::save_message(message)?;
    let id = id.and_then(|id| C::TABLES.sends.get(usize::from(id)));
    Ok(SavedMessage {
        to: to.to_owned(),
        event: event.to_owned(),
        fields,
        due_in_us: due_in.0.max(0),
        id: id.map(|id| (*id).to_owned()),
    })
}

/// Writes down what waits for its time: what, in how long, under which name.
pub type SaveWaiting<T> = fn(&T, Duration, Option<u16>) -> Result<SavedMessage, SnapshotError>;

/// What is needed to write down a machine and what has left it, for a host that does not know that the machine is
/// [`Restorable`].
pub struct Persist<K: Chart> {
    /// [`take`].
    pub take: fn(&K, Time) -> Result<Snapshot, SnapshotError>,
    /// [`message`].
    pub message: SaveWaiting<K::Message>,
    /// [`own`].
    pub own: SaveWaiting<K::Event>,
}

impl<K: Restorable> Persist<K> {
    /// Of a machine that is known to be restorable.
    #[must_use]
    pub const fn of() -> Self {
        Self { take: take::<K>, message: message::<K>, own: own::<K> }
    }
}

impl<K: Chart> Copy for Persist<K> {}

impl<K: Chart> Clone for Persist<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Chart> std::fmt::Debug for Persist<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Persist").finish_non_exhaustive()
    }
}

/// A message of the machine to itself, as [`message`] writes the others.
///
/// # Errors
/// An extern value that serde cannot write.
pub fn own<C: Restorable>(
    event: &C::Event,
    due_in: Duration,
    id: Option<u16>,
) -> Result<SavedMessage, SnapshotError> {
    let name = C::TABLES.events.get(usize::from(C::tag(event)));
    let id = id.and_then(|id| C::TABLES.sends.get(usize::from(id)));
    Ok(SavedMessage {
        to: String::from("self"),
        event: name.map_or_else(String::new, |name| (*name).to_owned()),
        fields: C::save_event(event)?,
        due_in_us: due_in.0.max(0),
        id: id.map(|id| (*id).to_owned()),
    })
}

/// The path of a state; the machine's name for its root.
pub(super) fn path(tables: &'static Tables, state: u16) -> String {
    tables.state(state).map_or_else(String::new, |row| row.name.to_owned())
}

/// History states with the places of their records.
pub(super) fn histories(tables: &'static Tables) -> impl Iterator<Item = (u16, u16)> {
    (0_u16..).zip(tables.states).filter_map(|(state, row)| match row.kind {
        crate::chart::Kind::History { slot, .. } => Some((state, slot)),
        _ => None,
    })
}

fn deferred<C: Restorable>(machine: &C) -> Result<Vec<SavedEvent>, SnapshotError> {
    let waiting = &machine.core().deferred;
    let mut saved = Vec::with_capacity(waiting.len());
    for pending in (0..waiting.len()).filter_map(|at| waiting.get(at)) {
        let name = C::TABLES.events.get(usize::from(C::tag(&pending.event)));
        saved.push(SavedEvent {
            event: name.map_or_else(String::new, |name| (*name).to_owned()),
            fields: C::save_event(&pending.event)?,
            activity: pending.origin.map(|(activity, _)| activity.into()),
            generation: pending.origin.map(|(_, generation)| generation),
        });
    }
    Ok(saved)
}

fn timers<S: Shape>(core: &Core<S>, now: Time) -> Vec<SavedTimer> {
    let armed = core.timers.as_ref().iter().zip(core.deadlines.as_ref()).enumerate();
    armed
        .filter(|(_, (generation, _))| **generation != 0)
        .map(|(index, (&generation, deadline))| SavedTimer {
            index,
            generation,
            remaining_us: deadline.saturating_sub(now.0).max(0),
        })
        .collect()
}

fn activities<S: Shape>(core: &Core<S>, tables: &Tables) -> Vec<SavedActivity> {
    let started = core.activities.as_ref().iter().enumerate().filter(|(_, held)| **held != 0);
    started
        .map(|(index, &held)| {
            let generation = held & !FINISHED;
            let child = tables.activities.get(index).and_then(|row| row.child);
            let finished = match child {
                Some(child) => core.child(child) != Some(generation),
                None => held & FINISHED != 0,
            };
            SavedActivity { index, generation, finished }
        })
        .collect()
}

fn children<S: Shape>(core: &Core<S>, tables: &Tables) -> Vec<SavedChild> {
    let running =
        core.children.as_ref().iter().zip(tables.children).filter(|(generation, _)| **generation != 0);
    running.map(|(&generation, id)| SavedChild { id: (*id).to_owned(), generation, snapshot: None }).collect()
}

fn undos<C: Restorable>(machine: &C) -> Result<Vec<SavedUndo>, SnapshotError> {
    let kept = &machine.core().undos;
    (0..kept.len())
        .filter_map(|at| kept.get(at))
        .map(|undo| {
            let (index, args) = C::save_undo(undo)?;
            Ok(SavedUndo { index: index.into(), args })
        })
        .collect()
}
