//! Where the services are, and real processes of the platform.

use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Command, Stdio},
};

use statechart_runtime::kafka::KafkaUrl;
use tempfile::TempDir;

use crate::Outcome;

/// What `cargo xtask bench pipeline` hands over.
pub(crate) struct Setup {
    values: BTreeMap<String, String>,
}

impl Setup {
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut values = BTreeMap::new();
        for arg in args {
            let (name, value) = arg.split_once('=').ok_or_else(|| format!("`{arg}` is not NAME=VALUE"))?;
            values.insert(name.to_owned(), value.to_owned());
        }
        let setup = Self { values };
        for name in ["kafka", "postgres", "timescaledb", "redis", "platform", "python"] {
            setup.get(name)?;
        }
        Ok(setup)
    }

    pub(crate) fn get(&self, name: &str) -> Outcome<&str> {
        self.values.get(name).map(String::as_str).ok_or_else(|| {
            format!(
                "no {name}, so nothing was measured; `cargo xtask bench pipeline` starts the services and names them"
            )
            .into()
        })
    }

    pub(crate) fn kafka(&self) -> Outcome<KafkaUrl> {
        Ok(self.get("kafka")?.parse()?)
    }

    /// A process of the platform on all services, with this store. No exchange answers: what it does needs none.
    pub(crate) fn start(&self, role: &str, store: &str, more: &[&str]) -> Outcome<Process> {
        let directory = tempfile::tempdir()?;
        let log = directory.path().join("log");
        let mut command = Command::new(self.get("platform")?);
        command
            .args(["run", "--role", role, "--exchange", "http://127.0.0.1:9", "--store", store])
            .args(["--log", self.get("kafka")?, "--cache", self.get("redis")?, "--data-dir"])
            .arg(directory.path().join("data"))
            .args(more)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?);
        let child = command.spawn()?;
        Ok(Process { child, directory })
    }
}

/// A process that ends with its owner.
pub(crate) struct Process {
    child: Child,
    directory: TempDir,
}

impl Process {
    /// An error with the last words of a process that has ended.
    pub(crate) fn check(&mut self) -> Outcome<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let said = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        Err(format!("the platform has ended ({status}): {}", said.lines().last().unwrap_or_default()).into())
    }

    /// Most memory that it has had so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
        Ok(kilobytes.ok_or("the kernel does not say how much memory it has had")? * 1024.0)
    }

    /// Processor time that it has taken so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Outcome<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Fields 14 and 15, in hundredths of a second; the name before them, in brackets, may hold spaces.
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: f64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|one| one.parse::<f64>().ok()).sum();
        Ok(ticks / 100.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
