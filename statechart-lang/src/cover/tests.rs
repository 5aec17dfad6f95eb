//! Plans against runs of the interpreter, and exact ones against every set of short words.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Coverage, Criterion, Plan, SITUATION_LIMIT, Shortness, Target, Whole, cover, target};
use crate::{MapLoader, compile, interpreter::Word, model::Machine};

fn machine(spec: &str) -> Machine {
    let compiled = compile("main.sc", &MapLoader::from([("main.sc", spec)]));
    assert!(!compiled.has_errors(), "{}", compiled.render(false));
    compiled.model.unwrap().machines.remove(0)
}

const TURNSTILE: &str = "machine Turnstile {
    input { COIN PUSH }  output { UNLOCK }  context { coins: Int = 0 }
    initial locked
    accept state locked { on COIN -> open / coins := coins + 1, emit UNLOCK  on PUSH }
    state open { on COIN / coins := coins + 1  on PUSH -> locked }
}";

/// Fields, extern guards, time, a child's completion would be too much; what is here is what decides.
const VAULT: &str = "machine Vault {
    input { CODE(digits: Int) OPEN CLOSE }
    extern { guard trusted() }
    context { wrong: Int = 0 }
    initial shut
    state shut {
        on CODE [event.digits == 4711] -> open
        on CODE [wrong >= 2] -> jammed
        on CODE / wrong := wrong + 1
        on OPEN [trusted()] -> open
        on CLOSE [wrong > 100] -> jammed
    }
    state open { after 30s -> shut / wrong := 0  on CLOSE -> shut }
    state jammed { on OPEN }
    state cellar { on CLOSE -> shut }
}";

fn planned(machine: &Machine, criterion: Criterion) -> Plan {
    let plan = cover(machine, criterion, SITUATION_LIMIT);
    // What it says is covered is covered by running its words, and the rest is not.
    let words: Vec<Word> = plan.words.iter().map(|word| Word::parse(word, machine).unwrap()).collect();
    let coverage = Coverage::of(machine, &words);
    assert_eq!(coverage.met(&plan.targets) + plan.missing.len(), plan.targets.len());
    plan
}

#[test]
fn a_turnstile_needs_one_word() {
    let machine = machine(TURNSTILE);
    let plan = planned(&machine, Criterion::States);
    assert_eq!((plan.words, plan.shortness), (vec!["COIN".to_owned()], Shortness::Exact));
    let plan = planned(&machine, Criterion::Transitions);
    assert_eq!(plan.missing, []);
    assert_eq!((plan.symbols, plan.shortness), (4, Shortness::Exact), "{:?}", plan.words);
    assert_eq!(plan.words, ["PUSH COIN COIN PUSH"]);
    // The counter decides nothing, so two situations are all there are.
    assert_eq!((plan.situations, plan.whole), (3, true));
}

#[test]
fn what_cannot_be_reached_is_named_with_the_reason() {
    let machine = machine(VAULT);
    let plan = planned(&machine, Criterion::Transitions);
    let missing: Vec<String> = plan
        .missing
        .iter()
        .map(|missing| format!("{}; {}", Whole(&machine, missing.target), missing.why))
        .collect();
    assert_eq!(missing.len(), 2, "{missing:#?}");
    assert!(
        missing[0].starts_with("shut: CLOSE [wrong > 100] -> jammed; its guard was false"),
        "{missing:#?}"
    );
    assert!(
        missing[1].starts_with("cellar: CLOSE -> shut; its state `cellar` was never active"),
        "{missing:#?}"
    );
    let text = plan.words.join(" ");
    for part in ["CODE(digits: 4711)", "OPEN[trusted]", "after"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn guards_are_covered_both_ways() {
    let machine = machine(VAULT);
    let plan = planned(&machine, Criterion::Guards);
    let missing: Vec<String> =
        plan.missing.iter().map(|missing| Whole(&machine, missing.target).to_string()).collect();
    assert_eq!(missing, ["shut: CLOSE [wrong > 100] -> jammed: [wrong > 100] is true"]);
}

#[test]
fn pairs_follow_each_other() {
    let machine = machine(TURNSTILE);
    let plan = planned(&machine, Criterion::Pairs);
    // COIN→open then PUSH→locked or COIN, COIN then COIN or PUSH→locked, PUSH→locked then COIN→open.
    assert_eq!((plan.targets.len(), plan.missing.len()), (5, 0), "{:?}", plan.missing);
    assert_eq!(plan.words.len(), 1);
    assert_eq!((plan.symbols, plan.shortness), (6, Shortness::Exact), "{:?}", plan.words);
}

/// Nothing shorter among all sets of short words, by brute force.
#[test]
fn exact_plans_cannot_be_beaten() {
    let specs = [
        TURNSTILE,
        "machine Fork { input { A B C } initial s
            state s { on A -> x  on B -> y }
            state x { on C -> x2 } state x2 {}
            state y { on C -> y2 } state y2 {} }",
        "machine Regions { input { A B } initial p
            parallel p {
                region x { initial a  state a { on A -> b }  state b { on B -> a } }
                region y { initial c  state c { on A [in(b)] -> d }  state d { on B -> c } } } }",
    ];
    for spec in specs {
        let machine = machine(spec);
        for criterion in [Criterion::States, Criterion::Transitions, Criterion::Guards] {
            let plan = planned(&machine, criterion);
            assert_eq!(plan.shortness, Shortness::Exact, "{criterion:?} {spec}");
            let wanted: Vec<Target> = target::targets(&machine, criterion)
                .into_iter()
                .filter(|target| plan.missing.iter().all(|missing| missing.target != *target))
                .collect();
            let fewer = plan.symbols.saturating_sub(1);
            assert!(plan.symbols == 0 || !coverable(&machine, &wanted, fewer), "{criterion:?} {plan:?}");
        }
    }
}

/// Whether words with so many symbols together meet every target.
fn coverable(machine: &Machine, wanted: &[Target], symbols: usize) -> bool {
    let names: Vec<&str> = machine.events.iter().map(|event| event.symbol.name.as_str()).collect();
    let mut words = vec![String::new()];
    let mut begin = 0;
    for _ in 0..symbols {
        let end = words.len();
        for at in begin..end {
            words.extend(names.iter().map(|name| format!("{} {name}", words[at])).collect::<Vec<_>>());
        }
        begin = end;
    }
    let met: Vec<(usize, u64)> = words
        .iter()
        .map(|text| {
            let word = Word::parse(text, machine).unwrap();
            let coverage = Coverage::of(machine, [&word]);
            let mask = wanted.iter().enumerate().filter(|(_, target)| coverage.count(**target) > 0);
            (word.items.len(), mask.fold(0, |mask, (at, _)| mask | 1 << at))
        })
        .collect();
    let all = (1u64 << wanted.len()) - 1;
    // What can be met with at most so many symbols, by the number of symbols; ε costs nothing.
    let empty = met.iter().find(|(cost, _)| *cost == 0).map_or(0, |(_, mask)| *mask);
    let mut reach = vec![std::collections::BTreeSet::from([0, empty])];
    for budget in 1..=symbols {
        let mut here = reach[budget - 1].clone();
        for &(cost, mask) in met.iter().filter(|(cost, _)| (1..=budget).contains(cost)) {
            here.extend(reach[budget - cost].iter().map(|with| with | mask));
        }
        reach.push(here);
    }
    reach[symbols].contains(&all)
}
