//! Candlesticks and volume bars in a terminal: one column a candle, two steps a line.
//!
//! Numbers are `f64` here and here only: a picture needs no more.

use super::{
    client::CandleRow,
    output::style::{BOLD, DIM, DOWN, RESET, UP},
    time_text,
};

/// Widths of a column that read well, in minutes.
const WIDTHS_MIN: [i64; 15] = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1_440];

const MINUTE_MS: i64 = 60_000;

/// Eighths of a cell, from empty to full.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Lines of the volume bars.
const VOLUME_LINES: usize = 2;

/// What one column shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stick {
    pub(crate) time_ms: i64,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    pub(crate) volume: f64,
}

impl Stick {
    fn of(row: &CandleRow) -> Self {
        Self {
            time_ms: row.time,
            open: CandleRow::number(&row.open),
            high: CandleRow::number(&row.high),
            low: CandleRow::number(&row.low),
            close: CandleRow::number(&row.close),
            volume: CandleRow::number(&row.volume),
        }
    }

    fn colour(&self) -> &'static str {
        if self.close >= self.open { UP } else { DOWN }
    }
}

/// Merges candles into columns of one width, as fine as `most` columns allow; returns that width in ms.
pub(crate) fn sticks(rows: &[CandleRow], most: usize) -> (Vec<Stick>, i64) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return (Vec::new(), MINUTE_MS) };
    let columns = |width: i64| last.time.div_euclid(width) - first.time.div_euclid(width) + 1;
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    let widths = WIDTHS_MIN.iter().map(|minutes| minutes * MINUTE_MS);
    let width = widths.into_iter().find(|width| columns(*width) <= most).unwrap_or_else(|| {
        // Longer than all that read well: whole days, as many as it takes.
        let days = columns(time_text::DAY_MS);
        time_text::DAY_MS * (days / most + 1)
    });
    let mut sticks: Vec<Stick> = Vec::new();
    for row in rows.iter().map(Stick::of) {
        let time_ms = row.time_ms - row.time_ms.rem_euclid(width);
        match sticks.last_mut().filter(|stick| stick.time_ms == time_ms) {
            Some(stick) => {
                stick.high = stick.high.max(row.high);
                stick.low = stick.low.min(row.low);
                stick.close = row.close;
                stick.volume += row.volume;
            }
            None => sticks.push(Stick { time_ms, ..row }),
        }
    }
    (sticks, width)
}

/// Draws the chart: `lines` of candlesticks, the volume below, prices to the right and times beneath.
pub(crate) fn draw(sticks: &[Stick], width_ms: i64, lines: usize) -> String {
    if sticks.is_empty() || lines == 0 {
        return String::new();
    }
    let scale = Scale::new(sticks, lines);
    let digits = scale.digits();
    let mut out = String::new();
    for line in 0..lines {
        out.push_str("  ");
        let mut pen = Pen::default();
        for stick in sticks {
            let cell = cell(scale.part(stick, 2 * line), scale.part(stick, 2 * line + 1));
            pen.put(&mut out, stick.colour(), cell);
        }
        pen.lift(&mut out);
        match scale.tick_at(line) {
            Some(price) => out.push_str(&format!("{DIM} ┤ {RESET}{price:.digits$}\n")),
            None => out.push_str(&format!("{DIM} │{RESET}\n")),
        }
    }
    volume(&mut out, sticks);
    times(&mut out, sticks, width_ms);
    out
}

/// `▁▃▂▅▇█`: the course of some numbers in one line.
pub(crate) fn sparkline(values: &[f64]) -> String {
    let (low, high) = bounds(values.iter().copied());
    let step = |value: f64| ((value - low) / (high - low).max(f64::MIN_POSITIVE) * 7.0).round() as usize + 1;
    values.iter().map(|value| EIGHTHS.get(step(*value).clamp(1, 8)).unwrap_or(&' ')).collect()
}

/// What half a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Wick,
    Body,
}

/// The character of an upper and a lower half.
fn cell(upper: Part, lower: Part) -> char {
    use Part::{Body, Nothing, Wick};
    match (upper, lower) {
        (Nothing, Nothing) => ' ',
        (Wick, Nothing) => '╵',
        (Nothing, Wick) => '╷',
        (Wick, Wick) => '│',
        (Body, Nothing) => '╹',
        (Nothing, Body) => '╻',
        (Body, Body) => '┃',
        (Wick, Body) => '╽',
        (Body, Wick) => '╿',
    }
}

/// Prices to half lines, counted from the top.
struct Scale {
    low: f64,
    high: f64,
    halves: usize,
    step: f64,
}

impl Scale {
    fn new(sticks: &[Stick], lines: usize) -> Self {
        let (low, high) = bounds(sticks.iter().flat_map(|stick| [stick.low, stick.high]));
        // A market that does not move still gets a line in the middle.
        let margin = if high > low { 0.0 } else { (high.abs() * 0.001).max(1e-9) };
        let (low, high) = (low - margin, high + margin);
        // About two prices every five lines, at a round distance.
        let rough = (high - low) / (lines as f64 / 2.5).max(1.0);
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        Self { low, high, halves: lines * 2, step }
    }

    fn half(&self, price: f64) -> usize {
        let from_top = (self.high - price) / (self.high - self.low) * self.halves as f64;
        (from_top.floor().max(0.0) as usize).min(self.halves - 1)
    }

    fn part(&self, stick: &Stick, half: usize) -> Part {
        let (top, bottom) = (stick.open.max(stick.close), stick.open.min(stick.close));
        if (self.half(top)..=self.half(bottom)).contains(&half) {
            Part::Body
        } else if (self.half(stick.high)..=self.half(stick.low)).contains(&half) {
            Part::Wick
        } else {
            Part::Nothing
        }
    }

    /// The round price that lies in a line, if one does.
    fn tick_at(&self, line: usize) -> Option<f64> {
        let price = |half: usize| self.high - (self.high - self.low) * half as f64 / self.halves as f64;
        let tick = (price(2 * line) / self.step).floor() * self.step;
        let below = price(2 * line + 2);
        // A price on the edge belongs to the line below it; the last line has none below.
        let last = 2 * line + 2 == self.halves;
        (tick > below || last && tick >= below).then_some(tick)
    }

    /// Decimals that tell one step from the next.
    fn digits(&self) -> usize {
        let mut digits = 0;
        let mut step = self.step;
        while digits < 8 && (step - step.round()).abs() > step * 1e-6 {
            step *= 10.0;
            digits += 1;
        }
        digits
    }
}

fn volume(out: &mut String, sticks: &[Stick]) {
    let most = sticks.iter().map(|stick| stick.volume).fold(0.0, f64::max);
    for line in 0..VOLUME_LINES {
        out.push_str("  ");
        let below = 8 * (VOLUME_LINES - 1 - line);
        let mut pen = Pen::default();
        for stick in sticks {
            let share = if most > 0.0 { stick.volume / most } else { 0.0 };
            let eighths = (share * (8 * VOLUME_LINES) as f64).ceil() as usize;
            let cell = EIGHTHS.get(eighths.saturating_sub(below).min(8)).copied().unwrap_or(' ');
            pen.put(out, DIM, cell);
        }
        pen.lift(out);
        let label = if line == 0 { format!(" ┤ vol {most:.3}") } else { " │".to_owned() };
        out.push_str(&format!("{DIM}{label}{RESET}\n"));
    }
}

/// The axis: a mark under each labelled column, and the labels below.
fn times(out: &mut String, sticks: &[Stick], width_ms: i64) {
    // Labels take up to six columns and need air around them.
    let hops = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200];
    let hop_ms = hops.into_iter().map(|minutes| minutes * MINUTE_MS);
    let hop_ms = hop_ms.into_iter().find(|hop| *hop >= 10 * width_ms).unwrap_or(width_ms.saturating_mul(10));
    let mut axis = String::new();
    let mut labels = String::new();
    for (column, stick) in sticks.iter().enumerate() {
        let marked = stick.time_ms.rem_euclid(hop_ms) < width_ms;
        axis.push(if marked { '┴' } else { '─' });
        if marked && labels.chars().count() <= column {
            labels.extend(std::iter::repeat_n(' ', column - labels.chars().count()));
            labels.push_str(&time_text::tick(stick.time_ms));
            labels.push(' ');
        }
    }
    out.push_str(&format!("  {DIM}{axis}─┘{RESET}\n  {}\n", labels.trim_end()));
}

/// Lowest and highest.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// Writes coloured characters, changing the colour only where it changes.
#[derive(Default)]
struct Pen {
    colour: Option<&'static str>,
}

impl Pen {
    fn put(&mut self, out: &mut String, colour: &'static str, cell: char) {
        if cell != ' ' && self.colour != Some(colour) {
            self.lift(out);
            out.push_str(colour);
            self.colour = Some(colour);
        }
        out.push(cell);
    }

    fn lift(&mut self, out: &mut String) {
        if self.colour.take().is_some() {
            out.push_str(RESET);
        }
    }
}

/// The line above a chart: what it shows, from open to close.
pub(crate) fn caption(symbol: &str, sticks: &[Stick], width_ms: i64) -> String {
    let (Some(first), Some(last)) = (sticks.first(), sticks.last()) else { return String::new() };
    let change = if first.open == 0.0 { 0.0 } else { (last.close / first.open - 1.0) * 100.0 };
    let (colour, arrow) = if change >= 0.0 { (UP, '▲') } else { (DOWN, '▼') };
    let (low, high) = bounds(sticks.iter().flat_map(|stick| [stick.low, stick.high]));
    let width = time_text::length(width_ms.unsigned_abs());
    let digits = if high < 10.0 { 5 } else { 2 };
    format!(
        "  {BOLD}{symbol}{RESET}  {:.digits$}  {colour}{arrow} {:.2} %{RESET}  {DIM}low {low:.digits$}  high {high:.digits$}  \
         one column is {width}{RESET}\n",
        last.close,
        change.abs(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn row(minute: i64, open: &str, high: &str, low: &str, close: &str) -> CandleRow {
        let [open, high, low, close, volume] = [open, high, low, close, "2"].map(str::to_owned);
        let time = minute * MINUTE_MS;
        CandleRow { time, open, high, low, close, volume, trades: None, closed: true, source: String::new() }
    }

    #[test]
    fn a_small_chart() {
        let rows = [
            row(0, "100", "104", "100", "104"),
            row(1, "104", "108", "102", "106"),
            row(2, "106", "106", "100", "101"),
            row(5, "101", "103", "101", "101"),
        ];
        let (sticks, width_ms) = sticks(&rows, 10);
        assert_eq!((sticks.len(), width_ms), (4, MINUTE_MS));
        let got = plain(&draw(&sticks, width_ms, 4));
        let expected = [
            "   │   │", //
            "   ┃┃  ┤ 105",
            "  ┃╿┃╷ │",
            "  ┃╵┃╽ ┤ 100",
            "  ████ ┤ vol 2.000",
            "  ████ │",
            "  ┴────┘",
            "  1 Jan",
        ];
        assert_eq!(got.lines().collect::<Vec<_>>(), expected, "\n{got}");
    }

    #[test]
    fn candles_are_merged_to_fit() {
        let rows: Vec<_> = (0..4_320).map(|minute| row(minute, "5", "9", "1", "6")).collect();
        for (most, width_min, columns) in
            [(72, 60, 72), (100, 60, 72), (71, 120, 36), (5_000, 1, 4_320), (3, 1_440, 3), (2, 2_880, 2)]
        {
            let (sticks, width_ms) = sticks(&rows, most);
            assert_eq!((sticks.len(), width_ms), (columns, width_min * MINUTE_MS), "{most}");
            let volume: f64 = sticks.iter().map(|stick| stick.volume).sum();
            assert_eq!(volume, 8_640.0);
        }
        let (one, _) = sticks(&rows, 1);
        assert_eq!((one[0].open, one[0].high, one[0].low, one[0].close), (5.0, 9.0, 1.0, 6.0));
    }

    #[test]
    fn odd_markets_do_not_break_it() {
        assert_eq!(draw(&[], MINUTE_MS, 5), "");
        for price in ["0", "5", "0.00000001", "99999999999", "junk"] {
            let (sticks, width_ms) = sticks(&[row(0, price, price, price, price)], 10);
            let got = plain(&draw(&sticks, width_ms, 5));
            assert_eq!(got.lines().count(), 5 + 2 + 2, "{got}");
        }
    }

    #[test]
    fn sparklines() {
        assert_eq!(sparkline(&[1.0, 2.0, 8.0, 4.5]), "▁▂█▅");
        assert_eq!(sparkline(&[3.0, 3.0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
