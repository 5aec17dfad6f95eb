//! Every state and edge that the platform is made of is in its pictures: the list stands here, apart from the specs,
//! so that a spec that loses an edge is noticed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use statechart_lang::diagram::{self, Drawing, Error, Format, Layout, Options, Shape, Stroke};
use statechart_lang::{Loader, MapLoader, Model, compile};

struct Workspace;

impl Loader for Workspace {
    fn load(&self, path: &str) -> Result<String, String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        std::fs::read_to_string(root.join(path)).map_err(|why| why.to_string())
    }
}

fn model(spec: &str) -> Model {
    let compiled = compile(spec, &Workspace);
    assert!(compiled.model.is_some(), "{}", compiled.render(false));
    compiled.model.unwrap()
}

fn drawing(spec: &str) -> Drawing {
    diagram::drawing(model(spec).own_machines().next().unwrap(), &Options::default())
}

/// Each machine's edges: from, event, to. `*` is no event; `~` before the event is a dotted edge.
const MACHINES: [(&str, &str); 14] = [
    (
        "specs/producer.sc",
        "idle FETCH_DATA fetchingData
         idle CREATE_DYNAMIC_TOPIC creatingTopic
         idle PUBLISH_DYNAMIC publishingDynamic
         idle NOTIFY_PRODUCER publishingDynamic
         fetchingData DATA_READY publishingFixed
         fetchingData FETCH_FAILURE error
         publishingFixed PUBLISH_SUCCESS idle
         publishingFixed PUBLISH_FAILURE error
         publishingFixed ~FETCH_DATA fetchingData
         publishingDynamic PUBLISH_SUCCESS idle
         publishingDynamic PUBLISH_FAILURE error
         publishingDynamic ~FETCH_DATA fetchingData
         creatingTopic CREATE_TOPIC_SUCCESS idle
         creatingTopic CREATE_TOPIC_FAILURE error
         error RESET idle",
    ),
    (
        "specs/coordinator.sc",
        "active REQUEST_CREATE_TOPIC processingCreateTopic
         processingCreateTopic CREATE_TOPIC_SUCCESS notifyingActors
         processingCreateTopic CREATE_TOPIC_FAILURE error
         notifyingActors NOTIFY_SUCCESS active
         notifyingActors NOTIFY_FAILURE error
         error RESET active",
    ),
    (
        "specs/consumer_fixed.sc",
        "idle MESSAGE_RECEIVED processingMessage
         processingMessage PROCESS_SUCCESS writingToDB
         processingMessage PROCESS_FAILURE error
         writingToDB WRITE_SUCCESS updatingRedis
         writingToDB WRITE_FAILURE error
         updatingRedis UPDATE_CACHE_SUCCESS idle
         updatingRedis UPDATE_CACHE_FAILURE error
         error RESET idle",
    ),
    (
        "specs/consumer_dynamic.sc",
        "idle SUBSCRIBE_TO_TOPIC subscribing
         subscribing SUBSCRIBE_SUCCESS consuming
         subscribing SUBSCRIBE_FAILURE error
         consuming MESSAGE_RECEIVED processingMessage
         processingMessage PROCESS_SUCCESS interactingWithApp
         processingMessage PROCESS_SUCCESS writingToDB
         processingMessage PROCESS_FAILURE error
         writingToDB WRITE_SUCCESS updatingRedis
         writingToDB WRITE_FAILURE error
         updatingRedis UPDATE_CACHE_SUCCESS interactingWithApp
         updatingRedis UPDATE_CACHE_SUCCESS consuming
         updatingRedis UPDATE_CACHE_FAILURE error
         interactingWithApp INTERACT_SUCCESS idle
         interactingWithApp INTERACT_SUCCESS consuming
         interactingWithApp INTERACT_FAILURE error
         error RESET idle",
    ),
    (
        "specs/datastore.sc",
        "idle REQUEST_DATA processingRequest
         processingRequest START_DB_QUERY queryingDB
         queryingDB DB_QUERY_SUCCESS dataFound
         queryingDB DB_QUERY_EMPTY dataNotFound
         queryingDB DB_QUERY_FAILURE error
         dataFound * returningData
         dataNotFound * requestingFetch
         requestingFetch FETCH_INSTRUCTIONS_SENT waitingForData
         waitingForData DATA_FETCHED returningData
         waitingForData DATA_FETCH_FAILED error
         returningData RETURN_DATA_SUCCESS idle
         returningData RETURN_DATA_FAILURE idle
         returningData RETURN_DATA_FAILURE error
         error RESET idle",
    ),
    (
        "specs/platform.sc",
        "waiting INIT_DB_PROVISION running
         provisioning DB_PROVISION_DONE initializing
         provisioning DB_PROVISION_FAILED error
         initializing * ready
         ready ERROR error
         working WORKFLOW_COMPLETED resting
         error RETRY provisioning",
    ),
    (
        "specs/concept/producer.sc",
        "idle PUBLISH_MESSAGE publishing
         idle CREATE_DYNAMIC_TOPIC creatingTopic
         publishing PUBLISH_SUCCESS idle
         publishing PUBLISH_FAILURE idle
         publishing PUBLISH_FAILURE error
         creatingTopic CREATE_TOPIC_SUCCESS idle
         creatingTopic CREATE_TOPIC_FAILURE idle
         creatingTopic CREATE_TOPIC_FAILURE error",
    ),
    (
        "specs/concept/coordinator.sc",
        "active REQUEST_CREATE_TOPIC processingCreateTopic
         processingCreateTopic CREATE_TOPIC_SUCCESS active
         processingCreateTopic CREATE_TOPIC_FAILURE active
         processingCreateTopic CREATE_TOPIC_FAILURE error",
    ),
    (
        "specs/concept/consumer_fixed.sc",
        "idle MESSAGE_RECEIVED processingMessage
         processingMessage PROCESS_SUCCESS idle
         processingMessage PROCESS_FAILURE idle
         processingMessage PROCESS_FAILURE error",
    ),
    (
        "specs/concept/consumer_dynamic.sc",
        "idle SUBSCRIBE_TO_TOPIC subscribing
         subscribing SUBSCRIBE_SUCCESS consuming
         subscribing SUBSCRIBE_FAILURE error
         consuming MESSAGE_RECEIVED idle
         consuming PROCESS_SUCCESS consuming
         consuming PROCESS_FAILURE consuming
         consuming PROCESS_FAILURE error",
    ),
    (
        "specs/templates/quadruple.sc",
        "s0 0 s0  s0 1 s1  s0 2 s2  s0 3 s3
         s1 0 s0  s1 1 s1  s1 2 s2  s1 3 s3
         s2 0 s0  s2 1 s1  s2 2 s2  s2 3 s3
         s3 0 s0  s3 1 s1  s3 2 s2  s3 3 s3",
    ),
    ("specs/templates/quintuple.sc", "s0 1 s1  s1 1 s2  s2 1 s3  s3 1 s4  s4 1 s0"),
    ("specs/templates/sextuple.sc", "s0 1 s1  s1 1 s2  s2 1 s3  s3 1 s4  s4 1 s5  s5 1 s0"),
    ("specs/templates/septuple.sc", "s0 1 s1  s1 1 s2  s2 1 s3  s3 1 s4  s4 1 s5  s5 1 s6  s6 1 s0"),
];

/// Who tells whom what, in the system.
const WIRES: [(&str, &str, &str); 24] = [
    ("Applications", "REQUEST_DATA", "platform"),
    ("platform", "REQUEST_DATA", "datastore"),
    ("datastore", "query OHLCV", "TimescaleDB"),
    ("TimescaleDB", "result, empty", "datastore"),
    ("datastore", "check cache", "Redis"),
    ("Redis", "hit, miss", "datastore"),
    ("datastore", "REQUEST_CREATE_TOPIC", "coordinator"),
    ("producer", "CREATE_TOPIC_REQUEST", "coordinator"),
    ("coordinator", "NOTIFY_PRODUCER", "producer"),
    ("coordinator", "CREATE_TOPIC_SUCCESS", "producer"),
    ("coordinator", "CREATE_TOPIC_FAILURE", "producer"),
    ("coordinator", "spawn, stop", "consumer_dynamic"),
    ("coordinator", "SUBSCRIBE_TO_TOPIC", "consumer_dynamic"),
    ("consumer_dynamic", "SUBSCRIBE_SUCCESS", "coordinator"),
    ("consumer_dynamic", "SUBSCRIBE_FAILURE", "coordinator"),
    ("producer", "fetch, subscribe", "CryptoCompare"),
    ("producer", "publish", "FixedTopic"),
    ("producer", "publish", "DynamicTopic"),
    ("FixedTopic", "consume", "consumer_fixed"),
    ("DynamicTopic", "consume", "consumer_dynamic"),
    ("consumer_fixed", "write", "TimescaleDB"),
    ("consumer_dynamic", "update cache", "Redis"),
    ("consumer_dynamic", "DATA_FETCHED", "datastore"),
    ("consumer_dynamic", "deliver", "Applications"),
];

/// The name of a part without what it lies in.
fn name(drawing: &Drawing, part: usize) -> &str {
    let id = &drawing.parts[part].id;
    id.rsplit(['.', '/']).next().unwrap_or(id)
}

/// Whether an edge says this event.
fn is_drawn(drawing: &Drawing, from: &str, event: &str, to: &str) -> bool {
    let (event, stroke) = match event.strip_prefix('~') {
        Some(event) => (event, Some(Stroke::Dotted)),
        None => (event, None),
    };
    drawing.edges.iter().any(|edge| {
        name(drawing, edge.from) == from
            && name(drawing, edge.to) == to
            && stroke.is_none_or(|stroke| stroke == edge.stroke)
            && edge
                .labels
                .iter()
                .any(|label| label.event == event || label.event.split(" | ").any(|one| one == event))
    })
}

#[test]
fn machines_are_drawn_edge_by_edge() {
    for (spec, rows) in MACHINES {
        let drawing = drawing(spec);
        let words: Vec<&str> = rows.split_whitespace().collect();
        for row in words.chunks(3) {
            let [from, event, to] = row else { panic!("{spec}: {row:?}") };
            assert!(is_drawn(&drawing, from, event, to), "{spec}: no edge {from} --{event}--> {to}");
        }
    }
}

#[test]
fn a_self_transition_is_an_edge_and_a_forwarded_request_a_line() {
    for (spec, states) in [("quintuple", 5), ("sextuple", 6), ("septuple", 7)] {
        let drawing = drawing(&format!("specs/templates/{spec}.sc"));
        assert!(drawing.polygon && drawing.blackboard, "{spec}");
        for state in (0..states).map(|state| format!("s{state}")) {
            assert!(is_drawn(&drawing, &state, "0", &state), "{spec}: {state}");
        }
    }
    let platform = drawing("specs/platform.sc");
    let ready = platform.parts.iter().find(|part| part.id == "ready").unwrap();
    assert!(ready.lines.iter().any(|line| line.starts_with("REQUEST_DATA / forward")), "{:?}", ready.lines);
    assert!(platform.edges.iter().any(|edge| {
        edge.from != 0
            && name(&platform, edge.from) == "ready"
            && name(&platform, edge.to) == "working"
            && edge.labels[0].event == "internal START_WORKFLOW"
    }));
}

#[test]
fn the_system_shows_every_message_in_both_views() {
    let model = model("specs/data_platform.sc");
    for messages_only in [false, true] {
        let options = Options { messages_only, ..Options::default() };
        let drawing = diagram::drawing_of_system(&model, &model.systems[0], &options);
        for (from, text, to) in WIRES {
            assert!(is_drawn(&drawing, from, text, to), "no wire {from} --{text}--> {to}");
        }
        let actors =
            ["platform", "producer", "coordinator", "consumer_fixed", "consumer_dynamic", "datastore"];
        for actor in actors {
            let part = drawing.parts.iter().position(|part| part.id == actor).unwrap();
            assert_eq!(drawing.is_frame(part), !messages_only, "{actor}");
        }
    }
}

const FORMATS: [Format; 6] =
    [Format::Svg, Format::Tikz, Format::Dot, Format::Mermaid, Format::PlantUml, Format::Json];

/// The names of the templates are digits, which stand in every picture. So each state and each event gets a name that
/// stands nowhere else.
#[test]
fn every_format_names_every_state_and_event() {
    for (spec, rows) in MACHINES {
        let mut drawing = drawing(spec);
        let mut wanted = Vec::new();
        for (at, part) in drawing.parts.iter_mut().enumerate() {
            if matches!(part.shape, Shape::State | Shape::Final) {
                part.title = format!("Place{at}z");
                wanted.push(part.title.clone());
            }
        }
        assert!(wanted.len() >= rows.split_whitespace().step_by(3).collect::<BTreeSet<_>>().len(), "{spec}");
        for (at, label) in drawing.edges.iter_mut().flat_map(|edge| &mut edge.labels).enumerate() {
            if !label.event.is_empty() {
                label.event = format!("Event{at}z");
                wanted.push(label.event.clone());
            }
        }
        for format in FORMATS {
            let text = diagram::text(&drawing, format, Layout::Auto).unwrap();
            for name in &wanted {
                assert!(text.contains(name.as_str()), "{spec}, {format:?}: no {name} in\n{text}");
            }
        }
    }
}

fn flat(text: &str) -> Drawing {
    let spec = format!("machine M {{ input {{ A B }} output {{ X }} {text} }}");
    let compiled = compile("m.sc", &MapLoader::from([("m.sc", spec.as_str())]));
    assert!(compiled.model.is_some(), "{}", compiled.render(false));
    diagram::drawing(&compiled.model.unwrap().machines[0], &Options::default())
}

#[test]
fn a_polygon_shows_all_that_layers_show() {
    let drawing = flat(
        "initial one / emit X
         state one { entry / emit X  on A -> two }
         state two { exit / emit X  on A -> three }
         accept state three { on A -> one  on B / emit X }",
    );
    for format in [Format::Svg, Format::Tikz] {
        let text = diagram::text(&drawing, format, Layout::Polygon).unwrap();
        for line in ["entry / emit X", "exit / emit X", "B / emit X", "/ emit X"] {
            let wanted = drawing.parts.iter().flat_map(|part| &part.lines).filter(|own| own.contains(line));
            let labels =
                drawing.edges.iter().flat_map(|edge| edge.lines(30)).filter(|own| own.contains(line));
            let wanted = wanted.count() + labels.count();
            let found = text.matches(line).count();
            assert!(
                wanted > 0 && found >= wanted,
                "{format:?}: `{line}` {found} times of {wanted} in\n{text}"
            );
        }
    }
}

#[test]
fn what_has_no_place_on_a_polygon_is_said_or_stands_in_a_row() {
    let kept = flat(
        "initial one  history h -> one  state one { on A -> two }  state two { on A -> h }  state three { on B -> h }",
    );
    for format in [Format::Svg, Format::Tikz] {
        let error = diagram::text(&kept, format, Layout::Polygon).unwrap_err();
        assert!(matches!(error, Error::Nested(Layout::Polygon)) && error.to_string().contains("history"));
        assert!(diagram::text(&kept, format, Layout::Row).unwrap().contains('H'));
    }
    let two = flat("initial one  state one { on A -> two }  state two { on A -> one }");
    for format in [Format::Svg, Format::Tikz] {
        let text = diagram::text(&two, format, Layout::Polygon).unwrap();
        assert_eq!(text, diagram::text(&two, format, Layout::Row).unwrap());
    }
}
