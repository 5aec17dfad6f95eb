//! What random charts do: action lists.

use super::Chart;

impl Chart {
    pub(super) fn actions(&mut self, trigger: &str) -> String {
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
            "on done(kid)" => &["n := event.result", "emit NUM(event.result)", "emit OUT(event.name)"],
            "on fault" => &["emit OUT(event.kind)", "t := event.kind", "emit OUT(event.name)"],
            "on I" | "on OK" => &["n := n + event.n", "emit NUM(event.n)"],
            "on KO | TICK" => &["emit OUT(event.name)"],
            _ => &[],
        };
        if !own.is_empty() && self.random.once_in(2) {
            return self.random.pick(own).to_owned();
        }
        if self.random.once_in(3) {
            return self.statement(trigger);
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

    /// An action of the kinds that hold other actions or that last: blocks, data, undos, named messages, children.
    fn statement(&mut self, trigger: &str) -> String {
        match self.random.below(12) {
            0 => {
                let (guard, then) = (self.guard(""), self.action(""));
                let otherwise = self.action("");
                format!("if {guard} {{ {then} }} else {{ {otherwise} }}")
            }
            1 => format!("if n > 2 {{ {}, {} }}", self.action(trigger), self.simple()),
            2 => "for item in l { n := n + item, emit NUM(item) }".to_owned(),
            3 => "for item, at in [n, 2, 1] { emit NUM(at), n := 12 / item }".to_owned(),
            4 => self
                .random
                .pick(&[
                    "act(n, t) undo back(n)",
                    "emit OUT(t) undo emit NUM(n)",
                    "emit NUM(n) undo send self B",
                    "act(n, t) undo raise J",
                    "emit OUT(t) undo send kid POKE(n)",
                ])
                .to_owned(),
            5 => self.random.pick(&["compensate", "commit", "compensate"]).to_owned(),
            6 | 7 => self
                .random
                .pick(&[
                    "send self B delay 2s as later",
                    "send self A delay 1s as later",
                    "send self OK(n) delay (d) as sooner",
                    "cancel later",
                    "cancel sooner",
                ])
                .to_owned(),
            8 => self
                .random
                .pick(&[
                    "spawn Kid(n) as kid",
                    "spawn Kid as kid",
                    "stop kid",
                    "send kid POKE(n)",
                    "send kid POKE(3) delay 1s as nudge",
                ])
                .to_owned(),
            _ => match self.data() {
                Some(data) => match self.random.below(4) {
                    0 => format!("emit NUM({data})"),
                    1 => format!("n := {data}"),
                    2 => format!("{data} := {data} + 1"),
                    _ => format!("{data} := 8 / n"),
                },
                None => self.simple(),
            },
        }
    }

    /// An action without anything around it.
    fn simple(&mut self) -> String {
        self.random.pick(&["n := n + 1", "emit NUM(n)", "n := 9 / n", "emit OUT(t)"]).to_owned()
    }

    /// A number among the data that can be read here.
    pub(super) fn data(&mut self) -> Option<String> {
        let mut names = Vec::new();
        let mut state = self.here;
        while state != 0 {
            let place = &self.places[state];
            if place.params {
                names.push(format!("p{state}"));
            }
            if place.field {
                names.push(format!("f{state}"));
            }
            state = place.parent;
        }
        (!names.is_empty()).then(|| names.swap_remove(self.random.below(names.len())))
    }
}
