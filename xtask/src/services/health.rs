//! Whether a service answers: the smallest question of each protocol, asked over a fresh connection.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is spoken at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Kafka,
    Postgres,
    Redis,
}

impl Protocol {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Protocol::Kafka => "kafka",
            Protocol::Postgres => "postgres",
            Protocol::Redis => "redis",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Protocol::Kafka, Protocol::Postgres, Protocol::Redis].into_iter().find(|one| one.name() == name)
    }

    /// A question, and how an answer that is one begins.
    fn question(self) -> (&'static [u8], &'static [&'static [u8]]) {
        match self {
            // ApiVersions, version 0, correlation 7, without a client's name. The answer repeats the correlation
            // behind its own length, whose upper bytes are zero.
            Protocol::Kafka => (&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255], &[&[0, 0]]),
            // Whether TLS is spoken: one letter.
            Protocol::Postgres => (&[0, 0, 0, 8, 4, 210, 22, 47], &[b"N", b"S"]),
            Protocol::Redis => (b"PING\r\n", &[b"+PONG", b"-NOAUTH"]),
        }
    }

    /// Asks.
    pub(super) fn ask(self, port: u16) -> Result<(), String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let asked = TcpStream::connect_timeout(&address, PATIENCE).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            let (question, answers) = self.question();
            stream.write_all(question)?;
            let length = answers.iter().map(|one| one.len()).max().unwrap_or(1);
            let mut answer = vec![0; length];
            let read = stream.read(&mut answer)?;
            answer.truncate(read);
            Ok(answer)
        });
        let answer = asked.map_err(|why| format!("port {port}: {why}"))?;
        let (_, answers) = self.question();
        if answers.iter().any(|one| answer.starts_with(one)) {
            Ok(())
        } else {
            Err(format!("port {port} does not speak {}: it says {answer:?}", self.name()))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_stranger_is_told_from_the_service() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = std::thread::spawn(move || {
            for answer in ["+PONG\r\n", "HTTP/1.1 400"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut question = [0; 6];
                stream.read_exact(&mut question).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert_eq!(Protocol::Redis.ask(port), Ok(()));
        assert!(Protocol::Redis.ask(port).unwrap_err().contains("does not speak redis"));
        answers.join().unwrap();
        // Refused, unless another program was given the port meanwhile.
        assert!(Protocol::Redis.ask(port).is_err());
    }
}
