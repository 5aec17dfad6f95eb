//! One process of the platform.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use actors::status::Status;

use super::servers::port;

pub struct Process {
    pub name: String,
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Process {
    /// `platform run` with an API on a free port; what it says goes into a file below `dir`.
    pub fn start(program: &Path, name: &str, dir: &Path, arguments: &[&str]) -> Self {
        let port = port();
        let log = dir.join(format!("{name}.log"));
        let said = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let child = Command::new(program)
            .args(["run", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
            .arg(dir.join(name))
            .args(arguments)
            .args(["--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .unwrap();
        Self { name: name.to_owned(), child, port, log }
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: an orderly end.
    pub fn end(mut self) {
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{}: {status}\n{}", self.name, self.said());
    }

    /// SIGSTOP: it holds what it holds, and does nothing.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([format!("-{signal}"), self.child.id().to_string()]).status();
        assert!(status.unwrap().success(), "kill -{signal}");
    }

    pub fn assert_runs(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "the {} has ended: {ended:?}\n{}", self.name, self.said());
    }

    /// What it and the ones of its name before it have said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Option<String> {
        self.ask(path).await?.text().await.ok()
    }

    /// Whatever it answers, a refusal as well.
    pub async fn answer(&self, path: &str) -> Option<String> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let response = client.get(format!("http://127.0.0.1:{}{path}", self.port)).send().await.ok()?;
        response.text().await.ok()
    }

    /// A success, with its headers.
    pub async fn ask(&self, path: &str) -> Option<reqwest::Response> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let response = client.get(format!("http://127.0.0.1:{}{path}", self.port)).send().await.ok()?;
        response.status().is_success().then_some(response)
    }

    pub async fn status(&self) -> Option<Status> {
        serde_json::from_str(&self.get("/v1/status").await?).unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let last: Vec<&str> = said.lines().rev().take(15).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            println!("── the last words of {}:\n{}", self.name, last.join("\n"));
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process, KiB.
fn resident(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Watches the memory of processes until it is asked.
pub struct Memory {
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<Vec<(String, u64, u64)>>,
}

impl Memory {
    pub fn watch<'a>(processes: impl IntoIterator<Item = &'a Process>) -> Self {
        let mut seen: Vec<(String, u32, u64, u64)> = processes
            .into_iter()
            .map(|one| (one.name.clone(), one.id(), resident(one.id()).unwrap(), 0))
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let watcher = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for (_, id, _, most) in &mut seen {
                    *most = resident(*id).unwrap_or(0).max(*most);
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            seen.into_iter().map(|(name, _, first, most)| (name, first, most)).collect()
        });
        Self { stop, watcher }
    }

    /// By process: its name, and how much it had first and at most, KiB.
    pub fn seen(self) -> Vec<(String, u64, u64)> {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().unwrap()
    }
}
