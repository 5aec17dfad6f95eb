//! Random charts from a seed, for the comparison of the two engines and for the parser's robustness.
//!
//! The build script includes this file as well: what it writes must be compiled before the tests are.

use std::fmt::Write as _;

/// SplitMix64: small, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit.max(1) as u64) as usize
    }

    /// True once in `odds` times.
    pub fn once_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// One of the choices.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Atomic,
    Compound,
    Parallel,
    Region,
    Final,
}

#[derive(Debug)]
struct Place {
    kind: Kind,
    parent: usize,
    children: Vec<usize>,
}

/// A chart that the checker accepts more often than not; the caller tries again when it does not.
#[derive(Debug)]
pub struct Chart {
    random: Random,
    places: Vec<Place>,
    text: String,
}

/// The text of a random machine of this name.
#[must_use]
pub fn chart(name: &str, seed: u64) -> String {
    let root = Place { kind: Kind::Compound, parent: 0, children: Vec::new() };
    let mut chart = Chart { random: Random(seed), places: vec![root], text: String::new() };
    chart.grow(0, 0);
    if chart.places[0].children.len() > 2 && chart.random.once_in(4) {
        chart.places[0].kind = Kind::Parallel;
        for child in chart.places[0].children.clone() {
            if matches!(chart.places[child].kind, Kind::Final | Kind::Parallel) {
                chart.places[child].kind = Kind::Region;
                chart.places[child].children.clear();
            } else {
                chart.places[child].kind = Kind::Region;
            }
        }
    }
    chart.write(name);
    chart.text
}

const DECLARATIONS: &str = "
  input { A B C(x: Int, t: Text, o: Int?) D(f: Float, d: Duration, l: [Int]) OK(n: Int) KO TICK(n: Int) }
  internal { I(n: Int) J }
  output { OUT(text: Text) NUM(n: Int) REAL(f: Float) SPAN(d: Duration) MAYBE(o: Int?) }
  context { n: Int = 0  t: Text = \"\"  o: Int? = none  l: [Int] = [1, 2]  f: Float = 0.5  d: Duration = 1s  w: Time? = none }
  extern {
    guard yes
    guard big(Int)
    action act(Int, text: Text)
    service work(Int) streams TICK -> OK ! KO
    service idle() -> KO
  }
";

impl Chart {
    fn grow(&mut self, parent: usize, depth: usize) {
        let parallel = self.places[parent].kind == Kind::Parallel;
        let count = 2 + self.random.below(if depth == 0 { 3 } else { 2 });
        let mut has_final = false;
        for _ in 0..count {
            let kind = match self.random.below(10) {
                _ if parallel => Kind::Region,
                _ if depth > 2 || self.places.len() > 26 => Kind::Atomic,
                0..=2 => Kind::Compound,
                3 | 4 => Kind::Parallel,
                5 | 6 if !has_final && depth > 0 => Kind::Final,
                5 if !has_final && self.random.once_in(12) => Kind::Final,
                _ => Kind::Atomic,
            };
            has_final |= kind == Kind::Final;
            let id = self.places.len();
            self.places.push(Place { kind, parent, children: Vec::new() });
            self.places[parent].children.push(id);
            let grows = matches!(kind, Kind::Compound | Kind::Parallel)
                || (kind == Kind::Region && depth < 3 && !self.random.once_in(4));
            if grows {
                self.grow(id, depth + 1);
            }
        }
    }

    fn name(id: usize) -> String {
        format!("s{id}")
    }

    fn inside(&self, id: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for &child in &self.places[id].children {
            found.push(child);
            found.extend(self.inside(child));
        }
        found
    }

    fn is_below(&self, mut id: usize, ancestor: usize) -> bool {
        while id != 0 {
            id = self.places[id].parent;
            if id == ancestor {
                return true;
            }
        }
        false
    }

    fn any(&mut self) -> usize {
        1 + self.random.below(self.places.len() - 1)
    }

    fn write(&mut self, name: &str) {
        let strict = if self.random.once_in(3) { "strict " } else { "" };
        let _ = write!(self.text, "{strict}machine {name} {{{DECLARATIONS}");
        self.state(0, 1);
        self.text.push_str("}\n");
    }

    fn state(&mut self, id: usize, depth: usize) {
        let margin = "  ".repeat(depth);
        let (kind, children) = (self.places[id].kind, self.places[id].children.clone());
        if kind != Kind::Parallel && !children.is_empty() {
            let initial = if self.random.once_in(3) {
                let inside: Vec<usize> = self
                    .inside(id)
                    .into_iter()
                    .filter(|state| self.places[*state].kind != Kind::Region)
                    .collect();
                if inside.is_empty() { children[0] } else { inside[self.random.below(inside.len())] }
            } else {
                children[self.random.below(children.len())]
            };
            let _ = writeln!(self.text, "{margin}initial {}", Self::name(initial));
        }
        if id != 0 {
            for list in ["entry", "exit"] {
                if self.random.once_in(2) {
                    let actions = self.actions("");
                    let _ = writeln!(self.text, "{margin}{list} / {actions}");
                }
            }
        }
        if kind != Kind::Final {
            self.reactions(id, &margin);
        }
        for child in children {
            let keyword = match self.places[child].kind {
                Kind::Atomic | Kind::Compound => "state",
                Kind::Parallel => "parallel",
                Kind::Region => "region",
                Kind::Final => "final",
            };
            let accept = if keyword == "state" && self.random.once_in(4) { "accept " } else { "" };
            let _ = writeln!(self.text, "{margin}{accept}{keyword} {} {{", Self::name(child));
            self.state(child, depth + 1);
            let _ = writeln!(self.text, "{margin}}}");
        }
    }

    fn reactions(&mut self, id: usize, margin: &str) {
        let (kind, is_root) = (self.places[id].kind, id == 0);
        if !is_root && self.random.once_in(5) {
            let what = self.random.pick(&["A", "B | KO", "C | D", "T*", "*", "OK"]);
            let _ = writeln!(self.text, "{margin}defer {what}");
        }
        if !is_root && self.random.once_in(4) {
            let what = self.random.pick(&["work(n)", "work(10 / n)", "idle()", "work(len(t))"]);
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
            let trigger = match self.random.below(14) {
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
        match self.random.below(8) {
            0 | 1 => ("", String::new()),
            2 if id != 0 => ("", " -> self".to_owned()),
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
                ("", format!(" -> {}", Self::name(target)))
            }
        }
    }

    fn guard(&mut self, trigger: &str) -> String {
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

    fn actions(&mut self, trigger: &str) -> String {
        let count = 1 + self.random.below(3);
        let list: Vec<String> = (0..count).map(|_| self.action(trigger)).collect();
        list.join(", ")
    }

    fn action(&mut self, trigger: &str) -> String {
        let own: &[&str] = match trigger {
            "on C" => &[
                "n := event.x - 1",
                "o := event.o",
                "t := event.t + \"\\n\"",
                "emit MAYBE(event.o)",
                "raise I(event.x)",
                "send self C(event.x, event.t, event.o) delay 1s",
                "act(event.x, event.name)",
            ],
            "on D" => &[
                "l := event.l",
                "emit REAL(event.f * 2.5)",
                "d := event.d",
                "f := -event.f",
                "emit SPAN(event.d - d)",
            ],
            "on I" | "on OK" => &["n := n + event.n", "emit NUM(event.n)"],
            "on KO | TICK" => &["emit OUT(event.name)"],
            _ => &[],
        };
        if !own.is_empty() && self.random.once_in(2) {
            return self.random.pick(own).to_owned();
        }
        // Entries and exits raise seldom: what is raised on every way in seldom ends.
        if self.random.once_in(if trigger.is_empty() { 40 } else { 6 }) {
            return self
                .random
                .pick(&[
                    "raise I(n)",
                    "raise J",
                    "raise A",
                    "send self B",
                    "send self A delay 3s",
                    "send self OK(1)",
                ])
                .to_owned();
        }
        self.random
            .pick(&[
                "n := n + 1",
                "n := n * 3 - 4",
                "n := n % 5",
                "n := 7 / (n - 2)",
                "n := n + 9_223_372_036_854_775_000",
                "n := 0",
                "t := t + \"x\"",
                "t := \"\"",
                "o := n",
                "o := none",
                "l := [n, o ?? 3]",
                "f := f * 1.5",
                "f := f / (f - 0.75)",
                "d := d + 500ms",
                "w := now",
                "emit SPAN(now - (w ?? now))",
                "emit OUT(t)",
                "emit NUM(n)",
                "emit NUM(l[0] ?? -1)",
                "emit REAL(f)",
                "emit MAYBE(l[n])",
                "emit NUM(10 / n)",
                "act(n, t)",
                "log t + \"!\"",
            ])
            .to_owned()
    }
}
