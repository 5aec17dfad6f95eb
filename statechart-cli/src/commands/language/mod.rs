//! `statechart accepts`, `language`, `equivalent`, `include`, `intersect` …: the formal-language side of a chart.

mod accepts;
mod combine;
mod compare;
mod describe;

use clap::{Args, ValueEnum};
use statechart_lang::formal::{self, Abstraction, Alphabet, Dfa, FormalError, WAITING_DEFAULT};

pub(crate) use self::accepts::Accepts;
pub(crate) use self::combine::{One, Pairing, Single, Two};
pub(crate) use self::compare::{Equivalent, Include};
pub(crate) use self::describe::Language;

use crate::error::Error;
use crate::{Outcome, output, spec};

/// What becomes of the context on the way from a chart to an automaton.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Keep {
    /// Ignore it: guards on values may hold or not. Over-approximates.
    #[default]
    Control,
    /// Keep it: exact for default payloads, as long as finitely many configurations are reachable.
    Context,
}

/// How charts become automata.
#[derive(Debug, Args)]
struct Reading {
    /// Ignore the context, or keep it.
    #[arg(long, value_enum, default_value_t)]
    abstraction: Keep,
    /// Most states of any automaton on the way, and most symbols and operators of an expression.
    #[arg(long, value_name = "STATES", default_value_t = 200_000)]
    limit: usize,
    /// Most events that wait, deferred or sent by the machine to itself: there is a configuration for each content of
    /// their queues. A word that makes more wait is left out.
    #[arg(long, value_name = "EVENTS", default_value_t = WAITING_DEFAULT)]
    waiting: usize,
    /// Reject events that nothing enables, defers or ignores, as `strict` machines do.
    #[arg(long)]
    strict: bool,
}

/// An automaton with what is to be said of it.
struct Made {
    dfa: Dfa,
    caption: String,
}

impl Reading {
    fn reading(&self) -> formal::Reading {
        let abstraction = match self.abstraction {
            Keep::Control => Abstraction::Control,
            Keep::Context => Abstraction::Context,
        };
        formal::Reading { abstraction, states: self.limit, waiting: self.waiting, strict: self.strict }
    }

    /// The minimal automaton of `SPEC` or `SPEC#MACHINE`; an outcome where the specification has errors.
    fn automaton(&self, named: &str) -> Result<Result<Made, Outcome>, Error> {
        Ok(self.deterministic(named)?.map(|made| Made { dfa: made.dfa.minimize(), ..made }))
    }

    /// The same, as the subset construction makes it.
    fn deterministic(&self, named: &str) -> Result<Result<Made, Outcome>, Error> {
        let (file, name) = match named.rsplit_once('#') {
            Some((file, name)) => (file, Some(name)),
            None => (named, None),
        };
        let model = match spec::open(file) {
            Ok(model) => model,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let machine = spec::machine(&model, file, name)?;
        let reading = self.reading();
        let formal = |why: FormalError| Error::Formal { path: named.to_owned(), why };
        let read = reading.automaton(machine).map_err(formal)?;
        let dfa = read.nfa.determinize(self.limit).map_err(formal)?;
        Ok(Ok(Made { dfa, caption: reading.caption(read.is_cut) }))
    }

    /// Both automata over the symbols of both.
    fn pair(&self, left: &str, right: &str) -> Result<Result<Pair, Outcome>, Error> {
        let left = match self.automaton(left)? {
            Ok(made) => made,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let right = match self.automaton(right)? {
            Ok(made) => made,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let alphabet = left.dfa.alphabet().join(right.dfa.alphabet());
        // The longer caption says what the shorter one says, and that words were left out.
        let caption = if left.caption.len() >= right.caption.len() { left.caption } else { right.caption };
        Ok(Ok(Pair { left: left.dfa.over(&alphabet), right: right.dfa.over(&alphabet), caption }))
    }
}

/// Two automata over one alphabet.
struct Pair {
    left: Dfa,
    right: Dfa,
    caption: String,
}

/// Says what an answer means; not part of the result.
fn explain(caption: &str) {
    output::note(&format!("{caption}\n"));
}

/// A word's symbols as people write them; the empty word is ε.
fn text(alphabet: &Alphabet, word: &[usize]) -> String {
    if word.is_empty() {
        return "ε".to_owned();
    }
    let names: Vec<String> = word.iter().map(|symbol| alphabet.spelt(*symbol)).collect();
    names.join(" ")
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// Graphviz, for automata.
    Dot,
    /// For machines.
    Json,
}

/// An automaton in the wanted form.
fn show(format: Format, made: &Made, name: &str) -> Result<Outcome, Error> {
    explain(&made.caption);
    let dfa = &made.dfa;
    match format {
        Format::Text => output::result(&dfa.table(), None)?,
        Format::Dot => output::result(&format!("// {}\n{}", made.caption, dfa.dot(name)), None)?,
        Format::Json => {
            let count = u32::try_from(dfa.len()).unwrap_or(u32::MAX);
            let row =
                |state| (0..dfa.alphabet().len()).map(|symbol| dfa.step(state, symbol)).collect::<Vec<u32>>();
            output::json(&serde_json::json!({
                "abstraction": made.caption,
                "alphabet": dfa.alphabet().names(),
                "start": 0,
                "accepting": (0..count).filter(|state| dfa.is_accepting(*state)).collect::<Vec<u32>>(),
                "delta": (0..count).map(row).collect::<Vec<_>>(),
            }))?;
        }
    }
    Ok(Outcome::Good)
}
