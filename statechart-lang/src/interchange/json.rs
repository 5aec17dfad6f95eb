//! JSON with places and in the order in which JavaScript has its keys. `serde_json` says whether a text is JSON and reads every
//! token; what is added here is where a token stands.

use std::collections::BTreeMap;

use super::{ImportError, Position};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Json {
    pub(super) at: Position,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text. `serde_json` bounds the nesting (128 levels).
    /// Keys that stand twice in an object are
    /// reported, and the last value of each is kept in the place of the first.
    pub(super) fn parse(text: &str, twice: &mut Vec<(Position, String)>) -> Result<Self, ImportError> {
        serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
            let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
            let at = Position { line: place(error.line()), column: place(error.column()) };
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            ImportError::at(at, format!("this is no JSON: {said}"))
        })?;
        let mut scanner = Scanner { text, at: 0, counted: 0, line: 1, column: 1, twice: Vec::new() };
        let value = scanner.value().ok_or_else(|| ImportError::at(scanner.position(), "this is no JSON"));
        twice.append(&mut scanner.twice);
        value
    }

    /// The value of a key; a null is none.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.items().iter().rev().find(|(name, _)| name == key)?;
        (value.kind != Kind::Null).then_some(value)
    }

    /// The entries of an object.
    pub(super) fn items(&self) -> &[(String, Self)] {
        if let Kind::Object(items) = &self.kind { items } else { &[] }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The items of a list; anything else is a list of one.
    pub(super) fn several(&self) -> &[Self] {
        if let Kind::List(items) = &self.kind { items } else { std::slice::from_ref(self) }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Up to where lines and columns are counted.
    counted: usize,
    line: u32,
    column: u32,
    /// Keys that stand twice in an object.
    twice: Vec<(Position, String)>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn position(&mut self) -> Position {
        for c in self.text.get(self.counted..self.at).unwrap_or_default().chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.counted = self.at;
        Position { line: self.line, column: self.column }
    }

    fn skip(&mut self) -> Option<char> {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.rest().chars().next()
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = self.skip() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Option<Json> {
        let first = self.skip()?;
        let at = self.position();
        let kind = match first {
            '{' => {
                self.at += 1;
                let mut items: Vec<(String, Json)> = Vec::new();
                let mut places: BTreeMap<String, usize> = BTreeMap::new();
                while !self.eat('}') {
                    self.skip();
                    let at = self.position();
                    let key = self.string()?;
                    self.eat(':');
                    let value = self.value()?;
                    match places.get(&key).and_then(|place| items.get_mut(*place)) {
                        Some((_, known)) => {
                            *known = value;
                            self.twice.push((at, key));
                        }
                        None => {
                            places.insert(key.clone(), items.len());
                            items.push((key, value));
                        }
                    }
                    self.eat(',');
                }
                // In JavaScript, numbers come first.
                let number = |key: &str| key.parse::<u32>().ok().filter(|number| number.to_string() == key);
                items.sort_by_key(|(key, _)| number(key).map_or((1, 0), |number| (0, number)));
                Kind::Object(items)
            }
            '[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.eat(']') {
                    items.push(self.value()?);
                    self.eat(',');
                }
                Kind::List(items)
            }
            '"' => Kind::Text(self.string()?),
            _ => {
                let length = self
                    .rest()
                    .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'))
                    .unwrap_or(self.rest().len());
                let token = self.rest().get(..length)?;
                let kind = match serde_json::from_str(token).ok()? {
                    serde_json::Value::Null => Kind::Null,
                    serde_json::Value::Bool(value) => Kind::Bool(value),
                    serde_json::Value::Number(number) => Kind::Number(number),
                    _ => return None,
                };
                self.at += length;
                kind
            }
        };
        Some(Json { at, kind })
    }

    fn string(&mut self) -> Option<String> {
        let mut escaped = false;
        let inner = self.rest().strip_prefix('"')?;
        let end = inner.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        let text = serde_json::from_str(self.rest().get(..end + 2)?).ok()?;
        self.at += end + 2;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn values_have_places_and_keep_their_order() {
        let json = Json::parse(
            "{\n  \"z\": [1, 2.5, \"a\\\"]\"],\n  \"a\": {\"b\": null, \"c\": true}\n}",
            &mut Vec::new(),
        )
        .unwrap();
        let names: Vec<&str> = json.items().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a"]);
        let list = json.get("z").unwrap().several();
        assert_eq!(list[2].text(), Some("a\"]"));
        assert_eq!(list[2].at, Position { line: 2, column: 17 });
        assert_eq!(json.get("a").unwrap().get("b"), None);
        assert_eq!(json.get("a").unwrap().get("c").unwrap().kind, Kind::Bool(true));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        let error = Json::parse("{\n \"a\": }", &mut Vec::new()).unwrap_err();
        assert_eq!(error.at.line, 2);
        assert!(Json::parse(&"[".repeat(100_000), &mut Vec::new()).is_err());
        assert!(Json::parse("", &mut Vec::new()).is_err());
    }
}
