//! Addresses that cannot be used: one sentence that says what was tried and what to do, and exit code 2, from `doctor`
//! and from `run` alike.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use actors::parts::FIXED_TOPIC;
use sqlx::{Connection as _, Executor as _, PgConnection};
use statechart_runtime::{
    market::PARTITIONS,
    ports::{Log as _, LogRecord, contract::service},
};

use super::{
    servers::{broker, log_and_cache, place},
    world::database,
};

/// Bad addresses are found out at once, or when nobody has answered for ten seconds.
const WITHIN: Duration = Duration::from_secs(120);

/// As if an old TimescaleDB were created in this database.
const FAKED_EXTENSION: &str =
    "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     SELECT 99999, 'timescaledb', 10, oid, false, '2.9.1' FROM pg_namespace WHERE nspname = 'public'";

async fn platform(arguments: &[&str]) -> Output {
    platform_with(arguments, &[]).await
}

async fn platform_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platform"));
    command.args(arguments).envs(variables.iter().copied());
    let ended = tokio::task::spawn_blocking(move || command.output());
    tokio::time::timeout(WITHIN, ended).await.expect("it does not end").unwrap().unwrap()
}

/// Nobody listens there.
fn nowhere() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn with_password(url: &str, password: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, host) = rest.rsplit_once('@').unwrap();
    let (user, _) = user.split_once(':').unwrap();
    format!("{scheme}://{user}:{password}@{host}")
}

/// Does not start, and says so in one sentence.
async fn assert_run_refused(dir: &Path, name: &str, option: &str, url: &str) -> String {
    let data = dir.join(name).display().to_string();
    let exchange = "http://127.0.0.1:1";
    let run = ["run", option, url, "--data-dir", &data, "--exchange", exchange, "--listen", "127.0.0.1:0"];
    let said = platform(&run).await;
    let errors = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{name}: {errors}");
    assert_eq!(errors.trim().lines().count(), 1, "{name}: {errors}");
    println!("{name}: {}", errors.trim());
    errors
}

/// Says no in one sentence, whoever is asked.
async fn assert_refused(dir: &Path, name: &str, option: &str, url: &str, why: &[&str]) {
    let errors = assert_run_refused(dir, name, option, url).await;
    let data = dir.join(name).display().to_string();
    let examined = platform(&["doctor", option, url, "--data-dir", &data]).await;
    // An address that cannot be read is no finding, but an error as well.
    let findings = String::from_utf8([examined.stdout, examined.stderr].concat()).unwrap();
    assert_eq!(examined.status.code(), Some(2), "{name}: {findings}");
    for part in why {
        assert!(errors.contains(part), "{name}: `{part}` is not in: {errors}");
        assert!(findings.contains(part), "{name}: `{part}` is not in: {findings}");
    }
    for text in [&errors, &findings] {
        assert!(!text.contains("wrong-secret"), "{name}: a password is shown: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_said_in_one_sentence() {
    let (dir, mut server, cache) = log_and_cache().await;
    let (_dir, log) = broker(&server.url()).await;
    log.create_topic(FIXED_TOPIC, PARTITIONS).await.unwrap();
    let foreign: Vec<LogRecord> =
        (0..10).map(|n| LogRecord::new("", format!("<order id=\"{n}\"/>"), 1_600_000_000_000_000)).collect();
    log.append(FIXED_TOPIC, 3, &foreign).await.unwrap();

    let good = service("postgres");
    let (host, _) = good.rsplit_once('/').unwrap();
    let theirs = database("theirs").await;
    let mut connection = PgConnection::connect(&theirs).await.unwrap();
    connection.execute("CREATE TABLE trade (id int PRIMARY KEY)").await.unwrap();
    connection.close().await.unwrap();

    // No server that is too old can be had here: its row in the catalogue is faked, which is what is looked at.
    let old = database("old").await;
    let mut connection = PgConnection::connect(&old).await.unwrap();
    connection.execute(FAKED_EXTENSION).await.unwrap();
    connection.close().await.unwrap();

    let nowhere = nowhere();
    let kafka_with_password = server.url().replace("://", "://me:wrong-secret@");
    // name, option, address, parts of the sentence: what was tried, why not, what to do
    let rows: Vec<(&str, &str, String, &[&str])> = vec![
        (
            "log-nowhere",
            "--log",
            format!("kafka://127.0.0.1:{nowhere}"),
            &["log", "kafka://", "check address"],
        ),
        ("log-password", "--log", kafka_with_password, &["log", "kafka://", "password"]),
        ("log-scheme", "--log", "amqp://127.0.0.1:1".to_owned(), &["kafka://"]),
        (
            "log-foreign",
            "--log",
            server.url(),
            &["records of another program", "offset 0 of partition 3", "give another broker"],
        ),
        (
            "store-nowhere",
            "--store",
            format!("postgres://postgres:x@127.0.0.1:{nowhere}/market"),
            &["nothing answers at 127.0.0.1", "start the server"],
        ),
        (
            "store-password",
            "--store",
            with_password(&good, "wrong-secret"),
            &["password of postgres is wrong", "correct the password"],
        ),
        ("store-missing", "--store", format!("{host}/no_such"), &["no database no_such", "createdb"]),
        ("store-scheme", "--store", "mysql://127.0.0.1/market".to_owned(), &["postgres://"]),
        (
            "store-old",
            "--store",
            old,
            &["TimescaleDB 2.9.1 is too old", "run `ALTER EXTENSION timescaledb UPDATE`"],
        ),
        ("store-theirs", "--store", theirs, &["has a table", "name an empty database"]),
        (
            "cache-nowhere",
            "--cache",
            format!("redis://127.0.0.1:{nowhere}"),
            &["redis://127.0.0.1", "nothing answers (Connection refused)", "start the server"],
        ),
        (
            "cache-password",
            "--cache",
            with_password(&cache.url(), "wrong-secret"),
            &["redis://127.0.0.1", "correct user and password"],
        ),
        ("cache-scheme", "--cache", "memcached://127.0.0.1:1".to_owned(), &["redis://"]),
    ];
    for (name, option, url, why) in rows {
        assert_refused(dir.path(), name, option, &url, why).await;
    }

    // A broker that makes no topics: it is to keep them twice, and is alone. `doctor` makes none, so it cannot tell.
    log.delete_topic(FIXED_TOPIC).await.unwrap();
    server.kill();
    server.set("default.replication.factor=2");
    server.again().await;
    let errors = assert_run_refused(dir.path(), "log-topic", "--log", &server.url()).await;
    for part in [
        &*server.url(),
        "its topic `tick-data` cannot be made, the broker refuses it (InvalidReplicationFactor",
        "set the broker up so that this user may make it, or make it by hand with 8 partitions",
    ] {
        assert!(errors.contains(part), "`{part}` is not in: {errors}");
    }
}

/// `doctor` says which mode runs and why, on an empty database and on its own tables, and refuses what the mode has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_which_mode_runs_and_why() {
    let dir = place();
    let data = dir.path().join("data").display().to_string();
    let url = database("doctor").await;
    let arguments = ["doctor", "--store", &url, "--data-dir", &data];
    let reason = "this server has no extension timescaledb";
    for words in
        [format!("mode plain: {reason}"), format!("its tables were made without TimescaleDB; {reason}")]
    {
        let said = platform(&arguments).await;
        let text = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
        assert_eq!(said.status.code(), Some(0), "{text}");
        assert!(text.contains(&words), "`{words}` is not in: {text}");
    }
    for name in ["PLATFORM_KEEP_TRADES", "PLATFORM_COMPRESS_AFTER"] {
        let said = platform_with(&arguments, &[(name, "30d")]).await;
        let text = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
        assert_eq!(said.status.code(), Some(2), "{text}");
        assert!(text.contains("compression and retention need TimescaleDB"), "{text}");
    }
}
