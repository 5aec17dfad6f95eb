//! SCXML documents.

use super::{document, faithful, model, run, scxml};

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
        // It is a place, which the language has not.
        (
            "<datamodel><data id=\"l\" expr=\"[1, 2]\"/></datamodel><state id=\"a\"><onentry>\n<assign location=\"l[0]\" expr=\"9\"/></onentry><transition event=\"e\" cond=\"l[0] == 9\"/></state>",
            2,
            "a part of a value",
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

/// What has to be left in the text of a faithful import.
fn says(body: &str, parts: &[&str]) {
    let imported = scxml(&document(body));
    let text = faithful(&imported);
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_one_branch_does_another_does_not_know() {
    // The delay is `1s` in one branch, which says nothing of the other, nor of what follows.
    for script in [
        "if (n == 0) { d = '2s' } else { n = 1 }",
        "if (n == 0) { n = 1 } else { d = '2s' }",
        "d = n == 0 ? '2s' : d",
    ] {
        let imported = scxml(&document(&format!(
            "<datamodel><data id=\"n\" expr=\"0\"/><data id=\"d\" expr=\"'1s'\"/></datamodel>
             <state id=\"a\"><onentry><script>{script}</script><send event=\"e\" delayexpr=\"d\"/></onentry>
             <transition event=\"e\" target=\"b\"/></state><state id=\"b\"/>"
        )));
        let text = &imported.text;
        assert!(text.contains("if d == \"1s\" {") && text.contains("if d == \"2s\" {"), "{script}\n{text}");
    }
    let imported = scxml(&document(
        "<datamodel><data id=\"n\" expr=\"0\"/><data id=\"d\" expr=\"'1s'\"/></datamodel>
         <state id=\"a\"><onentry><if cond=\"n == 0\"><assign location=\"d\" expr=\"'2s'\"/><else/>
         <send event=\"e\" delayexpr=\"d\"/></if></onentry><transition event=\"e\"/></state>",
    ));
    assert!(!imported.text.contains("else { send self e delay 2s }"), "{}", imported.text);
}

#[test]
fn events_that_only_a_log_or_a_script_looks_at_are_told_apart() {
    says(
        "<datamodel><data id=\"t\" expr=\"''\"/></datamodel><script>function note() { t = _event.name }</script>
         <state id=\"a\"><transition event=\"x y\"><log expr=\"_event.name\"/></transition>
         <transition event=\"v w\"><script>t = _event.name</script></transition>
         <transition event=\"p q\"><script>note()</script></transition>
         <transition event=\"end\" cond=\"t == 'q'\" target=\"b\"/></state><state id=\"b\"/>",
        &["on x / log \"x\"", "on y / log \"y\"", "on v / t := \"v\"", "on w / t := \"w\"", "on q / t := \"q\""],
    );
}

#[test]
fn parts_of_objects_of_like_names_stay_apart() {
    let imported = scxml(&document(
        "<datamodel><data id=\"o\" expr=\"{a: {b: 1}, a_b: 2, 'a-b': 3, 'a$b': 4}\"/></datamodel>
         <state id=\"s\"><transition cond=\"o.a.b == 1 &amp;&amp; o.a_b == 2 &amp;&amp; o['a-b'] == 3 &amp;&amp; o['a$b'] == 4\" target=\"good\"/>
         <transition target=\"bad\"/></state><state id=\"good\"/><state id=\"bad\"/>",
    ));
    assert_eq!(run(&imported, &[]), ["good"], "{}", imported.text);
}

#[test]
fn what_is_always_given_a_value_holds_one() {
    says(
        "<datamodel><data id=\"n\" expr=\"0\"/></datamodel><state id=\"a\">
         <onentry><send event=\"e\"><param name=\"v\" expr=\"n + 1\"/></send></onentry>
         <transition event=\"e\" cond=\"_event.data.v &lt; 3\" target=\"a\"><assign location=\"n\" expr=\"_event.data.v\"/></transition></state>",
        &["input { e(v: Int) }", "context { n: Int = 0 }", "n := event.v"],
    );
}

#[test]
fn a_final_state_may_return_several_values() {
    let text = |second: &str| {
        document(&format!(
            "<datamodel><data id=\"code\" expr=\"0\"/></datamodel><state id=\"a\">
             <state id=\"a1\"><transition event=\"x\" target=\"f\"/><transition event=\"y\" target=\"g\"/></state>
             <final id=\"f\"><donedata><param name=\"code\" expr=\"7\"/><param name=\"why\" expr=\"'late'\"/></donedata></final>
             <final id=\"g\"><donedata>{second}</donedata></final>
             <transition event=\"done.state.a\" cond=\"_event.data.code == 7 &amp;&amp; _event.data.why == 'late'\" target=\"b\">
               <assign location=\"code\" expr=\"_event.data.code + 1\"/></transition>
             <transition event=\"done.state.a\" cond=\"_event.data.code == 2\" target=\"c\"/>
             <transition event=\"done.state.a\" cond=\"_event.data.why == undefined\" target=\"d\"/></state>
             <state id=\"b\"><transition cond=\"code == 8\" target=\"e\"/></state><state id=\"c\"/><state id=\"d\"/><state id=\"e\"/>"
        ))
    };
    let both = scxml(&text("<param name=\"why\" expr=\"'early'\"/><param name=\"code\" expr=\"1 + 1\"/>"));
    assert_eq!(run(&both, &["x"]), ["e"], "{}", both.text);
    assert_eq!(run(&both, &["y"]), ["c"], "{}", both.text);
    let one = scxml(&text("<param name=\"code\" expr=\"3\"/>"));
    assert_eq!(run(&one, &["x"]), ["e"], "{}", one.text);
    assert_eq!(run(&one, &["y"]), ["d"], "{}", one.text);
    // Different names are different values; what a child returns is one.
    let other = scxml(&document(
        "<state id=\"a\"><state id=\"a1\"><transition event=\"x\" target=\"f\"/><transition event=\"y\" target=\"g\"/></state>
         <final id=\"f\"><donedata><param name=\"m\" expr=\"1\"/></donedata></final><final id=\"g\"><donedata><param name=\"n\" expr=\"1\"/></donedata></final>
         <transition event=\"done.state.a\" cond=\"_event.data.m == 1\" target=\"b\"/><transition event=\"done.state.a\" target=\"c\"/></state>
         <state id=\"b\"/><state id=\"c\"/>",
    ));
    assert_eq!(run(&other, &["x"]), ["b"], "{}", other.text);
    assert_eq!(run(&other, &["y"]), ["c"], "{}", other.text);
    let child = scxml(&document(
        "<state id=\"a\"><invoke id=\"k\"><content><scxml><final id=\"f\"><donedata><param name=\"m\" expr=\"1\"/><param name=\"n\" expr=\"2\"/></donedata></final></scxml></content></invoke>
         <transition event=\"done.invoke.k\" cond=\"_event.data.n == 2\" target=\"b\"/></state><state id=\"b\"/>",
    ));
    assert!(!child.is_faithful(), "{}", child.text);
}

#[test]
fn delays_that_are_computed_have_a_unit() {
    let imported = scxml(&document(
        "<datamodel><data id=\"d\" expr=\"1500\"/><data id=\"s\" expr=\"2\"/></datamodel>
         <state id=\"a\"><onentry><send event=\"t\" delayexpr=\"d + 'ms'\"/><send event=\"u\" delayexpr=\"s + 's'\"/></onentry>
         <transition event=\"t\" target=\"b\"/></state><state id=\"b\"><transition event=\"u\" target=\"c\"/></state><state id=\"c\"/>",
    ));
    assert_eq!(run(&imported, &["+1499"]), ["a"], "{}", imported.text);
    assert_eq!(run(&imported, &["+1500"]), ["b"], "{}", imported.text);
    assert_eq!(run(&imported, &["+2000"]), ["c"], "{}", imported.text);
}

#[test]
fn choices_between_conditions_read_as_one_would_write_them() {
    for (js, sc) in [
        ("z ? true : false", "z"),
        ("z ? false : true", "not z"),
        ("z ? true : x == 1", "z or x == 1"),
        ("z ? x == 1 : false", "z and x == 1"),
        ("true ? x == 1 : missing", "x == 1"),
    ] {
        says(
            &format!(
                "<datamodel><data id=\"x\" expr=\"0\"/><data id=\"z\" expr=\"true\"/></datamodel>
                 <state id=\"a\"><transition event=\"e\" cond=\"{js}\" target=\"b\"/></state><state id=\"b\"/>"
            ),
            &[&format!("on e [{sc}] -> b")],
        );
    }
}

#[test]
fn done_and_error_may_be_events_of_ones_own() {
    let imported = scxml(&document(
        "<state id=\"a\"><transition event=\"done\" target=\"b\"/></state>
         <state id=\"b\"><transition event=\"error\" target=\"c\"/></state><state id=\"c\"><transition event=\"error.mine\" target=\"d\"/></state><state id=\"d\"/>",
    ));
    assert_eq!(run(&imported, &["done", "error", "error.mine"]), ["d"], "{}", imported.text);
    // `error.*` asks for what the processor says.
    says(
        "<state id=\"a\"><transition event=\"error.*\" target=\"b\"/></state><state id=\"b\"/>",
        &["on fault -> b"],
    );
}

#[test]
fn data_of_several_parts_are_there_or_not() {
    for (condition, without, with) in [
        ("_event.data && _event.data.x == 1", "a", "b"),
        ("_event.data != null", "a", "b"),
        ("_event.data === undefined", "b", "a"),
        ("typeof _event.data !== 'undefined' && _event.data.x", "a", "b"),
        ("!_event.data", "b", "a"),
    ] {
        let condition = condition.replace('&', "&amp;");
        let imported = scxml(&document(&format!(
            "<state id=\"a\"><transition event=\"one\"><send event=\"e\"/></transition>
             <transition event=\"two\"><send event=\"e\"><param name=\"x\" expr=\"1\"/></send></transition>
             <transition event=\"e\" cond=\"{condition}\" target=\"b\"/></state><state id=\"b\"/>"
        )));
        assert_eq!(run(&imported, &["one"]), [without], "{condition}\n{}", imported.text);
        assert_eq!(run(&imported, &["two"]), [with], "{condition}\n{}", imported.text);
        assert!(imported.text.contains("e(x: Int?)"), "{}", imported.text);
    }
}

#[test]
fn what_is_forwarded_is_what_the_child_declares() {
    let logs = "<log expr=\"_event.sendid\"/><log expr=\"_event.data\"/>";
    let child = format!(
        "<scxml version=\"1.0\"><state id=\"c\"><onentry><send target=\"#_parent\" event=\"ping\"/></onentry>\
         <transition event=\"ping\" target=\"d\">{logs}</transition></state><final id=\"d\"/></scxml>"
    );
    let imported = scxml(&document(&format!(
        "<state id=\"a\"><invoke type=\"scxml\" autoforward=\"true\"><content>{child}</content></invoke>\
         <transition event=\"ping\" target=\"b\">{logs}</transition></state><state id=\"b\"/>"
    )));
    faithful(&imported);
}
