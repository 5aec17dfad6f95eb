//! One frame of the socket, read. `TYPE` comes as a string or a number; fields we do not know are left alone.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{RawTrade, integer, unquoted};
use super::{Side, WireTrade};

/// What a frame says.
#[derive(Debug)]
pub(crate) enum Frame {
    /// 20: the first frame of a socket.
    Welcome { time_us: Option<i64> },
    /// 0: a trade.
    Trade(Box<WireTrade>),
    /// 16: the subscription is complete, its replay is over.
    Subscribed { sub: String },
    /// 17: the subscription has ended.
    Unsubscribed { sub: String },
    /// 3: all subscriptions are complete.
    Loaded,
    /// 999: nothing else to say, but alive.
    Heartbeat { time_us: i64 },
    /// 401, 429, 500: a complaint.
    Complaint(Complaint),
    /// Another channel's data or a notice we need not know.
    Other,
    /// Not readable.
    Malformed { reason: String },
}

/// An error frame.
#[derive(Debug, Clone)]
pub(crate) struct Complaint {
    pub(crate) code: u32,
    /// E.g. `TOO_MANY_SOCKETS_MAX_1_PER_CLIENT`.
    pub(crate) message: String,
    /// The subscription it is about, or the name of a parameter.
    pub(crate) parameter: String,
    pub(crate) info: String,
}

/// The fields of all frames together: one pass, nothing copied but what is used.
#[derive(Deserialize)]
struct RawFrame<'a> {
    #[serde(rename = "TYPE", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "MESSAGE", borrow)]
    message: Option<&'a RawValue>,
    #[serde(rename = "SUB", borrow)]
    sub: Option<&'a RawValue>,
    #[serde(rename = "PARAMETER", borrow)]
    parameter: Option<&'a RawValue>,
    #[serde(rename = "INFO", borrow)]
    info: Option<&'a RawValue>,
    #[serde(rename = "TIMEMS", borrow)]
    time_ms: Option<&'a RawValue>,
    #[serde(rename = "SERVER_TIME_MS", borrow)]
    server_time_ms: Option<&'a RawValue>,
    #[serde(rename = "M", borrow, default)]
    market: Cow<'a, str>,
    #[serde(rename = "FSYM", borrow, default)]
    base: Cow<'a, str>,
    #[serde(rename = "TSYM", borrow, default)]
    quote: Cow<'a, str>,
    #[serde(rename = "F", borrow)]
    flags: Option<&'a RawValue>,
    #[serde(rename = "ID", borrow)]
    id: Option<&'a RawValue>,
    #[serde(rename = "TS", borrow)]
    ts: Option<&'a RawValue>,
    #[serde(rename = "TSNS", borrow)]
    ts_ns: Option<&'a RawValue>,
    #[serde(rename = "RTS", borrow)]
    received: Option<&'a RawValue>,
    #[serde(rename = "RTSNS", borrow)]
    received_ns: Option<&'a RawValue>,
    #[serde(rename = "P", borrow)]
    price: Option<&'a RawValue>,
    #[serde(rename = "Q", borrow)]
    size: Option<&'a RawValue>,
    #[serde(rename = "CCSEQ", borrow)]
    ccseq: Option<&'a RawValue>,
}

/// Reads one text frame.
pub(crate) fn read(text: &str, now_us: i64) -> Frame {
    let raw: RawFrame<'_> = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            return Frame::Malformed { reason: format!("no JSON object of the known shape: {error}") };
        }
    };
    let words = |raw: Option<&RawValue>| raw.map(|raw| unquoted(raw.get())).unwrap_or_default();
    let ms = |raw: Option<&RawValue>| {
        raw.and_then(integer).and_then(|ms| ms.checked_mul(1_000)).filter(|us| *us > 0)
    };
    let Some(kind) = raw.kind.and_then(integer).and_then(|kind| u32::try_from(kind).ok()) else {
        return Frame::Malformed { reason: "TYPE is missing or no number".into() };
    };
    match kind {
        0 => {
            let trade = RawTrade {
                market: &raw.market,
                base: &raw.base,
                quote: &raw.quote,
                side: raw.flags.and_then(integer).and_then(|f| u64::try_from(f).ok()).map(Side::from_flags),
                id: raw.id,
                ts_s: raw.ts,
                ts_ns: raw.ts_ns,
                received_s: raw.received,
                received_ns: raw.received_ns,
                price: raw.price,
                size: raw.size,
                ccseq: raw.ccseq,
            };
            match trade.check(now_us) {
                Ok(trade) => Frame::Trade(Box::new(trade)),
                Err(reason) => Frame::Malformed { reason },
            }
        }
        3 => Frame::Loaded,
        16 => Frame::Subscribed { sub: words(raw.sub) },
        17 => Frame::Unsubscribed { sub: words(raw.sub) },
        20 => Frame::Welcome { time_us: ms(raw.server_time_ms) },
        999 => match ms(raw.time_ms) {
            Some(time_us) => Frame::Heartbeat { time_us },
            None => Frame::Malformed { reason: "a heartbeat without TIMEMS".into() },
        },
        401 | 403 | 429 | 500 => Frame::Complaint(Complaint {
            code: kind,
            message: words(raw.message),
            parameter: words(raw.parameter),
            info: words(raw.info),
        }),
        _ => Frame::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let rows = [
            (
                r#"{"TYPE":"20","MESSAGE":"STREAMERWELCOME","SERVER_TIME_MS":1648585449387}"#,
                "welcome Some(1648585449387000)",
            ),
            (
                r#"{"TYPE":"16","MESSAGE":"SUBSCRIBECOMPLETE","SUB":"0~Coinbase~ETH~BTC"}"#,
                "subscribed 0~Coinbase~ETH~BTC",
            ),
            (r#"{"TYPE":"3","MESSAGE":"LOADCOMPLETE"}"#, "loaded"),
            (r#"{"TYPE":"999","MESSAGE":"HEARTBEAT","TIMEMS":1582817678330}"#, "heartbeat 1582817678330000"),
            (
                r#"{"TYPE":429,"MESSAGE":"TOO_MANY_SOCKETS_MAX_1_PER_CLIENT","INFO":"x"}"#,
                "complaint 429 TOO_MANY_SOCKETS_MAX_1_PER_CLIENT",
            ),
            (r#"{"TYPE":"24","MARKET":"CCCAGG","TS":1}"#, "other"),
            (
                r#"{"TYPE":"0","M":"Coinbase","FSYM":"BTC","TSYM":"USD","F":"2","ID":"12345678","TS":1593768260,"Q":0.01,"P":32500.12,"TOTAL":325.0012,"RTS":1593768260,"CCSEQ":987654321,"TSNS":315000000,"RTSNS":67000000}"#,
                "trade 12345678 1593768260315000 1593768260067000 32500.12 0.01 Buy Some(987654321)",
            ),
            (
                r#"{"TYPE":0,"M":"Kraken","FSYM":"XRP","TSYM":"USD","F":9,"ID":77,"TS":1593768260,"Q":"1e2","P":5E-1}"#,
                "trade 77 1593768260000000 42 0.5 100 Sell None",
            ),
            (
                r#"{"TYPE":0,"M":"Kraken","FSYM":"XRP","TSYM":"USD","TS":1593768260,"Q":2.0,"P":0.50}"#,
                "trade 1593768260000000:0.5:2 1593768260000000 42 0.5 2 Unknown None",
            ),
            (r#"{"TYPE":"0","M":"C","FSYM":"B","TSYM":"U","TS":1,"Q":0,"P":1}"#, "malformed size is 0"),
            (
                r#"{"TYPE":"0","M":"C","FSYM":"B","TSYM":"U","TS":1593768260315,"Q":1,"P":1}"#,
                "malformed time",
            ),
            (r#"{"TYPE":"0","M":"C","FSYM":"B","TSYM":"U","TS":1,"Q":1}"#, "malformed price is missing"),
            (r#"{"MESSAGE":"x"}"#, "malformed TYPE"),
            ("[1]", "malformed"),
            ("nonsense", "malformed"),
        ];
        for (text, expected) in rows {
            let got = match read(text, 42) {
                Frame::Welcome { time_us } => format!("welcome {time_us:?}"),
                Frame::Trade(t) => format!(
                    "trade {} {} {} {} {} {:?} {:?}",
                    t.id, t.time_us, t.received_us, t.price, t.size, t.side, t.ccseq
                ),
                Frame::Subscribed { sub } => format!("subscribed {sub}"),
                Frame::Unsubscribed { sub } => format!("unsubscribed {sub}"),
                Frame::Loaded => "loaded".into(),
                Frame::Heartbeat { time_us } => format!("heartbeat {time_us}"),
                Frame::Complaint(c) => format!("complaint {} {}", c.code, c.message),
                Frame::Other => "other".into(),
                Frame::Malformed { reason } => format!("malformed {reason}"),
            };
            assert!(got.starts_with(expected), "{text}\n{got}\n{expected}");
        }
    }
}
