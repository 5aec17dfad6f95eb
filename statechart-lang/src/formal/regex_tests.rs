//! Printed regular expressions in another engine: the very same language, by comparing automata.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use regex_automata::{
    Anchored,
    dfa::{Automaton as _, dense},
    util::{primitives::StateID, start},
};

use super::{Alphabet, Dfa, FormalError, REGEX_DEPTH, StateIndex, tests::Random};

/// The printed expression with a character for each symbol: names become characters, blanks go, ε and ∅ are spelt as
/// other engines spell them.
fn translated(text: &str, alphabet: &Alphabet) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let name: String = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next().unwrap().to_owned(),
            None => rest.chars().take_while(|c| *c != 'ε' && (c.is_alphanumeric() || *c == '_')).collect(),
        };
        if name.is_empty() {
            match first {
                ' ' => {}
                'ε' => out.push_str("(?:)"),
                '∅' => out.push_str("[^\\s\\S]"),
                operator => out.push(operator),
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        out.push(char::from(b'a' + alphabet.symbol(&name).unwrap() as u8));
        let quotes = if first == '\'' { 2 } else { 0 };
        rest = &rest[name.len() + quotes..];
    }
    out
}

/// Whether the two accept the same words: breadth first through the pairs of states that one word leads to.
fn same(dfa: &Dfa, pattern: &str) -> bool {
    let config = dense::Config::new().start_kind(regex_automata::dfa::StartKind::Anchored);
    let other = dense::Builder::new().configure(config).build(&format!("^(?:{pattern})$")).unwrap();
    let begin = other.start_state(&start::Config::new().anchored(Anchored::Yes)).unwrap();
    let mut seen: BTreeSet<(StateIndex, StateID)> = BTreeSet::from([(0, begin)]);
    let mut open = vec![(0, begin)];
    while let Some((left, right)) = open.pop() {
        let accepts = other.is_match_state(other.next_eoi_state(right));
        if dfa.is_accepting(left) != accepts {
            return false;
        }
        for symbol in 0..dfa.alphabet().len() {
            let pair = (dfa.step(left, symbol), other.next_state(right, b'a' + symbol as u8));
            if seen.insert(pair) {
                open.push(pair);
            }
        }
    }
    true
}

fn random(seed: u64, symbols: usize) -> Dfa {
    let mut random = Random(seed);
    let states = 1 + random.below(6);
    let rows: Vec<Vec<Option<StateIndex>>> = (0..states)
        .map(|_| (0..symbols).map(|_| Some(random.below(states + 1) as StateIndex)).collect())
        .collect();
    let accepting: Vec<bool> = (0..states).map(|_| random.below(3) == 0).collect();
    // Names that need quotes, and one that is the beginning of another.
    let names = ["COIN", "COIN2", "done(child)", "'"];
    let names = names.iter().take(symbols).map(|name| name.replace('\'', "error.x"));
    Dfa::new(Alphabet::new(names), &rows, &accepting)
}

#[test]
fn another_engine_accepts_the_same_words() {
    let mut sizes = 0;
    for seed in 0..300 {
        let dfa = random(seed, 1 + (seed % 4) as usize);
        let regex = dfa.regex(100_000).unwrap();
        let text = regex.text(dfa.alphabet());
        let pattern = translated(&text, dfa.alphabet());
        assert!(same(&dfa, &pattern), "seed {seed}: {text} as {pattern}");
        // What is offered for programs is the same expression.
        let characters: Vec<char> = ('a'..='z').collect();
        assert!(same(&dfa, &regex.pattern(&characters)), "seed {seed}: {}", regex.pattern(&characters));
        // The comparison sees a difference: no language is its own complement.
        assert!(!same(&dfa.complement(), &pattern), "seed {seed}");
        sizes += text.len();
    }
    assert!(sizes > 5_000, "{sizes} characters: the expressions are too small to tell anything");
}

/// Two nested counters: an expression of the depth of the chain.
fn ladder(rungs: u32) -> Dfa {
    let rows: Vec<Vec<Option<StateIndex>>> =
        (0..rungs).map(|at| vec![(at + 1 < rungs).then_some(at + 1), at.checked_sub(1)]).collect();
    let accepting: Vec<bool> = (0..rungs).map(|at| at == 0).collect();
    Dfa::new(Alphabet::new(["UP", "DOWN"]), &rows, &accepting)
}

#[test]
fn limits_of_expressions_are_named() {
    assert!(ladder(12).regex(100_000).is_ok());
    let FormalError::Stopped { what, limit, .. } = ladder(40).regex(200).unwrap_err() else {
        panic!("stopped otherwise")
    };
    assert_eq!((what, limit.as_str()), ("the regular expression", "200 symbols and operators"));
    // However large the limit, neither depth nor work is without one.
    let error = ladder(20_000).regex(usize::MAX).unwrap_err().to_string();
    assert!(
        error.contains(&format!("{REGEX_DEPTH} levels of nesting")) || error.contains("on the way to it"),
        "{error}"
    );
}

#[test]
fn limits_of_counting_and_enumeration_are_named() {
    let dfa = ladder(3);
    assert_eq!(dfa.count(4), Ok(2));
    let error = dfa.count(u32::MAX).unwrap_err().to_string();
    assert!(error.starts_with("counting the words needs more than 200000000 steps"), "{error}");
    // A cycle so long that its second word is out of reach.
    let rows: Vec<Vec<Option<StateIndex>>> = (0..20_000u32).map(|at| vec![Some((at + 1) % 20_000)]).collect();
    let accepting: Vec<bool> = (0..20_000).map(|at| at == 0).collect();
    let long = Dfa::new(Alphabet::new(["A"]), &rows, &accepting);
    let mut words = long.words();
    assert_eq!(words.next(), Some(vec![]));
    assert_eq!(words.next(), None);
    let why = words.stopped().unwrap().to_string();
    assert!(why.starts_with("finding longer words needs more than 64000000 cells"), "{why}");
}
