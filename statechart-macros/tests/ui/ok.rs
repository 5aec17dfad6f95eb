//! A sound spec is a module with the machine's alphabets, states and context.
statechart_runtime::statechart!("ok.sc");

fn main() {
    let mut machine = lamp::Machine::new(());
    let step = machine.step(lamp::Event::Flip);
    assert!(matches!(step.outputs[..], [lamp::Output::Lit { times: 1 }]));
    assert!(machine.is_in(lamp::State::On));
    assert_eq!(machine.context.times, 1);
}
