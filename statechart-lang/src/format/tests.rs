#![allow(clippy::unwrap_used)]

use super::{Refusal, format};

/// Formats, and checks that formatting again changes nothing.
fn formatted(text: &str) -> String {
    let once = match format("t.sc", text) {
        Ok(text) => text,
        Err(refusal) => panic!("{text}\n{}", refusal.render(false)),
    };
    let twice = format("t.sc", &once).unwrap();
    assert_eq!(once, twice, "formatting twice differs");
    once
}

/// The items of a machine, before and after.
fn body(text: &str) -> String {
    let text = formatted(&format!("machine M {{\n{text}\n}}"));
    let lines = text.lines().collect::<Vec<_>>();
    lines[1..lines.len() - 1]
        .iter()
        .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line)))
        .collect()
}

#[test]
fn tokens_are_spaced_alike_everywhere() {
    for (given, wanted) in [
        (
            "on  A|B[ x>1 and not(y) ]->s  /x:=x+1,emit O( x ,n:2 )",
            "on A | B [x > 1 and not (y)] -> s / x := x + 1, emit O(x, n: 2)",
        ),
        ("internal on*->self#t(\"x\")", "internal on * -> self #t(\"x\")"),
        ("on PUB_*|done(a.b)|'x y'|fault", "on PUB_* | done(a.b) | 'x y' | fault"),
        ("after(p*2)/log\"a//b\"", "after (p * 2) / log \"a//b\""),
        ("after 30s->a,b.c", "after 30s -> a, b.c"),
        (
            "entry/x:=-1- -y,x:=a[0]??[1,2][-1],call,call(),send self E(event.f)delay 5s",
            "entry / x := -1 - -y, x := a[0] ?? [1, 2][-1], call, call(), send self E(event.f) delay 5s",
        ),
        ("always[in(a.b)or event.n!=none]", "always [in(a.b) or event.n != none]"),
        ("do  f( a )defer A|B", "do f(a)\ndefer A | B"),
        ("peer p:Q initial a , b", "peer p: Q\ninitial a, b"),
        ("context{x:Int?=none y:[[Int]?]=[]}", "context { x: Int? = none  y: [[Int]?] = [] }"),
        (
            "extern{service f(Int,t:Text)streams A->B|C!D type X,Y}",
            "extern { service f(Int, t: Text) streams A -> B | C ! D  type X, Y }",
        ),
        (
            "state s(a:Int,b:Text=\"x\"){ }history h->a(1),b deep history d",
            "state s(a: Int, b: Text = \"x\") {}\nhistory h -> a(1), b\ndeep history d",
        ),
        (
            "limits{internal:32 undo:4}use F return a+1",
            "limits { internal: 32  undo: 4 }\nuse F\nreturn a + 1",
        ),
        ("limits{internal:32\nundo:4}", "limits {\n  internal: 32\n  undo: 4\n}"),
        (
            "migrate from \"0\" {\na  -> b\n\n// why\ncontext x->y\n}",
            "migrate from \"0\" {\n  a -> b\n\n  // why\n  context x -> y\n}",
        ),
        ("limits{}", "limits {}"),
        (
            "do W(1)as w on done(w)->self(x)/spawn V as v,stop v,cancel t,send w E delay 5s as t,a(x)undo b(x),compensate,commit",
            "do W(1) as w\non done(w) -> self(x)\n   / spawn V as v, stop v, cancel t, send w E delay 5s as t, a(x) undo b(x), compensate, commit",
        ),
        (
            "entry/if(a>1)and b{x:=1,y}else if c{}else{z},for i,n in xs{emit O(i)}",
            "entry / if (a > 1) and b { x := 1, y } else if c {} else { z }, for i, n in xs { emit O(i) }",
        ),
        ("entry/if a{\nb,c}", "entry / if a {\n          b,\n          c\n        }"),
        (
            "example\"A B\"->s property\"p\":from a can reach b.c property\"q\":A|B leads to C",
            "example \"A B\" -> s\nproperty \"p\": from a can reach b.c\nproperty \"q\": A | B leads to C",
        ),
        (
            "invariant\"i\":in a implies x<5 never\"n\":A before B",
            "invariant \"i\": in a implies x < 5\nnever \"n\": A before B",
        ),
        ("migrate from\"0123\"{a.b->c context x->y}", "migrate from \"0123\" { a.b -> c  context x -> y }"),
        ("accept state s\"S\"#a#b(\"c\"){ }", "accept state s \"S\" #a #b(\"c\") {}"),
    ] {
        assert_eq!(body(given), format!("{wanted}\n"), "{given}");
    }
    assert_eq!(
        formatted("import\"a.sc\"system S\"s\"{actor a[n:Int]:M external X,Y\"y\" a->X\"t\"#c:A|B}"),
        "import \"a.sc\"\nsystem S \"s\" { actor a[n: Int]: M  external X, Y \"y\"  a -> X \"t\" #c : A | B }\n"
    );
}

#[test]
fn lines_are_kept_where_they_say_something() {
    for (given, wanted) in [
        // One blank line of many; none at the ends.
        ("\n\n\non A\n\n\n\non B\non C\n\n", "on A\n\non B\non C\n"),
        // A body on one line stays there, one on several does not.
        ("state a{on X on Y}", "state a { on X  on Y }\n"),
        ("state a{on X\non Y}", "state a {\n  on X\n  on Y\n}\n"),
        ("input{\n}state a{\n\n}", "input {}\nstate a {}\n"),
        // Alignment, where there was one.
        ("on A   -> b\non LONG -> c", "on A -> b\non LONG -> c\n"),
        ("on A    -> b\n  on LONG -> c", "on A    -> b\non LONG -> c\n"),
        ("on A        -> b\non LONG     -> c", "on A    -> b\non LONG -> c\n"),
        ("on A      -> b\n\non LONG   -> c", "on A -> b\n\non LONG -> c\n"),
        ("state a   { on X }\nstate abc { on Y }", "state a   { on X }\nstate abc { on Y }\n"),
    ] {
        assert_eq!(body(given), wanted, "{given}");
    }
}

#[test]
fn comments_stay_where_they_are() {
    for (given, wanted) in [
        ("// own\non A   // trailing\n// last", "// own\non A // trailing\n// last\n"),
        ("///doc\n  /// two\non A", "///doc\n/// two\non A\n"),
        ("/// doc\n// plain\n\non A", "/// doc\n// plain\non A\n"),
        ("/* a */ on A /* b */\n/* c\n     d */\non B", "/* a */ on A /* b */\n/* c\n   d */\non B\n"),
        ("state a { // why\non A\n\n// end\n}", "state a { // why\n  on A\n\n  // end\n}\n"),
        ("state a {\n\n// only\n\n}", "state a {\n  // only\n}\n"),
        ("state a { /* in */ on A /* mid */ on B }", "state a { /* in */ on A /* mid */  on B }\n"),
        (
            "on /* x */ A -> b /* y */ / f( /* z */ 1 /* w */ , 2)",
            "on /* x */ A -> b /* y */ / f(/* z */ 1 /* w */, 2)\n",
        ),
        ("on A -> b // why\n / f, // g\n g", "on A -> b // why\n    / f, // g\n      g\n"),
        ("input { // all\n/// Doc.\nA // a\nB }", "input { // all\n  /// Doc.\n  A // a\n  B\n}\n"),
        ("state a // why\n{ on A }", "state a // why\n{\n  on A\n}\n"),
    ] {
        assert_eq!(body(given), wanted, "{given}");
    }
    assert_eq!(
        formatted("\n\n// head\n\n\nmachine M {}\n\n\n// foot\n\n"),
        "// head\n\nmachine M {}\n\n// foot\n"
    );
    assert_eq!(formatted("// nothing else"), "// nothing else\n");
    assert_eq!(formatted(""), "");
}

#[test]
fn long_items_are_broken_at_their_joints() {
    let mut texts = Vec::new();
    let long = "on REQUEST_CREATE_TOPIC | CREATE_TOPIC_REQUEST [event.partitions > 1] -> processingCreateTopic \
                / pendingTopic := event.topic, pendingPartitions := event.partitions, pendingJob := event.job, \
                send coordinator REQUEST_CREATE_TOPIC(event.topic, 1, event.job)";
    texts.push(body(long));
    let guard = format!("on A [{}event.b] -> a", "(n > 1 or event.b) and ".repeat(9));
    texts.push(body(&guard));
    let entry = format!("entry / {}emit DONE", "emit SOMETHING(1, \"text\"), ".repeat(6));
    texts.push(body(&entry));
    let fields = format!("input {{ WIDE({}last: Int) }}", "some_field: Text, ".repeat(9));
    texts.push(body(&fields));
    let service = "extern {\nservice query_the_database(request: Request, deadline: Duration) streams PARTIAL_RESULT -> \
                   DB_QUERY_SUCCESS | DB_QUERY_EMPTY ! DB_QUERY_FAILURE | DB_QUERY_TIMEOUT }";
    texts.push(body(service));
    insta::assert_snapshot!("long_items", texts.join("\n"));
}

#[test]
fn line_ends_follow_the_file() {
    assert_eq!(formatted("machine M {\r\n\r\n  // c\r\n  on A}"), "machine M {\r\n  // c\r\n  on A\r\n}\r\n");
    assert_eq!(formatted("\u{feff}machine M {}"), "machine M {}\n");
}

#[test]
fn broken_text_is_refused_with_its_errors() {
    for text in
        ["machine M { on }", "machine {", "machine M { /// nothing\n }", "machine M { state a { \"x } }"]
    {
        let Err(Refusal::Broken { diagnostics, .. }) = format("t.sc", text) else {
            panic!("{text} is formatted")
        };
        assert!(!diagnostics.is_empty(), "{text}");
    }
    // Names need not resolve.
    assert_eq!(formatted("import \"nowhere.sc\""), "import \"nowhere.sc\"\n");
    body("on NOTHING -> nowhere");
}
