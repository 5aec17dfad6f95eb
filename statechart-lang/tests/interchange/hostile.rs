//! Documents that are none, and documents that are made to take for ever.

use std::time::{Duration, Instant};

use statechart_lang::interchange::{import_scxml, import_xstate};

use super::{document, model, options, scxml, xstate};

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

/// Each takes a fraction of a second; what multiplies takes years. The rest is for a machine that is busy.
const LIMIT: Duration = Duration::from_secs(10);

const DATA: &str = "<datamodel><data id=\"n\" expr=\"0\"/><data id=\"b\" expr=\"true\"/></datamodel>";

/// A document with one transition on a condition.
fn asking(condition: &str, script: &str) -> String {
    document(&format!(
        "{DATA}<script>{script}</script><state id=\"s\"><transition event=\"e\" cond=\"{condition}\" target=\"t\"/></state><state id=\"t\"/>"
    ))
}

/// Functions that call each other: each the one before it, several times.
fn calling(depth: usize, times: usize, first: &str, each: impl Fn(Vec<String>) -> String) -> String {
    let bodies = (1..=depth).map(|at| {
        let calls = (0..times).map(|_| format!("f{}(x)", at - 1)).collect();
        format!("function f{at}(x) {{ {} }}", each(calls))
    });
    format!("function f0(x) {{ {first} }} {}", bodies.collect::<String>())
}

#[test]
fn what_is_made_to_multiply_ends_soon() {
    let nested = (0..60).fold("b".to_owned(), |inner, _| format!("({inner} ? b : n == 1)"));
    let sums = calling(6, 40, "return x + 1;", |calls| format!("return {};", calls.join(" + ")));
    let steps = calling(6, 40, "n = n + 1;", |calls| calls.join("; "));
    let answers: String = (0..20_000).map(|at| format!("if (n == {at}) return {at}; ")).collect();
    let high = format!("{}n{}", "(".repeat(60), format!("{})", " + 1".repeat(200)).repeat(60));
    let list = format!("[{}] == n", vec!["n"; 20_000].join(", "));
    for (what, text) in [
        ("steps of steps", asking(&format!("{} n", "++".repeat(60)), "")),
        ("steps inside of places", asking(&format!("{}n{}", "n[".repeat(60), "]++".repeat(60)), "")),
        ("choices in choices", asking(&nested, "")),
        ("functions in functions", asking("f6(n) == 1", &sums)),
        (
            "many ways through a function",
            asking("f() == 1", &format!("function f() {{ {answers} return 0; }}")),
        ),
        ("operators inside each other", asking(&format!("{high} == 1"), "")),
        ("a long argument", asking(&format!("f({list})"), "function f(x) { return x + x + x + x + x; }")),
        (
            "procedures in procedures",
            document(&format!(
                "{DATA}<script>{steps}</script><state id=\"s\"><transition event=\"e\"><script>f6(1)</script></transition></state>"
            )),
        ),
    ] {
        let begin = Instant::now();
        let imported = scxml(&text);
        assert!(begin.elapsed() < LIMIT, "{what}: {:?}", begin.elapsed());
        assert!(imported.text.len() < 200_000, "{what}: {} bytes", imported.text.len());
        model(&imported.text);
    }
}

#[test]
fn a_sum_of_whole_numbers_and_a_fraction_is_read_once() {
    let sum = vec!["1"; 200].join(" + ");
    let begin = Instant::now();
    let imported = xstate(&format!(
        r#"{{"initial": "a", "context": {{"n": 0.5}}, "states": {{"a": {{"on": {{"E": {{"guard": "context.n > {sum} + 0.5", "target": "b"}}}}}}, "b": {{}}}}}}"#
    ));
    assert!(begin.elapsed() < LIMIT, "{:?}", begin.elapsed());
    assert!(imported.text.contains("on E [n > 1.0 + 1.0 + "), "{}", imported.text);
    model(&imported.text);
}

#[test]
fn a_long_document_is_read_in_time() {
    let states: String = (0..600)
        .map(|at| {
            let next = (at + 1) % 600;
            format!("<state id=\"s{at}\"><onentry><assign location=\"n\" expr=\"n + 1\"/></onentry><transition event=\"e{at}\" target=\"s{next}\"/></state>")
        })
        .collect();
    let begin = Instant::now();
    let imported = scxml(&document(&format!("{DATA}{states}")));
    assert!(begin.elapsed() < LIMIT, "{:?}", begin.elapsed());
    assert_eq!(imported.states.len(), 600);
}

#[test]
fn many_conditions_on_what_nothing_is_known_of_are_looked_at_once() {
    let condition = vec!["context.zz && context.n > 0"; 60].join(" && ");
    let begin = Instant::now();
    let imported = xstate(&format!(
        r#"{{"initial": "a", "context": {{"n": 1}}, "states": {{"a": {{"on": {{"E": {{"guard": "{condition}", "target": "b"}}}}}}, "b": {{}}}}}}"#
    ));
    assert!(begin.elapsed() < LIMIT, "{:?}", begin.elapsed());
    model(&imported.text);
}
