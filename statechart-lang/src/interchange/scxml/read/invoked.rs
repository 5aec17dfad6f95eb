//! Documents that a document invokes: inside it, or in files beside it.

use super::super::super::ecma::Js;
use super::{
    super::{
        document::{Chart, Code, ContentKind, Invoke},
        walk::every_content,
    },
    Element, FILE_DEPTH, Files, Reader, elements, name, read,
};

impl Reader<'_, '_> {
    /// The invocations of a chart, whose other parts are known by now.
    pub(super) fn invokes(&self, root: Element<'_, '_>, depth: usize, chart: &mut Chart) {
        let mut state = 0;
        let mut found: Vec<(usize, Invoke)> = Vec::new();
        let mut open: Vec<Element<'_, '_>> = vec![root];
        // In the order in which states were read: parents before children, in document order.
        while let Some(node) = open.pop() {
            let inner = self.own(node).filter(|child| name(*child) == "invoke");
            found.extend(inner.map(|child| (state, self.invoke(child, depth, state, chart))));
            let states = self
                .own(node)
                .filter(|child| matches!(name(*child), "state" | "parallel" | "final" | "history"));
            let mut states: Vec<Element<'_, '_>> = states.collect();
            states.reverse();
            open.extend(states);
            state += 1;
        }
        for (state, invoke) in found {
            if let Some(row) = chart.states.get_mut(state) {
                row.invokes.push(invoke);
            }
        }
    }

    /// An attribute that may be computed: its text, where that is certain when `state` is active.
    fn certain(
        &self,
        node: Element<'_, '_>,
        literal: &str,
        expression: &str,
        state: usize,
        chart: &Chart,
    ) -> Result<Option<String>, String> {
        if let Some(text) = node.attribute(literal) {
            return Ok(Some(text.to_owned()));
        }
        let Some(code) = self.attribute(node, expression) else { return Ok(None) };
        match &code.js {
            Ok(Js::Text(text)) => Ok(Some(text.clone())),
            Ok(Js::Name(name)) => settled(chart, state, name)
                .map(Some)
                .ok_or_else(|| format!("a service whose type or source is computed: `{name}`")),
            _ => Err(format!("a service whose type or source is computed: `{}`", code.text)),
        }
    }

    fn invoke(&self, node: Element<'_, '_>, depth: usize, state: usize, chart: &Chart) -> Invoke {
        let finalize = self.own(node).find(|child| name(*child) == "finalize");
        let finalize = finalize.map(|node| self.contents(node, 0)).transpose();
        let child = self.invoked(node, depth, state, chart);
        Invoke {
            at: self.at(node),
            id: node.attribute("id").map(str::to_owned),
            idlocation: node.attribute("idlocation").map(str::to_owned),
            params: self.params(node),
            autoforward: node.attribute("autoforward") == Some("true"),
            child: child.and_then(|child| match &finalize {
                Ok(_) => Ok(child),
                Err(error) => Err(error.to_string()),
            }),
            finalize: finalize.unwrap_or_default(),
        }
    }

    /// The document that is invoked.
    fn invoked(
        &self,
        node: Element<'_, '_>,
        depth: usize,
        state: usize,
        chart: &Chart,
    ) -> Result<Box<Chart>, String> {
        let kind = self.certain(node, "type", "typeexpr", state, chart)?;
        let kind = kind.as_deref().unwrap_or("scxml");
        if !matches!(kind.trim_end_matches('/'), "scxml" | "" | "http://www.w3.org/TR/scxml") {
            return Err(format!("a service of type `{kind}`"));
        }
        if let Some(src) = self.certain(node, "src", "srcexpr", state, chart)? {
            let path = self.file(&src)?;
            let text = self.files.loader.load(&path)?;
            if self.files.way.contains(&path) || self.files.way.len() >= FILE_DEPTH {
                return Err(format!(
                    "`{src}` invokes itself, or more than {FILE_DEPTH} documents invoke one another"
                ));
            }
            let way: Vec<String> = self.files.way.iter().cloned().chain([path.clone()]).collect();
            let directory = path.rfind('/').map_or("", |at| path.get(..=at).unwrap_or_default());
            let files = Files { loader: self.files.loader, directory, way: &way };
            return read(&text, &files).map(Box::new).map_err(|error| format!("`{src}`: {error}"));
        }
        let inner = self
            .own(node)
            .find(|child| name(*child) == "content")
            .and_then(|content| elements(content).find(|child| name(*child) == "scxml"));
        match inner {
            Some(root) => Reader { namespace: root.tag_name().namespace(), ..*self }
                .chart(root, depth + 1)
                .map(Box::new)
                .map_err(|error| error.to_string()),
            None => Err("a service without a document".to_owned()),
        }
    }
}

/// What a variable is for certain while a state is active: every assignment to it stands in the `<onentry>` of that
/// state, or nothing is ever assigned to what its `<data>` says.
fn settled(chart: &Chart, state: usize, variable: &str) -> Option<String> {
    let (mut assignments, mut scripted) = (0, false);
    every_content(chart, &mut |content| match &content.kind {
        ContentKind::Assign(place, _) => {
            assignments += usize::from(
                place.js.as_ref().is_ok_and(|js| js.path().is_some_and(|path| path[0] == variable)),
            );
        }
        ContentKind::Script(_) => scripted = true,
        ContentKind::Foreach { item, index, .. } => {
            assignments += usize::from(item == variable || index.as_deref() == Some(variable));
        }
        ContentKind::Send(send) => {
            assignments += usize::from(send.idlocation.as_ref().is_some_and(|code| code.text == variable))
        }
        _ => {}
    });
    let text = |code: &Code| match &code.js {
        Ok(Js::Text(text)) => Some(text.clone()),
        _ => None,
    };
    if scripted {
        return None;
    }
    let data = chart.data.iter().find(|data| data.id == variable)?;
    if assignments == 0 {
        return data.value.as_ref().and_then(text);
    }
    let entry: Vec<&Code> = chart
        .states
        .get(state)?
        .entry
        .iter()
        .flatten()
        .filter_map(|content| match &content.kind {
            ContentKind::Assign(place, value) if place.text == variable => Some(value),
            _ => None,
        })
        .collect();
    if entry.len() == assignments { entry.last().and_then(|code| text(code)) } else { None }
}
