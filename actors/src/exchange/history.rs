//! Candle history: one page, and the walk back page by page.
//!
//! The exchange's ways and what becomes of them here: `toTs` is inclusive (ours is not); `limit` returns one row
//! more; the newest row may still be open (split off); before the listing come zero rows for ever (trimmed, the
//! floor is reported); a plan ends somewhere in the past (a floor, no fault).

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Answer, Asked, Opened, open, speaks_of_depth};
use super::error::excerpt;
use super::wire::{decimal_from_json, integer};
use super::{Client, ExchangeError, Pair};

/// Most rows a page can have: the exchange's largest limit and its one row more.
pub const MAX_PAGE_ROWS: u32 = 2_001;

/// A bucket counts as closed this long after its end by the exchange's clock: replies are cached for 10 s, so a
/// younger one may still show the bucket as it was when open. In µs.
pub const CLOSED_AFTER_US: i64 = 15_000_000;

/// Native width of a candle at the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day, from midnight UTC.
    Day,
}

impl Resolution {
    /// Width in seconds: 60, 3600, 86400.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// Width in µs.
    pub const fn us(self) -> i64 {
        self.seconds() * 1_000_000
    }

    /// Start of the bucket that holds `time_us`.
    pub const fn floor(self, time_us: i64) -> i64 {
        time_us - time_us.rem_euclid(self.us())
    }

    /// The width with these seconds, if it is native.
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds {
            60 => Some(Self::Minute),
            3_600 => Some(Self::Hour),
            86_400 => Some(Self::Day),
            _ => None,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Minute => "/data/v2/histominute",
            Self::Hour => "/data/v2/histohour",
            Self::Day => "/data/v2/histoday",
        }
    }
}

/// One candle of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Start of the bucket, µs UTC.
    pub time_us: i64,
    /// First price, or the close before it: markets differ.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Traded amount in the base currency.
    pub volume: Decimal,
    /// Traded amount in the quote currency.
    pub quote_volume: Decimal,
}

impl Row {
    /// Whether nothing was ever traded: all prices zero, as before the listing.
    pub fn is_before_listing(&self) -> bool {
        [self.open, self.high, self.low, self.close].iter().all(Decimal::is_zero)
    }

    /// Whether nothing was traded in this bucket and the last price is only carried on.
    pub fn is_carried(&self) -> bool {
        self.volume.is_zero() && self.quote_volume.is_zero()
    }
}

/// Why nothing older will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorReason {
    /// The pair was not traded before.
    BeforeListing,
    /// The key's plan reaches back no further.
    PlanDepth,
}

/// One page of candles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Closed candles, ascending, one per bucket; empty buckets are carried rows.
    pub rows: Vec<Row>,
    /// The newest candle when it is not closed yet: to show, never to store.
    pub open: Option<Row>,
    /// Start of the oldest bucket asked for, µs.
    pub requested_from_us: i64,
    /// What `rows` answer for, `[from, to)` in µs; `None` without rows.
    pub covered: Option<(i64, i64)>,
    /// Set when history ends here.
    pub floor: Option<FloorReason>,
    /// With a floor: no bucket that starts before this time will ever come, µs. `None` when only open buckets were
    /// seen, which may still get trades.
    pub absent_to_us: Option<i64>,
    /// Exclusive end of the next older page; `None` at the floor.
    pub next_to_us: Option<i64>,
    /// A warning of the exchange, e.g. that data may be stale.
    pub warning: Option<String>,
}

#[derive(Deserialize)]
struct RawRow<'a> {
    #[serde(borrow)]
    time: &'a RawValue,
    #[serde(borrow)]
    open: &'a RawValue,
    #[serde(borrow)]
    high: &'a RawValue,
    #[serde(borrow)]
    low: &'a RawValue,
    #[serde(borrow)]
    close: &'a RawValue,
    #[serde(borrow)]
    volumefrom: &'a RawValue,
    #[serde(borrow)]
    volumeto: &'a RawValue,
    #[serde(rename = "conversionType", default)]
    conversion: String,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(rename = "Data", borrow)]
    rows: Vec<RawRow<'a>>,
}

impl Client {
    /// One page of candles that start before `to_us` (exclusive), the newest `limit` of them (1 to 2001).
    ///
    /// A candle is closed when its end lies 15 s back by `now_us`, the exchange's clock. Without it the `Date` of
    /// the reply stands in, and without that the newest row counts as open.
    ///
    /// # Errors
    /// [`ExchangeError`]; the end of history is not an error but [`Page::floor`].
    pub async fn history_page(
        &self,
        pair: &Pair,
        resolution: Resolution,
        to_us: i64,
        limit: u32,
        now_us: Option<i64>,
    ) -> Result<Page, ExchangeError> {
        let asked = PageAsked::new(resolution, to_us, limit);
        let query = [
            ("fsym", pair.base.clone()),
            ("tsym", pair.quote.clone()),
            ("e", pair.market.clone()),
            // The exchange adds one row to this.
            ("limit", (asked.rows - 1).max(1).to_string()),
            ("toTs", (asked.last_us / 1_000_000).to_string()),
            ("tryConversion", "false".to_owned()),
        ];
        let path = resolution.path();
        let base = self.endpoints().rest_legacy.clone();
        self.ask(&base, path, &query, |answer| read_page(path, pair, asked, answer, now_us)).await
    }
}

/// The arithmetic of one request, in buckets.
#[derive(Debug, Clone, Copy)]
struct PageAsked {
    resolution: Resolution,
    /// Rows wanted, 1 to 2001.
    rows: i64,
    /// Start of the newest bucket wanted.
    last_us: i64,
}

impl PageAsked {
    fn new(resolution: Resolution, to_us: i64, limit: u32) -> Self {
        // Exclusive to inclusive: the newest bucket that starts before `to_us`.
        let last_us = resolution.floor(to_us.saturating_sub(1).max(0));
        Self { resolution, rows: i64::from(limit.clamp(1, MAX_PAGE_ROWS)), last_us }
    }

    fn end_us(self) -> i64 {
        self.last_us + self.resolution.us()
    }

    fn oldest_us(self) -> i64 {
        (self.last_us - (self.rows - 1) * self.resolution.us()).max(0)
    }
}

fn read_page(
    path: &str,
    pair: &Pair,
    asked: PageAsked,
    answer: &Answer,
    now_us: Option<i64>,
) -> Result<Page, ExchangeError> {
    let requested_from_us = asked.oldest_us();
    let empty = |floor, absent_to_us, warning| Page {
        rows: Vec::new(),
        open: None,
        requested_from_us,
        covered: None,
        floor: Some(floor),
        absent_to_us,
        next_to_us: None,
        warning,
    };
    let (data, warning) = match open(Asked { at: path, pair }, answer)? {
        Opened::Data { data, warning } => (data, warning),
        Opened::PlanDepth { message } => {
            return Ok(empty(FloorReason::PlanDepth, Some(asked.end_us()), Some(message)));
        }
    };
    let bad = |reason: String| ExchangeError::BadReply {
        at: path.to_owned(),
        reason,
        excerpt: excerpt(data.get()),
        transient: false,
    };
    // The older path has the rows directly in `Data`, the newer one a level down.
    let raw: Vec<RawRow<'_>> = if data.get().starts_with('[') {
        serde_json::from_str(data.get()).map_err(|error| bad(error.to_string()))?
    } else {
        serde_json::from_str::<RawPage<'_>>(data.get()).map_err(|error| bad(error.to_string()))?.rows
    };
    if raw.is_empty() {
        if warning.as_deref().is_some_and(speaks_of_depth) {
            return Ok(empty(FloorReason::PlanDepth, Some(asked.end_us()), warning));
        }
        // Before the listing come zero rows, and a plan's depth is told in words: one empty answer must not end history.
        return Err(ExchangeError::BadReply {
            at: path.to_owned(),
            reason: "there are no rows, and no word why".into(),
            excerpt: excerpt(&answer.body),
            transient: true,
        });
    }
    let mut rows = Vec::with_capacity(raw.len());
    for raw in &raw {
        let row = read_row(raw, asked.resolution).map_err(&bad)?;
        // Rows outside the request are the exchange's extra ones (limit + 1, aligned upwards): not asked, not used.
        if (requested_from_us..=asked.last_us).contains(&row.time_us) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| row.time_us);
    rows.dedup_by_key(|row| row.time_us);
    let width_us = asked.resolution.us();
    if let Some(pair) =
        rows.windows(2).find(|pair| matches!(pair, [a, b] if b.time_us - a.time_us != width_us))
    {
        return Err(bad(format!(
            "a bucket is missing after {} µs",
            pair.first().map_or(0, |row| row.time_us)
        )));
    }
    if rows.is_empty() {
        return Err(bad(format!(
            "no row lies within the {} buckets asked for, from {requested_from_us} to {} µs",
            asked.rows, asked.last_us
        )));
    }

    let now_us = now_us.or(answer.date_us);
    let newest_us = rows.last().map_or(0, |row| row.time_us);
    let closed = |row: &Row| match now_us {
        Some(now_us) => row.time_us + width_us + CLOSED_AFTER_US <= now_us,
        None => row.time_us < newest_us,
    };

    let zeros = rows.iter().take_while(|row| row.is_before_listing()).count();
    let absent: Vec<Row> = rows.drain(..zeros).collect();
    let absent_to_us = absent.iter().rfind(|row| closed(row)).map(|row| row.time_us + width_us);
    let listed_here = zeros > 0 || requested_from_us == 0;
    if rows.is_empty() {
        return Ok(empty(FloorReason::BeforeListing, absent_to_us, warning));
    }
    let oldest_us = rows.first().map_or(requested_from_us, |row| row.time_us);
    let closed_rows = rows.iter().take_while(|row| closed(row)).count();
    // Between the closed rows and the open one may lie a bucket that ended less than 15 s ago: neither.
    let open = rows.drain(closed_rows..).next_back();
    let covered = rows.last().map(|row| (oldest_us, row.time_us + width_us));
    Ok(Page {
        rows,
        open,
        requested_from_us,
        covered,
        floor: listed_here.then_some(FloorReason::BeforeListing),
        absent_to_us,
        next_to_us: (!listed_here).then_some(oldest_us),
        warning,
    })
}

fn read_row(raw: &RawRow<'_>, resolution: Resolution) -> Result<Row, String> {
    let seconds = integer(raw.time).ok_or_else(|| format!("time `{}` is no integer", raw.time.get()))?;
    if !(0..=253_402_300_799).contains(&seconds) || seconds % resolution.seconds() != 0 {
        return Err(format!("time {seconds} s is not the start of a bucket"));
    }
    // We forbid conversion; a converted row would be the product of two other markets.
    if !matches!(raw.conversion.as_str(), "" | "direct" | "force_direct") {
        return Err(format!(
            "row {seconds} s is converted (`{}`), we asked for the market itself",
            raw.conversion
        ));
    }
    let decimal = |name: &str, raw: &RawValue| {
        decimal_from_json(raw.get())
            .map_err(|error| format!("row {seconds} s, {name} `{}`: {error}", raw.get()))
    };
    let row = Row {
        time_us: seconds * 1_000_000,
        open: decimal("open", raw.open)?,
        high: decimal("high", raw.high)?,
        low: decimal("low", raw.low)?,
        close: decimal("close", raw.close)?,
        volume: decimal("volumefrom", raw.volumefrom)?,
        quote_volume: decimal("volumeto", raw.volumeto)?,
    };
    let values = [row.open, row.high, row.low, row.close, row.volume, row.quote_volume];
    if values.iter().any(|value| value.is_sign_negative() && !value.is_zero()) {
        return Err(format!("row {seconds} s holds a negative number"));
    }
    Ok(row)
}

/// The walk back through history: newest page first, until `from_us`, the floor, or no progress.
#[derive(Debug, Clone)]
pub struct HistoryWalk {
    pair: Pair,
    resolution: Resolution,
    from_us: i64,
    to_us: Option<i64>,
}

impl HistoryWalk {
    /// Walks the candles whose buckets start in `[from_us, to_us)`.
    pub fn new(pair: Pair, resolution: Resolution, from_us: i64, to_us: i64) -> Self {
        let from_us = resolution.floor(from_us.max(0));
        Self { pair, resolution, from_us, to_us: (from_us < to_us).then_some(to_us) }
    }

    /// The next older page; `None` when the walk is over. After an error the same page is asked again.
    ///
    /// # Errors
    /// As [`Client::history_page`], and `NoProgress` when a page does not reach further back.
    pub async fn next(
        &mut self,
        client: &Client,
        now_us: Option<i64>,
    ) -> Result<Option<Page>, ExchangeError> {
        let Some(to_us) = self.to_us else { return Ok(None) };
        let last_us = self.resolution.floor(to_us - 1);
        let wanted = (last_us - self.from_us) / self.resolution.us() + 1;
        // A page of one row is asked as two: the exchange has no smaller limit.
        let limit = u32::try_from(wanted).unwrap_or(MAX_PAGE_ROWS).clamp(1, MAX_PAGE_ROWS);
        let page = client.history_page(&self.pair, self.resolution, to_us, limit, now_us).await?;
        self.to_us = match page.next_to_us {
            Some(next_us) if next_us >= to_us => {
                return Err(ExchangeError::NoProgress {
                    at: self.resolution.path().into(),
                    oldest_us: next_us,
                });
            }
            Some(next_us) => (next_us > self.from_us).then_some(next_us),
            None => None,
        };
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(minute: i64, price: &str) -> String {
        format!(
            r#"{{"time":{},"high":{price},"low":{price},"open":{price},"volumefrom":1e-8,"volumeto":0.5,"close":{price},"conversionType":"direct","conversionSymbol":""}}"#,
            minute * 60
        )
    }

    fn page(rows: &[String], to_us: i64, limit: u32, now_us: Option<i64>) -> Result<Page, ExchangeError> {
        let body = format!(
            r#"{{"Response":"Success","Message":"","HasWarning":false,"Type":100,"RateLimit":{{}},"Data":{{"Aggregated":false,"TimeFrom":0,"TimeTo":0,"Data":[{}]}}}}"#,
            rows.join(",")
        );
        let answer = Answer { status: 200, body, date_us: None, retry_after_ms: None };
        let asked = PageAsked::new(Resolution::Minute, to_us, limit);
        read_page("/p", &Pair::new("Coinbase", "BTC", "USD"), asked, &answer, now_us)
    }

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn open_rows_are_split_off_by_the_exchange_clock() {
        let rows: Vec<String> = (100..105).map(|m| row(m, "2.50")).collect();
        // (now, closed rows, open row's minute)
        let cases = [
            (Some(105 * MINUTE + CLOSED_AFTER_US), 5, None),
            (Some(105 * MINUTE + CLOSED_AFTER_US - 1), 4, Some(104)),
            (Some(104 * MINUTE + 20_000_000), 4, Some(104)),
            (Some(104 * MINUTE + 1), 3, Some(104)),
            (None, 4, Some(104)),
        ];
        for (now, closed, open) in cases {
            let page = page(&rows, 105 * MINUTE, 5, now).unwrap();
            assert_eq!((page.rows.len(), page.open.map(|r| r.time_us / MINUTE)), (closed, open), "{now:?}");
            assert_eq!(page.covered, Some((100 * MINUTE, (100 + closed as i64) * MINUTE)));
            assert_eq!((page.next_to_us, page.floor), (Some(100 * MINUTE), None));
        }
    }

    #[test]
    fn zero_rows_mean_before_the_listing() {
        let now = Some(1_000 * MINUTE);
        let mut rows: Vec<String> = (100..103).map(|m| row(m, "0")).collect();
        rows.extend((103..105).map(|m| row(m, "7")));
        let some = page(&rows, 105 * MINUTE, 5, now).unwrap();
        assert_eq!(
            (some.rows.len(), some.floor, some.next_to_us),
            (2, Some(FloorReason::BeforeListing), None)
        );
        assert_eq!(some.covered, Some((103 * MINUTE, 105 * MINUTE)));
        let none = page(&rows[..3], 103 * MINUTE, 3, now).unwrap();
        assert_eq!((none.rows.len(), none.floor, none.covered), (0, Some(FloorReason::BeforeListing), None));
        assert_eq!((some.absent_to_us, none.absent_to_us), (Some(103 * MINUTE), Some(103 * MINUTE)));
        // The newest zero row is still open: the first trade may fall into it.
        let early = page(&rows[..3], 103 * MINUTE, 3, Some(102 * MINUTE + 30_000_000)).unwrap();
        assert_eq!(early.absent_to_us, Some(102 * MINUTE));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let now = Some(1_000 * MINUTE);
        let extra: Vec<String> = (99..106).map(|m| row(m, "7")).collect();
        assert_eq!(
            page(&extra, 105 * MINUTE, 5, now).unwrap().rows.len(),
            5,
            "rows not asked for are left out"
        );
        let nothing = page(&[], 105 * MINUTE, 5, now).unwrap_err();
        assert!(nothing.is_transient() && nothing.to_string().contains("no rows"), "{nothing}");
        let hole = [row(100, "7"), row(102, "7")];
        let skewed = [row(100, "7").replace("6000", "6001")];
        let converted = [row(100, "7").replace("direct", "multiply")];
        let negative = [row(100, "-7")];
        for (rows, expected) in [
            (&hole[..], "missing after"),
            (&skewed[..], "start of a bucket"),
            (&converted[..], "converted"),
            (&negative[..], "negative"),
            (&extra[..1], "no row"),
        ] {
            let error = page(rows, 105 * MINUTE, 5, now).unwrap_err();
            assert!(error.to_string().contains(expected) && !error.is_transient(), "{error}");
        }
    }
}
