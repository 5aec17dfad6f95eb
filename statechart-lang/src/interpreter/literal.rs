//! Reading a word's characters: symbols, arguments and the literals in them.

use super::{
    Value, WordError,
    value::{parse_duration, parse_int},
};
use crate::{
    diagnostic::nearest,
    model::{EventId, Field, Machine, Type},
};

/// Deepest nesting of lists in an argument.
const DEPTH_LIMIT: usize = 32;

/// The value that a text is, of a type. A text needs no quotes there.
///
/// # Errors
/// What is wrong with it.
pub(super) fn whole(text: &str, ty: &Type) -> Result<Value, WordError> {
    let inner = if let Type::Optional(inner) = ty { inner } else { ty };
    let is_bare =
        *inner == Type::Text && !text.trim_start().starts_with('"') && (inner == ty || text != "none");
    if is_bare {
        return Ok(Value::Text(text.to_owned()));
    }
    let mut cursor = Cursor::new(text);
    let value = cursor.value(ty, 0)?;
    if cursor.skip_space() {
        return Ok(value);
    }
    Err(cursor.error(format!("`{}` follows the value", cursor.rest()), "leave it out".to_owned()))
}

/// A position in a word.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    column: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, column: 1 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        self.column += 1;
        Some(next)
    }

    /// From 1, in characters.
    pub(super) fn column(&self) -> u32 {
        self.column
    }

    /// In bytes, for [`Cursor::text_from`].
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// What was read since an offset.
    pub(super) fn text_from(&self, offset: usize) -> String {
        self.text.get(offset..self.at).unwrap_or("").trim_end().to_owned()
    }

    /// Skips white space; whether that is the end.
    pub(super) fn skip_space(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        self.peek().is_none()
    }

    /// Takes a character, white space before it included, if it is the next one. Otherwise nothing moves.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let (at, column) = (self.at, self.column);
        self.skip_space();
        if self.peek() == Some(wanted) {
            self.bump();
            return true;
        }
        (self.at, self.column) = (at, column);
        false
    }

    /// Takes the next bare token if the function makes something of it. Otherwise nothing moves.
    pub(super) fn take_if<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (at, column) = (self.at, self.column);
        self.skip_space();
        let token = self.bare();
        let made = read(&token);
        if made.is_none() {
            (self.at, self.column) = (at, column);
        }
        made
    }

    pub(super) fn error(&self, message: String, help: String) -> WordError {
        WordError { line: None, column: self.column, message, help }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(next) = self.peek().filter(|next| wanted(*next)) {
            taken.push(next);
            self.bump();
        }
        taken
    }

    /// An identifier; empty when there is none.
    pub(super) fn name(&mut self) -> String {
        self.take_while(|c| c.is_alphanumeric() || c == '_')
    }

    /// Everything up to space, bracket, comma or quote.
    fn bare(&mut self) -> String {
        self.take_while(|c| !c.is_whitespace() && !"()[],\"'".contains(c))
    }

    /// A symbol's name, bare or in single quotes.
    pub(super) fn symbol(&mut self) -> Result<String, WordError> {
        if self.peek() == Some('\'') {
            let start = self.column;
            self.bump();
            let name = self.take_while(|c| c != '\'');
            if self.bump().is_none() {
                let message = format!("the quoted name that starts at column {start} does not end");
                return Err(self.error(message, "close it with `'`".to_owned()));
            }
            return Ok(name);
        }
        let name = self.bare();
        if name.is_empty() {
            let found = self.peek().unwrap_or(' ');
            let help = "a word is symbols separated by spaces, such as `COIN PUSH` or `FETCH(symbol: \"X\")`"
                .to_owned();
            return Err(self.error(format!("`{found}` stands where a symbol is expected"), help));
        }
        Ok(name)
    }

    /// `(a, field: b)`, if it is there: one value a field, missing ones by default.
    pub(super) fn arguments(&mut self, machine: &Machine, event: EventId) -> Result<Vec<Value>, WordError> {
        let Some(symbol) = machine.events.get(event).map(|event| &event.symbol) else {
            return Ok(Vec::new());
        };
        let values = self.values(&symbol.name, &symbol.fields)?;
        let or_default = |(value, field): (Option<Value>, &Field)| {
            value.unwrap_or_else(|| Value::default_of(&field.ty, &field.name))
        };
        Ok(values.into_iter().zip(&symbol.fields).map(or_default).collect())
    }

    /// The same for the fields of what has this name: one value a field, none where it is missing.
    pub(super) fn values(&mut self, name: &str, fields: &[Field]) -> Result<Vec<Option<Value>>, WordError> {
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        if self.take('(') && !self.take(')') {
            let mut by_name = false;
            for position in 0.. {
                self.skip_space();
                let column = self.column;
                let named = self.argument_name();
                by_name |= named.is_some();
                let index = match &named {
                    Some(name) => fields.iter().position(|field| field.name == *name),
                    None if by_name => {
                        let message = "an argument without a name stands after one with a name".to_owned();
                        return Err(WordError { line: None, column, message, help: field_help(fields) });
                    }
                    None => Some(position),
                };
                let found = index.and_then(|index| Some((fields.get(index)?, values.get_mut(index)?)));
                let Some((field, place)) = found else {
                    let (message, help) = no_field(name, fields, named.as_deref());
                    return Err(WordError { line: None, column, message, help });
                };
                if place.is_some() {
                    let message = format!("field `{}` is given twice", field.name);
                    return Err(WordError {
                        line: None,
                        column,
                        message,
                        help: "keep one of them".to_owned(),
                    });
                }
                *place = Some(self.value(&field.ty, 0)?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    let message = format!("a `,` or `)` is missing in the arguments of `{name}`");
                    return Err(self.error(message, field_help(fields)));
                }
            }
        }
        Ok(values)
    }

    /// Whether the next bare token is as the function wants it. Nothing moves.
    pub(super) fn looks_at(&mut self, wanted: impl FnOnce(&str) -> bool) -> bool {
        let (at, column) = (self.at, self.column);
        let token = self.bare();
        (self.at, self.column) = (at, column);
        wanted(&token)
    }

    /// `name.`, if it is there and known. Otherwise nothing moves.
    pub(super) fn step_into<T>(&mut self, known: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let (at, column) = (self.at, self.column);
        let name = self.name();
        if self.peek() == Some('.')
            && let Some(found) = known(&name)
        {
            self.bump();
            return Some(found);
        }
        (self.at, self.column) = (at, column);
        None
    }

    /// `field:`, if it is there. Otherwise nothing moves.
    fn argument_name(&mut self) -> Option<String> {
        let (at, column) = (self.at, self.column);
        let name = self.name();
        if !name.is_empty() && self.take(':') {
            self.skip_space();
            return Some(name);
        }
        (self.at, self.column) = (at, column);
        None
    }

    /// A literal of the type.
    pub(super) fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, WordError> {
        self.skip_space();
        match ty {
            Type::Text => self.string().map(Value::Text),
            Type::List(item) => self.list(item, depth),
            Type::Optional(inner) => {
                let none = self.take_if(|token| (token == "none").then_some(Value::None));
                none.map_or_else(|| self.value(inner, depth), Ok)
            }
            Type::Extern(_) | Type::Unknown if self.peek() == Some('"') => self.string().map(Value::Token),
            Type::Extern(_) | Type::Unknown => self.scalar(ty, "a name that stands for the value", |token| {
                (!token.is_empty()).then(|| Value::Token(token.to_owned()))
            }),
            Type::Int => {
                self.scalar(ty, "a whole number such as `42`", |token| parse_int(token).map(Value::Int))
            }
            Type::Float => self.scalar(ty, "a number such as `1.5`", |token| {
                let is_number = token.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
                let value: f64 = token.replace('_', "").parse().ok()?;
                (is_number && value.is_finite()).then_some(Value::Float(value))
            }),
            Type::Bool => self.scalar(ty, "`true` or `false`", |token| token.parse().ok().map(Value::Bool)),
            Type::Time => self.scalar(ty, "a time since 1970 such as `@1700000000s`", |token| {
                token.strip_prefix('@').and_then(parse_duration).map(Value::Time)
            }),
            Type::Duration => self
                .scalar(ty, "a duration such as `30s`", |token| parse_duration(token).map(Value::Duration)),
        }
    }

    fn scalar(
        &mut self,
        ty: &Type,
        wanted: &str,
        read: impl Fn(&str) -> Option<Value>,
    ) -> Result<Value, WordError> {
        let (at, column) = (self.at, self.column);
        self.take_if(read).ok_or_else(|| {
            let found = self.bare();
            let found = if found.is_empty() { self.rest().chars().take(1).collect() } else { found };
            (self.at, self.column) = (at, column);
            self.error(format!("`{found}` is no value of type {ty}"), format!("write {wanted}"))
        })
    }

    fn list(&mut self, item: &Type, depth: usize) -> Result<Value, WordError> {
        if depth >= DEPTH_LIMIT {
            let message = format!("lists are nested deeper than {DEPTH_LIMIT}");
            return Err(self.error(message, "nest them less".to_owned()));
        }
        if !self.take('[') {
            return Err(self.error("a list is missing".to_owned(), "write `[a, b]`".to_owned()));
        }
        let mut items = Vec::new();
        while !self.take(']') {
            if !items.is_empty() && !self.take(',') {
                return Err(
                    self.error("a `,` or `]` is missing in a list".to_owned(), "write `[a, b]`".to_owned())
                );
            }
            items.push(self.value(item, depth + 1)?);
        }
        Ok(Value::List(items))
    }

    /// `"text"`, escapes resolved.
    fn string(&mut self) -> Result<String, WordError> {
        let start = self.column;
        if self.peek() != Some('"') {
            let found = self.bare();
            let message = format!("`{found}` is no value of type Text");
            return Err(WordError {
                line: None,
                column: start,
                message,
                help: format!("put it in quotes: \"{found}\""),
            });
        }
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(other) => text.push(other),
                None => {
                    let message = format!("the text that starts at column {start} does not end");
                    return Err(self.error(message, "close it with `\"`".to_owned()));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, WordError> {
        let resolved = match self.bump() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some(same @ ('"' | '\\' | '\'')) => Some(same),
            Some('u') if self.take('{') => {
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                let closed = self.take('}');
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).filter(|_| closed)
            }
            _ => None,
        };
        let help = "the escapes are \\n \\r \\t \\\" \\\\ and \\u{1f600}".to_owned();
        resolved.ok_or_else(|| self.error("an unknown escape stands in a text".to_owned(), help))
    }
}

fn field_help(fields: &[Field]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
    format!("the fields are ({})", fields.join(", "))
}

fn no_field(symbol: &str, fields: &[Field], name: Option<&str>) -> (String, String) {
    if fields.is_empty() {
        return (format!("`{symbol}` has no fields"), format!("write `{symbol}` alone"));
    }
    let Some(name) = name else {
        return (format!("`{symbol}` has {} field(s) only", fields.len()), field_help(fields));
    };
    let help = match nearest(name, fields.iter().map(|field| field.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => field_help(fields),
    };
    (format!("`{symbol}` has no field `{name}`"), help)
}
