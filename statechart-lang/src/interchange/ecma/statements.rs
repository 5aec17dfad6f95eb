//! Tokens to statements, and what a function computes.

use super::{
    Bad, Js, Statement,
    lexer::Token,
    parser::{ASSIGNMENT, DEPTH_LIMIT, Parser, Result, shown},
};

/// What a body computes, where it does nothing else: each way through it ends in a `return`.
pub(in super::super) fn returned(body: &[Statement]) -> Option<Js> {
    returned_within(body, DEPTH_LIMIT).map(|(js, _)| js)
}

/// The same, and how many choices stand inside each other in it; nothing where there are more than the limit.
fn returned_within(body: &[Statement], limit: usize) -> Option<(Js, usize)> {
    match body.split_first()? {
        (Statement::Return(js), _) => Some((js.clone().unwrap_or(Js::Undefined), 0)),
        (Statement::If(condition, then, otherwise), rest) => {
            let limit = limit.checked_sub(1)?;
            let otherwise = if otherwise.is_empty() { rest } else { otherwise };
            let (then, a) = returned_within(then, limit)?;
            let (otherwise, b) = returned_within(otherwise, limit)?;
            let choice = Js::Choice(Box::new(condition.clone()), Box::new(then), Box::new(otherwise));
            Some((choice, a.max(b) + 1))
        }
        _ => None,
    }
}

impl Parser {
    /// What stands behind `=>`.
    pub(super) fn arrow(&mut self, params: Vec<String>) -> Result<Js> {
        if !self.eat("{") {
            let body = self.expr(ASSIGNMENT)?;
            self.height += 1;
            return Ok(Js::Function(params, Box::new(body)));
        }
        let body = self.body()?;
        self.computes(params, &body)
    }

    pub(super) fn computes(&mut self, params: Vec<String>, body: &[Statement]) -> Result<Js> {
        match returned_within(body, DEPTH_LIMIT) {
            Some((js, choices)) => {
                self.height += choices + 1;
                Ok(Js::Function(params, Box::new(js)))
            }
            None => Err(Bad::Unknown("a function that does more than compute".to_owned())),
        }
    }

    /// Parameters and body of a function.
    pub(super) fn function(&mut self) -> Result<(Vec<String>, Vec<Statement>)> {
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

    /// The statements of a function; `height` is that of the highest expression in it then.
    fn body(&mut self) -> Result<Vec<Statement>> {
        let mut body = Vec::new();
        let highest = std::mem::take(&mut self.highest);
        self.functions += 1;
        let result = self.block_rest(&mut body);
        self.functions -= 1;
        self.height = std::mem::replace(&mut self.highest, highest);
        result.map(|()| body)
    }

    pub(super) fn statement(&mut self, out: &mut Vec<Statement>) -> Result<()> {
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
