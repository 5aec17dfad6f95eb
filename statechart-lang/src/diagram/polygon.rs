//! The corners of a regular polygon.

use std::f64::consts::PI;

/// A polygon with that many corners.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corners {
    pub(super) count: usize,
}

impl Corners {
    /// The direction of a corner from the middle, anticlockwise from the right; y grows upwards. The first is at
    /// the top (odd) or the top right (even), the others follow anticlockwise.
    pub(super) fn angle(self, index: usize) -> f64 {
        let corners = self.count.max(1) as f64;
        let first = if self.count.is_multiple_of(2) { PI / 2.0 - PI / corners } else { PI / 2.0 };
        first + 2.0 * PI * index as f64 / corners
    }

    /// The same as a vector of length 1.
    pub(super) fn direction(self, index: usize) -> (f64, f64) {
        let angle = self.angle(index);
        (angle.cos(), angle.sin())
    }
}
