//! Random charts from a seed, for the comparison of the two engines and for the parser's robustness.
//!
//! The build script includes this file as well: what it writes must be compiled before the tests are.

use std::fmt::Write as _;

#[path = "random_actions.rs"]
mod actions;
#[path = "random_reactions.rs"]
mod reactions;

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
    /// Has parameters `p` and `q` with its number.
    params: bool,
    /// Has a field `f` with its number.
    field: bool,
    /// Has a history state `h` with its number: deep or not, with a default of its own or not.
    history: Option<(bool, bool)>,
    /// What a final state returns.
    returns: Option<&'static str>,
}

impl Place {
    fn new(kind: Kind, parent: usize) -> Self {
        Self { kind, parent, children: Vec::new(), params: false, field: false, history: None, returns: None }
    }
}

/// A chart that the checker accepts more often than not; the caller tries again when it does not.
#[derive(Debug)]
pub struct Chart {
    random: Random,
    places: Vec<Place>,
    text: String,
    /// The state that is being written.
    here: usize,
}

/// The text of a random machine of this name.
#[must_use]
pub fn chart(name: &str, seed: u64) -> String {
    let root = Place::new(Kind::Compound, 0);
    let mut chart = Chart { random: Random(seed), places: vec![root], text: String::new(), here: 0 };
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
    chart.furnish();
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
    action back(Int)
    service work(Int) streams TICK -> OK ! KO
    service idle() -> KO
  }
";

/// The machine that charts start as a child.
const KID: &str = "
machine Kid(size: Int = 2) {
  input { POKE(n: Int) }
  output { LEFT(n: Int) }
  context { pokes: Int = 0 }
  initial young
  state young {
    initial small
    exit / emit LEFT(pokes)
    on POKE [event.n > size] -> grown(event.n)
    on done(toy) -> grown(event.result)
    after 4s -> grown(pokes)
    state small {
      entry / if size > 3 { spawn Kid(size - 2) as toy }
      exit / emit LEFT(6 / (size - 1))
      on POKE [event.n <= size] / pokes := pokes + 1, if event.n == size { send toy POKE(event.n) }
    }
  }
  final grown(n: Int) { return n }
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
            self.places.push(Place::new(kind, parent));
            self.places[parent].children.push(id);
            let grows = matches!(kind, Kind::Compound | Kind::Parallel)
                || (kind == Kind::Region && depth < 3 && !self.random.once_in(4));
            if grows {
                self.grow(id, depth + 1);
            }
        }
    }

    /// Gives states data, histories and what they return.
    fn furnish(&mut self) {
        for id in 1..self.places.len() {
            let kind = self.places[id].kind;
            if matches!(kind, Kind::Atomic | Kind::Compound) && self.random.once_in(4) {
                self.places[id].params = true;
            }
            if kind != Kind::Final && self.random.once_in(5) {
                self.places[id].field = true;
            }
            if !self.places[id].children.is_empty() && self.random.once_in(3) {
                self.places[id].history = Some((self.random.once_in(2), self.random.once_in(2)));
            }
            if kind == Kind::Final && self.random.once_in(2) {
                self.places[id].returns = Some(["n", "n + 1", "10 / n"][self.random.below(3)]);
            }
        }
    }

    /// The path of a history state.
    fn history_name(id: usize) -> String {
        format!("h{id}")
    }

    /// A state to go to, perhaps with values for its parameters.
    fn place(&mut self, id: usize) -> String {
        let name = Self::name(id);
        if !self.places[id].params || self.random.once_in(2) {
            return name;
        }
        let passed = self.random.pick(&["(n)", "(n - 2, t)", "(10 / n)", "(3, q: t + \"+\")", "(p: n * 2)"]);
        // Named by the parameter, which has the state's number.
        let passed = passed.replace("q:", &format!("q{id}:")).replace("p:", &format!("p{id}:"));
        format!("{name}{passed}")
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
        if self.random.once_in(3) {
            self.text.push_str("  limits { internal: 5 deferred: 3 microsteps: 60 undo: 3 }\n");
        }
        self.state(0, 1);
        self.text.push_str("}\n");
        self.text.push_str(KID);
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
            let own = self.places[id].history.filter(|(_, has_default)| *has_default);
            let target = if own.is_some() && self.random.once_in(4) {
                Self::history_name(id)
            } else {
                self.place(initial)
            };
            self.here = id;
            let actions =
                if self.random.once_in(3) { format!(" / {}", self.actions("")) } else { String::new() };
            let _ = writeln!(self.text, "{margin}initial {target}{actions}");
        }
        self.here = id;
        if self.places[id].field {
            let value = if self.places[id].params { format!("p{id} + n") } else { "20 / (n - 1)".to_owned() };
            let _ = writeln!(self.text, "{margin}context {{ f{id}: Int = {value} }}");
        }
        if let Some((deep, has_default)) = self.places[id].history {
            self.history(id, deep, has_default, &margin);
        }
        if id != 0 {
            for list in ["entry", "exit"] {
                if self.random.once_in(2) {
                    let actions = self.actions("");
                    let _ = writeln!(self.text, "{margin}{list} / {actions}");
                }
            }
        }
        if let Some(returns) = self.places[id].returns {
            let _ = writeln!(self.text, "{margin}return {returns}");
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
            let params = if self.places[child].params {
                format!("(p{child}: Int = {}, q{child}: Text = t)", self.random.pick(&["1", "n", "n * 2"]))
            } else {
                String::new()
            };
            let _ = writeln!(self.text, "{margin}{accept}{keyword} {}{params} {{", Self::name(child));
            self.state(child, depth + 1);
            let _ = writeln!(self.text, "{margin}}}");
        }
    }

    fn history(&mut self, id: usize, deep: bool, has_default: bool, margin: &str) {
        let deep = if deep { "deep " } else { "" };
        let mut default = String::new();
        if has_default {
            let inside: Vec<usize> = self
                .inside(id)
                .into_iter()
                .filter(|state| self.places[*state].kind != Kind::Region)
                .collect();
            let chosen = match inside.len() {
                0 => self.places[id].children[0],
                count => inside[self.random.below(count)],
            };
            let target = self.place(chosen);
            let actions = self.actions("");
            default = format!(" -> {target} / {actions}");
        }
        let _ = writeln!(self.text, "{margin}{deep}history {}{default}", Self::history_name(id));
    }
}
