//! An actor behind axum: a handler asks it and turns the output into a response.
//!
//! `cargo run -p statechart-examples --example http -- 127.0.0.1:3000`, then `curl -d 2580 http://127.0.0.1:3000/code`.

use std::{env, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use statechart_runtime::{
    actor::{AskError, Handle, Options, spawn},
    value::Text,
};

statechart_runtime::statechart!("specs/door.sc");

use door::{Event, Machine, Output};

struct Lock;

impl door::Externs for Lock {
    fn opens(&self, digits: &Text) -> bool {
        &**digits == "2580"
    }
}

/// A handle is cheap to clone, so it is the router's state as it is.
type Door = Handle<Machine<Lock>>;

/// One code. The handler waits for the machine's answer, not longer than a second.
async fn code(State(door): State<Door>, digits: String) -> (StatusCode, String) {
    let answer = |output: &Output| match output {
        Output::Unlock => Some((StatusCode::OK, "open".to_owned())),
        Output::Wrong { left } => Some((StatusCode::FORBIDDEN, format!("wrong, {left} more"))),
        Output::Blocked => Some((StatusCode::LOCKED, "blocked".to_owned())),
        Output::Lock => None,
    };
    let event = Event::Code { digits: digits.trim().to_owned().into() };
    match door.ask(event, answer, Duration::from_secs(1)).await {
        Ok(answer) => answer,
        Err(error @ (AskError::TooMany { .. } | AskError::Deadline { .. })) => {
            (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// What it is doing, without asking it.
async fn state(State(door): State<Door>) -> String {
    door.leaves().join(", ")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let door: Door = spawn(Machine::new(Lock), Options::default().name("door"));
    let app = Router::new().route("/code", post(code)).route("/door", get(state)).with_state(door);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
