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
    /// Activities in document order.
    pub activities: &'static [Activity],
    /// Names of the child machines: the `id` of `spawn … as id` and `do … as id`.
    pub children: &'static [&'static str],
    /// Names of delayed messages: the `id` of `send … as id`.
    pub sends: &'static [&'static str],
    /// How many history states there are.
    pub histories: u16,
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
    /// Never active: a target that stands for what was active in the parent when that was left.
    History {
        /// Whether it restores the leaves, not only the parent's children.
        deep: bool,
        /// Where its record is kept.
        slot: u16,
    },
}

/// One `do`.
#[derive(Debug)]
pub struct Activity {
    /// The state that owns it.
    pub state: u16,
    /// The service's name, or the child's.
    pub name: &'static str,
    /// The child machine that it runs, where it runs one.
    pub child: Option<u16>,
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
    /// Default targets of a compound or history state.
    pub initial: &'static [u16],
    /// Whether taking the default targets runs something (W3C: initial content, default history content).
    pub initial_acts: bool,
    /// Its history states.
    pub histories: &'static [u16],
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
    /// Whether it has data of its own.
    pub data: bool,
    /// Whether it is a final state that returns something.
    pub returns: bool,
    /// Whether some `on done` names it; its completion is of no use to anybody otherwise.
    pub awaited: bool,
}

impl State {
    /// A state that has and does nothing, for what differs from it.
    pub const PLAIN: Self = Self {
        name: "",
        label: "",
        parent: 0,
        last: 0,
        kind: Kind::Atomic,
        initial: &[],
        initial_acts: false,
        histories: &[],
        accept: false,
        on: &[],
        defer: &[],
        timers: (0, 0),
        activities: (0, 0),
        entry: false,
        exit: false,
        data: false,
        returns: false,
        awaited: false,
    };
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
    /// The completion of the child machine with this index.
    ChildDone(u16),
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
    /// Whether it sets parameters of its targets.
    pub passes: bool,
    /// An explicit ignore: a bare `on E`.
    pub ignore: bool,
    /// `EVENT [guard] -> target` as the spec says it, for people.
    pub text: &'static str,
    /// Line in the spec, from 1.
    pub line: u32,
}

impl Transition {
    /// A transition that does nothing, for what differs from it.
    pub const PLAIN: Self = Self {
        source: 0,
        targets: &[],
        domain: 0,
        guarded: false,
        acts: false,
        passes: false,
        ignore: false,
        text: "",
        line: 1,
    };
}

impl Tables {
    /// The row of a state.
    pub(crate) fn state(&'static self, index: u16) -> Option<&'static State> {
        self.states.get(usize::from(index))
    }

    /// The row of a transition.
    pub(super) fn transition(&'static self, index: u16) -> Option<&'static Transition> {
        self.transitions.get(usize::from(index))
    }

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
