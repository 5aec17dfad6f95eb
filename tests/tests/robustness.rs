//! Whatever a file says, the language answers with diagnostics: it never panics, never overflows the stack, and
//! takes time in proportion to the file.
//!
//! `STATECHART_MUTATIONS=1000000` tries more of them; a failure prints the seed and keeps the text in
//! `target/tmp/`. `cargo xtask fuzz` puts millions through the parser and the checker alone.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{env, fs, path::Path, process::Command, time::Instant};

use statechart_lang::{Code, Compiled, MapLoader, codegen, compile, diagram, interpreter};
use statechart_tests::{files, mutate::mutated, random, random::Random};

fn compiled(text: &str) -> Compiled {
    compile("main.sc", &MapLoader::from([("main.sc", text)]))
}

fn codes(compiled: &Compiled) -> Vec<Code> {
    compiled.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

/// Everything that is made of a text, for as far as it goes.
fn everything(text: &str) {
    let compiled = compiled(text);
    let shown = compiled.render(false);
    assert_eq!(shown.is_empty(), compiled.diagnostics.is_empty());
    for diagnostic in &compiled.diagnostics {
        let span = diagnostic.primary.span;
        let source = compiled.sources.get(span.file).unwrap();
        assert!(source.text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
        let _ = source.position(span.end);
    }
    let Some(model) = &compiled.model else { return };
    assert!(!compiled.has_errors());
    for machine in &model.machines {
        let word = interpreter::Word::default();
        assert!(!interpreter::run(machine, &word).table().is_empty());
        assert!(!diagram::dot(machine, &diagram::Options::default()).is_empty());
    }
    let code = codegen::generate(model);
    assert!(code.len() > 1 || model.own_machines().next().is_none());
    assert!(code.parse::<proc_macro2::TokenStream>().is_ok(), "{code}");
}

fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> =
        ["specs", "specs/templates", "specs/concept", "tests/fixtures/ok", "tests/fixtures/err"]
            .iter()
            .flat_map(|directory| files(directory, "sc"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
    seeds.extend((0..8).map(|seed| random::chart("Random", seed)));
    // Short ones leave time for more of them.
    seeds.retain(|seed| seed.len() < 2_500);
    seeds
}

#[test]
fn mutated_specs_never_panic() {
    let count: u64 =
        env::var("STATECHART_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let seeds = seeds();
    let workers: u64 = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let seeds = &seeds;
            scope.spawn(move || {
                for seed in (0..count).skip(worker as usize).step_by(workers as usize) {
                    let text = mutated(seeds, &mut Random(seed));
                    if std::panic::catch_unwind(|| everything(&text)).is_err() {
                        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutation-{seed}.sc"));
                        fs::write(&path, &text).unwrap();
                        panic!("seed {seed}: see {}", path.display());
                    }
                }
            });
        }
    });
}

/// Runs on a stack of the size that a spawned thread has by default, whatever the test runner's.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nesting_is_refused_before_it_hurts() {
    on_a_small_stack(|| {
        let (deep, wide) = ("(".repeat(10_000), ")".repeat(10_000));
        let rows = [
            format!("machine M {{ context {{ n: Int = {deep}1{wide} }} initial a state a }}"),
            format!("machine M {{ {} }}", "state a { initial b ".repeat(10_000)),
            format!("machine M {{ {}{} }}", "parallel p { region r { ".repeat(10_000), "} }".repeat(10_000)),
            format!("machine M {{ input {{ A(x: {}Int{}) }} }}", "[".repeat(10_000), "]".repeat(10_000)),
            "{".repeat(10_000),
            "}".repeat(10_000),
        ];
        for text in rows {
            let found = codes(&compiled(&text));
            assert!(found.iter().all(|code| matches!(code, Code::TooLarge | Code::Unbalanced)), "{found:?}");
            assert!(!found.is_empty());
        }
    });
}

/// Where brackets hide from the first scan, they must hide from the parser as well.
#[test]
fn brackets_in_names_and_comments_do_not_nest() {
    on_a_small_stack(|| {
        let deep = "(".repeat(100_000);
        for text in [
            format!("machine M {{ ''x'{deep}' }}"),
            format!("machine M {{ '''x'{deep}' }}"),
            format!("machine M {{ ( /// {deep}\n ) }}"),
            format!("machine M {{ input {{ ( /// {deep}\n ) }} }}"),
            format!("machine M {{ x ( //// {deep}\n ) }}"),
            format!("machine M {{ /// {deep}\n }}"),
            format!("machine M {{ ( /* {deep} */ ) }}"),
            format!("machine M {{ ( \"\\\"{deep}\" ) }}"),
            format!("machine M {{ ( \"\\\\\" '{deep}' ) }}"),
            format!("machine M {{ on '{deep}' }}"),
            format!("machine M {{ on ''{deep}' }}"),
            format!("/// {deep}"),
            format!("machine M {{ '\n'{deep}' }}"),
            format!("machine M {{ '\r{deep}' }}"),
        ] {
            everything(&text);
        }
    });
}

#[test]
fn the_deepest_that_is_allowed_fits_the_stack() {
    on_a_small_stack(|| {
        let depth = 58;
        let text = format!(
            "machine M {{ context {{ n: Int = {}1{} }} initial a state a {{ on fault [n > {}1{}] }} }}",
            "(".repeat(depth),
            ")".repeat(depth),
            "(-".repeat(depth),
            ")".repeat(depth)
        );
        everything(&text);
        assert_eq!(codes(&compiled(&text)), []);
        let states = format!(
            "machine M {{ input {{ GO }} {}on GO{} }}",
            (0..depth).map(|n| format!("initial s{n} state s{n} {{ ")).collect::<String>(),
            " }".repeat(depth)
        );
        everything(&states);
        assert_eq!(codes(&compiled(&states)), []);
    });
}

#[test]
fn long_expressions_are_refused_or_fit() {
    on_a_small_stack(|| {
        let machine = |expr: &str| {
            format!(
                "machine M {{ input {{ GO(n: Int, f: Bool) }} context {{ n: Int = 1  t: Text = \"\"  b: Bool = true  o: Int? = none }}
                   initial a state a {{ on GO / {expr} }} }}"
            )
        };
        let chain = |first: &str, rest: &str, count: usize| format!("{first}{}", rest.repeat(count));
        for (target, first, rest) in [
            ("n", "1", " + event.n"),
            ("n", "1", " * 2 - n"),
            ("t", "\"\"", " + t"),
            ("b", "b", " and event.f"),
            ("b", "b", " or n > 1"),
            ("n", "o", " ?? o"),
            ("b", "", "not "),
            ("n", "", "-"),
        ] {
            let steps = if rest.contains(" n") { 120 } else { 245 };
            let tail = match (first, target) {
                ("", "b") => "b",
                ("", _) => "n",
                ("o", _) => " ?? 1",
                _ => "",
            };
            let fits = machine(&format!("{target} := {}{tail}", chain(first, rest, steps)));
            assert_eq!(
                codes(&compiled(&fits)).iter().filter(|code| **code != Code::Unused).count(),
                0,
                "{rest}"
            );
            everything(&fits);
            let not = machine(&format!("{target} := {}{tail}", chain(first, rest, 2_000)));
            assert!(codes(&compiled(&not)).contains(&Code::TooLarge), "{rest}");
            let far_too_long = machine(&format!("{target} := {}{tail}", chain(first, rest, 50_000)));
            assert!(codes(&compiled(&far_too_long)).contains(&Code::TooLarge), "{rest}");
        }
    });
}

/// Seconds that work took, in the units of a machine that is busy with other tests.
fn seconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

fn ring(states: usize) -> String {
    let mut text = String::from("machine Ring { input { NEXT BACK } context { n: Int? = none } initial s0\n");
    for n in 0..states {
        text += &format!(
            "state s{n} {{ entry / n := {n} on NEXT -> s{} on BACK [in(s{n}) and n != none] -> s{} }}\n",
            (n + 1) % states,
            (n + states - 1) % states
        );
    }
    text + "}"
}

#[test]
fn ten_thousand_states_are_checked_in_proportion() {
    let (small, large) = (ring(1_000), ring(10_000));
    let check = |text: &str| {
        let compiled = compiled(text);
        assert!(!compiled.has_errors(), "{}", compiled.render(false));
    };
    let (one, ten) = (seconds(|| check(&small)), seconds(|| check(&large)));
    eprintln!("1,000 states: {one:.3} s, 10,000 states: {ten:.3} s");
    assert!(ten < 2.0 + one * 40.0, "1,000 states take {one:.3} s, 10,000 states {ten:.3} s");
}

/// Three levels, with entries, guards, outputs and targets above and beside: what a generator would write.
fn nested(groups: usize) -> String {
    let mut text =
        String::from("machine Tiers { input { A B C } output { TICK } context { n: Int = 0 } initial g0\n");
    for g in 0..groups {
        let next = (g + 1) % groups;
        text += &format!("state g{g} {{ initial h{g}_0 on C -> g{next}\n");
        for h in 0..10 {
            text += &format!("state h{g}_{h} {{ initial s{g}_{h}_0 entry / n := n + 1\n");
            for s in 0..9 {
                text += &format!(
                    "state s{g}_{h}_{s} {{ on A -> s{g}_{h}_{} on B [n > {s}] -> h{next}_{h} / emit TICK }}\n",
                    (s + 1) % 9
                );
            }
            text += "}\n";
        }
        text += "}\n";
    }
    text + "}"
}

#[test]
fn many_nested_states_are_checked_in_proportion() {
    let check = |groups: usize| {
        let text = nested(groups);
        seconds(|| {
            let compiled = compiled(&text);
            assert!(!compiled.has_errors(), "{}", compiled.render(false));
        })
    };
    let (small, large) = (check(10), check(100));
    eprintln!("1,000 states: {small:.3} s, 10,000 states: {large:.3} s");
    assert!(large < 2.0 + small * 40.0, "1,000 states take {small:.3} s, 10,000 states {large:.3} s");
}

#[test]
fn names_declared_again_and_again_and_long_lines_are_told_in_proportion() {
    let twice = |states: usize| {
        let text =
            format!("machine M {{ input {{ GO }} initial s {} }}", "state s { on GO -> s } ".repeat(states));
        seconds(|| {
            let compiled = compiled(&text);
            let told = compiled.render(false);
            assert!(told.contains("SC017"), "{told}");
            assert!(told.len() < 100_000, "a line of {} bytes is drawn", text.len());
        })
    };
    let (small, large) = (twice(1_000), twice(20_000));
    eprintln!("1,000 times the same name: {small:.3} s, 20,000 times: {large:.3} s");
    assert!(large < 2.0 + small * 80.0, "1,000 take {small:.3} s, 20,000 {large:.3} s");
}

#[test]
fn ten_thousand_events_are_checked_in_proportion() {
    let text = |events: usize| {
        let names: String = (0..events).map(|n| format!("E{n} ")).collect();
        let edges: String = (0..events).map(|n| format!("on E{n} -> a\n")).collect();
        format!("machine Wide {{ input {{ {names} }} initial a state a {{ {edges} }} }}")
    };
    let check = |text: &str| assert!(!compiled(text).has_errors());
    let (one, ten) = (seconds(|| check(&text(1_000))), seconds(|| check(&text(10_000))));
    eprintln!("1,000 events: {one:.3} s, 10,000 events: {ten:.3} s");
    assert!(ten < 2.0 + one * 40.0, "1,000 events take {one:.3} s, 10,000 events {ten:.3} s");
}

#[test]
fn large_files_are_read_or_refused() {
    let line = "  // nothing to see here, and a lot of it\n";
    let large = format!("machine M {{ initial a state a\n{}}}", line.repeat((10 << 20) / line.len()));
    let took = seconds(|| assert!(!compiled(&large).has_errors()));
    eprintln!("10 MB of comments: {took:.3} s");
    let garbage = |bytes: usize| "( ) x ; ".repeat(bytes / 8);
    let took = |bytes: usize| seconds(|| assert!(compiled(&garbage(bytes)).has_errors()));
    let (one, ten) = (took(50 << 10), took(500 << 10));
    eprintln!("50 kB of garbage: {one:.3} s, 500 kB: {ten:.3} s");
    assert!(ten < 2.0 + one * 40.0, "50 kB of garbage take {one:.3} s, 500 kB {ten:.3} s");
    let mistakes = |count: usize| format!("machine M {{ {} }}", "on ; x\n".repeat(count));
    let took = |count: usize| seconds(|| assert!(compiled(&mistakes(count)).diagnostics.len() <= 200));
    let (one, ten) = (took(1_000), took(10_000));
    eprintln!("1,000 mistakes: {one:.3} s, 10,000: {ten:.3} s");
    assert!(ten < 2.0 + one * 40.0, "1,000 mistakes take {one:.3} s, 10,000 {ten:.3} s");
    let too_large = " ".repeat((16 << 20) + 1);
    assert_eq!(codes(&compiled(&too_large)), [Code::TooLarge]);
}

#[test]
fn odd_texts() {
    for text in [
        "",
        "\u{feff}",
        "\u{0}",
        "machine",
        "machine M",
        "machine M {",
        "import",
        "import \"main.sc\"",
        "///",
        "/*",
        "'",
        "\"",
        "\\",
    ] {
        everything(text);
    }
    assert_eq!(codes(&compiled("machine M { initial a state a \u{0} }")), [Code::Syntax]);
    assert_eq!(codes(&compiled("\u{feff}machine M { initial a state a }")), []);
    assert_eq!(codes(&compiled("machine M {\r\n  initial a // one\r\n  state a\r\n}\r\n")), []);
}

/// Bytes that are no text reach the language only through a reader, which says where they are.
#[test]
fn bytes_that_are_no_text_are_refused_by_the_command() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-text");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("latin1.sc");
    fs::write(&path, b"machine M {\n  state caf\xe9\n}").unwrap();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "-p", "statechart-cli", "--", "check"])
        .arg(&path)
        .current_dir(statechart_tests::workspace())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("line 2, column 12") && told.contains("UTF-8"),
        "{told}"
    );
}

#[test]
fn thousands_of_regions_step_in_time() {
    let step = |regions: usize| {
        let regions: String = (0..regions)
            .map(|r| format!("region r{r} {{ initial x state x {{ on A -> y }} state y {{ on A -> x }} }}\n"))
            .collect();
        let compiled =
            compiled(&format!("machine M {{ input {{ A }} initial p parallel p {{ {regions} }} }}"));
        let model = compiled.model.unwrap();
        let machine = &model.machines[0];
        let word = interpreter::Word::parse("A A", machine).unwrap();
        seconds(|| {
            assert!(
                interpreter::run(machine, &word).rows[2].report.after.iter().all(|path| path.ends_with(".x"))
            )
        })
    };
    let (few, many) = (step(300), step(3_000));
    eprintln!("300 regions: {few:.3} s, 3,000 regions: {many:.3} s");
    // What looks at all regions for each pair of them takes a thousand times as long.
    assert!(many < 2.0 + few * 100.0, "300 regions take {few:.3} s, 3,000 regions {many:.3} s");
}

#[test]
fn what_would_be_too_much_rust_is_refused_at_once() {
    let events: String = (0..2_000).map(|e| format!("E{e} ")).collect();
    let states: String =
        (0..150).map(|s| format!("state s{s} {{ on E* -> s{} }}\n", (s + 1) % 150)).collect();
    let compiled = compiled(&format!("machine M {{ input {{ {events} }} initial s0 {states} }}"));
    let model = compiled.model.unwrap();
    let taken = seconds(|| {
        let code = codegen::generate(&model);
        assert!(code.contains("300000 events in the patterns of its transitions"), "{} bytes", code.len());
    });
    assert!(taken < 5.0, "{taken:.3} s");
}
