//! Child machines: how a [`Chart::Spawn`] becomes a machine that somebody runs.
//!
//! ```text
//! engine ── Effects::spawn(child, generation, Spawn) ──▶ host (an actor's shell)
//! host   ── Children::launch(child, Spawn, host) ──▶ generated: builds the child, Host::run(child, machine, link)
//! host   ── child is done: Link::result ──▶ Input::ChildDone{child, generation, result}
//! host   ── Message for Receiver::Child(n): Link::event ──▶ the child's mailbox
//! host   ── Message of the child for its parent: Link::parent ──▶ Input::Event
//! host   ── the parent stops the child: Chart::halt
//! ```
//!
//! All of it is static: the host is generic over the child that it is given, so that a machine of any type can
//! run without the chart knowing what runs it.

use super::{Chart, Services};

/// A chart that can start its child machines. Generated for every machine; one without children starts none.
pub trait Children: Chart {
    /// Builds the child that a spawn describes, with externs that the parent's supply, and hands it to the host.
    fn launch<H: Host<Self>>(&mut self, spawn: Self::Spawn, host: &mut H);
}

/// Whoever runs the child machines of `P`.
pub trait Host<P: Chart> {
    /// Runs a child that was just built and has not been started.
    fn run<K: Independent>(&mut self, child: u16, machine: K, link: Link<P, K>);
}

/// What a child `K` says to its parent `P`.
pub type Upward<P, K> = fn(<K as Chart>::Message) -> Result<<P as Chart>::Event, <K as Chart>::Message>;

/// How a parent `P` and its child `K` understand each other.
pub struct Link<P: Chart, K: Chart> {
    /// The event in a message for this child; `None` for a message to somebody else.
    pub event: fn(P::Message) -> Option<K::Event>,
    /// What the child returned, as the parent's guards and actions see it.
    pub result: fn(&K::Returned) -> Option<P::Returned>,
    /// The event in a message of the child to the machine that started it, the message itself where it is for
    /// somebody else; `None` where the child has no such peer.
    pub parent: Option<Upward<P, K>>,
    /// How the child is written down, where it was generated with snapshots.
    #[cfg(feature = "snapshot")]
    pub persist: Option<crate::snapshot::Persist<K>>,
}

impl<P: Chart, K: Chart> Link<P, K> {
    /// A link without snapshots.
    pub const fn new(
        event: fn(P::Message) -> Option<K::Event>,
        result: fn(&K::Returned) -> Option<P::Returned>,
    ) -> Self {
        Self {
            event,
            result,
            parent: None,
            #[cfg(feature = "snapshot")]
            persist: None,
        }
    }

    /// The same for a child that speaks to its parent.
    #[must_use]
    pub const fn with_parent(mut self, parent: Upward<P, K>) -> Self {
        self.parent = Some(parent);
        self
    }
}

#[cfg(feature = "snapshot")]
impl<P: Chart, K: crate::snapshot::Restorable> Link<P, K> {
    /// The same, with snapshots of the child.
    #[must_use]
    pub const fn with_snapshots(mut self) -> Self {
        self.persist = Some(crate::snapshot::Persist::of());
        self
    }
}

impl<P: Chart, K: Chart> Copy for Link<P, K> {}

impl<P: Chart, K: Chart> Clone for Link<P, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Chart, K: Chart> ::core::fmt::Debug for Link<P, K> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// A machine that can run by itself: everything that travels between tasks is [`Send`].
///
/// Implemented for every machine that fits; there is nothing to write.
pub trait Independent:
    Services
    + Children
    + Chart<
        Event: Send + 'static,
        Output: Send + 'static,
        Message: Send + 'static,
        Call: Send + 'static,
        Action: Send + 'static,
        Returned: Send + 'static,
        Spawn: Send + 'static,
    > + Send
    + 'static
{
}

impl<C> Independent for C where
    C: Services
        + Children
        + Chart<
            Event: Send + 'static,
            Output: Send + 'static,
            Message: Send + 'static,
            Call: Send + 'static,
            Action: Send + 'static,
            Returned: Send + 'static,
            Spawn: Send + 'static,
        > + Send
        + 'static
{
}
