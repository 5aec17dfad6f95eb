//! A real actor's journal through the interpreter: it agrees, and what is changed in it is named. The journal is the one
//! that the command's own tests replay; `DOCS_UPDATE=1` writes it anew.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    future::Future,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use statechart_lang::{
    interpreter::{Category, Ending, Log, Replay, replay},
    model::Model,
};
use statechart_runtime::{
    actor::{self, Clock, Inspector, JOURNAL_BYTES, Journal, Journaled, Options},
    value::Time,
};
use statechart_tests::{model, workspace};

/// What is carried. The specification knows only that there is such a type.
#[derive(Debug, Clone)]
pub struct Parcel {
    number: u32,
    #[allow(dead_code)]
    mark: &'static str,
}

statechart_runtime::statechart!("statechart-cli/tests/specs/courier.sc");

statechart_runtime::statechart!("tests/specs/crew.sc", snapshot);

use courier::{Event, RouteOutcome};

struct Van;

// An `async fn` would borrow the externs.
#[expect(clippy::manual_async_fn)]
impl courier::Externs for Van {
    fn insured(&self, parcel: &Parcel) -> bool {
        parcel.number.is_multiple_of(2)
    }

    fn route(&mut self, parcel: Parcel) -> impl Future<Output = RouteOutcome> + Send + 'static {
        async move {
            let takes = if parcel.number == 5 { 60 } else { 2 };
            tokio::time::sleep(Duration::from_secs(takes)).await;
            match parcel.number {
                3 => RouteOutcome::Lost { reason: "a \"wall\", }".into() },
                stops => RouteOutcome::Route { stops: i64::from(stops) },
            }
        }
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the courier through everything that its specification has, on a paused clock.
async fn recorded(limit_bytes: u64, events_kept: usize) -> (String, Journaled) {
    let (inspector, buffer) = (Inspector::new(events_kept), Buffer::default());
    let journal = Journal::write(&inspector, buffer.clone(), limit_bytes);
    let options = Options::default().name("van").inspector(&inspector).clock(Clock::tokio(Time(0)));
    let van = actor::spawn(courier::Machine::new(Van), options);
    let order = |number, weight| Event::Order { parcel: Parcel { number, mark: "{'" }, weight };
    for event in [order(2, 1), order(1, 1), order(9, 101), Event::Cancel] {
        van.tell(event).await.unwrap();
    }
    // The second order was deferred, and the third.
    tokio::time::sleep(Duration::from_secs(10)).await;
    for event in [order(3, 5), Event::Route { stops: 7 }] {
        van.tell(event).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    for event in [order(3, 5), order(500, 500)] {
        van.tell(event).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    van.tell(order(5, 5)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    van.tell(Event::Cancel).await.unwrap();
    van.stop(Duration::from_secs(1)).await;
    let journaled = journal.finish().await.unwrap();
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    (text, journaled)
}

fn courier_model() -> Model {
    model(&workspace().join("statechart-cli/tests/specs/courier.sc"))
}

fn replayed(model: &Model, text: &str) -> Replay {
    replay(&model.machines[0], &Log::parse(text).unwrap(), "van", &[])
}

#[tokio::test(start_paused = true)]
async fn a_recorded_actor_agrees_with_its_specification() {
    let (text, journaled) = recorded(JOURNAL_BYTES, 1024).await;
    assert_eq!(journaled.records as usize, text.lines().count());
    assert_eq!((journaled.bytes as usize, journaled.missed, journaled.is_full), (text.len(), 0, false));
    for what in
        ["event", "deferred", "service_finished", "service_cancelled", "timer_fired", "unhandled", "log"]
    {
        assert!(text.contains(&format!("\"what\":\"{what}\"")), "nothing of `{what}` was recorded:\n{text}");
    }
    let found = replayed(&courier_model(), &text);
    assert_eq!(found.ending, Ending::Agrees { leaves: vec!["idle".to_owned()] }, "{found:#?}\n{text}");
    assert!(found.steps == 15 && found.torn == 0, "{found:?}");
    assert_eq!(found.records, text.lines().count());

    let path = workspace().join("statechart-cli/tests/specs/courier.jsonl");
    if std::env::var_os("DOCS_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run it with DOCS_UPDATE=1 and read what changed");
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_is_named() {
    let (text, _) = recorded(JOURNAL_BYTES, 1024).await;
    let model = courier_model();
    let changes = [
        // What the machine said, took, entered and started.
        ("DELIVERED", "}, stops: 1 }", "}, stops: 9 }", Category::Outputs),
        ("CANCEL", "CANCEL -> idle", "LOST -> idle", Category::Transitions),
        (
            "ORDER",
            "\"state\":\"busy\",\"time_us\":0,\"what\":\"entered\"",
            "\"state\":\"idle\",\"time_us\":0,\"what\":\"entered\"",
            Category::Entered,
        ),
        ("ORDER", "\"service\":\"route\"", "\"service\":\"rout\"", Category::Services),
        ("ORDER", "\"after_us\":30000000", "\"after_us\":31000000", Category::Timers),
        // What it was told: another weight makes another step.
        ("ORDER", "weight: 500 }", "weight: 50 }", Category::Transitions),
        ("LOST", "Itself(Again)", "Itself(Cancel)", Category::Messages),
        ("LOST", "\"text\":\"again\"", "\"text\":\"never\"", Category::Logs),
    ];
    for (about, from, to, category) in changes {
        assert!(text.contains(from), "{about}: `{from}` is not in\n{text}");
        let changed = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(from).unwrap()].matches('\n').count();
        let found = replayed(&model, &changed);
        let Ending::Differs(difference) = &found.ending else { panic!("{about}: {found:#?}") };
        assert_eq!(difference.category, category, "{about}: {difference:#?}");
        // The event with another weight was deferred: what it does shows when it is recalled.
        let is_later = from.starts_with("weight");
        assert_eq!(difference.line > line, is_later, "{about}: {difference:#?}, line {line}");
        assert!(difference.recorded != difference.replayed, "{about}");
        // The step before was the last that agreed.
        assert_eq!(found.steps + 1, difference.step, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_stops_the_replay() {
    let (text, _) = recorded(JOURNAL_BYTES, 1024).await;
    let model = courier_model();
    let stopped = |text: &str| match replayed(&model, text).ending {
        Ending::Stopped { why, .. } => why,
        other => panic!("{other:?}"),
    };
    let lines: Vec<&str> = text.lines().collect();
    let without: String =
        lines.iter().enumerate().filter(|(at, _)| *at != 9).map(|(_, line)| format!("{line}\n")).collect();
    assert_eq!(stopped(&without), "record number 10 of the actor is missing");
    let late: String = lines.iter().skip(3).map(|line| format!("{line}\n")).collect();
    assert!(stopped(&late).contains("does not begin with the actor's start"));
    // A number that has no successor is no panic.
    let last = text.replacen("\"sequence\":9,", &format!("\"sequence\":{},", u64::MAX), 1);
    assert!(stopped(&last).contains("are missing"), "{last}");
    // What is missing before the actor's first is nobody's business but others'.
    let missed = "{\"records\":3,\"what\":\"missed\"}\n";
    assert!(matches!(replayed(&model, &format!("{missed}{text}")).ending, Ending::Agrees { .. }));
    assert!(stopped(&format!("{missed}{late}")).contains("3 records are missing before"));
    // Cut off in its last line, as a crash leaves it: what is whole agrees.
    let cut = &text[..text.len() - 20];
    assert!(matches!(replayed(&model, cut).ending, Ending::Agrees { .. }));

    let (small, journaled) = recorded(2_000, 1024).await;
    assert!(journaled.is_full && small.len() < 2_100, "{journaled:?}");
    assert_eq!(stopped(&small), "the journal was full here");
    // An inspector that keeps too little: the task that writes comes too late.
    let (lossy, journaled) = recorded(JOURNAL_BYTES, 2).await;
    assert!(journaled.missed > 0, "{journaled:?}");
    assert!(stopped(&lossy).contains("missing"), "{lossy}");
}

#[tokio::test(start_paused = true)]
async fn a_journal_may_end_anywhere() {
    let (text, _) = recorded(JOURNAL_BYTES, 1024).await;
    let model = courier_model();
    let lines: Vec<&str> = text.lines().collect();
    let mut cut = 0;
    for count in 1..lines.len() {
        let part: String = lines[..count].iter().map(|line| format!("{line}\n")).collect();
        let found = replayed(&model, &part);
        assert!(matches!(found.ending, Ending::Agrees { .. }), "the first {count} lines: {found:#?}");
        assert!(found.torn <= 1, "{found:?}");
        cut += found.torn;
        // What the end of the journal does not excuse.
        let changed = part.replacen("\"text\":\"idle: on", "\"text\":\"idle: off", 1);
        if changed != part {
            let found = replayed(&model, &changed);
            assert!(matches!(found.ending, Ending::Differs(_)), "the first {count} lines: {found:#?}");
        }
    }
    assert!(cut > 30, "{cut}");
}

/// A parent that starts a child, then another in its place, and stops that one; then goes on from a snapshot.
async fn crew_recorded() -> String {
    let (inspector, buffer) = (Inspector::default(), Buffer::default());
    let journal = Journal::write(&inspector, buffer.clone(), JOURNAL_BYTES);
    let options = || Options::default().name("crew").inspector(&inspector).clock(Clock::tokio(Time(0)));
    let crew = actor::spawn(crew::Machine::new(()), options());
    let work = |n| crew::Event::Work { n };
    for event in [work(0), crew::Event::Hire, work(1), crew::Event::Hire, work(2), crew::Event::Fire] {
        crew.tell(event).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    crew.tell(crew::Event::Hire).await.unwrap();
    let snapshot = crew.snapshot().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    crew.stop(Duration::from_secs(1)).await;
    let (machine, pending) = crew::Machine::revive((), &snapshot, Time(0)).unwrap();
    let again = actor::resume(machine, pending, &snapshot, options().name("again")).unwrap();
    again.tell(work(3)).await.unwrap();
    again.stop(Duration::from_secs(1)).await;
    journal.finish().await.unwrap();
    String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn children_that_are_stopped_and_started_again_agree() {
    let text = crew_recorded().await;
    let model = model(&workspace().join("tests/specs/crew.sc"));
    let of = |text: &str, actor: &str, machine: &str| {
        let machine = model.machine(machine).unwrap();
        replay(machine, &Log::parse(text).unwrap(), actor, &[])
    };
    let parent = of(&text, "crew", "Crew");
    assert!(matches!(parent.ending, Ending::Agrees { .. }), "{parent:#?}\n{text}");
    let hand = of(&text, "crew.hand", "Hand");
    assert!(matches!(hand.ending, Ending::Agrees { .. }), "{hand:#?}\n{text}");
    // Three starts, two events, two halts, a timer and what the third was told; nothing is left out.
    assert_eq!((text.matches("\"what\":\"halted\"").count(), hand.torn), (2, 0), "{text}");
    assert_eq!(hand.records, text.matches("\"actor\":\"crew.hand\"").count());

    // What a stopped child does as it leaves is compared, too.
    let changed = text.replacen("\"text\":\"gone\"", "\"text\":\"here\"", 1);
    let Ending::Differs(difference) = of(&changed, "crew.hand", "Hand").ending else { panic!("{changed}") };
    assert_eq!((difference.category, difference.event.as_str()), (Category::Logs, "stop"));
    // Of each life the first difference.
    let at = text.rfind("\"text\":\"rested\"").unwrap();
    let changed = format!("{}{}", &text[..at], text[at..].replacen("rested", "tired", 1));
    let Ending::Differs(difference) = of(&changed, "crew.hand", "Hand").ending else { panic!("{changed}") };
    assert_eq!((difference.category, difference.before), (Category::Logs, vec!["ready".to_owned()]));

    for (actor, machine) in [("again", "Crew"), ("again.hand", "Hand")] {
        let Ending::Stopped { line, why } = of(&text, actor, machine).ending else { panic!("{text}") };
        assert!(line > 0 && why.contains("from a snapshot"), "{why}");
    }
}

#[tokio::test]
async fn a_journal_ends_although_its_actors_never_rest() {
    let (inspector, buffer) = (Inspector::new(64), Buffer::default());
    let journal = Journal::write(&inspector, buffer.clone(), JOURNAL_BYTES);
    let options = Options::default().name("crew").inspector(&inspector);
    let crew = actor::spawn(crew::Machine::new(()), options);
    crew.tell(crew::Event::Spin).await.unwrap();
    let is_spinning = || buffer.0.lock().unwrap().len() > 20_000;
    while !is_spinning() {
        tokio::task::yield_now().await;
    }
    let journaled = tokio::time::timeout(Duration::from_secs(20), journal.finish()).await.unwrap().unwrap();
    assert!(journaled.records > 0, "{journaled:?}");
    crew.abort();
}

#[tokio::test(start_paused = true)]
async fn a_journal_is_whole_while_its_actors_rest() {
    let (inspector, buffer) = (Inspector::default(), Buffer::default());
    let journal = Journal::write(&inspector, buffer.clone(), JOURNAL_BYTES);
    let crew = actor::spawn(crew::Machine::new(()), Options::default().inspector(&inspector));
    crew.tell(crew::Event::Work { n: 1 }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    assert!(text.ends_with("}\n") && text.contains("\"what\":\"event\""), "{text}");
    crew.abort();
    journal.finish().await.unwrap();
}
