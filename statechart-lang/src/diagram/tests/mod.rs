//! Pictures of the samples, as text and through Graphviz where it is installed.
//!
//! `STATECHART_PICTURES=/some/dir cargo test -p statechart-lang --features diagram` leaves the DOT and
//! Mermaid texts there, to be looked at.
#![allow(clippy::unwrap_used)]

mod places;
pub(super) mod sample;

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// Every picture that the samples give: file name and text.
fn pictures() -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for machine in [sample::producer(), sample::nested(), sample::quadruple()] {
        for direction in [Direction::Down, Direction::Right] {
            let options = Options { direction, ..Options::default() };
            pictures.push((format!("{}-{direction:?}.dot", machine.name), dot(&machine, &options)));
        }
        let plain = Options { actions: false, ..Options::default() };
        pictures.push((format!("{}-plain.dot", machine.name), dot(&machine, &plain)));
        pictures.push((
            format!("{}.mmd", machine.name),
            text(&drawing(&machine, &Options::default()), Format::Mermaid, Layout::Auto).unwrap(),
        ));
        pictures.push((
            format!("{}.puml", machine.name),
            text(&drawing(&machine, &plain), Format::PlantUml, Layout::Auto).unwrap(),
        ));
        pictures.push((
            format!("{}.json", machine.name),
            text(&drawing(&machine, &plain), Format::Json, Layout::Auto).unwrap(),
        ));
        for theme in [Theme::Documents, Theme::Dark] {
            let options = Options { theme, ..Options::default() };
            pictures.push((format!("{}-{theme:?}.dot", machine.name), dot(&machine, &options)));
        }
    }
    let (model, system) = sample::platform();
    for messages_only in [false, true] {
        for direction in [Direction::Down, Direction::Right] {
            let options = Options { messages_only, direction, ..Options::default() };
            let name = format!("System-{direction:?}{}", if messages_only { "-messages" } else { "" });
            let drawing = drawing_of_system(&model, &system, &options);
            for format in [Format::Dot, Format::Mermaid] {
                let file = format!("{name}.{}", format.extension());
                pictures.push((file, text(&drawing, format, Layout::Auto).unwrap()));
            }
        }
    }
    pictures
}

fn picture(name: &str) -> String {
    pictures().into_iter().find(|(file, _)| file == name).unwrap().1
}

fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found.trim().contains(line)), "no line with {line}\nin {text}");
    }
}

#[test]
fn graphviz_has_nothing_to_say() {
    if let Some(directory) = std::env::var_os("STATECHART_PICTURES") {
        for (name, text) in pictures() {
            std::fs::write(std::path::Path::new(&directory).join(name), text).unwrap();
        }
    }
    if Command::new("dot").arg("-V").stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: Graphviz is not installed");
        return;
    }
    for (name, text) in pictures().into_iter().filter(|(name, _)| name.ends_with(".dot")) {
        let mut dot = Command::new("dot")
            .arg("-Tsvg")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        dot.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = dot.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{name}: {said}\n{text}");
    }
}

#[test]
fn a_flat_machine_shows_every_edge() {
    let machine = sample::producer();
    let text = dot(&machine, &Options::default());
    assert_lines(
        &text,
        &[
            "digraph \"Producer\" {",
            "\"/initial\" -> \"idle\"",
            "\"idle\" -> \"fetchingData\" [label=\" FETCH_DATA \"];",
            "\"idle\" -> \"creatingTopic\" [label=\" CREATE_DYNAMIC_TOPIC \\n / new_topic_name := event.name \"",
            "\"idle\" -> \"publishingDynamic\" [label=\" PUBLISH_DYNAMIC | \\n NOTIFY_PRODUCER \"",
            "\"publishingFixed\" -> \"fetchingData\" [label=\" FETCH_DATA \", style=dotted",
            "\"error\" -> \"idle\" [label=\" RESET / error_info := none \"]",
            "do fetch_history(&quot;BTC &#92;&quot;USD&#92;&quot;&quot;)",
            "defer NOTIFY_PRODUCER",
        ],
    );
    assert_eq!(text.matches(" -> ").count(), 1 + machine.transitions.len());
    let plain = picture("Producer-plain.dot");
    assert!(!plain.contains("entry") && !plain.contains(" / "), "{plain}");
}

#[test]
fn lines_never_end_at_a_frame_that_holds_their_other_end() {
    assert_lines(
        &picture("Platform-Down.dot"),
        &[
            // From outside: cut at the frame, the label between two halves.
            "\"off\" -> \"/label/4\" [arrowhead=none];",
            "\"/label/4\" -> \"running.feed/initial\" [lhead=\"cluster_2\"];",
            "\"running.health\" -> \"/label/18\" [ltail=\"cluster_2\", arrowhead=none, style=dashed",
            // Against the flow: written the other way round.
            "\"running.work.waiting\" -> \"/label/15\" [dir=back];",
            "\"/label/15\" -> \"running.work.busy.over\" [lhead=\"cluster_9\", dir=none];",
            "\"error\" -> \"off\" [label=\" after 30s \", constraint=false];",
            // To itself, to a descendant: from the pill. To an ancestor: to its dot or entry point.
            "\"running.work.busy/any\" -> \"running.work.busy/initial\" [label=\" RESTART \"]",
            "\"running.work.busy/any\" -> \"running.work.busy.writing\" [label=\" internal SKIP \"]",
            "\"running.feed.live\" -> \"running.feed/initial\" [label=\" REWIND \", constraint=false]",
            "\"running.work.busy.writing\" -> \"running/entry\" [label=\" ALL_AGAIN \", constraint=false]",
            "\"/any\" -> \"end\" [label=\" KILL \"]",
            // Several targets fork.
            "\"off\" -> \"/fork/1\" [label=\" RESUME [has_snapshot and not \\n in(error)] \\n / attempts := 0, emit \\n RESUMED(\\\"x; y\\\") \", arrowhead=none]",
            "\"/fork/1\" -> \"running.feed.live\";",
            "\"/fork/1\" -> \"running.work.busy.reading\";",
            "\"running.work.busy.reading\" -> \"running.work.busy.writing\" [label=\" * [ready] \"]",
            "subgraph \"cluster_9_accept\" {",
        ],
    );
}

#[test]
fn a_polygon_is_pinned_to_its_corners() {
    let text = picture("Quadruple-Down.dot");
    assert_lines(
        &text,
        &[
            "layout=neato",
            "\"s0\" [label=\"s0\", shape=circle",
            "label=\" 10 \"",
            "pos=\"1.44,1.44!\"",
            "\"s2\" [label=\"s2\", shape=doublecircle",
        ],
    );
    assert!(!text.contains("-0.00"), "{text}");
}

#[test]
fn mermaid_labels_are_escaped_and_identifiers_safe() {
    let text = picture("Platform.mmd");
    assert_lines(
        &text,
        &[
            "stateDiagram-v2",
            "state \"Off #38; #34;#60;quiet#62;#34; #92;N\" as off",
            "state \"End\" as s_end",
            "state s__fork_1 <<fork>>",
            "s__fork_1 --> running_feed_live",
            "off --> s__fork_1 : RESUME #91;has_snapshot and not in(error)#93; / attempts #58;= 0, emit RESUMED(#34;x#59; y#34;)",
            "state running_work_busy {",
            "note right of running_work_waiting",
            "class error alarm",
        ],
    );
    let system = picture("System-Down.mmd");
    assert_lines(
        &system,
        &[
            "subgraph producer[\"producer#58; Producer\"]",
            "TimescaleDB[(\"TimescaleDB\")]",
            "producer ==>|\"fetch #34;history#34;\"| CryptoCompare",
        ],
    );
}

#[test]
fn a_system_shows_every_wire() {
    let (_, system) = sample::platform();
    let text = picture("System-Down.dot");
    assert_lines(
        &text,
        &[
            "subgraph \"cluster_producer/0\" {",
            "\"TimescaleDB\" [label=\"TimescaleDB\", color=\"#a8842c\", fillcolor=\"#fff8e6\", fontcolor=\"#1c2733\", shape=cylinder",
            "\"datastore\" [label=<<b>datastore [request]</b><br/>",
            " -> \"consumer/idle\" [lhead=\"cluster_consumer/0\"",
            "to itself: FETCH_DATA",
        ],
    );
    let flow = picture("System-Down-messages.dot");
    assert!(!flow.contains("subgraph"), "{flow}");
    assert_eq!(flow.matches(" -> ").count(), system.wires.len() - 1);
}

#[test]
fn equal_input_gives_equal_bytes() {
    assert_eq!(pictures(), pictures());
}
