//! Processor time of a clean dev build of one machine, over that of an empty crate, for us and others alike.

use std::{fs, path::Path};

use super::figures::Figures;
use crate::{error::Error, tools};

/// What a manifest asks for, by the name of a file in `bench/build/`. The empty one comes first.
const CRATES: [(&str, &str); 6] = [
    ("empty", ""),
    (
        "ours",
        "statechart-runtime = { path = \"ROOT/statechart-runtime\", default-features = false, features = [\"macros\", \"alloc\"] }",
    ),
    // What `statechart expand` has written is kept in the crate; nothing is made of a spec while it builds.
    (
        "ours-expanded",
        "statechart-runtime = { path = \"ROOT/statechart-runtime\", default-features = false, features = [\"alloc\"] }",
    ),
    ("rust-fsm", "rust-fsm = \"0.8\""),
    ("smlang", "smlang = \"0.8\""),
    ("statig", "statig = \"0.4\""),
];

/// How often each is built, in turn: what other programs do beside them disturbs a single build by a fifth.
const ROUNDS: usize = 3;

/// Builds each in a directory of its own below `target/`, and takes the middle of all rounds.
pub(super) fn measure(figures: &mut Figures) -> Result<(), Error> {
    let mut took = [const { Vec::new() }; CRATES.len()];
    for round in 1..=ROUNDS {
        for ((name, dependency), took) in CRATES.iter().zip(&mut took) {
            tools::progress(&format!("clean build, round {round} of {ROUNDS}: {name}"));
            took.push(build(name, dependency)?);
        }
    }
    let mut middle = took.into_iter().map(|mut took| {
        took.sort_by(f64::total_cmp);
        took.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
    });
    let empty = middle.next().unwrap_or(f64::NAN);
    for ((name, _), took) in CRATES.iter().skip(1).zip(middle) {
        figures.add("build", name, "clean", "cpu-seconds", took - empty);
    }
    Ok(())
}

/// Processor seconds of a clean build.
fn build(name: &str, dependency: &str) -> Result<f64, Error> {
    let directory = tools::target().join("bench-build").join(name);
    prepare(&directory, name, dependency)?;
    if name == "ours-expanded" {
        let to = directory.join("src/flat.rs");
        let mut expand = tools::cargo(["run", "--quiet", "--package", "statechart-cli", "--"]);
        expand.args(["expand", "bench/specs/flat.sc", "-o"]).arg(to);
        tools::run(&mut expand, "the command must build: `cargo build --package statechart-cli`")?;
    }
    let mut cargo = tools::cargo(["build", "--quiet", "--offline"]);
    // What comes from a registry is never built incrementally; neither is ours here.
    cargo
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .env("CARGO_INCREMENTAL", "0");
    let before = children()?;
    tools::run(&mut cargo, "the crates must be there: `cargo fetch`")?;
    Ok(children()? - before)
}

fn prepare(directory: &Path, name: &str, dependency: &str) -> Result<(), Error> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(Error::file("remove", directory))?;
    }
    let source = directory.join("src");
    fs::create_dir_all(&source).map_err(Error::file("make", &source))?;
    let dependency = dependency.replace("ROOT", &tools::root().to_string_lossy());
    let manifest = format!(
        "[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependency}\n"
    );
    let path = directory.join("Cargo.toml");
    fs::write(&path, manifest).map_err(Error::file("write", &path))?;
    let copies = [
        (format!("bench/build/{name}.rs"), source.join("main.rs")),
        ("bench/specs/flat.sc".to_owned(), directory.join("flat.sc")),
        // The versions that the workspace has, so that nothing needs to be fetched.
        ("Cargo.lock".to_owned(), directory.join("Cargo.lock")),
    ];
    for (from, to) in copies {
        let from = tools::root().join(from);
        fs::copy(&from, &to).map_err(Error::file("copy", &from))?;
    }
    Ok(())
}

/// Processor seconds of all finished child processes so far, theirs included.
fn children() -> Result<f64, Error> {
    let path = Path::new("/proc/self/stat");
    let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
    // Fields 16 and 17, in hundredths of a second; the name before them, in brackets, may hold spaces.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: f64 =
        fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
