//! Tokens to expressions and statements.

use super::{
    Bad, Js, Statement,
    lexer::{Placed, Token, tokens},
};

/// How deep expressions and statements may nest.
const DEPTH_LIMIT: usize = 64;
/// How many operators and accesses may follow one another.
const LENGTH_LIMIT: usize = 250;

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

type Result<T> = std::result::Result<T, Bad>;

/// Reads a whole text as one expression.
pub(in super::super) fn expression(text: &str) -> Result<Js> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, functions: 0 };
    let js = parser.expr(0)?;
    match parser.peek() {
        None => Ok(js),
        Some(Token::Sign(";")) if parser.at + 1 == parser.tokens.len() => Ok(js),
        Some(token) => Err(Bad::Invalid(format!("{} is not expected here", shown(token)))),
    }
}

/// Reads a whole text as statements.
pub(in super::super) fn script(text: &str) -> Result<Vec<Statement>> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, functions: 0 };
    let mut statements = Vec::new();
    while parser.peek().is_some() {
        parser.statement(&mut statements)?;
    }
    Ok(statements)
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    /// How many functions are being read, one inside the other.
    functions: usize,
}

/// What a body computes, where it does nothing else: each way through it ends in a `return`.
pub(in super::super) fn returned(body: &[Statement]) -> Option<Js> {
    match body.split_first()? {
        (Statement::Return(js), _) => Some(js.clone().unwrap_or(Js::Undefined)),
        (Statement::If(condition, then, otherwise), rest) => {
            let otherwise = if otherwise.is_empty() { rest } else { otherwise };
            Some(Js::Choice(
                Box::new(condition.clone()),
                Box::new(returned(then)?),
                Box::new(returned(otherwise)?),
            ))
        }
        _ => None,
    }
}

fn shown(token: &Token) -> String {
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
const ASSIGNMENT: u8 = 1;
const UNARY: u8 = 15;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn newline(&self) -> bool {
        self.tokens.get(self.at).is_none_or(|(_, newline)| *newline)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(found)) if found == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<()> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(Bad::Invalid(match self.peek() {
            Some(token) => format!("`{sign}` is missing before {}", shown(token)),
            None => format!("`{sign}` is missing at the end"),
        }))
    }

    /// Runs a part one level deeper.
    fn deeper<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH_LIMIT {
            return Err(Bad::Unknown(format!("more than {DEPTH_LIMIT} levels of nesting")));
        }
        self.depth += 1;
        let result = part(self);
        self.depth -= 1;
        result
    }

    fn expr(&mut self, least: u8) -> Result<Js> {
        self.deeper(|parser| parser.expr_here(least))
    }

    fn expr_here(&mut self, least: u8) -> Result<Js> {
        let mut left = self.prefix()?;
        for _ in 0..LENGTH_LIMIT {
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
                self.expect(":")?;
                let otherwise = self.expr(ASSIGNMENT)?;
                left = Js::Choice(Box::new(left), Box::new(then), Box::new(otherwise));
                continue;
            }
            if let Some(operator) = assignment(sign) {
                if least > ASSIGNMENT {
                    return Ok(left);
                }
                self.at += 1;
                let value = self.expr(ASSIGNMENT)?;
                let value = match operator {
                    "" => value,
                    operator => Js::Binary(operator, Box::new(left.clone()), Box::new(value)),
                };
                left = Js::Assign(Box::new(left), Box::new(value));
                continue;
            }
            match binding(sign) {
                Some((operator, power)) if power >= least => {
                    self.at += 1;
                    let right = self.expr(power + 1)?;
                    left = Js::Binary(operator, Box::new(left), Box::new(right));
                }
                _ => return Ok(left),
            }
        }
        Err(Bad::Unknown(format!("more than {LENGTH_LIMIT} operators in a row")))
    }

    fn prefix(&mut self) -> Result<Js> {
        let Some(token) = self.next() else {
            return Err(Bad::Invalid("an expression is missing".to_owned()));
        };
        let primary = match token {
            Token::Number(value, whole) => Js::Number(value, whole),
            Token::Text(text) => Js::Text(text),
            Token::Sign(sign @ ("!" | "-" | "+" | "~")) => {
                return Ok(Js::Unary(sign, Box::new(self.expr(UNARY)?)));
            }
            Token::Sign(sign @ ("++" | "--")) => {
                let place = self.expr(UNARY)?;
                return Ok(step(place, if sign == "++" { "+" } else { "-" }));
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
                "typeof" => return Ok(Js::Unary("typeof", Box::new(self.expr(UNARY)?))),
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

    /// What stands behind `=>`.
    fn arrow(&mut self, params: Vec<String>) -> Result<Js> {
        if !self.eat("{") {
            return Ok(Js::Function(params, Box::new(self.expr(ASSIGNMENT)?)));
        }
        let body = self.body()?;
        self.computes(params, &body)
    }

    fn computes(&self, params: Vec<String>, body: &[Statement]) -> Result<Js> {
        match returned(body) {
            Some(js) => Ok(Js::Function(params, Box::new(js))),
            None => Err(Bad::Unknown("a function that does more than compute".to_owned())),
        }
    }

    /// Parameters and body of a function.
    fn function(&mut self) -> Result<(Vec<String>, Vec<Statement>)> {
        self.expect("(")?;
        let mut params = Vec::new();
        while !self.eat(")") {
            match self.next() {
                Some(Token::Name(param)) => params.push(param),
                _ => return Err(Bad::Unknown("parameters of a function".to_owned())),
            }
            self.eat(",");
        }
        self.expect("{")?;
        Ok((params, self.body()?))
    }

    fn body(&mut self) -> Result<Vec<Statement>> {
        let mut body = Vec::new();
        self.functions += 1;
        let result = self.block_rest(&mut body);
        self.functions -= 1;
        result.map(|()| body)
    }

    fn postfix(&mut self, mut js: Js) -> Result<Js> {
        for _ in 0..LENGTH_LIMIT {
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
            } else if !self.newline() && self.eat("++") {
                return Ok(step(js, "+"));
            } else if !self.newline() && self.eat("--") {
                return Ok(step(js, "-"));
            } else if matches!(self.peek(), Some(Token::Sign("?."))) {
                return Err(Bad::Unknown("`?.`".to_owned()));
            } else {
                return Ok(js);
            }
        }
        Err(Bad::Unknown(format!("more than {LENGTH_LIMIT} accesses in a row")))
    }

    fn items(&mut self, close: &str) -> Result<Vec<Js>> {
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Ok(items);
            }
            items.push(self.expr(ASSIGNMENT)?);
            if !self.eat(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    fn object(&mut self) -> Result<Js> {
        let mut items = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(Js::Object(items));
            }
            let name = match self.next() {
                Some(Token::Name(name) | Token::Text(name)) => name,
                Some(Token::Number(value, _)) => value.to_string(),
                Some(Token::Sign("[" | "...")) => return Err(Bad::Unknown("a computed name".to_owned())),
                _ => return Err(Bad::Invalid("a name is missing in the object".to_owned())),
            };
            self.expect(":")?;
            items.push((name, self.expr(ASSIGNMENT)?));
            if !self.eat(",") {
                self.expect("}")?;
                return Ok(Js::Object(items));
            }
        }
    }

    fn statement(&mut self, out: &mut Vec<Statement>) -> Result<()> {
        self.deeper(|parser| parser.statement_here(out))
    }

    fn statement_here(&mut self, out: &mut Vec<Statement>) -> Result<()> {
        if self.eat(";") {
            return Ok(());
        }
        if self.eat("{") {
            return self.block_rest(out);
        }
        if self.eat_word("var") || self.eat_word("let") || self.eat_word("const") {
            loop {
                let Some(Token::Name(name)) = self.next() else {
                    return Err(Bad::Invalid("a name is missing after `var`".to_owned()));
                };
                if self.eat("=") {
                    let value = self.expr(ASSIGNMENT)?;
                    out.push(Statement::Assign(Js::Name(name), value));
                } else {
                    out.push(Statement::Declare(name));
                }
                if !self.eat(",") {
                    return self.end();
                }
            }
        }
        if self.eat_word("if") {
            self.expect("(")?;
            let condition = self.expr(0)?;
            self.expect(")")?;
            let (mut then, mut otherwise) = (Vec::new(), Vec::new());
            self.statement(&mut then)?;
            if self.eat_word("else") {
                self.statement(&mut otherwise)?;
            }
            out.push(Statement::If(condition, then, otherwise));
            return Ok(());
        }
        if self.eat_word("function") {
            let Some(Token::Name(name)) = self.next() else {
                return Err(Bad::Unknown("a function without a name".to_owned()));
            };
            let (params, body) = self.function()?;
            out.push(Statement::Function(name, params, body));
            return Ok(());
        }
        if self.functions > 0 && self.eat_word("return") {
            let is_bare = self.newline() || matches!(self.peek(), Some(Token::Sign(";" | "}")) | None);
            let js = if is_bare { None } else { Some(self.expr(0)?) };
            out.push(Statement::Return(js));
            return self.end();
        }
        if let Some(Token::Name(name)) = self.peek()
            && matches!(
                name.as_str(),
                "for" | "while" | "do" | "switch" | "try" | "throw" | "return" | "with"
            )
        {
            return Err(Bad::Unknown(format!("`{name}`")));
        }
        let js = self.expr(0)?;
        out.push(match js {
            Js::Assign(place, value) => Statement::Assign(*place, *value),
            js => Statement::Run(js),
        });
        self.end()
    }

    fn block_rest(&mut self, out: &mut Vec<Statement>) -> Result<()> {
        loop {
            if self.eat("}") {
                return Ok(());
            }
            if self.peek().is_none() {
                return Err(Bad::Invalid("`}` is missing at the end".to_owned()));
            }
            self.statement(out)?;
        }
    }

    /// A semicolon, a line break, or what ends a block.
    fn end(&mut self) -> Result<()> {
        if self.eat(";") || self.newline() || matches!(self.peek(), Some(Token::Sign("}")) | None) {
            return Ok(());
        }
        let token = self.peek().map(shown).unwrap_or_default();
        Err(Bad::Invalid(format!("`;` is missing before {token}")))
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

/// `x++` as an assignment.
fn step(place: Js, operator: &'static str) -> Js {
    let value = Js::Binary(operator, Box::new(place.clone()), Box::new(Js::Number(1.0, true)));
    Js::Assign(Box::new(place), Box::new(value))
}
