//! `statechart language`: words, counts, a regular expression, the minimal automaton.

use clap::Args;
use statechart_lang::formal::FormalError;

use super::{Format, Made, Reading, explain, show, text};
use crate::error::Error;
use crate::{Outcome, output};

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

The answer is about an abstraction of the chart, which is named on stderr, and in JSON and DOT in the answer: by default the context is ignored, and
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
/// Most symbols of all words that are printed.
const SYMBOL_LIMIT: usize = 20_000_000;

impl Language {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let made = match self.reading.automaton(&self.spec)? {
            Ok(made) => made,
            Err(outcome) => return Ok(outcome),
        };
        if self.min_dfa {
            return show(self.format, &made, &self.spec);
        }
        if self.format == Format::Dot {
            return Err(Error::Words(vec![
                "only an automaton has a picture; add `--min-dfa`, or take `--format text` or `json`"
                    .to_owned(),
            ]));
        }
        explain(&made.caption);
        let dfa = &made.dfa;
        let formal = |why| Error::Formal { path: self.spec.clone(), why };
        if self.regex {
            let regex = dfa.regex(self.reading.limit).map_err(formal)?.text(dfa.alphabet());
            return self.answer(&made, &regex, "regex", &serde_json::json!(regex));
        }
        if let Some(length) = self.count {
            let count = dfa.count(length).map_err(formal)?.to_string();
            return self.answer(&made, &count, "words", &serde_json::json!(count));
        }
        let longest = self.enumerate.unwrap_or(usize::MAX);
        let most = self.shortest.unwrap_or(usize::MAX);
        let mut all = dfa.words();
        let (mut words, mut symbols, mut limited) = (Vec::new(), 0, None);
        while words.len() < most {
            let Some(word) = all.next().filter(|word| word.len() <= longest) else { break };
            symbols += word.len();
            limited = match (words.len() >= WORD_LIMIT, symbols > SYMBOL_LIMIT) {
                (true, _) => Some(format!("{WORD_LIMIT} words")),
                (_, true) => Some(format!("{SYMBOL_LIMIT} symbols")),
                _ => None,
            };
            if limited.is_some() {
                break;
            }
            words.push(text(dfa.alphabet(), &word));
        }
        self.answer(&made, &words.join("\n"), "words", &serde_json::json!(words))?;
        let stopped = limited.map(|limit| FormalError::Stopped {
            what: "writing all words",
            limit,
            help: "ask for fewer or shorter ones; those before the limit were written",
        });
        match stopped.or_else(|| all.stopped().cloned()) {
            Some(why) => Err(formal(why)),
            None => Ok(Outcome::Good),
        }
    }

    fn answer(
        &self,
        made: &Made,
        text: &str,
        key: &str,
        value: &serde_json::Value,
    ) -> Result<Outcome, Error> {
        if self.format == Format::Json {
            let mut object = serde_json::json!({ "abstraction": made.caption });
            object[key] = value.clone();
            if let Some(length) = self.count {
                object["length"] = length.into();
            }
            output::json(&object)?;
        } else if !text.is_empty() || key == "regex" {
            output::result(&format!("{text}\n"), None)?;
        }
        Ok(Outcome::Good)
    }
}
