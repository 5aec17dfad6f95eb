//! What is named with its place, and copies that do not change from one round to the next.

use statechart_lang::interchange::{Imported, Note, export_scxml, import_xstate};

use super::{document, faithful, model, options, scxml, xstate};

fn note<'n>(imported: &'n Imported, said: &str) -> Option<&'n Note> {
    imported.notes.iter().find(|note| note.text.contains(said))
}

#[test]
fn messages_that_may_be_sent_again_while_under_way_are_named() {
    const AGAIN: &str = "sent again while it is under way";
    for body in [
        // Entered again two seconds later, without a cancel on the way.
        "<state id=\"s\"><onentry>\n<send event=\"y\" delay=\"5s\" id=\"q\"/></onentry><transition event=\"r\" target=\"s\"/><transition event=\"c\"><cancel sendid=\"q\"/></transition></state>",
        "<state id=\"s\"><transition event=\"r\">\n<send event=\"y\" delay=\"5s\" id=\"q\"/></transition><transition event=\"c\"><cancel sendid=\"q\"/></transition></state>",
        "<state id=\"s\"><onentry><foreach array=\"[1,2]\" item=\"i\">\n<send event=\"y\" delay=\"5s\" id=\"q\"/></foreach><cancel sendid=\"q\"/></onentry></state>",
    ] {
        let imported = scxml(&document(&format!("<datamodel><data id=\"i\" expr=\"0\"/></datamodel>{body}")));
        let found =
            note(&imported, AGAIN).unwrap_or_else(|| panic!("{:?}\n{}", imported.notes, imported.text));
        assert!(found.lost && found.at.line == 2, "{found:?}");
        model(&imported.text);
    }
    for body in [
        // Leaving cancels it; the block cancels it; nothing cancels it at all; the state is entered once.
        "<state id=\"s\"><onentry><send event=\"y\" delay=\"5s\" id=\"q\"/></onentry><onexit><cancel sendid=\"q\"/></onexit><transition event=\"r\" target=\"s\"/></state>",
        "<state id=\"s\"><transition event=\"r\"><cancel sendid=\"q\"/><send event=\"y\" delay=\"5s\" id=\"q\"/></transition></state>",
        "<state id=\"s\"><transition event=\"r\"><send event=\"y\" delay=\"5s\" id=\"q\"/></transition></state>",
        "<state id=\"a\"><transition event=\"r\" target=\"s\"/></state><state id=\"s\"><onentry><send event=\"y\" delay=\"5s\" id=\"q\"/></onentry><transition event=\"c\" target=\"t\"><cancel sendid=\"q\"/></transition></state><state id=\"t\"/>",
    ] {
        faithful(&scxml(&document(body)));
    }
}

#[test]
fn a_copy_of_a_copy_is_the_copy() {
    let text = "machine Reminder {
      input { GO STOP LATE } output { RANG(z: Int, a: Text) }
      context { item_1: Int = 0  list: [Int] = [1, 2] }
      initial idle
      state idle { on GO -> waiting / send self LATE delay 2s as late, for i in list { item_1 := i } }
      state waiting { exit / cancel late on STOP -> idle on LATE -> idle / emit RANG(z: 1, a: \"x\") }
    }";
    let copy = |text: &str| {
        let model = model(text);
        let exported = export_scxml(&model, model.own_machines().next().unwrap());
        assert!(exported.notes.iter().all(|note| !note.lost), "{:?}", exported.notes);
        faithful(&scxml(&exported.text)).to_owned()
    };
    let first = copy(text);
    assert!(first.contains("RANG(z: Int, a: Text)"), "{first}");
    assert_eq!(first.matches("cancel late").count(), 1, "{first}");
    let second = copy(&first);
    assert_eq!(second, copy(&second));
    assert_eq!(second.matches("cancel late").count(), 1, "{second}");
}

#[test]
fn small_things_are_named_where_they_stand() {
    let imported = scxml(&document(
        "<state id=\"s\"><onentry>\n<send event=\"y\" delay=\"2\"/>\n<log expr=\"[1,2]\"/></onentry><transition event=\"y\" target=\"s\"/></state>",
    ));
    let unit = note(&imported, "has no unit").unwrap();
    assert_eq!((unit.lost, unit.at.line), (false, 2));
    assert!(note(&imported, "its code stands there").is_some_and(|note| note.at.line == 3));
    assert!(imported.text.contains("log \"[1,2]\""), "{}", imported.text);

    let imported = xstate(
        "{\"initial\": \"a\", \"states\": {\"a\": {\n\"entry\": {\"type\": \"xstate.escalate\"}, \"tags\": [\"accept\", \"x\"],\n\"on\": {\"E\": \"b\",\n\"E\": \"a\"}}, \"b\": {}}}",
    );
    assert!(note(&imported, "`xstate.escalate`").is_some_and(|note| note.lost && note.at.line == 2));
    assert!(note(&imported, "`E` stands twice").is_some_and(|note| !note.lost && note.at.line == 4));
    assert!(imported.text.contains("accept state a #x"), "{}", imported.text);

    let none = import_xstate("", &options()).unwrap_err();
    assert_eq!((none.at.line, none.at.column), (1, 1));
    let long = format!("<state id=\"s\"><transition cond=\"new X('{}')\"/></state>", "x".repeat(10_000));
    assert!(scxml(&document(&long)).notes.iter().all(|note| note.text.len() < 500));
}
