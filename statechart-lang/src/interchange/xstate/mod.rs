//! P
use super::*;
pub(super) fn import(_t: &str, _o: &ImportOptions<'_>) -> Result<Imported, ImportError> { Ok(Imported::default()) }
