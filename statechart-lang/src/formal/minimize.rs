//! Hopcroft's algorithm: the smallest automaton of a language, in O(|Σ|·n·log n).

use super::{Dfa, StateIndex};

impl Dfa {
    /// The smallest complete automaton with the same language, states numbered breadth first. Two automata have
    /// the same language exactly when their minimal ones are equal.
    #[must_use]
    pub fn minimize(&self) -> Self {
        let reachable = self.reachable();
        let classes = Refinement::new(&reachable).run(&reachable);
        reachable.quotient(&classes)
    }

    /// One state a class.
    fn quotient(&self, class: &[u32]) -> Self {
        let count = class.iter().max().map_or(0, |last| *last as usize + 1);
        let mut representative = vec![None; count];
        for (state, &class) in class.iter().enumerate() {
            if let Some(place) = representative.get_mut(class as usize) {
                place.get_or_insert(state as StateIndex);
            }
        }
        // The start's class becomes state 0; `reachable` numbers the rest.
        let start = class.first().copied().unwrap_or(0);
        let renumbered = |class: u32| match class {
            class if class == start => 0,
            0 => start,
            class => class,
        };
        let (mut next, mut accepting) = (Vec::new(), Vec::new());
        for number in 0..count as u32 {
            let state = representative.get(renumbered(number) as usize).copied().flatten().unwrap_or(0);
            accepting.push(self.is_accepting(state));
            next.extend((0..self.alphabet.len()).map(|symbol| {
                let to = self.step(state, symbol) as usize;
                renumbered(class.get(to).copied().unwrap_or(0))
            }));
        }
        Self { alphabet: self.alphabet.clone(), accepting, next }.reachable()
    }
}

/// A partition of the states that only ever becomes finer. Classes are runs of one array of states, so that
/// splitting one moves only what was marked.
struct Refinement {
    /// The states, each class together.
    elements: Vec<u32>,
    /// Where each state stands in `elements`.
    location: Vec<u32>,
    /// The class of each state.
    class: Vec<u32>,
    /// First position of each class, and the one behind its last.
    range: Vec<(u32, u32)>,
    /// How many states of each class are marked; they stand at its front.
    marked: Vec<u32>,
    /// Classes with marks.
    touched: Vec<u32>,
}

impl Refinement {
    /// Accepting states, and the others.
    fn new(dfa: &Dfa) -> Self {
        let count = dfa.len() as u32;
        let mut elements: Vec<u32> = (0..count).collect();
        elements.sort_by_key(|state| (!dfa.is_accepting(*state), *state));
        let accepting = elements.iter().filter(|state| dfa.is_accepting(**state)).count() as u32;
        let mut range = Vec::new();
        if accepting > 0 {
            range.push((0, accepting));
        }
        if accepting < count {
            range.push((accepting, count));
        }
        let mut refinement = Self {
            location: vec![0; count as usize],
            class: vec![0; count as usize],
            marked: vec![0; range.len()],
            touched: Vec::new(),
            elements,
            range,
        };
        for (at, &state) in refinement.elements.iter().enumerate() {
            refinement.location[state as usize] = at as u32;
            refinement.class[state as usize] = u32::from(accepting > 0 && at as u32 >= accepting);
        }
        refinement
    }

    /// The class of each state once no class can be told apart further.
    fn run(mut self, dfa: &Dfa) -> Vec<u32> {
        let before = Predecessors::of(dfa);
        let symbols = dfa.alphabet.len();
        // Splitters that are still to be tried; a class is in it once at most.
        let mut waiting: Vec<u32> = (0..self.range.len() as u32).collect();
        let mut is_waiting = vec![true; self.range.len()];
        while let Some(splitter) = waiting.pop() {
            is_waiting[splitter as usize] = false;
            let (first, end) = self.range[splitter as usize];
            // The splitter may itself be split below, so its members are kept.
            let members: Vec<u32> = self.elements[first as usize..end as usize].to_vec();
            for symbol in 0..symbols {
                for &state in &members {
                    for &from in before.of_state(state, symbol) {
                        self.mark(from);
                    }
                }
                while let Some(class) = self.touched.pop() {
                    let Some(fresh) = self.split(class) else { continue };
                    is_waiting.push(false);
                    // If the class waits both halves must; else the smaller one is enough.
                    let smaller = if self.size(fresh) <= self.size(class) { fresh } else { class };
                    let chosen = if is_waiting[class as usize] { fresh } else { smaller };
                    is_waiting[chosen as usize] = true;
                    waiting.push(chosen);
                }
            }
        }
        self.class
    }

    fn size(&self, class: u32) -> u32 {
        let (first, end) = self.range[class as usize];
        end - first
    }

    /// Moves a state to the marked front of its class.
    fn mark(&mut self, state: u32) {
        let class = self.class[state as usize] as usize;
        let (at, front) = (self.location[state as usize], self.range[class].0 + self.marked[class]);
        if at < front {
            return;
        }
        let other = self.elements[front as usize];
        self.elements.swap(at as usize, front as usize);
        self.location[other as usize] = at;
        self.location[state as usize] = front;
        if self.marked[class] == 0 {
            self.touched.push(class as u32);
        }
        self.marked[class] += 1;
    }

    /// Makes the marked states a class of their own, unless all are marked.
    fn split(&mut self, class: u32) -> Option<u32> {
        let (first, end) = self.range[class as usize];
        let middle = first + std::mem::take(&mut self.marked[class as usize]);
        if middle == end {
            return None;
        }
        let fresh = self.range.len() as u32;
        self.range[class as usize] = (middle, end);
        self.range.push((first, middle));
        self.marked.push(0);
        for &state in &self.elements[first as usize..middle as usize] {
            self.class[state as usize] = fresh;
        }
        Some(fresh)
    }
}

/// Who leads where: for each state and symbol the states that the symbol takes there.
struct Predecessors {
    symbols: usize,
    /// For each state and symbol, where its part of `states` begins; one more at the end.
    begin: Vec<u32>,
    states: Vec<u32>,
}

impl Predecessors {
    fn of(dfa: &Dfa) -> Self {
        let symbols = dfa.alphabet.len();
        let mut begin = vec![0u32; dfa.len() * symbols + 1];
        let cells = || (0..dfa.len() as u32).flat_map(move |state| (0..symbols).map(move |s| (state, s)));
        let key = |state: u32, symbol: usize| dfa.step(state, symbol) as usize * symbols + symbol;
        for (state, symbol) in cells() {
            begin[key(state, symbol) + 1] += 1;
        }
        for at in 1..begin.len() {
            begin[at] += begin[at - 1];
        }
        let mut free = begin.clone();
        let mut states = vec![0u32; dfa.len() * symbols];
        for (state, symbol) in cells() {
            let place = &mut free[key(state, symbol)];
            states[*place as usize] = state;
            *place += 1;
        }
        Self { symbols, begin, states }
    }

    fn of_state(&self, state: u32, symbol: usize) -> &[u32] {
        let at = state as usize * self.symbols + symbol;
        &self.states[self.begin[at] as usize..self.begin[at + 1] as usize]
    }
}
