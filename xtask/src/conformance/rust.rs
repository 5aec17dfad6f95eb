//! The tests on generated Rust: one crate with every machine as a module, driven by a table.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use statechart_lang::{
    MapLoader, codegen, compile,
    model::{Symbol, Type, names},
};

use super::suite::{self, Test};
use crate::{error::Error, tools};

/// What runs a machine: the clock, and what it sends itself.
const DRIVER: &str = include_str!("driver.rs.txt");

/// Runs the tests; for each, where it went wrong, in their order. What has an obstacle is not built.
pub(crate) fn run(tests: &[Test]) -> Result<Vec<Result<(), String>>, Error> {
    let crate_directory = suite::directory().join("rust");
    let source = crate_directory.join("src");
    fs::create_dir_all(&source).map_err(Error::file("make", &source))?;
    let mut made: Vec<Result<Made, String>> = Vec::with_capacity(tests.len());
    let (mut modules, mut rows) = (String::new(), String::new());
    for (index, test) in tests.iter().enumerate() {
        let one = match test.obstacle() {
            Some(obstacle) => Err(obstacle),
            None => generate(test, index),
        };
        if let Ok(one) = &one {
            write(&source.join(format!("t{index}.rs")), &one.module)?;
            let _ = writeln!(modules, "mod t{index};");
            rows.push_str(&one.row);
        }
        made.push(one);
    }
    write(&source.join("main.rs"), &format!("{DRIVER}\n{modules}\nfn main() {{\n{rows}}}\n"))?;
    write(&crate_directory.join("Cargo.toml"), &manifest())?;
    let lock = tools::root().join("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(Error::file("read", &lock))?;
    // Cargo takes out what this crate does not need, so a lock that is there stays.
    if !crate_directory.join("Cargo.lock").is_file() {
        write(&crate_directory.join("Cargo.lock"), &text)?;
    }
    let hint = "the compiler's messages are above; the generated crate is in target/conformance/rust";
    let mut cargo = tools::cargo(["run", "--quiet"]);
    cargo.current_dir(&crate_directory).env("CARGO_TARGET_DIR", suite::directory().join("build"));
    let said = tools::output(&mut cargo, hint)?;
    let leaves: BTreeMap<usize, &str> = said
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(at, found)| Some((at.parse().ok()?, found)))
        .collect();
    Ok(made
        .into_iter()
        .zip(tests)
        .enumerate()
        .map(|(index, (made, test))| {
            judge(test, &made?.paths, leaves.get(&index).copied().unwrap_or("nothing"))
        })
        .collect())
}

/// Holds the leaves after each step against those that the test wants.
fn judge(test: &Test, paths: &[String], said: &str) -> Result<(), String> {
    for (events, leaves) in said.split(';').enumerate() {
        let found: Option<Vec<String>> =
            leaves.split_whitespace().map(|id| paths.get(id.parse::<usize>().ok()?).cloned()).collect();
        let found = found.ok_or_else(|| format!("the compiled machine said `{said}`"))?;
        super::compare(test, events, found)?;
    }
    Ok(())
}

/// Files that stay as they are keep their time, so that cargo builds only what changed.
fn write(file: &Path, text: &str) -> Result<(), Error> {
    if fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    fs::write(file, text).map_err(Error::file("write", file))
}

fn manifest() -> String {
    let runtime = tools::root().join("statechart-runtime");
    // The empty [workspace] keeps the manifest out of this one.
    format!(
        "[package]\nname = \"conformance\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
         [dependencies]\nstatechart-runtime = {{ path = {:?}, default-features = false, features = [\"std\"] }}\n\n\
         [profile.dev]\nopt-level = 0\ndebug = false\nincremental = false\n",
        runtime.display().to_string()
    )
}

struct Made {
    module: String,
    row: String,
    /// Paths of the states, by index.
    paths: Vec<String>,
}

fn generate(test: &Test, index: usize) -> Result<Made, String> {
    let imported = test.imported.as_ref().map_err(Clone::clone)?;
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", imported.text.as_str())]));
    let model = compiled.model.as_ref().ok_or("the translation has errors")?;
    let machine = model.machine(&imported.machine).ok_or("the machine is missing")?;
    let file = syn::parse_file(&codegen::generate(model))
        .map_err(|why| format!("the generated Rust does not parse: {why}"))?;
    let path = format!("t{index}::{}", names::snake(&machine.name));
    let mut row = format!("    run::<{path}::Machine<()>>({index}, {path}::Machine::new(()), vec![");
    for event in &test.events {
        let made = match imported.events.get(&event.name).and_then(|name| machine.event(name)) {
            Some(id) => construct(&machine.events[id].symbol, &path)?,
            None => "None".to_owned(),
        };
        let _ = write!(row, "({}, {made}),", event.after_us);
    }
    row.push_str("]);\n");
    let paths = machine.states.iter().map(|state| state.path.clone()).collect();
    Ok(Made { module: prettyplease::unparse(&file), row, paths })
}

/// An event without data.
fn construct(symbol: &Symbol, path: &str) -> Result<String, String> {
    let fields: Vec<String> = symbol
        .fields
        .iter()
        .map(|field| match field.ty {
            Type::Optional(_) => Ok(format!("r#{}: None", names::snake(&field.name))),
            _ => Err(format!("the event `{}` needs data", symbol.name)),
        })
        .collect::<Result<_, String>>()?;
    let fields = if fields.is_empty() { String::new() } else { format!(" {{ {} }}", fields.join(", ")) };
    Ok(format!("Some({path}::Event::r#{}{fields})", names::pascal(&symbol.name)))
}
