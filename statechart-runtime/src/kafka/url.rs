//! `kafka://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]`

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

const SCHEME: &str = "kafka://";
/// Brokers that are asked for the others.
const MAX_BROKERS: usize = 32;

/// Where the brokers are. Its `Display` leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaUrl {
    pub(super) brokers: Vec<String>,
    pub(super) credentials: Option<(String, String)>,
}

/// Why a text is no address of brokers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{why}; give kafka://HOST:PORT, several brokers separated by commas, USER:PASSWORD@ before them for SASL PLAIN"
)]
pub struct KafkaUrlError {
    why: String,
}

impl FromStr for KafkaUrl {
    type Err = KafkaUrlError;

    fn from_str(text: &str) -> Result<Self, KafkaUrlError> {
        let wrong = |why: &str| KafkaUrlError { why: why.to_owned() };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with kafka://"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, hosts) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, hosts)) => {
                let (user, password) =
                    login.split_once(':').ok_or_else(|| wrong("there is a user but no password"))?;
                if user.is_empty() || password.is_empty() || login.contains('%') {
                    return Err(wrong(
                        "user and password must be there, and are taken as they stand, without `%`",
                    ));
                }
                (Some((user.to_owned(), password.to_owned())), hosts)
            }
        };
        let brokers: Vec<String> = hosts.split(',').map(str::to_owned).collect();
        if brokers.len() > MAX_BROKERS {
            return Err(wrong("there are more than 32 brokers; three are enough, they name the others"));
        }
        for broker in &brokers {
            let (host, port) = broker
                .rsplit_once(':')
                .ok_or_else(|| KafkaUrlError { why: format!("the broker `{broker}` has no port") })?;
            let is_host = |host: &str| {
                !host.is_empty() && host.chars().all(|one| one.is_alphanumeric() || "-._[]:".contains(one))
            };
            if !is_host(host) || !port.parse::<u16>().is_ok_and(|port| port > 0) {
                return Err(KafkaUrlError { why: format!("`{broker}` is no HOST:PORT") });
            }
        }
        Ok(Self { brokers, credentials })
    }
}

impl fmt::Display for KafkaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.credentials.as_ref().map(|(user, _)| format!("{user}@")).unwrap_or_default();
        write!(f, "{SCHEME}{user}{}", self.brokers.join(","))
    }
}

impl fmt::Debug for KafkaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KafkaUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("kafka://127.0.0.1:9092", "kafka://127.0.0.1:9092"),
            ("kafka://a:1,b:2/", "kafka://a:1,b:2"),
            ("kafka://[::1]:9092", "kafka://[::1]:9092"),
            ("kafka://me:secret@a.example:1", "kafka://me@a.example:1"),
        ] {
            let url: KafkaUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"));
        }
        for (text, why) in [
            ("127.0.0.1:9092", "does not begin"),
            ("kafka://", "has no port"),
            ("kafka://a", "has no port"),
            ("kafka://a:0", "no HOST:PORT"),
            ("kafka://a:99999", "no HOST:PORT"),
            ("kafka://a b:1", "no HOST:PORT"),
            ("kafka://me@a:1", "no password"),
            ("kafka://:x@a:1", "must be there"),
            ("kafka://a:1,,b:2", "has no port"),
        ] {
            let error = text.parse::<KafkaUrl>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("give kafka://HOST:PORT"), "{text}: {error}");
        }
    }
}
