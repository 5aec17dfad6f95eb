//! The Rust of README.md, as it stands there; `docs.rs` compares the two.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

statechart_runtime::statechart!("specs/turnstile.sc"); // makes the module `turnstile`

fn without_a_runtime() {
    let mut gate = turnstile::Machine::new(());

    let step = gate.step(turnstile::Event::Coin);
    assert_eq!(step.path(), "unlocked");
    assert!(matches!(step.outputs[..], [turnstile::Output::Unlock]));

    gate.step(turnstile::Event::Push);
    assert_eq!(gate.context.coins, 1);
    assert!(gate.accepts()); // `locked` is an accepting state
}

async fn as_an_actor() -> Result<(), Box<dyn std::error::Error>> {
    use statechart_runtime::actor::{self, Options};
    use std::time::Duration;

    let gate = actor::spawn(turnstile::Machine::new(()), Options::default().name("gate"));

    let opened = |output: &turnstile::Output| matches!(output, turnstile::Output::Unlock).then_some(());
    gate.ask(turnstile::Event::Coin, opened, Duration::from_secs(1)).await?;
    gate.tell(turnstile::Event::Push).await?;
    gate.stop(Duration::from_secs(1)).await;
    assert_eq!(gate.path(), ["locked", "unlocked", "locked"]);
    Ok(())
}

#[test]
fn a_machine_steps() {
    without_a_runtime();
}

#[tokio::test]
async fn an_actor_answers() {
    as_an_actor().await.unwrap();
}
