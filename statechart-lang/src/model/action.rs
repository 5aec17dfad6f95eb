//! What actions do.

use super::{BindingId, ChildId, EventId, Expr, LocalId, SendId, UndoId};
use crate::Span;

/// One action of a list.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Action {
    /// What it does.
    pub kind: ActionKind,
    /// As the spec spells it.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What an action does.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub enum ActionKind {
    /// `variable := value`.
    Assign {
        /// What is assigned to.
        place: Place,
        /// Already of the variable's type.
        value: Expr,
    },
    /// `emit OUTPUT(args)`.
    Emit {
        /// Index into [`Machine::outputs`].
        output: usize,
        /// One for each field, in the order of the fields.
        args: Vec<Expr>,
    },
    /// `raise EVENT(args)`.
    Raise {
        /// The event.
        event: EventId,
        /// One for each field, in the order of the fields.
        args: Vec<Expr>,
    },
    /// `send peer EVENT(args) delay d`.
    Send {
        /// Who gets it.
        to: Receiver,
        /// Index into the receiver's events: an [`EventId`] for the machine itself.
        event: usize,
        /// One for each field, in the order of the fields.
        args: Vec<Expr>,
        /// Sent after this span.
        delay: Option<Expr>,
        /// Its name, of which one at most is under way: index into [`Machine::sends`].
        id: Option<SendId>,
    },
    /// `cancel id`: forgets the delayed message of that name.
    Cancel(SendId),
    /// `spawn Machine(args) as id`; one that runs under that id already is stopped first.
    Spawn {
        /// Index into [`Machine::children`].
        child: ChildId,
        /// One for each parameter.
        args: Vec<Expr>,
    },
    /// `stop id`.
    Stop(ChildId),
    /// `if … { … } else { … }`: the first arm that holds, else the last block.
    If {
        /// Conditions and what they guard.
        arms: Vec<(Expr, Vec<Action>)>,
        /// Where none holds.
        otherwise: Vec<Action>,
    },
    /// `for item, index in list { … }`; the list is evaluated once.
    For {
        /// The item of each turn.
        item: BindingId,
        /// Its position, from 0.
        index: Option<BindingId>,
        /// What is gone through.
        list: Expr,
        /// What each turn does.
        body: Vec<Action>,
    },
    /// Pushes an undo, its arguments evaluated now; directly behind the action that it undoes.
    Push {
        /// Index into [`Machine::undos`].
        undo: UndoId,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// `compensate`: takes the undos from the stack, the latest first, and runs them. A fault leaves the rest.
    Compensate,
    /// `commit`: forgets the undos.
    Commit,
    /// An extern action.
    Call {
        /// Index into [`Machine::actions`].
        action: usize,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// `log "…"`.
    Log(Expr),
}

/// What an assignment changes.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Index into [`Machine::context`].
    Variable(usize),
    /// Data of a state that is active there.
    Local(LocalId),
}

/// Who gets a message.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The machine itself, from outside: behind everything that the macrostep still does.
    Itself,
    /// Index into [`Machine::peers`].
    Peer(usize),
    /// Index into [`Machine::children`]; a message to one that does not run is a fault.
    Child(ChildId),
}
