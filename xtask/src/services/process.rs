//! Processes that outlive the task that started them, and are known again by id and time of start.

use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{error::Error, tools};

/// A process and when it was started: ids are used again, both together are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// In the system's words.
    pub(super) started: String,
}

impl Process {
    /// Starts a program in the background, its output going to a log file.
    pub(super) fn spawn(command: &mut Command, log: &Path, hint: &str) -> Result<(Self, Child), Error> {
        let line = tools::line(command);
        let out = File::create(log).map_err(Error::file("write", log))?;
        let errors = out.try_clone().map_err(Error::file("write", log))?;
        // A group of its own: Ctrl-C at the terminal is for us, not for the services.
        command.process_group(0).stdin(Stdio::null()).stdout(out).stderr(errors);
        let child = command.spawn().map_err(|why| Error::Start { line, why, hint: hint.to_owned() })?;
        let pid = child.id();
        // A process that has ended already is found out when it is asked for its health.
        let started = started(pid).unwrap_or_default();
        Ok((Self { pid, started }, child))
    }

    /// Whether it still runs.
    pub(super) fn alive(&self) -> bool {
        !self.started.is_empty() && started(self.pid).is_some_and(|found| found == self.started)
    }

    /// Asks it to end. PostgreSQL waits for its clients at the usual signal, and not at an interrupt.
    pub(super) fn end(&self, by_interrupt: bool) {
        self.signal(if by_interrupt { Signal::INT } else { Signal::TERM });
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if !self.alive() {
            return;
        }
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // It may have ended in this moment, which is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits for its end.
    pub(super) fn gone_by(&self, deadline: Instant) -> bool {
        while self.alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }
}

/// When a process was started; `None` when there is none, or it has ended and nobody has asked for its result yet.
fn started(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        return started_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    }
    let asked = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    (!line.is_empty() && !line.starts_with('Z')).then(|| line.split_whitespace().skip(1).collect())
}

/// The 22nd word of the line, counted behind the program's name, which may hold blanks and brackets.
fn started_in(stat: &str) -> Option<String> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split_whitespace();
    let state = words.next()?;
    (state != "Z").then(|| words.nth(18).map(str::to_owned))?
}

/// Sixteen random digits, for names, passwords of a run and the broker's cluster.
pub(super) fn random_hex() -> Result<String, Error> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 8];
    File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::file("read", path))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_time_of_start_is_found_behind_any_name() {
        let stat = |state: &str| {
            format!("7 (a ) b) {state} 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5551234 100 10")
        };
        assert_eq!(started_in(&stat("S")).as_deref(), Some("5551234"));
        assert_eq!(started_in(&stat("Z")), None);
        assert_eq!(started_in(""), None);
    }

    #[test]
    fn only_the_same_process_is_ended() {
        let log = std::env::temp_dir().join(format!("process-test-{}.log", std::process::id()));
        let (process, mut child) = Process::spawn(Command::new("sleep").arg("60"), &log, "").unwrap();
        assert!(process.alive());
        let other = Process { started: "1".to_owned(), ..process.clone() };
        assert!(!other.alive());
        other.kill();
        assert!(process.alive(), "a process with another time of start is not ours");
        process.end(false);
        assert!(process.gone_by(Instant::now() + Duration::from_secs(10)));
        child.wait().unwrap();
        fs::remove_file(log).unwrap();
    }
}
