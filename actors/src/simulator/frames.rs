//! The socket's frames as text, digit by digit: no float ever holds a price.

use std::fmt::Write as _;

use super::listing::Listing;
use super::source::SimTrade;
use crate::exchange::Side;

/// How frames are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    /// `TYPE` as a number instead of a string.
    pub(super) number_types: bool,
    /// With `CCSEQ` and the nanosecond parts, which some markets lack.
    pub(super) sequence: bool,
}

impl Frames {
    /// 20, the first frame.
    pub(super) fn welcome(self, now_us: i64, socket: u64, active: u64, left: u64) -> String {
        format!(
            "{{\"TYPE\":{},\"MESSAGE\":\"STREAMERWELCOME\",\"SERVER_UPTIME_SECONDS\":706460,\"SERVER_NAME\":\"30\",\
             \"SERVER_TIME_MS\":{},\"CLIENT_ID\":1,\"DATA_FORMAT\":\"JSON\",\"SOCKET_ID\":\"simulated/{socket}\",\
             \"SOCKETS_ACTIVE\":{active},\"SOCKETS_REMAINING\":{left},\
             \"RATELIMIT_MAX_SECOND\":30,\"RATELIMIT_MAX_MINUTE\":60}}",
            self.kind(20),
            now_us.div_euclid(1_000),
        )
    }

    /// 0, a trade; `received_us` is when the exchange's collector got it.
    pub(super) fn trade(self, listing: &Listing, trade: &SimTrade, received_us: i64) -> String {
        let flags = match trade.side {
            Side::Sell => 1,
            Side::Buy => 2,
            Side::Unknown => 4,
        };
        let mut text = format!(
            "{{\"TYPE\":{},\"M\":\"{}\",\"FSYM\":\"{}\",\"TSYM\":\"{}\",\"F\":\"{flags}\",\"ID\":{},\
             \"TS\":{},\"Q\":{},\"P\":{},\"TOTAL\":{},\"RTS\":{}",
            self.kind(0),
            listing.market,
            listing.base,
            listing.quote,
            quoted(&trade.id.to_string()),
            trade.time_us.div_euclid(1_000_000),
            trade.size,
            trade.price,
            (trade.size * trade.price).normalize(),
            received_us.div_euclid(1_000_000),
        );
        if self.sequence {
            let ns = |us: i64| us.rem_euclid(1_000_000) * 1_000;
            let (ts_ns, received_ns) = (ns(trade.time_us), ns(received_us));
            // Writing to a string cannot fail.
            let _ = write!(text, ",\"CCSEQ\":{},\"TSNS\":{ts_ns},\"RTSNS\":{received_ns}", trade.ccseq);
        }
        text.push('}');
        text
    }

    /// 16 and 17: a notice about one subscription.
    pub(super) fn about(self, kind: u32, message: &str, sub: &str) -> String {
        format!("{{\"TYPE\":{},\"MESSAGE\":\"{message}\",\"SUB\":{}}}", self.kind(kind), quoted(sub))
    }

    /// 3, all subscriptions are complete.
    pub(super) fn loaded(self) -> String {
        let info = "All your valid subs have been loaded.";
        format!("{{\"TYPE\":{},\"MESSAGE\":\"LOADCOMPLETE\",\"INFO\":\"{info}\"}}", self.kind(3))
    }

    /// 999, every trade up to `time_us` has been sent.
    pub(super) fn heartbeat(self, time_us: i64) -> String {
        let time_ms = time_us.div_euclid(1_000);
        format!("{{\"TYPE\":{},\"MESSAGE\":\"HEARTBEAT\",\"TIMEMS\":{time_ms}}}", self.kind(999))
    }

    /// 401, 429, 500. 429 has a number for its type, as seen on the real exchange.
    pub(super) fn complaint(self, code: u32, message: &str, parameter: &str, info: &str) -> String {
        let kind = if code == 429 { code.to_string() } else { self.kind(code) };
        let (parameter, info) = (quoted(parameter), quoted(info));
        format!("{{\"TYPE\":{kind},\"MESSAGE\":\"{message}\",\"PARAMETER\":{parameter},\"INFO\":{info}}}")
    }

    fn kind(self, kind: u32) -> String {
        if self.number_types { kind.to_string() } else { format!("\"{kind}\"") }
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
