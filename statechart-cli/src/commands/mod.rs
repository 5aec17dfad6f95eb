//! One command per file, all of the same shape: arguments, examples, `run`.

mod check;
mod cover;
mod diagram;
mod diff;
mod expand;
mod export;
mod fmt;
mod import;
mod interactive;
mod language;
mod run;
mod trace;
mod why;

pub(crate) use check::Check;
pub(crate) use cover::Cover;
pub(crate) use diagram::Diagram;
pub(crate) use diff::Diff;
pub(crate) use expand::Expand;
pub(crate) use export::Export;
pub(crate) use fmt::Fmt;
pub(crate) use import::Import;
pub(crate) use language::{Accepts, Equivalent, Include, Language, One, Pairing, Single, Two};
pub(crate) use run::Run;
pub(crate) use trace::Trace;
pub(crate) use why::Why;
