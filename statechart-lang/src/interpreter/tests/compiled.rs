//! Specs from text to run: the parser, the checker and the interpreter together.

use super::{run_word, trace};
use crate::{MapLoader, compile, interpreter::select, model::Machine};

pub(super) fn machine(spec: &str) -> Machine {
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", spec)]));
    assert!(!compiled.has_errors(), "{}", compiled.render(false));
    let machine = compiled.model.unwrap().machines.remove(0);
    // Both engines stand on the domain; the checker's answer and the interpreter's are independent.
    for transition in &machine.transitions {
        let domain = select::domain(&machine, transition);
        if let Some(domain) = domain {
            assert_eq!(transition.domain, domain, "{} in {}", transition.pattern, machine.name);
        }
    }
    machine
}

/// A service with retries, deferral, a timer and an outside opinion.
const FETCHER: &str = r#"
strict machine Fetcher "A fetcher" {
  input {
    FETCH(symbol: Text, limit: Int?)
    LOAD_OK(body: Body)
    LOAD_FAILED(reason: Text)
    RESET
  }
  internal { RETRY(attempt: Int) }
  output { DONE(body: Body, took: Duration)  FAILED(symbol: Text, reason: Text, attempts: Int) }
  context {
    symbol: Text = "none"
    body: Body? = none
    error: Text? = none
    attempts: Int = 0
    began: Time? = none
    limit: Int = 10
  }
  extern {
    type Body
    service load(Text, Int) -> LOAD_OK ! LOAD_FAILED
    guard fresh(Body)
    action audit(Text)
  }
  initial idle
  accept state idle "Idle" {
    on FETCH -> loading / symbol := event.symbol, limit := event.limit ?? limit * 2, began := now, audit(event.symbol)
  }
  state loading {
    entry / attempts := attempts + 1
    do load(symbol + "?", limit)
    defer FETCH
    on LOAD_OK [fresh(event.body)] -> idle / body := event.body, emit DONE(event.body, now - (began ?? now))
    on LOAD_OK | LOAD_FAILED [attempts < 2] -> waiting / raise RETRY(attempts)
    on LOAD_OK -> error
    on LOAD_FAILED -> error / error := event.reason
    after 30s -> error / error := "timed out"
  }
  state waiting {
    defer FETCH
    on RETRY [event.attempt == 1] / log "again " + symbol
    after 5s -> loading
  }
  state error #alarm {
    entry / emit FAILED(symbol, error ?? "unknown", attempts)
    on RESET -> idle / error := none, attempts := 0
    on FETCH
  }
}
"#;

#[test]
fn a_service_with_retries() {
    let machine = machine(FETCHER);
    let run = run_word(
        &machine,
        r#"FETCH("BTC") FETCH("ETH", 7) +2s LOAD_FAILED after LOAD_OK(body: b1)[fresh] LOAD_OK[fresh]"#,
    );
    insta::assert_snapshot!(run.table());
    assert!(run.accepted);
    // Strict: a second report of the same activity has nobody to hear it.
    let run = run_word(&machine, "FETCH LOAD_FAILED LOAD_OK");
    assert_eq!((run.accepted, run.rejected_at), (false, Some(3)));
    let (states, outputs) = trace(&machine, r#"FETCH("X") after FETCH RESET"#);
    assert_eq!(states, ["idle", "loading", "error", "error", "idle"]);
    assert_eq!(outputs, r#"FAILED(symbol: "X", reason: "timed out", attempts: 1)"#);
}

#[test]
fn every_kind_of_expression() {
    let machine = machine(
        r#"machine E {
          input { X(n: Int, f: Float, t: Text, d: Duration, o: Int?, l: [Int]) Y }
          output { OUT(text: Text) NUM(value: Int) REAL(value: Float) YES(value: Bool) SPAN(value: Duration) MAYBE(value: Int?) }
          initial a
          state a {
            on X [in(a) and not in(b) and (event.n >= 0 or event.f > 1.0)] / emit NUM((event.n + 2) * 3 - 7 / 2 % 2), emit REAL(-event.f * 2.5),
              emit OUT(event.t + "!" + event.name), emit SPAN(event.d * 3 - 1s), emit YES(event.t < "b" and event.o != none),
              emit MAYBE(event.l[1]), emit NUM(event.l[9] ?? len(event.l) + len(event.t)), emit MAYBE(event.o)
            on X / emit OUT("no")
          }
          state b {}
        }"#,
    );
    let (_, outputs) = trace(&machine, r#"X(1, 1.5, "aé", 90s, 5, [7, 8]) X(n: -1)"#);
    assert_eq!(
        outputs,
        "NUM(value: 8) REAL(value: -3.75) OUT(text: \"aé!X\") SPAN(value: 269s) YES(value: true) \
         MAYBE(value: 8) NUM(value: 4) MAYBE(value: 5) OUT(text: \"no\")"
    );
}

#[test]
fn shapes_of_machines() {
    // Digits as symbols, split; regions directly in the machine; wildcards; done; several targets.
    let binary = machine(
        "machine Binary { input { 0 1 2 3 }  initial even
           accept state even { on 0 | 2 on 1 | 3 -> odd }
           state odd { on 1 | 3 -> even on * } }",
    );
    assert!(run_word(&binary, "0123").accepted);
    assert!(!run_word(&binary, "0120").accepted);
    let regions = machine(
        "machine Regions { input { GO JUMP STOP }  output { BOTH LEFT }
           initial p
           parallel p {
             region left { initial l1 state l1 { on GO -> l2 } final l2 }
             region right { initial r1 state r1 { on STOP -> r2 } final r2 }
             exit / emit LEFT
             on done -> q / emit BOTH
           }
           state q { on JUMP -> p.left.l2, p.right.r1 on * -> self } }",
    );
    let (states, outputs) = trace(&regions, "GO STOP GO JUMP STOP");
    assert_eq!(
        states,
        ["p.left.l1, p.right.r1", "p.left.l2, p.right.r1", "q", "q", "p.left.l2, p.right.r1", "q"]
    );
    assert_eq!(outputs, "LEFT BOTH LEFT BOTH");
}

#[test]
fn the_whole_language_from_text() {
    let machine = machine(
        r#"
machine W(id: Int = 3) {
  input { GO(n: Int)  AGAIN  SELF  OUT  ALL(items: [Int])  X  SAVE  BACK }
  output { SAY(n: Int)  KIND(k: Text)  NAME(t: Text)  UNDONE(n: Int) }
  context { total: Int = 0 }
  initial a / total := id
  state a {
    on GO -> s(event.n)
    on BACK -> s.kept
    on ALL / for item, at in event.items {
      if item == 0 { emit SAY(10 / item) } else if item > at { total := total + item } else { emit SAY(at) }
    }
    on SAVE / emit SAY(total) undo emit UNDONE(total), total := total + 1
    on X / compensate, commit
    on fault / emit KIND(event.kind), emit NAME(event.name)
  }
  state s(n: Int = 7, m: Int = n * 2) {
    context { sum: Int = n + m + id }
    initial one / emit SAY(sum)
    history kept -> two / emit SAY(0)
    entry / emit SAY(n)
    on SELF -> self
    on AGAIN -> self(n + 1)
    on OUT -> a
    on done -> a / total := event.result, emit NAME(event.name)
    state one { on X -> two }
    state two { on X -> end }
    final end { return sum * 2 }
  }
}"#,
    );
    let rows = [
        ("GO(4)", "s.one", "SAY(n: 4) SAY(n: 15)"),
        // Without values it keeps those that it has; what is not given takes its default anew.
        ("GO(4) SELF", "s.one", "SAY(n: 4) SAY(n: 15) SAY(n: 4) SAY(n: 15)"),
        ("GO(4) AGAIN", "s.one", "SAY(n: 4) SAY(n: 15) SAY(n: 5) SAY(n: 18)"),
        ("BACK", "s.two", "SAY(n: 7) SAY(n: 0)"),
        ("GO(4) OUT BACK", "s.one", "SAY(n: 4) SAY(n: 15) SAY(n: 7)"),
        ("GO(4) X X SAVE", "a", "SAY(n: 4) SAY(n: 15) NAME(t: \"done\") SAY(n: 30)"),
        ("SAVE SAVE X X", "a", "SAY(n: 3) SAY(n: 4) UNDONE(n: 4) UNDONE(n: 3)"),
        ("ALL([5, 1, 9]) SAVE", "a", "SAY(n: 1) SAY(n: 17)"),
        ("ALL([5, 0, 9]) SAVE", "a", "KIND(k: \"division_by_zero\") NAME(t: \"fault\") SAY(n: 8)"),
    ];
    for (word, leaves, outputs) in rows {
        let (states, output) = trace(&machine, word);
        assert_eq!((states.last().unwrap().as_str(), output.as_str()), (leaves, outputs), "{word}");
    }
}
