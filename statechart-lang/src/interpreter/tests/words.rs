//! Words, files of words, and the forms of a run.

use super::{
    chart::{chart, symbol},
    run_word,
};
use crate::{
    interpreter::{ItemKind, Value, Word, parse_words},
    model::{Event, Machine, Type},
};

fn machine() -> Machine {
    let mut machine = chart(
        "C r -> even
           *A even
             on 0
             on 1 -> odd / TICK; n+1
             on FETCH_DATA ? fresh -> odd
           A odd
             on 0
             on 1 -> even
             on FETCH_DATA ? late -> even
             on FETCH_FAILURE / @0",
    );
    let optional = |ty| Type::Optional(Box::new(ty));
    let id = machine.event("FETCH_DATA").unwrap();
    machine.events[id].symbol = symbol(
        "FETCH_DATA",
        vec![
            ("symbol", Type::Text),
            ("limit", Type::Int),
            ("price", Type::Float),
            ("live", Type::Bool),
            ("at", Type::Time),
            ("span", optional(Type::Duration)),
            ("tags", Type::List(Box::new(Type::Text))),
            ("request", Type::Extern("Request".to_owned())),
        ],
    );
    for (name, internal) in
        [("tick.two", false), ("iRAISED", true), ("a", false), ("ab", false), ("ba", false)]
    {
        machine.events.push(Event { symbol: symbol(name, vec![]), internal });
    }
    machine
}

#[test]
fn arguments_by_position_and_name_with_defaults() {
    let rows = [
        ("FETCH_DATA", r#""" 0 0.0 false @0us none [] request"#),
        (r#"FETCH_DATA("BTC\"\u{e9}", 42)"#, r#""BTC\"é" 42 0.0 false @0us none [] request"#),
        (r#"FETCH_DATA ( "x" , price: -1.5e3, live: true )"#, r#""x" 0 -1500.0 true @0us none [] request"#),
        (
            r#"FETCH_DATA(tags: ["a, b", "c"], span: 90s, at: @5ms, request: req-1, limit: -1_000)"#,
            r#""" -1000 0.0 false @5000us 90s ["a, b", "c"] req-1"#,
        ),
        (r#"FETCH_DATA(span: none, request: "any text")"#, r#""" 0 0.0 false @0us none [] any text"#),
    ];
    for (text, wanted) in rows {
        let word = Word::parse(text, &machine()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let ItemKind::Event { args, .. } = &word.items[0].kind else { panic!("{word:?}") };
        assert_eq!(args.iter().map(Value::to_string).collect::<Vec<_>>().join(" "), wanted, "{text}");
        assert_eq!(word.items[0].text, text);
    }
}

#[test]
fn tokens_split_when_the_split_is_unique() {
    let symbols = |text: &str| -> Vec<String> {
        let word = Word::parse(text, &machine()).unwrap_or_else(|error| panic!("{text}: {error}"));
        word.items.into_iter().map(|item| item.text).collect()
    };
    assert_eq!(symbols("0110 1"), ["0", "1", "1", "0", "1"]);
    assert_eq!(symbols("ab"), ["ab"]);
    assert_eq!(symbols("'tick.two' tick.two"), ["'tick.two'", "tick.two"]);
    assert_eq!(symbols("after 5s 0 +1m after"), ["after 5s", "0", "+1m", "after"]);
    for empty in ["", "  ", "ε", "\"\"", " ε "] {
        assert_eq!(Word::parse(empty, &machine()).unwrap().items, [], "{empty:?}");
    }
}

#[test]
fn mistakes_say_where_what_and_what_to_do() {
    let rows = [
        ("0 FETCH_DAT", "column 3: `FETCH_DAT` is no input symbol of `M`; did you mean `FETCH_DATA`?"),
        (
            "0123",
            "column 1: `0123` is no input symbol of `M`; the input alphabet is: 0 1 FETCH_DATA FETCH_FAILURE 'tick.two' a ab ba",
        ),
        (
            "aba",
            "column 1: `aba` reads as symbols of `M` in more than one way; put spaces between the symbols",
        ),
        (
            "iRAISED",
            "column 1: `iRAISED` is an internal event of `M`, which only `raise` sends; declare it under `input` to send it from outside",
        ),
        (
            "TICK",
            "column 1: `TICK` is an output symbol of `M`; a word holds input symbols; the run shows the outputs",
        ),
        (
            "01[fresh]",
            "column 1: `01` is several symbols, so it is not clear which one the brackets belong to; put spaces between the symbols",
        ),
        ("(3) 0", "column 1: `M` takes no parameters; leave the parentheses out"),
        ("0[fesh]", "column 3: `fesh` is no extern guard of `M`; did you mean `fresh`?"),
        (
            "0[not fresh",
            "column 12: a `,` or `]` is missing in the guard answers; write `[fresh, not ready]`",
        ),
        ("0(1)", "column 3: `0` has no fields; write `0` alone"),
        ("FETCH_DATA(limt: 1)", "column 12: `FETCH_DATA` has no field `limt`; did you mean `limit`?"),
        (
            "FETCH_DATA(limit: 1, 2)",
            "column 22: an argument without a name stands after one with a name; the fields are (symbol: Text, limit: Int, price: Float, live: Bool, at: Time, span: Duration?, tags: [Text], request: Request)",
        ),
        ("FETCH_DATA(limit: 1, limit: 2)", "column 22: field `limit` is given twice; keep one of them"),
        (
            "FETCH_DATA(limit: 1.5)",
            "column 19: `1.5` is no value of type Int; write a whole number such as `42`",
        ),
        ("FETCH_DATA(BTC)", "column 12: `BTC` is no value of type Text; put it in quotes: \"BTC\""),
        ("FETCH_DATA(\"BTC", "column 16: the text that starts at column 12 does not end; close it with `\"`"),
        (
            "FETCH_DATA(price: inf)",
            "column 19: `inf` is no value of type Float; write a number such as `1.5`",
        ),
        ("after -5s", "column 1: time does not run backwards; write a span such as `after 30s`"),
        (
            ")",
            "column 1: `)` stands where a symbol is expected; a word is symbols separated by spaces, such as `COIN PUSH` or `FETCH(symbol: \"X\")`",
        ),
        (
            "é 'x",
            "column 1: `é` is no input symbol of `M`; the input alphabet is: 0 1 FETCH_DATA FETCH_FAILURE 'tick.two' a ab ba",
        ),
    ];
    for (text, wanted) in rows {
        assert_eq!(Word::parse(text, &machine()).unwrap_err().to_string(), wanted, "{text}");
    }
}

#[test]
fn any_text_is_a_word_or_a_mistake() {
    // Every prefix and every one-character change of a word with everything in it.
    let full =
        r#"[fresh] 01 FETCH_DATA("é", tags: ["a"], at: @1s, span: 5s)[not late] after 3s +2ms ε '0' "" "#;
    let machine = machine();
    let chars: Vec<char> = full.chars().collect();
    for at in 0..chars.len() {
        let prefix: String = chars[..at].iter().collect();
        let _ = Word::parse(&prefix, &machine);
        for other in ['(', ')', '[', ']', '"', '\'', ',', ':', '\\', 'ß', '0', ' ', '+', '@', '-'] {
            let mut changed = chars.clone();
            changed[at] = other;
            if let Ok(word) = Word::parse(&changed.iter().collect::<String>(), &machine) {
                let _ = crate::interpreter::run(&machine, &word);
            }
        }
    }
    let deep = format!("FETCH_DATA(tags: {})", "[".repeat(10_000));
    assert!(Word::parse(&deep, &machine).is_err());
    let long = "0".repeat(100_000);
    assert!(Word::parse(&long, &machine).unwrap_err().message.contains("more than 65536 items"));
}

#[test]
fn files_hold_one_word_a_line() {
    let machine = machine();
    let text =
        "# words\n\nodd one: 1 # comment\nempty: ε\n  01 FETCH_DATA(symbol: \"a # b: c\")\n'tick.two'\n";
    let words = parse_words(text, &machine).unwrap();
    let rows: Vec<(Option<&str>, u32, &str, usize)> = words
        .iter()
        .map(|word| (word.name.as_deref(), word.line, word.word.text.as_str(), word.word.items.len()))
        .collect();
    assert_eq!(
        rows,
        [
            (Some("odd one"), 3, "1", 1),
            (Some("empty"), 4, "ε", 0),
            (None, 5, "01 FETCH_DATA(symbol: \"a # b: c\")", 3),
            (None, 6, "'tick.two'", 1),
        ]
    );
    let errors = parse_words("1\nwrong: 0 X_Y\n0 FETCH_DATAA", &machine).unwrap_err();
    let places: Vec<(Option<u32>, u32)> = errors.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(Some(2), 10), (Some(3), 3)]);
}

#[test]
fn acceptance_is_of_the_last_configuration() {
    let machine = machine();
    for (word, accepted) in [("", true), ("1", false), ("0110", true), ("10101", false), ("FETCH_DATA", true)]
    {
        assert_eq!(run_word(&machine, word).accepted, accepted, "{word}");
    }
    // The guard's answer holds for its own symbol only.
    assert_eq!(run_word(&machine, "FETCH_DATA[fresh] FETCH_DATA").states(), ["even", "odd", "odd"]);
    assert_eq!(
        run_word(&machine, "FETCH_DATA[fresh] FETCH_DATA[late, not fresh]").states(),
        ["even", "odd", "even"]
    );
}

#[test]
fn tables_are_aligned() {
    let machine = machine();
    let table = run_word(&machine, "0 1 FETCH_FAILURE FETCH_DATA(\"x\")[late] ab").table();
    let wanted = "\
n  before  symbol           guard  after  outputs  effects      context   note
0          start                   even
1  even    0                       even                                   ignored
2  even    1                       odd    TICK                  n: 0 → 1
3  odd     FETCH_FAILURE           odd             send self 0
   odd     self: 0                 odd                                    ignored
4  odd     FETCH_DATA(\"x\")  late   even
5  even    ab                      even                                   unhandled
accepted in even
";
    assert_eq!(table, wanted);
}

#[test]
fn json_is_fixed() {
    let wanted = r#"{
  "machine": "M",
  "word": "1",
  "accepted": false,
  "acceptor": true,
  "rejected_at": null,
  "leaves": ["odd"],
  "outputs": ["TICK"],
  "states": ["even", "odd"],
  "verdict": "rejected: odd does not accept",
  "rows": [
    {
      "n": 0,
      "triggered": false,
      "machine": "",
      "symbol": "start",
      "event": "start",
      "outcome": "taken",
      "time_us": 0,
      "before": [],
      "after": ["even"],
      "transitions": [],
      "guards": [],
      "outputs": [],
      "effects": [],
      "changes": [],
      "recalled": [],
      "unhandled": [],
      "undelivered": []
    },
    {
      "n": 1,
      "triggered": false,
      "machine": "",
      "symbol": "1",
      "event": "1",
      "outcome": "taken",
      "time_us": 0,
      "before": ["even"],
      "after": ["odd"],
      "transitions": ["1 -> odd"],
      "guards": [],
      "outputs": ["TICK"],
      "effects": ["emit TICK"],
      "changes": [
        {
          "name": "n",
          "old": "0",
          "new": "1"
        }
      ],
      "recalled": [],
      "unhandled": [],
      "undelivered": []
    }
  ]
}
"#;
    assert_eq!(run_word(&machine(), "1").json(), wanted);
}
