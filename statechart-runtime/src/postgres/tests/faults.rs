//! What goes wrong in the middle: nothing lost, nothing doubled, and it is said.

use super::super::connect::STANDSTILL;
use super::super::session::Session;
use super::*;
use futures_util::FutureExt as _;

/// Ends every busy session but the asking one again and again, while batches are written; in the end every trade is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_backends_cost_nothing() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let hits = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (flag, killed, mut admin) = (stop.clone(), hits.clone(), database.admin().await);
    let killer = tokio::spawn(async move {
        for round in 0_u64.. {
            if flag.load(Ordering::Relaxed) || killed.load(Ordering::Relaxed) >= 12 {
                break;
            }
            // Any moment of a batch, and time enough between two for some to pass.
            tokio::time::sleep(Duration::from_millis(40 + round * 37 % 190)).await;
            let hit: Vec<bool> = sqlx::query_scalar(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
            )
            .fetch_all(&mut admin)
            .await
            .unwrap();
            killed.fetch_add(hit.len(), Ordering::Relaxed);
        }
    });
    let (mut next, mut errors) = (0, 0);
    let start = Instant::now();
    let few = || hits.load(Ordering::Relaxed) < 4;
    while (next < 40_000 || few()) && start.elapsed() < Duration::from_secs(60) {
        match store.ingest(batch(&one, next, next + 1_000)).await {
            Ok(done) => {
                assert_eq!(done.next_offset, next + 1_000);
                next = done.next_offset;
            }
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                errors += 1;
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    assert!(!few(), "the test must interrupt something: {hits:?} sessions, {errors} errors");
    assert!(next >= 40_000, "{next}, {errors} errors");
    assert_eq!(store.next_offset(&key()).await.unwrap(), Some(next));
    assert_candles(&store, &one, next).await;
    let read = store.coverage(one.id, ALL_TIME).await.unwrap();
    assert_eq!(read.len(), 1);
    store.close().await;
    database.remove().await;
}

/// Somebody who gives up while a transaction begins leaves none open for others to work in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_nobody_waited_for_is_not_left_open() {
    let database = Database::new().await;
    let store = database.store().await;
    let mut session = Session::acquire(&store.inner().write).await.unwrap();
    let has_begun = session.begin().now_or_never().is_some();
    assert!(!has_begun, "BEGIN is sent, and not answered yet");
    drop(session);
    let mut admin = database.admin().await;
    let open = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'";
    // For a moment it may be seen; a pool keeps it for ten minutes.
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let count: i64 = sqlx::query_scalar(open).fetch_one(&mut admin).await.unwrap();
        if count == 0 && begun.elapsed() > Duration::from_millis(300) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "a transaction is left open");
    }
    store.close().await;
    database.remove().await;
}

/// The answer to COMMIT is lost although it happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_commit_is_looked_up() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    store.ingest(batch(&one, 0, 10)).await.unwrap();
    // A proxy that swallows the answer to the first COMMIT and cuts the line.
    let (proxied, eaten) = commit_eater(&database.url).await;
    let through = PostgresStore::connect(&PostgresOptions::new(proxied)).await.unwrap();
    let done = through.ingest(batch(&one, 10, 500)).await.unwrap();
    assert!(eaten.load(Ordering::Relaxed), "the test must lose an answer");
    assert_eq!((done.inserted, done.duplicates, done.dropped, done.next_offset), (490, 0, 0, 500));
    assert!(!done.touched.is_empty(), "what the lost answer would have said");
    assert_candles(&store, &one, 500).await;
    through.close().await;
    store.close().await;
    database.remove().await;
}

/// Passes everything on, but cuts the connection when the server has answered the first COMMIT of a batch; says when it
/// has.
async fn commit_eater(url: &str) -> (String, std::sync::Arc<std::sync::atomic::AtomicBool>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = url.split('@').nth(1).unwrap().split(['/', '?']).next().unwrap().to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxied = url.replacen(&host, &format!("127.0.0.1:{port}"), 1);
    let eaten = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = eaten.clone();
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else { return };
            let server = tokio::net::TcpStream::connect(&host).await.unwrap();
            let eaten = eaten.clone();
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let upstream = tokio::spawn(async move {
                    let mut buffer = vec![0; 65_536];
                    while let Ok(n) = from_client.read(&mut buffer).await {
                        if n == 0 || to_server.write_all(&buffer[..n]).await.is_err() {
                            break;
                        }
                    }
                });
                let mut buffer = vec![0; 65_536];
                while let Ok(n) = from_server.read(&mut buffer).await {
                    // The answer to a COMMIT alone: migrations end with one, too, but they come before any COPY.
                    let is_commit = buffer[..n].windows(7).any(|window| window == b"COMMIT\0");
                    let is_batch = COPIES.load(Ordering::Relaxed) > 0;
                    if buffer[..n].windows(5).any(|window| window == b"COPY ") {
                        COPIES.fetch_add(1, Ordering::Relaxed);
                    }
                    if n == 0
                        || (is_commit && is_batch && !eaten.swap(true, Ordering::Relaxed))
                        || to_client.write_all(&buffer[..n]).await.is_err()
                    {
                        break;
                    }
                }
                upstream.abort();
            });
        }
    });
    (proxied, seen)
}

static COPIES: AtomicU32 = AtomicU32::new(0);

/// Batches full of what is there already, in any mixture, from several writers of different partitions at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_count_once() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    let writers = (0..4_i64).map(|writer| {
        let (store, one) = (store.clone(), one.clone());
        tokio::spawn(async move {
            let mut inserted = 0;
            for round in 0..6 {
                let from = (round * 700 + writer * 300) % 3_000;
                let trades = placed(one.id, from, from + 1_000, &one.symbol);
                let done = store.ingest(Batch { trades, ..Batch::default() }).await.unwrap();
                assert_eq!(done.inserted + done.duplicates, 1_000);
                inserted += done.inserted;
            }
            inserted
        })
    });
    let mut inserted = 0;
    for writer in writers.collect::<Vec<_>>() {
        inserted += writer.await.unwrap();
    }
    let rest = store
        .ingest(Batch { trades: placed(one.id, 0, 4_000, &one.symbol), ..Batch::default() })
        .await
        .unwrap();
    assert_eq!(inserted + rest.inserted, 4_000);
    assert_candles(&store, &one, 4_000).await;
    store.close().await;
    database.remove().await;
}

/// A process that stopped in the middle of its transaction and comes back after its lease was taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_cannot_be_taken_under_a_write_and_a_stale_one_cannot_write() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    let names = ["part:tick-data:0".to_owned()];
    let short = Duration::from_millis(50);
    let old = store.take_leases(&names, "old", short, 1).await.unwrap().remove(0);

    // A transaction that holds the lease, as a batch does.
    let mut holder = database.admin().await;
    let mut tx = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM lease WHERE name = $1 FOR UPDATE")
        .bind(&names[0])
        .execute(&mut *tx)
        .await
        .unwrap();
    tokio::time::sleep(short * 2).await;
    let start = Instant::now();
    assert!(store.take_leases(&names, "new", short, 1).await.unwrap().is_empty(), "passed over");
    assert!(start.elapsed() < Duration::from_secs(2), "and not waited for");
    tx.rollback().await.unwrap();

    let new = store.take_leases(&names, "new", Duration::from_secs(60), 1).await.unwrap().remove(0);
    let write = |lease: &Lease, from, to| Batch { lease: Some(lease.clone()), ..batch(&one, from, to) };
    store.ingest(write(&new, 0, 100)).await.unwrap();
    let error = store.ingest(write(&old, 100, 200)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::StaleLease { epoch: 2, .. }), "{text}");
    assert!(text.contains("new has taken it") && text.contains("nothing was written"), "{text}");
    assert_candles(&store, &one, 100).await;
    store.close().await;
    database.remove().await;
}

/// A process that stopped in the middle of its COPY: the server waits for its rows for ever, its lease does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_not_kept_by_a_copy_that_stands_still() {
    let database = Database::new().await;
    let store = database.store().await;
    let names = ["part:tick-data:0".to_owned()];
    let short = Duration::from_millis(50);
    store.take_leases(&names, "old", short, 1).await.unwrap().remove(0);
    let mut holder = database.admin().await;
    let mut tx = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM lease WHERE name = $1 FOR UPDATE")
        .bind(&names[0])
        .execute(&mut *tx)
        .await
        .unwrap();
    let copy = tx.copy_in_raw("COPY trade FROM STDIN").await.unwrap();
    tokio::time::sleep(short * 2).await;
    let start = Instant::now();
    assert!(store.take_leases(&names, "new", short, 1).await.unwrap().is_empty(), "it may only be slow");
    while store.take_leases(&names, "new", Duration::from_secs(60), 1).await.unwrap().is_empty() {
        assert!(start.elapsed() < STANDSTILL * 3, "the session that stands still is not ended");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(start.elapsed() > STANDSTILL / 2, "{:?}: that was too early", start.elapsed());
    copy.abort("never sent").await.unwrap_err();
    store.close().await;
    database.remove().await;
}

/// Errors of the server in the middle of a batch: conflicts are tried again, a full disk is told as one that may pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_are_tried_again_and_a_full_disk_is_told() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    database
        .run(
            "CREATE SEQUENCE attempt;
             CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('attempt') <= 3 THEN RAISE EXCEPTION 'lost a race' USING ERRCODE = '40001'; END IF;
                 RETURN NEW; END $$;
             CREATE TRIGGER trip BEFORE INSERT ON coverage FOR EACH STATEMENT EXECUTE FUNCTION trip()",
        )
        .await;
    let done = store.ingest(batch(&one, 0, 100)).await.unwrap();
    assert_eq!((done.inserted, done.duplicates), (100, 0));
    database
        .run(
            "CREATE OR REPLACE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT ON trade_candle_1h FOR EACH STATEMENT EXECUTE FUNCTION trip();
             DROP TRIGGER trip ON coverage",
        )
        .await;
    let error = store.ingest(batch(&one, 100, 200)).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("No space left on device"), "{error}");
    assert_eq!(store.next_offset(&key()).await.unwrap(), Some(100), "the position stays");
    database.run("DROP TRIGGER full_disk ON trade_candle_1h").await;
    store.ingest(batch(&one, 100, 200)).await.unwrap();
    assert_candles(&store, &one, 200).await;
    store.close().await;
    database.remove().await;
}

/// A caller that gives up half-way (a timeout, a shutdown): all of the batch or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_ingest_is_whole_or_nothing() {
    let database = Database::new().await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    let (mut next, mut dropped) = (0, 0);
    for wait_us in (0..40).map(|n| n * 700) {
        let attempt = store.ingest(batch(&one, next, next + 700));
        match tokio::time::timeout(Duration::from_micros(wait_us), attempt).await {
            Ok(done) => next = done.unwrap().next_offset,
            Err(_) => dropped += 1,
        }
        // The same batch again waits for what is still under way, and finds it done or undone.
        let again = store.ingest(batch(&one, next, next + 700)).await.unwrap();
        next = again.next_offset;
    }
    assert!(dropped > 5, "the test must interrupt something, {dropped}");
    assert_candles(&store, &one, next).await;
    store.close().await;
    database.remove().await;
}

/// A server that has fallen silent, with its connections open.
#[tokio::test]
async fn a_silent_server_keeps_nobody_waiting() {
    let database = Database::new().await;
    let host = database.url.split('@').nth(1).unwrap().split(['/', '?']).next().unwrap().to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxied = database.url.replacen(&host, &listener.local_addr().unwrap().to_string(), 1);
    let (silent, silenced) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(&host).await.unwrap();
            let mut silenced = silenced.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = async { silenced.wait_for(|silent| *silent).await.map(drop).unwrap() } => {}
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
                }
                // Both ends stay open.
                std::future::pending::<()>().await;
            });
        }
    });
    let store = PostgresStore::connect(&PostgresOptions::new(proxied)).await.unwrap();
    let names = ["one".to_owned()];
    let held = store.take_leases(&names, "me", Duration::from_secs(60), 1).await.unwrap();
    assert_eq!(held.len(), 1);
    silent.send(true).unwrap();
    // Nothing happens from here on but the passing of time.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let (renewed, listed) =
        tokio::join!(store.renew_leases(&held, Duration::from_secs(60)), Leases::leases(&store));
    for error in [renewed.unwrap_err(), listed.unwrap_err()] {
        assert!(error.is_transient(), "{error}");
        assert!(error.to_string().contains("working on leases"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    tokio::time::resume();
    database.remove().await;
}
