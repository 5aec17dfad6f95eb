//! The untyped view of an actor: what can be asked of any machine.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{Actor, Handle, Status, StopReason};

/// Any actor; cheap to clone. Counts as a handle of it.
#[derive(Clone)]
pub struct ActorRef(Arc<dyn Control>);

/// The part of a handle that does not depend on the machine's types.
trait Control: Send + Sync {
    fn name(&self) -> &Arc<str>;
    fn machine(&self) -> &'static str;
    fn status(&self) -> Status;
    fn leaves(&self) -> Vec<&'static str>;
    fn path(&self) -> Vec<String>;
    fn unhandled(&self) -> u64;
    fn restarts(&self) -> u64;
    fn request_stop(&self, within: Duration);
    fn abort(&self);
    fn join(&self) -> Pin<Box<dyn Future<Output = StopReason> + Send + '_>>;
}

impl<C: Actor> Control for Handle<C> {
    fn name(&self) -> &Arc<str> {
        self.name()
    }
    fn machine(&self) -> &'static str {
        C::TABLES.name
    }
    fn status(&self) -> Status {
        self.status()
    }
    fn leaves(&self) -> Vec<&'static str> {
        self.leaves()
    }
    fn path(&self) -> Vec<String> {
        self.path()
    }
    fn unhandled(&self) -> u64 {
        self.unhandled()
    }
    fn restarts(&self) -> u64 {
        self.restarts()
    }
    fn request_stop(&self, within: Duration) {
        self.request_stop(within);
    }
    fn abort(&self) {
        self.abort();
    }
    fn join(&self) -> Pin<Box<dyn Future<Output = StopReason> + Send + '_>> {
        Box::pin(self.join())
    }
}

impl ActorRef {
    pub(super) fn new<C: Actor>(handle: Handle<C>) -> Self {
        Self(Arc::new(handle))
    }

    /// See [`Handle::name`].
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.0.name()
    }

    /// The machine's name as its spec spells it.
    #[must_use]
    pub fn machine(&self) -> &'static str {
        self.0.machine()
    }

    /// See [`Handle::status`].
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// See [`Handle::leaves`].
    #[must_use]
    pub fn leaves(&self) -> Vec<&'static str> {
        self.0.leaves()
    }

    /// See [`Handle::path`].
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        self.0.path()
    }

    /// See [`Handle::unhandled`].
    #[must_use]
    pub fn unhandled(&self) -> u64 {
        self.0.unhandled()
    }

    /// See [`Handle::restarts`].
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.0.restarts()
    }

    /// See [`Handle::stop`].
    pub async fn stop(&self, within: Duration) -> StopReason {
        self.0.request_stop(within);
        self.0.join().await
    }

    /// See [`Handle::abort`].
    pub fn abort(&self) {
        self.0.abort();
    }

    /// See [`Handle::join`].
    pub async fn join(&self) -> StopReason {
        self.0.join().await
    }
}

impl fmt::Debug for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorRef").field("name", self.name()).field("status", &self.status()).finish()
    }
}
