//! What a call to the broker can end in, before it is known what was asked for.

use crate::ports::LogError;
use rskafka::client::error::{Error as ClientError, ProtocolError};
use std::time::Duration;
use tokio::time::timeout;

/// A failed call.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client's or the broker's words.
    Client(ClientError),
    /// No answer in time. It may have happened all the same.
    Late(Duration),
}

/// Waits for a call, not longer than it may take: the client itself waits for ever.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, Failure> {
    match timeout(limit, call).await {
        Ok(result) => result.map_err(Failure::Client),
        Err(_) => Err(Failure::Late(limit)),
    }
}

impl Failure {
    fn protocol(&self) -> Option<ProtocolError> {
        match self {
            Failure::Client(ClientError::ServerError { protocol_error, .. }) => Some(*protocol_error),
            _ => None,
        }
    }

    /// Whether the broker says that there is no such partition; its topic may be missing as well.
    pub(super) fn is_unknown_partition(&self) -> bool {
        self.protocol() == Some(ProtocolError::UnknownTopicOrPartition)
    }

    pub(super) fn is_out_of_range(&self) -> bool {
        self.protocol() == Some(ProtocolError::OffsetOutOfRange)
    }

    pub(super) fn is_existing_topic(&self) -> bool {
        self.protocol() == Some(ProtocolError::TopicAlreadyExists)
    }

    /// Whether the broker takes less at once than it was sent.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.protocol(), Some(ProtocolError::MessageTooLarge | ProtocolError::RecordListTooLarge))
    }

    /// What trying again cannot change: who may do what, how the broker is set up, and what is too large.
    fn is_permanent(&self) -> bool {
        use ProtocolError as P;
        self.protocol().is_some_and(|error| {
            matches!(
                error,
                P::MessageTooLarge
                    | P::RecordListTooLarge
                    | P::InvalidTopicException
                    | P::InvalidReplicationFactor
                    | P::TopicAuthorizationFailed
                    | P::ClusterAuthorizationFailed
                    | P::SaslAuthenticationFailed
                    | P::UnsupportedVersion
                    | P::PolicyViolation
            )
        })
    }

    /// As an error of the port.
    pub(super) fn while_doing(self, doing: String) -> LogError {
        let transient = !self.is_permanent();
        let source: Box<dyn std::error::Error + Send + Sync> = match self {
            // Its reason, without what the client knows of the request.
            Failure::Client(ClientError::ServerError { protocol_error, error_message, .. }) => {
                let why = error_message
                    .map_or_else(|| protocol_error.to_string(), |why| format!("{protocol_error}: {why}"));
                format!("the broker refuses it ({why})").into()
            }
            Failure::Client(error) => error.into(),
            Failure::Late(limit) => format!("no answer within {} s", limit.as_secs_f32()).into(),
        };
        LogError::Io { doing, transient, source }
    }
}
