//! The records of the log: one JSON object per record, its kind in `k`.
//!
//! Decoding keeps the digits of decimals (they are taken from the raw text, quoted or not) and refuses what it does not
//! know: an unknown kind or version is dead-lettered by the reader, and the records after it go on.

use super::decimal::{canonical, parse_decimal};
use super::error::{MarketError, cut};
use super::trade::{Side, Trade, TradeOrigin};
use super::{FetchId, Resolution, TimeRange, plain_trade};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The version that this platform writes into `v`, and the only one it reads. A record without `v` has it.
pub const RECORD_VERSION: i64 = 1;
/// Longest record, bytes.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Most rows in a page of candles.
pub const MAX_PAGE_ROWS: usize = 500;

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// `t`: a trade.
    Trade(Trade),
    /// `cov`: every trade of a range precedes this record in this partition.
    Coverage(Coverage),
    /// `c`: closed candles from the exchange.
    Candles(CandlePage),
    /// `end`: a fetch is over.
    End(FetchEnd),
    /// `birth`: record 0 of each incarnation of a dynamic topic.
    Birth {
        /// The incarnation.
        inc: i64,
    },
}

/// A statement that all trades of a range have been published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Symbol of the instrument.
    pub symbol: String,
    /// The range, not empty.
    pub range: TimeRange,
    /// Number of the feed's life; statements of older feeds are ignored.
    pub epoch: i64,
}

/// A page of the exchange's own candles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandlePage {
    /// Symbol of the instrument.
    pub symbol: String,
    /// Width of the rows.
    pub res: Resolution,
    /// What the page covers; buckets without a row had no trades.
    pub range: TimeRange,
    /// The fetch it answers.
    pub fetch: FetchId,
    /// Number of the page within the fetch.
    pub page: u32,
    /// At most [`MAX_PAGE_ROWS`] rows, closed buckets only.
    pub rows: Vec<RestRow>,
}

/// One row of a [`CandlePage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestRow {
    /// Start of the bucket, µs.
    pub bucket_us: i64,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Volume in the base currency.
    pub volume: Decimal,
    /// Volume in the quote currency.
    pub quote_volume: Decimal,
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchEnd {
    /// The fetch.
    pub fetch: FetchId,
    /// Whether all of it was served.
    pub ok: bool,
    /// Pages published.
    pub pages: u32,
    /// The exchange has nothing before this, µs.
    pub floor_us: Option<i64>,
    /// What went wrong, for people.
    pub error: Option<String>,
}

impl Record {
    /// The record as one line of JSON without spaces.
    pub fn encode(&self) -> Vec<u8> {
        let json = match self {
            Record::Trade(trade) => serde_json::to_vec(&TradeOut {
                k: "t",
                v: RECORD_VERSION,
                s: &trade.symbol,
                t: trade.time_us,
                i: &trade.id,
                p: canonical(trade.price),
                q: canonical(trade.size),
                d: trade.side.letter(),
                r: trade.received_us,
                src: trade.origin.name(),
            }),
            Record::Coverage(cov) => serde_json::to_vec(&CoverageOut {
                k: "cov",
                v: RECORD_VERSION,
                s: &cov.symbol,
                from: cov.range.from_us,
                to: cov.range.to_us,
                epoch: cov.epoch,
            }),
            Record::Candles(page) => serde_json::to_vec(&CandlesOut {
                k: "c",
                v: RECORD_VERSION,
                s: &page.symbol,
                res: page.res.seconds(),
                from: page.range.from_us,
                to: page.range.to_us,
                fetch: page.fetch.as_str(),
                page: page.page,
                rows: page
                    .rows
                    .iter()
                    .map(|row| {
                        let text = canonical;
                        let (open, high, low) = (text(row.open), text(row.high), text(row.low));
                        (
                            row.bucket_us,
                            open,
                            high,
                            low,
                            text(row.close),
                            text(row.volume),
                            text(row.quote_volume),
                        )
                    })
                    .collect(),
            }),
            Record::End(end) => serde_json::to_vec(&EndOut {
                k: "end",
                v: RECORD_VERSION,
                fetch: end.fetch.as_str(),
                ok: end.ok,
                pages: end.pages,
                floor: end.floor_us,
                error: end.error.as_deref(),
            }),
            Record::Birth { inc } => {
                serde_json::to_vec(&BirthOut { k: "birth", v: RECORD_VERSION, inc: *inc })
            }
        };
        // Plain structs of strings and integers always have a JSON form.
        json.unwrap_or_default()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`MarketError::Record`] or [`MarketError::Decimal`]; both mean dead-letter. Trades are not yet checked for the
    /// exact range, see [`Trade::check`].
    pub fn decode(json: &[u8]) -> Result<Self, MarketError> {
        if json.len() > MAX_RECORD_BYTES {
            return Err(record_error(format!("{} bytes, more than {MAX_RECORD_BYTES}", json.len())));
        }
        if let Some(trade) = plain_trade::read(json) {
            return Ok(Record::Trade(trade));
        }
        let wire: Wire<'_> = serde_json::from_slice(json).map_err(|e| record_error(e.to_string()))?;
        if let Some(version) = wire.v.filter(|version| *version != RECORD_VERSION) {
            return Err(record_error(format!(
                "unknown version {version}, this build reads {RECORD_VERSION}"
            )));
        }
        match wire.k.as_ref() {
            "t" => wire.trade().map(Record::Trade),
            "cov" => Ok(Record::Coverage(Coverage {
                range: wire.range()?,
                epoch: need(wire.epoch, "epoch")?,
                symbol: symbol(wire.s)?,
            })),
            "c" => wire.candles().map(Record::Candles),
            "end" => Ok(Record::End(FetchEnd {
                fetch: FetchId::parse(&need(wire.fetch, "fetch")?)?,
                ok: need(wire.ok, "ok")?,
                pages: need(wire.pages, "pages")?,
                floor_us: wire.floor,
                error: wire.error.map(Cow::into_owned),
            })),
            "birth" => Ok(Record::Birth { inc: need(wire.inc, "inc")? }),
            other => Err(record_error(format!("unknown kind `{}`", cut(other, 32)))),
        }
    }

    /// The record's key in the log: the symbol, which keeps one instrument's records in order; empty for `end`, `birth`.
    pub fn key(&self) -> &str {
        match self {
            Record::Trade(trade) => &trade.symbol,
            Record::Coverage(cov) => &cov.symbol,
            Record::Candles(page) => &page.symbol,
            Record::End(_) | Record::Birth { .. } => "",
        }
    }
}

/// Every field of every kind: the kind is known only after reading, and a tagged enum would lose the digits.
#[derive(Deserialize)]
struct Wire<'a> {
    v: Option<i64>,
    #[serde(borrow)]
    k: Cow<'a, str>,
    #[serde(borrow)]
    s: Option<Cow<'a, str>>,
    t: Option<i64>,
    #[serde(borrow)]
    i: Option<Cow<'a, str>>,
    #[serde(borrow)]
    p: Option<&'a RawValue>,
    #[serde(borrow)]
    q: Option<&'a RawValue>,
    #[serde(borrow)]
    d: Option<Cow<'a, str>>,
    r: Option<i64>,
    #[serde(borrow)]
    src: Option<Cow<'a, str>>,
    from: Option<i64>,
    to: Option<i64>,
    epoch: Option<i64>,
    res: Option<i64>,
    #[serde(borrow)]
    fetch: Option<Cow<'a, str>>,
    page: Option<u32>,
    #[serde(borrow)]
    rows: Option<Vec<RowIn<'a>>>,
    ok: Option<bool>,
    pages: Option<u32>,
    floor: Option<i64>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    inc: Option<i64>,
}

#[derive(Deserialize)]
struct RowIn<'a>(
    i64,
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
);

impl<'a> Wire<'a> {
    fn range(&self) -> Result<TimeRange, MarketError> {
        TimeRange::new(need(self.from, "from")?, need(self.to, "to")?)
    }

    fn trade(self) -> Result<Trade, MarketError> {
        let time_us = need(self.t, "t")?;
        if time_us < 0 {
            return Err(record_error(format!("`t` is {time_us}, before 1970")));
        }
        Ok(Trade {
            symbol: symbol(self.s)?.into(),
            time_us,
            id: need(self.i, "i")?.into(),
            price: decimal(need(self.p, "p")?)?,
            size: decimal(need(self.q, "q")?)?,
            side: known(need(self.d, "d")?, Side::from_letter, "`d`", "one of B S ?")?,
            received_us: need(self.r, "r")?,
            origin: known(need(self.src, "src")?, TradeOrigin::from_name, "`src`", "ws or hist")?,
        })
    }

    fn candles(self) -> Result<CandlePage, MarketError> {
        let range = self.range()?;
        let seconds = need(self.res, "res")?;
        let res = Resolution::from_seconds(seconds)
            .ok_or_else(|| record_error(format!("`res` is {seconds}, one of 60 3600 86400 is expected")))?;
        let rows = need(self.rows, "rows")?;
        if rows.len() > MAX_PAGE_ROWS {
            return Err(record_error(format!("{} rows, more than {MAX_PAGE_ROWS}", rows.len())));
        }
        let rows: Vec<RestRow> = rows.into_iter().map(RowIn::read).collect::<Result<_, _>>()?;
        if let Some(row) = rows.iter().find(|row| !range.contains(row.bucket_us) || row.misaligned(res)) {
            return Err(record_error(format!("the row at {} is no bucket of {range}", row.bucket_us)));
        }
        Ok(CandlePage {
            symbol: symbol(self.s)?,
            res,
            range,
            fetch: FetchId::parse(&need(self.fetch, "fetch")?)?,
            page: need(self.page, "page")?,
            rows,
        })
    }
}

impl RowIn<'_> {
    fn read(self) -> Result<RestRow, MarketError> {
        Ok(RestRow {
            bucket_us: self.0,
            open: decimal(self.1)?,
            high: decimal(self.2)?,
            low: decimal(self.3)?,
            close: decimal(self.4)?,
            volume: decimal(self.5)?,
            quote_volume: decimal(self.6)?,
        })
    }
}

impl RestRow {
    fn misaligned(&self, res: Resolution) -> bool {
        res.interval().floor_us(self.bucket_us) != self.bucket_us
    }
}

/// Digits of a JSON number or of a string that holds one.
fn decimal(raw: &RawValue) -> Result<Decimal, MarketError> {
    let text = raw.get();
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    parse_decimal(inner)
}

fn symbol(field: Option<Cow<'_, str>>) -> Result<String, MarketError> {
    let symbol = need(field, "s")?.into_owned();
    if super::is_valid_symbol(&symbol) { Ok(symbol) } else { Err(MarketError::Symbol(cut(&symbol, 40))) }
}

fn need<T>(field: Option<T>, name: &str) -> Result<T, MarketError> {
    field.ok_or_else(|| record_error(format!("the field `{name}` is missing")))
}

fn known<T>(
    text: Cow<'_, str>,
    read: fn(&str) -> Option<T>,
    field: &str,
    those: &str,
) -> Result<T, MarketError> {
    read(&text).ok_or_else(|| record_error(format!("{field} is `{}`, {those} is expected", cut(&text, 8))))
}

fn record_error(why: String) -> MarketError {
    MarketError::Record { why }
}

#[derive(Serialize)]
struct TradeOut<'a> {
    k: &'a str,
    v: i64,
    s: &'a str,
    t: i64,
    i: &'a str,
    p: String,
    q: String,
    d: &'a str,
    r: i64,
    src: &'a str,
}

#[derive(Serialize)]
struct CoverageOut<'a> {
    k: &'a str,
    v: i64,
    s: &'a str,
    from: i64,
    to: i64,
    epoch: i64,
}

#[derive(Serialize)]
struct CandlesOut<'a> {
    k: &'a str,
    v: i64,
    s: &'a str,
    res: i64,
    from: i64,
    to: i64,
    fetch: &'a str,
    page: u32,
    rows: Vec<(i64, String, String, String, String, String, String)>,
}

#[derive(Serialize)]
struct EndOut<'a> {
    k: &'a str,
    v: i64,
    fetch: &'a str,
    ok: bool,
    pages: u32,
    floor: Option<i64>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct BirthOut<'a> {
    k: &'a str,
    v: i64,
    inc: i64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    /// The wire format is a promise to other readers of the topic: the lines of this file must never change.
    fn golden() -> Vec<&'static str> {
        include_str!("../../tests/golden/records.v1.jsonl").lines().collect()
    }

    #[test]
    fn golden_lines_survive_a_round_trip() {
        let mut kinds = BTreeSet::new();
        for line in golden() {
            let record = Record::decode(line.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(record.encode()).unwrap(), line);
            // What an earlier build wrote has no version.
            let old = line.replacen("\"v\":1,", "", 1);
            assert_ne!(old, line);
            assert_eq!(Record::decode(old.as_bytes()).unwrap(), record);
            kinds.insert(match record {
                Record::Trade(_) => "t",
                Record::Coverage(_) => "cov",
                Record::Candles(_) => "c",
                Record::End(_) => "end",
                Record::Birth { .. } => "birth",
            });
        }
        assert_eq!(kinds.len(), 5, "a line for each kind: {kinds:?}");
        assert_eq!(FetchId::from_random(1).as_str(), "00000000-0000-4000-8000-000000000001");
        assert_eq!(FetchId::from_random(u128::MAX).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn bare_numbers_and_extra_fields_are_read() {
        let line = r#"{"v":1,"src":"ws","k":"t","s":"BTCUSD","t":5,"i":"1","p":13715.6500,"q":5e-1,"d":"B","r":6,"new":[{}]}"#;
        let Record::Trade(trade) = Record::decode(line.as_bytes()).unwrap() else { panic!("not a trade") };
        assert_eq!((canonical(trade.price), canonical(trade.size)), ("13715.65".into(), "0.5".into()));
        assert_eq!((trade.time_us, trade.id.as_str()), (5, "1"));
    }

    #[test]
    fn bad_records_say_why() {
        for (line, why) in [
            ("", "EOF"),
            ("[]", "invalid"),
            (r#"{"s":"BTCUSD"}"#, "`k`"),
            (r#"{"k":"zzz"}"#, "unknown kind `zzz`"),
            (r#"{"k":"birth","inc":1,"v":2}"#, "unknown version 2"),
            (r#"{"k":"birth"}"#, "`inc` is missing"),
            (&golden()[0].replace("13715.65", "1e99"), "not an exact decimal"),
            (&golden()[0].replace("\"B\"", "\"b\""), "one of B S ?"),
            (&golden()[0].replace("BTCUSD", "btc usd"), "not a symbol"),
            (&golden()[0].replace("\"8123\"", "8123"), "expected a"),
            (&golden()[2].replace("1514764860000000", "1514764800000000"), "impossible"),
            (&golden()[3].replace("[60000000", "[60000001"), "no bucket"),
            (&golden()[3].replace("\"res\":60", "\"res\":61"), "one of 60 3600 86400"),
        ] {
            let error = Record::decode(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
