//! Where a cursor stands, told by the words before it: text that is being written does not parse.

/// What may come at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A new name, a number, a text.
    Nothing,
    /// An item of a file.
    Top,
    /// An item of a body; the keyword of the body.
    Member(&'static str),
    /// An item of `extern { … }`.
    ExternItem,
    /// An item of a system.
    SystemItem,
    /// The name of a limit.
    Limit,
    /// An event behind `on` or `defer`.
    Pattern,
    /// An event of the machine itself.
    Events,
    Outputs,
    /// Events and outputs.
    Symbols,
    /// A state from here.
    States,
    /// A child or a state that completes.
    Completing,
    /// A child of the state around.
    Initial,
    /// Below these states.
    Below(Vec<String>),
    /// A field of the events of this pattern.
    Fields(Vec<String>),
    /// Who can be sent to.
    Partners,
    /// The events of one of them.
    PartnerEvents(String),
    Children,
    Messages,
    /// A service or machine.
    Activity,
    Machines,
    Fragments,
    Types,
    Action,
    /// A value; whether there is a current event.
    Value {
        event: bool,
    },
    /// A party of the system.
    Parties,
    /// What a party of the system understands.
    PartyEvents(String),
    Variables,
}

/// What a cursor's surroundings are.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) wanted: Wanted,
    /// Where the item starts that is being written, when nothing else stands in it.
    pub(super) item: Option<usize>,
    /// Names that loops around bind.
    pub(super) bindings: Vec<String>,
}

/// The bodies that braces open.
const BLOCKS: &[&str] = &[
    "machine", "fragment", "system", "state", "parallel", "region", "final", "input", "internal", "output",
    "context", "extern", "limits", "migrate", "if", "else", "for",
];

/// Words that start an item of a body.
const STARTS: &[&str] = &[
    "on",
    "always",
    "after",
    "entry",
    "exit",
    "initial",
    "do",
    "defer",
    "state",
    "parallel",
    "region",
    "final",
    "history",
    "peer",
    "use",
    "return",
    "example",
    "property",
    "invariant",
    "never",
    "machine",
    "fragment",
    "actor",
    "external",
    "import",
];

/// Words and symbols outside comments, with where they start; texts and quoted names are one token each.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    pieces(text).filter(|(_, piece)| {
        !piece.starts_with(char::is_whitespace) && !piece.starts_with("//") && !piece.starts_with("/*")
    })
}

/// A text cut into tokens, comments and white space.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        let start = at;
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let line = rest.get(..rest.find('\n').unwrap_or(rest.len())).unwrap_or(rest);
        let length = if c.is_whitespace() {
            c.len_utf8()
        } else if rest.starts_with("//") {
            line.len()
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            string_length(line)
        } else if c == '\'' {
            line.get(1..).and_then(|inner| inner.find('\'')).map_or(1, |end| end + 2)
        } else if word(c) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if ["->", ":=", "==", "!=", "<=", ">=", "??"].iter().any(|op| rest.starts_with(op)) {
            2
        } else {
            c.len_utf8()
        };
        at += length;
        text.get(start..at).map(|piece| (start, piece))
    })
}

fn string_length(line: &str) -> usize {
    string_end(line).unwrap_or(line.len())
}

/// Where a text ends that starts a line.
fn string_end(line: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in line.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(at + 1),
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    None
}

/// Whether a text ends inside a comment or a text of its own.
fn ends_in_prose(text: &str) -> bool {
    let Some((_, last)) = pieces(text).last() else { return false };
    let open_text = last.starts_with('"') && string_end(last).is_none();
    let open_block = last.starts_with("/*") && (last.len() < 4 || !last.ends_with("*/"));
    last.starts_with("//") || open_block || open_text
}

/// Reads the place at the end of a text; the word that is being written is not part of it.
pub(super) fn read(text: &str) -> Option<Place> {
    if ends_in_prose(text) {
        return None;
    }
    let (starts, tokens): (Vec<usize>, Vec<&str>) = tokens(text).unzip();
    let mut blocks: Vec<(usize, &'static str)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" => blocks.push((at, opened(&tokens, at))),
            "}" => {
                blocks.pop();
            }
            _ => {}
        }
    }
    let mut bindings = Vec::new();
    for (open, _) in blocks.iter().filter(|(_, word)| *word == "for") {
        let head = tokens.get(..*open).unwrap_or_default();
        let start = head.iter().rposition(|token| *token == "for").map_or(head.len(), |at| at + 1);
        let names =
            head.iter().skip(start).take_while(|token| **token != "in").filter(|token| **token != ",");
        bindings.extend(names.map(|name| (*name).to_owned()));
    }
    let around = blocks.last().copied();
    let inside = tokens.get(around.map_or(0, |(open, _)| open + 1)..).unwrap_or_default();
    let body =
        blocks.iter().rev().map(|(_, word)| *word).find(|word| !matches!(*word, "if" | "else" | "for"));
    let own = statement(inside);
    // A wire starts with no keyword.
    let whole = body != Some("system")
        && own.first().is_some_and(|word| STARTS.contains(word) && !BLOCKS.contains(word));
    let item = whole.then(|| starts.get(tokens.len() - own.len()).copied()).flatten();
    Some(Place { item, wanted: wanted(&tokens, inside, around.map(|(_, word)| word), body), bindings })
}

/// How far what follows the cursor belongs to the same item, on the same line.
pub(super) fn rest_of_item(rest: &str) -> usize {
    let line = rest.find('\n').unwrap_or(rest.len());
    let mut ends =
        tokens(rest).filter(|(_, token)| matches!(*token, "{" | "}" | "accept") || STARTS.contains(token));
    ends.next().map_or(line, |(at, _)| at.min(line))
}

/// The keyword whose body a brace opens.
fn opened(tokens: &[&str], brace: usize) -> &'static str {
    let head = tokens.get(..brace).unwrap_or_default();
    let start = head.iter().rposition(|token| matches!(*token, "{" | "}")).map_or(0, |at| at + 1);
    let head = head.get(start..).unwrap_or_default();
    let keyword = |at: usize| BLOCKS.iter().find(|word| head.get(at) == Some(word)).copied();
    let Some(at) = (0..head.len()).rev().find(|at| keyword(*at).is_some()) else { return "" };
    // `state input {`: a keyword may be a name.
    let named = at
        .checked_sub(1)
        .and_then(keyword)
        .filter(|word| matches!(*word, "state" | "parallel" | "region" | "final"));
    named.or_else(|| keyword(at)).unwrap_or("")
}

fn wanted(all: &[&str], inside: &[&str], around: Option<&'static str>, body: Option<&'static str>) -> Wanted {
    let last = inside.last().copied();
    let statement = statement(inside);
    let parens = open_bracket(statement);
    match around {
        None => match last {
            Some("machine" | "fragment" | "system" | "import") => Wanted::Nothing,
            Some(":") if parens.is_some() => Wanted::Types,
            Some(_) if parens.is_some() => Wanted::Nothing,
            _ => Wanted::Top,
        },
        Some("input" | "internal" | "output") => {
            let before = inside.iter().rev().nth(1).copied();
            if last == Some(":") || last == Some("[") && before == Some(":") {
                Wanted::Types
            } else {
                Wanted::Nothing
            }
        }
        Some("context") => match (last, inside.iter().rev().nth(1).copied()) {
            (Some(":"), _) | (Some("["), Some(":")) => Wanted::Types,
            (None | Some("}"), _) => Wanted::Nothing,
            (Some("=" | "(" | "[" | "," | "+" | "-" | "*" | "/"), _) => Wanted::Value { event: false },
            _ => Wanted::Nothing,
        },
        Some("extern") => match last {
            Some("->" | "!" | "|" | "streams") => Wanted::Events,
            Some(":" | "(") => Wanted::Types,
            Some(",") => {
                if parens.is_some() {
                    Wanted::Types
                } else {
                    Wanted::Nothing
                }
            }
            Some("type" | "guard" | "action" | "service") => Wanted::Nothing,
            _ => Wanted::ExternItem,
        },
        Some("limits") => {
            if last == Some(":") {
                Wanted::Nothing
            } else {
                Wanted::Limit
            }
        }
        Some("migrate") => match last {
            Some("->") => match inside.iter().rev().nth(2) {
                Some(&"context") => Wanted::Variables,
                Some(&"event") => Wanted::Events,
                Some(&("child" | "peer" | "message" | "undo")) => Wanted::Nothing,
                _ => Wanted::States,
            },
            _ => Wanted::Nothing,
        },
        Some("system") => in_system(inside, last),
        _ => in_body(all, statement, last, parens, around.unwrap_or("machine"), body.unwrap_or("machine")),
    }
}

fn in_system(inside: &[&str], last: Option<&str>) -> Wanted {
    match last {
        Some("actor" | "external") => Wanted::Nothing,
        Some("->") => Wanted::Parties,
        Some(":" | "|") => {
            let arrow = inside.iter().rposition(|token| *token == "->");
            let actor = inside.iter().rposition(|token| *token == "actor");
            match arrow.filter(|arrow| actor.is_none_or(|actor| actor < *arrow)) {
                Some(arrow) => Wanted::PartyEvents(inside.get(arrow + 1).copied().unwrap_or("").to_owned()),
                None => Wanted::Machines,
            }
        }
        _ => Wanted::SystemItem,
    }
}

fn in_body(
    all: &[&str],
    statement: &[&str],
    last: Option<&str>,
    bracket: Option<usize>,
    around: &'static str,
    body: &'static str,
) -> Wanted {
    let in_action = matches!(around, "if" | "else" | "for");
    let first = statement.first().copied().unwrap_or("");
    let event = in_action || matches!(first, "on");
    let value = Wanted::Value { event };
    let header = matches!(first, "state" | "parallel" | "region" | "final");
    let before = |back: usize| statement.iter().rev().nth(back).copied();
    match last {
        None | Some("{") => {
            if in_action {
                Wanted::Action
            } else {
                Wanted::Member(body)
            }
        }
        Some("}") => {
            if in_action {
                Wanted::Nothing
            } else {
                Wanted::Member(body)
            }
        }
        Some(".") if before(1) == Some("event") => Wanted::Fields(pattern(all)),
        Some(".") => Wanted::Below(path(statement)),
        Some("->") => Wanted::States,
        Some("initial") => Wanted::Initial,
        Some("on" | "defer") => Wanted::Pattern,
        Some("|") if matches!(first, "property") => Wanted::Symbols,
        Some("|") => Wanted::Pattern,
        Some("raise") => Wanted::Events,
        Some("emit") => Wanted::Outputs,
        Some("send") => Wanted::Partners,
        Some("cancel") => Wanted::Messages,
        Some("stop") => Wanted::Children,
        Some("spawn") => Wanted::Machines,
        Some("do") => Wanted::Activity,
        Some("use") => Wanted::Fragments,
        Some("from" | "reach") => Wanted::States,
        Some("to" | "before") => Wanted::Symbols,
        Some("undo") => Wanted::Action,
        Some("(") if header => Wanted::Nothing,
        Some("(") if before(1) == Some("in") => Wanted::States,
        Some("(") if before(1) == Some("done") => Wanted::Completing,
        Some(":") if header => Wanted::Types,
        Some(":") if first == "peer" => Wanted::Machines,
        Some(":") if matches!(first, "property" | "never") => Wanted::Symbols,
        Some("in") if first == "invariant" => Wanted::States,
        Some("/") => {
            let earlier = statement.get(..statement.len().saturating_sub(1)).unwrap_or_default();
            let is_list = bracket.is_none() && !earlier.contains(&"/") && !in_action;
            if is_list { Wanted::Action } else { value }
        }
        Some(",") => match bracket.and_then(|at| statement.get(at)) {
            Some(_) if header => Wanted::Nothing,
            Some(_) => value,
            None if in_action => Wanted::Action,
            None => {
                let lead = statement.iter().rev().find(|token| matches!(**token, "/" | "->" | "initial"));
                match lead.copied() {
                    Some("/") => Wanted::Action,
                    Some("->") => Wanted::States,
                    Some("initial") => Wanted::Initial,
                    _ => Wanted::Nothing,
                }
            }
        },
        Some(
            "as" | "state" | "parallel" | "region" | "final" | "history" | "peer" | "machine" | "#" | "for",
        ) => Wanted::Nothing,
        Some(
            "(" | "[" | ":=" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "+" | "-" | "*" | "%" | "??" | "and"
            | "or" | "not" | "log" | "return" | "if" | "=" | "delay" | "in" | "implies" | ":" | "after",
        ) => value,
        Some(partner) if before(1) == Some("send") => Wanted::PartnerEvents(partner.to_owned()),
        Some(_) if in_action || bracket.is_some() => Wanted::Nothing,
        Some(_) => Wanted::Member(body),
    }
}

/// The item that is being written: from its first word.
fn statement<'t, 'a>(inside: &'a [&'t str]) -> &'a [&'t str] {
    let mut depth = 0_usize;
    for (at, token) in inside.iter().enumerate().rev() {
        match *token {
            "}"
                // A body of its own; what follows it is another item.
                if depth == 0 => {
                    return inside.get(at + 1..).unwrap_or_default();
                }
            ")" | "]" => depth += 1,
            "(" | "[" => depth = depth.saturating_sub(1),
            word if depth == 0 && STARTS.contains(&word) => {
                // `internal on`, `accept state`, and `do` in the middle are all the same item.
                return inside.get(at..).unwrap_or_default();
            }
            _ => {}
        }
    }
    inside
}

/// The innermost bracket that is open.
fn open_bracket(statement: &[&str]) -> Option<usize> {
    let mut open = Vec::new();
    for (at, token) in statement.iter().enumerate() {
        match *token {
            "(" | "[" => open.push(at),
            ")" | "]" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The words of the pattern whose transition is being written.
fn pattern(all: &[&str]) -> Vec<String> {
    let Some(on) = all.iter().rposition(|token| *token == "on") else { return Vec::new() };
    let mut names = Vec::new();
    let mut rest = all.get(on + 1..).unwrap_or_default();
    while let [name, after @ ..] = rest {
        names.push(name.trim_matches('\'').to_owned());
        // The star of a prefix, and what completes.
        let more =
            after.iter().take_while(|token| !matches!(**token, "|" | "[" | "->" | "/" | "{" | "}" | "event"));
        match after.get(more.count()..) {
            Some(["|", next @ ..]) => rest = next,
            _ => break,
        }
    }
    names
}

/// The names before a dot at the end.
fn path(statement: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = statement;
    while let [before @ .., name, "."] = rest {
        names.push((*name).to_owned());
        rest = before;
    }
    names.reverse();
    names
}
