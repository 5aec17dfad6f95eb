//! Tapes: shapes of files, bad rows, exact pages and folds.

#![allow(clippy::unwrap_used)]
use super::*;

fn read(text: &str) -> Result<(Tape, TapeReport), SimulatorError> {
    Tape::read(text.as_bytes(), "t.csv", Some(&Listing::new("BTC", "USD")))
}

/// Trades as `time id price size side`, all symbols.
fn shown(tape: &Tape) -> Vec<String> {
    (0..tape.listings.len())
        .flat_map(|i| tape.trades_after(i, Position::after(0), i64::MAX, usize::MAX))
        .map(|t| format!("{} {} {} {} {:?}", t.time_us / 1_000, t.id, t.price, t.size, t.side))
        .collect()
}

#[test]
fn shapes_of_files() {
    let plain = ["1514764800000 1 13715.65 0.5 Unknown", "1514764800001 2 13716 1 Unknown"];
    let rows: &[(&str, &[&str])] = &[
        ("1514764800000,13715.65,0.5\n1514764800001,13716,1.0", &plain),
        ("\u{feff}1514764800000 , \"13715.650\",0.5\r\n1514764800001,13716,1e0\r\n\r\n", &plain),
        (
            "timestamp_ms,price,size\n1514764800000,1.5,-2\n1514764800000,2,3\n",
            &["1514764800000 2 1.5 2 Sell", "1514764800000 3 2 3 Buy"],
        ),
        (
            "1514764800000,BTCUSD,1,2,abc\n1514764800000,ETH-USD,3,4,007\n",
            &["1514764800000 abc 1 2 Unknown", "1514764800000 007 3 4 Unknown"],
        ),
        ("id,qty,ts,side,price,note\n9,2,1514764800000,sell,1,x\n", &["1514764800000 9 1 2 Sell"]),
        // Out of order, and one row twice.
        (
            "1514764800005,BTCUSD,1,2,7\n1514764800000,BTCUSD,3,4,6\n1514764800005,BTCUSD,1,2,7\n",
            &["1514764800000 6 3 4 Unknown", "1514764800005 7 1 2 Unknown"],
        ),
    ];
    for (text, expected) in rows {
        let (tape, report) = read(text).unwrap();
        assert_eq!(shown(&tape), *expected, "{text}");
        assert_eq!(report.bad_count, 0, "{report}");
    }
    let (tape, report) = read(rows[5].0).unwrap();
    assert_eq!((report.unsorted_count, report.first_unsorted_line, report.repeated), (1, Some(2), 1));
    assert_eq!((tape.first_us(), tape.last_us()), (1_514_764_800_000_000, 1_514_764_800_005_000));
}

#[test]
fn the_lowest_id_of_an_instant_opens_and_the_highest_closes() {
    let ids = ["10", "9", "x", "007", "8"];
    let rows: Vec<String> =
        (1..).zip(ids).map(|(price, id)| format!("1514764800000,BTCUSD,{price},1,{id}")).collect();
    let (tape, _) = read(&rows.join("\n")).unwrap();
    let from_us = 1_514_764_800_000_000;
    // From the minute's candle, and trade by trade.
    for to_us in [from_us + 60_000_000, from_us + 1] {
        let fold = tape.fold(0, from_us, to_us).unwrap();
        let found = [fold.open, fold.high, fold.low, fold.close, fold.volume].map(|value| value.to_string());
        assert_eq!(found, ["5", "5", "1", "3", "5"]);
    }
}

#[test]
fn bad_rows_are_named() {
    let good = "1514764800000,BTCUSD,1,1,1\n";
    let rows = [
        ("x1514764800000,BTCUSD,1,1,1", "timestamp_ms", "whole number"),
        ("1514764800,BTCUSD,1,1,1", "timestamp_ms", "seconds?"),
        ("1514764800000000,BTCUSD,1,1,1", "timestamp_ms", "micro"),
        ("1514764800000,FOO,1,1,1", "symbol", "like BTC-USD"),
        ("1514764800000,BTCUSD,abc,1,1", "price", "not a number"),
        ("1514764800000,BTCUSD,0,1,1", "price", "above zero"),
        ("1514764800000,BTCUSD,-1,1,1", "price", "above zero"),
        ("1514764800000,BTCUSD,1,0.00,1", "size", "zero"),
        ("1514764800000,BTCUSD,1,234.5,1,1", "line", "6 fields where the first line has 5"),
        ("1514764800000,BTCUSD,1", "size", "is missing: the line has 3"),
        ("1514764800000,BTCUSD,0.00000001,0.000000001,1", "size", "exactly"),
        ("1514764800000,BTCUSD,10000000000001,-1000000000001,1", "size", "exactly"),
    ];
    for (row, column, reason) in rows {
        let (_, report) = read(&format!("{good}{row}\n")).unwrap();
        let bad = report.bad_rows.first().unwrap_or_else(|| panic!("{row}: {report}"));
        assert_eq!((bad.line, bad.column.as_str(), report.bad_count), (2, column, 1), "{row}");
        assert!(bad.reason.contains(reason), "{row}: {}", bad.reason);
    }
    for (text, reason) in [
        ("", "empty"),
        ("timestamp_ms,price\n", "no column `size`"),
        ("1,2\n", "2 fields"),
        ("1514764800000,0,1\n", "line 1, price"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let nameless = Tape::read("1514764800000,1,1\n".as_bytes(), "t.csv", None).unwrap_err().to_string();
    assert!(nameless.contains("--symbol"), "{nameless}");
    let long = Tape::read("1".repeat(10_000).as_bytes(), "t.csv", None).unwrap_err();
    assert!(long.to_string().contains("longer than"), "{long}");
}

#[test]
fn a_large_tape_pages_and_folds_exactly() {
    let start = 1_514_764_800_000i64;
    let mut text = String::new();
    for i in 0..200_000i64 {
        text += &format!("{},{}.{:02},0.0{}\n", start + i * 37 / 2, 13_000 + i % 977, i % 100, 1 + i % 9);
    }
    let (tape, report) = read(&text).unwrap();
    assert_eq!((report.good, report.bad_count), (200_000, 0));
    let (from, to) = (start * 1_000 + 1_234_567, start * 1_000 + 3_000_000_000);
    let mut sum = None;
    let mut position = Position::after(from - 1);
    loop {
        let page = tape.trades_after(0, position, to, 4_999);
        let Some(last) = page.last() else { break };
        position = Position { time_us: last.time_us, ccseq: last.ccseq };
        for trade in &page {
            Fold::push(&mut sum, &Fold::of(trade.price, trade.size));
        }
    }
    assert!(sum.unwrap().trades > 100_000);
    assert_eq!(tape.fold(0, from, to), sum);
    assert_eq!(
        tape.trades_before(0, from, 20),
        tape.trades_after(0, Position::after(0), from, usize::MAX).split_off(47)
    );
}
