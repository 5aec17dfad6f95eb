//! Figures as lines for `cargo xtask bench`: tab-separated, one a line.

use std::fmt;

/// One measured number.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What was measured: `flat`, `tiers`, `actor`, `interpreter`.
    pub group: &'static str,
    /// Whose.
    pub subject: &'static str,
    /// Under which conditions: `call random`, `tell`.
    pub case: String,
    /// `ns`, `allocations`, `bytes`, `per-second`.
    pub unit: &'static str,
    /// The number.
    pub value: f64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, subject, case, unit, value } = self;
        write!(f, "{group}\t{subject}\t{case}\t{unit}\t{value}")
    }
}
