//! Snapshots of a machine with its children.

use super::{Job, Path, System, SystemStep};
use crate::{
    interpreter::{Answers, Input, Interpreter, Snapshot, SnapshotError, snapshot::child_now},
    model::{Machine, Model},
};

impl<'m> System<'m> {
    /// The machine with its children, and theirs.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(&Path::default())
    }

    /// As deep as children run inside of one another, which is bounded.
    fn snapshot_of(&self, path: &Path) -> Snapshot {
        let Some(interpreter) = self.machines.get(path) else { return Snapshot::default() };
        let mut snapshot = interpreter.snapshot();
        for saved in &mut snapshot.children {
            let child = interpreter.machine().children.iter().position(|child| child.name == saved.id);
            let below = child.map(|child| path.child(child));
            saved.snapshot = below
                .filter(|below| self.machines.contains_key(below))
                .map(|below| Box::new(self.snapshot_of(&below)));
        }
        snapshot
    }

    /// A system that goes on where the snapshot was taken; see [`Interpreter::restore`]. A child that nobody took a
    /// snapshot of has failed.
    ///
    /// # Errors
    /// When it does not fit the machine, or one of a child does not fit that.
    pub fn restore(
        model: &'m Model,
        machine: &'m Machine,
        snapshot: &Snapshot,
    ) -> Result<(Self, Vec<SystemStep>), SnapshotError> {
        let (root, report) = Interpreter::restore(machine, Answers::default(), snapshot)?;
        let mut system = Self::new(model, machine);
        system.time_us = root.time_us();
        system.machines.insert(Path::default(), root);
        let mut steps = Vec::new();
        system.restore_children(&Path::default(), snapshot, &mut steps)?;
        let first = system.performed(&Path::default(), report);
        steps.insert(0, first);
        steps.extend(system.settle());
        Ok((system, steps))
    }

    /// The same for a machine whose children are not run.
    ///
    /// # Errors
    /// When it does not fit the machine.
    pub fn restore_alone(
        machine: &'m Machine,
        snapshot: &Snapshot,
    ) -> Result<(Self, SystemStep), SnapshotError> {
        let (root, report) = Interpreter::restore(machine, Answers::default(), snapshot)?;
        let mut system = Self::alone(machine);
        system.time_us = root.time_us();
        system.machines.insert(Path::default(), root);
        let step = system.performed(&Path::default(), report);
        Ok((system, step))
    }

    fn restore_children(
        &mut self,
        path: &Path,
        snapshot: &Snapshot,
        steps: &mut Vec<SystemStep>,
    ) -> Result<(), SnapshotError> {
        let Some(machine) = self.machines.get(path).map(Interpreter::machine) else { return Ok(()) };
        for saved in &snapshot.children {
            let id = child_now(machine, snapshot, &saved.id);
            let child = machine.children.iter().position(|child| Some(child.name.as_str()) == id);
            let Some((child, row)) = child.and_then(|child| Some((child, machine.children.get(child)?)))
            else {
                continue;
            };
            let (generation, below) = (saved.generation, path.child(child));
            let known = self.model.and_then(|model| model.machine(&row.machine));
            let (Some(machine), Some(snapshot)) = (known.filter(|_| self.has_room(&below)), &saved.snapshot)
            else {
                self.post(path.clone(), None, Job::Step(Input::ChildFailed { child, generation }));
                continue;
            };
            let (interpreter, report) =
                Interpreter::restore_at(machine, Answers::default(), snapshot, self.time_us)?;
            self.machines.insert(below.clone(), interpreter);
            self.generations.insert(below.clone(), generation);
            self.restore_children(&below, snapshot, steps)?;
            let step = self.performed(&below, report);
            steps.push(step);
        }
        Ok(())
    }
}
