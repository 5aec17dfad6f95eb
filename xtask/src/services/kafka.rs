//! Apache Kafka: one node that is broker and controller, from Maven Central, on the machine's JDK.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{Place, Protocol, Service, free_port, kept, process, source, started};
use crate::{error::Error, tools};

pub(super) const NAME: &str = "kafka";

pub(super) const HINT: &str =
    "it is Apache Kafka, on a JDK of version 17 or later; `java -version` says which there is";

/// Gets a JDK and the broker, where they are missing.
pub(super) fn prepare() -> Result<(), Error> {
    tools::ensure("java", "openjdk-17-jre-headless", "Apache Kafka needs a JDK")?;
    let libraries = libraries();
    if libraries.is_dir() {
        return Ok(());
    }
    tools::ensure("mvn", "maven", "Apache Kafka is fetched by Maven")?;
    // A directory appears when it is whole: a fetch that was cut short is no broker.
    let unfinished = libraries.with_extension("part");
    let _ = fs::remove_dir_all(&unfinished);
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet", "dependency:copy-dependencies"]);
    maven.arg("--file").arg(source("kafka/pom.xml"));
    maven.arg(format!("-DoutputDirectory={}", unfinished.display()));
    maven.stdout(Stdio::null());
    let hint = "it fetches Apache Kafka once, so it needs the repository that Maven is configured for";
    tools::run(&mut maven, hint)?;
    fs::rename(&unfinished, &libraries).map_err(Error::file("write", &libraries))
}

/// Formats its storage and starts it.
pub(super) fn start(place: &Place) -> Result<(Service, Child), Error> {
    let port = free_port()?;
    let mut server = command(&place.directory(NAME)?, port)?;
    let log = super::log_file(NAME)?;
    let (process, child) = process::Process::spawn(&mut server, &log, HINT)?;
    Ok((started(NAME, format!("kafka://127.0.0.1:{port}"), port, Protocol::Kafka, process)?, child))
}

/// The broker on a directory, which is formatted when it is new.
pub(super) fn command(directory: &Path, port: u16) -> Result<Command, Error> {
    let properties = directory.join("server.properties");
    if !properties.is_file() {
        format(directory, &properties, port)?;
    }
    let mut server = java("kafka.Kafka");
    server.arg(&properties);
    Ok(server)
}

fn format(directory: &Path, properties: &Path, port: u16) -> Result<(), Error> {
    let controller = free_port()?;
    let logs = directory.join("data");
    let text = format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         inter.broker.listener.name=PLAINTEXT\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.num.partitions=1\n\
         offsets.topic.replication.factor=1\n\
         num.network.threads=2\n\
         num.io.threads=4\n\
         log.cleaner.dedupe.buffer.size=4194304\n\
         log.segment.delete.delay.ms=1000\n",
        logs.display()
    );
    // Any sixteen bytes in Kafka's alphabet name a cluster.
    let cluster = format!("{:0<22}", process::random_hex()?);
    // Written last: a directory with properties is formatted.
    let unfinished = properties.with_extension("part");
    fs::write(&unfinished, text).map_err(Error::file("write", &unfinished))?;
    let mut format = java("kafka.tools.StorageTool");
    format.args(["format", "--cluster-id", &cluster, "--config"]).arg(&unfinished).stdout(Stdio::null());
    tools::errors(&mut format, HINT)?;
    fs::rename(&unfinished, properties).map_err(Error::file("write", properties))
}

/// A small JVM that starts fast: tests run it beside everything else on two cores.
fn java(class: &str) -> Command {
    let mut java = Command::new("java");
    java.args(["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    java.arg("-cp").arg(libraries().join("*")).arg(class);
    java
}

/// Named after its pinned versions, so that a new pin is a new directory.
fn libraries() -> PathBuf {
    let pom = fs::read_to_string(source("kafka/pom.xml")).unwrap_or_default();
    let versions: Vec<&str> =
        pom.split("<version>").skip(2).filter_map(|rest| rest.split('<').next()).collect();
    kept().join(format!("kafka-{}", versions.join("-")))
}
