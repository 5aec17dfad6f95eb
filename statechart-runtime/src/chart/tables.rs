//! The structure of a chart as static data, in document order.

/// Everything about a chart that is known when it is compiled.
#[derive(Debug)]
pub struct Tables {
    /// The machine's name as its spec spells it.
    pub name: &'static str,
    /// Whether an unhandled event is an error (`strict machine`).
    pub strict: bool,
    /// States in document order; index 0 is the root. A state's descendants follow it directly.
    pub states: &'static [State],
    /// Transitions in document order.
    pub transitions: &'static [Transition],
    /// Names of the events; an event's tag indexes it.
    pub events: &'static [&'static str],
    /// Names of the outputs.
    pub outputs: &'static [&'static str],
    /// For each timer, the state that owns it.
    pub timers: &'static [u16],
    /// For each activity, the state that owns it and the service's name.
    pub activities: &'static [(u16, &'static str)],
    /// How many microsteps one macrostep may take.
    pub microsteps: u32,
}

/// What a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Has no children.
    Atomic,
    /// Exactly one child is active.
    Compound,
    /// Every child is active.
    Parallel,
    /// Entering it completes the parent.
    Final,
}

/// One state.
#[derive(Debug)]
pub struct State {
    /// The spec's spelling.
    pub name: &'static str,
    /// The label for people, equal to the name where the spec gives none.
    pub label: &'static str,
    /// The parent; the root is its own.
    pub parent: u16,
    /// The last descendant in document order; the state itself when it has none.
    pub last: u16,
    /// What it is.
    pub kind: Kind,
    /// Default targets of a compound state.
    pub initial: &'static [u16],
    /// Whether a configuration that holds it is accepted.
    pub accept: bool,
    /// What it reacts to: trigger and candidate transitions, both in document order.
    pub on: &'static [(Trigger, &'static [u16])],
    /// Tags of the events that it defers.
    pub defer: &'static [u16],
    /// First timer and how many.
    pub timers: (u16, u16),
    /// First activity and how many.
    pub activities: (u16, u16),
    /// Whether it has an entry list, an exit list: spares the call where it has none.
    pub entry: bool,
    /// See `entry`.
    pub exit: bool,
}

/// What sets off a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Nothing: `always`.
    Always,
    /// The event with this tag.
    Event(u16),
    /// The timer with this index.
    Timer(u16),
    /// The completion of the state with this index.
    Done(u16),
    /// A fault.
    Fault,
}

/// One transition.
#[derive(Debug)]
pub struct Transition {
    /// The state that declares it.
    pub source: u16,
    /// Where it goes; empty for a targetless transition.
    pub targets: &'static [u16],
    /// The innermost state that stays active when it is taken (W3C: transition domain).
    pub domain: u16,
    /// Whether it has a guard.
    pub guarded: bool,
    /// Whether it has actions.
    pub acts: bool,
    /// An explicit ignore: a bare `on E`.
    pub ignore: bool,
    /// `EVENT [guard] -> target` as the spec says it, for people.
    pub text: &'static str,
    /// Line in the spec, from 1.
    pub line: u32,
}

impl Tables {
    /// The leaf states among the members of a configuration, in document order, by name.
    pub fn leaves<'a>(
        &'a self,
        active: impl Iterator<Item = u16> + 'a,
    ) -> impl Iterator<Item = &'a State> + 'a {
        active
            .filter_map(|index| self.states.get(usize::from(index)))
            .filter(|state| matches!(state.kind, Kind::Atomic | Kind::Final))
    }
}
