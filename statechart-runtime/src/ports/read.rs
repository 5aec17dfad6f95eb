//! Reading a plan: its segments, in order, as candles.

use super::store::{Store, StoreError};
use crate::market::{
    Candle, CandleSource, InstrumentId, Interval, MinuteSource, Plan, Read, Resolution, RestCandle, Segment,
    TimeRange, TradeCandle, fold_rest, roll_up,
};

/// Most candles of one call of [`read_plan`].
pub const MAX_PAGE: usize = 5_000;
/// Most rows read at once below a derived candle: several days of minutes.
const MAX_ROWS: usize = 10_000;

/// Candles of the plan's segments in order of time: those behind bucket `after_us`, if given, and at most `limit`
/// (capped at [`MAX_PAGE`]). Buckets without trades have no candle. Fewer than asked for means the plan's end.
///
/// # Errors
/// Those of the store's reads.
pub async fn read_plan(
    store: &dyn Store,
    instrument: InstrumentId,
    plan: &Plan,
    after_us: Option<i64>,
    limit: usize,
) -> Result<Vec<Candle>, StoreError> {
    let limit = limit.min(MAX_PAGE);
    let width_us = plan.interval.width_us();
    let start_us = after_us.map_or(i64::MIN, |after| plan.interval.floor_us(after).saturating_add(width_us));
    let mut out: Vec<Candle> = Vec::with_capacity(limit.min(1024));
    for segment in &plan.segments {
        let mut rest = TimeRange { from_us: segment.range.from_us.max(start_us), ..segment.range };
        while !rest.is_empty() && out.len() < limit {
            let wanted = limit - out.len();
            let (candles, done_us) =
                read_some(store, instrument, plan.interval, segment, rest, wanted).await?;
            out.extend(candles);
            rest.from_us = done_us;
        }
        if out.len() >= limit {
            break;
        }
    }
    out.truncate(limit);
    Ok(out)
}

/// One scan of a segment. Returns candles and how far they reach: every bucket before that is accounted for.
async fn read_some(
    store: &dyn Store,
    instrument: InstrumentId,
    interval: Interval,
    segment: &Segment,
    range: TimeRange,
    wanted: usize,
) -> Result<(Vec<Candle>, i64), StoreError> {
    match &segment.read {
        Read::Trades => {
            let rows = store.trade_candles(instrument, interval, range, wanted).await?;
            let done_us = match rows.last() {
                Some(last) if rows.len() >= wanted => interval.bucket(last.bucket_us).to_us,
                _ => range.to_us,
            };
            Ok((rows.into_iter().map(Candle::from).collect(), done_us))
        }
        Read::Rest(res) => {
            let per_bucket = usize::try_from(interval.seconds() / res.seconds()).unwrap_or(1).max(1);
            // One row more than needed tells whether the last bucket is whole; it always leaves one whole bucket.
            let max_rows = wanted.saturating_mul(per_bucket).min(MAX_ROWS).saturating_add(1);
            let mut rows = store.rest_candles(instrument, *res, range, max_rows).await?;
            let done_us = match rows.last() {
                Some(last) if rows.len() >= max_rows => interval.floor_us(last.bucket_us),
                _ => range.to_us,
            };
            rows.retain(|row| row.bucket_us < done_us);
            Ok((fold_rest(interval, &rows)?.into_iter().map(Candle::from).collect(), done_us))
        }
        Read::Minutes(pieces) => {
            let candle = mixed(store, instrument, interval, pieces).await?;
            Ok((candle.into_iter().collect(), range.to_us))
        }
    }
}

/// One bucket from minutes of both sources.
async fn mixed(
    store: &dyn Store,
    instrument: InstrumentId,
    interval: Interval,
    pieces: &[(MinuteSource, TimeRange)],
) -> Result<Option<Candle>, StoreError> {
    // As rows of one kind, the fold of REST candles does the rest: minutes never overlap.
    let mut rows: Vec<RestCandle> = Vec::new();
    for (source, range) in pieces {
        match source {
            MinuteSource::Rest => {
                rows.extend(store.rest_candles(instrument, Resolution::Minute, *range, MAX_ROWS).await?)
            }
            MinuteSource::Trades => {
                let minutes = store.trade_candles(instrument, Interval::M1, *range, MAX_ROWS).await?;
                // Summed among themselves first, which keeps them exact and counts them: the count is their revision.
                rows.extend(roll_up(Interval::M1, &minutes)?.into_values().map(as_row));
            }
        }
    }
    Ok(fold_rest(interval, &rows)?.pop().map(|row| Candle { source: CandleSource::Mixed, ..row.into() }))
}

fn as_row(candle: TradeCandle) -> RestCandle {
    RestCandle {
        bucket_us: candle.bucket_us,
        open: candle.open,
        high: candle.high,
        low: candle.low,
        close: candle.close,
        volume: candle.volume,
        quote_volume: candle.quote_volume,
        fetched_ms: i64::try_from(candle.trades).unwrap_or(i64::MAX),
    }
}
