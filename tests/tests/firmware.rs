//! The core needs neither `std` nor an allocator: the example firmware is built as a device would build it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use statechart_tests::workspace;

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.env_remove("RUSTFLAGS").current_dir(workspace());
    command
}

/// Builds the firmware as a static library, which the compiler completes: a missing panic handler or a
/// missing allocator is an error.
fn firmware(features: &str) -> Output {
    cargo()
        .args(["rustc", "--offline", "--quiet", "--package", "statechart-firmware", "--lib"])
        .args([
            "--features",
            features,
            "--crate-type",
            "staticlib",
            "--config",
            "profile.dev.panic=\"abort\"",
        ])
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_machine_needs_no_allocator() {
    let output = firmware("device");
    assert!(output.status.success(), "{}", told(&output));
    // The same with an allocator asked for is refused, so the build above proves something.
    let output = firmware("device,statechart-runtime/alloc");
    assert!(
        !output.status.success() && told(&output).contains("no global memory allocator"),
        "{}",
        told(&output)
    );
}

#[test]
fn a_spec_that_needs_an_allocator_says_so() {
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unallocated");
    fs::create_dir_all(project.join("src")).unwrap();
    let runtime = workspace().join("statechart-runtime");
    let manifest = format!(
        "[package]\nname = \"unallocated\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]\n\
         alloc = [\"statechart-runtime/alloc\"]\n\n[dependencies]\n\
         statechart-runtime = {{ path = {runtime:?}, default-features = false, features = [\"macros\"] }}\n\n[workspace]\n"
    );
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    // The versions of the workspace, which are there already: nothing is asked of a registry.
    fs::copy(workspace().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    fs::write(project.join("src/lib.rs"), "#![no_std]\nstatechart_runtime::statechart!(\"main.sc\");\n")
        .unwrap();
    let check = |features: &[&str]| {
        let mut command = cargo();
        command.args(["check", "--offline", "--quiet"]).args(features).current_dir(&project);
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuild-target"));
        command.output().unwrap()
    };
    for spec in [
        "machine Main { input { GO(names: [Text]) } context { all: [Text] = [] } initial a state a { on GO / all := event.names } }",
        "machine Main { input { GO(name: Text) } context { all: Text = \"\" } initial a state a { on GO / all := all + event.name } }",
    ] {
        fs::write(project.join("main.sc"), spec).unwrap();
        let output = check(&["--features", "alloc"]);
        assert!(output.status.success(), "{}", told(&output));
        let output = check(&[]);
        let text = told(&output);
        assert!(!output.status.success(), "{spec}: compiled");
        assert!(text.contains("needs an allocator") && text.contains("enable the feature `alloc`"), "{text}");
        let others: Vec<&str> = text
            .lines()
            .filter(|line| {
                line.starts_with("error")
                    && !line.contains("needs an allocator")
                    && !line.contains("could not compile")
            })
            .collect();
        assert!(others.is_empty(), "errors that do not say why: {others:#?}\n{text}");
    }
}
