//! Where the workspace is, and how tasks start other programs.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::error::Error;

/// The workspace's directory.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |directory| root().join(directory))
}

/// A line of progress, on stderr: stdout belongs to the programs that a task runs.
pub(crate) fn progress(line: &str) {
    eprintln!("xtask: {line}");
}

/// Cargo, in the workspace.
pub(crate) fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    // What `cargo run` tells this program about itself would make build scripts that watch those
    // variables run again, and with them everything that depends on them.
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command, hint: &str) -> Result<(), Error> {
    let line = line(command);
    progress(&line);
    let status = command.status().map_err(|why| start_error(&line, why, hint))?;
    if status.success() { Ok(()) } else { Err(Error::Command { line, status, hint: hint.to_owned() }) }
}

/// Runs a program and returns what it wrote to stdout.
pub(crate) fn output(command: &mut Command, hint: &str) -> Result<String, Error> {
    let line = line(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|why| start_error(&line, why, hint))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::Command { line, status: output.status, hint: hint.to_owned() })
    }
}

/// Runs a program and returns what it wrote to stderr; that is passed on when the program fails.
pub(crate) fn errors(command: &mut Command, hint: &str) -> Result<String, Error> {
    let line = line(command);
    let output = command.stdout(Stdio::null()).output().map_err(|why| start_error(&line, why, hint))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    eprint!("{said}");
    Err(Error::Command { line, status: output.status, hint: hint.to_owned() })
}

/// Runs a program, passing on its stdout line by line and showing each line to `look`.
pub(crate) fn watch(command: &mut Command, hint: &str, mut look: impl FnMut(&str)) -> Result<(), Error> {
    let line = line(command);
    progress(&line);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|why| start_error(&line, why, hint))?;
    if let Some(stdout) = child.stdout.take() {
        // Bytes that are no text end no test run: such a line is passed on as well as it can be.
        for bytes in BufReader::new(stdout).split(b'\n') {
            let Ok(bytes) = bytes else { break };
            let text = String::from_utf8_lossy(&bytes);
            println!("{text}");
            look(&text);
        }
    }
    let status = child.wait().map_err(|why| start_error(&line, why, hint))?;
    if status.success() { Ok(()) } else { Err(Error::Command { line, status, hint: hint.to_owned() }) }
}

/// Whether Graphviz is installed.
pub(crate) fn has_graphviz() -> bool {
    let asked = Command::new("dot").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Installs Graphviz where that is possible without asking anyone: as root, with apt-get.
pub(crate) fn ensure_graphviz() -> Result<(), Error> {
    if has_graphviz() {
        Ok(())
    } else {
        ensure("dot", "graphviz", "the tests that render diagrams need Graphviz")
    }
}

/// Installs a program where that is possible without asking anyone: as root, with apt-get. The packages are
/// separated by spaces.
pub(crate) fn ensure(program: &str, packages: &str, need: &str) -> Result<(), Error> {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let hint = &format!(
        "{need}: install `{packages}` (Debian, Ubuntu: `apt-get install {packages}`) and run this again"
    );
    let apt_get = Command::new("apt-get").arg("--version").stdout(Stdio::null()).status();
    if !is_root() || !apt_get.is_ok_and(|status| status.success()) {
        return Err(Error::Unexpected {
            what: format!("the command `{program}`"),
            why: "it is not installed".to_owned(),
            hint: hint.clone(),
        });
    }
    // A fresh container has no package lists; an update that fails leaves the lists that there are.
    let _ = run(Command::new("apt-get").args(["update", "-qq"]), hint);
    let mut install = Command::new("apt-get");
    install.args(["install", "-qq", "--yes", "--no-install-recommends"]).args(packages.split(' '));
    run(install.env("DEBIAN_FRONTEND", "noninteractive"), hint)
}

/// Whether this is the user who may do everything.
pub(crate) fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

fn start_error(line: &str, why: std::io::Error, hint: &str) -> Error {
    Error::Start { line: line.to_owned(), why, hint: hint.to_owned() }
}

/// The command as a person would type it: programs without their directory.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
