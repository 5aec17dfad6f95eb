//! What the figures are held against.

use super::figures::Figures;

/// A gate beside its figure.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) gate: String,
    pub(super) unit: &'static str,
    pub(super) value: f64,
    pub(super) bound: f64,
    /// The bound is the least rather than the most.
    pub(super) least: bool,
    pub(super) passed: bool,
    /// Whether a miss fails the run: counts do, times do not.
    pub(super) decides: bool,
}

/// A channel takes memory for messages in blocks and reuses them; now and then it takes a new one. One
/// allocation a message would be 1.
const BLOCKS: f64 = 0.05;

/// Every gate whose figures were measured.
pub(super) fn judge(figures: &Figures) -> Vec<Verdict> {
    let mut judge = Judge { figures, verdicts: Vec::new() };
    judge.flat();
    judge.tiers();
    judge.actors();
    let per_second = figures.get("interpreter", "ours", "random", "per-second");
    judge.add("interpreter: macrosteps a second on three levels", "/s", per_second, 1e6, true, false);
    let built = figures.get("build", "ours", "clean", "cpu-seconds");
    judge.add("clean dev build of one machine over an empty crate", "CPU s", built, 6.0, false, false);
    // The bound was set where statig took 7.1: what the machine gives differs from day to day.
    let beside = figures.ratio("build", "statig", "clean", "cpu-seconds");
    judge.add("the same, beside statig", "× statig", beside, 6.0 / 7.1, false, false);
    let ahead = figures.get("build", "ours-expanded", "clean", "cpu-seconds");
    judge.add("the same, of a machine expanded ahead", "CPU s", ahead, 6.0, false, false);
    judge.pipeline();
    judge.verdicts
}

struct Judge<'a> {
    figures: &'a Figures,
    verdicts: Vec<Verdict>,
}

impl Judge<'_> {
    fn flat(&mut self) {
        let match_ratio = |case| self.figures.ratio("flat", "hand-written match", case, "ns");
        let (call, inline) = (match_ratio("call random"), match_ratio("inline random"));
        let instructions = self.figures.get("flat", "ours", "call random", "instructions");
        self.most("flat: instructions an event, random word, call", "", instructions, 20.0, true);
        self.most("flat: time, random word, call", "× match", call, 0.40, false);
        self.most("flat: time, random word, inline", "× match", inline, 0.25, false);
        for case in ["inline random", "call random", "inline cyclic", "call cyclic"] {
            let ratio = self.figures.ratio("flat", "statig", case, "ns");
            self.most(&format!("flat: time, {case}"), "× statig", ratio, 1.0, false);
            let allocations = self.figures.get("flat", "ours", case, "allocations");
            self.most(&format!("flat: allocations an event, {case}"), "", allocations, 0.0, true);
        }
    }

    fn tiers(&mut self) {
        for (word, most) in [("cross", 31.0), ("bubble", 22.0), ("random", 26.0)] {
            let case = format!("call {word}");
            let instructions = self.figures.get("tiers", "ours", &case, "instructions");
            self.most(&format!("three levels: instructions an event, {word}"), "", instructions, most, true);
            let ratio = self.figures.ratio("tiers", "statig", &case, "ns");
            self.most(&format!("three levels: time, {word}"), "× statig", ratio, 0.6, false);
            let allocations = self.figures.get("tiers", "ours", &case, "allocations");
            self.most(&format!("three levels: allocations an event, {word}"), "", allocations, 0.0, true);
        }
    }

    fn actors(&mut self) {
        for (case, most) in [("tell", 0.5), ("ask", 1.1), ("spawn", 1.2)] {
            let ratio = self.figures.ratio("actor", "tokio mpsc", case, "ns");
            self.most(&format!("actor: time of {case}"), "× tokio mpsc", ratio, most, false);
        }
        let allocations = self.figures.get("actor", "ours", "tell", "allocations");
        self.most("actor: allocations a tell", "", allocations, BLOCKS, true);
        let bytes = self.figures.get("actor", "ours", "idle", "bytes");
        self.most("actor: heap of an idle actor", "bytes", bytes, 1400.0, true);
    }

    /// These decide: both sides of a ratio are measured in turn.
    fn pipeline(&mut self) {
        for (case, unit, least) in [
            ("log to PostgreSQL", "× bare COPY", 0.7),
            ("into the log", "× bare rskafka", 0.8),
            ("trades into PostgreSQL", "× cryptofeed", 1.0),
            ("candles as CSV", "× psql \\copy", 0.5),
        ] {
            let ratio = self.figures.get("pipeline", "ours", case, "ratio");
            self.add(&format!("pipeline: {case}"), unit, ratio, least, true, true);
        }
        let memory = self.figures.get("pipeline", "ours", "memory, 1M trades", "megabytes");
        self.most("pipeline: memory of a consumer while 1M trades pass", "MB", memory, 200.0, true);
    }

    fn most(&mut self, gate: &str, unit: &'static str, value: Option<f64>, bound: f64, decides: bool) {
        self.add(gate, unit, value, bound, false, decides);
    }

    fn add(
        &mut self,
        gate: &str,
        unit: &'static str,
        value: Option<f64>,
        bound: f64,
        least: bool,
        decides: bool,
    ) {
        let Some(value) = value else { return };
        let passed = if least { value >= bound } else { value <= bound };
        self.verdicts.push(Verdict { gate: gate.to_owned(), unit, value, bound, least, passed, decides });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_decide_and_times_do_not() {
        let mut figures = Figures::default();
        figures.read(
            "flat\tours\tcall random\tinstructions\t20.5\n\
             flat\tours\tcall random\tns\t4\nflat\thand-written match\tcall random\tns\t8\n\
             actor\tours\ttell\tallocations\t0.01\ninterpreter\tours\trandom\tper-second\t2000000\n\
             pipeline\tours\tlog to PostgreSQL\tratio\t0.69\nnot a figure\n",
        );
        let verdicts: Vec<_> = judge(&figures)
            .into_iter()
            .map(|found| (found.gate, found.value, found.passed, found.decides))
            .collect();
        let expected = [
            ("flat: instructions an event, random word, call", 20.5, false, true),
            ("flat: time, random word, call", 0.5, false, false),
            ("actor: allocations a tell", 0.01, true, true),
            ("interpreter: macrosteps a second on three levels", 2e6, true, false),
            ("pipeline: log to PostgreSQL", 0.69, false, true),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(gate, value, passed, decides)| (gate.to_owned(), value, passed, decides))
            .collect();
        assert_eq!(verdicts, expected);
    }
}
