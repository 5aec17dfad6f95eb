//! Restoring: every part is checked, then put in its place.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    About, Fields, MESSAGE_LIMIT, Restorable, SNAPSHOT_FORMAT, SavedActivity, SavedMessage, SavedTimer,
    Snapshot, SnapshotError,
    check::{Paths, is_final},
    migrate::{Fresh, differences, migrate},
    take::{histories, path},
};
use crate::{
    chart::{Configuration as _, Core, Effects, FINISHED, Pending as Waiting, Queue as _, Tables, engine},
    value::{Duration, Time},
};

/// What a machine that was read has to do anew before its first step: [`resume`].
#[derive(Debug, Clone, Default)]
pub struct Pending {
    timers: Vec<SavedTimer>,
    messages: Vec<SavedMessage>,
    /// Services to start again.
    activities: Vec<u16>,
    fresh: Fresh,
}

/// A snapshot in the names of the machine's own version.
#[derive(Debug)]
pub struct Prepared<'a> {
    snapshot: Cow<'a, Snapshot>,
    fresh: Option<Fresh>,
}

impl Prepared<'_> {
    /// Parameters of the machine and data of states.
    #[must_use]
    pub fn data(&self) -> &Fields {
        &self.snapshot.data
    }

    /// Whether names may be missing: they came with the version.
    #[must_use]
    pub fn may_miss(&self) -> bool {
        self.fresh.is_some()
    }
}

/// Puts what was read into a machine that has not been started; nothing is reported yet, [`resume`] does that. A
/// machine that this refuses is to be thrown away.
///
/// # Errors
/// When the snapshot says what the machine cannot be in.
pub fn revive<C: Restorable>(
    machine: &mut C,
    read: &Prepared<'_>,
    now: Time,
) -> Result<Pending, SnapshotError> {
    let snapshot = &*read.snapshot;
    machine.core_mut().now = now;
    let mut pending = Pending { fresh: read.fresh.clone().unwrap_or_default(), ..Pending::default() };
    fill(machine, snapshot, read.may_miss())?;
    timers(machine, snapshot, now, &mut pending)?;
    activities(machine, &snapshot.activities, &mut pending)?;
    messages::<C>(snapshot, &mut pending)?;
    Ok(pending)
}

/// Reports what a revived machine has to do anew, in the place of its start: timers with what was left of them,
/// delayed messages, services that were running. Nothing is entered and no action runs.
///
/// # Errors
/// A message that cannot be read.
pub fn resume<C: Restorable, F: Effects<C>>(
    machine: &mut C,
    pending: &Pending,
    fx: &mut F,
) -> Result<(), SnapshotError> {
    for timer in &pending.timers {
        fx.arm(narrow(timer.index), timer.generation, Duration(timer.remaining_us));
    }
    for &timer in &pending.fresh.timers {
        engine::arm_timer(machine, fx, timer);
    }
    for (at, saved) in pending.messages.iter().enumerate() {
        let (message, id) = message::<C>(saved, &format!("messages[{at}]"))?;
        fx.send(message, Some(Duration(saved.due_in_us)), id);
    }
    for &activity in pending.activities.iter().chain(&pending.fresh.activities) {
        engine::restart(machine, fx, activity);
    }
    engine::go_on(machine, fx);
    Ok(())
}

/// Checks whose a snapshot is and of which version; migrates it where the spec says how.
///
/// # Errors
/// When it is of another form, of another machine, or of a version that the spec has no `migrate` for.
pub fn prepare<'a>(
    tables: &'static Tables,
    about: &'static About,
    snapshot: &'a Snapshot,
) -> Result<Prepared<'a>, SnapshotError> {
    if snapshot.format != SNAPSHOT_FORMAT {
        return Err(SnapshotError::Format { found: snapshot.format });
    }
    if snapshot.machine != tables.name {
        let (found, wanted) = (snapshot.machine.clone(), tables.name.to_owned());
        return Err(SnapshotError::Machine { found, wanted });
    }
    if snapshot.fingerprint == about.fingerprint {
        return Ok(Prepared { snapshot: Cow::Borrowed(snapshot), fresh: None });
    }
    let Some(migration) = about.migrations.iter().find(|row| row.from == snapshot.fingerprint) else {
        let (removed, added) = differences(&snapshot.shape, about.shape);
        let (found, wanted) = (snapshot.fingerprint.clone(), about.fingerprint.to_owned());
        return Err(SnapshotError::Version { found, wanted, removed, added });
    };
    let (migrated, fresh) = migrate(tables, about, migration, snapshot)?;
    Ok(Prepared { snapshot: Cow::Owned(migrated), fresh: Some(fresh) })
}

/// Everything but what has to be done anew. `may_miss` says that names may be missing: they came with the version.
fn fill<C: Restorable>(machine: &mut C, snapshot: &Snapshot, may_miss: bool) -> Result<(), SnapshotError> {
    let paths = Paths::new(C::TABLES);
    let active = paths.configuration(&snapshot.states)?;
    let started = !active.is_empty();
    if snapshot.done != (started && is_final(C::TABLES, &active, 0)) {
        return Err(SnapshotError::at("done", "it does not go with the active states"));
    }
    if snapshot.generation >= FINISHED {
        return Err(SnapshotError::at("generation", "none so large is given out"));
    }
    let core = machine.core_mut();
    core.done = snapshot.done;
    core.generation = snapshot.generation;
    for &state in &active {
        core.active.insert(state);
    }
    for (name, stored) in &snapshot.history {
        let at = format!("history.{name}");
        let history = paths.state(name, &at)?;
        let recorded = paths.recorded(history, stored, &at)?;
        let slot = histories(C::TABLES).find(|(state, _)| *state == history).map(|(_, slot)| slot);
        if let Some(cell) =
            slot.and_then(|slot| machine.core_mut().histories.as_mut().get_mut(usize::from(slot)))
        {
            *cell = recorded;
        }
    }
    variables(machine, snapshot, &active, may_miss)?;
    waiting(machine, snapshot)?;
    children(machine, snapshot)?;
    machine.core_mut().result = match &snapshot.result {
        Some(json) => Some(C::load_result(json)?),
        None => None,
    };
    let runs = !(snapshot.timers.is_empty() && snapshot.messages.is_empty() && snapshot.children.is_empty());
    if snapshot.done && (runs || !snapshot.activities.is_empty()) {
        return Err(SnapshotError::at("done", "a machine that has ended runs nothing"));
    }
    Ok(())
}

fn variables<C: Restorable>(
    machine: &mut C,
    snapshot: &Snapshot,
    active: &BTreeSet<u16>,
    may_miss: bool,
) -> Result<(), SnapshotError> {
    let about = C::ABOUT;
    if let Some(name) = snapshot.context.keys().find(|name| !about.variables.contains(&name.as_str())) {
        return Err(SnapshotError::at(format!("context.{name}"), "there is no such variable"));
    }
    let is_active = |state: u16| state == 0 || active.contains(&state);
    let known = |name: &str| about.data.iter().any(|(state, datum)| *datum == name && is_active(*state));
    if let Some(name) = snapshot.data.keys().find(|name| !known(name)) {
        return Err(SnapshotError::at(format!("data.{name}"), "no active state has such data"));
    }
    machine.load_context(&snapshot.context, may_miss)?;
    for &state in active.iter().filter(|state| **state != 0) {
        if C::TABLES.state(state).is_some_and(|row| row.data) {
            machine.load_data(state, &snapshot.data, may_miss)?;
        }
    }
    Ok(())
}

/// Deferred events and undos.
fn waiting<C: Restorable>(machine: &mut C, snapshot: &Snapshot) -> Result<(), SnapshotError> {
    for (at, saved) in snapshot.deferred.iter().enumerate() {
        let at = format!("deferred[{at}]");
        let event = event::<C>(&saved.event, &saved.fields, &at)?;
        let origin = match (saved.activity, saved.generation) {
            (Some(activity), Some(generation)) if activity < C::TABLES.activities.len() => {
                Some((narrow(activity), generation))
            }
            (None, None) => None,
            _ => return Err(SnapshotError::at(at, "the activity that reported it is not well named")),
        };
        if machine.core_mut().deferred.push(Waiting { event, origin }).is_err() {
            return Err(full("deferred", snapshot.deferred.len()));
        }
    }
    for (at, saved) in snapshot.undo.iter().enumerate() {
        let undo = C::load_undo(saved.index, &saved.args, &format!("undo[{at}]"))?;
        if machine.core_mut().undos.push(undo).is_err() {
            return Err(full("undo", snapshot.undo.len()));
        }
    }
    Ok(())
}

fn full(at: &str, count: usize) -> SnapshotError {
    SnapshotError::at(at, format!("there are {count}, and fewer may wait"))
}

fn event<C: Restorable>(name: &str, fields: &Fields, at: &str) -> Result<C::Event, SnapshotError> {
    let tag = C::TABLES.events.iter().position(|event| *event == name);
    let tag =
        tag.ok_or_else(|| SnapshotError::at(format!("{at}.event"), format!("there is no event `{name}`")))?;
    C::load_event(narrow(tag), fields, &format!("{at}.fields"))
}

fn children<C: Restorable>(machine: &mut C, snapshot: &Snapshot) -> Result<(), SnapshotError> {
    for (at, saved) in snapshot.children.iter().enumerate() {
        let at = format!("children[{at}]");
        let child = C::TABLES.children.iter().position(|child| *child == saved.id);
        let cell = child.and_then(|child| machine.core_mut().children.as_mut().get_mut(child));
        let cell = cell.ok_or_else(|| {
            SnapshotError::at(format!("{at}.id"), format!("there is no child `{}`", saved.id))
        })?;
        if *cell != 0 {
            return Err(SnapshotError::at(at, format!("`{}` is listed twice", saved.id)));
        }
        *cell = given_out(saved.generation, &at)?;
    }
    Ok(())
}

fn timers<C: Restorable>(
    machine: &mut C,
    snapshot: &Snapshot,
    now: Time,
    pending: &mut Pending,
) -> Result<(), SnapshotError> {
    for (at, saved) in snapshot.timers.iter().enumerate() {
        let at = format!("timers[{at}]");
        let state = C::TABLES.timers.get(saved.index).copied();
        let state =
            state.ok_or_else(|| SnapshotError::at(format!("{at}.index"), "there is no such timer"))?;
        let core = machine.core_mut();
        active_owner::<C>(core, state, &at)?;
        if saved.remaining_us < 0 {
            return Err(SnapshotError::at(format!("{at}.remaining_us"), "time does not run backwards"));
        }
        let generation = given_out(saved.generation, &at)?;
        if let Some(cell) = core.timers.as_mut().get_mut(saved.index) {
            if *cell != 0 {
                return Err(SnapshotError::at(at, "the timer is listed twice"));
            }
            *cell = generation;
        }
        if let Some(deadline) = core.deadlines.as_mut().get_mut(saved.index) {
            *deadline = now.0.saturating_add(saved.remaining_us);
        }
        pending.timers.push(saved.clone());
    }
    // Generations are given out in the order of arming, which settles ties.
    pending.timers.sort_by_key(|timer| timer.generation);
    Ok(())
}

/// Puts back what has reported; what runs is to be started again.
fn activities<C: Restorable>(
    machine: &mut C,
    saved: &[SavedActivity],
    pending: &mut Pending,
) -> Result<(), SnapshotError> {
    for (at, saved) in saved.iter().enumerate() {
        let at = format!("activities[{at}]");
        let row = C::TABLES.activities.get(saved.index);
        let row = row.ok_or_else(|| SnapshotError::at(format!("{at}.index"), "there is no such activity"))?;
        let core = machine.core_mut();
        active_owner::<C>(core, row.state, &at)?;
        let generation = given_out(saved.generation, &at)?;
        let is_service = row.child.is_none();
        if let Some(cell) = core.activities.as_mut().get_mut(saved.index) {
            if *cell != 0 {
                return Err(SnapshotError::at(at, "the activity is listed twice"));
            }
            *cell = if is_service && saved.finished { generation | FINISHED } else { generation };
        }
        // A child itself is among the children, if it still runs.
        if is_service && !saved.finished {
            pending.activities.push(narrow(saved.index));
        }
    }
    Ok(())
}

fn messages<C: Restorable>(snapshot: &Snapshot, pending: &mut Pending) -> Result<(), SnapshotError> {
    if snapshot.messages.len() > MESSAGE_LIMIT {
        let count = snapshot.messages.len();
        return Err(SnapshotError::at(
            "messages",
            format!("there are {count}, and at most {MESSAGE_LIMIT} may wait"),
        ));
    }
    for (at, saved) in snapshot.messages.iter().enumerate() {
        // Read once now, so that a mistake is told before anything is done.
        message::<C>(saved, &format!("messages[{at}]"))?;
    }
    pending.messages.clone_from(&snapshot.messages);
    Ok(())
}

fn message<C: Restorable>(
    saved: &SavedMessage,
    at: &str,
) -> Result<(C::Message, Option<u16>), SnapshotError> {
    if saved.due_in_us < 0 {
        return Err(SnapshotError::at(format!("{at}.due_in_us"), "time does not run backwards"));
    }
    let id = match &saved.id {
        Some(name) => {
            let id = C::TABLES.sends.iter().position(|send| send == name);
            Some(narrow(id.ok_or_else(|| {
                SnapshotError::at(format!("{at}.id"), format!("no message is named `{name}`"))
            })?))
        }
        None => None,
    };
    Ok((C::load_message(&saved.to, &saved.event, &saved.fields, &format!("{at}.fields"))?, id))
}

fn active_owner<C: Restorable>(core: &Core<C::Shape>, state: u16, at: &str) -> Result<(), SnapshotError> {
    if core.is_in(state) {
        return Ok(());
    }
    let state = path(C::TABLES, state);
    Err(SnapshotError::at(at, format!("its state `{state}` is not active")))
}

/// Zero is never given out, nor is what marks a service that has reported.
fn given_out(generation: u32, at: &str) -> Result<u32, SnapshotError> {
    if generation == 0 || generation >= FINISHED {
        return Err(SnapshotError::at(format!("{at}.generation"), "none such is given out"));
    }
    Ok(generation)
}

/// Tables are indexed by 16 bits; what is larger is found nowhere.
fn narrow(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
