//! One process at a time per data directory.
//!
//! [`platform::start`](crate::platform) acquires the lock before it opens any file and keeps it while it runs. The
//! lock is the operating system's (`flock`), so it ends with the process, however that dies; the file stays, says
//! who held it last, and marks the directory as one that this program may delete data from (`platform reset`).

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// Name of the lock file.
pub const LOCK_FILE: &str = "lock";

/// Name of the file that holds log and store. SQLite puts `-wal` and `-shm` files beside it.
pub const DATA_FILE: &str = "platform.sqlite";

/// First line of every lock file of ours.
const MARK: &str = "data directory of the market-data platform";

/// Longest lock file that is looked at, in bytes; ours have less than 100.
const MAX_LOCK_BYTES: u64 = 4_096;

/// The right to use a data directory, until it is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    // Closing the file ends the lock.
    _file: File,
    dir: PathBuf,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process, or another platform of this process, uses it.
    #[error("the data directory {dir} is in use{}; stop that one first, or give another with --data-dir", holder(*.pid))]
    Held {
        /// The directory.
        dir: PathBuf,
        /// Process that holds it, as far as the lock file says.
        pid: Option<u32>,
    },
    /// The directory holds a file called `lock` that this program did not write.
    #[error(
        "{path} belongs to another program, so its directory is no data directory; give another with --data-dir"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The system does not let us.
    #[error(
        "cannot {doing} {path}: {source}; check that the directory may be written, or give another with --data-dir"
    )]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl DataDirLock {
    /// Creates the directory where it is missing, and takes it.
    ///
    /// # Errors
    /// [`LockError`]; `Held` at once, nothing is waited for.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let failed = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| LockError::Io { doing, path, source }
        };
        fs::create_dir_all(dir).map_err(failed("create", dir))?;
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        let before = read(&mut file).map_err(failed("read", &path))?;
        if !before.is_empty() && !before.starts_with(MARK) {
            return Err(LockError::Foreign { path });
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { dir: dir.to_owned(), pid: pid_in(&before) });
            }
            Err(TryLockError::Error(source)) => return Err(LockError::Io { doing: "lock", path, source }),
        }
        write(&mut file).map_err(failed("write", &path))?;
        Ok(Self { _file: file, dir: dir.to_owned() })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Whether a directory has been a data directory of this program, used at the moment or not.
pub fn is_data_dir(dir: &Path) -> bool {
    let text = File::open(dir.join(LOCK_FILE)).and_then(|mut file| read(&mut file));
    text.is_ok_and(|text| text.starts_with(MARK))
}

fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(MAX_LOCK_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(file: &mut File) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    write!(file, "{MARK}\npid {}\n", std::process::id())?;
    file.flush()
}

fn pid_in(text: &str) -> Option<u32> {
    text.lines().find_map(|line| line.strip_prefix("pid ")?.trim().parse().ok())
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" by process {pid}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_at_a_time() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("new");
        assert!(!is_data_dir(&dir));
        let first = DataDirLock::acquire(&dir).unwrap();
        assert!(is_data_dir(&dir));
        let refused = DataDirLock::acquire(&dir).unwrap_err();
        assert!(matches!(&refused, LockError::Held { pid: Some(pid), .. } if *pid == std::process::id()));
        assert!(refused.to_string().contains("is in use by process"), "{refused}");
        drop(first);
        DataDirLock::acquire(&dir).unwrap();
    }

    #[test]
    fn a_foreign_lock_file_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(LOCK_FILE);
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(DataDirLock::acquire(temp.path()), Err(LockError::Foreign { .. })));
        assert!(!is_data_dir(temp.path()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }
}
