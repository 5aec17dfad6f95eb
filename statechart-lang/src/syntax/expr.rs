//! Expressions of the grammar to the AST.

use pest::iterators::Pair;

use super::{
    ast::{Arg, Expr, ExprKind},
    grammar::Rule,
    tree::{Builder, first},
};
use crate::{
    Code, Diagnostic, Span,
    model::{BinaryOp, Literal, UnaryOp},
};

/// Most operators of one expression: its tree is walked recursively, some 5 kB of stack an operator.
const OPERATOR_LIMIT: usize = 250;

impl Builder<'_> {
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut operators = 0;
        for part in pair.clone().into_inner().flatten() {
            let is_operator = matches!(
                part.as_rule(),
                Rule::kw_or
                    | Rule::kw_and
                    | Rule::kw_not
                    | Rule::comparator
                    | Rule::sum_op
                    | Rule::product_op
                    | Rule::minus
                    | Rule::index
                    | Rule::default_op
            );
            operators += usize::from(is_operator);
        }
        if operators > OPERATOR_LIMIT {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::TooLarge,
                    span,
                    format!("more than {OPERATOR_LIMIT} operators in one expression"),
                )
                .help("name parts of it in the context, or move it into an extern guard"),
            );
            return Expr { kind: ExprKind::Error, span };
        }
        self.chain(pair)
    }

    /// One level of the grammar's precedence ladder: operands joined by operators, left to right.
    fn chain(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let rule = pair.as_rule();
        match rule {
            Rule::negation => return self.prefixed(pair, Rule::kw_not, UnaryOp::Not),
            Rule::unary => return self.prefixed(pair, Rule::minus, UnaryOp::Negate),
            Rule::postfix => return self.postfix(pair),
            Rule::primary => return self.primary(pair),
            _ => {}
        }
        let span = self.span(&pair);
        let mut left: Option<Expr> = None;
        let mut operator = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_or => operator = Some(BinaryOp::Or),
                Rule::kw_and => operator = Some(BinaryOp::And),
                // The operator that is none of the others.
                Rule::default_op => {}
                Rule::comparator | Rule::sum_op | Rule::product_op => operator = binary(part.as_str().trim()),
                _ => {
                    let right = self.chain(part);
                    left = Some(match left {
                        None => right,
                        Some(left) => {
                            let span = left.span.to(right.span);
                            let (left, right) = (Box::new(left), Box::new(right));
                            let kind = match operator.take() {
                                Some(operator) => ExprKind::Binary(operator, left, right),
                                None => ExprKind::Default(left, right),
                            };
                            Expr { kind, span }
                        }
                    });
                }
            }
        }
        left.unwrap_or(Expr { kind: ExprKind::Error, span })
    }

    fn prefixed(&mut self, pair: Pair<'_, Rule>, marker: Rule, operator: UnaryOp) -> Expr {
        let span = self.span(&pair);
        let mut starts = Vec::new();
        let mut inner = Expr { kind: ExprKind::Error, span };
        for part in pair.into_inner() {
            if part.as_rule() == marker {
                starts.push(self.span(&part));
            } else {
                inner = self.chain(part);
            }
        }
        let bare = starts.is_empty()
            && matches!(inner.kind, ExprKind::Literal(Literal::Int(i64::MIN)))
            && self.starts_with_digit(inner.span);
        if bare {
            self.report_range(inner.span, "Int");
            inner.kind = ExprKind::Error;
        }
        // A literal takes its sign, so that the smallest Int can be written.
        while let Some(start) = starts.pop() {
            let span = start.to(inner.span);
            let kind = match (operator, inner.kind) {
                // Only digits may stand for the one Int that has no positive twin.
                (UnaryOp::Negate, ExprKind::Literal(Literal::Int(value)))
                    if value != i64::MIN || self.starts_with_digit(inner.span) =>
                {
                    ExprKind::Literal(Literal::Int(value.wrapping_neg()))
                }
                (UnaryOp::Negate, ExprKind::Literal(Literal::Float(value))) => {
                    ExprKind::Literal(Literal::Float(-value))
                }
                (operator, kind) => ExprKind::Unary(operator, Box::new(Expr { kind, span: inner.span })),
            };
            inner = Expr { kind, span };
        }
        inner
    }

    fn starts_with_digit(&self, span: Span) -> bool {
        self.text.as_bytes().get(span.start as usize).is_some_and(u8::is_ascii_digit)
    }

    fn postfix(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut result = Expr { kind: ExprKind::Error, span };
        for part in pair.into_inner() {
            if part.as_rule() == Rule::index {
                let whole = result.span.to(self.span(&part));
                if let Some(index) = part.into_inner().next() {
                    let index = self.chain(index);
                    result = Expr { kind: ExprKind::Index(Box::new(result), Box::new(index)), span: whole };
                }
            } else {
                result = self.chain(part);
            }
        }
        result
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let Some(inner) = pair.into_inner().next() else { return Expr { kind: ExprKind::Error, span } };
        let kind = match inner.as_rule() {
            Rule::int => self.int(&inner),
            Rule::float => match digits(&inner).parse::<f64>() {
                Ok(value) if value.is_finite() => ExprKind::Literal(Literal::Float(value)),
                _ => self.out_of_range(&inner, "Float"),
            },
            Rule::duration => self.duration(&inner),
            Rule::string => ExprKind::Literal(Literal::Text(self.string(&inner))),
            Rule::kw_true => ExprKind::Literal(Literal::Bool(true)),
            Rule::kw_false => ExprKind::Literal(Literal::Bool(false)),
            Rule::kw_none => ExprKind::None,
            Rule::kw_now => ExprKind::Now,
            Rule::is_in => match first(inner, Rule::path) {
                Some(path) => ExprKind::In(self.path(path)),
                None => ExprKind::Error,
            },
            Rule::event_field => match first(inner, Rule::ident) {
                Some(field) => ExprKind::Event(self.name(&field)),
                None => ExprKind::Error,
            },
            Rule::list => {
                let mut items = Vec::new();
                for item in inner.into_inner() {
                    items.push(self.chain(item));
                }
                ExprKind::List(items)
            }
            Rule::parenthesised => match inner.into_inner().next() {
                Some(inner) => self.chain(inner).kind,
                None => ExprKind::Error,
            },
            _ => {
                let mut parts = inner.into_inner();
                match (parts.next(), parts.next()) {
                    (Some(name), Some(args)) => ExprKind::Call(self.name(&name), self.args(args)),
                    (Some(name), None) => ExprKind::Reference(self.name(&name)),
                    _ => ExprKind::Error,
                }
            }
        };
        Expr { kind, span }
    }

    /// An Int; one past the largest is kept wrapped, for the sign that may stand before it.
    pub(super) fn int(&mut self, pair: &Pair<'_, Rule>) -> ExprKind {
        match digits(pair).parse::<u64>() {
            Ok(value) if value <= 1 << 63 => ExprKind::Literal(Literal::Int(value as i64)),
            _ => self.out_of_range(pair, "Int"),
        }
    }

    fn duration(&mut self, pair: &Pair<'_, Rule>) -> ExprKind {
        let text = digits(pair);
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let size: i64 = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => 86_400_000_000,
        };
        match number.parse::<i64>().ok().and_then(|number| number.checked_mul(size)) {
            Some(value) => ExprKind::Literal(Literal::Duration(value)),
            None => self.out_of_range(pair, "Duration"),
        }
    }

    fn out_of_range(&mut self, pair: &Pair<'_, Rule>, ty: &str) -> ExprKind {
        self.report_range(self.span(pair), ty);
        ExprKind::Error
    }

    fn report_range(&mut self, span: Span, ty: &str) {
        self.diagnostics.push(
            Diagnostic::new(Code::BadLiteral, span, format!("this number does not fit {ty}")).help(
                match ty {
                    "Float" => "Float holds about ±1.8e308",
                    "Duration" => "Duration holds 292,000 years: 2⁶³−1 microseconds",
                    _ => "Int holds −2⁶³ to 2⁶³−1",
                },
            ),
        );
    }

    pub(super) fn span_expr(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let inner = pair.into_inner().next()?;
        Some(if inner.as_rule() == Rule::duration {
            Expr { span: self.span(&inner), kind: self.duration(&inner) }
        } else {
            self.expr(inner)
        })
    }

    pub(super) fn args(&mut self, pair: Pair<'_, Rule>) -> Vec<Arg> {
        let mut args = Vec::new();
        for arg in pair.into_inner() {
            let mut name = None;
            for part in arg.into_inner() {
                match part.as_rule() {
                    Rule::ident => name = Some(self.name(&part)),
                    _ => args.push(Arg { name: name.take(), value: self.expr(part) }),
                }
            }
        }
        args
    }
}

/// A number without the blanks that only people need.
fn digits(pair: &Pair<'_, Rule>) -> String {
    pair.as_str().trim().replace('_', "")
}

fn binary(symbol: &str) -> Option<BinaryOp> {
    use BinaryOp::{
        Add, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, Modulo, Multiply, NotEqual, Subtract,
    };
    [Equal, NotEqual, LessEqual, GreaterEqual, Less, Greater, Add, Subtract, Multiply, Divide, Modulo]
        .into_iter()
        .find(|operator| operator.symbol() == symbol)
}
