//! Objects of the data model as a variable for each of their parts: `user.name` becomes `user$name`, where the
//! document nowhere takes the object as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ecma::{Js, Statement};
use super::document::{Chart, Code, Content, ContentKind, Data};

/// Parts of an object, by their path, and what they are to begin with.
type Parts = BTreeMap<Vec<String>, Option<Js>>;

/// Takes the objects of a chart apart.
pub(super) fn flatten(chart: &mut Chart) {
    let mut objects: BTreeMap<String, Parts> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for data in &chart.data {
        if !seen.insert(data.id.clone()) {
            objects.remove(&data.id);
        } else if let Some(Code { js: Ok(Js::Object(items)), .. }) = &data.value {
            let mut parts = Parts::new();
            collect(items, &mut Vec::new(), &mut parts);
            objects.insert(data.id.clone(), parts);
        }
    }
    if objects.is_empty() {
        return;
    }
    // Parts that are only assigned to come to be by that.
    every_content(chart, &mut |content| {
        if let ContentKind::Assign(Code { js: Ok(place), .. }, _) = &content.kind {
            add_part(place, &mut objects);
        }
        if let ContentKind::Script(Ok(statements)) = &content.kind {
            every_assignment(statements, &mut |place| add_part(place, &mut objects));
        }
    });
    let mut whole = BTreeSet::new();
    every_js(chart, &mut |js| {
        let params =
            matches!(js, Js::Function(params, _) if params.iter().any(|param| objects.contains_key(param)));
        if let (Js::Function(names, _), true) = (&*js, params) {
            whole.extend(names.iter().cloned());
        }
        let Some(path) = path_of(js) else { return false };
        let Some(parts) = path.first().and_then(|name| objects.get(name)) else { return false };
        if part_of(&path, parts).is_none() {
            whole.insert(path[0].clone());
        }
        true
    });
    objects.retain(|name, _| !whole.contains(name));
    // The name of an object may hold a `$` of its own.
    let mut uses: BTreeMap<String, usize> = seen.into_iter().map(|name| (name, 1)).collect();
    for (name, parts) in &objects {
        for part in parts.keys() {
            *uses.entry(spelt(name, part)).or_default() += 1;
        }
    }
    objects.retain(|name, parts| parts.keys().all(|part| uses.get(&spelt(name, part)) == Some(&1)));
    every_js(chart, &mut |js| {
        let Some(path) = path_of(js) else { return false };
        let Some((name, parts)) = path.first().and_then(|name| objects.get_key_value(name)) else {
            return false;
        };
        let Some(part) = part_of(&path, parts) else { return false };
        let rest = path.get(part.len() + 1..).unwrap_or_default();
        *js = rest
            .iter()
            .fold(Js::Name(spelt(name, part)), |js, member| Js::Member(Box::new(js), member.clone()));
        true
    });
    let data = std::mem::take(&mut chart.data);
    for data in data {
        let Some(parts) = objects.get(&data.id) else {
            chart.data.push(data);
            continue;
        };
        for (part, value) in parts {
            let value =
                value.as_ref().map(|js| Code { text: String::new(), js: Ok(js.clone()), at: data.at });
            chart.data.push(Data { id: spelt(&data.id, part), at: data.at, value, state: data.state });
        }
    }
}

/// The variable of a part. Each `$` goes before a name; what cannot stand in the name of a variable, a `$` included,
/// is its number between `$$` and `$$`, so that no two parts share a variable.
fn spelt(name: &str, part: &[String]) -> String {
    let mut out = name.to_owned();
    for name in part {
        out.push('$');
        if name.is_empty() {
            out.push_str("$$$$");
        }
        for c in name.chars() {
            if c == '_' || c.is_alphanumeric() {
                out.push(c);
            } else {
                out.push_str(&format!("$${:x}$$", u32::from(c)));
            }
        }
    }
    out
}

fn collect(items: &[(String, Js)], path: &mut Vec<String>, parts: &mut Parts) {
    for (name, value) in items {
        path.push(name.clone());
        match value {
            Js::Object(inner) if !inner.is_empty() => collect(inner, path, parts),
            value => {
                parts.insert(path.clone(), Some(value.clone()));
            }
        }
        path.pop();
    }
}

fn path_of(js: &Js) -> Option<Vec<String>> {
    Some(js.path()?.into_iter().map(str::to_owned).collect())
}

/// The part that a path leads to or into.
fn part_of<'p>(path: &[String], parts: &'p Parts) -> Option<&'p Vec<String>> {
    (1..path.len()).find_map(|length| parts.get_key_value(path.get(1..=length)?)).map(|(part, _)| part)
}

fn add_part(place: &Js, objects: &mut BTreeMap<String, Parts>) {
    let Some(path) = path_of(place) else { return };
    let Some((name, part)) = path.split_first().filter(|(_, part)| !part.is_empty()) else { return };
    let Some(parts) = objects.get_mut(name) else { return };
    // Not inside of a part, nor around one.
    if part_of(&path, parts).is_none() && !parts.keys().any(|known| known.starts_with(part)) {
        parts.insert(part.to_vec(), None);
    }
}

fn every_assignment(statements: &[Statement], visit: &mut dyn FnMut(&Js)) {
    super::walk::every_assignment(statements, &mut |place, _| visit(place));
}

fn every_content(chart: &Chart, visit: &mut dyn FnMut(&Content)) {
    super::walk::every_content(chart, &mut |content| visit(content));
}

/// Calls `visit` with each expression of a chart and those inside it; where it says so, not with those.
fn every_js(chart: &mut Chart, visit: &mut dyn FnMut(&mut Js) -> bool) {
    for data in &mut chart.data {
        data.value.iter_mut().for_each(|code| in_code(code, visit));
    }
    in_contents(&mut chart.scripts, visit);
    for state in &mut chart.states {
        in_contents(&mut state.initial_content, visit);
        state.entry.iter_mut().chain(&mut state.exit).for_each(|block| in_contents(block, visit));
        for transition in &mut state.transitions {
            transition.cond.iter_mut().for_each(|code| in_code(code, visit));
            in_contents(&mut transition.content, visit);
        }
        for invoke in &mut state.invokes {
            invoke.params.iter_mut().for_each(|param| in_code(&mut param.value, visit));
            invoke.finalize.iter_mut().for_each(|list| in_contents(list, visit));
            if let Some(place) = &invoke.idlocation {
                visit(&mut Js::Name(place.clone()));
            }
        }
        if let Some(data) = &mut state.donedata {
            data.params.iter_mut().for_each(|param| in_code(&mut param.value, visit));
            data.content.iter_mut().for_each(|code| in_code(code, visit));
        }
    }
}

fn in_contents(contents: &mut [Content], visit: &mut dyn FnMut(&mut Js) -> bool) {
    for content in contents {
        match &mut content.kind {
            ContentKind::Send(send) => {
                let parts = [&mut send.event, &mut send.target, &mut send.kind, &mut send.delay];
                let more = [&mut send.idlocation, &mut send.content];
                parts.into_iter().chain(more).flatten().for_each(|code| in_code(code, visit));
                send.params.iter_mut().for_each(|param| in_code(&mut param.value, visit));
            }
            ContentKind::Cancel(code) => in_code(code, visit),
            ContentKind::Log(_, code) => code.iter_mut().for_each(|code| in_code(code, visit)),
            ContentKind::Assign(place, value) => {
                in_code(place, visit);
                in_code(value, visit);
            }
            ContentKind::If(arms) => {
                for (condition, body) in arms {
                    condition.iter_mut().for_each(|code| in_code(code, visit));
                    in_contents(body, visit);
                }
            }
            ContentKind::Foreach { array, item, index, body } => {
                in_code(array, visit);
                for name in [Some(item), index.as_mut()].into_iter().flatten() {
                    visit(&mut Js::Name(name.clone()));
                }
                in_contents(body, visit);
            }
            ContentKind::Script(Ok(statements)) => in_statements(statements, visit),
            ContentKind::Script(Err(_)) | ContentKind::Raise(_) | ContentKind::Unknown(_) => {}
        }
    }
}

fn in_statements(statements: &mut [Statement], visit: &mut dyn FnMut(&mut Js) -> bool) {
    for statement in statements {
        match statement {
            Statement::Assign(place, value) => {
                in_js(place, visit);
                in_js(value, visit);
            }
            Statement::Run(js) => in_js(js, visit),
            Statement::If(condition, then, otherwise) => {
                in_js(condition, visit);
                in_statements(then, visit);
                in_statements(otherwise, visit);
            }
            Statement::Function(_, params, body) => {
                // A parameter of an object's name is not that object.
                params.iter().for_each(|param| {
                    visit(&mut Js::Name(param.clone()));
                });
                in_statements(body, visit);
            }
            Statement::Return(js) => js.iter_mut().for_each(|js| in_js(js, visit)),
            Statement::Declare(name) => {
                visit(&mut Js::Name(name.clone()));
            }
        }
    }
}

fn in_code(code: &mut Code, visit: &mut dyn FnMut(&mut Js) -> bool) {
    code.js.iter_mut().for_each(|js| in_js(js, visit));
}

fn in_js(js: &mut Js, visit: &mut dyn FnMut(&mut Js) -> bool) {
    if visit(js) {
        return;
    }
    match js {
        Js::Member(of, _) | Js::Unary(_, of) | Js::Function(_, of) => in_js(of, visit),
        Js::Index(a, b) | Js::Binary(_, a, b) | Js::Assign(a, b) => {
            in_js(a, visit);
            in_js(b, visit);
        }
        Js::Choice(a, b, c) => {
            in_js(a, visit);
            in_js(b, visit);
            in_js(c, visit);
        }
        Js::Call(of, args) => {
            in_js(of, visit);
            args.iter_mut().for_each(|arg| in_js(arg, visit));
        }
        Js::List(items) => items.iter_mut().for_each(|item| in_js(item, visit)),
        Js::Object(items) => items.iter_mut().for_each(|(_, item)| in_js(item, visit)),
        Js::Number(..) | Js::Text(_) | Js::Bool(_) | Js::Null | Js::Undefined | Js::Name(_) => {}
    }
}
