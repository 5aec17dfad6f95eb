//! How long Hopcroft's algorithm takes for automata of a million transitions: the figures of `docs/formal.md`.
//!
//! `cargo run --release -p statechart-lang --features formal --example minimize_million`

use std::time::Instant;

use statechart_lang::formal::{Alphabet, Dfa};

fn main() {
    // Counts modulo 125,000 in two ways that look different: half of the states go.
    let states = 250_000;
    let rows: Vec<Vec<Option<u32>>> =
        (0..states).map(|state| (1..=4).map(|step| Some((state + step * 7) % states)).collect()).collect();
    let accepting: Vec<bool> = (0..states).map(|state| state % 125_000 == 0).collect();
    measure("250,000 states, 4 symbols", &Dfa::new(Alphabet::new(["a", "b", "c", "d"]), &rows, &accepting));
    // Every state is told from every other one, and only one at a time.
    let states = 1_000_000;
    let rows: Vec<Vec<Option<u32>>> =
        (0..states).map(|state| vec![(state + 1 < states).then_some(state + 1)]).collect();
    let accepting: Vec<bool> = (0..states).map(|state| state + 1 == states).collect();
    measure("1,000,000 states in a row, 1 symbol", &Dfa::new(Alphabet::new(["a"]), &rows, &accepting));
}

fn measure(what: &str, dfa: &Dfa) {
    let start = Instant::now();
    let minimal = dfa.minimize();
    println!("{what}: {} states are left after {:.2} s", minimal.len(), start.elapsed().as_secs_f64());
}
