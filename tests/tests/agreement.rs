//! The same word through the compiled and the interpreted machine: every step must do the same.
//!
//! `STATECHART_WORDS=10000` runs more words; at build time `STATECHART_RANDOM_SEED=7` makes other charts and
//! `STATECHART_RANDOM_CHARTS=50` more of them, `STATECHART_ONLY_RANDOM=1` leaves the specs and fixtures out.
//! `cargo xtask differential` does all of it for many.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use statechart_lang::{
    interpreter::{Address, Answers, Effect, ItemKind, Outcome, Stage, Value, Word},
    model::{Machine, Model, Type},
};
use statechart_tests::{
    engines::{Ask, Engine, Interpreted, Pair},
    model, pairs,
    random::Random,
    twins::{Played, Step, Twins, is_livelock, report},
};

/// How many words of one machine may end in a livelock before the next machine's turn.
const LIVELOCKS: usize = 3;

/// Random words for each machine.
fn words() -> usize {
    env::var("STATECHART_WORDS").ok().and_then(|words| words.parse().ok()).unwrap_or(200)
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
fn ask(machine: &Machine, interpreted: &Interpreted<'_>, random: &mut Random) -> Ask {
    let runs: Vec<usize> = interpreted.runs().keys().copied().collect();
    let children: Vec<usize> = interpreted.spawns().keys().copied().collect();
    if !children.is_empty() && random.once_in(5) {
        let child = children[random.below(children.len())];
        let result = machine.children[child].result.as_ref().map(|ty| value(ty, random));
        return Ask::Child { child, back: usize::from(random.once_in(6)), result, fails: random.once_in(4) };
    }
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

/// Values for the machine's parameters.
fn params(machine: &Machine, random: &mut Random) -> Vec<Value> {
    machine.params().map(|param| value(&param.ty, random)).collect()
}

/// Their defaults, else those of their types: what a word without parameters starts with.
fn defaults(machine: &Machine) -> Vec<Value> {
    let started = Interpreted::new(machine, &[]).start(&Answers::default());
    started
        .data
        .into_iter()
        .filter(|(id, _)| machine.locals[*id].state == 0)
        .map(|(_, value)| value)
        .collect()
}

fn answers(machine: &Machine, random: &mut Random) -> Answers {
    Answers(machine.guards.iter().map(|guard| (guard.name.clone(), random.once_in(2))).collect())
}

fn is_random(pair: &Pair) -> bool {
    pair.machine == "Random"
}

/// One random word; `true` when it came to a livelock.
fn random_word(pair: Pair, model: &Model, random: &mut Random, steps: &mut Steps) -> bool {
    let machine = model.machine(pair.machine).unwrap();
    let (params, start) = (params(machine, random), answers(machine, random));
    let mut played = Played { params, start, steps: Vec::new() };
    let Ok(mut twins) = Twins::start(pair, model, &played.params, &played.start) else {
        report(pair, model, played)
    };
    for _ in 0..4 + random.below(24) {
        if twins.ended {
            return true;
        }
        let answers = answers(machine, random);
        // Seldom: snapshots in both directions cost as much as ten steps.
        let step = if random.once_in(20) {
            Step::Exchange(answers)
        } else {
            Step::Ask(ask(machine, &twins.interpreted, random), answers)
        };
        played.steps.push(step.clone());
        if twins.play(&step).is_err() {
            report(pair, model, played);
        }
        steps.all += 1;
    }
    if !twins.ended && random.once_in(3) {
        // Somebody stops it, and somebody else does not know that yet.
        let inputs = (0..machine.events.len()).filter(|event| !machine.events[*event].internal);
        let late: Vec<Ask> = inputs.map(|event| Ask::Event(event, fields(machine, event, random))).collect();
        for ask in std::iter::once(Ask::Halt).chain(late) {
            let step = Step::Ask(ask, answers(machine, random));
            played.steps.push(step.clone());
            if twins.play(&step).is_err() {
                report(pair, model, played);
            }
        }
    }
    steps.of_children += twins.child_steps;
    twins.ended
}

/// How many steps were compared.
#[derive(Default)]
struct Steps {
    all: usize,
    of_children: usize,
}

#[test]
fn random_words_do_the_same_in_both_engines() {
    let pairs = pairs();
    let next = AtomicUsize::new(0);
    // Each chart has a seed of its own, so it does not matter who takes which.
    let worker = || {
        let mut steps = Steps::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(pair) = pairs.get(at) else { return steps };
            let model = model(Path::new(pair.spec));
            let mut random = Random(at as u64 * 1_000_003);
            let mut livelocks = 0;
            for _ in 0..words() {
                livelocks += usize::from(random_word(*pair, &model, &mut random, &mut steps));
                if livelocks == LIVELOCKS {
                    break;
                }
            }
        }
    };
    let mut steps = Steps::default();
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, Into::into);
        for worker in (0..workers).map(|_| scope.spawn(worker)).collect::<Vec<_>>() {
            let done = worker.join().expect("what the engines differ in is told above");
            steps.all += done.all;
            steps.of_children += done.of_children;
        }
    });
    assert!(steps.all > pairs.len() * words() * 10, "{}", steps.all);
    assert!(steps.of_children > words() * 10, "{} steps of children", steps.of_children);
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
            let mut interpreted = Interpreted::new(machine, &[]);
            interpreted.start(&answers(machine, &mut random));
            for _ in 0..20 {
                let ask = ask(machine, &interpreted, &mut random);
                let answers = answers(machine, &mut random);
                let Some(did) = interpreted.ask(&ask, &answers) else { continue };
                let livelock = is_livelock(&did);
                seen.extend(did.transitions);
                faults += did.effects.iter().filter(|effect| matches!(effect, Effect::Fault(_))).count();
                deferred += usize::from(did.outcome == Outcome::Deferred);
                stale += usize::from(did.outcome == Outcome::Stale);
                if livelock {
                    livelocks += 1;
                    break;
                }
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

/// What an earlier version of the fixture's machine left behind: nothing in it has the name that it has now.
const OLD: &str = r#"{
  "format": 1, "machine": "Depot", "fingerprint": "00000000000000aa",
  "shape": ["undo release(1)", "undo forget()", "timer of work", "activity of work: crane"],
  "time_us": 1000000, "done": false, "generation": 9,
  "states": ["work"],
  "context": { "count": 4, "gone": 1 },
  "data": { "Depot.owner": "me", "work.at": 7, "work.seen": 42 },
  "history": {},
  "deferred": [
    { "event": "PUT", "fields": { "n": 5 } },
    { "event": "GONE", "fields": { "x": 5 } },
    { "event": "LOOK", "fields": {} }
  ],
  "messages": [
    { "to": "crane", "event": "LIFT", "fields": { "n": 6 }, "due_in_us": 2000000, "id": "ping" },
    { "to": "helper", "event": "HELP", "fields": {}, "due_in_us": 2000000 },
    { "to": "self", "event": "PUT", "fields": { "n": 8 }, "due_in_us": 3000000 }
  ],
  "timers": [{ "index": 0, "generation": 3, "remaining_us": 5 }],
  "activities": [],
  "children": [
    { "id": "crane", "generation": 4, "snapshot": null },
    { "id": "helper", "generation": 5, "snapshot": null }
  ],
  "undo": [{ "index": 0, "args": [1] }, { "index": 1, "args": [] }]
}"#;

/// Both engines restored from the same text: what they then are, which must be the same, or why they refuse.
fn migrated(json: &str) -> Result<serde_json::Value, String> {
    let pairs = pairs();
    let pair =
        pairs.iter().find(|pair| pair.spec.ends_with("migrated.sc") && pair.machine == "Depot").unwrap();
    let model = model(Path::new(pair.spec));
    let machine = model.machine("Depot").unwrap();
    let (mut compiled, mut interpreted) = (pair.compiled(&defaults(machine)), Interpreted::new(machine, &[]));
    let answers = Answers::default();
    match (compiled.restore(json, &answers), interpreted.restore(json, &answers)) {
        (Ok(left), Ok(right)) => {
            assert_eq!(left, right);
            assert_eq!(compiled.snapshot(), interpreted.snapshot());
            Ok(serde_json::from_str(&compiled.snapshot()).unwrap())
        }
        (Err(left), Err(right)) => {
            assert_eq!(left, right);
            Err(left)
        }
        (left, right) => panic!("compiled: {left:?}\ninterpreted: {right:?}"),
    }
}

#[test]
fn everything_in_a_snapshot_can_be_migrated() {
    let now = migrated(OLD).unwrap();
    let json = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    // The region that is new has come to its initial states, as deep as they say.
    let states = r#"["yard", "yard.left", "yard.left.lane", "yard.right", "yard.right.both",
        "yard.right.both.low", "yard.right.both.low.b", "yard.right.both.high", "yard.right.both.high.c"]"#;
    assert_eq!(now["states"], json(states));
    assert_eq!(now["context"], json(r#"{ "spare": 9, "total": 4 }"#));
    let data = r#"{ "Depot.holder": "me", "yard.left.lane.looked": 42, "yard.left.lane.place": 7,
        "yard.right.both.high.c.from": 3 }"#;
    assert_eq!(now["data"], json(data));
    let events: Vec<_> = now["deferred"].as_array().unwrap().iter().map(|saved| &saved["event"]).collect();
    assert_eq!(events, ["STORE", "LOOK"]);
    let told = |saved: &serde_json::Value| format!("{} {} {}", saved["to"], saved["event"], saved["id"]);
    let messages: Vec<String> = now["messages"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(messages, [r#""hoist" "HOIST" "pong""#, r#""self" "STORE" null"#]);
    // The timer of the new region runs in full, and its service is started.
    assert_eq!(now["timers"][0]["remaining_us"], 5_000_000);
    assert_eq!(now["activities"].as_array().unwrap().len(), 1);
    assert_eq!(now["children"], json(r#"[{ "id": "hoist", "generation": 4, "snapshot": null }]"#));
    assert_eq!(now["undo"], json(r#"[{ "index": 0, "args": [1] }]"#));
    // What is not mentioned and is gone is refused in both engines with the same words.
    for (from, to, why) in [
        (r#""PUT""#, r#""POUT""#, "there is no event `POUT`"),
        (r#""id": "helper""#, r#""id": "walker""#, "there is no child `walker`"),
        (r#""undo forget()""#, r#""undo regret()""#, "`regret()` is gone from the spec"),
        (r#"["work"]"#, r#"["worn"]"#, "`worn` was active and is gone; say where it went"),
        // Renamed: the state of that path is another one now.
        (r#"["work"]"#, r#"["waiting.inside"]"#, "`waiting.inside` was active and is gone"),
    ] {
        let found = migrated(&OLD.replace(from, to)).unwrap_err();
        assert!(found.contains(why), "{found}");
    }
    // A leaf that holds states now goes where the spec says.
    let moved = migrated(&OLD.replace(r#"["work"]"#, r#"["waiting"]"#)).unwrap();
    assert_eq!(moved["states"], json(r#"["busy", "busy.within"]"#));
}

/// The `.words` files of `specs/` and of the fixtures, symbol by symbol.
#[test]
fn words_of_the_specs_do_the_same_in_both_engines() {
    for pair in pairs() {
        let path = Path::new(pair.spec).with_extension("words");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let model = model(Path::new(pair.spec));
        // Words are for the last machine of a file: it may start those before it.
        if model.own_machines().last().is_none_or(|machine| machine.name != pair.machine) {
            continue;
        }
        let machine = model.machine(pair.machine).unwrap();
        let stage = Stage::of(&model, machine);
        // The twins have no way to speak to a child from outside.
        let is_plain = |word: &Word| word.items.iter().all(|item| item.to == Address::default());
        for named in stage.words(&text).unwrap().iter().filter(|named| is_plain(&named.word)) {
            Run::start(pair, &model, machine, &named.word).all(&named.word);
        }
    }
}

/// A written word on its way through both engines.
struct Run<'m> {
    pair: Pair,
    model: &'m Model,
    twins: Twins<'m>,
    played: Played,
}

impl<'m> Run<'m> {
    fn start(pair: Pair, model: &'m Model, machine: &Machine, word: &Word) -> Self {
        let played = Played { params: defaults(machine), start: word.start.clone(), steps: Vec::new() };
        match Twins::start(pair, model, &played.params, &played.start) {
            Ok(twins) => Self { pair, model, twins, played },
            Err(_) => report(pair, model, played),
        }
    }

    fn all(mut self, word: &Word) {
        self.settle(0, &word.start);
        for item in &word.items {
            match &item.kind {
                ItemKind::Event { event, args } => {
                    let ask = match self.twins.interpreted.engine().reporter(*event) {
                        Some((activity, _, last)) => {
                            Ask::Report { activity, back: 0, event: *event, args: args.clone(), last }
                        }
                        None => Ask::Event(*event, args.clone()),
                    };
                    self.ask(ask, &item.answers);
                }
                ItemKind::Advance { span_us } => self.settle(*span_us, &item.answers),
                ItemKind::Done { child, result } => {
                    let ask = Ask::Child { child: *child, back: 0, result: result.clone(), fails: false };
                    self.ask(ask, &item.answers);
                }
                ItemKind::Elapse => self.ask(Ask::Elapse, &item.answers),
            }
            self.settle(0, &item.answers);
        }
    }

    fn ask(&mut self, ask: Ask, answers: &Answers) {
        let step = Step::Ask(ask, answers.clone());
        self.played.steps.push(step.clone());
        if self.twins.play(&step).is_err() {
            report(self.pair, self.model, self.played.clone());
        }
    }

    /// Fires what is due within a span. The clock then stands at the last firing, which is enough here.
    fn settle(&mut self, span_us: i64, answers: &Answers) {
        let until = self.twins.interpreted.engine().time_us() + span_us;
        while self.twins.interpreted.engine().next_due_us().is_some_and(|due| due <= until) {
            self.ask(Ask::Elapse, answers);
        }
    }
}
