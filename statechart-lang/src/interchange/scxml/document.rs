//! What an SCXML document consists of.

use super::super::{
    Note, Position,
    ecma::{Bad, Js, Statement},
};

/// `<scxml>`.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) at: Position,
    /// The root first, parents before children, in document order.
    pub(super) states: Vec<State>,
    pub(super) data: Vec<Data>,
    /// Content of `<script>` below the root.
    pub(super) scripts: Vec<Content>,
    pub(super) late: bool,
    /// Events that only the machine itself raises, as our own export says.
    pub(super) internal: Vec<String>,
    /// Neither `ecmascript` nor `null`: its expressions mean something else.
    pub(super) datamodel: Option<String>,
    /// What stands in it and is no SCXML.
    pub(super) notes: Vec<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    State,
    Parallel,
    Final,
    History {
        deep: bool,
    },
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Empty where the document gives none.
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) parent: usize,
    pub(super) at: Position,
    pub(super) initial: Vec<String>,
    pub(super) initial_content: Vec<Content>,
    /// Each handler is a block of its own.
    pub(super) entry: Vec<Vec<Content>>,
    pub(super) exit: Vec<Vec<Content>>,
    pub(super) transitions: Vec<Transition>,
    pub(super) invokes: Vec<Invoke>,
    pub(super) donedata: Option<DoneData>,
    /// What our own export says beyond SCXML.
    pub(super) accept: bool,
    pub(super) label: Option<String>,
}

#[derive(Debug)]
pub(super) struct Transition {
    pub(super) at: Position,
    pub(super) events: Vec<String>,
    pub(super) cond: Option<Code>,
    pub(super) targets: Vec<String>,
    pub(super) internal: bool,
    pub(super) content: Vec<Content>,
}

#[derive(Debug)]
pub(super) struct DoneData {
    pub(super) params: Vec<Param>,
    pub(super) content: Option<Code>,
}

#[derive(Debug)]
pub(super) struct Invoke {
    pub(super) at: Position,
    pub(super) id: Option<String>,
    pub(super) idlocation: Option<String>,
    pub(super) params: Vec<Param>,
    pub(super) autoforward: bool,
    /// What happens with its events before anything else; none where the document says nothing.
    pub(super) finalize: Option<Vec<Content>>,
    pub(super) child: Result<Box<Chart>, String>,
}

#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) value: Code,
    /// It names a place, which an empty `<finalize/>` updates.
    pub(super) is_place: bool,
}

#[derive(Debug)]
pub(super) struct Data {
    pub(super) id: String,
    pub(super) at: Position,
    pub(super) value: Option<Code>,
    /// The state that declares it.
    pub(super) state: usize,
}

/// An expression as it stands in the document.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) text: String,
    pub(super) js: Result<Js, Bad>,
    pub(super) at: Position,
}

/// An element of executable content.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) at: Position,
    pub(super) kind: ContentKind,
}

#[derive(Debug)]
pub(super) enum ContentKind {
    Raise(String),
    Send(Box<Send>),
    /// A literal as code, too.
    Cancel(Code),
    Log(Option<String>, Option<Code>),
    Assign(Code, Code),
    /// The last condition may be missing: `<else/>`.
    If(Vec<(Option<Code>, Vec<Content>)>),
    Foreach {
        array: Code,
        item: String,
        index: Option<String>,
        body: Vec<Content>,
    },
    Script(Result<Vec<Statement>, Bad>),
    /// Not known to this importer.
    Unknown(String),
}

#[derive(Debug)]
pub(super) struct Send {
    pub(super) event: Option<Code>,
    pub(super) target: Option<Code>,
    pub(super) kind: Option<Code>,
    pub(super) delay: Option<Code>,
    pub(super) id: Option<String>,
    pub(super) idlocation: Option<Code>,
    pub(super) params: Vec<Param>,
    pub(super) content: Option<Code>,
}
