//! Both engines in step: what one does the other must do, and where they differ the word is made short.

use statechart_lang::{
    interpreter::{Answers, Effect, Fault, Value},
    model::Machine,
};

use crate::engines::{Ask, Did, Engine, Interpreted, Pair};

/// One step of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Something happens.
    Ask(Ask, Answers),
    /// Each engine goes on from the snapshot of the other.
    Exchange(Answers),
}

/// A word, and how the machine is started.
#[derive(Debug, Clone)]
pub struct Played {
    /// Values for the machine's parameters.
    pub params: Vec<Value>,
    /// What guards answer at the start.
    pub start: Answers,
    /// What happens then.
    pub steps: Vec<Step>,
}

/// Both engines, at the same point of the same word.
pub struct Twins<'m> {
    machine: &'m Machine,
    compiled: Box<dyn Engine>,
    /// The interpreted one.
    pub interpreted: Interpreted<'m>,
    /// The word goes no further: a macrostep did not end, which is right but slow, or the interpreter lost a message
    /// to itself that a mailbox would have room for.
    pub ended: bool,
}

/// Whether a macrostep did not end.
#[must_use]
pub fn is_livelock(did: &Did) -> bool {
    did.effects.iter().any(|effect| matches!(effect, Effect::Fault(Fault::Microsteps { .. })))
}

/// More messages to itself than the interpreter keeps; where a machine is compiled they are its mailbox's affair,
/// which tells of them after the step.
fn overflows(did: &Did) -> bool {
    let lost = |effect: &&Effect| matches!(effect, Effect::Fault(Fault::Undelivered));
    did.effects.iter().skip(1).find(lost).is_some()
}

/// Both must be equal; only what differs is told.
fn compare(compiled: &Did, interpreted: &Did) -> Result<(), String> {
    if compiled == interpreted || overflows(interpreted) {
        return Ok(());
    }
    let mut shown = String::new();
    macro_rules! field {
        ($($name:ident)*) => {$(
            if compiled.$name != interpreted.$name {
                let (left, right) = (format!("{:?}", compiled.$name), format!("{:?}", interpreted.$name));
                let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(200);
                let cut = |text: &str| text.chars().skip(same).take(800).collect::<String>();
                shown += &format!("{}\n  compiled:    …{}\n  interpreted: …{}\n", stringify!($name), cut(&left), cut(&right));
            }
        )*};
    }
    field!(outcome transitions exited entered effects unhandled active context data result done accepts time_us);
    Err(shown)
}

impl<'m> Twins<'m> {
    /// Starts both.
    ///
    /// # Errors
    /// What differs.
    pub fn start(
        pair: Pair,
        machine: &'m Machine,
        params: &[Value],
        answers: &Answers,
    ) -> Result<Self, String> {
        let (mut compiled, mut interpreted) = (pair.compiled(params), Interpreted::new(machine, params));
        let (left, right) = (compiled.start(answers), interpreted.start(answers));
        compare(&left, &right)?;
        let ended = is_livelock(&right) || left != right;
        Ok(Self { machine, compiled, interpreted, ended })
    }

    /// One step of both; what the interpreted machine did, where anything was to be done.
    ///
    /// # Errors
    /// What differs.
    pub fn play(&mut self, step: &Step) -> Result<Option<Did>, String> {
        match step {
            Step::Ask(ask, answers) => self.ask(ask, answers),
            Step::Exchange(answers) => self.exchange(answers).map(Some),
        }
    }

    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Result<Option<Did>, String> {
        let (left, right) = (self.compiled.ask(ask, answers), self.interpreted.ask(ask, answers));
        match (&left, &right) {
            (Some(left), Some(right)) => compare(left, right)?,
            (None, None) => {}
            _ => return Err(format!("{left:?}\n{right:?}")),
        }
        self.ended |= left != right || right.as_ref().is_some_and(is_livelock);
        Ok(right)
    }

    /// Both take a snapshot, which must be the same, and go on from that of the other.
    fn exchange(&mut self, answers: &Answers) -> Result<Did, String> {
        let (left, right) = (self.compiled.snapshot(), self.interpreted.snapshot());
        if left != right {
            return Err(format!("compiled: {left}\ninterpreted: {right}"));
        }
        match (self.compiled.restore(&right, answers), self.interpreted.restore(&left, answers)) {
            (Ok(one), Ok(other)) => compare(&one, &other).map(|()| other),
            (one, other) => Err(format!("{left}\n{one:?}\n{other:?}")),
        }
    }

    /// A step for people.
    fn tell(&self, step: &Step) -> String {
        let event = match step {
            Step::Ask(Ask::Event(event, _) | Ask::Report { event, .. }, _) => {
                self.machine.events[*event].symbol.name.as_str()
            }
            _ => "",
        };
        format!("{event} {step:?}\n")
    }
}

/// Plays a word in both engines.
///
/// # Errors
/// The steps up to the one after which they differ, and how.
pub fn replay(pair: Pair, machine: &Machine, played: &Played) -> Result<(), String> {
    let mut told = format!("start {:?} {:?}\n", played.params, played.start);
    let mut twins = Twins::start(pair, machine, &played.params, &played.start)
        .map_err(|shown| format!("{told}\n{shown}"))?;
    for step in &played.steps {
        if twins.ended {
            break;
        }
        told += &twins.tell(step);
        twins.play(step).map_err(|shown| format!("{told}\n{shown}"))?;
    }
    Ok(())
}

/// Says where two engines differ: the spec, the shortest word that was found by leaving steps out, and how.
///
/// # Panics
/// Always; that is what it is for.
pub fn report(pair: Pair, machine: &Machine, mut played: Played) -> ! {
    let mut shown = replay(pair, machine, &played).err();
    let mut at = played.steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = played.clone();
        shorter.steps.remove(at);
        if let Err(still) = replay(pair, machine, &shorter) {
            (played, shown) = (shorter, Some(still));
            at = at.min(played.steps.len());
        }
    }
    let spec = std::fs::read_to_string(pair.spec).unwrap_or_default();
    let shown = shown.unwrap_or_else(|| "the same word does not differ a second time".to_owned());
    // A random chart is found nowhere else; others stand in the tree.
    let spec = if pair.machine == "Random" { spec.as_str() } else { "" };
    panic!("{} in {}\n{spec}\n{shown}", pair.machine, pair.spec);
}
