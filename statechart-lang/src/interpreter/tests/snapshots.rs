//! Snapshots: there and back, refused, migrated, garbage.

use super::{
    chart::chart,
    compiled::machine,
    random::{Random, random_machine, random_word},
};
use crate::{
    interpreter::{
        Answers, Closed, Input, Interpreter, Json, SNAPSHOT_BYTES, Session, Snapshot, SnapshotError,
        StepReport, Word,
    },
    model::Machine,
};

/// A report without the generations that a restart changes.
fn shown(report: &StepReport) -> String {
    let mut out = format!("{} {:?} {:?} {:?}", report.event, report.outcome, report.before, report.after);
    let effects = report.effects.iter().map(ToString::to_string);
    let changes = report.changes.iter().map(ToString::to_string);
    let unhandled = report.unhandled.iter().map(ToString::to_string);
    let recalled = report.recalled.iter().map(ToString::to_string);
    effects
        .chain(changes)
        .chain(unhandled)
        .chain(recalled)
        .for_each(|text| out.push_str(&format!(" | {text}")));
    out
}

#[test]
fn the_future_is_the_same_with_and_without_a_round_trip() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..600 {
        let (machine, text) = random_machine(&mut random);
        let word = random_word(&mut random, &machine, 16);
        let mut session = Session::new(&machine);
        session.start(&word.start);
        let half = random.below(word.items.len());
        for item in &word.items[..half] {
            session.apply(item);
        }
        let snapshot = session.interpreter().snapshot();
        for (what, count) in [
            ("history", snapshot.history.len()),
            ("data", snapshot.data.len()),
            ("deferred", snapshot.deferred.len()),
            ("messages", snapshot.messages.len()),
            ("timers", snapshot.timers.len()),
            ("activities", snapshot.activities.len()),
            ("children", snapshot.children.len()),
            ("undo", snapshot.undo.len()),
        ] {
            *met.entry(what).or_insert(0) += count;
        }
        let json = snapshot.to_json();
        let read = Snapshot::from_json(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
        assert_eq!(read, snapshot, "{text}");
        let (mut restored, _) =
            Session::restore(&machine, &read).unwrap_or_else(|error| panic!("{error}\n{json}\n{text}"));
        for item in &word.items[half..] {
            let wanted: Vec<String> = session.apply(item).iter().map(|row| shown(&row.report)).collect();
            let found: Vec<String> = restored.apply(item).iter().map(|row| shown(&row.report)).collect();
            assert_eq!(found, wanted, "{json}\n{text}");
            assert_eq!(restored.interpreter().context(), session.interpreter().context());
        }
    }
    assert!(met.values().all(|&count| count > 10), "{met:?}");
}

const JOB: &str = r#"
machine Job(owner: Text) {
  input { START(name: Text)  DONE(body: Body)  FAILED  STOP  LATER(n: Int)  POKE }
  output { TOOK(span: Duration)  NOTE(n: Int) }
  context { tries: Int = 0  price: Float = 0.1  marks: [Int] = [1, 2]  since: Time? = none }
  extern { type Body  service work(Text) -> DONE ! FAILED  action undo_it(Text) action do_it(Text) }
  peer other: Other
  limits { deferred: 4 }
  initial idle
  state idle { on START -> busy.running(event.name) / tries := tries + 1, since := now on LATER / emit NOTE(event.n) }
  state busy {
    initial running("none")
    deep history back
    state running(name: Text = "none") {
      context { seen: Int = 0 }
      entry / do_it(name) undo undo_it(name)
      do work(name)
      defer LATER
      on FAILED -> waiting / send self POKE delay 7s as poke, send other HELLO delay 9s
      after 30s -> idle
    }
    state waiting { defer LATER after 5s -> running("again") on POKE / compensate }
    on STOP -> idle
    on DONE -> over
  }
  final over { return tries }
}
machine Other { input { HELLO } initial a state a { on HELLO } }
"#;

fn job() -> Machine {
    machine(JOB)
}

/// A job that runs, as JSON.
fn running(machine: &Machine, word: &str) -> Json {
    let word = crate::interpreter::Word::parse(word, machine).unwrap();
    let own = (machine.states[0].locals[0], crate::interpreter::Value::Text("me".into()));
    let mut session = crate::interpreter::Stage::alone(machine).with_params(vec![own]).session();
    session.start(&word.start);
    for item in &word.items {
        session.apply(item);
    }
    serde_json::from_str(&session.interpreter().snapshot().to_json()).unwrap()
}

fn read(machine: &Machine, json: &Json) -> Result<StepReport, SnapshotError> {
    let snapshot = Snapshot::from_json(&json.to_string())?;
    Interpreter::restore(machine, Closed, &snapshot).map(|(_, report)| report)
}

#[test]
fn the_form_is_fixed() {
    let machine = job();
    let json = running(&machine, r#"START("a") LATER(3) +4s"#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
    let json = running(&machine, r#"START("a") FAILED +1s"#);
    let messages = serde_json::to_string(&json["messages"]).unwrap();
    assert_eq!(
        messages,
        r#"[{"due_in_us":6000000,"event":"POKE","fields":{},"id":"poke","to":"self"},{"due_in_us":8000000,"event":"HELLO","fields":{},"to":"other"}]"#
    );
    let report = read(&machine, &json).unwrap();
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["arm 4s", "send self POKE delay 6s as poke", "send other HELLO delay 8s"]);
    let report = read(&machine, &running(&machine, r#"START("a") +4s"#)).unwrap();
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["arm 26s", "do work(\"a\")"]);
    // What was taken before the start is started by whoever restores it.
    let fresh = Interpreter::new(&machine).snapshot();
    let (mut restored, _) = Interpreter::restore(&machine, Closed, &fresh).unwrap();
    assert_eq!(restored.start().after, ["idle"]);
}

#[test]
fn what_the_machine_cannot_be_in_is_refused() {
    let machine = job();
    let sound = running(&machine, r#"START("a") LATER(3) FAILED +1s"#);
    read(&machine, &sound).unwrap();
    let rows: &[(&str, Json, &str)] = &[
        ("/format", 2.into(), "form 2"),
        ("/machine", "Jab".into(), "of machine `Jab`, not of `Job`; restore it into `Jab`"),
        ("/states", serde_json::json!(["busy"]), "`states`: `busy` has 0 active children, and 1 are wanted"),
        ("/states", serde_json::json!(["busy.waiting"]), "`states`"),
        (
            "/states",
            serde_json::json!(["idle", "busy", "busy.waiting"]),
            "2 active children, and 1 are wanted",
        ),
        ("/states/1", "busy.wating".into(), "`states[1]`: `Job` has no state `busy.wating`"),
        ("/states/1", "busy.back".into(), "history state"),
        ("/done", true.into(), "`done`"),
        ("/context/tries", "1".into(), "`context.tries`: \"1\" is no value of type Int"),
        ("/context/marks", serde_json::json!([1, null]), "`context.marks[1]`: null is no value of type Int"),
        ("/context", serde_json::json!({"tries": 1}), "`context.price`: it is missing"),
        ("/data", serde_json::json!({}), "`data.Job.owner`: it is missing"),
        (
            "/data",
            serde_json::json!({"Job.owner": "x", "busy.running.name": "x"}),
            "no active state has such data",
        ),
        ("/history", serde_json::json!({"busy.back": ["idle"]}), "it cannot have recorded `idle`"),
        ("/history", serde_json::json!({"busy": []}), "no history state"),
        ("/deferred/0/event", "LETTER".into(), "`deferred[0].event`"),
        ("/deferred/0/fields", serde_json::json!({"m": 1}), "`deferred[0].fields.m`: there is no such field"),
        ("/timers/0/index", 9.into(), "`timers[0].index`: there is no such timer"),
        ("/timers/0/index", 0.into(), "its state `busy.running` is not active"),
        ("/timers/0/generation", 0.into(), "it is zero"),
        ("/timers/0/remaining_us", (-1).into(), "time does not run backwards"),
        ("/messages/0/to", "mother".into(), "`messages[0].to`: there is no peer or child `mother`"),
        ("/messages/0/id", "pike".into(), "no message is named `pike`"),
        ("/messages/1/event", "BYE".into(), "`other` takes no event `BYE`"),
        ("/activities", serde_json::json!([{"index": 0, "generation": 1, "finished": false}]), "not active"),
        ("/children", serde_json::json!([{"id": "w", "generation": 1, "snapshot": null}]), "no child `w`"),
        ("/undo/0/args", serde_json::json!([]), "takes other ones"),
        ("/undo/0/index", 7.into(), "there is no such undo"),
        ("/result", 1.into(), "no snapshot"),
    ];
    for (pointer, value, wanted) in rows {
        let mut broken = sound.clone();
        match broken.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => {
                broken.as_object_mut().unwrap().insert(pointer[1..].to_owned(), value.clone());
            }
        }
        let found = match read(&machine, &broken) {
            Err(error) => error.to_string(),
            Ok(_) if *pointer == "/result" => "no snapshot".to_owned(),
            Ok(report) => panic!("{pointer} = {value} was restored: {report:?}"),
        };
        assert!(found.contains(wanted), "{pointer} = {value}: {found}");
    }
    let too_many = Json::Array(vec![sound["deferred"][0].clone(); 5]);
    let mut broken = sound.clone();
    broken["deferred"] = too_many;
    assert!(read(&machine, &broken).unwrap_err().to_string().contains("at most 4 may wait"));
    let long = " ".repeat(SNAPSHOT_BYTES + 1);
    assert!(matches!(Snapshot::from_json(&long), Err(SnapshotError::TooLarge { .. })));
}

#[test]
fn garbage_never_panics() {
    let machine = job();
    let sound = running(&machine, r#"START("a") LATER(3) FAILED +1s STOP START("b") LATER(1)"#);
    let text = sound.to_string();
    let mut random = Random(0x9FB2_1C65_1E98_DF25);
    let mut restored = 0;
    for _ in 0..20_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = b" \"0159{}[],:-naeb"[random.below(17)],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\"0-9e[{}]"[random.below(9)]),
                _ => {
                    let end = (at + random.below(40)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, part);
                }
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let Ok(snapshot) = Snapshot::from_json(&text) else { continue };
        let Ok((mut interpreter, _)) = Interpreter::restore(&machine, Closed, &snapshot) else { continue };
        restored += 1;
        for event in 0..machine.events.len() {
            interpreter.step(Input::Event { event, args: vec![] });
        }
        interpreter.advance(60_000_000);
    }
    assert!(restored > 100, "only {restored} were restored");
}

#[test]
fn another_version_is_refused_with_what_differs() {
    let old = job();
    let new = machine(&JOB.replace("state waiting", "state resting").replace("-> waiting", "-> resting"));
    let error = read(&new, &running(&old, "")).unwrap_err().to_string();
    let wanted = format!(
        "the snapshot is of version {} of the machine, and this is version {}:
  - state busy.waiting: atomic
  - timer of busy.waiting
  + state busy.resting: atomic
  + timer of busy.resting
say how to read it with `migrate from \"{}\" {{ old -> new }}`, which `statechart diff` drafts",
        old.fingerprint(),
        new.fingerprint(),
        old.fingerprint()
    );
    assert_eq!(error, wanted);
}

/// The job with everything at another place: a state around, states renamed, a variable renamed, one new, one gone.
fn moved(from: &Machine, moves: &str) -> Machine {
    let text = JOB
        .replace(
            "state busy {",
            "state work_ {\n initial busy\n state busy {\n context { level: Int = tries + 1 }",
        )
        .replace("state waiting {", "state resting {")
        .replace("-> waiting", "-> resting")
        .replace("    on DONE -> over\n  }", "    on DONE -> over\n  } }")
        .replace("-> busy.running", "-> work_.busy.running")
        .replace("tries: Int = 0", "attempts: Int = 0  fresh: Int = 4")
        .replace("price: Float = 0.1", "")
        .replace("tries", "attempts")
        .replace("limits {", &format!("migrate from \"{}\" {{ {moves} }}\n  limits {{", from.fingerprint()));
    machine(&text)
}

#[test]
fn an_earlier_version_is_migrated() {
    let old = job();
    let json = running(&old, r#"START("a") LATER(3) STOP START("a") FAILED +1s"#);
    let new =
        moved(&old, "busy -> work_.busy  busy.waiting -> work_.busy.resting  context tries -> attempts");
    let snapshot = Snapshot::from_json(&json.to_string()).unwrap();
    let (restored, report) = Interpreter::restore(&new, Answers::default(), &snapshot).unwrap();
    assert_eq!(restored.leaves(), ["work_.busy.resting"]);
    let variables: Vec<String> =
        restored.variables().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(variables, ["attempts=2", "fresh=4", "marks=[1, 2]", "since=@0us"]);
    let data: Vec<String> =
        restored.data().map(|(local, value)| format!("{}={value}", new.locals[local].name)).collect();
    assert_eq!(data, ["owner=\"me\"", "level=3"]);
    // The timer goes on with what was left of it, the undo is the same, the record of the history moved along.
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["arm 4s", "send self POKE delay 6s as poke", "send other HELLO delay 8s"]);
    assert_eq!(restored.undos().count(), 2);
    let recorded: Vec<&str> = restored
        .histories()
        .flat_map(|(_, stored)| stored)
        .map(|&state| new.states[state].path.as_str())
        .collect();
    assert_eq!(recorded, ["work_.busy.running"]);
    // A state that was active has to go somewhere.
    let new = moved(&old, "busy -> work_.busy  context tries -> attempts");
    let error = Interpreter::restore(&new, Closed, &snapshot).unwrap_err().to_string();
    assert!(error.contains("`busy.waiting` was active and is gone"), "{error}");
}

#[test]
fn timers_that_came_with_the_version_run_in_full() {
    let text = "machine M { input { X } initial a state a { after 5s -> b } state b { on X -> a } }";
    let old = machine(text);
    let word = crate::interpreter::Word::parse("+2s", &old).unwrap();
    let mut session = Session::new(&old);
    session.start(&word.start);
    session.apply(&word.items[0]);
    let snapshot = session.interpreter().snapshot();
    let two =
        format!("state a {{ after 5s -> b after 9s -> b }} migrate from \"{}\" {{ }}", old.fingerprint());
    let new = machine(&text.replace("state a { after 5s -> b }", &two));
    let (_, report) = Interpreter::restore(&new, Closed, &snapshot).unwrap();
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["arm 5s", "arm 9s"]);
}

#[test]
fn what_changed_places_is_told_by_what_it_is() {
    let text = |inside: &str, migrate: &str| {
        format!(
            "machine M {{ input {{ A B }} extern {{ service s() -> A service t() -> B }} {migrate} initial a
               accept state a {{ {inside} on A on B }} accept state b accept state c }}"
        )
    };
    let old = machine(&text("do s() do t() after 5s -> b after 10s -> c", ""));
    let mut session = Session::new(&old);
    session.start(&Answers::default());
    session.apply(&Word::parse("+2s", &old).unwrap().items[0]);
    let snapshot = session.interpreter().snapshot();
    let swapped = "do t() do s() after 10s -> c after 5s -> b after 20s -> c";
    let unwilling = machine(&text(swapped, ""));
    let refused = Interpreter::restore(&unwilling, Closed, &snapshot);
    assert!(matches!(refused, Err(SnapshotError::Version { .. })));
    let new = machine(&text(swapped, &format!("migrate from \"{}\" {{ }}", old.fingerprint())));
    let (mut restored, report) = Interpreter::restore(&new, Closed, &snapshot).unwrap();
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["arm 3s", "arm 8s", "arm 20s", "do s()", "do t()"]);
    restored.advance(3_000_000);
    assert_eq!(restored.leaves(), ["b"]);
    // Places alone are a version of their own.
    let swapped = machine(&text("do s() do t() after 10s -> c after 5s -> b", ""));
    assert_ne!(swapped.fingerprint(), old.fingerprint());
}

#[test]
fn floats_and_texts_survive() {
    let mut machine = chart("C r -> a\n  A a\n    on X");
    machine.context[0].ty = crate::model::Type::Float;
    for value in [0.1, -0.0, 1e308, 5e-324, 1.0 / 3.0] {
        let mut interpreter = Interpreter::new(&machine);
        interpreter.start();
        let mut snapshot = interpreter.snapshot();
        snapshot.context.insert("n".to_owned(), Json::from(value));
        let read = Snapshot::from_json(&snapshot.to_json()).unwrap();
        let (restored, _) = Interpreter::restore(&machine, Closed, &read).unwrap();
        assert_eq!(restored.context()[0].to_string(), format!("{value:?}"));
    }
}
