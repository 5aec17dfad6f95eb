//! Small machines, each a file to read: `cargo run -p statechart-examples --example turnstile`.
//!
//! | example | shows |
//! |---|---|
//! | `turnstile` | a machine in a plain `main`, without a runtime |
//! | `traffic_light` | timers and compound states, as an actor on Tokio |
//! | `connection` | a service with back-off, cancelled when its state is left |
