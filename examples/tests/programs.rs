//! Every example is run, and prints what its snapshot says; transcripts in the pages of `docs/` show the same.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The program of an example, of the profile that this test has. A run of all tests has built it; where only this test is
/// run, it may be missing or older than what it is made of, and is built here.
fn program(name: &str) -> Command {
    static BUILD: Once = Once::new();
    // This test is target/PROFILE/deps/programs-…
    let profile = env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let path = profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !is_fresh(&path) {
        BUILD.call_once(|| {
            let directory = profile.file_name().unwrap().to_str().unwrap();
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .current_dir(root())
                .args(["build", "--quiet", "--package", "statechart-examples", "--examples"])
                .args(["--profile", if directory == "debug" { "dev" } else { directory }])
                .arg("--target-dir")
                .arg(profile.parent().unwrap());
            assert!(cargo.status().unwrap().success(), "the examples do not build");
        });
    }
    Command::new(path)
}

/// Whether a program is newer than every file that it is made of: cargo lists them beside it.
fn is_fresh(path: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let Some(built) = changed(path) else { return false };
    let Ok(list) = fs::read_to_string(path.with_extension("d")) else { return false };
    // `program: file file …`, blanks in names behind a backslash.
    let Some((_, files)) = list.lines().next().and_then(|line| line.split_once(": ")) else { return false };
    let files = files.replace("\\ ", "\0");
    files
        .split(' ')
        .all(|file| changed(Path::new(&file.replace('\0', " "))).is_some_and(|changed| changed <= built))
}

/// The examples by their files.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("examples/examples")).unwrap();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// What a program prints, given this on its stdin, and its exit code.
fn run(name: &str, input: &str) -> (String, i32) {
    let mut child =
        program(name).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "", "{name} says nothing on stderr");
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

/// What it reads, and its exit code, where that is not nothing and 0.
const SPECIAL: [(&str, &str, i32); 1] = [("command", "push\ncoin\npush\ncoin\n", 1)];

#[test]
fn every_example_prints_what_it_should() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut printed = BTreeMap::new();
    for name in names() {
        // That one serves until it is stopped.
        if name == "http" {
            continue;
        }
        let (_, input, code) =
            SPECIAL.into_iter().find(|special| special.0 == name).unwrap_or((&name, "", 0));
        let (out, found) = run(&name, input);
        assert_eq!(found, code, "{name}: {out}");
        settings.bind(|| insta::assert_snapshot!(name.clone(), out));
        printed.insert(name, out);
    }
    transcripts(&printed);
}

/// The pages show what the programs print. `DOCS_UPDATE=1` writes it anew.
fn transcripts(printed: &BTreeMap<String, String>) {
    let mut seen = 0;
    for page in fs::read_dir(root().join("docs")).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let document = fs::read_to_string(&page).unwrap();
        let mut made = String::new();
        let mut lines = document.lines();
        while let Some(line) = lines.next() {
            made.push_str(&format!("{line}\n"));
            let Some(name) = line.strip_prefix("```console example=") else { continue };
            let command = lines.next().unwrap();
            assert!(command.starts_with("$ cargo run "), "{}: {command}", page.display());
            let out = printed.get(name).unwrap_or_else(|| panic!("{}: {name}", page.display()));
            made.push_str(&format!("{command}\n{out}```\n"));
            lines.by_ref().find(|line| line.starts_with("```")).unwrap();
            seen += 1;
        }
        if env::var_os("DOCS_UPDATE").is_some() {
            if made != document {
                fs::write(&page, made).unwrap();
            }
        } else {
            let hint = "run `DOCS_UPDATE=1 cargo test -p statechart-examples`, and read what it wrote";
            assert_eq!(document, made, "{}: {hint}", page.display());
        }
    }
    assert!(seen >= 3, "only {seen} transcripts were found, so this test has stopped looking");
}

/// One request over a connection of its own: the status line and the body.
fn request(address: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: door\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn the_door_answers_over_http() {
    let mut server = program("http").arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    let asked = std::panic::catch_unwind(|| {
        for (method, path, body, status, answer) in [
            ("GET", "/door", "", "200 OK", "locked"),
            ("POST", "/code", "1111", "403 Forbidden", "wrong, 2 more"),
            ("POST", "/code", "2580", "200 OK", "open"),
            ("GET", "/door", "", "200 OK", "open"),
            ("POST", "/window", "", "404 Not Found", ""),
        ] {
            let expected = (format!("HTTP/1.1 {status}"), answer.to_owned());
            assert_eq!(request(&address, method, path, body), expected, "{method} {path} {body}");
        }
    });
    server.kill().unwrap();
    server.wait().unwrap();
    asked.unwrap();
}

/// A page that writes a spec of an example ends with it as it is.
#[test]
fn the_pages_write_the_specs_of_the_programs() {
    for (page, name) in [("tutorial", "door"), ("recipes", "connection"), ("recipes", "philosophers")] {
        let text = fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
        let spec = fs::read_to_string(root().join(format!("examples/specs/{name}.sc"))).unwrap();
        let last = text.rsplit_once(&format!("```sc {name}.sc\n")).unwrap().1.split_once("```").unwrap().0;
        assert_eq!(last, spec, "{page} and {name}");
    }
}
