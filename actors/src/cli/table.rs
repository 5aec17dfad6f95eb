//! Candles as a table, decimals under decimals.

use super::{
    client::CandleRow,
    output::style::{DIM, DOWN, RESET, UP},
    time_text,
};

const HEADS: [&str; 7] = ["time (UTC)", "open", "high", "low", "close", "volume", "trades"];

/// A table of these candles, oldest first. The close is coloured by its direction.
pub(crate) fn candles(rows: &[CandleRow]) -> String {
    let prices = decimals(rows.iter().flat_map(|row| [&row.open, &row.high, &row.low, &row.close]));
    let volumes = decimals(rows.iter().map(|row| &row.volume));
    let cells: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            [
                time_text::minute(row.time),
                padded(&row.open, prices),
                padded(&row.high, prices),
                padded(&row.low, prices),
                padded(&row.close, prices),
                padded(&row.volume, volumes),
                row.trades.map_or_else(|| row.source.clone(), time_text::count),
            ]
        })
        .collect();
    let mut widths = HEADS.map(str::len);
    for line in &cells {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let mut line = |style: [&str; 7], cells: [&str; 7]| {
        let cells = cells.iter().zip(style).zip(widths).enumerate();
        let texts = cells.map(|(column, ((cell, style), width))| {
            // Time reads from the left, numbers from the right.
            let cell = if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            if style.is_empty() { cell } else { format!("{style}{cell}{RESET}") }
        });
        out.push_str(&format!("  {}\n", texts.collect::<Vec<_>>().join("  ")));
    };
    line([DIM; 7], HEADS);
    for (row, cells) in rows.iter().zip(&cells) {
        let close = if row.is_up() { UP } else { DOWN };
        line([DIM, "", "", "", close, "", DIM], cells.each_ref().map(String::as_str));
    }
    out
}

/// Most decimals among these texts.
fn decimals<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|text| text.split_once('.').map_or(0, |(_, decimals)| decimals.len())).max().unwrap_or(0)
}

/// A decimal text with as many decimals as its column has: zeros change nothing.
fn padded(text: &str, decimals: usize) -> String {
    let has = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let point = if has == 0 && decimals > 0 { "." } else { "" };
    format!("{text}{point}{}", "0".repeat(decimals - has.min(decimals)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_stand_under_decimals() {
        let row = |minute: i64, close: &str, volume: &str, trades| CandleRow {
            time: 1_704_067_200_000 + minute * 60_000,
            open: "42000".into(),
            high: "42001.5".into(),
            low: "9999.25".into(),
            close: close.into(),
            volume: volume.into(),
            trades,
            closed: true,
            source: "rest".into(),
        };
        let text = candles(&[row(0, "42000.5", "0.125", Some(1_234)), row(1, "41999", "12", None)]);
        assert!(
            text.contains(&format!("{UP}42000.50{RESET}"))
                && text.contains(&format!("{DOWN}41999.00{RESET}"))
        );
        let plain = anstream::adapter::strip_str(&text).to_string();
        let expected = "  \
            time (UTC)            open      high      low     close  volume  trades\n  \
            2024-01-01 00:00  42000.00  42001.50  9999.25  42000.50   0.125   1,234\n  \
            2024-01-01 00:01  42000.00  42001.50  9999.25  41999.00  12.000    rest\n";
        assert_eq!(plain, expected, "\n{plain}");
    }
}
