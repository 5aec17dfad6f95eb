//! Tokens to expressions.

use super::{
    Bad, Js, Statement,
    lexer::{Placed, Token, tokens},
};

/// How deep expressions and statements may nest.
pub(super) const DEPTH_LIMIT: usize = 64;
/// How many operators, accesses, items and the like may stand inside each other: `a + b + c` is two.
const HEIGHT_LIMIT: usize = 250;

/// What ECMAScript reserves and no expression can begin with.
const RESERVED: &[&str] = &[
    "break",
    "case",
    "catch",
    "const",
    "continue",
    "debugger",
    "default",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "for",
    "if",
    "in",
    "instanceof",
    "return",
    "switch",
    "throw",
    "try",
    "var",
    "while",
    "with",
];

pub(super) type Result<T> = std::result::Result<T, Bad>;

/// Reads a whole text as one expression.
pub(in super::super) fn expression(text: &str) -> Result<Js> {
    let mut parser = Parser::new(text)?;
    let js = parser.expr(0)?;
    match parser.peek() {
        None => Ok(js),
        Some(Token::Sign(";")) if parser.at + 1 == parser.tokens.len() => Ok(js),
        Some(token) => Err(Bad::Invalid(format!("{} is not expected here", shown(token)))),
    }
}

/// Reads a whole text as statements.
pub(in super::super) fn script(text: &str) -> Result<Vec<Statement>> {
    let mut parser = Parser::new(text)?;
    let mut statements = Vec::new();
    while parser.peek().is_some() {
        parser.statement(&mut statements)?;
    }
    Ok(statements)
}

pub(super) struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    /// How many functions are being read, one inside the other.
    pub(super) functions: usize,
    /// How high the expression is that was read last, and the highest of the statements at hand: whoever goes through
    /// an expression calls itself that often.
    pub(super) height: usize,
    pub(super) highest: usize,
}

pub(super) fn shown(token: &Token) -> String {
    match token {
        Token::Number(value, _) => format!("`{value}`"),
        Token::Text(text) => format!("`'{text}'`"),
        Token::Name(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

/// How tightly a binary operator binds; all bind to the left.
fn binding(sign: &str) -> Option<(&'static str, u8)> {
    Some(match sign {
        "??" => ("??", 3),
        "||" => ("||", 4),
        "&&" => ("&&", 5),
        "|" => ("|", 6),
        "^" => ("^", 7),
        "&" => ("&", 8),
        "==" => ("==", 9),
        "!=" => ("!=", 9),
        "===" => ("===", 9),
        "!==" => ("!==", 9),
        "<" => ("<", 10),
        "<=" => ("<=", 10),
        ">" => (">", 10),
        ">=" => (">=", 10),
        "in" => ("in", 10),
        "instanceof" => ("instanceof", 10),
        "<<" => ("<<", 11),
        ">>" => (">>", 11),
        ">>>" => (">>>", 11),
        "+" => ("+", 12),
        "-" => ("-", 12),
        "*" => ("*", 13),
        "/" => ("/", 13),
        "%" => ("%", 13),
        "**" => ("**", 14),
        _ => return None,
    })
}

const CHOICE: u8 = 2;
pub(super) const ASSIGNMENT: u8 = 1;
const UNARY: u8 = 15;

impl Parser {
    fn new(text: &str) -> Result<Self> {
        Ok(Self { tokens: tokens(text)?, at: 0, depth: 0, functions: 0, height: 0, highest: 0 })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    pub(super) fn newline(&self) -> bool {
        self.tokens.get(self.at).is_none_or(|(_, newline)| *newline)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(found)) if found == word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<()> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(Bad::Invalid(match self.peek() {
            Some(token) => format!("`{sign}` is missing before {}", shown(token)),
            None => format!("`{sign}` is missing at the end"),
        }))
    }

    /// Runs a part one level deeper.
    pub(super) fn deeper<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH_LIMIT {
            return Err(Bad::Unknown(format!("more than {DEPTH_LIMIT} levels of nesting")));
        }
        self.depth += 1;
        let result = part(self);
        self.depth -= 1;
        result
    }

    pub(super) fn expr(&mut self, least: u8) -> Result<Js> {
        self.deeper(|parser| parser.expr_here(least))
    }

    /// An expression of that height has been read.
    fn grown(&mut self, height: usize) -> Result<()> {
        if height > HEIGHT_LIMIT {
            return Err(Bad::Unknown(format!("more than {HEIGHT_LIMIT} operators inside each other")));
        }
        self.height = height;
        self.highest = self.highest.max(height);
        Ok(())
    }

    fn expr_here(&mut self, least: u8) -> Result<Js> {
        let mut left = self.prefix()?;
        self.grown(self.height)?;
        loop {
            let height = self.height;
            let sign = match self.peek() {
                Some(Token::Sign(sign)) => *sign,
                Some(Token::Name(name)) if name == "in" => "in",
                Some(Token::Name(name)) if name == "instanceof" => "instanceof",
                _ => return Ok(left),
            };
            if sign == "?" {
                if least > CHOICE {
                    return Ok(left);
                }
                self.at += 1;
                let then = self.expr(ASSIGNMENT)?;
                let height = height.max(self.height);
                self.expect(":")?;
                let otherwise = self.expr(ASSIGNMENT)?;
                self.grown(height.max(self.height) + 1)?;
                left = Js::Choice(Box::new(left), Box::new(then), Box::new(otherwise));
                continue;
            }
            if let Some(operator) = assignment(sign) {
                if least > ASSIGNMENT {
                    return Ok(left);
                }
                self.at += 1;
                let value = self.expr(ASSIGNMENT)?;
                self.grown(height.max(self.height) + 2)?;
                left = assigned(left, operator, value)?;
                continue;
            }
            match binding(sign) {
                Some((operator, power)) if power >= least => {
                    self.at += 1;
                    let right = self.expr(power + 1)?;
                    self.grown(height.max(self.height) + 1)?;
                    left = Js::Binary(operator, Box::new(left), Box::new(right));
                }
                _ => return Ok(left),
            }
        }
    }

    fn unary(&mut self, sign: &'static str) -> Result<Js> {
        let inner = self.expr(UNARY)?;
        self.grown(self.height + 1)?;
        Ok(Js::Unary(sign, Box::new(inner)))
    }

    fn prefix(&mut self) -> Result<Js> {
        let Some(token) = self.next() else {
            return Err(Bad::Invalid("an expression is missing".to_owned()));
        };
        self.height = 1;
        let primary = match token {
            Token::Number(value, whole) => Js::Number(value, whole),
            Token::Text(text) => Js::Text(text),
            Token::Sign(sign @ ("!" | "-" | "+" | "~")) => return self.unary(sign),
            Token::Sign(sign @ ("++" | "--")) => {
                let place = self.expr(UNARY)?;
                self.grown(self.height + 2)?;
                return step(place, if sign == "++" { "+" } else { "-" });
            }
            Token::Sign("(") => {
                if let Some(params) = self.arrow_params() {
                    return self.arrow(params);
                }
                let inner = self.expr(0)?;
                self.expect(")")?;
                inner
            }
            Token::Sign("[") => Js::List(self.items("]")?),
            Token::Sign("{") => self.object()?,
            Token::Sign("...") => return Err(Bad::Unknown("`...`".to_owned())),
            Token::Name(name) => match name.as_str() {
                "true" => Js::Bool(true),
                "false" => Js::Bool(false),
                "null" => Js::Null,
                "undefined" => Js::Undefined,
                "typeof" => return self.unary("typeof"),
                "function" => {
                    if matches!(self.peek(), Some(Token::Name(_))) {
                        self.at += 1;
                    }
                    let (params, body) = self.function()?;
                    self.computes(params, &body)?
                }
                "async" | "class" => return Err(Bad::Unknown("a function".to_owned())),
                "new" | "delete" | "void" | "await" | "yield" | "super" | "import" | "this" => {
                    return Err(Bad::Unknown(format!("`{name}`")));
                }
                reserved if RESERVED.contains(&reserved) => {
                    return Err(Bad::Invalid(format!("`{name}` begins no expression")));
                }
                _ if self.eat("=>") => return self.arrow(vec![name]),
                _ => Js::Name(name),
            },
            token => return Err(Bad::Invalid(format!("{} begins no expression", shown(&token)))),
        };
        self.postfix(primary)
    }

    /// `a, b) =>` behind its first parenthesis; nothing is read where it is something else.
    fn arrow_params(&mut self) -> Option<Vec<String>> {
        let start = self.at;
        let mut params = Vec::new();
        while let Some(Token::Name(name)) = self.peek() {
            params.push(name.clone());
            self.at += 1;
            if !self.eat(",") {
                break;
            }
        }
        if self.eat(")") && self.eat("=>") {
            return Some(params);
        }
        self.at = start;
        None
    }

    fn postfix(&mut self, mut js: Js) -> Result<Js> {
        loop {
            let height = self.height;
            if self.eat(".") {
                let Some(Token::Name(name)) = self.next() else {
                    return Err(Bad::Invalid("a name is missing after `.`".to_owned()));
                };
                js = Js::Member(Box::new(js), name);
            } else if self.eat("[") {
                let at = self.expr(0)?;
                self.expect("]")?;
                js = Js::Index(Box::new(js), Box::new(at));
            } else if self.eat("(") {
                js = Js::Call(Box::new(js), self.items(")")?);
            } else if !self.newline() && (self.eat("++") || self.eat("--")) {
                let is_more = matches!(self.tokens.get(self.at - 1), Some((Token::Sign("++"), _)));
                self.grown(height + 2)?;
                return step(js, if is_more { "+" } else { "-" });
            } else if matches!(self.peek(), Some(Token::Sign("?."))) {
                return Err(Bad::Unknown("`?.`".to_owned()));
            } else {
                return Ok(js);
            }
            self.grown(height.max(self.height) + 1)?;
        }
    }

    /// Items up to a bracket; `height` is one more than that of the highest.
    fn items(&mut self, close: &str) -> Result<Vec<Js>> {
        let mut items = Vec::new();
        let mut highest = 0;
        loop {
            if self.eat(close) {
                break;
            }
            items.push(self.expr(ASSIGNMENT)?);
            highest = highest.max(self.height);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        self.height = highest + 1;
        Ok(items)
    }

    fn object(&mut self) -> Result<Js> {
        let mut items = Vec::new();
        let mut highest = 0;
        loop {
            if self.eat("}") {
                break;
            }
            let name = match self.next() {
                Some(Token::Name(name) | Token::Text(name)) => name,
                Some(Token::Number(value, _)) => value.to_string(),
                Some(Token::Sign("[" | "...")) => return Err(Bad::Unknown("a computed name".to_owned())),
                _ => return Err(Bad::Invalid("a name is missing in the object".to_owned())),
            };
            self.expect(":")?;
            items.push((name, self.expr(ASSIGNMENT)?));
            highest = highest.max(self.height);
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        self.height = highest + 1;
        Ok(Js::Object(items))
    }
}

/// The operator of `op=`; empty for `=`.
fn assignment(sign: &str) -> Option<&'static str> {
    Some(match sign {
        "=" => "",
        "+=" => "+",
        "-=" => "-",
        "*=" => "*",
        "/=" => "/",
        "%=" => "%",
        _ => return None,
    })
}

/// `x = e`, `x += e`.
fn assigned(place: Js, operator: &'static str, value: Js) -> Result<Js> {
    if !matches!(place, Js::Name(_) | Js::Member(..) | Js::Index(..)) {
        return Err(match place {
            Js::List(_) | Js::Object(_) => Bad::Unknown("an assignment to a pattern".to_owned()),
            _ => Bad::Invalid("what is assigned to is no place".to_owned()),
        });
    }
    let value = match operator {
        "" => value,
        operator => {
            // It is asked and assigned to: what is done in it would be done twice.
            let mut acts = false;
            place.walk(&mut |js| acts |= matches!(js, Js::Assign(..)));
            if acts {
                return Err(Bad::Unknown("an assignment inside of a place".to_owned()));
            }
            Js::Binary(operator, Box::new(place.clone()), Box::new(value))
        }
    };
    Ok(Js::Assign(Box::new(place), Box::new(value)))
}

/// `x++` as an assignment.
fn step(place: Js, operator: &'static str) -> Result<Js> {
    assigned(place, operator, Js::Number(1.0, true))
}
