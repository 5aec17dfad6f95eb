//! A machine with the children that it starts.

use crate::{
    MapLoader, Model, compile,
    interpreter::{Input, Snapshot, Stage, System, SystemStep, parse_param},
};

const PARENT: &str = r#"
machine Parent {
  input { GO(n: Int)  STOP  NUDGE  LATER  BAD }
  output { GOT(n: Int)  LOST(kind: Text) }
  initial idle
  state idle {
    on GO / spawn Worker(event.n) as w
    on STOP / stop w
    on NUDGE / send w NUDGE
    on LATER / send w NUDGE delay 4s as soon
    on BAD -> held
    on done(w) / emit GOT(event.result)
    on fault / emit LOST(event.kind)
  }
  state held { do Deep() as d  on done(d) -> idle  on STOP -> idle  on fault -> idle / emit LOST(event.kind) }
}
machine Worker(n: Int) {
  input { NUDGE }
  output { BEGUN(n: Int) }
  context { nudges: Int = 0 }
  initial a
  state a {
    entry / emit BEGUN(n)
    on NUDGE / nudges := nudges + 1
    after 10s -> b
  }
  final b { return n + nudges }
}
machine Deep { input { X } initial a state a { entry / spawn Deep() as d  on fault -> b  on done(d) -> b } final b }
"#;

fn model(text: &str) -> Model {
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", text)]));
    assert!(!compiled.has_errors(), "{}", compiled.render(false));
    compiled.model.unwrap()
}

/// `path: EVENT | effects`.
fn shown(steps: &[SystemStep]) -> Vec<String> {
    let line = |step: &SystemStep| {
        let effects: Vec<String> = step.report.effects.iter().map(ToString::to_string).collect();
        format!("{}: {} | {}", step.path, step.report.event, effects.join(", "))
    };
    steps.iter().map(line).collect()
}

fn event(model: &Model, name: &str, args: Vec<crate::interpreter::Value>) -> Input {
    Input::Event { event: model.machines[0].event(name).unwrap(), args }
}

#[test]
fn a_child_is_started_spoken_to_and_done() {
    let model = model(PARENT);
    let mut system = System::new(&model, &model.machines[0]);
    system.start();
    let go = || event(&model, "GO", vec![crate::interpreter::Value::Int(5)]);
    assert_eq!(
        shown(&system.step(go())),
        [": GO(n: 5) | spawn Worker(5) as w", "w: start | emit BEGUN(n: 5), arm 10s"]
    );
    assert_eq!(
        shown(&system.step(event(&model, "NUDGE", vec![]))),
        [": NUDGE | send w NUDGE", "w: NUDGE | "]
    );
    system.step(event(&model, "LATER", vec![]));
    assert_eq!(shown(&system.advance(5_000_000)), ["w: NUDGE | "]);
    // In between everything is written down, and read again.
    system.step(event(&model, "LATER", vec![]));
    let snapshot = Snapshot::from_json(&system.snapshot().to_json()).unwrap();
    let (mut restored, steps) = System::restore(&model, &model.machines[0], &snapshot).unwrap();
    assert_eq!(shown(&steps), [": restored | send w NUDGE delay 4s as soon", "w: restored | arm 5s"]);
    for system in [&mut system, &mut restored] {
        assert_eq!(
            shown(&system.advance(60_000_000)),
            ["w: NUDGE | ", "w: after 10s | ", ": done(w, result: 8) | emit GOT(n: 8)"]
        );
        assert_eq!(system.children().count(), 0);
    }
}

#[test]
fn a_stopped_child_is_gone_with_what_was_meant_for_it() {
    let model = model(PARENT);
    let mut system = System::new(&model, &model.machines[0]);
    system.start();
    system.step(event(&model, "GO", vec![]));
    system.step(event(&model, "LATER", vec![]));
    system.step(event(&model, "STOP", vec![]));
    assert_eq!(system.children().count(), 0);
    // The delayed message finds nobody; neither does one at once.
    assert_eq!(
        shown(&system.advance(60_000_000)),
        [
            ": fault undelivered | fault undelivered: a message could not be delivered, emit LOST(kind: \"undelivered\")"
        ]
    );
}

#[test]
fn children_of_children_end_somewhere() {
    let model = model(PARENT);
    let mut system = System::new(&model, &model.machines[0]);
    system.start();
    let steps = system.step(event(&model, "BAD", vec![]));
    // The innermost one has no room for a child, which is a fault; it ends, and so does everything around it.
    let failed: Vec<&SystemStep> = steps.iter().filter(|step| step.report.faults().count() > 0).collect();
    assert_eq!(failed.len(), 1, "{:?}", shown(&steps));
    assert_eq!(failed[0].path.split('.').count(), crate::interpreter::CHILD_DEPTH_LIMIT);
    assert_eq!(shown(&steps).last().unwrap(), ": done(d) | ");
    assert_eq!(system.children().count(), 0);
    assert_eq!(system.root().leaves(), ["idle"]);
}

const FAMILY: &str = r#"
machine Boss {
  input { START  STOP  SAY(n: Int)  HELLO }
  output { HEARD(n: Int)  GONE }
  initial off
  state off { on START -> on_ }
  state on_ {
    do Kid(3) as kid
    on SAY / emit HEARD(event.n)
    on HELLO / send kid ASK
    on STOP -> off
    on done(kid) -> off / emit GONE
  }
}
machine Kid(n: Int) {
  input { ASK  END }
  output { BYE(what: Text) }
  peer boss: Boss
  peer other: Elsewhere
  initial outer
  state outer {
    exit / emit BYE("outer"), send boss SAY(99)
    initial inner
    on END -> over
    state inner {
      entry / spawn Toy() as toy
      exit / emit BYE("inner")
      on ASK / send boss SAY(n), send other THING
    }
  }
  final over
}
machine Toy { input { X } output { SNAP } initial a state a { exit / emit SNAP on X } }
machine Elsewhere { input { THING } initial a state a { on THING } }
"#;

/// `path: EVENT | outputs`.
fn told(rows: &[crate::interpreter::Row]) -> Vec<String> {
    let line = |row: &crate::interpreter::Row| {
        let outputs: Vec<String> = row.report.outputs.iter().map(ToString::to_string).collect();
        format!("{}: {} | {}", row.path, row.symbol, outputs.join(", ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[test]
fn a_child_speaks_to_the_machine_that_started_it() {
    let model = model(FAMILY);
    let stage = Stage::of(&model, &model.machines[0]);
    let run = stage.run(&stage.word("START HELLO kid.END").unwrap());
    assert_eq!(
        told(&run.rows),
        [
            ": start |",
            ": START |",
            "kid: start |",
            "kid.toy: start |",
            ": HELLO |",
            "kid: ASK |",
            ": SAY(n: 3) | HEARD(n: 3)",
            "kid: END | BYE(what: \"inner\"), BYE(what: \"outer\")",
            "kid.toy: stop | SNAP",
            ": SAY(n: 99) | HEARD(n: 99)",
            ": done(kid) | GONE",
        ]
    );
    // What a child sends to somebody who is not there is told, and is no fault.
    let row = run.rows.iter().find(|row| row.symbol == "ASK").unwrap();
    assert_eq!(
        (row.report.effects.last().unwrap().to_string(), row.note()),
        ("send other THING".to_owned(), String::new())
    );
}

#[test]
fn a_stopped_child_leaves_its_states_and_is_heard_no_more() {
    let model = model(FAMILY);
    let stage = Stage::of(&model, &model.machines[0]);
    let run = stage.run(&stage.word("START STOP").unwrap());
    assert_eq!(
        told(&run.rows)[4..],
        [": STOP |", "kid: stop | BYE(what: \"inner\"), BYE(what: \"outer\")", "kid.toy: stop | SNAP",]
    );
    assert_eq!(run.rows[5].report.after, Vec::<String>::new());
    // A word may say that it is done instead; then it is just gone.
    let run = stage.run(&stage.word("START done(kid) kid.ASK").unwrap());
    assert_eq!(told(&run.rows)[4..], [": done(kid) | GONE", ": kid.ASK |"]);
    assert_eq!(run.rows[5].note(), "no such machine runs");
    let alone = Stage::alone(&model.machines[0]);
    let run = alone.run(&alone.word("START STOP").unwrap());
    assert_eq!(told(&run.rows), [": start |", ": START |", ": STOP |"]);
}

const SYSTEM: &str = r#"
machine Shop(name: Text = "corner") {
  input { BUY(item: Text, region: Text)  STOCKED(item: Text)  CHECK }
  output { SOLD(item: Text) }
  peer store: Store
  peer bank: Bank
  initial open
  accept state open {
    on BUY / send store FETCH(event.item, event.region)
    on STOCKED / emit SOLD(event.item), send bank PAY delay 5s
    on CHECK / send store COUNT
  }
}
machine Store(region: Text, start: Int = 10) {
  input { FETCH(item: Text, region: Text)  COUNT }
  context { left: Int = 0 }
  peer shop: Shop
  initial ready
  state ready {
    on FETCH [in(ready)] / left := start - 1, send shop STOCKED(event.item + " from " + region)
    on COUNT
  }
}
machine Bank { input { PAY } output { CLINK } initial a state a { on PAY / emit CLINK } }
machine Alarm { input { RING } peer bank: Bank initial a state a { on RING / send bank PAY } }
system Market {
  actor shop: Shop("main")
  actor store[region: Text]: Store(region, start: 7)
  actor bank: Bank
  actor alarm: Alarm
  shop -> store : FETCH | COUNT
  store -> shop : STOCKED
  shop -> bank : PAY
  alarm -> bank : PAY
}
"#;

#[test]
fn actors_of_a_system_speak_to_each_other() {
    let model = model(SYSTEM);
    let stage = Stage::of_actors(&model, &model.systems[0]);
    let run = stage
        .run(&stage.word(r#"shop.BUY("tea", "EU") shop.BUY("salt", region: "US") +5s alarm.RING"#).unwrap());
    assert_eq!(
        told(&run.rows),
        [
            "shop: start |",
            "bank: start |",
            "alarm: start |",
            "shop: BUY(item: \"tea\", region: \"EU\") |",
            "store[\"EU\"]: start |",
            "store[\"EU\"]: FETCH(item: \"tea\", region: \"EU\") |",
            "shop: STOCKED(item: \"tea from EU\") | SOLD(item: \"tea from EU\")",
            "shop: BUY(item: \"salt\", region: \"US\") |",
            "store[\"US\"]: start |",
            "store[\"US\"]: FETCH(item: \"salt\", region: \"US\") |",
            "shop: STOCKED(item: \"salt from US\") | SOLD(item: \"salt from US\")",
            "bank: PAY | CLINK",
            "bank: PAY | CLINK",
            "alarm: RING |",
            "bank: PAY | CLINK",
        ]
    );
    assert_eq!(
        run.verdict(),
        "accepted in shop: open, bank: a, alarm: a, store[\"EU\"]: ready, store[\"US\"]: ready"
    );
    // The members' values come from the system.
    assert_eq!(run.rows[5].report.changes[0].to_string(), "left: 0 → 6");
    // A message that does not say which member is meant goes to the only one.
    let run = stage
        .run(&stage.word(r#"shop.CHECK store["EU"].COUNT shop.CHECK store["US"].COUNT shop.CHECK"#).unwrap());
    let notes: Vec<String> =
        run.rows.iter().filter(|row| row.symbol == "CHECK").map(crate::interpreter::Row::note).collect();
    assert_eq!(
        notes,
        [
            "COUNT is not delivered: of `store` none run, and the message has no field `region` that says which is meant",
            "",
            "COUNT is not delivered: of `store` several run, and the message has no field `region` that says which is meant",
        ]
    );
}

#[test]
fn mistakes_in_words_of_systems_are_told() {
    let model = model(SYSTEM);
    let stage = Stage::of_actors(&model, &model.systems[0]);
    for (text, wanted) in [
        ("RING", "column 1: `RING` does not say which actor it is for; write `alarm.RING`"),
        (
            "FETCH",
            "column 1: `FETCH` does not say which actor it is for; write `store[region].FETCH`, with a value of type Text",
        ),
        ("shp.BUY", "column 1: `Market` has no actor `shp`; did you mean `shop`?"),
        (
            "store.COUNT",
            "column 1: `store` is a family, and nothing says which one is meant; write `store[region].EVENT`, with a value of type Text",
        ),
        ("shop BUY", "column 5: what `shop` is sent is missing; write `shop.EVENT`"),
        (
            "shop.PAY",
            "column 6: `PAY` is no input symbol of `Shop`; the input alphabet is: BUY STOCKED CHECK",
        ),
        (
            "(3) alarm.RING",
            "column 1: `Market` is a system, whose actors get their values there; leave the parentheses out",
        ),
    ] {
        assert_eq!(stage.word(text).unwrap_err().to_string(), wanted, "{text}");
    }
}

#[test]
fn parameters_are_given_by_words_and_by_the_caller() {
    let model = model(SYSTEM);
    let machine = &model.machines[1];
    let param = |text: &str| parse_param(text, machine);
    let stage =
        Stage::of(&model, machine).with_params(vec![param("region=EU").unwrap(), param("start=3").unwrap()]);
    let left = |stage: &Stage<'_>, text: &str| {
        let run = stage.run(&stage.word(text).unwrap());
        let row = run.rows.last().unwrap();
        format!("{} {}", row.report.changes[0], row.report.effects[0])
    };
    assert_eq!(left(&stage, "FETCH(\"tea\")"), "left: 0 → 2 send shop STOCKED(item: \"tea from EU\")");
    assert_eq!(
        left(&stage, "(start: 20) FETCH(\"tea\")"),
        "left: 0 → 19 send shop STOCKED(item: \"tea from EU\")"
    );
    assert_eq!(left(&stage, "(\"US\") FETCH(\"x\")"), "left: 0 → 2 send shop STOCKED(item: \"x from US\")");
    assert_eq!(
        param("start=many").unwrap_err().to_string(),
        "column 1: `start` is of type Int, and `many` is no value of type Int; write a whole number such as `42`"
    );
    assert_eq!(
        param("strt=1").unwrap_err().to_string(),
        "column 1: `Store` has no parameter `strt`; did you mean `start`?"
    );
    assert_eq!(
        param("region").unwrap_err().to_string(),
        "column 1: `region` gives no value; write `name=value`"
    );
    assert_eq!(param("region=\"a b\"").unwrap().1.to_string(), "\"a b\"");
}

#[test]
fn a_delayed_message_without_receiver_is_told_and_holds_nothing_up() {
    let text = SYSTEM.replace(
        "on CHECK / send store COUNT",
        "on CHECK / send store COUNT delay 5s, send bank PAY delay 5s
         on fault / emit SOLD(event.kind)",
    );
    let model = model(&text);
    let stage = Stage::of_actors(&model, &model.systems[0]);
    let run = stage.run(&stage.word("shop.CHECK +5s").unwrap());
    assert_eq!(
        told(&run.rows)[3..],
        ["shop: CHECK |", "shop: fault undelivered | SOLD(item: \"undelivered\")", "bank: PAY | CLINK",]
    );
    assert_eq!(
        run.rows[4].note(),
        "fault undelivered, COUNT is not delivered: of `store` none run, and the message has no field `region` that says which is meant"
    );
    assert_eq!(run.rows[4].report.time_us, 5_000_000);
}
