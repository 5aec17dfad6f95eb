//! What the parser expected, in the user's words.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::grammar::Rule;
use crate::{Code, Diagnostic, FileId, Span, diagnostic::nearest, source::joined};

/// Words that start an item, for "did you mean".
pub(super) const KEYWORDS: &[&str] = &[
    "accept",
    "after",
    "always",
    "context",
    "deep",
    "defer",
    "do",
    "entry",
    "example",
    "exit",
    "extern",
    "final",
    "fragment",
    "history",
    "import",
    "initial",
    "input",
    "internal",
    "invariant",
    "limits",
    "machine",
    "migrate",
    "never",
    "on",
    "output",
    "parallel",
    "peer",
    "property",
    "region",
    "return",
    "state",
    "strict",
    "system",
    "use",
];

/// A pest error at `start` of the text as a diagnostic.
pub(super) fn syntax_error(file: FileId, start: usize, text: &str, error: &Error<Rule>) -> Diagnostic {
    let at = start
        + match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
    let mut wanted = Vec::new();
    if let ErrorVariant::ParsingError { positives, .. } = &error.variant {
        for name in positives.iter().filter_map(|rule| name(*rule)) {
            if let Err(at) = wanted.binary_search(&name) {
                wanted.insert(at, name);
            }
        }
    }
    if wanted.contains(&"a type")
        && let Some(second) = doubled(text, at)
    {
        return unexpected(file, text, second);
    }
    let mut diagnostic = unexpected(file, text, at);
    if !wanted.is_empty() && wanted.len() <= 8 {
        diagnostic.primary.text = format!("expected {}", join(&wanted));
    }
    let word = word_at(text, at);
    let behind = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
    let help = match word {
        "<" | ">" | "<=" | ">=" | "==" | "!=" if wanted.contains(&"an operator") => {
            "comparisons do not chain: write `1 < n and n < 5`"
        }
        _ if !wanted.contains(&"an expression") => "",
        "." if behind.is_some_and(|c| c.is_ascii_digit()) => "a number starts with a digit: `0.5`",
        "'" => "a text stands in double quotes: `\"a\"`",
        word if word.starts_with(|c: char| c.is_ascii_digit()) => {
            "a number is written `16`, `1_000` or `1000.0`, a duration `30s`"
        }
        _ => "",
    };
    if !help.is_empty() {
        diagnostic.help = Some(help.to_owned());
    }
    if let Some(number) = with_fraction(text, at) {
        diagnostic.help = Some(format!("a number with an exponent has a fraction: `{number}`"));
    }
    diagnostic
}

/// `1e300` as it is written: `1.0e300`.
fn with_fraction(text: &str, at: usize) -> Option<String> {
    let (whole, rest) = word_at(text, at).split_once(['e', 'E'])?;
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(rest) {
        return None;
    }
    let behind = text.get(at + whole.len() + 1..)?;
    let sign = behind.get(..1).filter(|sign| matches!(*sign, "+" | "-")).unwrap_or("");
    let digits = behind.get(sign.len()..)?;
    let digits = digits.get(..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()))?;
    (!digits.is_empty()).then(|| format!("{whole}.0e{sign}{digits}"))
}

/// The second question mark behind the type that stands at a position, where there is one.
fn doubled(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').filter(|length| *length > 0)?;
    rest.get(length..)?.starts_with("??").then_some(at + length + 1)
}

/// "unexpected `word`" at a position.
pub(super) fn unexpected(file: FileId, text: &str, at: usize) -> Diagnostic {
    let word = word_at(text, at);
    let span = Span { file, start: at as u32, end: (at + word.len()) as u32 };
    let message = if word.is_empty() {
        "the file ends in the middle of an item".to_owned()
    } else {
        // Only what cannot be seen is escaped.
        let is_quote = matches!(word, "\"" | "'");
        let shown = if is_quote { word.to_owned() } else { word.escape_debug().to_string() };
        format!("unexpected `{shown}`")
    };
    let mut diagnostic = Diagnostic::new(Code::Syntax, span, message);
    diagnostic.help = match word {
        "=>" => Some("a target is written `-> state`".to_owned()),
        "=" => Some("an assignment is written `:=`, a comparison `==`".to_owned()),
        ";" => Some("nothing is separated by semicolons: remove it".to_owned()),
        "&&" => Some("use `and`".to_owned()),
        "||" => Some("use `or` between conditions, `|` between events".to_owned()),
        "!" => Some("use `not`".to_owned()),
        "as" => Some(
            "a name follows `as`: `send … delay 5s as name`, `spawn Machine(…) as name`, `do Machine(…) as name`"
                .to_owned(),
        ),
        "delay" => Some(
            "a delay is a duration, or an expression in parentheses: `send … delay 5s`, `send … delay (wait * 2)`"
                .to_owned(),
        ),
        word if word.starts_with(|c: char| c.is_alphabetic() && !c.is_ascii()) => {
            Some("names are ASCII letters, digits and `_`; a label in quotes may hold any letter".to_owned())
        }
        "undo" => Some("an action follows `undo`: `reserve(order) undo release(order)`".to_owned()),
        "?" | "??" if text.get(..at).is_some_and(|before| before.ends_with('?')) => {
            Some("one `?` is enough: `Int?` may be `none`".to_owned())
        }
        "emit" | "raise" | "send" | "log" | "cancel" | "spawn" | "stop" => {
            Some("actions follow `/`, separated by `,`: `on EVENT -> state / x := 1, emit DONE`".to_owned())
        }
        "else" => Some("a block follows `else`: `if … { … } else { … }`, or `else if … { … }`".to_owned()),
        // A short word is near to too many.
        word if word.len() < 3 => None,
        word => nearest(word, KEYWORDS.iter().copied()).map(|keyword| format!("did you mean `{keyword}`?")),
    };
    diagnostic
}

/// The word, operator or character at a position.
fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = match rest.chars().next() {
        None => 0,
        Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        Some(_)
            if ["=>", "->", ":=", "==", "!=", "<=", ">=", "&&", "||", "??"]
                .iter()
                .any(|op| rest.starts_with(op)) =>
        {
            2
        }
        Some(c) => c.len_utf8(),
    };
    rest.get(..length).unwrap_or("")
}

/// The part of an item that begins so, to learn what is wrong inside it.
pub(super) fn part(text: &str) -> Option<Rule> {
    [("[", Rule::guard), ("->", Rule::target), ("/", Rule::actions), ("(", Rule::args), ("#", Rule::tag)]
        .into_iter()
        .find(|(start, _)| text.starts_with(start))
        .map(|(_, rule)| rule)
}

/// Where such a part belongs, said of one that stands somewhere else.
pub(super) fn order(part: Rule) -> Option<&'static str> {
    Some(match part {
        Rule::guard => "a `[guard]` stands before `->` and `/`: `on EVENT [guard] -> state / actions`",
        Rule::target => "the target stands before `/`: `on EVENT [guard] -> state / actions`",
        Rule::actions => "actions stand last, behind one `/`, separated by `,`",
        Rule::tag => "a `#tag` stands before `/`, and behind a name or target",
        _ => return None,
    })
}

/// What may stand where a malformed item does, when its first word says nothing.
pub(super) fn place(rule: Rule) -> &'static str {
    match rule {
        Rule::bad_top => "a file holds `import`, `machine`, `fragment` and `system`",
        Rule::bad_symbol => "a symbol is written `NAME` or `NAME(field: Type)`",
        Rule::bad_extern => "`extern` holds `type`, `guard`, `action` and `service`",
        Rule::bad_wire => "a system holds `actor`, `external` and wires such as `a -> b : MESSAGE`",
        _ => "an item starts with a word such as `on`, `state`, `entry`, `do`; see what stands before it",
    }
}

/// What an item looks like.
pub(super) fn form(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::import => "write `import \"file.sc\"`",
        Rule::machine => "write `machine Name { … }`, or `machine Name(parameter: Type) { … }`",
        Rule::fragment => "write `fragment Name { … }`",
        Rule::use_fragment => "write `use Fragment`",
        Rule::limits => "write `limits { internal: 32  deferred: 8 }`",
        Rule::history => "write `history name -> state`, or `deep history name -> state`",
        Rule::returned => "write `return value` in a final state",
        Rule::example => "write `example \"WORD\" -> state`",
        Rule::property => {
            "write `property \"name\": from a can reach b`, or `property \"name\": A leads to B | C`"
        }
        Rule::invariant => {
            "write `invariant \"name\": in state implies condition`, or without `in … implies`"
        }
        Rule::never => "write `never \"name\": A before B`",
        Rule::migrate => {
            "write `migrate from \"FINGERPRINT\" { old.path -> new.path  context old -> new  event OLD -> none }`"
        }
        Rule::system => "write `system Name { … }`",
        Rule::input | Rule::output => "write `input { EVENT(field: Type) OTHER }`",
        Rule::fields => "fields are written `(name: Type, other: Type)`",
        Rule::context | Rule::variable => "a variable is written `name: Type = value`",
        Rule::externs => "write `extern { type T  guard g(T)  action a(T)  service s(T) -> OK ! FAILED }`",
        Rule::extern_type => "write `type Name`",
        Rule::extern_guard => "write `guard name(Type)`",
        Rule::extern_action => "write `action name(Type)`",
        Rule::service => "write `service name(Type) -> SUCCESS | OTHER ! FAILURE`",
        Rule::peer => "write `peer name: Machine`",
        Rule::initial => "write `initial state`, or `initial state / actions`",
        Rule::state | Rule::parallel => {
            "write `state name \"Label\" #tag { … }`, with data as `state name(parameter: Type) { … }`"
        }
        Rule::region => "write `region name \"Label\" #tag { … }`",
        Rule::final_state => "write `final name`, or `final name { return value }`",
        Rule::entry => "write `entry / actions`",
        Rule::exit => "write `exit / actions`",
        Rule::on => "write `on EVENT [guard] -> state / actions`",
        Rule::always => "write `always [guard] -> state / actions`",
        Rule::after => "write `after 30s -> state / actions`",
        Rule::activity => "write `do service(arguments)`, or `do Machine(arguments) as id`",
        Rule::defer => "write `defer EVENT | OTHER`",
        Rule::actor => "write `actor name: Machine`, or `actor name[key: Type]: Machine(arguments)`",
        Rule::external => "write `external Name \"Label\", Other`",
        Rule::wire => "write `from -> to \"label\" : MESSAGE`",
        _ => return None,
    })
}

fn join(wanted: &[&str]) -> String {
    match wanted {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", joined(rest, ", ")),
    }
}

/// A rule as people call it; `None` for what would only confuse.
fn name(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::ident | Rule::symbol_name | Rule::quoted | Rule::digits => "a name",
        Rule::string => "a text in quotes",
        Rule::ty | Rule::list_ty => "a type",
        Rule::body | Rule::symbols | Rule::block => "`{`",
        Rule::path | Rule::place => "a state",
        Rule::event_path => "an event",
        Rule::fields | Rule::params | Rule::data_params => "`(`",
        Rule::field | Rule::data_param => "`name: Type`",
        Rule::int => "a number",
        Rule::limit => "`name: number`",
        Rule::arrow => "`->`",
        Rule::colon => "`:`",
        Rule::moved => "`old -> new`",
        Rule::reachable => "`from a can reach b`",
        Rule::leads | Rule::alternatives => "`A leads to B`",
        Rule::kw_from => "`from`",
        Rule::kw_can => "`can`",
        Rule::kw_reach => "`reach`",
        Rule::kw_leads => "`leads`",
        Rule::kw_to => "`to`",
        Rule::kw_before => "`before`",
        Rule::kw_implies => "`implies`",
        Rule::kw_in => "`in`",
        Rule::kw_as => "`as`",
        Rule::kw_delay => "`delay`",
        Rule::kw_undo => "`undo`",
        Rule::kw_else => "`else`",
        Rule::kw_history => "`history`",
        Rule::pattern | Rule::alternative => "an event",
        Rule::span_expr | Rule::duration => "a duration such as `30s`, or `(`",
        Rule::actions => "`/` and actions",
        Rule::action => "an action",
        Rule::guard => "a `[guard]`",
        Rule::target => "`-> state`",
        Rule::expr
        | Rule::conjunction
        | Rule::negation
        | Rule::comparison
        | Rule::sum
        | Rule::product
        | Rule::unary
        | Rule::postfix
        | Rule::primary
        | Rule::defaulted => "an expression",
        Rule::args => "`(`",
        Rule::arg => "an argument",
        Rule::tag => "a `#tag`",
        Rule::kw_on => "`on`",
        Rule::kw_state => "`state`",
        Rule::kw_machine => "`machine`",
        Rule::kw_system => "`system`",
        Rule::kw_import => "`import`",
        Rule::kw_parallel => "`parallel`",
        Rule::kw_emit
        | Rule::kw_raise
        | Rule::kw_send
        | Rule::kw_log
        | Rule::kw_cancel
        | Rule::kw_spawn
        | Rule::kw_stop
        | Rule::kw_if
        | Rule::kw_for
        | Rule::compensate
        | Rule::commit
        | Rule::kw_compensate
        | Rule::kw_commit
        | Rule::assign
        | Rule::call => "an action",
        Rule::comparator
        | Rule::sum_op
        | Rule::product_op
        | Rule::default_op
        | Rule::kw_and
        | Rule::kw_or => "an operator",
        Rule::optional_mark => "`?`",
        Rule::EOI => "the end of the file",
        _ => return None,
    })
}
