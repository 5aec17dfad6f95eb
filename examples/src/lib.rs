//! Small machines, each a file to read: `cargo run -p statechart-examples --example turnstile`.
//!
//! | example | shows |
//! |---|---|
//! | `turnstile` | a machine in a plain `main`, without a runtime |
//! | `traffic_light` | timers and compound states, as an actor on Tokio |
//! | `connection` | a service with back-off, cancelled when its state is left |
//! | `order` | a workflow whose steps are taken back when it fails |
//! | `philosophers` | a system: ten actors of two machines that talk by messages |
//! | `supervision` | child machines, what fails in them, and restarts |
//! | `inspect` | everything that an actor does, as records |
//! | `http` | an actor behind axum |
//! | `command` | a machine inside a command |
//! | `plain_main` | the runtime's core with threads and a channel, without Tokio |
//! | `door_value`, `door_actor`, `door_snapshot` | the tutorial's programs |
//!
//! `tests/programs.rs` runs each of them.
