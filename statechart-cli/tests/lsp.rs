//! `statechart lsp` as an editor meets it: the real binary, messages over stdin and stdout.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

/// Long enough for a busy machine; only a server that hangs is waited for so long.
const PATIENCE: Duration = Duration::from_secs(60);

const DOOR: &str = r#"/// Opens and shuts.
machine Door {
  input { OPEN(who: Text) SHUT KNOCK }
  output { GREETED(who: Text) }
  context { visits: Int = 0 }
  initial shut
  state shut { on OPEN -> wide / visits := visits + 1, emit GREETED(event.who) }
  state wide { on SHUT -> shut on KNOCK }
}
"#;

const WORDS: &str = "# OPEN\nOPEN: OPEN(who: \"OPEN\") SHUT\n";

const HOUSE: &str = "import \"door.sc\"\nsystem House {\n  actor door: Door\n  external Guest\n  Guest -> door : OPEN | KNOCK\n}\n";

struct Editor {
    child: Child,
    messages: Receiver<Value>,
    next: i64,
    directory: tempfile::TempDir,
}

impl Editor {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("door.sc"), DOOR).unwrap();
        fs::write(directory.path().join("house.sc"), HOUSE).unwrap();
        fs::write(directory.path().join("door.words"), WORDS).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_statechart"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim().parse().unwrap();
                    }
                }
                let mut body = vec![0; length];
                output.read_exact(&mut body).unwrap();
                if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, messages, next: 0, directory }
    }

    /// Past `initialize`, with these capabilities.
    fn running(capabilities: Value) -> (Self, Value) {
        let mut editor = Self::start();
        let root = editor.uri("");
        let result = editor
            .ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": capabilities}));
        editor.tell("initialized", json!({}));
        (editor, result["result"].clone())
    }

    fn uri(&self, name: &str) -> String {
        let path = fs::canonicalize(self.directory.path()).unwrap();
        format!("file://{}/{name}", path.display())
    }

    fn raw(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    fn write(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request without waiting; its id.
    fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    fn message(&self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("the server answers")
    }

    /// Sends a request; its response. Notifications that come before it are passed over.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let message = self.message();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// The next diagnostics of a file.
    fn diagnostics(&self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let message = self.message();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let document = json!({"uri": uri, "languageId": "statechart", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Asks about the place that `¦` marks in a piece of a text.
    fn at(&mut self, method: &str, name: &str, text: &str, marked: &str, more: &Value) -> Value {
        let (line, character) = place(text, marked);
        let mut params = json!({
            "textDocument": {"uri": self.uri(name)},
            "position": {"line": line, "character": character},
        });
        for (key, value) in more.as_object().unwrap() {
            params[key] = value.clone();
        }
        self.ask(method, params)
    }

    fn end(mut self) -> (i32, String) {
        drop(self.child.stdin.take());
        let code = self.child.wait().unwrap().code().unwrap();
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (code, text)
    }
}

/// Line and UTF-16 column.
fn place(text: &str, marked: &str) -> (usize, usize) {
    let (before, after) = marked.split_once('¦').unwrap();
    let at = text.find(&format!("{before}{after}")).unwrap() + before.len();
    let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    (text[..at].matches('\n').count(), text[line_start..at].encode_utf16().count())
}

/// Applies the edits of one file; they come in ascending order and on ASCII text.
fn edited(text: &str, edits: &Value) -> String {
    let mut text = text.to_owned();
    let offset = |text: &str, at: &Value| {
        let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + usize::try_from(at["character"].as_u64().unwrap()).unwrap()
    };
    for edit in edits.as_array().unwrap().iter().rev() {
        let (start, end) = (offset(&text, &edit["range"]["start"]), offset(&text, &edit["range"]["end"]));
        text.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    text
}

#[test]
fn a_session_from_start_to_end() {
    let (mut editor, capabilities) = Editor::running(json!({}));
    assert_eq!(capabilities["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(capabilities["serverInfo"]["name"], "statechart");

    editor.open("door.sc", DOOR);
    assert_eq!(editor.diagnostics("door.sc"), [json!(null); 0]);

    // A mistake comes, with its help, and goes.
    let door = editor.uri("door.sc");
    let (line, character) = place(DOOR, "-> wi¦de");
    let change = json!({
        "textDocument": {"uri": door, "version": 2},
        "contentChanges": [{
            "range": {"start": {"line": line, "character": character}, "end": {"line": line, "character": character + 2}},
            "text": "dde",
        }],
    });
    editor.tell("textDocument/didChange", change);
    let found = editor.diagnostics("door.sc");
    assert_eq!(found[0]["code"], "SC010", "{found:?}");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["range"]["start"], json!({"line": line, "character": character - 2}));
    assert!(found[0]["message"].as_str().unwrap().contains("help: did you mean `wide`?"), "{found:?}");
    let whole = json!({"textDocument": {"uri": door, "version": 3}, "contentChanges": [{"text": DOOR}]});
    editor.tell("textDocument/didChange", whole);
    assert!(editor.diagnostics("door.sc").is_empty());

    let none = json!({});
    let answer = editor.at("textDocument/definition", "door.sc", DOOR, "-> wi¦de", &none);
    let (line, character) = place(DOOR, "state ¦wide");
    assert_eq!(answer["result"][0]["uri"], door);
    assert_eq!(answer["result"][0]["range"]["start"], json!({"line": line, "character": character}));

    // `house.sc` is not open, and uses the event as well.
    let with = json!({"context": {"includeDeclaration": true}});
    let answer = editor.at("textDocument/references", "door.sc", DOOR, "OP¦EN(who", &with);
    let files: Vec<&str> =
        answer["result"].as_array().unwrap().iter().map(|found| found["uri"].as_str().unwrap()).collect();
    assert_eq!(files, [door.as_str(), door.as_str(), editor.uri("house.sc").as_str()]);
    let without = json!({"context": {"includeDeclaration": false}});
    let answer = editor.at("textDocument/references", "door.sc", DOOR, "OP¦EN(who", &without);
    assert_eq!(answer["result"].as_array().unwrap().len(), 2);

    let answer = editor.at("textDocument/hover", "door.sc", DOOR, "GREE¦TED(event", &none);
    let text = answer["result"]["contents"]["value"].as_str().unwrap();
    assert!(text.starts_with("```sc\nGREETED(who: Text)\n```\n\noutput of machine `Door`"), "{text}");

    let answer = editor.at("textDocument/completion", "door.sc", DOOR, "-> ¦wide", &none);
    let labels: Vec<&str> =
        answer["result"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["shut", "wide", "self"]);

    let answer = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": door}}));
    assert_eq!(answer["result"][0]["name"], "Door");
    let inner = answer["result"][0]["children"].as_array().unwrap();
    assert!(inner.iter().any(|symbol| symbol["name"] == "wide" && symbol["detail"] == "state wide"));

    let options = json!({"textDocument": {"uri": door}, "options": {"tabSize": 2, "insertSpaces": true}});
    let answer = editor.ask("textDocument/formatting", options);
    let formatted = edited(DOOR, &answer["result"]);
    assert!(formatted.contains("  input { OPEN(who: Text)  SHUT  KNOCK }\n"), "{formatted}");

    assert_eq!(editor.ask("shutdown", json!(null))["result"], json!(null));
    assert_eq!(editor.ask("textDocument/hover", json!({}))["error"]["code"], -32600);
    editor.tell("exit", json!(null));
    assert_eq!(editor.end(), (0, String::new()));
}

#[test]
fn names_change_everywhere_or_not_at_all() {
    let (mut editor, _) = Editor::running(json!({}));
    editor.open("door.sc", DOOR);
    let (door, house) = (editor.uri("door.sc"), editor.uri("house.sc"));
    let none = json!({});
    let answer = editor.at("textDocument/prepareRename", "door.sc", DOOR, "on OP¦EN", &none);
    assert_eq!(answer["result"]["placeholder"], "OPEN");
    let answer = editor.at("textDocument/rename", "door.sc", DOOR, "on OP¦EN", &json!({"newName": "ENTER"}));
    let changes = &answer["result"]["changes"];
    assert_eq!(edited(DOOR, &changes[&door]), DOOR.replace("OPEN", "ENTER"));
    assert_eq!(edited(HOUSE, &changes[&house]), HOUSE.replace("OPEN", "ENTER"));
    // So do the words beside it, and no others.
    let words = editor.uri("door.words");
    assert_eq!(
        edited(WORDS, &changes[&words]),
        "# OPEN\nENTER: ENTER(who: \"OPEN\") SHUT\n".replacen("ENTER:", "OPEN:", 1)
    );
    assert_eq!(changes.as_object().unwrap().len(), 3, "{changes}");

    for (marked, name, why) in [
        ("on OP¦EN", "SHUT", "declared twice"),
        ("on OP¦EN", "it's", "is no name"),
        ("state wi¦de", "shut", "declared twice"),
        ("state wi¦de", "done", "word of the language"),
        ("state wi¦de", "1st", "is no name"),
        ("¦machine", "x", "word of the language"),
        ("visits: In¦t", "x", "built into"),
    ] {
        let answer = editor.at("textDocument/rename", "door.sc", DOOR, marked, &json!({"newName": name}));
        let said = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{marked} {name}: {answer}"));
        assert!(said.contains(why), "{marked} {name}: {said}");
    }
    let answer = editor.at("textDocument/prepareRename", "door.sc", DOOR, "in¦itial", &none);
    assert!(answer["error"]["message"].as_str().unwrap().contains("word of the language"));
    assert_eq!(
        fs::read_to_string(editor.directory.path().join("house.sc")).unwrap(),
        HOUSE,
        "the editor writes"
    );
}

/// The house knows the door by another path than the editor does.
#[test]
#[cfg(unix)]
fn a_file_is_the_same_by_any_of_its_paths() {
    let (mut editor, _) = Editor::running(json!({}));
    std::os::unix::fs::symlink("door.sc", editor.directory.path().join("link.sc")).unwrap();
    let linked = HOUSE.replace("door.sc", "link.sc");
    fs::write(editor.directory.path().join("house.sc"), &linked).unwrap();
    editor.open("house.sc", &linked);
    assert!(editor.diagnostics("house.sc").is_empty());
    let none = json!({});
    let (door, house, link) = (editor.uri("door.sc"), editor.uri("house.sc"), editor.uri("link.sc"));
    let answer = editor.at("textDocument/definition", "house.sc", &linked, "link¦.sc", &none);
    assert_eq!(answer["result"][0]["uri"], link, "{answer}");

    editor.open("door.sc", DOOR);
    for marked in ["link¦.sc", "actor door: Do¦or"] {
        let answer = editor.at("textDocument/definition", "house.sc", &linked, marked, &none);
        assert_eq!(answer["result"][0]["uri"], door, "{marked}: {answer}");
    }
    let declared = json!({"context": {"includeDeclaration": true}});
    let here = editor.at("textDocument/references", "door.sc", DOOR, "on OP¦EN", &declared);
    let there = editor.at("textDocument/references", "house.sc", &linked, "OP¦EN |", &declared);
    assert_eq!(here["result"], there["result"]);
    let uris: Vec<&str> =
        here["result"].as_array().unwrap().iter().map(|found| found["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, [&door, &door, &house]);
    for (name, text, marked) in [("door.sc", DOOR, "on OP¦EN"), ("house.sc", linked.as_str(), "OP¦EN |")] {
        let answer = editor.at("textDocument/rename", name, text, marked, &json!({"newName": "ENTER"}));
        let changes = &answer["result"]["changes"];
        assert_eq!(edited(DOOR, &changes[&door]), DOOR.replace("OPEN", "ENTER"), "{answer}");
        assert_eq!(edited(&linked, &changes[&house]), linked.replace("OPEN", "ENTER"));
        assert_eq!(changes.as_object().unwrap().len(), 3, "with its words: {changes}");
    }
    // What the editor has not saved counts under the other path, too.
    let changed = DOOR.replace("OPEN", "ENTER");
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": door}}));
    editor.open("door.sc", &changed);
    let found = editor.diagnostics("house.sc");
    assert!(found[0]["message"].as_str().unwrap().contains("OPEN"), "{found:?}");
}

#[test]
fn open_buffers_come_before_the_disk() {
    let (mut editor, _) = Editor::running(json!({}));
    editor.open("house.sc", HOUSE);
    assert!(editor.diagnostics("house.sc").is_empty());
    // The buffer of the import loses an event; its importer is told.
    editor.open("door.sc", &DOOR.replace("OPEN", "ENTER"));
    let found = editor.diagnostics("house.sc");
    assert!(found[0]["message"].as_str().unwrap().contains("OPEN"), "{found:?}");
    let door = editor.uri("door.sc");
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": door}}));
    assert!(editor.diagnostics("house.sc").is_empty(), "the file on the disk has it");
    // A duplicate points at the first one.
    let twice = DOOR.replace("state wide", "state shut");
    editor.open("door.sc", &twice);
    let found = editor.diagnostics("door.sc");
    let duplicate = found.iter().find(|found| found["code"] == "SC017").unwrap();
    let related = &duplicate["relatedInformation"][0];
    assert_eq!(related["message"], "declared first here");
    assert_eq!(related["location"]["uri"], door);
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "machine M { input { A } initial s state s \"ä😀\" { on A -> t } }\n";
    for (offered, encoding) in [(json!(["utf-8", "utf-16"]), "utf-8"), (json!(["utf-16"]), "utf-16")] {
        let (mut editor, capabilities) = Editor::running(json!({"general": {"positionEncodings": offered}}));
        assert_eq!(capabilities["capabilities"]["positionEncoding"], encoding);
        editor.open("m.sc", text);
        let found = editor.diagnostics("m.sc");
        let at = text.find("t } }").unwrap();
        let column = if encoding == "utf-8" { at } else { text[..at].encode_utf16().count() };
        assert_eq!(found[0]["range"]["start"]["character"], column, "{encoding}");
    }
}

#[test]
fn nothing_odd_stops_it() {
    let mut editor = Editor::start();
    let early = editor.ask("textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    let uri = editor.uri("odd.sc");
    assert!(editor.ask("initialize", json!({"capabilities": {}}))["result"].is_object());
    assert_eq!(editor.ask("initialize", json!({"capabilities": {}}))["error"]["code"], -32600);
    assert_eq!(editor.ask("workspace/unknown", json!({}))["error"]["code"], -32601);
    assert_eq!(editor.ask("textDocument/hover", json!({"textDocument": 7}))["error"]["code"], -32602);
    editor.tell("workspace/unknown", json!({}));
    editor.tell(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 1}, "contentChanges": []}),
    );
    editor.tell("textDocument/didOpen", json!(null));

    // A body that is no message is refused, and the next one read.
    editor.raw("Content-Length: 9\r\n\r\nnot json!");
    let refused = editor.message();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(null), &json!(-32700)));

    // Broken text, and places that no text has.
    let far = json!({"line": 4_000_000_000_u32, "character": 4_000_000_000_u32});
    for text in
        ["", "machine M { state a { on ", "}}}}", "\"", "/* ", "machine M { input { 'ä", "\u{0}", "\r\r\n\r"]
    {
        editor.open("odd.sc", text);
        for position in [json!({"line": 0, "character": 0}), json!({"line": 0, "character": 20}), far.clone()]
        {
            let params = json!({
                "textDocument": {"uri": uri},
                "position": position,
                "newName": "x",
                "context": {"includeDeclaration": true, "triggerKind": 1},
                "options": {"tabSize": 2, "insertSpaces": true},
            });
            for method in [
                "textDocument/hover",
                "textDocument/definition",
                "textDocument/references",
                "textDocument/completion",
                "textDocument/documentSymbol",
                "textDocument/formatting",
            ] {
                let answer = editor.ask(method, params.clone());
                assert!(answer.get("error").is_none(), "{method} on {text:?}: {answer}");
            }
            assert_eq!(editor.ask("textDocument/rename", params)["error"]["code"], -32803);
        }
        let change = json!({
            "textDocument": {"uri": uri, "version": 9},
            "contentChanges": [{"range": {"start": far, "end": {"line": 0, "character": 1}}, "text": "x"}],
        });
        editor.tell("textDocument/didChange", change);
    }

    // Nested far too deep: a diagnostic.
    editor.open("deep.sc", &format!("machine M {{ {} }}", "[".repeat(50_000)));
    let found = editor.diagnostics("deep.sc");
    assert_eq!(found[0]["code"], "SC003", "{found:?}");
    // Neither a file nor an address of one.
    let nowhere = json!({"textDocument": {"uri": "untitled:Untitled-1", "languageId": "statechart", "version": 1, "text": "machine"}});
    editor.tell("textDocument/didOpen", nowhere);
    let params = json!({"textDocument": {"uri": "untitled:Untitled-1"}, "position": far});
    let answer = editor.ask("textDocument/hover", params);
    assert_eq!(answer["result"]["contents"]["kind"], "markdown", "the end of its text is behind a keyword");
}

#[test]
fn cancelled_requests_are_answered_as_such() {
    let (mut editor, _) = Editor::running(json!({}));
    editor.open("door.sc", DOOR);
    let params =
        json!({"textDocument": {"uri": editor.uri("door.sc")}, "position": {"line": 1, "character": 10}});
    // Its cancellation comes first: then it is certain to be known.
    let id = editor.next + 1;
    editor.tell("$/cancelRequest", json!({"id": id}));
    let answer = editor.ask("textDocument/hover", params.clone());
    assert_eq!(answer["error"]["code"], -32800);
    assert!(editor.ask("textDocument/hover", params)["result"].is_object(), "only that one");
    editor.tell("$/cancelRequest", json!({"id": 4711}));
    editor.tell("$/cancelRequest", json!({"id": []}));
    assert!(editor.send("shutdown", json!(null)) > 0);
    editor.tell("exit", json!(null));
    assert_eq!(editor.end().0, 0);
}

#[test]
fn what_is_no_protocol_ends_it() {
    let mut editor = Editor::start();
    editor.raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(editor.message()["error"]["code"], -32700);
    let (code, text) = editor.end();
    assert_eq!(code, 2);
    assert!(text.contains("no header of the language server protocol"), "{text}");

    let mut editor = Editor::start();
    editor.raw("Content-Length: 999999999999\r\n\r\n");
    assert_eq!(editor.message()["error"]["code"], -32700);
    assert_eq!(editor.end().0, 2);

    // A client that dies without a word.
    let editor = Editor::start();
    assert!(Path::new(env!("CARGO_BIN_EXE_statechart")).exists());
    assert_eq!(editor.end(), (1, String::new()));
}

const LAMP: &str = "machine Lamp(watts: Int = 5) {
  input { ON(by: Text) OFF 1 }
  extern { guard dark() }
  initial out
  accept state out { on ON [dark() and watts > 0] -> lit on 1 }
  accept state lit { on OFF -> out }
  example \"ON(by: \\\"ON\\\")[dark] OFF\" -> out
  example \"(watts: 3) 111\" -> out
}
system House { actor lamp[watts: Int]: Lamp }
";

#[test]
fn examples_are_run_and_their_words_go_along() {
    let (mut editor, _) = Editor::running(json!({}));
    editor.open("lamp.sc", LAMP);
    assert!(editor.diagnostics("lamp.sc").is_empty());
    let lamp = editor.uri("lamp.sc");
    let rename = |editor: &mut Editor, marked: &str, name: &str| {
        let answer = editor.at("textDocument/rename", "lamp.sc", LAMP, marked, &json!({"newName": name}));
        if answer["error"].is_null() {
            edited(LAMP, &answer["result"]["changes"][&lamp])
        } else {
            answer["error"]["message"].as_str().unwrap().to_owned()
        }
    };
    for (marked, name, from, to) in [
        ("{ O¦N(by", "START", vec!["{ ON(", "on ON", "\"ON(by"], vec!["{ START(", "on START", "\"START(by"]),
        ("OF¦F 1", "AB", vec!["OFF 1", "on OFF", "] OFF"], vec!["AB 1", "on AB", "] AB"]),
        (
            "guard dar¦k",
            "late",
            vec!["guard dark", "ON [dark", "[dark]"],
            vec!["guard late", "ON [late", "[late]"],
        ),
        ("(b¦y: Text", "who", vec!["(by: Text", "(by: \\"], vec!["(who: Text", "(who: \\"]),
        // The family's value fills the parameter because they have one name.
        (
            "(wat¦ts: Int = 5",
            "w",
            vec!["(watts: Int", "(watts: 3", "[watts:", "watts >"],
            vec!["(w: Int", "(w: 3", "[w:", "w >"],
        ),
        (
            "[wat¦ts: Int]",
            "w",
            vec!["(watts: Int", "(watts: 3", "[watts:", "watts >"],
            vec!["(w: Int", "(w: 3", "[w:", "w >"],
        ),
    ] {
        let wanted = from.iter().zip(&to).fold(LAMP.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        assert_eq!(rename(&mut editor, marked, name), wanted, "{marked}");
    }
    let refused = rename(&mut editor, "OFF ¦1", "ONE");
    assert!(refused.contains("line 8") && refused.contains("write them apart first"), "{refused}");

    editor.open("lamp.sc", &LAMP.replace("OFF\" -> out", "OFF\" -> lit"));
    let found = editor.diagnostics("lamp.sc");
    assert_eq!(found[0]["code"], "SC041", "{found:?}");
}
