//! Reading a snapshot of an earlier version, as a `migrate from "…"` of the spec says.

use std::collections::BTreeMap;

use super::{
    About, Fields, Migration, SavedActivity, SavedEvent, SavedTimer, SavedUndo, Snapshot, SnapshotError,
    check::Paths, take::path,
};
use crate::chart::Tables;

/// What active states have that no old one had: it starts in full.
#[derive(Debug, Clone, Default)]
pub(super) struct Fresh {
    pub(super) timers: Vec<u16>,
    pub(super) activities: Vec<u16>,
}

/// What only the old shape has, and what only the new one.
pub(super) fn differences(old: &[String], new: &[&str]) -> (Vec<String>, Vec<String>) {
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    (lacking(&old, new), lacking(new, &old))
}

/// The lines that the other one does not have, or not as often.
fn lacking(lines: &[&str], other: &[&str]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    other.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    let is_lacking = |line: &&&str| match counts.get_mut::<str>(line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    lines.iter().filter(is_lacking).map(|line| (*line).to_owned()).collect()
}

/// The snapshot in the names of this version. Renamed states take what is inside them along; names that are not
/// mentioned stay; what is gone is dropped, unless it is active.
pub(super) fn migrate(
    tables: &'static Tables,
    about: &'static About,
    migration: &Migration,
    old: &Snapshot,
) -> Result<(Snapshot, Fresh), SnapshotError> {
    let names = Names { tables, about, migration, paths: Paths::new(tables) };
    let mut new = Snapshot { fingerprint: about.fingerprint.to_owned(), ..old.clone() };
    let active = names.active(old)?;
    new.states = active.keys().map(|&state| path(tables, state)).collect();
    new.context = names.context(old);
    new.data = names.data(old, &active);
    new.history = names.history(old);
    let owned = |prefix| {
        let (was, is) = (old.shape.iter().map(String::as_str), about.shape.iter().copied());
        (Owned::read(was, prefix), Owned::read(is, prefix))
    };
    let (timers, new_timers) = owned("timer of ");
    let (activities, new_activities) = owned("activity of ");
    let mut fresh = Fresh::default();
    let (mut timer_ids, mut activity_ids) = (BTreeMap::new(), BTreeMap::new());
    for (&state, old_path) in &active {
        let path = path(tables, state);
        let paths = (old_path.as_deref(), path.as_str());
        let narrow = |index| u16::try_from(index).ok();
        fresh.timers.extend(timers.pair(&new_timers, paths, &mut timer_ids).into_iter().filter_map(narrow));
        let started = activities.pair(&new_activities, paths, &mut activity_ids);
        fresh.activities.extend(started.into_iter().filter_map(narrow));
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
    let deferred = old.deferred.iter().map(|event| {
        // One whose activity cannot be told any more is kept as an event of nobody.
        let activity = event.activity.and_then(|activity| activity_ids.get(&activity).copied());
        SavedEvent { activity, generation: event.generation.filter(|_| activity.is_some()), ..event.clone() }
    });
    new.deferred = deferred.collect();
    new.undo = undos(about, old)?;
    Ok((new, fresh))
}

/// Undos by their text.
fn undos(about: &About, old: &Snapshot) -> Result<Vec<SavedUndo>, SnapshotError> {
    let texts: Vec<&str> = old.shape.iter().filter_map(|line| line.strip_prefix("undo ")).collect();
    let mut undos = Vec::with_capacity(old.undo.len());
    for (at, saved) in old.undo.iter().enumerate() {
        let text = texts.get(saved.index).copied().unwrap_or_default();
        let mut known = about.shape.iter().filter_map(|line| line.strip_prefix("undo "));
        let Some(index) = known.position(|known| known == text) else {
            return Err(SnapshotError::at(format!("undo[{at}]"), format!("`{text}` is gone from the spec")));
        };
        undos.push(SavedUndo { index, args: saved.args.clone() });
    }
    Ok(undos)
}

/// Old names, and what they are now.
struct Names<'a> {
    tables: &'static Tables,
    about: &'static About,
    migration: &'a Migration,
    paths: Paths,
}

impl Names<'_> {
    /// What an old state is now: as the migration says for it or for the innermost state around it, else the state
    /// that has its path.
    fn state(&self, old: &str) -> Option<u16> {
        let mentioned = self.migration.states.iter().filter_map(|(from, to)| {
            let rest = old.strip_prefix(from)?;
            (rest.is_empty() || rest.starts_with('.')).then_some((from.len(), *to, rest))
        });
        let moved = mentioned.max_by_key(|(length, ..)| *length).and_then(|(_, to, rest)| {
            if rest.is_empty() {
                Some(to)
            } else {
                self.paths.find(&format!("{}{rest}", path(self.tables, to)))
            }
        });
        moved.or_else(|| self.paths.find(old))
    }

    /// The active states, each with its old path. Leaves decide: states around them come along.
    fn active(&self, old: &Snapshot) -> Result<BTreeMap<u16, Option<String>>, SnapshotError> {
        let mut active: BTreeMap<u16, Option<String>> = BTreeMap::new();
        for (at, path) in old.states.iter().enumerate() {
            let prefix = format!("{path}.");
            let is_leaf = !old.states.iter().any(|other| other.starts_with(&prefix));
            let Some(state) = self.state(path) else {
                if is_leaf {
                    let reason = format!("`{path}` was active and is gone; say where it went");
                    return Err(SnapshotError::at(format!("states[{at}]"), reason));
                }
                continue;
            };
            if is_leaf {
                let mut around = state;
                while around != 0 {
                    active.entry(around).or_default();
                    around = self.tables.state(around).map_or(0, |row| row.parent);
                }
            }
        }
        // Which of them were there before.
        for path in &old.states {
            if let Some(place) = self.state(path).and_then(|state| active.get_mut(&state)) {
                *place = Some(path.clone());
            }
        }
        Ok(active)
    }

    fn context(&self, old: &Snapshot) -> Fields {
        let kept = old.context.iter().filter_map(|(name, value)| {
            let renamed = self.migration.variables.iter().find(|(from, _)| from == name);
            let now = match renamed {
                Some((_, to)) => self.about.variables.get(usize::from(*to))?,
                None => self.about.variables.iter().find(|variable| *variable == name)?,
            };
            Some(((*now).to_owned(), value.clone()))
        });
        kept.collect()
    }

    fn data(&self, old: &Snapshot, active: &BTreeMap<u16, Option<String>>) -> Fields {
        let mut data = Fields::new();
        for (name, value) in &old.data {
            let Some((owner, name)) = name.rsplit_once('.') else { continue };
            let state = if owner == self.tables.name { Some(0) } else { self.state(owner) };
            let Some(state) = state.filter(|state| *state == 0 || active.contains_key(state)) else {
                continue;
            };
            let now = format!("{}.{name}", path(self.tables, state));
            if self.about.data.iter().any(|(of, datum)| *of == state && *datum == now) {
                data.insert(now, value.clone());
            }
        }
        data
    }

    /// Records of history states that are still there, of states that are still there.
    fn history(&self, old: &Snapshot) -> BTreeMap<String, Vec<String>> {
        let mut history = BTreeMap::new();
        for (name, stored) in &old.history {
            let Some(state) = self.state(name) else { continue };
            let stored: Option<Vec<String>> =
                stored.iter().map(|old| Some(path(self.tables, self.state(old)?))).collect();
            if let Some(stored) = stored.filter(|stored| self.paths.recorded(state, stored, "").is_ok()) {
                history.insert(path(self.tables, state), stored);
            }
        }
        history
    }
}

/// The timers or activities of a version: for each path their numbers, each with what tells it from the others there.
struct Owned<'a>(BTreeMap<&'a str, Vec<(usize, &'a str)>>);

impl<'a> Owned<'a> {
    /// From the lines of a shape: `timer of a.b`, `timer of a.b: after 5s`, `activity of a.b: load`.
    fn read(shape: impl Iterator<Item = &'a str>, prefix: &str) -> Self {
        let lines = shape.filter_map(|line| line.strip_prefix(prefix));
        let mut owned: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (index, line) in lines.enumerate() {
            let (path, what) = line.split_once(": ").unwrap_or((line, ""));
            owned.entry(path).or_default().push((index, what));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_state_owns_is_paired_by_what_it_is() {
        let old = ["timer of b", "timer of a: after 5s", "timer of a: after 10s", "timer of a: after 5s"];
        let new = ["timer of c: after 20s", "timer of c: after 5s", "timer of c: after 10s", "timer of b"];
        let (old, new) =
            (Owned::read(old.into_iter(), "timer of "), Owned::read(new.into_iter(), "timer of "));
        let mut pairs = BTreeMap::new();
        assert_eq!(old.pair(&new, (Some("a"), "c"), &mut pairs), [0]);
        assert_eq!(old.pair(&new, (Some("b"), "b"), &mut pairs), [0_usize; 0]);
        assert_eq!(pairs, BTreeMap::from([(1, 1), (2, 2), (0, 3)]));
        // A state that was not there.
        assert_eq!(old.pair(&new, (None, "c"), &mut BTreeMap::new()), [0, 1, 2]);
    }
}
