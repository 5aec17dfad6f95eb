//! Coverage as colours of a diagram.

use super::{Coverage, Criterion, Target, target::targets};
use crate::{
    diagram::{Highlight, Hue, Paint},
    model::{Machine, StateId, StateKind, TransitionId},
};

impl Coverage {
    /// Green is covered, red is not; orange is a transition that is covered while one value of its guard is not, and a
    /// state with transitions without targets that are not all covered. A transition says how often it was taken.
    #[must_use]
    pub fn highlight(&self, machine: &Machine) -> Highlight {
        let mut marks = Highlight::default();
        for target in targets(machine, Criterion::Transitions) {
            if let Target::Transition(id) = target {
                let note = format!("×{}", self.count(target));
                marks.transitions.insert(id, Paint { note, ..self.transition_mark(machine, id).into() });
            }
        }
        for target in targets(machine, Criterion::States) {
            if let Target::State(id) = target {
                marks.states.insert(id, self.state_mark(machine, id).into());
            }
        }
        marks
    }

    fn transition_mark(&self, machine: &Machine, id: TransitionId) -> Hue {
        let is_guarded = machine.transitions.get(id).is_some_and(|row| row.guard.is_some());
        let both = [true, false].iter().all(|value| self.count(Target::Guard(id, *value)) > 0);
        match (self.count(Target::Transition(id)) > 0, is_guarded && !both) {
            (false, _) => Hue::Red,
            (true, true) => Hue::Orange,
            (true, false) => Hue::Green,
        }
    }

    fn state_mark(&self, machine: &Machine, id: StateId) -> Hue {
        let Some(row) = machine.states.get(id).filter(|row| row.kind != StateKind::Final) else {
            return if self.count(Target::State(id)) > 0 { Hue::Green } else { Hue::Red };
        };
        if self.count(Target::State(id)) == 0 {
            return Hue::Red;
        }
        // What stays in its state is a line in the state's box, which has one colour.
        let stays = row.transitions.iter().filter(|id| {
            machine.transitions.get(**id).is_some_and(|row| row.targets.is_empty() || row.ignore)
        });
        let all = stays.into_iter().all(|&id| self.transition_mark(machine, id) == Hue::Green);
        if all { Hue::Green } else { Hue::Orange }
    }
}
