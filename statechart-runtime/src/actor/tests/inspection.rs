//! What can be seen of an actor.

use super::*;
use crate::actor::{Clock, Inspector};
use crate::value::Time;

#[tokio::test(start_paused = true)]
async fn every_step_can_be_watched() {
    let inspector = Inspector::default();
    let actor = worker(options().name("w").inspector(&inspector).clock(Clock::tokio(Time(0))));
    actor.tell(Event::Ping).await.unwrap();
    settle().await;
    // Subscribed late: what was not watched is a hole in the numbers.
    let mut records = inspector.subscribe();
    actor.tell(Event::Go { job: 1 }).await.unwrap();
    actor.tell(Event::Go { job: 8 }).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    actor.tell(Event::Result).await.unwrap();
    actor.tell(Event::Cancel).await.unwrap();
    actor.tell(Event::Forward { n: 3 }).await.unwrap();
    actor.tell(Event::Quit).await.unwrap();
    actor.join().await;
    let mut told = Vec::new();
    let mut last = None;
    while let Ok(record) = records.try_recv() {
        assert_eq!(&*record.actor, "w");
        assert!(last.is_none_or(|last| record.sequence == last + 1), "{record}");
        last = Some(record.sequence);
        // Job 8's items are beside the point.
        let text = record.what.to_string();
        if !text.contains("Item") && !text.contains("ITEM") && !text.contains("Saw") {
            told.push(text);
        }
    }
    let expected = [
        "event Go { job: 1 }",
        "exited idle",
        "transition idle: on GO -> busy (line 6)",
        "entered busy",
        "entered work",
        "entered running",
        "entered watch",
        "entered waiting",
        "timer of waiting armed for 30s",
        "service work started",
        "event Go { job: 8 }",
        "deferred GO",
        "service work finished",
        "event Result",
        "exited running",
        "transition running: on RESULT -> finished (line 10)",
        "entered finished",
        "exited waiting",
        "exited watch",
        "exited finished",
        "exited work",
        "exited busy",
        "transition busy: on done(work) -> idle (line 8)",
        "output Answer { job: 1, total: 0 }",
        "entered idle",
        "exited idle",
        "transition idle: on GO -> busy (line 6)",
        "entered busy",
        "entered work",
        "entered running",
        "entered watch",
        "entered waiting",
        "timer of waiting armed for 30s",
        "service work started",
        "event Result",
        "service work cancelled",
        "exited running",
        "transition running: on RESULT -> finished (line 10)",
        "entered finished",
        "exited waiting",
        "exited watch",
        "exited finished",
        "exited work",
        "exited busy",
        "transition busy: on done(work) -> idle (line 8)",
        "output Answer { job: 8, total: 2 }",
        "entered idle",
        "event Cancel",
        "unhandled CANCEL",
        "event Forward { n: 3 }",
        "transition Worker: on FORWARD (line 4)",
        "message Peer(3)",
        "undelivered Peer(3): peer of Peer(3) is not connected: give it in `Options::peers`",
        "fault: a message could not be delivered",
        "transition Worker: on fault (line 4)",
        "output Faulted",
        "event Quit",
        "exited idle",
        "transition Worker: on QUIT -> end (line 5)",
        "entered end",
        "stopped: its machine is done",
    ];
    for (index, (seen, line)) in told.iter().zip(expected).enumerate() {
        assert_eq!(seen, line, "line {index}");
    }
    assert_eq!(told.len(), expected.len());
}
