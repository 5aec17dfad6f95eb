//! Trades as the binary stream that COPY reads.

use super::number::{from_epoch, write_numeric};
use crate::ports::steps::Keyed;

/// Rows that are sent at a time: while the server takes them in, the next are written here.
pub(super) const ROWS_AT_ONCE: usize = 1_000;
/// What every stream begins with: signature, flags, length of the extension.
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What every stream ends with: a row of −1 columns.
pub(super) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Bytes of an ordinary row.
const ROW: usize = 96;

/// The columns of [`write_rows`], for the statement.
pub(super) const COLUMNS: &str = "(instrument_id, ts, ord, px, qty, side, src)";

/// Appends rows; header and trailer are the caller's.
pub(super) fn write_rows(trades: &[Keyed<'_>], out: &mut Vec<u8>) {
    out.reserve(trades.len() * ROW);
    for (instrument, ord, trade) in trades {
        out.extend_from_slice(&7_i16.to_be_bytes());
        field(out, |out| out.extend_from_slice(&instrument.0.to_be_bytes()));
        field(out, |out| out.extend_from_slice(&from_epoch(trade.time_us).to_be_bytes()));
        field(out, |out| ord.write(out));
        field(out, |out| write_numeric(trade.price, out));
        field(out, |out| write_numeric(trade.size, out));
        // Codes of a few values.
        field(out, |out| out.extend_from_slice(&(trade.side.code() as i16).to_be_bytes()));
        field(out, |out| out.extend_from_slice(&(trade.origin.code() as i16).to_be_bytes()));
    }
}

/// Length, then bytes.
fn field(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    // A record, and with it every field, is at most 64 KiB.
    let length = ((out.len() - at - 4) as u32).to_be_bytes();
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length);
    }
}
