//! Compile check.
#![allow(missing_docs)]
#[derive(Debug,Clone)] pub struct TickBatch; 
#[derive(Debug,Clone)] pub struct Job;
#[derive(Debug,Clone)] pub struct LogBatch;
#[derive(Debug,Clone)] pub struct Records;
#[derive(Debug,Clone)] pub struct Touched;
#[derive(Debug,Clone)] pub struct Request;
#[derive(Debug,Clone)] pub struct Answer;
statechart_runtime::statechart!("specs/producer.sc");
statechart_runtime::statechart!("specs/coordinator.sc");
statechart_runtime::statechart!("specs/consumer_fixed.sc");
statechart_runtime::statechart!("specs/consumer_dynamic.sc");
statechart_runtime::statechart!("specs/datastore.sc");
statechart_runtime::statechart!("specs/platform.sc");
statechart_runtime::statechart!("specs/turnstile.sc");
#[test]
fn turn() { let mut m = turnstile::Machine::new(()); let s = m.step(turnstile::Event::Coin); assert_eq!(s.path(), "unlocked"); assert_eq!(m.context.coins, 1); println!("{s:?}"); let s = m.step(turnstile::Event::Push); assert_eq!(s.path(), "locked"); assert!(m.accepts()); }
