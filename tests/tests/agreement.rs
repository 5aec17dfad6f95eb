//! The same word through the compiled and the interpreted machine: every step must do the same.
//!
//! `STATECHART_WORDS=10000` runs more words; `STATECHART_RANDOM_SEED=7` at build time makes other charts.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{env, path::Path};

use statechart_lang::{
    interpreter::{Answers, Effect, Fault, ItemKind, Outcome, Value, Word, parse_words},
    model::{Machine, Type},
};
use statechart_tests::{
    engines::{Ask, Did, Engine, Interpreted, Pair},
    model, pairs,
    random::Random,
};

/// How many words of one machine may end in a livelock before the next machine's turn.
const LIVELOCKS: usize = 3;

/// Random words for each machine.
fn words() -> usize {
    env::var("STATECHART_WORDS").ok().and_then(|words| words.parse().ok()).unwrap_or(200)
}

/// Both engines, and what they were asked so far.
struct Twins<'m> {
    pair: Pair,
    compiled: Box<dyn Engine>,
    interpreted: Interpreted<'m>,
    told: String,
    /// A macrostep did not end; such words are right but slow.
    livelock: bool,
}

fn is_livelock(did: &Did) -> bool {
    did.effects.iter().any(|effect| matches!(effect, Effect::Fault(Fault::Microsteps { .. })))
}

/// More messages to itself than the interpreter keeps; where a machine is compiled they are its mailbox's
/// affair, which tells of them after the step.
fn overflows(did: &Did) -> bool {
    let lost = |effect: &&Effect| matches!(effect, Effect::Fault(Fault::Undelivered));
    did.effects.iter().skip(1).find(lost).is_some()
}

/// Both must be equal; only what differs is shown.
fn compare(pair: Pair, told: &str, compiled: &Did, interpreted: &Did) {
    if compiled == interpreted || overflows(interpreted) {
        return;
    }
    let mut shown = String::new();
    macro_rules! field {
        ($($name:ident)*) => {$(
            if compiled.$name != interpreted.$name {
                let (left, right) = (format!("{:?}", compiled.$name), format!("{:?}", interpreted.$name));
                let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(200);
                let cut = |text: &str| text.chars().skip(same).take(800).collect::<String>();
                shown += &format!("{}\n  compiled:    …{}\n  interpreted: …{}\n", stringify!($name), cut(&left), cut(&right));
            }
        )*};
    }
    field!(outcome transitions exited entered effects unhandled active context done accepts time_us);
    panic!("{} in {}\n{told}\n{shown}", pair.machine, pair.spec);
}

impl<'m> Twins<'m> {
    fn start(pair: Pair, machine: &'m Machine, answers: &Answers) -> Self {
        let (mut compiled, mut interpreted) = (pair.compiled(), Interpreted::new(machine));
        let (left, right) = (compiled.start(answers), interpreted.start(answers));
        let told = format!("start {answers:?}\n");
        compare(pair, &told, &left, &right);
        let livelock = is_livelock(&right) || overflows(&right);
        Self { pair, compiled, interpreted, told, livelock }
    }

    /// `false` when there was nothing to do.
    fn ask(&mut self, machine: &Machine, ask: &Ask, answers: &Answers) -> bool {
        let event = match ask {
            Ask::Event(event, _) | Ask::Report { event, .. } => machine.events[*event].symbol.name.as_str(),
            _ => "",
        };
        self.told.push_str(&format!("{event} {ask:?} {answers:?}\n"));
        let left = self.compiled.ask(ask, answers);
        let right = self.interpreted.ask(ask, answers);
        match (&left, &right) {
            (Some(left), Some(right)) => compare(self.pair, &self.told, left, right),
            (None, None) => {}
            _ => panic!("{} in {}\n{}\n{left:?}\n{right:?}", self.pair.machine, self.pair.spec, self.told),
        }
        self.livelock |= right.as_ref().is_some_and(|did| is_livelock(did) || overflows(did));
        left.is_some()
    }
}

fn value(ty: &Type, random: &mut Random) -> Value {
    match ty {
        Type::Int => Value::Int(match random.below(8) {
            0 => i64::MAX,
            1 => i64::MIN,
            small => small as i64 - 3,
        }),
        Type::Float => Value::Float([0.0, -0.0, 1.5, -2.25, 1e308, 1e-300][random.below(6)]),
        Type::Bool => Value::Bool(random.once_in(2)),
        Type::Text => Value::Text(["", "a", "zé\"", "none"][random.below(4)].to_owned()),
        Type::Time => Value::Time(random.below(1_000) as i64),
        Type::Duration => Value::Duration([0, -1, 1_500_000, i64::MAX][random.below(4)]),
        Type::Optional(_) if random.once_in(3) => Value::None,
        Type::Optional(inner) => value(inner, random),
        Type::List(inner) => Value::List((0..random.below(4)).map(|_| value(inner, random)).collect()),
        Type::Extern(name) => Value::Token(format!("{name}{}", random.below(3))),
        Type::Unknown => Value::None,
    }
}

fn fields(machine: &Machine, event: usize, random: &mut Random) -> Vec<Value> {
    machine.events[event].symbol.fields.iter().map(|field| value(&field.ty, random)).collect()
}

/// What might happen next: mostly reports of running activities and events of Σ.
fn ask(machine: &Machine, twins: &Twins<'_>, random: &mut Random) -> Ask {
    let runs: Vec<usize> = twins.interpreted.runs().keys().copied().collect();
    match random.below(10) {
        0 | 1 => Ask::Elapse,
        2..=5 if !runs.is_empty() => {
            let activity = runs[random.below(runs.len())];
            let service = &machine.services[machine.activities[activity].runs.service().expect("a service")];
            let streamed = !service.streams.is_empty() && random.once_in(2);
            let events: Vec<usize> =
                if streamed { service.streams.clone() } else { service.outcomes().collect() };
            let event = events[random.below(events.len())];
            let args = fields(machine, event, random);
            Ask::Report { activity, back: usize::from(random.once_in(6)), event, args, last: !streamed }
        }
        6 if random.once_in(4) => Ask::Fault,
        _ => {
            let inputs: Vec<usize> =
                (0..machine.events.len()).filter(|event| !machine.events[*event].internal).collect();
            if inputs.is_empty() {
                return Ask::Elapse;
            }
            let event = inputs[random.below(inputs.len())];
            Ask::Event(event, fields(machine, event, random))
        }
    }
}

fn answers(machine: &Machine, random: &mut Random) -> Answers {
    Answers(machine.guards.iter().map(|guard| (guard.name.clone(), random.once_in(2))).collect())
}

fn is_random(pair: &Pair) -> bool {
    pair.machine == "Random"
}

#[test]
fn random_words_do_the_same_in_both_engines() {
    let pairs = pairs();
    let mut steps = 0;
    for (at, pair) in pairs.iter().enumerate() {
        let model = model(Path::new(pair.spec));
        let machine = model.machine(pair.machine).unwrap();
        let mut random = Random(at as u64 * 1_000_003);
        let mut livelocks = 0;
        for _ in 0..words() {
            let mut twins = Twins::start(*pair, machine, &answers(machine, &mut random));
            for _ in 0..4 + random.below(24) {
                if twins.livelock {
                    break;
                }
                let ask = ask(machine, &twins, &mut random);
                let answers = answers(machine, &mut random);
                twins.ask(machine, &ask, &answers);
                steps += 1;
            }
            livelocks += usize::from(twins.livelock);
            if livelocks == LIVELOCKS {
                break;
            }
        }
    }
    assert!(steps > pairs.len() * words() * 10, "{steps}");
}

/// The comparison is worth something only when random words reach most of what the charts say.
#[test]
fn random_words_take_most_transitions() {
    let (mut taken, mut known, mut faults, mut deferred, mut stale) = (0, 0, 0, 0, 0);
    for (at, pair) in pairs().iter().enumerate().filter(|(_, pair)| is_random(pair)) {
        let model = model(Path::new(pair.spec));
        let machine = model.machine(pair.machine).unwrap();
        let mut random = Random(at as u64 * 1_000_003);
        let mut seen = std::collections::BTreeSet::new();
        let mut livelocks = 0;
        for _ in 0..200 {
            if livelocks == LIVELOCKS {
                break;
            }
            let mut interpreted = Interpreted::new(machine);
            interpreted.start(&answers(machine, &mut random));
            let mut twins = Twins {
                pair: *pair,
                compiled: pair.compiled(),
                interpreted,
                told: String::new(),
                livelock: false,
            };
            for _ in 0..20 {
                if twins.livelock {
                    livelocks += 1;
                    break;
                }
                let ask = ask(machine, &twins, &mut random);
                let answers = answers(machine, &mut random);
                let Some(did) = twins.interpreted.ask(&ask, &answers) else { continue };
                twins.livelock |= is_livelock(&did);
                seen.extend(did.transitions);
                faults += did.effects.iter().filter(|effect| matches!(effect, Effect::Fault(_))).count();
                deferred += usize::from(did.outcome == Outcome::Deferred);
                stale += usize::from(did.outcome == Outcome::Stale);
            }
        }
        taken += seen.len();
        known += machine.transitions.len();
    }
    assert!(taken * 100 > known * 50, "{taken} of {known} transitions");
    assert!(
        faults > 100 && deferred > 100 && stale > 100,
        "{faults} faults, {deferred} deferred, {stale} stale"
    );
}

/// The `.words` files of `specs/`, symbol by symbol.
#[test]
fn words_of_the_specs_do_the_same_in_both_engines() {
    for pair in pairs() {
        let path = Path::new(pair.spec).with_extension("words");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let model = model(Path::new(pair.spec));
        let machine = model.machine(pair.machine).unwrap();
        for named in parse_words(&text, machine).unwrap() {
            run(pair, machine, &named.word);
        }
    }
}

fn run(pair: Pair, machine: &Machine, word: &Word) {
    let mut twins = Twins::start(pair, machine, &word.start);
    settle(&mut twins, machine, 0, &word.start);
    for item in &word.items {
        match &item.kind {
            ItemKind::Event { event, args } => {
                let reporter = twins.interpreted.engine().reporter(*event);
                let ask = match reporter {
                    Some((activity, _, last)) => {
                        Ask::Report { activity, back: 0, event: *event, args: args.clone(), last }
                    }
                    None => Ask::Event(*event, args.clone()),
                };
                twins.ask(machine, &ask, &item.answers);
            }
            ItemKind::Advance { span_us } => settle(&mut twins, machine, *span_us, &item.answers),
            ItemKind::Done { .. } => unreachable!("no machine of the list has children"),
            ItemKind::Elapse => {
                twins.ask(machine, &Ask::Elapse, &item.answers);
            }
        }
        settle(&mut twins, machine, 0, &item.answers);
    }
}

/// Fires what is due within a span. The clock then stands at the last firing, which is enough here.
fn settle(twins: &mut Twins<'_>, machine: &Machine, span_us: i64, answers: &Answers) {
    let until = twins.interpreted.engine().time_us() + span_us;
    while twins.interpreted.engine().agenda().first().is_some_and(|(due, _)| *due <= until) {
        twins.ask(machine, &Ask::Elapse, answers);
    }
}
