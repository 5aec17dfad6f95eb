//! What random charts react to: transitions, their guards and targets.

use std::fmt::Write as _;

use super::{Chart, Kind};

impl Chart {
    pub(super) fn reactions(&mut self, id: usize, margin: &str) {
        let (kind, is_root) = (self.places[id].kind, id == 0);
        if !is_root && self.random.once_in(5) {
            let what = self.random.pick(&["A", "B | KO", "C | D", "T*", "*", "OK"]);
            let _ = writeln!(self.text, "{margin}defer {what}");
        }
        if !is_root && self.random.once_in(4) {
            let what = self.random.pick(&[
                "work(n)",
                "work(10 / n)",
                "idle()",
                "work(len(t))",
                "Kid(n) as nurse",
                "Kid as nurse",
                "Kid(10 / n) as kid",
            ]);
            let _ = writeln!(self.text, "{margin}do {what}");
        }
        let completes = match kind {
            Kind::Compound | Kind::Region => self.has_final(id),
            Kind::Parallel => self.places[id].children.iter().all(|region| self.has_final(*region)),
            _ => false,
        };
        let mut always = Vec::new();
        let mut settled: Vec<&str> = Vec::new();
        let count = 1 + self.random.below(4);
        let mut lines = Vec::new();
        for _ in 0..count {
            let trigger = match self.random.below(16) {
                14 => "on done(kid)",
                0 if completes && !is_root => "on done",
                1 => "on fault",
                2 if self.random.once_in(2) => "always",
                3 => "after 2s",
                4 => "after (d * 2)",
                5 => "on I",
                6 => "on OK",
                7 => "on KO | TICK",
                8 => "on C",
                9 => "on D",
                10 => "on J",
                11 => "on B",
                _ => "on A",
            };
            let events: &[&str] = match trigger {
                "on KO | TICK" => &["KO", "TICK"],
                other => std::slice::from_ref(match other {
                    "on done" => &"done",
                    "on fault" => &"fault",
                    "on done(kid)" => &"done(kid)",
                    "on I" => &"I",
                    "on OK" => &"OK",
                    "on C" => &"C",
                    "on D" => &"D",
                    "on J" => &"J",
                    "on B" => &"B",
                    "on A" => &"A",
                    "always" => &"always",
                    _ => &"",
                }),
            };
            if events.iter().any(|event| !event.is_empty() && settled.contains(event)) {
                continue;
            }
            let guarded = trigger == "always" || self.random.once_in(2);
            let guard = if guarded {
                let guard = if trigger == "always" && !self.random.once_in(8) {
                    self.random.pick(&["n % 2 == 0", "n % 3 == 1", "n == 7"]).to_owned()
                } else {
                    self.guard(trigger)
                };
                if always.contains(&(trigger, guard.clone())) {
                    continue;
                }
                always.push((trigger, guard.clone()));
                format!(" [{guard}]")
            } else {
                settled.extend(events.iter().copied().filter(|event| !event.is_empty()));
                String::new()
            };
            let (prefix, target) = self.target(id, kind, trigger);
            let actions = if trigger == "always" && !self.random.once_in(16) {
                // What enabled it no longer holds, so that most macrosteps end.
                format!(" / n := n + 1, {}", self.actions(trigger))
            } else if self.random.once_in(3) {
                String::new()
            } else {
                format!(" / {}", self.actions(trigger))
            };
            lines.push(format!("{margin}{prefix}{trigger}{guard}{target}{actions}"));
        }
        if self.random.once_in(6) {
            let pattern =
                self.random.pick(&["on *", "on * / emit OUT(event.name)", "on O* -> self", "on T* | K*"]);
            if !(is_root && pattern.contains("self")) {
                lines.push(format!("{margin}{pattern}"));
            }
        }
        if is_root {
            // So that the child that others speak of is one.
            lines.push(format!("{margin}on TICK [n % 2 == 0] / spawn Kid(n) as kid, send kid POKE(n + 3)"));
        }
        for line in lines {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    fn has_final(&self, id: usize) -> bool {
        self.places[id].children.iter().any(|child| self.places[*child].kind == Kind::Final)
    }

    /// `internal ` or nothing, and ` -> targets` or nothing.
    fn target(&mut self, id: usize, kind: Kind, trigger: &str) -> (&'static str, String) {
        let compound = matches!(kind, Kind::Compound | Kind::Region) && !self.places[id].children.is_empty();
        if compound && id != 0 && trigger.starts_with("on") && self.random.once_in(3) {
            let inside = self.inside(id);
            let target = inside[self.random.below(inside.len())];
            return ("internal ", format!(" -> {}", Self::name(target)));
        }
        match self.random.below(9) {
            0 | 1 => ("", String::new()),
            2 if id != 0 && self.places[id].params && self.random.once_in(2) => {
                ("", format!(" -> self(p{id} + 1)"))
            }
            2 if id != 0 => ("", " -> self".to_owned()),
            8 => {
                let with: Vec<usize> =
                    (1..self.places.len()).filter(|state| self.places[*state].history.is_some()).collect();
                match with.len() {
                    0 => ("", String::new()),
                    count => ("", format!(" -> {}", Self::history_name(with[self.random.below(count)]))),
                }
            }
            3 => {
                // Several targets: one in each of some regions.
                let parallels: Vec<usize> = (1..self.places.len())
                    .filter(|state| self.places[*state].kind == Kind::Parallel)
                    .collect();
                let Some(&parallel) = parallels.get(self.random.below(parallels.len())) else {
                    let target = self.any();
                    return ("", format!(" -> {}", Self::name(target)));
                };
                let mut targets = Vec::new();
                for region in self.places[parallel].children.clone() {
                    let inside = self.inside(region);
                    if !inside.is_empty() && !self.random.once_in(3) {
                        targets.push(Self::name(inside[self.random.below(inside.len())]));
                    }
                }
                if targets.is_empty() {
                    targets.push(Self::name(parallel));
                }
                ("", format!(" -> {}", targets.join(", ")))
            }
            _ => {
                let mut target = self.any();
                // Away from where it stands, mostly.
                if self.is_below(id, target) || target == id {
                    target = self.any();
                }
                ("", format!(" -> {}", self.place(target)))
            }
        }
    }

    pub(super) fn guard(&mut self, trigger: &str) -> String {
        if trigger == "on C" && self.random.once_in(2) {
            return self
                .random
                .pick(&[
                    "event.x > n",
                    "event.o != none and event.o >= 0",
                    "event.t < \"m\" or yes",
                    "event.o == n",
                ])
                .to_owned();
        }
        if trigger == "on D" && self.random.once_in(2) {
            return self
                .random
                .pick(&[
                    "event.f / f > 1.0",
                    "event.d > d",
                    "len(event.l) == 2",
                    "event.l[0] == 1 or not yes",
                ])
                .to_owned();
        }
        if trigger == "on done(kid)" && self.random.once_in(2) {
            return "event.result > n".to_owned();
        }
        if trigger == "on fault" && self.random.once_in(2) {
            return self.random.pick(&["event.kind == \"overflow\"", "event.kind != \"child\""]).to_owned();
        }
        if self.random.once_in(3)
            && let Some(data) = self.data()
        {
            return format!("{data} > n");
        }
        let state = Self::name(self.any());
        match self.random.below(10) {
            0 => format!("in({state})"),
            1 => format!("not in({state}) and n < 5"),
            2 => "10 / n > 1".to_owned(),
            3 => "big(n)".to_owned(),
            4 => "o != none and o > 2".to_owned(),
            5 => "len(t) < 3 and (yes or n == 0)".to_owned(),
            6 => "l[1] == o".to_owned(),
            7 => format!("n % {} == 0", 2 + self.random.below(3)),
            8 => "not yes".to_owned(),
            _ => "yes".to_owned(),
        }
    }
}
