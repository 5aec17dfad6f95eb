//! Models made by hand, so that these tests fail only for pictures' sake.

use crate::Span;
use crate::model::*;

/// A machine under construction; states are added in document order.
pub(crate) struct Build(Machine);

impl Build {
    pub(crate) fn new(name: &str) -> Self {
        let mut build = Self(Machine {
            name: name.to_owned(),
            label: name.to_owned(),
            strict: true,
            ..Machine::default()
        });
        build.0.states.push(state(name, name, StateKind::Compound, 0));
        build
    }

    /// `path label`, below the root or below `parent.path`.
    pub(crate) fn state(mut self, path: &str, label: &str, with: impl FnOnce(&mut State)) -> Self {
        let (parent, name) =
            path.rsplit_once('.').map_or((0, path), |(parent, name)| (self.id(parent), name));
        let id = self.0.states.len();
        let mut row = state(name, path, StateKind::Atomic, parent);
        row.label = label.to_owned();
        with(&mut row);
        self.0.states.push(row);
        self.0.states[parent].children.push(id);
        if self.0.states[parent].kind == StateKind::Atomic {
            self.0.states[parent].kind = StateKind::Compound;
        }
        let mut at = id;
        loop {
            self.0.states[at].last = id;
            if at == 0 {
                break;
            }
            at = self.0.states[at].parent;
        }
        self
    }

    pub(crate) fn initial(mut self, parent: &str, child: &str) -> Self {
        let (parent, child) = (self.id(parent), self.id(child));
        self.0.states[parent].initial = vec![child];
        self
    }

    /// `on "EVENT [guard] / actions"`, targets separated by commas.
    pub(crate) fn on(
        mut self,
        source: &str,
        text: &str,
        targets: &str,
        with: impl FnOnce(&mut Transition),
    ) -> Self {
        let (head, list) = text.split_once(" / ").map_or((text, ""), |(head, list)| (head, list));
        let (pattern, guard) = match head.split_once(" [") {
            Some((pattern, guard)) => (pattern, Some(guard.trim_end_matches(']').to_owned())),
            None => (head, None),
        };
        let events = pattern.split(" | ").map(|name| self.event(name)).collect();
        let source = self.id(source);
        let mut row = Transition {
            source,
            trigger: if pattern == "always" { Trigger::Always } else { Trigger::Events(events) },
            pattern: pattern.to_owned(),
            guard_text: guard,
            targets: targets
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(|name| self.id(name))
                .collect(),
            actions: if list.is_empty() { Vec::new() } else { actions(list) },
            line: 1,
            ..Transition::default()
        };
        with(&mut row);
        let id = self.0.transitions.len();
        self.0.states[source].transitions.push(id);
        self.0.transitions.push(row);
        self
    }

    /// `do service(literal)` in a state.
    pub(crate) fn activity(mut self, path: &str, service: &str, argument: Expr) -> Self {
        let state = self.id(path);
        self.0.states[state].activities.push(self.0.activities.len());
        self.0.activities.push(Activity {
            state,
            runs: crate::model::Invoked::Service(self.0.services.len()),
            args: vec![argument],
            span: Span::default(),
        });
        self.0.services.push(Service {
            function: ExternFn {
                name: service.to_owned(),
                doc: String::new(),
                params: Vec::new(),
                span: Span::default(),
            },
            streams: Vec::new(),
            successes: Vec::new(),
            failures: Vec::new(),
        });
        self
    }

    pub(crate) fn defer(mut self, path: &str, event: &str) -> Self {
        let (state, event) = (self.id(path), self.event(event));
        self.0.states[state].defer.push(event);
        self
    }

    pub(crate) fn with(mut self, with: impl FnOnce(&mut Machine)) -> Self {
        with(&mut self.0);
        self
    }

    pub(crate) fn done(self) -> Machine {
        self.0
    }

    fn id(&self, path: &str) -> StateId {
        self.0.state(path).unwrap_or_else(|| panic!("no state {path}"))
    }

    fn event(&mut self, name: &str) -> EventId {
        self.0.event(name).unwrap_or_else(|| {
            let symbol = Symbol {
                name: name.to_owned(),
                doc: String::new(),
                fields: Vec::new(),
                span: Span::default(),
            };
            self.0.events.push(Event { symbol, internal: false });
            self.0.events.len() - 1
        })
    }
}

fn state(name: &str, path: &str, kind: StateKind, parent: StateId) -> State {
    State {
        name: name.to_owned(),
        path: path.to_owned(),
        label: name.to_owned(),
        kind,
        parent,
        ..State::default()
    }
}

pub(crate) fn actions(list: &str) -> Vec<Action> {
    let text = Expr { kind: ExprKind::None, ty: Type::Unknown, span: Span::default() };
    list.split(", ")
        .map(|row| Action {
            kind: ActionKind::Log(text.clone()),
            text: row.to_owned(),
            span: Span::default(),
        })
        .collect()
}

pub(crate) fn tag(name: &str, text: Option<&str>) -> Tag {
    Tag { name: name.to_owned(), text: text.map(str::to_owned) }
}

pub(crate) fn text(value: &str) -> Expr {
    Expr { kind: ExprKind::Literal(Literal::Text(value.to_owned())), ty: Type::Text, span: Span::default() }
}

fn dotted(row: &mut Transition) {
    row.tags.push(tag("continuous", None));
}

/// A flat machine with services, an error state, a dotted edge.
pub(crate) fn producer() -> Machine {
    Build::new("Producer")
        .state("idle", "Idle", |_| {})
        .state("fetchingData", "Fetching data", |_| {})
        .state("publishingFixed", "Publishing to the fixed topic", |_| {})
        .state("publishingDynamic", "Publishing to a dynamic topic", |_| {})
        .state("creatingTopic", "Creating topic", |row| row.entry = actions("attempts := attempts + 1, send coordinator CREATE_TOPIC_REQUEST(new_topic_name ?? \"none\") delay 5s"))
        .state("error", "Error", |row| row.tags.push(tag("alarm", None)))
        .initial("Producer", "idle")
        .on("idle", "FETCH_DATA", "fetchingData", |_| {})
        .on("idle", "CREATE_DYNAMIC_TOPIC / new_topic_name := event.name", "creatingTopic", |_| {})
        .on("idle", "PUBLISH_DYNAMIC | NOTIFY_PRODUCER", "publishingDynamic", |_| {})
        .on("fetchingData", "DATA_READY", "publishingFixed", |_| {})
        .on("fetchingData", "FETCH_FAILURE / error_info := event.reason", "error", |_| {})
        .on("publishingFixed", "PUBLISH_SUCCESS", "idle", |_| {})
        .on("publishingFixed", "PUBLISH_FAILURE / error_info := event.reason", "error", |_| {})
        .on("publishingFixed", "FETCH_DATA", "fetchingData", dotted)
        .on("publishingDynamic", "PUBLISH_SUCCESS", "idle", |_| {})
        .on("publishingDynamic", "PUBLISH_FAILURE / error_info := event.reason", "error", |_| {})
        .on("publishingDynamic", "FETCH_DATA", "fetchingData", dotted)
        .on("creatingTopic", "CREATE_TOPIC_SUCCESS", "idle", |_| {})
        .on("creatingTopic", "CREATE_TOPIC_FAILURE / error_info := event.reason", "error", |_| {})
        .on("error", "RESET / error_info := none", "idle", |_| {})
        .activity("fetchingData", "fetch_history", text("BTC \"USD\""))
        .defer("creatingTopic", "NOTIFY_PRODUCER")
        .done()
}

/// Every feature at once, with names that try to break out of their quotes.
pub(crate) fn nested() -> Machine {
    let region = |row: &mut State| row.region = true;
    Build::new("Platform")
        .with(|machine| machine.label = "The \"platform\" & <more> \\N".to_owned())
        .state("off", "Off & \"<quiet>\" \\N", |row| row.accept = true)
        .state("running", "Running", |row| {
            row.kind = StateKind::Parallel;
            row.entry = actions("log \"a < b & c\\n\", emit STARTED");
        })
        .state("running.feed", "Feed", region)
        .state("running.feed.disconnected", "Disconnected", |_| {})
        .state("running.feed.connecting", "Connecting", |_| {})
        .state("running.feed.live", "Live", |_| {})
        .state("running.work", "Work", region)
        .state("running.work.waiting", "Waiting", |_| {})
        .state("running.work.busy", "Busy", |row| {
            row.accept = true;
            row.exit = actions("finish()");
        })
        .state("running.work.busy.reading", "Reading", |_| {})
        .state("running.work.busy.writing", "Writing", |_| {})
        .state("running.work.busy.over", "Over", |row| row.kind = StateKind::Final)
        .state("running.health", "Health", region)
        .state("error", "Error", |_| {})
        .state("end", "End", |row| row.kind = StateKind::Final)
        .initial("Platform", "off")
        .initial("running.feed", "disconnected")
        .initial("running.work", "waiting")
        .initial("running.work.busy", "reading")
        .on("off", "START", "running", |_| {})
        .on(
            "off",
            "RESUME [has_snapshot and not in(error)] / attempts := 0, emit RESUMED(\"x; y\")",
            "live,reading",
            |_| {},
        )
        .on("disconnected", "CONNECT", "connecting", |_| {})
        .on("connecting", "CONNECTED", "live", |_| {})
        .on("live", "CLOSED", "disconnected", |_| {})
        .on("live", "REWIND", "running.feed", |_| {})
        .on("waiting", "JOB", "busy", |_| {})
        .on("reading", "always [ready]", "writing", |_| {})
        .on("writing", "WRITTEN", "over", |_| {})
        .on("busy", "done", "waiting", |_| {})
        .on("busy", "RESTART", "busy", |_| {})
        .on("busy", "SKIP", "writing", |row| row.internal = true)
        .on("waiting", "PING / emit PONG", "", |_| {})
        .on("busy", "PING", "", |row| row.ignore = true)
        .on("running", "FAIL", "error", |row| row.tags.push(tag("cross", None)))
        .on("writing", "ALL_AGAIN", "running", |_| {})
        .on("error", "RESET", "running.work", |_| {})
        .on("error", "after 30s", "off", |_| {})
        .on("Platform", "KILL", "end", |_| {})
        .done()
}

/// Four states, four symbols, every edge there is.
pub(crate) fn quadruple() -> Machine {
    let outer = |text: &'static str| move |row: &mut State| row.tags.push(tag("outer", Some(text)));
    let mut build = Build::new("Quadruple")
        .with(|machine| machine.tags.push(tag("polygon", None)))
        .state("s0", "s0", outer("10"))
        .state("s1", "s1", |_| {})
        .state("s2", "s2", |row| {
            row.accept = true;
            row.tags.push(tag("outer", Some("20")));
        })
        .state("s3", "s3", outer("5"))
        .initial("Quadruple", "s0");
    for source in 0..4 {
        for target in 0..4 {
            let text = if source == target { format!("{target} / x := x + 1") } else { target.to_string() };
            build = build.on(&format!("s{source}"), &text, &format!("s{target}"), |_| {});
        }
    }
    build.done()
}

/// Two actors, a family, every kind of outside party.
pub(crate) fn platform() -> (Model, System) {
    let coordinator = Build::new("Coordinator")
        .state("active", "Active", |_| {})
        .state("processingCreateTopic", "Creating a topic", |_| {})
        .state("notifyingActors", "Notifying actors", |_| {})
        .state("error", "Error", |_| {})
        .initial("Coordinator", "active")
        .on("active", "REQUEST_CREATE_TOPIC", "processingCreateTopic", |_| {})
        .on("active", "CREATE_TOPIC_REQUEST", "processingCreateTopic", |_| {})
        .on("processingCreateTopic", "CREATE_TOPIC_SUCCESS", "notifyingActors", |_| {})
        .on("processingCreateTopic", "CREATE_TOPIC_FAILURE", "error", |_| {})
        .on("notifyingActors", "NOTIFY_SUCCESS", "active", |_| {})
        .on("notifyingActors", "NOTIFY_FAILURE", "error", |_| {})
        .on("error", "RESET", "active", |_| {})
        .done();
    let consumer = Build::new("ConsumerFixed")
        .state("idle", "Idle", |_| {})
        .state("processingMessage", "Processing", |_| {})
        .state("writingToDB", "Writing to the database", |_| {})
        .state("updatingRedis", "Updating the cache", |_| {})
        .state("error", "Error", |_| {})
        .initial("ConsumerFixed", "idle")
        .on("idle", "MESSAGE_RECEIVED", "processingMessage", |_| {})
        .on("processingMessage", "PROCESS_SUCCESS", "writingToDB", |_| {})
        .on("processingMessage", "PROCESS_FAILURE", "error", |_| {})
        .on("writingToDB", "WRITE_SUCCESS", "updatingRedis", |_| {})
        .on("writingToDB", "WRITE_FAILURE", "error", |_| {})
        .on("updatingRedis", "UPDATE_CACHE_SUCCESS", "idle", |_| {})
        .on("updatingRedis", "UPDATE_CACHE_FAILURE", "error", |_| {})
        .on("error", "RESET", "idle", |_| {})
        .done();
    let actor = |name: &str, machine: &str| Actor {
        args: Vec::new(),
        name: name.to_owned(),
        machine: machine.to_owned(),
        family: None,
    };
    let external = |name: &str| External { name: name.to_owned(), label: name.to_owned() };
    let wire = |from: &str, to: &str, messages: &[&str], label: Option<&str>, tags: &[&str]| Wire {
        from: from.to_owned(),
        to: to.to_owned(),
        messages: messages.iter().map(|name| (*name).to_owned()).collect(),
        label: label.map(str::to_owned),
        tags: tags.iter().map(|name| tag(name, None)).collect(),
    };
    let mut datastore = actor("datastore", "Datastore");
    datastore.family = Some(Field { name: "request".to_owned(), ty: Type::Int });
    let system = System {
        name: "DataPlatform".to_owned(),
        doc: String::new(),
        label: "Data platform".to_owned(),
        actors: vec![
            actor("producer", "Producer"),
            actor("coordinator", "Coordinator"),
            actor("consumer", "ConsumerFixed"),
            datastore,
        ],
        externals: ["CryptoCompare", "TimescaleDB", "Redis", "FixedTopic", "Applications"]
            .map(external)
            .into(),
        wires: vec![
            wire("Applications", "datastore", &["REQUEST_DATA"], None, &[]),
            wire("datastore", "coordinator", &["REQUEST_CREATE_TOPIC"], None, &[]),
            wire("producer", "coordinator", &["CREATE_TOPIC_REQUEST"], None, &[]),
            wire("coordinator", "producer", &["NOTIFY_PRODUCER"], None, &[]),
            wire("producer", "CryptoCompare", &[], Some("fetch \"history\""), &[]),
            wire("CryptoCompare", "producer", &[], Some("stream"), &["continuous"]),
            wire("producer", "FixedTopic", &[], Some("publish"), &["cross"]),
            wire("FixedTopic", "consumer", &["MESSAGE_RECEIVED"], None, &[]),
            wire("consumer", "TimescaleDB", &[], Some("write"), &[]),
            wire("consumer", "Redis", &[], Some("update cache"), &[]),
            wire("datastore", "Redis", &[], Some("check cache"), &[]),
            wire("datastore", "TimescaleDB", &[], Some("query"), &[]),
            wire("producer", "producer", &["FETCH_DATA"], None, &[]),
        ],
        span: Span::default(),
    };
    (Model { machines: vec![producer(), coordinator, consumer], systems: Vec::new() }, system)
}
