//! Which transitions a trigger enables: W3C selectTransitions and removeConflictingTransitions.

use super::{
    Chart, Configuration as _, Core, CueOf, Effects, Kind, State, Transition, Trigger, engine::raise_fault,
};

/// At most this many transitions are enabled at once: one for each active leaf.
const ENABLED_LIMIT: usize = 32;

/// Optimally enabled transitions, in document order of the leaves that enable them.
#[derive(Clone, Copy)]
pub(super) struct Enabled {
    indices: [u16; ENABLED_LIMIT],
    len: usize,
}

impl Enabled {
    pub(super) fn as_slice(&self) -> &[u16] {
        self.indices.get(..self.len).unwrap_or(&[])
    }
}

/// What the configuration makes of a trigger.
pub(super) enum Disposition {
    Take(Enabled),
    Ignore,
    Defer,
    Nothing,
}

/// W3C selectTransitions and removeConflictingTransitions: walking outward from each active leaf, the
/// first enabled transition or `defer` wins; a transition of one region beats a `defer` of another. Only what comes
/// from outside `may_wait`; for what was raised inside, no `defer` counts.
pub(super) fn dispose<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    trigger: Trigger,
    cue: CueOf<'_, C>,
    may_wait: bool,
) -> Disposition {
    let mut enabled = Enabled { indices: [0; ENABLED_LIMIT], len: 0 };
    let (mut ignored, mut deferred) = (false, false);
    let mut faulted = None;
    for leaf in machine.core().active() {
        let Some(row) = C::TABLES.states.get(usize::from(leaf)) else { continue };
        if !matches!(row.kind, Kind::Atomic | Kind::Final) {
            continue;
        }
        let mut state = leaf;
        'outward: while let Some(row) = C::TABLES.states.get(usize::from(state)) {
            for &index in candidates(row, trigger) {
                let Some(transition) = C::TABLES.transitions.get(usize::from(index)) else { continue };
                let holds = if transition.guarded {
                    machine.guard(index, cue).unwrap_or_else(|fault| {
                        faulted = Some(fault);
                        false
                    })
                } else {
                    true
                };
                if holds {
                    if transition.ignore {
                        ignored = true;
                    } else {
                        add_enabled(machine, &mut enabled, index, transition);
                    }
                    break 'outward;
                }
            }
            if let Trigger::Event(tag) = trigger
                && may_wait
                && row.defer.contains(&tag)
            {
                deferred = true;
                break;
            }
            if row.parent == state {
                break;
            }
            state = row.parent;
        }
    }
    if let Some(fault) = faulted {
        raise_fault(machine, fx, fault);
    }
    if enabled.len > 0 {
        Disposition::Take(enabled)
    } else if deferred {
        Disposition::Defer
    } else if ignored {
        Disposition::Ignore
    } else {
        Disposition::Nothing
    }
}

fn candidates(row: &State, trigger: Trigger) -> &'static [u16] {
    row.on.iter().find(|(on, _)| *on == trigger).map_or(&[], |(_, indices)| indices)
}

/// Adds a transition unless it is there already or an earlier one preempts it. Two conflict when their
/// exit sets intersect (W3C removeConflictingTransitions); a descendant source then wins, else the first.
fn add_enabled<C: Chart>(machine: &C, enabled: &mut Enabled, index: u16, transition: &Transition) {
    if enabled.as_slice().contains(&index) {
        return;
    }
    let mut kept = Enabled { indices: [0; ENABLED_LIMIT], len: 0 };
    for &other in enabled.as_slice() {
        let Some(row) = C::TABLES.transitions.get(usize::from(other)) else { continue };
        if conflict::<C>(machine.core(), row, transition) {
            if !is_descendant::<C>(transition.source, row.source) {
                return;
            }
            continue;
        }
        push(&mut kept, other);
    }
    push(&mut kept, index);
    *enabled = kept;
}

fn push(enabled: &mut Enabled, index: u16) {
    if let Some(place) = enabled.indices.get_mut(enabled.len) {
        *place = index;
        enabled.len += 1;
    }
}

/// Exit sets are subtrees below the domain, so two of them are nested or apart.
fn conflict<C: Chart>(core: &Core<C::Shape>, a: &Transition, b: &Transition) -> bool {
    if a.targets.is_empty() || b.targets.is_empty() {
        return false;
    }
    let inner = |outer: u16, inner: u16| outer == inner || is_descendant::<C>(inner, outer);
    let shared = if inner(a.domain, b.domain) {
        b.domain
    } else if inner(b.domain, a.domain) {
        a.domain
    } else {
        return false;
    };
    core.active.any_in(shared + 1, last::<C>(shared))
}

pub(super) fn last<C: Chart>(state: u16) -> u16 {
    C::TABLES.states.get(usize::from(state)).map_or(state, |row| row.last)
}

pub(super) fn is_descendant<C: Chart>(state: u16, ancestor: u16) -> bool {
    state > ancestor && state <= last::<C>(ancestor)
}
