//! Reading a snapshot of an earlier version, as a `migrate from "…"` of the spec says.

use std::collections::BTreeMap;

use super::{
    SavedActivity, SavedChild, SavedEvent, SavedMessage, SavedTimer, SavedUndo, Snapshot, SnapshotError,
    check::Paths, take::path,
};
use crate::model::{ActivityId, Machine, Migration, Place, StateId, StateKind, TimerId};

type Fields = BTreeMap<String, super::Json>;

/// What active states have that no old one had: it starts in full.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) timers: Vec<TimerId>,
    pub(super) activities: Vec<ActivityId>,
}

/// What only the one shape has, and what only the other.
pub(super) fn differences(old: &[String], new: &str) -> (Vec<String>, Vec<String>) {
    let new: Vec<&str> = new.lines().collect();
    (lacking(old.iter().map(String::as_str), &new), {
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        lacking(new.iter().copied(), &old)
    })
}

/// The lines that the other one does not have, or not as often.
fn lacking<'a>(lines: impl Iterator<Item = &'a str>, other: &[&str]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    other.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    let is_lacking = |line: &&str| match counts.get_mut::<str>(line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    lines.filter(is_lacking).map(str::to_owned).collect()
}

/// The snapshot in the names of this version. Renamed states take what is inside them along; names that are not
/// mentioned stay; what is gone is dropped, unless it is active.
pub(super) fn migrate(
    machine: &Machine,
    migration: &Migration,
    old: &Snapshot,
) -> Result<(Snapshot, Fresh), SnapshotError> {
    let names = Names { machine, migration, paths: Paths::new(machine) };
    let mut new = Snapshot { fingerprint: machine.fingerprint(), ..old.clone() };
    let active = names.active(old)?;
    new.states = active.keys().map(|&state| path(machine, state)).collect();
    (new.context, new.data) = names.values(old, &active);
    new.history = names.history(old);
    let shape = machine.shape();
    let owned = |prefix| {
        let same = |what| Some(what);
        let of_child = |what| now(&migration.children, what);
        let was = old.shape.iter().map(String::as_str);
        let was = if prefix == ACTIVITY {
            Owned::read(was, prefix, of_child)
        } else {
            Owned::read(was, prefix, same)
        };
        (was, Owned::read(shape.lines(), prefix, same))
    };
    let (timers, new_timers) = owned("timer of ");
    let (activities, new_activities) = owned(ACTIVITY);
    let mut fresh = Fresh::default();
    let mut timer_ids = BTreeMap::new();
    let mut activity_ids = BTreeMap::new();
    for (&state, old_path) in &active {
        let path = path(machine, state);
        let paths = (old_path.as_deref(), path.as_str());
        fresh.timers.extend(timers.pair(&new_timers, paths, &mut timer_ids));
        fresh.activities.extend(activities.pair(&new_activities, paths, &mut activity_ids));
    }
    new.timers = old
        .timers
        .iter()
        .filter_map(|timer| Some(SavedTimer { index: *timer_ids.get(&timer.index)?, ..timer.clone() }))
        .collect();
    new.activities = old
        .activities
        .iter()
        .filter_map(|saved| Some(SavedActivity { index: *activity_ids.get(&saved.index)?, ..saved.clone() }))
        .collect();
    let deferred = old.deferred.iter().filter_map(|saved| {
        let event = match event_now(migration, "self", &saved.event) {
            Some(said) => said?.1.to_owned(),
            None => saved.event.clone(),
        };
        // One whose activity cannot be told any more is kept as an event of nobody.
        let activity = saved.activity.and_then(|activity| activity_ids.get(&activity).copied());
        let generation = saved.generation.filter(|_| activity.is_some());
        Some(SavedEvent { event, activity, generation, ..saved.clone() })
    });
    new.deferred = deferred.collect();
    new.messages = old.messages.iter().filter_map(|saved| message(migration, saved)).collect();
    new.children = old
        .children
        .iter()
        .filter_map(|saved| {
            Some(SavedChild { id: now(&migration.children, &saved.id)?.to_owned(), ..saved.clone() })
        })
        .collect();
    new.undo = undos(machine, migration, old)?;
    if old.done {
        fresh = Fresh::default();
    }
    Ok((new, fresh))
}

/// How lines of a shape begin that say what a state runs.
const ACTIVITY: &str = "activity of ";

/// What a child of a snapshot is called now; nothing where it is dropped.
pub(in crate::interpreter) fn child_now<'a>(
    machine: &'a Machine,
    snapshot: &Snapshot,
    id: &'a str,
) -> Option<&'a str> {
    let is_from = |row: &&Migration| row.from == snapshot.fingerprint && row.from != machine.fingerprint();
    match machine.migrations.iter().find(is_from) {
        Some(migration) => now(&migration.children, id),
        None => Some(id),
    }
}

/// What an old name is now; nothing where it is dropped.
fn now<'a>(rows: &'a [(String, Option<String>)], old: &'a str) -> Option<&'a str> {
    match rows.iter().find(|(from, _)| from == old) {
        Some((_, to)) => to.as_deref(),
        None => Some(old),
    }
}

/// What the migration says of an event, if anything: who gets it and its name, or that it is dropped.
#[allow(clippy::option_option)]
fn event_now<'a>(migration: &'a Migration, to: &str, event: &str) -> Option<Option<(&'a str, &'a str)>> {
    let row = migration.events.iter().find(|((old, name), _)| old == to && name == event);
    row.map(|(_, now)| now.as_ref().map(|(to, event)| (to.as_str(), event.as_str())))
}

/// A message under way; nothing where it is dropped.
fn message(migration: &Migration, saved: &SavedMessage) -> Option<SavedMessage> {
    let id = match &saved.id {
        Some(id) => Some(now(&migration.messages, id)?.to_owned()),
        None => None,
    };
    let (to, event) = match event_now(migration, &saved.to, &saved.event) {
        Some(said) => said?,
        None => {
            let receivers = [&migration.peers, &migration.children];
            let rows = receivers.into_iter().find(|rows| rows.iter().any(|(old, _)| *old == saved.to));
            (rows.map_or(Some(saved.to.as_str()), |rows| now(rows, &saved.to))?, saved.event.as_str())
        }
    };
    Some(SavedMessage { to: to.to_owned(), event: event.to_owned(), id, ..saved.clone() })
}

/// Undos by their text.
fn undos(machine: &Machine, migration: &Migration, old: &Snapshot) -> Result<Vec<SavedUndo>, SnapshotError> {
    let texts: Vec<&str> = old.shape.iter().filter_map(|line| line.strip_prefix("undo ")).collect();
    let mut undos = Vec::with_capacity(old.undo.len());
    for (at, saved) in old.undo.iter().enumerate() {
        let text = texts.get(saved.index).copied().unwrap_or_default();
        let Some(text) = now(&migration.undos, text) else { continue };
        let Some(index) = machine.undos.iter().position(|undo| undo.text == text) else {
            return Err(SnapshotError::at(format!("undo[{at}]"), format!("`{text}` is gone from the spec")));
        };
        undos.push(SavedUndo { index, args: saved.args.clone() });
    }
    Ok(undos)
}

/// What has become of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    At(StateId),
    /// The migration says that what was in it is dropped.
    Dropped,
    /// Nobody says where it went.
    Gone,
}

impl Now {
    fn id(self) -> Option<StateId> {
        if let Self::At(state) = self { Some(state) } else { None }
    }
}

/// Old names, and what they are now.
struct Names<'m> {
    machine: &'m Machine,
    migration: &'m Migration,
    paths: Paths<'m>,
}

impl Names<'_> {
    /// What an old state is now: as the migration says for it or for the innermost state around it, and where it says
    /// nothing of either, the state that has its path.
    fn state(&self, old: &str) -> Now {
        let mentioned = self.migration.states.iter().filter_map(|(from, to)| {
            let rest = old.strip_prefix(from.as_str())?;
            (rest.is_empty() || rest.starts_with('.')).then_some((from.len(), *to, rest))
        });
        let found = match mentioned.max_by_key(|(length, ..)| *length) {
            Some((_, None, _)) => return Now::Dropped,
            Some((_, Some(to), "")) => Some(to),
            Some((_, Some(to), rest)) => self.paths.find(&format!("{}{rest}", path(self.machine, to))),
            None => self.paths.find(old),
        };
        found.map_or(Now::Gone, Now::At)
    }

    /// The active states, each with its old path. Leaves decide: states around them come along.
    fn active(&self, old: &Snapshot) -> Result<BTreeMap<StateId, Option<String>>, SnapshotError> {
        let mut active: BTreeMap<StateId, Option<String>> = BTreeMap::new();
        for (at, path) in old.states.iter().enumerate() {
            let prefix = format!("{path}.");
            let is_leaf = !old.states.iter().any(|other| other.starts_with(&prefix));
            let now = self.state(path);
            if now == Now::Gone && is_leaf {
                let reason = format!("`{path}` was active and is gone; say where it went");
                return Err(SnapshotError::at(format!("states[{at}]"), reason));
            }
            if let Now::At(state) = now
                && is_leaf
            {
                let mut around = state;
                while around != 0 {
                    active.entry(around).or_default();
                    around = self.machine.states.get(around).map_or(0, |row| row.parent);
                }
            }
        }
        // Which of them were there before.
        for path in &old.states {
            if let Some(place) = self.state(path).id().and_then(|state| active.get_mut(&state)) {
                *place = Some(path.clone());
            }
        }
        self.add_regions(&mut active);
        Ok(active)
    }

    /// A region that nothing was active in came with the version: it starts in its initial states.
    fn add_regions(&self, active: &mut BTreeMap<StateId, Option<String>>) {
        if active.is_empty() {
            return;
        }
        let around: Vec<StateId> = std::iter::once(0).chain(active.keys().copied()).collect();
        for state in around {
            if self.machine.states.get(state).is_some_and(|row| row.kind == StateKind::Parallel) {
                self.default_entry(state, active);
            }
        }
    }

    /// W3C addDescendantStatesToEnter, of what is not active yet.
    fn default_entry(&self, state: StateId, active: &mut BTreeMap<StateId, Option<String>>) {
        let Some(row) = self.machine.states.get(state) else { return };
        let is_history = matches!(row.kind, StateKind::History { .. });
        if state != 0 && !is_history {
            active.entry(state).or_default();
        }
        match row.kind {
            StateKind::Parallel => {
                for &region in &row.children {
                    if !active.contains_key(&region) {
                        self.default_entry(region, active);
                    }
                }
            }
            StateKind::Compound | StateKind::History { .. } => {
                // Nothing is recorded of what was not there. The targets of a history lie below its parent.
                let within = if is_history { row.parent } else { state };
                let mut parallels = Vec::new();
                for &target in &row.initial {
                    // Histories may name each other.
                    if !is_history || target > state || !self.machine.is_history(target) {
                        self.default_entry(target, active);
                    }
                    let mut around = self.machine.states.get(target).map_or(within, |row| row.parent);
                    while around > within {
                        active.entry(around).or_default();
                        let Some(row) = self.machine.states.get(around) else { break };
                        if row.kind == StateKind::Parallel {
                            parallels.push(around);
                        }
                        around = row.parent;
                    }
                }
                for parallel in parallels {
                    self.default_entry(parallel, active);
                }
            }
            StateKind::Atomic | StateKind::Final => {}
        }
    }

    /// The context and the data of active states: values that are not mentioned keep their name, then come those that
    /// are.
    fn values(&self, old: &Snapshot, active: &BTreeMap<StateId, Option<String>>) -> (Fields, Fields) {
        let machine = self.machine;
        let (mut context, mut data) = (Fields::new(), self.data(old, active));
        for (name, value) in &old.context {
            let is_mentioned = self.migration.values.iter().any(|(from, _)| from == name);
            if !is_mentioned && machine.context.iter().any(|variable| variable.name == *name) {
                context.insert(name.clone(), value.clone());
            }
        }
        for (from, to) in &self.migration.values {
            let found = old.context.get(from).or_else(|| old.data.get(from));
            let Some(value) = found.or_else(|| old.data.get(&format!("{}.{from}", machine.name))) else {
                continue;
            };
            match to {
                Some(Place::Variable(id)) => {
                    if let Some(variable) = machine.context.get(*id) {
                        context.insert(variable.name.clone(), value.clone());
                    }
                }
                Some(Place::Local(id)) => {
                    let local = machine.locals.get(*id);
                    if let Some(local) = local.filter(|row| row.state == 0 || active.contains_key(&row.state))
                    {
                        data.insert(format!("{}.{}", path(machine, local.state), local.name), value.clone());
                    }
                }
                None => {}
            }
        }
        (context, data)
    }

    fn data(&self, old: &Snapshot, active: &BTreeMap<StateId, Option<String>>) -> Fields {
        let mut data = Fields::new();
        for (key, value) in &old.data {
            let Some((owner, name)) = key.rsplit_once('.') else { continue };
            let is_root = owner == self.machine.name;
            let is_meant = |from: &String| from == key || (is_root && from == name);
            if self.migration.values.iter().any(|(from, _)| is_meant(from)) {
                continue;
            }
            let state = if is_root { Some(0) } else { self.state(owner).id() };
            let Some(state) = state.filter(|state| *state == 0 || active.contains_key(state)) else {
                continue;
            };
            let is_kept = |local: &crate::model::Local| local.state == state && local.name == name;
            if self.machine.locals.iter().any(is_kept) {
                data.insert(format!("{}.{name}", path(self.machine, state)), value.clone());
            }
        }
        data
    }

    /// Records of history states that are still there, of states that are still there.
    fn history(&self, old: &Snapshot) -> BTreeMap<String, Vec<String>> {
        let mut history = BTreeMap::new();
        for (name, stored) in &old.history {
            let Some(state) = self.state(name).id() else { continue };
            let stored: Option<Vec<String>> =
                stored.iter().map(|old| Some(path(self.machine, self.state(old).id()?))).collect();
            if let Some(stored) = stored.filter(|stored| self.paths.recorded(state, stored, "").is_ok()) {
                history.insert(path(self.machine, state), stored);
            }
        }
        history
    }
}

/// The timers or activities of a version: for each path their numbers, each with what tells it from the others there.
struct Owned<'a>(BTreeMap<&'a str, Vec<(usize, &'a str)>>);

impl<'a> Owned<'a> {
    /// From the lines of a shape: `timer of a.b`, `timer of a.b: after 5s`, `activity of a.b: load`. What is told by
    /// another name now is renamed; what is dropped still has its number.
    fn read(
        shape: impl Iterator<Item = &'a str>,
        prefix: &str,
        now: impl Fn(&'a str) -> Option<&'a str>,
    ) -> Self {
        let lines = shape.filter_map(|line| line.strip_prefix(prefix));
        let mut owned: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (index, line) in lines.enumerate() {
            let (path, what) = line.split_once(": ").unwrap_or((line, ""));
            if let Some(what) = now(what) {
                owned.entry(path).or_default().push((index, what));
            }
        }
        Self(owned)
    }

    fn of(&self, path: &str) -> &[(usize, &'a str)] {
        self.0.get(path).map_or(&[][..], Vec::as_slice)
    }

    /// Pairs a state's new ones with those of the old state that are the same by text, the first with the first. Gives
    /// back the new ones that are left alone.
    fn pair(
        &self,
        new: &Self,
        (old_path, path): (Option<&str>, &str),
        pairs: &mut BTreeMap<usize, usize>,
    ) -> Vec<usize> {
        let mut old = old_path.map_or_else(Vec::new, |path| self.of(path).to_vec());
        let mut fresh = Vec::new();
        for &(index, what) in new.of(path) {
            match old.iter().position(|(_, known)| *known == what) {
                Some(at) => {
                    pairs.insert(old.remove(at).0, index);
                }
                None => fresh.push(index),
            }
        }
        fresh
    }
}
