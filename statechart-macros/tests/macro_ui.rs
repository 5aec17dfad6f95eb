//! What a user of `statechart!` sees when something is wrong, and that editing a spec rebuilds the crate.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where trybuild builds: beside this target directory's other artifacts. The macro looks for specs around it.
fn trybuild_project() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("tests/trybuild/statechart-macros")
}

#[test]
fn errors_of_the_macro() {
    let project = trybuild_project();
    fs::create_dir_all(&project).unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")).unwrap() {
        let file = file.unwrap();
        if file.path().extension().is_some_and(|found| found == "sc") {
            fs::copy(file.path(), project.join(file.file_name())).unwrap();
        }
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/ok.rs");
    for case in ["broken", "not_a_literal", "unknown_type", "missing_method", "nondeterministic"] {
        cases.compile_fail(format!("tests/ui/{case}.rs"));
    }
}

fn check(project: &Path) -> Output {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(["check", "--offline", "--quiet"])
        .current_dir(project)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuild-target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap()
}

#[test]
fn editing_a_spec_rebuilds_the_crate() {
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuild");
    fs::create_dir_all(project.join("src")).unwrap();
    let runtime = workspace().join("statechart-runtime");
    let manifest = format!(
        "[package]\nname = \"rebuild\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         statechart-runtime = {{ path = {runtime:?}, default-features = false, features = [\"macros\"] }}\n\n[workspace]\n"
    );
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    // The versions of the workspace, which are there already: nothing is asked of a registry.
    fs::copy(workspace().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let main = "import \"part.sc\"\nmachine Main { input { GO } peer part: Part initial a state a { on GO / send part HEAR } }\n";
    let part = "machine Part { input { HEAR } initial a state a { on HEAR } }\n";
    fs::write(project.join("main.sc"), main).unwrap();
    fs::write(project.join("part.sc"), part).unwrap();
    fs::write(
        project.join("src/lib.rs"),
        "statechart_runtime::statechart!(\"part.sc\");\nstatechart_runtime::statechart!(\"main.sc\");\n\
         pub fn go() -> main::Event { main::Event::Go }\n",
    )
    .unwrap();
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let output = check(&project);
    assert!(output.status.success(), "{}", told(&output));

    // The spec itself: the crate no longer fits it.
    fs::write(project.join("main.sc"), main.replace("GO", "RUN")).unwrap();
    let output = check(&project);
    assert!(!output.status.success() && told(&output).contains("Go"), "{}", told(&output));
    fs::write(project.join("main.sc"), main).unwrap();
    let output = check(&project);
    assert!(output.status.success(), "{}", told(&output));

    // A file that it imports.
    fs::write(project.join("part.sc"), part.replace("HEAR", "LISTEN")).unwrap();
    let output = check(&project);
    let text = told(&output);
    assert!(!output.status.success() && text.contains("SC011") && text.contains("main.sc"), "{text}");

    // No file at all.
    fs::write(project.join("src/lib.rs"), "statechart_runtime::statechart!(\"no_such.sc\");\n").unwrap();
    let text = told(&check(&project));
    assert!(text.contains("there is no spec `no_such.sc` in ") && text.contains("src/lib.rs:1:33"), "{text}");
}
