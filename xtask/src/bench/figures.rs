//! Measured numbers, by what they are of.

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// `flat`, `tiers`, `actor`, `interpreter`, `build`.
    pub(super) group: String,
    /// Whose.
    pub(super) subject: String,
    /// Under which conditions: `call random`, `tell`.
    pub(super) case: String,
    /// `ns`, `instructions`, `allocations`, `bytes`, `per-second`, `cpu-seconds`.
    pub(super) unit: String,
    pub(super) value: f64,
}

/// Figures in the order measured.
#[derive(Debug, Default)]
pub(super) struct Figures(pub(super) Vec<Figure>);

impl Figures {
    pub(super) fn add(&mut self, group: &str, subject: &str, case: &str, unit: &str, value: f64) {
        self.0.push(Figure {
            group: group.to_owned(),
            subject: subject.to_owned(),
            case: case.to_owned(),
            unit: unit.to_owned(),
            value,
        });
    }

    /// What a measured program printed: a figure a line, tab-separated.
    pub(super) fn read(&mut self, text: &str) {
        for line in text.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            if let [group, subject, case, unit, value] = cells[..]
                && let Ok(value) = value.parse()
            {
                self.add(group, subject, case, unit, value);
            }
        }
    }

    pub(super) fn get(&self, group: &str, subject: &str, case: &str, unit: &str) -> Option<f64> {
        let found = self.0.iter().find(|figure| {
            figure.group == group && figure.subject == subject && figure.case == case && figure.unit == unit
        });
        found.map(|figure| figure.value)
    }

    /// Ours as a multiple of another's.
    pub(super) fn ratio(&self, group: &str, other: &str, case: &str, unit: &str) -> Option<f64> {
        Some(self.get(group, "ours", case, unit)? / self.get(group, other, case, unit)?)
    }
}
