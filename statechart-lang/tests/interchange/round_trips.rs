//! Machines that go out and come back must do what they did.

use std::{collections::BTreeMap, fs, path::Path};

use statechart_lang::{
    compile,
    interchange::{Imported, export_scxml, export_xstate},
    interpreter::{Answers, Input, Interpreter, Signal, StepReport, Value},
    model::{Machine, Model, StateKind, Type},
};

use super::{Disk, model, scxml, xstate};

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn value(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Int => Value::Int(self.below(5) as i64 - 1),
            Type::Float => Value::Float(self.below(5) as f64 / 2.0),
            Type::Bool => Value::Bool(self.below(2) == 0),
            Type::Text => Value::Text(["", "a", "b"][self.below(3)].to_owned()),
            Type::Duration => Value::Duration(self.below(5) as i64 * 1_000_000),
            Type::Optional(inner) if self.below(3) > 0 => self.value(inner),
            Type::List(inner) => Value::List((0..self.below(3)).map(|_| self.value(inner)).collect()),
            ty => Value::default_of(ty, "t"),
        }
    }
}

/// Charts that both systems can say.
const CHARTS: [&str; 7] = [
    "machine Player {
      input { PLAY STOP NEXT OFF ON } output { SOUND(n: Int) QUIET }
      extern { guard allowed  guard loud(limit: Int) }
      initial on_
      state on_ {
        initial stopped
        on OFF -> off
        deep history last -> stopped
        history near
        state stopped { on PLAY [allowed and not loud(3)] -> playing }
        state playing {
          initial first
          entry / emit SOUND(1)
          exit / emit QUIET
          on STOP -> stopped
          internal on PLAY -> first
          state first { on NEXT -> second after 5s -> second }
          state second { on NEXT -> self }
        }
      }
      state off { on ON [allowed] -> last on ON -> near on NEXT -> playing }
    }",
    "machine Order {
      input { PAID PACKED RESET } internal { TICK } output { SHIPPED }
      context { n: Int = 0  note: Text = \"a\" }
      initial preparing
      parallel preparing {
        on done -> shipped
        on RESET -> self
        region payment { initial open state open { on PAID -> settled / n := 1, raise TICK } final settled }
        region parcel { initial empty state empty { on PACKED -> full / note := \"b\" } final full }
        region clock { initial a state a { on TICK -> b } final b }
      }
      state shipped { entry / emit SHIPPED always [in(shipped)] -> end }
      final end
    }",
    "machine Reminder {
      input { GO STOP WAKE LATE }
      output { RANG }
      initial idle
      state idle { on GO -> waiting / send self LATE delay 2s as late, send self WAKE delay 500ms }
      state waiting { exit / cancel late on STOP -> idle on WAKE / emit RANG on LATE -> idle / emit RANG after 30s -> idle }
    }",
    "machine Meter {
      input { START STOP HOT COLD }
      output { ON OFF }
      initial idle
      state idle { on START -> measuring(\"new\") on HOT -> measuring }
      state measuring(unit: Text = \"C\") {
        context { reading: Int = 7  warm: Bool = false }
        initial waiting
        exit / emit OFF
        on STOP -> idle
        on HOT / warm := true, reading := 9, unit := \"F\"
        state waiting { entry / emit ON on COLD -> waiting }
      }
    }",
    "machine Retry {
      input { GO FAIL OK AGAIN(n: Int) }
      output { TRIED(n: Int) GAVE_UP(n: Int) LEFT(n: Int) }
      initial idle
      state idle { on GO -> trying  on AGAIN -> trying(event.n) }
      state trying(count: Int = 0) {
        exit / emit LEFT(count)
        on FAIL [count < 3] -> self(count + 1) / emit TRIED(count)
        on FAIL -> idle / emit GAVE_UP(count)
        on OK -> idle
        on AGAIN -> self(count) / count := event.n, emit TRIED(count)
        on GO -> trying / emit TRIED(count)
      }
    }",
    "machine Swap {
      input { SWAP STEP OUT IN }
      output { NOW(a: Int, b: Int) }
      context { n: Int = 4 }
      initial pair(1, 2)
      state pair(a: Int, b: Int = 7) {
        entry / emit NOW(a, b)
        on SWAP -> self(b, a)
        on STEP -> self(a + n, n) / n := n + b
        on OUT -> away
        initial x
        deep history last -> x
        state x { on STEP -> y(a) }
        state y(c: Int = 9) { entry / emit NOW(c, n) on STEP -> self(c + 1) / n := c on IN -> y }
      }
      state away { on IN -> pair(n)  on SWAP -> pair(b: 3, a: 5) }
    }",
    "machine Lines {
      input { GO BACK 'log.line' 'log.end' }
      output { SAID }
      initial a
      state a { initial x on GO -> b on BACK state x { on GO -> y } state y { on 'log.line' | 'log.end' / emit SAID } }
      state b { always -> c / emit SAID }
      state c { on BACK -> a on GO -> x }
    }",
];

/// Every machine of the specs and fixtures that stands by itself.
fn machines() -> Vec<(String, Model, usize)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found: Vec<(String, Model, usize)> =
        CHARTS.iter().map(|text| ("here".to_owned(), model(text), 0)).collect();
    for directory in ["specs", "examples/specs", "tests/fixtures/ok"] {
        let Ok(entries) = fs::read_dir(root.join(directory)) else { continue };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "sc")) {
            let path = file.to_string_lossy().into_owned();
            let Some(model) = compile(&path, &Disk).model else { continue };
            let own = model.own_machines().count();
            found.extend((0..own).map(|at| (path.clone(), model.clone(), at)));
        }
    }
    found
}

/// What a step shows outside, with spans as numbers, which is what other systems know.
fn outputs(reports: &[StepReport]) -> Vec<(String, BTreeMap<String, Value>)> {
    fn plain(value: &Value) -> Value {
        match value {
            Value::Time(us) | Value::Duration(us) => Value::Int(*us),
            Value::List(items) => Value::List(items.iter().map(plain).collect()),
            other => other.clone(),
        }
    }
    let fields =
        |signal: &Signal| signal.fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
    reports
        .iter()
        .flat_map(|report| &report.outputs)
        .map(|signal| (signal.name.clone(), fields(signal)))
        .collect()
}

/// Runs a machine and its copy on random words; both must be in the same states and say the same.
fn same(machine: &Machine, imported: &Imported, state_id: &dyn Fn(usize) -> String, seed: u64) {
    let copies = model(&imported.text);
    let copy = copies.machine(&imported.machine).unwrap();
    let mut random = Random(seed);
    for _ in 0..60 {
        let world =
            Answers(machine.guards.iter().map(|guard| (guard.name.clone(), random.below(2) == 0)).collect());
        let mut a = Interpreter::with_world(machine, world.clone());
        let mut b = Interpreter::with_world(copy, world);
        let mut said = (vec![a.start()], vec![b.start()]);
        said.0.extend(a.advance(0).steps);
        said.1.extend(b.advance(0).steps);
        let mut word = Vec::new();
        for _ in 0..12 {
            let context = format!("{} after {word:?}\n{}", machine.name, imported.text);
            assert_eq!(outputs(&said.0), outputs(&said.1), "{context}");
            assert_eq!(
                a.is_done(),
                b.is_done() || b.leaves().iter().any(|leaf| leaf.ends_with("_end")),
                "{context}"
            );
            if a.is_done() {
                break;
            }
            let mut wanted: Vec<String> =
                a.leaf_states().map(|state| imported.states[&state_id(state)].clone()).collect();
            let mut found = b.leaves();
            wanted.sort();
            found.sort();
            assert_eq!(wanted, found, "{context}");
            let inputs: Vec<usize> =
                (0..machine.events.len()).filter(|at| !machine.events[*at].internal).collect();
            if inputs.is_empty() || random.below(4) == 0 {
                let span = [1, 500, 5_000, 30_000][random.below(4)] * 1_000;
                word.push(format!("+{span}us"));
                said = (a.advance(span).steps, b.advance(span).steps);
                continue;
            }
            let event = inputs[random.below(inputs.len())];
            let symbol = &machine.events[event].symbol;
            let args: Vec<Value> = symbol.fields.iter().map(|field| random.value(&field.ty)).collect();
            word.push(format!("{}{args:?}", symbol.name));
            let name = imported.events.get(&symbol.name).unwrap_or(&symbol.name);
            let twin = copy.event(name).unwrap_or_else(|| panic!("no event {name}: {context}"));
            let given = copy.events[twin]
                .symbol
                .fields
                .iter()
                .map(|field| {
                    let at = symbol.fields.iter().position(|known| known.name == field.name).unwrap();
                    match &args[at] {
                        Value::Duration(us) | Value::Time(us) => Value::Int(*us),
                        other => other.clone(),
                    }
                })
                .collect();
            said.0 = vec![a.step(Input::Event { event, args })];
            said.1 = vec![b.step(Input::Event { event: twin, args: given })];
            said.0.extend(a.advance(0).steps);
            said.1.extend(b.advance(0).steps);
        }
    }
}

#[test]
fn machines_come_back_from_scxml_as_they_were() {
    let mut compared = Vec::new();
    for (path, model, at) in machines() {
        let machine = model.own_machines().nth(at).unwrap();
        let exported = export_scxml(&model, machine);
        let is_open =
            !machine.guards.is_empty() || !machine.actions.is_empty() || machine.params().next().is_some();
        // SCXML has no parallel root: there a state around the regions is left and entered, here nothing is.
        let is_parallel = machine.states[0].kind == StateKind::Parallel;
        if is_open || is_parallel || exported.notes.iter().any(|note| note.lost) {
            continue;
        }
        let imported = scxml(&exported.text);
        if !imported.is_faithful() {
            println!("{path} {}: {:?}", machine.name, imported.notes);
            continue;
        }
        let unique = |state: usize| {
            let row = &machine.states[state];
            let alone = machine.states.iter().filter(|other| other.name == row.name).count() == 1;
            if alone { row.name.clone() } else { row.path.clone() }
        };
        same(machine, &imported, &unique, 7);
        compared.push(machine.name.clone());
    }
    for name in ["Retry", "Swap", "Meter"] {
        assert!(compared.iter().any(|known| known == name), "{name} is not among {compared:?}");
    }
    assert!(compared.len() >= 8, "only {compared:?}");
}

#[test]
fn machines_come_back_from_xstate_as_they_were() {
    let mut compared = Vec::new();
    for (path, model, at) in machines() {
        let machine = model.own_machines().nth(at).unwrap();
        let exported = export_xstate(&model, machine);
        if exported.notes.iter().any(|note| note.lost) || machine.params().next().is_some() {
            continue;
        }
        let imported = xstate(&exported.text);
        if !imported.is_faithful() {
            println!("{path} {}: {:?}", machine.name, imported.notes);
            continue;
        }
        same(machine, &imported, &|state| machine.states[state].path.clone(), 11);
        compared.push(machine.name.clone());
    }
    assert!(compared.len() >= 5, "only {compared:?}");
}
