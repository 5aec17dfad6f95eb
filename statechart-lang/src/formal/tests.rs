//! Against brute force over all short words.
#![allow(clippy::unwrap_used)]

use super::{Alphabet, Dfa, FormalError, Nfa, Operation, STATE_LIMIT, StateIndex};

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

fn alphabet(symbols: usize) -> Alphabet {
    Alphabet::new((0..symbols).map(|symbol| char::from(b'a' + symbol as u8).to_string()))
}

fn dfa(random: &mut Random, states: usize, symbols: usize) -> Dfa {
    let rows: Vec<Vec<Option<StateIndex>>> = (0..states)
        .map(|_| (0..symbols).map(|_| Some(random.below(states + 1) as StateIndex)).collect())
        .collect();
    let accepting: Vec<bool> = (0..states).map(|_| random.below(3) == 0).collect();
    Dfa::new(alphabet(symbols), &rows, &accepting)
}

fn nfa(random: &mut Random, states: usize, symbols: usize) -> Nfa {
    let mut nfa = Nfa::new(alphabet(symbols));
    for _ in 0..states {
        nfa.state(random.below(4) == 0);
    }
    nfa.start(0);
    for _ in 0..states * 2 {
        let (from, to) = (random.below(states) as StateIndex, random.below(states) as StateIndex);
        if random.below(5) == 0 { nfa.epsilon(from, to) } else { nfa.edge(from, random.below(symbols), to) }
    }
    nfa
}

/// Every word of at most `length` symbols, shorter ones first, in order.
fn all(symbols: usize, length: usize) -> Vec<Vec<usize>> {
    let mut words = vec![Vec::new()];
    let mut begin = 0;
    for _ in 0..length {
        let end = words.len();
        for at in begin..end {
            for symbol in 0..symbols {
                let mut word = words[at].clone();
                word.push(symbol);
                words.push(word);
            }
        }
        begin = end;
    }
    words
}

fn accepted(dfa: &Dfa, words: &[Vec<usize>]) -> Vec<Vec<usize>> {
    words.iter().filter(|word| dfa.accepts(word.iter().copied())).cloned().collect()
}

#[test]
fn the_smallest_automaton_has_the_same_words_and_nothing_smaller_has() {
    let words = all(2, 8);
    for seed in 0..300 {
        let mut random = Random(seed);
        let states = 1 + random.below(9);
        let dfa = dfa(&mut random, states, 2);
        let minimal = dfa.minimize();
        assert!(minimal.len() <= dfa.len());
        assert_eq!(accepted(&dfa, &words), accepted(&minimal, &words), "seed {seed}");
        assert_eq!(minimal, minimal.minimize(), "seed {seed}");
        // Moore's table: states are apart when some word tells them apart.
        let classes: std::collections::BTreeSet<Vec<bool>> = (0..minimal.len() as StateIndex)
            .map(|state| {
                words
                    .iter()
                    .map(|word| minimal.is_accepting(word.iter().fold(state, |at, s| minimal.step(at, *s))))
                    .collect()
            })
            .collect();
        assert_eq!(classes.len(), minimal.len(), "seed {seed}");
    }
}

#[test]
fn subsets_accept_what_some_path_accepts() {
    let words = all(2, 6);
    for seed in 0..200 {
        let mut random = Random(seed);
        let states = 1 + random.below(6);
        let nfa = nfa(&mut random, states, 2);
        let dfa = nfa.determinize(STATE_LIMIT).unwrap();
        assert_eq!(accepted(&dfa, &words), accepted(&dfa.minimize(), &words), "seed {seed}");
        // There and back: the automaton of the automaton is the same.
        let again = Nfa::from(&dfa).determinize(STATE_LIMIT).unwrap();
        assert_eq!(dfa.difference(&again, STATE_LIMIT).unwrap(), None, "seed {seed}");
    }
}

#[test]
fn products_are_set_operations() {
    let words = all(2, 6);
    for seed in 0..100 {
        let mut random = Random(seed);
        let (left, right) = (dfa(&mut random, 4, 2), dfa(&mut random, 5, 2));
        let holds = |word: &Vec<usize>, dfa: &Dfa| dfa.accepts(word.iter().copied());
        for (operation, wanted) in [
            (Operation::Intersection, (|a, b| a && b) as fn(bool, bool) -> bool),
            (Operation::Union, |a, b| a || b),
            (Operation::Difference, |a, b| a && !b),
            (Operation::SymmetricDifference, |a, b| a != b),
        ] {
            let product = left.product(&right, operation, STATE_LIMIT).unwrap();
            for word in &words {
                let wanted = wanted(holds(word, &left), holds(word, &right));
                assert_eq!(holds(word, &product), wanted, "seed {seed} {operation:?} {word:?}");
            }
        }
        let both = left.complement();
        assert!(words.iter().all(|word| holds(word, &both) != holds(word, &left)), "seed {seed}");
    }
}

#[test]
fn the_distinguishing_word_is_the_first_that_differs() {
    let words = all(2, 9);
    for seed in 0..200 {
        let mut random = Random(seed);
        let (left, right) = (dfa(&mut random, 4, 2), dfa(&mut random, 4, 2));
        let first = words
            .iter()
            .find(|word| left.accepts(word.iter().copied()) != right.accepts(word.iter().copied()))
            .cloned();
        let found = left.difference(&right, STATE_LIMIT).unwrap();
        assert_eq!(found.as_ref().map(|found| found.word.clone()), first, "seed {seed}");
        assert_eq!(found.is_none(), left.minimize() == right.minimize(), "seed {seed}");
        let more = words
            .iter()
            .find(|word| left.accepts(word.iter().copied()) && !right.accepts(word.iter().copied()));
        let excess = left.excess(&right, STATE_LIMIT).unwrap();
        assert_eq!(excess.map(|found| found.word).as_ref(), more, "seed {seed}");
    }
}

#[test]
fn words_come_in_order_and_are_counted() {
    let words = all(2, 7);
    for seed in 0..200 {
        let mut random = Random(seed);
        let states = 1 + random.below(6);
        let dfa = dfa(&mut random, states, 2);
        let wanted = accepted(&dfa, &words);
        let found: Vec<Vec<usize>> = dfa.words().take_while(|word| word.len() <= 7).collect();
        assert_eq!(found, wanted, "seed {seed}");
        for length in 0..=7 {
            let count = wanted.iter().filter(|word| word.len() == length).count() as u128;
            assert_eq!(dfa.count(length as u32), Ok(count), "seed {seed} length {length}");
        }
        assert_eq!(dfa.is_void(), dfa.words().next().is_none(), "seed {seed}");
        let longer = dfa.words().take(5_000).any(|word| word.len() > dfa.len());
        assert_eq!(dfa.is_finite(), !longer, "seed {seed}");
    }
}

#[test]
fn lengths_without_words_cost_nothing() {
    // Words of a's of a length that 60 divides: only one branch in each length that could be entered.
    let rows: Vec<Vec<Option<StateIndex>>> =
        (0..60u32).map(|state| vec![Some((state + 1) % 60), Some((state + 1) % 60)]).collect();
    let accepting: Vec<bool> = (0..60).map(|state| state == 0).collect();
    let dfa = Dfa::new(alphabet(2), &rows, &accepting);
    let lengths: Vec<usize> = dfa.words().take(3).map(|word| word.len()).collect();
    assert_eq!(lengths, [0, 60, 60]);
    assert_eq!(dfa.count(60), Ok(1 << 60));
    assert!(dfa.count(240).unwrap_err().to_string().contains("more than 128 bits"), "2^240 words do not fit");
}

#[test]
fn expressions_say_the_same_language() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let states = 1 + random.below(5);
        let dfa = dfa(&mut random, states, 2);
        let regex = dfa.regex(100_000).unwrap();
        let back = regex.nfa(dfa.alphabet()).determinize(STATE_LIMIT).unwrap();
        assert_eq!(dfa.difference(&back, STATE_LIMIT).unwrap(), None, "seed {seed}: {regex:?}");
    }
}

#[test]
fn small_expressions_read_well() {
    // A turnstile that must end locked: COIN, then PUSH, any number of times; more coins are swallowed.
    let names = Alphabet::new(["COIN", "PUSH"]);
    let rows = [vec![Some(1), Some(0)], vec![Some(1), Some(0)]];
    let locked = Dfa::new(names.clone(), &rows, &[true, false]);
    assert_eq!(locked.regex(1_000).unwrap().text(&names), "(PUSH|COIN COIN* PUSH)*");
    let nothing = Dfa::new(names.clone(), &[], &[]);
    assert_eq!(nothing.regex(1_000).unwrap().text(&names), "∅");
    let once = Dfa::new(names.clone(), &[vec![Some(1), None], vec![None, None]], &[true, true]);
    assert_eq!(once.regex(1_000).unwrap().text(&names), "COIN?");
}

#[test]
fn limits_and_alphabets_are_named() {
    // The n-th symbol from the end is an `a`: 2ⁿ sets.
    let mut nfa = Nfa::new(alphabet(2));
    for state in 0..=30 {
        nfa.state(state == 30);
    }
    nfa.start(0);
    nfa.edge(0, 0, 0);
    nfa.edge(0, 1, 0);
    nfa.edge(0, 0, 1);
    for state in 1..30 {
        nfa.edge(state, 0, state + 1);
        nfa.edge(state, 1, state + 1);
    }
    let error = nfa.determinize(1_000).unwrap_err();
    assert_eq!(error, FormalError::TooLarge { what: "the deterministic automaton", limit: 1_000 });
    let mut random = Random(1);
    let (left, right) = (dfa(&mut random, 3, 2), dfa(&mut random, 3, 3));
    let error = left.difference(&right, STATE_LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the alphabets differ: only the first has {}, only the second {c}; join them first"
    );
    assert_eq!(left.over(right.alphabet()).alphabet(), right.alphabet());
}

/// `states` states that count modulo half of them in two ways that look different, so that half of them go.
fn doubled(states: u32) -> Dfa {
    let rows: Vec<Vec<Option<StateIndex>>> =
        (0..states).map(|state| (1..=4).map(|step| Some((state + step * 7) % states)).collect()).collect();
    let accepting: Vec<bool> = (0..states).map(|state| state % (states / 2) == 0).collect();
    Dfa::new(alphabet(4), &rows, &accepting)
}

#[test]
fn a_hundred_thousand_edges_are_minimised_quickly() {
    let dfa = doubled(25_000);
    let start = std::time::Instant::now();
    assert_eq!(dfa.minimize().len(), 12_500);
    assert!(start.elapsed().as_secs() < 10, "took {:?}", start.elapsed());
}
