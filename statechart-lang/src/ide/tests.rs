#![allow(clippy::unwrap_used)]

use super::{Analysis, Kind, Symbol};
use crate::{FileId, Loader, MapLoader};

const SHOP: &str = r#"import "parts.sc"
/// Sells.
machine Shop(id: Int) "A shop" {
  input { ORDER(item: Text, count: Int) CANCEL(item: Text) PAID }
  internal { RETRY }
  output { SOLD(item: Text) }
  context { last: Text = ""  total: Int = 0 }
  extern {
    type Card
    guard known(item: Text)
    action audit(item: Text)
    /// Takes the money.
    service charge(card: Card?) -> PAID ! CANCEL
  }
  peer depot: Depot
  initial open
  use Recoverable
  /// Waits.
  state open {
    on ORDER | CANCEL [known(event.item) and total >= 0] -> busy.paying(event.item) / last := event.item
    on RETRY / emit SOLD(item: last), audit(last)
  }
  state busy {
    initial paying("x")
    state paying(what: Text) {
      do charge(none)
      do Depot(1) as helper
      on done(helper) -> open / send depot FETCH(amount: total) delay 1s as again, cancel again
      on PAID -> self(what) / for thing, at in [what] { audit(thing) }, raise RETRY, stop helper
      history back -> open
      after 5s -> broken
    }
  }
}
"#;

const PARTS: &str = r#"machine Depot(size: Int) { input { FETCH(amount: Int) } initial a state a { on FETCH } }
/// Recovers.
fragment Recoverable { state broken { on RETRY -> open } }
"#;

fn analysis(text: &str) -> Analysis {
    Analysis::new("shop.sc", &MapLoader::from([("shop.sc", text), ("parts.sc", PARTS)]))
}

/// Where a piece of the text stands, `¦` marking the byte in it.
fn offset(text: &str, marked: &str) -> u32 {
    let (before, after) = marked.split_once('¦').unwrap();
    let at = text.find(&format!("{before}{after}")).unwrap_or_else(|| panic!("no `{marked}`"));
    (at + before.len()) as u32
}

fn defined(marked: &str) -> Vec<String> {
    let analysis = analysis(SHOP);
    let found = analysis.at(FileId(0), offset(SHOP, marked));
    found.map_or_else(Vec::new, |(_, known)| {
        known.iter().map(|known| format!("{} {}", known.kind.word(), known.text)).collect()
    })
}

#[test]
fn names_lead_to_their_declarations() {
    for (marked, wanted) in [
        ("initial ¦open", "state state open"),
        ("on ORDER¦ |", "event ORDER(item: Text, count: Int)"),
        ("kno¦wn(event", "extern guard guard known(item: Text)"),
        ("and to¦tal", "variable total: Int = 0"),
        ("-> bu¦sy.paying", "state state busy"),
        ("busy.pay¦ing", "state state paying(what: Text)"),
        ("/ la¦st :=", "variable last: Text = \"\""),
        ("on RET¦RY /", "internal event RETRY"),
        ("SO¦LD(item:", "output SOLD(item: Text)"),
        ("SOLD(it¦em:", "field item: Text"),
        ("aud¦it(last)", "extern action action audit(item: Text)"),
        ("do char¦ge", "extern service service charge(card: Card?) -> PAID ! CANCEL"),
        ("card: Ca¦rd?", "extern type type Card"),
        ("-> PA¦ID !", "event PAID"),
        ("do Dep¦ot", "machine machine Depot(size: Int)"),
        ("done(hel¦per)", "child do Depot as helper"),
        ("send de¦pot", "peer peer depot: Depot"),
        ("FET¦CH(amount", "event FETCH(amount: Int)"),
        ("FETCH(amo¦unt", "field amount: Int"),
        ("cancel aga¦in", "named message send … FETCH … as again"),
        ("self(wh¦at)", "parameter what: Text"),
        ("audit(thi¦ng)", "binding for thing"),
        ("stop help¦er", "child do Depot as helper"),
        ("use Reco¦verable", "fragment fragment Recoverable"),
        ("5s -> bro¦ken", "state state broken"),
        ("history ba¦ck", "history history back"),
        ("peer depot: De¦pot", "machine machine Depot(size: Int)"),
    ] {
        assert_eq!(defined(marked), [wanted], "{marked}");
    }
    // A field of two events.
    assert_eq!(defined("known(event.it¦em)"), ["field item: Text", "field item: Text"]);
    for nothing in ["ma¦chine", "// no¦", "\"A sh¦op\"", "ini¦tial"] {
        if nothing.contains("//") {
            continue;
        }
        assert!(defined(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn a_family_has_a_parameter() {
    let text = "machine Seat(number: Int) { input { SIT } initial a state a { on SIT } }
system Table { actor seat[n: Int]: Seat(n + 1) actor one: Seat(number: 7) external Guest Guest -> seat : SIT }";
    let analysis = analysis(text);
    for (marked, wanted) in [
        ("Seat(¦n +", "parameter n: Int"),
        ("sea¦t[n", "actor actor seat[n: Int]: Seat"),
        ("seat[¦n", "parameter n: Int"),
        ("(num¦ber: 7", "parameter number: Int"),
        ("-> se¦at", "actor actor seat[n: Int]: Seat"),
    ] {
        let (_, known) = analysis.at(FileId(0), offset(text, marked)).unwrap_or_else(|| panic!("{marked}"));
        let known: Vec<String> =
            known.iter().map(|known| format!("{} {}", known.kind.word(), known.text)).collect();
        assert_eq!(known, [wanted], "{marked}");
    }
}

#[test]
fn a_fragment_means_what_its_user_means() {
    let analysis = analysis(SHOP);
    let parts = analysis.sources().iter().find(|(_, source)| source.path == "parts.sc").unwrap().0;
    let (_, known) = analysis.at(parts, offset(PARTS, "-> op¦en")).unwrap();
    assert_eq!(known.iter().map(|known| known.text.as_str()).collect::<Vec<_>>(), ["state open"]);
    assert_eq!(analysis.path(known[0].span), "shop.sc");
    assert_eq!(analysis.import_at(FileId(0), 10), Some(parts));
}

/// Files of which one has a second name.
struct Linked(MapLoader);

impl Loader for Linked {
    fn load(&self, path: &str) -> Result<String, String> {
        self.0.load(&self.identity(path))
    }

    fn identity(&self, path: &str) -> String {
        path.replace("link.sc", "parts.sc")
    }
}

#[test]
fn a_file_is_the_same_by_any_of_its_paths() {
    let (first, second) = ("import \"parts.sc\" import \"link.sc\"", "import \"link.sc\"");
    let user =
        "machine User { input { GO } peer depot: Depot initial a state a { on GO / send depot FETCH(1) } }";
    let texts = [("a.sc", format!("{first} {user}")), ("b.sc", format!("{second} {user}"))];
    let [(a, first), (b, second)] = texts.each_ref().map(|(path, text)| (*path, text.as_str()));
    let loader = Linked(MapLoader::from([("parts.sc", PARTS), (a, first), (b, second)]));
    let both = texts.each_ref().map(|(path, _)| Analysis::new(path, &loader));
    let keys = both.each_ref().map(|analysis| {
        let main = &analysis.sources().get(FileId(0)).unwrap().text;
        for (at, _) in main.match_indices(".sc\"") {
            assert_eq!(analysis.import_at(FileId(0), at as u32), Some(FileId(1)), "{main}");
        }
        let (_, known) = analysis.at(FileId(0), offset(main, "FET¦CH(1)")).unwrap();
        known.iter().map(|known| analysis.place(known.span)).collect::<Vec<_>>()
    });
    assert_eq!(keys[0], keys[1]);
    // Declared, used there and here.
    assert_eq!(both.each_ref().map(|analysis| analysis.places_of(&keys[0], true).len()), [3, 3]);
    assert_eq!(both[1].tied(&keys[0]), keys[0]);
}

#[test]
fn every_use_is_found() {
    let analysis = analysis(SHOP);
    let uses = |marked: &str| {
        let (_, known) = analysis.at(FileId(0), offset(SHOP, marked)).unwrap();
        let keys: Vec<(String, u32)> = known.iter().map(|known| analysis.place(known.span)).collect();
        let places = analysis.places_of(&keys, true);
        assert!(places.iter().all(|span| analysis.sources().text(*span) == known[0].name), "{marked}");
        places.len()
    };
    assert_eq!(uses("initial ¦open"), 5, "declared, initial, an arrow, history, fragment");
    assert_eq!(uses("ORDER¦(item"), 2);
    assert_eq!(uses("RET¦RY }"), 4, "the fragment uses it, too");
    assert_eq!(uses("hel¦per\n"), 3);
    assert_eq!(uses("known(event.it¦em)"), 5, "both declarations, three uses");
}

#[test]
fn what_has_no_name_of_its_own_is_not_renamed() {
    let analysis = analysis(SHOP);
    let refused = |marked: &str| analysis.renamable(FileId(0), offset(SHOP, marked)).unwrap_err().0;
    assert!(refused("ma¦chine Shop").contains("word of the language"));
    assert!(refused("id: In¦t").contains("built into"));
    assert!(refused("\"A sh¦op\"").contains("not declared"));
    assert!(refused(" }\n¦  internal").contains("no name here"));
    let (_, known) = analysis.renamable(FileId(0), offset(SHOP, "initial ¦open")).unwrap();
    assert_eq!(analysis.spelling(known[0], "shut").unwrap(), "shut");
    for bad in ["", "1st", "a b", "self", "größe", "'x'y"] {
        assert!(analysis.spelling(known[0], bad).is_err(), "{bad}");
    }
    let (_, known) = analysis.renamable(FileId(0), offset(SHOP, "ORD¦ER(")).unwrap();
    assert_eq!(analysis.spelling(known[0], "error.order").unwrap(), "'error.order'");
    assert_eq!(analysis.spelling(known[0], "12").unwrap(), "12");
    assert!(analysis.spelling(known[0], "it's").is_err());
}

#[test]
fn a_capture_is_noticed() {
    let before = analysis(SHOP);
    let captured = analysis(&SHOP.replace("total", "last"));
    assert!(before.first_difference(&captured).is_some());
    let clean = analysis(&SHOP.replace("total", "sum"));
    assert_eq!(before.first_difference(&clean), None);
}

#[test]
fn hovering_shows_the_declaration() {
    let analysis = analysis(SHOP);
    let hover = |marked: &str| analysis.hover(FileId(0), offset(SHOP, marked)).unwrap().1;
    assert_eq!(hover("initial ¦open"), "```sc\nstate open\n```\n\nstate of machine `Shop`\n\nWaits.");
    assert_eq!(
        hover("do char¦ge"),
        "```sc\nservice charge(card: Card?) -> PAID ! CANCEL\n```\n\n\
         extern service of machine `Shop`, in Rust `fn charge`\n\nTakes the money."
    );
    assert!(hover("use Reco¦verable").ends_with("fragment\n\nRecovers."));
    assert!(hover("aft¦er 5s").starts_with("`after`: "));
    assert!(analysis.hover(FileId(0), offset(SHOP, "\"A shop\" ¦{")).is_none());
}

#[test]
fn the_outline_nests() {
    fn shown(symbols: &[Symbol], depth: usize, text: &mut String) {
        for symbol in symbols {
            text.push_str(&format!("{}{} ({})\n", "  ".repeat(depth), symbol.name, symbol.kind.word()));
            assert!(symbol.full.start <= symbol.span.start && symbol.span.end <= symbol.full.end);
            shown(&symbol.children, depth + 1, text);
        }
    }
    let mut text = String::new();
    shown(&analysis(SHOP).symbols(FileId(0)), 0, &mut text);
    insta::assert_snapshot!("outline", text);
}

fn labels(text: &str) -> Vec<String> {
    let at = text.find('¦').unwrap();
    let text = text.replace('¦', "");
    let loader = MapLoader::from([("shop.sc", text.as_str()), ("parts.sc", PARTS)]);
    super::completions("shop.sc", &loader, at as u32).into_iter().map(|found| found.label).collect()
}

#[test]
fn completions_fit_their_place() {
    for (written, wanted, unwanted) in [
        ("\nstate x { on ¦ }", "ORDER CANCEL RETRY done fault", "SOLD open"),
        ("\nstate x { on ORDER | ¦ }", "CANCEL PAID", "total"),
        ("\nstate x { on OR¦ }", "ORDER", "open"),
        ("\nstate x { on ORDER -> ¦ }", "open busy paying x self broken", "ORDER total"),
        ("\nstate x { on ORDER -> open, ¦ }", "busy", "ORDER"),
        ("\nstate x { on ORDER -> busy.¦ }", "paying", "open"),
        ("\nstate x { on ORDER [event.¦ }", "item count name", "total"),
        ("\nstate x { on ORDER [event.¦] -> open }", "item count name", "total"),
        ("\nstate x { on ORDER | CANCEL [event.¦ }", "item name", "count kind"),
        ("\nstate x { on fault / log event.¦ }", "kind name", "item"),
        ("\nstate x { on ORDER [¦ }", "total last known event none in not len id", "emit open"),
        ("\nstate x { on ORDER / ¦ }", "emit raise send total audit", "ORDER known"),
        ("\nstate x { on ORDER / emit ¦ }", "SOLD", "ORDER"),
        ("\nstate x { on ORDER / emit SOLD(¦ }", "total event", "emit"),
        ("\nstate x { on ORDER / emit SOLD(\"a\"), ¦ }", "emit raise", "ORDER"),
        ("\nstate x { on ORDER / raise ¦ }", "RETRY ORDER", "SOLD"),
        ("\nstate x { on ORDER / send ¦ }", "depot self helper", "ORDER"),
        ("\nstate x { on ORDER / send depot ¦ }", "FETCH", "ORDER"),
        ("\nstate x { on ORDER / total := ¦ }", "total last", "emit"),
        ("\nstate x { on ORDER / total := total / ¦ }", "total", "emit"),
        ("\nstate x { entry / if total > 1 { ¦ } }", "emit", "ORDER"),
        ("\nstate x { entry / for a, b in [1] { log ¦ } }", "a b total", "emit"),
        ("\nstate x { entry / stop ¦ }", "helper", "depot"),
        ("\nstate x { entry / cancel ¦ }", "again", "helper"),
        ("\nstate x { do ¦ }", "charge Depot Shop", "known"),
        ("\nstate x { defer ¦ }", "ORDER", "open"),
        ("\nstate x { initial ¦ state in_x }", "in_x", "open"),
        ("\nstate x { ¦ }", "on entry after state", "input machine"),
        ("\nstate x(p: Text) { entry / log ¦ }", "p total", "item"),
        ("\nstate x(p: ¦ }", "Int Text Card", "total"),
        ("\n¦", "state input output on property", "region2 machine"),
        ("\nuse ¦", "Recoverable", "open"),
        ("\npeer other: ¦", "Depot Shop", "open"),
        ("\ninput { A(n: ¦ }", "Int Text Card", "total"),
        ("\ncontext { a: ¦ }", "Int Card", "total"),
        ("\nextern { service f() -> ¦ }", "PAID CANCEL", "open"),
        ("\nextern { ¦ }", "type guard action service", "on"),
        ("\nproperty \"p\": from ¦", "open busy", "ORDER"),
        ("\nproperty \"p\": ORDER leads to ¦", "SOLD PAID", "open"),
        ("\nlimits { ¦ }", "internal undo", "on"),
        ("\n} ¦ machine Z {", "machine system fragment", "state"),
        ("\n} system S { actor a: ¦ } machine Z {", "Shop Depot", "a"),
        ("\n} system S { actor a: Depot external B a -> ¦ } machine Z {", "a B", "Shop"),
        ("\n} system S { actor a: Depot a -> a : ¦ } machine Z {", "FETCH", "a"),
    ] {
        // At the end of the machine, where its names are known.
        let text = format!("{}{written}\n}}\n", SHOP.trim_end().trim_end_matches('}'));
        let found = labels(&text);
        for label in wanted.split(' ') {
            assert!(found.iter().any(|found| found == label), "{written}: no `{label}` in {found:?}");
        }
        for label in unwanted.split(' ') {
            assert!(!found.iter().any(|found| found == label), "{written}: `{label}` in {found:?}");
        }
    }
    for silent in ["// on ¦", "/* on ¦ */", "state x \"on ¦\"", "state ¦", "input { A ¦ }"] {
        assert_eq!(labels(&format!("machine M {{ {silent}\n }}")), [""; 0], "{silent}");
    }
}

#[test]
fn broken_text_answers_with_what_is_left() {
    for end in (0..=SHOP.len()).filter(|end| SHOP.is_char_boundary(*end)).step_by(3) {
        let text = &SHOP[..end];
        let analysis = analysis(text);
        for at in [0, end / 2, end.saturating_sub(1), end, end + 7, usize::MAX >> 33] {
            let at = at as u32;
            let _ = analysis.hover(FileId(0), at);
            let _ = super::completions("shop.sc", &MapLoader::from([("shop.sc", text)]), at);
            let _ = analysis.renamable(FileId(9), at);
        }
        let _ = analysis.symbols(FileId(0));
    }
    let cut = analysis(&SHOP[..SHOP.find("state busy").unwrap()]);
    assert!(cut.declarations().iter().any(|known| known.kind == Kind::State && known.name == "open"));
}
