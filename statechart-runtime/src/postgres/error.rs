//! What the driver reports, as the port's errors; and what may be tried again.

use crate::ports::StoreError;
use sqlx::Error;

/// A database error as a port's error.
pub(super) fn failed(doing: &'static str, source: Error) -> StoreError {
    StoreError::Io { doing, transient: is_transient(&source), source: source.into() }
}

/// A call that took too long.
pub(super) fn timed_out(doing: &'static str, seconds: u64) -> StoreError {
    let source = format!("the database did not answer within {seconds} s").into();
    StoreError::Io { doing, transient: true, source }
}

/// The five characters of a database error.
pub(super) fn code(error: &Error) -> Option<String> {
    match error {
        Error::Database(error) => error.code().map(|code| code.into_owned()),
        _ => None,
    }
}

/// Whether the same call may succeed later: lost connections, conflicts, a full disk, a server that starts or stops.
pub(super) fn is_transient(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::PoolTimedOut | Error::WorkerCrashed | Error::Protocol(_) => true,
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // 08 connection, 40 rolled back by the server, 53 resources, 57 stopped by an operator, 58 system.
            ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
                // Lock not available; read-only since a failover; a transaction that idled too long.
                || ["55P03", "25006", "25P03"].contains(&code.as_ref())
        }
        _ => false,
    }
}

/// Whether the transaction lost a race and can be run again at once.
pub(super) fn is_conflict(error: &Error) -> bool {
    code(error).is_some_and(|code| code.starts_with("40") || code == "55P03")
}

/// Whether the connection is gone: nobody knows what became of the last statement.
pub(super) fn is_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P") || code == "25P03"
        }
        _ => false,
    }
}
