//! `statechart accepts`, `language`, `equivalent`, `include`, `intersect` …: the formal-language side of a chart.

use clap::{Args, ValueEnum};
use statechart_lang::{
    formal::{Abstraction, Alphabet, Dfa, Difference, FormalError, Operation, automaton},
    interpreter::Word,
};

use crate::error::Error;
use crate::{Outcome, output, spec, stage, words};

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
    /// Most states of any automaton on the way.
    #[arg(long, value_name = "STATES", default_value_t = 200_000)]
    limit: usize,
}

impl Reading {
    fn abstraction(&self) -> Abstraction {
        match self.abstraction {
            Keep::Control => Abstraction::Control,
            Keep::Context => Abstraction::Context,
        }
    }

    /// The minimal automaton of `SPEC` or `SPEC#MACHINE`; an outcome where the specification has errors.
    fn automaton(&self, named: &str) -> Result<Result<Dfa, Outcome>, Error> {
        Ok(self.deterministic(named)?.map(|dfa| dfa.minimize()))
    }

    /// The same, as the subset construction makes it.
    fn deterministic(&self, named: &str) -> Result<Result<Dfa, Outcome>, Error> {
        let (file, name) = match named.rsplit_once('#') {
            Some((file, name)) => (file, Some(name)),
            None => (named, None),
        };
        let model = match spec::open(file) {
            Ok(model) => model,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let machine = spec::machine(&model, file, name)?;
        let formal = |why: FormalError| Error::Formal { path: named.to_owned(), why };
        let nfa = automaton(machine, self.abstraction(), self.limit).map_err(formal)?;
        Ok(Ok(nfa.determinize(self.limit).map_err(formal)?))
    }

    /// Both automata over the symbols of both.
    fn pair(&self, left: &str, right: &str) -> Result<Result<(Dfa, Dfa), Outcome>, Error> {
        let left = match self.automaton(left)? {
            Ok(dfa) => dfa,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let right = match self.automaton(right)? {
            Ok(dfa) => dfa,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let alphabet = left.alphabet().join(right.alphabet());
        Ok(Ok((left.over(&alphabet), right.over(&alphabet))))
    }

    /// Says what an answer means; not part of the result.
    fn explain(&self) {
        output::note(&format!("{}\n", self.abstraction().caption()));
    }
}

/// A word's symbols as people write them; the empty word is ε.
fn text(alphabet: &Alphabet, word: &[usize]) -> String {
    if word.is_empty() {
        return "ε".to_owned();
    }
    let names: Vec<&str> =
        word.iter().filter_map(|symbol| alphabet.names().get(*symbol)).map(String::as_str).collect();
    names.join(" ")
}

/// Say whether a machine accepts a word, and where the word ends.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart accepts specs/turnstile.sc \"COIN PUSH\"
  statechart accepts specs/templates/quadruple.sc 0123
  statechart accepts specs/turnstile.sc \"\"           # the empty word

A word ends in an accepting configuration when a state marked `accept` is active or the machine is done. A machine
without such states accepts what it does not refuse. The exit code is 0 for yes, 1 for no.")]
pub(crate) struct Accepts {
    /// The specification.
    file: String,
    /// The word, in the form of `statechart run`.
    #[arg(allow_hyphen_values = true)]
    word: String,
    #[command(flatten)]
    what: stage::Choice,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
}

impl Accepts {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let stage = self.what.stage(&model, &self.file)?;
        let words = words::read(&stage, std::slice::from_ref(&self.word), None)?;
        let empty = (None, Word::default());
        let (_, word) = words.first().unwrap_or(&empty);
        let run = stage.run(word);
        let accepted = if run.acceptor { run.accepted } else { run.rejected_at.is_none() };
        let states = run.states().last().cloned().unwrap_or_default();
        if self.json {
            output::json(&serde_json::json!({ "accepted": accepted, "states": states }))?;
        } else {
            let verdict = if accepted { "accepted" } else { "not accepted" };
            output::result(&format!("{verdict}: ends in {states}\n"), None)?;
        }
        Ok(if accepted { Outcome::Good } else { Outcome::Bad })
    }
}

/// Describe the language of a machine: its words, a regular expression, its minimal automaton.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart language specs/turnstile.sc --regex
  statechart language specs/turnstile.sc --shortest 5
  statechart language specs/turnstile.sc --enumerate 4      # every word of at most 4 symbols
  statechart language specs/turnstile.sc --count 30         # how many words have exactly 30 symbols
  statechart language specs/turnstile.sc --min-dfa --format dot | dot -Tsvg -o turnstile.svg
  statechart language specs/turnstile.sc --regex --abstraction context

The answer is about an abstraction of the chart, which is named on stderr: by default the context is ignored, and
the language then holds every word that the chart may accept for some payloads, and perhaps more.")]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Language {
    /// The specification, or SPEC#MACHINE.
    spec: String,
    /// A regular expression.
    #[arg(long, group = "what")]
    regex: bool,
    /// The first N words, shorter ones first.
    #[arg(long, value_name = "N", group = "what")]
    shortest: Option<usize>,
    /// Every word of at most K symbols.
    #[arg(long, value_name = "K", group = "what")]
    enumerate: Option<usize>,
    /// How many words have exactly K symbols.
    #[arg(long, value_name = "K", group = "what")]
    count: Option<u32>,
    /// The minimal deterministic automaton.
    #[arg(long, group = "what")]
    min_dfa: bool,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

/// Most words that are printed.
const WORD_LIMIT: usize = 1_000_000;

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

impl Language {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let dfa = match self.reading.automaton(&self.spec)? {
            Ok(dfa) => dfa,
            Err(outcome) => return Ok(outcome),
        };
        self.reading.explain();
        if self.regex {
            let limit = self.reading.limit;
            let regex = dfa.regex(limit).map_err(|why| Error::Formal { path: self.spec.clone(), why })?;
            let regex = regex.text(dfa.alphabet());
            return answer(self.format, &regex, &serde_json::json!({ "regex": regex }));
        }
        if let Some(length) = self.count {
            let count = dfa.count(length).map_or_else(|| "more than 2^128".to_owned(), |n| n.to_string());
            let object = serde_json::json!({ "length": length, "words": count });
            return answer(self.format, &count, &object);
        }
        if self.min_dfa {
            return show(self.format, &dfa, &self.spec);
        }
        let longest = self.enumerate.unwrap_or(usize::MAX);
        let most = self.shortest.unwrap_or(WORD_LIMIT);
        let words: Vec<String> = dfa
            .words()
            .take_while(|word| word.len() <= longest)
            .take(most.min(WORD_LIMIT))
            .map(|word| text(dfa.alphabet(), &word))
            .collect();
        if words.len() == WORD_LIMIT {
            output::note(&format!("stopped after {WORD_LIMIT} words\n"));
        }
        answer(self.format, &words.join("\n"), &serde_json::json!(words))
    }
}

fn answer(format: Format, text: &str, object: &serde_json::Value) -> Result<Outcome, Error> {
    if format == Format::Json {
        output::json(object)?;
    } else {
        output::result(&format!("{text}\n"), None)?;
    }
    Ok(Outcome::Good)
}

/// An automaton in the wanted form.
fn show(format: Format, dfa: &Dfa, name: &str) -> Result<Outcome, Error> {
    match format {
        Format::Text => output::result(&dfa.table(), None)?,
        Format::Dot => output::result(&dfa.dot(name), None)?,
        Format::Json => {
            let count = u32::try_from(dfa.len()).unwrap_or(u32::MAX);
            let row =
                |state| (0..dfa.alphabet().len()).map(|symbol| dfa.step(state, symbol)).collect::<Vec<u32>>();
            output::json(&serde_json::json!({
                "alphabet": dfa.alphabet().names(),
                "start": 0,
                "accepting": (0..count).filter(|state| dfa.is_accepting(*state)).collect::<Vec<u32>>(),
                "delta": (0..count).map(row).collect::<Vec<_>>(),
            }))?;
        }
    }
    Ok(Outcome::Good)
}

/// Say whether two machines accept the same words; else show the shortest that only one accepts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart equivalent old.sc new.sc
  statechart equivalent specs/all.sc#Old specs/all.sc#New --abstraction context

The exit code is 0 where the languages are equal, 1 where they differ. A symbol that only one machine reads is
rejected by the other.")]
pub(crate) struct Equivalent {
    /// The first specification, or SPEC#MACHINE.
    left: String,
    /// The second one.
    right: String,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

/// Say whether every word of the second machine is a word of the first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart include specs/all.sc#Contract specs/all.sc#Implementation

The exit code is 0 where the first language holds the second, 1 where it does not; the shortest word that it lacks
is shown then.")]
pub(crate) struct Include {
    /// The specification that must hold the other, or SPEC#MACHINE.
    left: String,
    /// The one that must be held.
    right: String,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Equivalent {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (left, right) = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        self.reading.explain();
        let found = left
            .difference(&right, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.left.clone(), why })?;
        let by = |found: &Difference| if found.left_accepts { &self.left } else { &self.right };
        verdict(
            "equivalent",
            self.json,
            left.alphabet(),
            found.as_ref().map(|found| (found, by(found).as_str())),
        )
    }
}

impl Include {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (left, right) = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        self.reading.explain();
        let found = right
            .excess(&left, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.right.clone(), why })?;
        verdict(
            "included",
            self.json,
            left.alphabet(),
            found.as_ref().map(|found| (found, self.right.as_str())),
        )
    }
}

fn verdict(
    what: &str,
    json: bool,
    alphabet: &Alphabet,
    found: Option<(&Difference, &str)>,
) -> Result<Outcome, Error> {
    let word = found.map(|(found, _)| text(alphabet, &found.word));
    if json {
        let by = found.map(|(_, by)| by);
        output::json(&serde_json::json!({ what: found.is_none(), "word": word, "accepted_by": by }))?;
    } else {
        match (&word, found) {
            (Some(word), Some((_, by))) => {
                output::result(&format!("not {what}: only {by} accepts\n  {word}\n"), None)?;
            }
            _ => output::result(&format!("{what}\n"), None)?,
        }
    }
    Ok(if found.is_none() { Outcome::Good } else { Outcome::Bad })
}

/// How two languages are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// The words of both, as a minimal automaton.
    Intersect,
    /// The words of either, as a minimal automaton.
    Union,
    /// The words of both, with every pair of states that one word leads to.
    Product,
}

/// Two machines whose languages are combined.
#[derive(Debug, Args)]
pub(crate) struct Two {
    /// The first specification, or SPEC#MACHINE.
    left: String,
    /// The second one.
    right: String,
    /// How the automaton is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

impl Two {
    pub(crate) fn run(self, pairing: Pairing) -> Result<Outcome, Error> {
        let (left, right) = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        self.reading.explain();
        let operation = if pairing == Pairing::Union { Operation::Union } else { Operation::Intersection };
        let made = left
            .product(&right, operation, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.left.clone(), why })?;
        let made = if pairing == Pairing::Product { made } else { made.minimize() };
        show(self.format, &made, &self.left)
    }
}

/// What is made of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Single {
    /// The words that it does not hold.
    Complement,
    /// A deterministic automaton, as the subset construction makes it.
    Determinize,
    /// The smallest deterministic automaton.
    Minimize,
}

/// A machine of whose language something is made.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The specification, or SPEC#MACHINE.
    spec: String,
    /// How the automaton is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

impl One {
    pub(crate) fn run(self, single: Single) -> Result<Outcome, Error> {
        let dfa = match self.reading.deterministic(&self.spec)? {
            Ok(dfa) => dfa,
            Err(outcome) => return Ok(outcome),
        };
        self.reading.explain();
        let made = match single {
            Single::Complement => dfa.complement().minimize(),
            Single::Determinize => dfa,
            Single::Minimize => dfa.minimize(),
        };
        show(self.format, &made, &self.spec)
    }
}
