//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second for an immediate one.

use std::future::Future;

use super::{error::CliError, output};

/// Becomes ready with the first SIGINT or SIGTERM.
pub(crate) struct Interrupt {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupt {
    /// Listens from now on; the process no longer dies of these signals.
    ///
    /// # Errors
    /// `Io` when the system does not let us listen.
    pub(crate) fn listen() -> Result<Self, CliError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let terminate = signal(SignalKind::terminate()).map_err(|source| CliError::Io {
                doing: "listen to",
                what: "signals".into(),
                source,
            })?;
            Ok(Self { terminate })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for a signal.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }

    /// Runs an orderly end; a second signal cuts it short.
    pub(crate) async fn unless_again(&mut self, end: impl Future<Output = ()>) {
        tokio::select! {
            () = end => {}
            () = self.wait() => output::note("stopped at once; what was acknowledged is stored"),
        }
    }
}
