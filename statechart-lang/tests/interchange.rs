//! Charts of other systems: what becomes of each part, and machines that go out and come back unchanged.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, path::Path};

use statechart_lang::{
    Loader, MapLoader, compile,
    interchange::{ImportOptions, Imported, export_scxml, export_xstate, import_scxml, import_xstate},
    interpreter::{Answers, Input, Interpreter, Signal, StepReport, System, Value},
    model::{Machine, Model, StateKind, Type},
};

struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

fn options() -> ImportOptions<'static> {
    ImportOptions { path: "door.scxml", loader: &Disk, events: &[] }
}

fn scxml(text: &str) -> Imported {
    import_scxml(text, &options()).unwrap()
}

fn xstate(text: &str) -> Imported {
    import_xstate(text, &options()).unwrap()
}

/// The text of an import that must be faithful, and sound.
fn faithful(imported: &Imported) -> &str {
    assert!(imported.is_faithful(), "{:#?}\n{}", imported.notes, imported.text);
    model(&imported.text);
    &imported.text
}

fn model(text: &str) -> Model {
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", text)]));
    let said = compiled.render(false);
    compiled.model.unwrap_or_else(|| panic!("{said}\n{text}"))
}

fn document(body: &str) -> String {
    format!("<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\">{body}</scxml>")
}

#[test]
fn scxml_becomes_text_that_reads_like_a_spec() {
    let text = document(
        "<datamodel><data id=\"n\" expr=\"0\"/><data id=\"who\"/></datamodel>
         <state id=\"closed-door\"><transition event=\"open\" cond=\"n &lt; 3 &amp;&amp; !In('b')\" target=\"p\">
           <assign location=\"n\" expr=\"n + 1\"/><assign location=\"who\" expr=\"_event.data.name\"/>
           <send event=\"late\" delay=\"1.5s\" id=\"l\"/></transition></state>
         <parallel id=\"p\"><onexit><cancel sendid=\"l\"/></onexit>
           <state id=\"a\"><history id=\"h\" type=\"deep\"><transition target=\"a2\"/></history>
             <state id=\"a1\"/><state id=\"a2\"><transition event=\"late\" target=\"end\"/></state></state>
           <parallel id=\"b\"><state id=\"b1\"/><state id=\"b2\"/></parallel>
           <transition event=\"x.*\" target=\"closed-door\"/></parallel>
         <final id=\"end\"><onentry><if cond=\"who == undefined\"><raise event=\"x.1\"/><else/><log expr=\"who\"/></if></onentry></final>",
    );
    let imported = scxml(&text);
    let text = faithful(&imported);
    let head = text.split("    region a {").next().unwrap();
    assert_eq!(
        head,
        r#"machine Door {
  input { open(name: Text?) x late 'x.1' }
  context {
    n: Int = 0
    who: Text? = none
  }
  initial closed_door

  state closed_door "closed-door" {
    on open [n < 3 and not in(p.b)] -> p
      / n := n + 1,
        who := event.name,
        send self late delay 1500ms as l
  }

  parallel p {
    exit / cancel l
    on x | 'x.1' -> closed_door

"#
    );
    for part in [
        "      initial a1\n",
        "      deep history h -> a2\n",
        "    region b {\n      region b1\n      region b2\n",
        "  final end {\n    entry / if who == none { raise 'x.1' } else { log \"who\" }\n",
    ] {
        assert!(imported.text.contains(part), "{part}\n{}", imported.text);
    }
    assert_eq!(imported.states["closed-door"], "closed_door");
}

#[test]
fn expressions_of_ecmascript() {
    for (js, sc) in [
        ("x === 1 || y !== 'a' && !z", "x == 1 or y != \"a\" and not z"),
        ("x", "x != 0"),
        ("y", "y != \"\""),
        ("z ? x > 1 : x < 1", "z and x > 1 or not z and x < 1"),
        ("u == null", "u == none"),
        ("typeof u !== 'undefined'", "u != none"),
        ("u < 3", "u != none and u < 3"),
        ("typeof x === 'number'", ""),
        ("-x * (2 + x) % 3 == 0", "-x * (2 + x) % 3 == 0"),
        ("l.length >= 2", "len(l) >= 2"),
        ("x === 'a'", "never"),
        ("Math.pow(x, 3) > 7", "x * x * x > 7"),
        ("x == (u != null ? u : 7)", "x == u ?? 7"),
        ("x == (u ?? 7)", "x == u ?? 7"),
        ("return", "1 / 0 == 0"),
        ("missing + 1", "1 / 0 == 0"),
    ] {
        let cond = js.replace('<', "&lt;").replace('&', "&amp;").replace("&amp;lt;", "&lt;");
        let text = document(&format!(
            "<datamodel><data id=\"x\" expr=\"0\"/><data id=\"y\" expr=\"'t'\"/><data id=\"z\" expr=\"true\"/>
             <data id=\"u\"/><data id=\"l\" expr=\"[1, 2]\"/></datamodel>
             <state id=\"a\"><transition event=\"e\" cond=\"{cond}\" target=\"b\"/>
             <transition event=\"f\"><assign location=\"u\" expr=\"x + 1\"/></transition></state><state id=\"b\"/>"
        ));
        let imported = scxml(&text);
        let text = faithful(&imported);
        let guard = text.lines().find_map(|line| line.trim().strip_prefix("on e ")).map_or("never", |line| {
            line.strip_prefix('[').and_then(|line| line.split("] ->").next()).unwrap_or("")
        });
        assert_eq!(guard, sc, "{js}\n{text}");
    }
}

/// The leaves of a machine after a word, its children run as well.
fn run(imported: &Imported, word: &[&str]) -> Vec<String> {
    let model = model(faithful(imported));
    let machine = model.machine(&imported.machine).unwrap();
    let mut system = System::new(&model, machine);
    system.start();
    for name in word {
        match name.strip_prefix('+') {
            Some(ms) => {
                system.advance(ms.parse::<i64>().unwrap() * 1_000);
            }
            None => {
                let event = machine.event(&imported.events[*name]).unwrap();
                system.step(Input::Event { event, args: Vec::new() });
            }
        }
    }
    system.root().leaves()
}

#[test]
fn invoked_documents_speak_with_the_one_that_invokes_them() {
    let child = "<scxml initial=\"c\"><datamodel><data id=\"n\" expr=\"0\"/></datamodel><state id=\"c\">
        <onentry><send event=\"up.one\" target=\"#_parent\"><param name=\"n\" expr=\"n + 1\"/></send></onentry>
        <transition event=\"again\" target=\"d\"><send event=\"up.two\" target=\"#_parent\" delay=\"1s\"/></transition></state>
        <state id=\"d\"><transition event=\"down\" cond=\"_event.data.x == 7\" target=\"end\"/></state><final id=\"end\"/></scxml>";
    let text = document(&format!(
        "<datamodel><data id=\"got\" expr=\"0\"/></datamodel><state id=\"a\">
           <invoke id=\"kid\" autoforward=\"true\"><param name=\"n\" expr=\"4\"/><content>{child}</content>
             <finalize><assign location=\"got\" expr=\"_event.data.n\"/></finalize></invoke>
           <transition event=\"up.one\" cond=\"got != 5 || _event.invokeid != 'kid' || _event.origin != '#_kid'\" target=\"bad\"/>
           <transition event=\"up.two\"><send event=\"down\" target=\"#_kid\"><param name=\"x\" expr=\"7\"/></send></transition>
           <transition event=\"done.invoke.kid\" cond=\"got == 5\" target=\"good\"/><transition event=\"again\"/></state>
         <state id=\"bad\"/><state id=\"good\"/>"
    ));
    let imported = scxml(&text.replace("_event.data.n\"", "_event.data.n || 5\""));
    assert!(!imported.is_faithful(), "{}", imported.text);
    // What only one of its events says is no part of the other.
    let one = text.replace(
        "<send event=\"up.two\" target=\"#_parent\" delay=\"1s\"/>",
        "<send event=\"up.two\" target=\"#_parent\" delay=\"1s\"><param name=\"n\" expr=\"5\"/></send>",
    );
    let imported = scxml(&one);
    assert_eq!(run(&imported, &["again", "+1000"]), ["good"], "{}", imported.text);
    for part in [
        "peer parent: Door",
        "send parent 'up.two'(n: 5) delay 1s",
        "do DoorKid(n: 4) as kid",
        "send kid again",
    ] {
        assert!(imported.text.contains(part), "{part}\n{}", imported.text);
    }
}

#[test]
fn documents_of_other_tools_are_read() {
    let imported = scxml(
        "<?xml version=\"1.0\"?><!DOCTYPE scxml><!-- tool --><s:scxml xmlns:s=\"http://www.w3.org/2005/07/scxml\" xmlns:e=\"urn:editor\" version=\"1.0\" name=\"Tool\">
         <e:view zoom=\"1\"><e:state id=\"no\"/></e:view>
         <s:datamodel><s:data id=\"user\" expr=\"{name: 'joe', age: 3, deep: {x: 1.5}, adult: function(n) { return n &gt; 17; }}\"/></s:datamodel>
         <s:script><![CDATA[ function older(by) { user.age += by; }  const most = (a, b) => a > b ? a : b; ]]></s:script>
         <s:state id=\"a\"><s:transition event=\"go\" cond=\"!user.adult(user.age)\" target=\"b\"><s:script>older(20)</s:script>
           <s:assign location=\"user.city\" expr=\"'x'\"/></s:transition></s:state>
         <s:state id=\"b\"><s:transition event=\"go\" cond=\"user.adult(user.age) &amp;&amp; user.city == 'x' &amp;&amp; most(user.age, 4) == 23\" target=\"c\"/></s:state>
         <s:state id=\"c\"/></s:scxml>",
    );
    assert_eq!(run(&imported, &["go", "go"]), ["c"], "{}", imported.text);
    assert!(
        !imported.states.contains_key("no") && imported.text.contains("user_age: Int = 3"),
        "{}",
        imported.text
    );
    // An object that is taken as a whole stays one, which the language has not; what is no SCXML is named.
    for (body, said) in [
        (
            "<datamodel><data id=\"o\" expr=\"{a: 1}\"/></datamodel><state id=\"s\"><transition event=\"e\" cond=\"o == 1 || o.a == 1\"/></state>",
            "different types",
        ),
        ("<state id=\"s\">\n<onenter/></state>", "<onenter> is not known"),
        ("<state id=\"s\"><invoke srcexpr=\"where()\"/></state>", "computed"),
        ("<state id=\"s\"><invoke src=\"../up.scxml\"/></state>", "beside the document"),
    ] {
        let imported = scxml(&document(body));
        assert!(
            imported.notes.iter().any(|note| note.lost && note.text.contains(said)),
            "{body}\n{:?}",
            imported.notes
        );
        model(&imported.text);
    }
}

#[test]
fn events_say_where_they_come_from() {
    let text = document(
        "<datamodel><data id=\"v\"/></datamodel><state id=\"a\">
           <onentry><send event=\"e\" id=\"one\"/><send event=\"e\"/><raise event=\"e\"/></onentry>
           <transition event=\"e\" cond=\"_event.type == 'internal' &amp;&amp; !_event.sendid\" target=\"b\"/></state>
         <state id=\"b\"><transition event=\"e\" cond=\"_event.sendid == 'one' &amp;&amp; _event.type == 'external'\" target=\"c\"/></state>
         <state id=\"c\"><onentry><assign location=\"v\" expr=\"_event.name\"/><send event=\"f\" target=\"nobody\" id=\"two\"/></onentry>
           <transition event=\"error.execution\" cond=\"_event.sendid == 'two' &amp;&amp; v == 'e'\" target=\"d\"/></state><state id=\"d\"/>",
    );
    let imported = scxml(&text);
    assert_eq!(run(&imported, &[]), ["d"], "{}", imported.text);
}

#[test]
fn what_is_not_carried_over_is_named_with_its_place() {
    for (body, line, said) in [
        ("<state id=\"a\">\n<transition event=\"e\" cond=\"new Thing()\"/></state>", 2, "`new`"),
        (
            "<datamodel>\n<data id=\"x\" expr=\"function () {}\"/></datamodel><state id=\"a\"><transition cond=\"x\" event=\"e\"/></state>",
            2,
            "function",
        ),
        (
            "<state id=\"a\">\n\n<onentry><foo:bar xmlns:foo=\"urn:x\"/></onentry></state>",
            3,
            "<bar> is not known",
        ),
        ("<state id=\"a\">\n<invoke type=\"http\" src=\"x\"/></state>", 2, "type `http`"),
        ("<state id=\"a\">\n<transition event=\"e\" target=\"nowhere\"/></state>", 2, "`nowhere`"),
        (
            "<datamodel><data id=\"x\" expr=\"1\"/></datamodel><state id=\"a\"><onentry>\n<assign location=\"x\" expr=\"'t'\"/></onentry><transition event=\"e\" cond=\"x == 1\"/></state>",
            2,
            "different types",
        ),
    ] {
        let imported = scxml(&document(body));
        let note = imported
            .notes
            .iter()
            .find(|note| note.lost)
            .unwrap_or_else(|| panic!("{body}\n{}", imported.text));
        assert_eq!(note.at.line, line, "{note}");
        assert!(note.text.contains(said), "{note}");
        model(&imported.text);
    }
    // Nothing that a data model says is lost where nobody reads it.
    faithful(&scxml(&document("<datamodel><data id=\"o\" expr=\"{a: 1}\"/></datamodel><state id=\"a\"/>")));
}

#[test]
fn documents_that_are_none_are_refused() {
    for (text, said) in [
        ("", "no XML"),
        ("<a/>", "<a>"),
        ("<scxml xmlns=\"http://www.w3.org/2005/07/scxml\"/>", "no states"),
        ("<!DOCTYPE scxml [<!ENTITY a \"b\">]><scxml/>", "no states"),
        ("<!DOCTYPE x [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><scxml><state>&a;</state></scxml>", "XML"),
    ] {
        assert!(import_scxml(text, &options()).unwrap_err().to_string().contains(said), "{text}");
    }
    let deep = format!("{}{}", "<state>".repeat(200), "</state>".repeat(200));
    assert!(import_scxml(&document(&deep), &options()).unwrap_err().text.contains("deeper"));
    for text in ["", "[]", "{}", "{\"states\": {}}", "{\"states\": 1}"] {
        assert!(import_xstate(text, &options()).is_err(), "{text}");
    }
}

#[test]
fn xstate_becomes_text_that_reads_like_a_spec() {
    let imported = xstate(
        r##"{
  "id": "light switch", "initial": "off", "context": {"count": 0, "who": null},
  "states": {
    "off": {"on": {"TOGGLE": {"target": "on", "guard": {"type": "and", "guards": ["mayUse", {"type": "not", "guards": [{"type": "stateIn", "params": {"stateId": "#err"}}]}]},
            "actions": [{"type": "xstate.assign", "assignment": {"count": 1}}, {"type": "track", "params": {"what": "on"}}]},
            "*": ".", "BREAK": "#err"}},
    "on": {"initial": "dim", "entry": "shine", "after": {"5000": "off"},
      "on": {"BRIGHT": ".bright", "AGAIN": {"target": "on", "reenter": true}, "STAY": {"actions": {"type": "xstate.raise", "event": {"type": "PING", "n": 1}}}},
      "states": {"dim": {"on": {"foo.*": "bright"}}, "bright": {"tags": ["loud"], "on": {"foo.bar": {}}},
                 "h": {"type": "history", "history": "deep", "target": "bright"}}},
    "broken": {"id": "err", "invoke": {"src": "repair", "id": "r", "input": {"times": 2}, "onDone": "off", "onError": {"actions": {"type": "xstate.emit", "event": {"type": "GAVE_UP"}}}},
      "type": "parallel", "states": {"x": {}, "y": {"initial": "z", "states": {"z": {"type": "final", "output": 7}}}}}
  }
}"##
        .replace("\"*\": \".\", ", "")
        .as_str(),
    );
    let text = faithful(&imported).to_owned();
    for part in [
        "machine LightSwitch \"light switch\" {",
        "    guard mayUse\n",
        "    action track(what: Text)\n",
        "    service repair(times: Int) -> 'xstate.done.actor.r' ! 'xstate.error.actor.r'\n",
        "on TOGGLE [mayUse and not in(broken)] -> on_ / count := 1, track(\"on\")",
        "on BREAK -> broken",
        "state on_ \"on\" {",
        "entry / shine\n",
        "after 5s -> off",
        "internal on BRIGHT -> bright",
        "on AGAIN -> self",
        "on STAY / raise PING(n: 1)",
        "state bright #loud {",
        "deep history h -> bright",
        "do repair(2)",
        "on 'xstate.done.actor.r' -> off",
        "on 'xstate.error.actor.r' / emit GAVE_UP",
        "return 7",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn where_xstate_and_w3c_differ_is_a_loss() {
    for (json, said) in [
        // A region that enters itself again: XState leaves the region, W3C the parallel state.
        (
            r#"{"type": "parallel", "states": {"a": {}, "p": {"type": "parallel", "states": {"x": {"on": {"E": {"target": "x", "reenter": true}}}, "y": {}}}}}"#,
            "XState stays in",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"on": {"E": {"actions": {"type": "xstate.assign"}}}}}}"#,
            "`assign` by a function",
        ),
        (r#"{"initial": "a", "states": {"a": {"after": {"SOON": "a"}}}}"#, "how long the delay `SOON` is"),
        (r##"{"initial": "a", "states": {"a": {"on": {"E": "#none"}}}}"##, "no such state"),
    ] {
        let imported = xstate(json);
        assert!(
            imported.notes.iter().any(|note| note.lost && note.text.contains(said) && note.at.line == 1),
            "{json}\n{:?}",
            imported.notes
        );
        model(&imported.text);
    }
}

#[test]
fn xstate_computes_where_a_text_is_code_on_the_context() {
    let imported = xstate(
        r#"{"id": "m", "initial": "a", "context": {"n": 1, "ratio": 0.5, "on": true, "user": {"age": 3}}, "delays": {"SOON": 1500},
            "states": {"a": {"after": {"SOON": "b"}, "on": {
                "INC": {"actions": {"type": "xstate.assign", "assignment": {"n": "({ context }) => context.n * 2 + 1", "ratio": "context.ratio + 1"}}},
                "GO": [{"guard": {"type": "and", "guards": ["({context}) => context.n > 3 && context.user.age === 3", {"type": "or", "guards": ["context.on"]}]}, "target": "b"}]}},
              "b": {"entry": [{"type": "xstate.emit", "event": {"type": "E", "x": 1}}, {"type": "xstate.emit", "event": {"type": "E", "y": "t"}}]}}}"#,
    );
    let text = faithful(&imported);
    for part in [
        "n := n * 2 + 1, ratio := ratio + 1.0",
        "after 1500ms -> b",
        "n > 3 and user_age == 3",
        "output { E(x: Int?, y: Text?) }",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(run(&imported, &["INC", "GO"]), ["a"]);
    assert_eq!(run(&imported, &["INC", "INC", "GO"]), ["b"]);
}

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
const CHARTS: [&str; 5] = [
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
