//! Placeholder.
use super::Note;
/// A machine in another system's form.
#[derive(Debug, Clone, Default)]
pub struct Exported { /// The document.
 pub text: String, /// What it cannot say.
 pub notes: Vec<Note> }
/// x
pub fn scxml(_m: &crate::model::Machine) -> Exported { Exported::default() }
/// x
pub fn xstate(_m: &crate::model::Machine) -> Exported { Exported::default() }
