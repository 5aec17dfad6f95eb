//! An SCXML document as data: elements become structs, scripts are parsed, nothing is judged yet. Elements of other
//! namespaces, which editors leave in documents, are no part of the chart.

mod invoked;
mod places;

use places::Places;
use roxmltree::{Document, Node};

use super::super::{
    ImportError, Note, Position,
    ecma::{self, Bad, Js},
    export::NAMESPACE,
};
use super::document::{
    Chart, Code, Content, ContentKind, Data, DoneData, Kind, Param, Send, State, Transition,
};
use crate::Loader;

/// How deep states and executable content may nest; the language allows 64 brackets.
const DEPTH_LIMIT: usize = 48;
/// How many elements, texts and comments a document may have.
const NODE_LIMIT: u32 = 1_000_000;
/// How many documents may invoke one another by name.
const FILE_DEPTH: usize = 8;
/// The namespace of SCXML.
const SCXML: &str = "http://www.w3.org/2005/07/scxml";

/// Where files that the document names are.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) loader: &'a dyn Loader,
    /// Of the document: a directory with its slash, or nothing.
    pub(super) directory: &'a str,
    /// The documents on the way to this one.
    pub(super) way: &'a [String],
}

/// Reads a document.
pub(super) fn read(text: &str, files: &Files<'_>) -> Result<Chart, ImportError> {
    let options =
        roxmltree::ParsingOptions { nodes_limit: NODE_LIMIT, allow_dtd: true, ..Default::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        ImportError::at(Position { line: at.row, column: at.col }, format!("this is no XML: {error}"))
    })?;
    let root = document.root_element();
    let places = Places::of(text);
    let reader = Reader { places: &places, files, namespace: root.tag_name().namespace() };
    if root.tag_name().name() != "scxml" {
        return Err(ImportError::at(
            reader.at(root),
            format!("the root element is <{}>, not <scxml>", root.tag_name().name()),
        ));
    }
    reader.chart(root, 0)
}

#[derive(Clone, Copy)]
struct Reader<'a, 'i> {
    places: &'a Places<'i>,
    files: &'a Files<'a>,
    /// Of the root: some documents have none.
    namespace: Option<&'a str>,
}

type Element<'a, 'i> = Node<'a, 'i>;

fn name<'a>(node: Element<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// All elements inside, foreign ones as well.
fn elements<'a, 'i>(node: Element<'a, 'i>) -> impl Iterator<Item = Element<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

impl Reader<'_, '_> {
    /// Whether it is an element of SCXML.
    fn is_own(&self, node: Element<'_, '_>) -> bool {
        let namespace = node.tag_name().namespace();
        namespace == self.namespace || namespace == Some(SCXML)
    }

    /// The elements of SCXML inside.
    fn own<'a, 'i>(&self, node: Element<'a, 'i>) -> impl Iterator<Item = Element<'a, 'i>> {
        elements(node).filter(|child| self.is_own(*child))
    }

    fn note(&self, node: Element<'_, '_>, lost: bool, text: String, chart: &mut Chart) {
        chart.notes.push(Note::new(self.at(node), lost, text));
    }

    fn at(&self, node: Element<'_, '_>) -> Position {
        self.places.at(node.range().start)
    }

    fn chart(&self, root: Element<'_, '_>, depth: usize) -> Result<Chart, ImportError> {
        let mut chart = Chart {
            name: root.attribute("name").unwrap_or_default().to_owned(),
            at: self.at(root),
            internal: words(root.attribute((NAMESPACE, "internal"))),
            late: root.attribute("binding") == Some("late"),
            datamodel: root
                .attribute("datamodel")
                .filter(|model| !matches!(*model, "ecmascript" | "null" | ""))
                .map(str::to_owned),
            ..Chart::default()
        };
        self.state(root, 0, depth, &mut chart)?;
        self.invokes(root, depth, &mut chart);
        super::objects::flatten(&mut chart);
        Ok(chart)
    }

    fn state(
        &self,
        node: Element<'_, '_>,
        parent: usize,
        depth: usize,
        chart: &mut Chart,
    ) -> Result<(), ImportError> {
        if depth > DEPTH_LIMIT {
            return Err(ImportError::at(
                self.at(node),
                format!("states nest deeper than {DEPTH_LIMIT} levels"),
            ));
        }
        let id = chart.states.len();
        let is_root = name(node) == "scxml";
        chart.states.push(State {
            id: node.attribute("id").unwrap_or_default().to_owned(),
            kind: match name(node) {
                "parallel" => Kind::Parallel,
                "final" => Kind::Final,
                "history" => Kind::History { deep: node.attribute("type") == Some("deep") },
                _ => Kind::State,
            },
            parent,
            at: self.at(node),
            initial: words(node.attribute("initial")),
            accept: node.attribute((NAMESPACE, "accept")) == Some("true"),
            label: node.attribute((NAMESPACE, "label")).map(str::to_owned),
            ..State::default()
        });
        for child in elements(node) {
            if !self.is_own(child) {
                continue;
            }
            match name(child) {
                "state" | "parallel" | "final" | "history" => self.state(child, id, depth + 1, chart)?,
                "transition" => {
                    let transition = self.transition(child)?;
                    if matches!(chart.states[id].kind, Kind::History { .. }) {
                        chart.states[id].initial = transition.targets;
                        chart.states[id].initial_content = transition.content;
                    } else {
                        chart.states[id].transitions.push(transition);
                    }
                }
                "initial" => {
                    for child in self.own(child).filter(|child| name(*child) == "transition") {
                        let transition = self.transition(child)?;
                        chart.states[id].initial = transition.targets;
                        chart.states[id].initial_content = transition.content;
                    }
                }
                "onentry" => {
                    let block = self.contents(child, 0)?;
                    chart.states[id].entry.push(block);
                }
                "onexit" => {
                    let block = self.contents(child, 0)?;
                    chart.states[id].exit.push(block);
                }
                "datamodel" => {
                    for data in self.own(child).filter(|child| name(*child) == "data") {
                        let data = self.data(data, id);
                        chart.data.push(data);
                    }
                }
                "script" if is_root => chart.scripts.push(self.content(child, 0)?),
                // They are read when all assignments are known.
                "invoke" if !is_root => {}
                "donedata" => {
                    let (params, content) = (self.params(child), self.payload(child));
                    chart.states[id].donedata = Some(DoneData { params, content });
                }
                "metadata" => {}
                other => {
                    let what = format!("<{other}> is not known inside <{}>", name(node));
                    self.note(child, true, what, chart);
                }
            }
        }
        Ok(())
    }

    fn transition(&self, node: Element<'_, '_>) -> Result<Transition, ImportError> {
        Ok(Transition {
            at: self.at(node),
            events: words(node.attribute("event")),
            cond: self.attribute(node, "cond"),
            targets: words(node.attribute("target")),
            internal: node.attribute("type") == Some("internal"),
            content: self.contents(node, 0)?,
        })
    }

    fn code(&self, node: Element<'_, '_>, text: &str) -> Code {
        Code { text: text.trim().to_owned(), js: ecma::expression(text), at: self.at(node) }
    }

    fn attribute(&self, node: Element<'_, '_>, name: &str) -> Option<Code> {
        Some(self.code(node, node.attribute(name)?))
    }

    /// A literal attribute, or the expression that stands for it.
    fn either(&self, node: Element<'_, '_>, literal: &str, expression: &str) -> Option<Code> {
        match node.attribute(literal) {
            Some(text) => Some(self.literal(node, text)),
            None => self.attribute(node, expression),
        }
    }

    fn literal(&self, node: Element<'_, '_>, text: &str) -> Code {
        Code { text: text.to_owned(), js: Ok(Js::Text(text.to_owned())), at: self.at(node) }
    }

    /// A value that stands between tags: an expression where it is a literal, else text with white space
    /// squeezed (W3C, B.2.8.1).
    fn inline(&self, node: Element<'_, '_>, text: &str) -> Code {
        match ecma::expression(text) {
            Ok(js) if js.is_literal() => Code { text: text.trim().to_owned(), js: Ok(js), at: self.at(node) },
            _ => self.literal(node, &text.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }

    fn text(node: Element<'_, '_>) -> String {
        node.children().filter(Node::is_text).filter_map(|text| text.text()).collect()
    }

    fn data(&self, node: Element<'_, '_>, state: usize) -> Data {
        let value = if let Some(code) = self.attribute(node, "expr") {
            Some(code)
        } else if let Some(src) = node.attribute("src") {
            Some(match self.load(src) {
                Ok(text) => self.inline(node, &text),
                Err(why) => self.unknown(node, &why),
            })
        } else if elements(node).next().is_some() {
            Some(self.unknown(node, "XML as data"))
        } else {
            let text = Self::text(node);
            (!text.trim().is_empty()).then(|| self.inline(node, &text))
        };
        Data { id: node.attribute("id").unwrap_or_default().to_owned(), at: self.at(node), value, state }
    }

    fn unknown(&self, node: Element<'_, '_>, why: &str) -> Code {
        Code { text: String::new(), js: Err(Bad::Unknown(why.to_owned())), at: self.at(node) }
    }

    /// The path of a file that the document names.
    fn file(&self, src: &str) -> Result<String, String> {
        let path = src.strip_prefix("file:").unwrap_or(src);
        if path.contains("://")
            || path.starts_with('/')
            || path.contains('\\')
            || path.split('/').any(|part| part == "..")
        {
            return Err(format!("`{src}` is not a file beside the document"));
        }
        Ok(format!("{}{}", self.files.directory, path.strip_prefix("./").unwrap_or(path)))
    }

    fn load(&self, src: &str) -> Result<String, String> {
        self.files.loader.load(&self.file(src)?)
    }

    fn params(&self, node: Element<'_, '_>) -> Vec<Param> {
        let mut params: Vec<Param> = words(node.attribute("namelist"))
            .into_iter()
            .map(|name| Param { value: self.code(node, &name), name, is_place: true })
            .collect();
        params.extend(self.own(node).filter(|child| name(*child) == "param").map(|child| Param {
            name: child.attribute("name").unwrap_or_default().to_owned(),
            value: match child.attribute("expr").or_else(|| child.attribute("location")) {
                Some(text) => self.code(child, text),
                None => self.code(child, "undefined"),
            },
            is_place: !child.has_attribute("expr") && child.has_attribute("location"),
        }));
        // Of several of a name the last counts.
        let mut seen = std::collections::BTreeSet::new();
        params.reverse();
        params.retain(|param| seen.insert(param.name.clone()));
        params.reverse();
        params
    }

    /// `<content>`.
    fn payload(&self, node: Element<'_, '_>) -> Option<Code> {
        let content = self.own(node).find(|child| name(*child) == "content")?;
        Some(if let Some(code) = self.attribute(content, "expr") {
            code
        } else if elements(content).next().is_some() {
            self.unknown(content, "XML as content")
        } else {
            self.inline(content, &Self::text(content))
        })
    }

    fn contents(&self, node: Element<'_, '_>, depth: usize) -> Result<Vec<Content>, ImportError> {
        elements(node).map(|child| self.content(child, depth)).collect()
    }

    fn content(&self, node: Element<'_, '_>, depth: usize) -> Result<Content, ImportError> {
        if depth > DEPTH_LIMIT {
            return Err(ImportError::at(
                self.at(node),
                format!("executable content nests deeper than {DEPTH_LIMIT} levels"),
            ));
        }
        let kind = match name(node) {
            other if !self.is_own(node) => ContentKind::Unknown(format!("<{other}>")),
            "raise" => ContentKind::Raise(node.attribute("event").unwrap_or_default().to_owned()),
            "send" => ContentKind::Send(Box::new(Send {
                event: self.either(node, "event", "eventexpr"),
                target: self.either(node, "target", "targetexpr"),
                kind: self.either(node, "type", "typeexpr"),
                delay: self.either(node, "delay", "delayexpr"),
                id: node.attribute("id").map(str::to_owned),
                idlocation: self.attribute(node, "idlocation"),
                params: self.params(node),
                content: self.payload(node),
            })),
            "cancel" => match self.either(node, "sendid", "sendidexpr") {
                Some(id) => ContentKind::Cancel(id),
                None => ContentKind::Unknown("<cancel> without an id".to_owned()),
            },
            "log" => {
                ContentKind::Log(node.attribute("label").map(str::to_owned), self.attribute(node, "expr"))
            }
            "assign" => {
                let value = match self.attribute(node, "expr") {
                    Some(code) => code,
                    None if elements(node).next().is_some() => self.unknown(node, "XML as a value"),
                    None => self.inline(node, &Self::text(node)),
                };
                let location = node.attribute("location").unwrap_or_default();
                ContentKind::Assign(self.code(node, location), value)
            }
            "if" => self.choice(node, depth)?,
            "foreach" => ContentKind::Foreach {
                array: self.code(node, node.attribute("array").unwrap_or_default()),
                item: node.attribute("item").unwrap_or_default().to_owned(),
                index: node.attribute("index").map(str::to_owned),
                body: self.contents(node, depth + 1)?,
            },
            "script" => ContentKind::Script(match node.attribute("src") {
                Some(src) => self.load(src).map_err(Bad::Unknown).and_then(|text| ecma::script(&text)),
                None => ecma::script(&Self::text(node)),
            }),
            other => ContentKind::Unknown(format!("<{other}>")),
        };
        Ok(Content { at: self.at(node), kind })
    }

    fn choice(&self, node: Element<'_, '_>, depth: usize) -> Result<ContentKind, ImportError> {
        let cond = |node| Some(self.attribute(node, "cond").unwrap_or_else(|| self.code(node, "")));
        let mut arms = vec![(cond(node), Vec::new())];
        for child in elements(node) {
            match name(child) {
                "elseif" => arms.push((cond(child), Vec::new())),
                "else" => arms.push((None, Vec::new())),
                _ => {
                    let content = self.content(child, depth + 1)?;
                    if let Some((_, body)) = arms.last_mut() {
                        body.push(content);
                    }
                }
            }
        }
        Ok(ContentKind::If(arms))
    }
}
