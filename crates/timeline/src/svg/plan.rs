//! Where everything stands, in pixels.

use super::xml::{group, text};
use crate::chart::Chart;
use crate::layout::{Wish, share};
use crate::rows::Passage;
use crate::width::{column, shorten, wrap};
use crate::words::seconds;

/// The drawing is at most this wide, and at least.
const WIDTH: usize = 1000;
const NARROWEST: usize = 460;
pub(super) const MARGIN: usize = 16;
/// The column of the time.
const TIME: usize = 60;
/// Where its text ends.
pub(super) const TIME_END: usize = MARGIN + TIME - BAR;
/// From the left of a lane to the middle of its bar.
const BAR: usize = 10;
/// From there to the text beside it.
pub(super) const BESIDE: usize = 9;
/// A lane is at least this wide, and at most.
const LANE: Wish = Wish {
    wanted: 150,
    least: 64,
};
/// The heights of letters: beside a bar, in a name, which is bold, and in the
/// output.
pub(super) const LABEL: usize = 11;
const NAME: usize = 13;
const PRINTED: usize = 12;
/// The output is given this much, if it needs it.
const OUTPUT: usize = 205;
/// A row; a further line of text in it; a band of time; the gap in the middle.
pub(super) const ROW: usize = 26;
pub(super) const LINE: usize = 16;
pub(super) const BAND: usize = 24;
const GAP: usize = 34;

/// Where a row stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The top of the band of time before it, if there is one.
    pub(super) band: Option<usize>,
    pub(super) top: usize,
    /// Where its arrows and its first line of text stand.
    pub(super) middle: usize,
    pub(super) bottom: usize,
    /// What it prints.
    pub(super) printed: Vec<String>,
}

pub(super) struct Plan<'a> {
    pub(super) chart: &'a Chart,
    pub(super) width: usize,
    /// Their widths.
    lanes: Vec<usize>,
    pub(super) top: usize,
    pub(super) places: Vec<Place>,
    heading: String,
}

impl<'a> Plan<'a> {
    pub(super) fn new(chart: &'a Chart) -> Self {
        let room = WIDTH - 2 * MARGIN - TIME;
        let lanes = 0..chart.lanes.all.len();
        let lanes: Vec<_> = lanes.map(|lane| lane_wish(chart, lane)).collect();
        let (lanes, output) = share(room, &lanes, output_wish(chart));
        let width = 2 * MARGIN + TIME + lanes.iter().sum::<usize>() + output;
        let mut plan = Self {
            chart,
            width: width.clamp(NARROWEST, WIDTH),
            lanes,
            top: 0,
            places: Vec::new(),
            heading: String::new(),
        };
        plan.head();
        plan.place_rows(output);
        plan
    }

    /// The middle of the bar of a lane.
    pub(super) fn x(&self, lane: usize) -> usize {
        self.left(lane) + BAR
    }

    /// The left of the output.
    pub(super) fn output(&self) -> usize {
        self.left(self.lanes.len())
    }

    /// The left of a lane.
    fn left(&self, lane: usize) -> usize {
        MARGIN + TIME + self.lanes[..lane].iter().sum::<usize>()
    }

    pub(super) fn bottom(&self) -> usize {
        self.places.last().map_or(self.top, |place| place.bottom)
    }

    /// A text beside the bar of a lane, as much as there is room for.
    pub(super) fn label(&self, lane: usize, y: usize, label: &str) -> String {
        let room = (self.lanes[lane] - BAR - BESIDE) * 100 / LABEL;
        let label = shorten(label, room, proportional);
        text("label", self.x(lane) + BESIDE, y, &label)
    }

    /// The title and the names of the lanes, which end at `top`.
    fn head(&mut self) {
        let chart = self.chart;
        let mut y = MARGIN;
        let room = (self.width - 2 * MARGIN) * 100 / 16;
        let mut head = String::new();
        for piece in wrap(&chart.title, room, proportional) {
            y += 18;
            head += &text("title", MARGIN, y - 4, piece.trim_end());
        }
        let names = chart.lanes.all.iter().zip(&self.lanes);
        let names = names.map(|(lane, width)| {
            wrap(&lane.name, (width - 6) * 100 / NAME, proportional)
        });
        let names: Vec<_> = names.collect();
        let height = names.iter().map(Vec::len).max().unwrap_or(0);
        y += 12;
        for (lane, name) in names.iter().enumerate() {
            let x = self.x(lane) - BAR / 2;
            let lane = &chart.lanes.all[lane];
            head += &group(&format!("{}, {}", lane.name, lane.detail));
            for (at, piece) in name.iter().enumerate() {
                let down = height - name.len() + at + 1;
                head += &text("name", x, y + down * 14, piece.trim_end());
            }
            head += &text("quiet", x, y + height * 14 + 14, &lane.detail);
            head += "</g>\n";
        }
        self.top = y + height * 14 + 24;
        let base = self.top - 10;
        head += &text("time quiet", TIME_END, base, "time");
        if chart.rows.iter().any(|row| row.line().is_some()) {
            head += &text("quiet", self.output(), base, "output");
        }
        self.heading = head;
    }

    fn place_rows(&mut self, output: usize) {
        let room = output * 100 / PRINTED;
        let mut y = self.top;
        for (at, row) in self.chart.rows.iter().enumerate() {
            let gap = self.chart.gap.as_ref();
            if gap.is_some_and(|gap| gap.before == at) {
                y += GAP;
            }
            let band = row.passage.as_ref().map(|_| y);
            let top = y + band.map_or(0, |_| BAND);
            let printed = self.chart.line(at);
            let printed = printed.map(|line| wrap(&line, room, monospaced));
            let printed = printed.unwrap_or_default();
            let more = printed.len().saturating_sub(1) * LINE;
            let middle = top + ROW / 2;
            y = top + ROW + more;
            self.places.push(Place {
                band,
                top,
                middle,
                bottom: y,
                printed,
            });
        }
    }

    /// What stands behind the lanes and above them.
    pub(super) fn frame(&self) -> String {
        let (left, right) = (MARGIN, self.width - MARGIN);
        let mut frame = self.heading.clone();
        frame += &rule(left, right, self.top);
        let rows = self.places.iter().zip(&self.chart.rows);
        frame.extend(rows.filter_map(|(place, row)| {
            Some(self.band(place.band?, row.passage.as_ref()?))
        }));
        if let Some(gap) = &self.chart.gap {
            let y = self.places[gap.before].top - GAP / 2 + 4;
            let sentence = format!("⋮  {}  ⋮", gap.sentence());
            frame += &text("quiet", self.x(0), y, &sentence);
        }
        frame + &rule(left, right, self.bottom() + 4)
    }

    /// Time that passes.
    fn band(&self, y: usize, passage: &Passage) -> String {
        let width = self.width - 2 * MARGIN;
        let time = format!("+ {}", seconds(passage.time));
        format!(
            "<rect class=\"band\" x=\"{MARGIN}\" y=\"{y}\" \
             width=\"{width}\" height=\"{BAND}\"/>\n"
        ) + &text("time quiet", TIME_END, y + 16, &time)
    }
}

fn rule(left: usize, right: usize, y: usize) -> String {
    format!("<path class=\"rule\" d=\"M{left} {y}H{right}\"/>\n")
}

fn lane_wish(chart: &Chart, lane: usize) -> Wish {
    let size = |text: &str, height: usize| {
        text.chars().map(proportional).sum::<usize>() * height / 100 + 1
    };
    let name = size(&chart.lanes.all[lane].name, NAME);
    let labels = chart.labels(lane).map(|label| size(&label, LABEL));
    let widest = labels.chain([name]).max().unwrap_or(0) + BAR + 2 * BESIDE;
    Wish {
        wanted: widest.clamp(LANE.least, LANE.wanted),
        least: LANE.least,
    }
}

fn output_wish(chart: &Chart) -> Wish {
    let lines = (0..chart.rows.len()).filter_map(|row| chart.line(row));
    let width = |line: String| line.chars().map(monospaced).sum::<usize>();
    let widest = lines.map(width).max().unwrap_or(0) * PRINTED / 100;
    Wish {
        wanted: if widest == 0 { 0 } else { widest + BAR },
        least: OUTPUT,
    }
}

/// The width of a character in hundredths of its height, more rather than
/// less, for which font there will be nobody knows.
pub(super) fn proportional(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 32,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' => 40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 95,
        'A'..='Z' | '…' | '=' | '+' | '→' => 72,
        _ if c.is_ascii() => 58,
        _ => 54 * column(c).min(1) + 46 * usize::from(column(c) > 1),
    }
}

/// The same for the font of the output.
fn monospaced(c: char) -> usize {
    match column(c) {
        0 => 0,
        1 => 61,
        _ => 100,
    }
}
