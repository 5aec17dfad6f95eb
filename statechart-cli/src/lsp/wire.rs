//! Messages on stdin and stdout: `Content-Length: N`, an empty line, N bytes of JSON.

use std::io::{self, BufRead, Read as _, Write as _};

use lsp_server::Message;

use crate::error::Error;

/// Most bytes of one message: a file of the largest size, every byte of it escaped.
const MESSAGE_LIMIT: usize = 128 << 20;

/// Most bytes of a header line.
const LINE_LIMIT: u64 = 1 << 10;

/// Most header lines of a message.
const HEADER_LIMIT: usize = 16;

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// A body that is no message; the next one can be read.
    Garbage(String),
    /// Where the next message starts cannot be known.
    Lost(String),
    /// The client has gone.
    End,
}

/// Reads one message.
pub(super) fn read(input: &mut impl BufRead) -> Incoming {
    let mut length = None;
    for count in 0.. {
        let mut line = Vec::new();
        match input.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(0) if count == 0 => return Incoming::End,
            Ok(0) => return Incoming::Lost("the input ends inside a header".to_owned()),
            Ok(_) => {}
            Err(why) => return Incoming::Lost(why.to_string()),
        }
        if line.last() != Some(&b'\n') || count >= HEADER_LIMIT {
            return Incoming::Lost("what comes in is no header of the language server protocol".to_owned());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Incoming::Lost(format!(
                "`{}` is no header of the language server protocol",
                line.escape_debug()
            ));
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let Some(length) = length.filter(|length| *length <= MESSAGE_LIMIT) else {
        return Incoming::Lost(format!("a message has no Content-Length, or one above {MESSAGE_LIMIT}"));
    };
    let mut body = Vec::new();
    // It grows with what comes, not with what was announced.
    match input.by_ref().take(length as u64).read_to_end(&mut body) {
        Ok(read) if read == length => {}
        Ok(_) => return Incoming::Lost("the input ends inside a message".to_owned()),
        Err(why) => return Incoming::Lost(why.to_string()),
    }
    match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(why) => Incoming::Garbage(format!("a message is not JSON-RPC: {why}")),
    }
}

/// Writes one message.
///
/// # Errors
/// The client has gone.
pub(super) fn write(message: &Message) -> Result<(), Error> {
    let mut output = io::stdout().lock();
    message.write(&mut output).map_err(to_client)
}

/// Answers what is no request: an error for nobody, as JSON-RPC has it.
///
/// # Errors
/// The client has gone.
pub(super) fn refuse(why: &str) -> Result<(), Error> {
    let body = serde_json::json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": lsp_server::ErrorCode::ParseError as i32, "message": why },
    })
    .to_string();
    let mut output = io::stdout().lock();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())
        .and_then(|()| output.flush())
        .map_err(to_client)
}

fn to_client(why: io::Error) -> Error {
    Error::Write { to: "to the editor".to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::{Incoming, read};

    #[test]
    fn only_whole_messages_are_read() {
        let note = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;
        let framed = format!("Content-Length: {}\r\nContent-Type: x\r\n\r\n{note}", note.len());
        assert!(matches!(read(&mut framed.as_bytes()), Incoming::Message(_)));
        assert!(matches!(read(&mut &b""[..]), Incoming::End));
        let mut two = format!("content-length: 3\n\nxyz{framed}");
        assert!(matches!(read(&mut two.as_bytes()), Incoming::Garbage(_)));
        two.drain(.."content-length: 3\n\nxyz".len());
        assert!(matches!(read(&mut two.as_bytes()), Incoming::Message(_)));
        for lost in [
            "hello\n\n",
            "Content-Length: 5\r\n\r\nxy",
            "Content-Length: 99999999999999\r\n\r\n{}",
            "Content-Length: -1\r\n\r\n{}",
            "Content-Type: x\r\n\r\n{}",
            "Content-Length: 5",
            &"x".repeat(5_000),
            &"a: b\r\n".repeat(50),
        ] {
            assert!(matches!(read(&mut lost.as_bytes()), Incoming::Lost(_)), "{lost}");
        }
    }
}
