//! The rows of a page: its candles chunk by chunk, with empty buckets filled as asked.
//!
//! At most [`CHUNK`] buckets are in memory at once, however long the range is.

use super::{
    cursor::Order,
    format::Format,
    page::{Page, clip},
    params::Fill,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use statechart_runtime::{
    market::{Candle, CandleSource, Decimal, Plan, PlanRequest, Read, Segment, TimeRange, plan},
    ports::{CsvPart, Store, StoreError, read_plan},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Most buckets of one chunk.
pub(super) const CHUNK: i64 = 1_000;
/// How many buckets back the previous close is looked for.
const LOOK_BACK: i64 = 5_000;

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Start of the bucket, µs.
    pub(super) bucket_us: i64,
    /// Open, high, low and close; `None` where nothing was traded and the answer is filled with nulls.
    pub(super) prices: Option<[Decimal; 4]>,
    pub(super) volume: Decimal,
    pub(super) quote_volume: Decimal,
    /// Unknown unless all of it came from trades.
    pub(super) trades: Option<u64>,
    pub(super) is_closed: bool,
    pub(super) source: CandleSource,
}

/// Reads a page's rows in its order.
pub(super) struct Rows {
    store: Arc<dyn Store>,
    page: Arc<Page>,
    order: Order,
    fill: Fill,
    /// What has not been read yet.
    rest: TimeRange,
    /// End of the last chunk and the close before it: saves looking back, oldest first.
    carry: Option<(i64, Option<Decimal>)>,
    /// What the store is writing itself, and up to where.
    written: Option<(Written, i64)>,
    /// The store was asked to write, and could not.
    is_read: bool,
}

/// Only ever used through `&mut`: the mutex makes it shareable, and is never locked.
type Written = Mutex<BoxStream<'static, Result<Bytes, StoreError>>>;

/// A part of an answer in lines.
pub(super) enum Piece {
    Rows(Vec<Row>),
    /// Lines of CSV as the store has written them.
    Written(Bytes),
}

impl Rows {
    pub(super) fn new(store: Arc<dyn Store>, page: Arc<Page>, order: Order, fill: Fill) -> Self {
        let rest = page.ready;
        Self { store, page, order, fill, rest, carry: None, written: None, is_read: false }
    }

    /// The next part of an answer in lines, or `None` at the end. Long closed parts of CSV are written by the store where
    /// it can: that saves reading every number.
    ///
    /// # Errors
    /// Those of the store; the same call may be made again where they are transient.
    pub(super) async fn next_piece(&mut self, format: Format) -> Result<Option<Piece>, StoreError> {
        loop {
            let Some((lines, end_us)) = &mut self.written else {
                if format == Format::Csv && self.begin_writing().await? {
                    continue;
                }
                return Ok(self.next().await?.map(Piece::Rows));
            };
            match lines.get_mut().unwrap_or_else(PoisonError::into_inner).next().await {
                Some(Ok(lines)) => return Ok(Some(Piece::Written(lines))),
                None => {
                    self.rest.from_us = *end_us;
                    self.written = None;
                }
                Some(Err(error)) => {
                    // Lines have gone out, so it cannot be tried again.
                    self.rest.from_us = self.rest.to_us;
                    self.written = None;
                    let doing = "writing candles as CSV";
                    return Err(StoreError::Io { doing, transient: false, source: error.into() });
                }
            }
        }
    }

    /// Whether the store writes the next segment, as far as its buckets are closed.
    async fn begin_writing(&mut self) -> Result<bool, StoreError> {
        let plan = &self.page.plan;
        let is_plain = self.order == Order::Asc && self.fill == Fill::None && self.page.cached.is_none();
        if self.is_read || !is_plain || self.rest.is_empty() {
            return Ok(false);
        }
        let at = plan.segments.partition_point(|one| one.range.to_us <= self.rest.from_us);
        let Some(segment) = plan.segments.get(at) else { return Ok(false) };
        let part = segment.range.intersect(self.rest);
        let closed_us = part.to_us.min(plan.interval.floor_us(plan.horizon_us));
        if closed_us - part.from_us <= CHUNK * plan.interval.width_us() {
            return Ok(false);
        }
        let range = TimeRange { to_us: closed_us, ..part };
        let part = CsvPart { read: segment.read.clone(), interval: plan.interval, range };
        match self.store.csv(self.page.instrument.id, &part).await? {
            Some(lines) => self.written = Some((Mutex::new(lines), closed_us)),
            None => self.is_read = true,
        }
        Ok(self.written.is_some())
    }

    /// The next rows, or `None` at the end. A chunk in which nothing was traded may be empty.
    ///
    /// # Errors
    /// Those of the store's reads; the same call may be made again.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Row>>, StoreError> {
        let Some((chunk, read)) = next_chunk(&self.page.plan, self.rest, self.order) else { return Ok(None) };
        let candles = self.candles(chunk, read).await?;
        let mut rows = match self.fill {
            Fill::None => candles.iter().map(|candle| self.row(candle)).collect(),
            Fill::Null => self.filled(chunk, read, &candles, None),
            Fill::Previous => {
                let close = match self.carry {
                    Some((end_us, close)) if end_us == chunk.from_us => close,
                    _ => self.close_before(chunk.from_us).await?,
                };
                self.carry = Some((chunk.to_us, candles.last().map(|last| last.close).or(close)));
                self.filled(chunk, read, &candles, close)
            }
        };
        match self.order {
            Order::Asc => self.rest.from_us = chunk.to_us,
            Order::Desc => {
                self.rest.to_us = chunk.from_us;
                rows.reverse();
            }
        }
        Ok(Some(rows))
    }

    /// All rows at once, for pages with a limit.
    pub(super) async fn all(mut self) -> Result<Vec<Row>, StoreError> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }

    async fn candles(&self, chunk: TimeRange, read: &Read) -> Result<Vec<Candle>, StoreError> {
        match &self.page.cached {
            Some(cached) => {
                Ok(cached.iter().filter(|candle| chunk.contains(candle.bucket_us)).cloned().collect())
            }
            None => read_chunk(&*self.store, &self.page, &self.page.plan, chunk, read).await,
        }
    }

    fn row(&self, candle: &Candle) -> Row {
        Row {
            bucket_us: candle.bucket_us,
            prices: Some([candle.open, candle.high, candle.low, candle.close]),
            volume: candle.volume,
            quote_volume: candle.quote_volume,
            trades: candle.trades,
            is_closed: self.page.plan.is_closed(candle.bucket_us),
            source: candle.source,
        }
    }

    /// A row for every bucket of a chunk. With [`Fill::Previous`] `close` is the close before it, if known.
    fn filled(
        &self,
        chunk: TimeRange,
        read: &Read,
        candles: &[Candle],
        mut close: Option<Decimal>,
    ) -> Vec<Row> {
        let (source, trades) = match read {
            Read::Trades => (CandleSource::Trades, Some(0)),
            Read::Rest(_) => (CandleSource::Rest, None),
            Read::Minutes(_) => (CandleSource::Mixed, None),
        };
        let mut candles = candles.iter().peekable();
        let mut rows = Vec::new();
        let mut bucket_us = chunk.from_us;
        while bucket_us < chunk.to_us {
            match candles.next_if(|candle| candle.bucket_us <= bucket_us) {
                Some(candle) => {
                    rows.push(self.row(candle));
                    if self.fill == Fill::Previous {
                        close = Some(candle.close);
                    }
                }
                None => rows.push(Row {
                    bucket_us,
                    prices: close.map(|close| [close; 4]),
                    volume: Decimal::ZERO,
                    quote_volume: Decimal::ZERO,
                    trades,
                    is_closed: self.page.plan.is_closed(bucket_us),
                    source,
                }),
            }
            bucket_us = self.page.plan.interval.bucket(bucket_us).to_us;
        }
        rows
    }

    /// The last close before a bucket, when nothing is missing in between and it is not too long ago.
    async fn close_before(&self, bucket_us: i64) -> Result<Option<Decimal>, StoreError> {
        let interval = self.page.plan.interval;
        let from_us = bucket_us.saturating_sub(LOOK_BACK * interval.width_us()).max(0);
        let range = TimeRange { from_us, to_us: bucket_us };
        let coverage = self.store.coverage(self.page.instrument.id, range).await?;
        let listed_us = self.page.instrument.listed_us;
        let horizon_us = self.page.plan.horizon_us;
        let behind = plan(&PlanRequest { range, interval, horizon_us, listed_us }, &coverage);
        let mut rest = behind.range;
        while let Some((chunk, read)) = next_chunk(&behind, rest, Order::Desc) {
            if chunk.to_us != rest.to_us {
                break;
            }
            let candles = read_chunk(&*self.store, &self.page, &behind, chunk, read).await?;
            if let Some(last) = candles.last() {
                return Ok(Some(last.close));
            }
            rest.to_us = chunk.from_us;
        }
        Ok(None)
    }
}

/// The first piece of `rest` (the last, newest first) that lies in one segment and is not too long.
fn next_chunk(plan: &Plan, rest: TimeRange, order: Order) -> Option<(TimeRange, &Read)> {
    if rest.is_empty() {
        return None;
    }
    let most_us = CHUNK * plan.interval.width_us();
    let (chunk, read) = match order {
        Order::Asc => {
            let at = plan.segments.partition_point(|one| one.range.to_us <= rest.from_us);
            let segment = plan.segments.get(at)?;
            let part = segment.range.intersect(rest);
            (TimeRange { to_us: part.to_us.min(part.from_us.saturating_add(most_us)), ..part }, &segment.read)
        }
        Order::Desc => {
            let end = plan.segments.partition_point(|one| one.range.from_us < rest.to_us);
            let segment = plan.segments.get(end.checked_sub(1)?)?;
            let part = segment.range.intersect(rest);
            (
                TimeRange { from_us: part.from_us.max(part.to_us.saturating_sub(most_us)), ..part },
                &segment.read,
            )
        }
    };
    // A segment beyond the rest leaves nothing of itself.
    (!chunk.is_empty()).then_some((chunk, read))
}

async fn read_chunk(
    store: &dyn Store,
    page: &Page,
    plan: &Plan,
    chunk: TimeRange,
    read: &Read,
) -> Result<Vec<Candle>, StoreError> {
    let segments = vec![Segment { range: chunk, read: read.clone() }];
    let part = Plan { segments, gaps: Vec::new(), ..clip(plan, TimeRange { to_us: chunk.from_us, ..chunk }) };
    read_plan(store, page.instrument.id, &part, None, usize::try_from(CHUNK).unwrap_or(usize::MAX)).await
}
