//! Reads a tape file line by line, and reports every row that cannot be used.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

use rust_decimal::Decimal;
use statechart_runtime::market::check_exact;

use super::SimulatorError;
use super::listing::Listing;
use super::report::{BadRow, TapeReport};
use super::source::SimId;
use super::tape::{MAX_TAPE_ROWS, Recorded, Tape};
use crate::exchange::{Side, decimal_from_json};

/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 4_096;

/// Most symbols in one file.
const MAX_SYMBOLS: usize = 200;

/// Loads a tape; see [`Tape::open`].
pub(super) fn read(
    mut reader: impl BufRead,
    name: &str,
    symbol: Option<&Listing>,
) -> Result<(Tape, TapeReport), SimulatorError> {
    let fail = |reason: String| SimulatorError::Tape { path: name.to_owned(), reason };
    let mut loader = Loader::new(name, symbol);
    let mut line = Vec::new();
    let mut number = 0u64;
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| fail(error.to_string()))? == 0 {
            break;
        }
        number += 1;
        if line.len() > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            return Err(fail(format!(
                "line {number} is longer than {MAX_LINE_BYTES} bytes; this is no CSV of trades"
            )));
        }
        if loader.report.good >= MAX_TAPE_ROWS {
            return Err(fail(format!("more than {MAX_TAPE_ROWS} rows; split the file")));
        }
        loader.line(number, &line)?;
    }
    loader.finish()
}

/// Which field of a line is what.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    time: usize,
    symbol: Option<usize>,
    price: usize,
    size: usize,
    id: Option<usize>,
    side: Option<usize>,
}

impl Columns {
    /// By the number of fields, where there is no header.
    fn of_count(count: usize) -> Option<Self> {
        match count {
            3 => Some(Self { price: 1, size: 2, ..Self::default() }),
            4 => Some(Self { symbol: Some(1), price: 2, size: 3, ..Self::default() }),
            5 => Some(Self { symbol: Some(1), price: 2, size: 3, id: Some(4), ..Self::default() }),
            _ => None,
        }
    }

    /// By the names in a header.
    fn of_header(fields: &[&str]) -> Result<Self, String> {
        let find = |names: &[&str]| {
            fields.iter().position(|field| names.iter().any(|n| field.eq_ignore_ascii_case(n)))
        };
        let need = |names: &[&str]| {
            find(names)
                .ok_or_else(|| format!("the header has no column `{}`", names.first().copied().unwrap_or("")))
        };
        Ok(Self {
            time: need(&["timestamp_ms", "timestamp", "time_ms", "time", "ts"])?,
            symbol: find(&["symbol", "pair", "instrument"]),
            price: need(&["price"])?,
            size: need(&["size", "amount", "quantity", "qty", "volume"])?,
            id: find(&["id", "trade_id"]),
            side: find(&["side"]),
        })
    }
}

struct Loader<'a> {
    name: &'a str,
    default: Option<&'a Listing>,
    columns: Option<Columns>,
    /// Fields of the first line: more in a later one mean a stray comma, and values in the wrong columns.
    width: usize,
    started: bool,
    listings: Vec<Listing>,
    recorded: Vec<Vec<Recorded>>,
    /// Symbol as written → index.
    symbols: BTreeMap<String, usize>,
    signed: bool,
    last_us: i64,
    report: TapeReport,
}

impl<'a> Loader<'a> {
    fn new(name: &'a str, default: Option<&'a Listing>) -> Self {
        Self {
            name,
            default,
            columns: None,
            width: 0,
            started: false,
            listings: Vec::new(),
            recorded: Vec::new(),
            symbols: BTreeMap::new(),
            signed: false,
            last_us: i64::MIN,
            report: TapeReport::new(name),
        }
    }

    fn line(&mut self, number: u64, bytes: &[u8]) -> Result<(), SimulatorError> {
        let Ok(line) = std::str::from_utf8(bytes) else {
            self.report.bad(BadRow::new(number, "line", &String::from_utf8_lossy(bytes), "is not UTF-8"));
            return Ok(());
        };
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            return Ok(());
        }
        let mut fields = [""; 32];
        let mut count = 0;
        for (slot, field) in fields.iter_mut().zip(line.split(',')) {
            *slot = unquote(field);
            count += 1;
        }
        let fields = fields.get(..count).unwrap_or_default();
        if !std::mem::replace(&mut self.started, true) {
            self.width = count;
            let first = fields.first().copied().unwrap_or("");
            // A header is told by its letters: a bad timestamp in the first row is a bad row, not a header.
            if first.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) {
                let columns = Columns::of_header(fields)
                    .map_err(|reason| SimulatorError::Tape { path: self.name.to_owned(), reason })?;
                self.columns = Some(columns);
                return Ok(());
            }
            self.columns = Columns::of_count(count);
            if self.columns.is_none() {
                let reason = format!(
                    "line {number} has {count} fields; give timestamp_ms,price,size or timestamp_ms,symbol,price,size,id, or a header"
                );
                return Err(SimulatorError::Tape { path: self.name.to_owned(), reason });
            }
        }
        let Some(columns) = self.columns else { return Ok(()) };
        self.report.rows += 1;
        match self.row(number, fields, columns) {
            Ok(()) => {
                self.report.good += 1;
                Ok(())
            }
            Err(Rejected::Row(row)) => {
                self.report.bad(row);
                Ok(())
            }
            Err(Rejected::File(reason)) => Err(SimulatorError::Tape { path: self.name.to_owned(), reason }),
        }
    }

    fn row(&mut self, number: u64, fields: &[&str], columns: Columns) -> Result<(), Rejected> {
        let field = |name: &str, index: usize| {
            fields.get(index).copied().filter(|field| !field.is_empty()).ok_or_else(|| {
                Rejected::Row(BadRow::new(
                    number,
                    name,
                    "",
                    &format!("is missing: the line has {} fields", fields.len()),
                ))
            })
        };
        let reject =
            |name: &str, value: &str, reason: &str| Rejected::Row(BadRow::new(number, name, value, reason));
        if fields.len() > self.width {
            let reason = format!("has {} fields where the first line has {}", fields.len(), self.width);
            return Err(reject("line", &fields.join(","), &reason));
        }

        let text = field("timestamp_ms", columns.time)?;
        let time_us = time_us(text).map_err(|reason| reject("timestamp_ms", text, reason))?;
        let text = field("price", columns.price)?;
        let price = decimal_from_json(text).map_err(|error| reject("price", text, &format!("is {error}")))?;
        if price <= Decimal::ZERO {
            return Err(reject("price", text, "must be above zero"));
        }
        let text = field("size", columns.size)?;
        let size = decimal_from_json(text).map_err(|error| reject("size", text, &format!("is {error}")))?;
        if size.is_zero() {
            return Err(reject("size", text, "is zero: nothing was traded"));
        }
        // What the platform would put aside anyway is named here, before anybody wonders where it went.
        if check_exact(price, size.abs()).is_err() {
            let reason =
                "times the price cannot be summed exactly: at most 16 decimals and 25 digits together";
            return Err(reject("size", text, reason));
        }
        let side =
            match columns.side.and_then(|index| fields.get(index)).map(|side| side.to_ascii_lowercase()) {
                Some(side) if side.starts_with('b') => Side::Buy,
                Some(side) if side.starts_with('s') => Side::Sell,
                _ if size.is_sign_negative() => {
                    self.signed = true;
                    Side::Sell
                }
                _ => Side::Unknown,
            };
        let id = match columns.id.and_then(|index| fields.get(index)).copied().unwrap_or("") {
            "" => SimId::Number(number),
            text if text.len() > 64 => return Err(reject("id", text, "is longer than 64 bytes")),
            // Kept as a number only when it prints the same again.
            text => match text.parse::<u64>() {
                Ok(id) if id.to_string() == text => SimId::Number(id),
                _ => SimId::Text(Arc::from(text)),
            },
        };
        let index = match columns.symbol {
            None => self.default_symbol()?,
            Some(column) => {
                let text = field("symbol", column)?;
                match self.symbols.get(text) {
                    Some(index) => *index,
                    None => self.new_symbol(number, text)?,
                }
            }
        };
        if time_us < self.last_us {
            self.report.unsorted(number);
        }
        self.last_us = self.last_us.max(time_us);
        if let Some(trades) = self.recorded.get_mut(index) {
            trades.push(Recorded {
                time_us,
                price: price.normalize(),
                size: size.abs().normalize(),
                side,
                id,
            });
        }
        Ok(())
    }

    fn default_symbol(&mut self) -> Result<usize, Rejected> {
        let Some(listing) = self.default else {
            return Err(Rejected::File(
                "the file has no symbol column: say what it is with --symbol, like BTCUSD".into(),
            ));
        };
        Ok(self.add(listing.clone()))
    }

    fn new_symbol(&mut self, number: u64, text: &str) -> Result<usize, Rejected> {
        let listing = Listing::parse(text)
            .map_err(|reason| Rejected::Row(BadRow::new(number, "symbol", text, &reason)))?;
        if self.listings.len() >= MAX_SYMBOLS && !self.listings.contains(&listing) {
            return Err(Rejected::File(format!("more than {MAX_SYMBOLS} symbols; split the file")));
        }
        let index = self.add(listing);
        self.symbols.insert(text.to_owned(), index);
        Ok(index)
    }

    fn add(&mut self, listing: Listing) -> usize {
        if let Some(index) = self.listings.iter().position(|known| *known == listing) {
            return index;
        }
        self.listings.push(listing);
        self.recorded.push(Vec::new());
        self.listings.len() - 1
    }

    fn finish(mut self) -> Result<(Tape, TapeReport), SimulatorError> {
        if self.signed {
            for trade in self.recorded.iter_mut().flatten().filter(|trade| trade.side == Side::Unknown) {
                trade.side = Side::Buy;
            }
        }
        let recordings = self.listings.into_iter().zip(self.recorded).collect();
        let (tape, repeated) = Tape::new(recordings);
        self.report.repeated = repeated;
        for (index, listing) in tape.listings().iter().enumerate() {
            self.report.symbols.push((listing.symbol.clone(), tape.len(index) as u64));
        }
        if self.report.good == 0 {
            let first =
                self.report.bad_rows.first().map_or_else(|| "it is empty".to_owned(), ToString::to_string);
            return Err(SimulatorError::Tape {
                path: self.name.to_owned(),
                reason: format!("no row can be used: {first}; --check names them all"),
            });
        }
        (self.report.first_us, self.report.last_us) = (tape.first_us(), tape.last_us());
        Ok((tape, self.report))
    }
}

enum Rejected {
    Row(BadRow),
    File(String),
}

fn unquote(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|f| f.strip_suffix('"')).unwrap_or(field).trim()
}

/// Milliseconds of the years 1973 to 2286; other units are recognised by their size.
fn time_us(text: &str) -> Result<i64, &'static str> {
    let ms: i64 = text.parse().map_err(|_| "is not a whole number of milliseconds")?;
    match ms {
        100_000_000_000..10_000_000_000_000 => Ok(ms * 1_000),
        10_000_000_000_000.. => Err("is too large for milliseconds: are these micro- or nanoseconds?"),
        100_000_000.. => Err("is too small for milliseconds: are these seconds?"),
        _ => Err("is no time after 1973 in milliseconds"),
    }
}
