//! A machine with the children that it starts.

use crate::{
    MapLoader, Model, compile,
    interpreter::{Input, Snapshot, System, SystemStep},
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
