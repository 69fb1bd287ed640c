//! The timeline for a terminal.

use std::cmp::Ordering;
use std::time::Duration;

use explore::TaskId;

use crate::canvas::Strip;
use crate::chart::Chart;
use crate::layout::{Wish, share};
use crate::marks::{Deed, Mark};
use crate::rows::Row;
use crate::signs::{Sign, signs};
use crate::states::State;
use crate::width::{clip, column, columns, shorten, wrap};
use crate::words::{SLEEP, seconds};

/// So many lanes fit.
pub(crate) const LANES: usize = 7;
/// The drawing is at most this wide.
const WIDTH: usize = 100;
/// Lanes are at most this wide, and at least.
const WIDEST: usize = 20;
const NARROWEST: usize = 9;
/// The output is given this much room, if it needs it.
const OUTPUT: usize = 26;
/// The column of the time; `+ 9.999 s` fits.
const TIME: usize = 11;

pub(crate) fn draw(chart: &Chart) -> String {
    let mut terminal = Terminal::new(chart);
    terminal.heading();
    for row in 0..chart.rows.len() {
        terminal.row(row);
    }
    terminal.finish()
}

struct Terminal<'a> {
    chart: &'a Chart,
    /// Their widths.
    lanes: Vec<usize>,
    output: usize,
    /// What stands beside each lane, as long as its state lasts.
    labels: Vec<Option<String>>,
    text: String,
}

impl<'a> Terminal<'a> {
    fn new(chart: &'a Chart) -> Self {
        let lanes = chart.lanes.all.iter().enumerate();
        let lanes = lanes.map(|(at, lane)| {
            let labels = chart.labels(at).map(|label| columns(&label));
            let wanted = labels.map(|label| label + 3).max().unwrap_or(0);
            let wanted = wanted.max(columns(&lane.name) + 2);
            Wish {
                wanted: wanted.clamp(NARROWEST, WIDEST),
                least: NARROWEST,
            }
        });
        let lanes: Vec<Wish> = lanes.collect();
        let printed = (0..chart.rows.len()).filter_map(|row| chart.line(row));
        let widest = printed.map(|line| columns(&line)).max();
        let output = Wish {
            wanted: widest.unwrap_or(0),
            least: OUTPUT,
        };
        let (lanes, output) = share(WIDTH - TIME, &lanes, output);
        Self {
            chart,
            labels: vec![None; lanes.len()],
            lanes,
            output,
            text: String::new(),
        }
    }

    fn heading(&mut self) {
        for piece in wrap(&self.chart.title, WIDTH, column) {
            self.say(piece.trim_end());
        }
        self.say("");
        let names = self.chart.lanes.all.iter();
        let names = names.zip(&self.lanes);
        let names =
            names.map(|(lane, width)| wrap(&lane.name, width - 1, column));
        let names: Vec<Vec<String>> = names.collect();
        let height = names.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut strip = Strip::default();
            for (lane, name) in names.iter().enumerate() {
                let piece = name.get(at).map_or("", |piece| piece.trim_end());
                strip.put(self.x(lane), piece);
            }
            self.write(&[strip]);
        }
    }

    fn row(&mut self, at: usize) {
        let chart = self.chart;
        let row = &chart.rows[at];
        if let Some(gap) = chart.gap.as_ref().filter(|gap| gap.before == at) {
            self.gap(&gap.sentence());
        }
        if let Some(passage) = &row.passage {
            let mut strips = vec![self.states(&passage.states)];
            put_time(&mut strips[0], &passing(passage.time));
            self.label_states(&mut strips, &passage.states, |_| true);
            self.write(&strips);
        }
        self.happening(at, row);
    }

    fn happening(&mut self, at: usize, row: &Row) {
        let printed = self.chart.line(at);
        let printed = printed.map(|line| wrap(&line, self.output, column));
        let printed = printed.unwrap_or_default();
        let height = printed.len().max(1);
        let mut strips = vec![self.states(&row.after); height];
        for (strip, piece) in strips.iter_mut().zip(&printed) {
            strip.put(self.output_x(), piece);
        }
        if let Some(time) = self.chart.time(at) {
            put_time(&mut strips[0], &time);
        }
        // What is so already has its place before what leads past it.
        let lasts = |lane: usize| row.before[lane] == row.after[lane];
        self.label_states(&mut strips, &row.after, lasts);
        for mark in &row.marks {
            self.mark(&mut strips[0], row, mark);
        }
        for mark in &row.marks {
            if let Some(label) = mark.label().filter(|_| mark.is_last()) {
                let lane = self.lane_of(mark.by);
                self.label(&mut strips, &row.after, lane, &label);
            }
        }
        self.label_states(&mut strips, &row.after, |_| true);
        self.write(&strips);
    }

    /// Draws an event into its line.
    fn mark(&self, strip: &mut Strip, row: &Row, mark: &Mark) {
        let own = self.x(self.lane_of(mark.by));
        let label = mark.label().unwrap_or_default();
        let label = self.fitting(self.lane_of(mark.by), &label);
        match &mark.what {
            Deed::Starts(child, _) => {
                let child = self.x(self.lane_of(*child));
                arrow(strip, own, child, &label, '─');
                strip.put(own, if child < own { "┨" } else { "┠" });
            }
            Deed::Joins(child, _) => {
                let lane = self.lane_of(*child);
                if row.after[lane] == State::Absent {
                    let corner = if self.x(lane) > own { "┛" } else { "┗" };
                    strip.put(self.x(lane), corner);
                }
                arrow(strip, self.x(lane), own, &label, '╌');
            }
            Deed::Does(_) => {
                strip.put(own, "┠");
                strip.put(own + 2, &label);
            }
            Deed::Prints(_) => {
                strip.put(own, "┠");
                strip.fill(own + 1, self.output_x() - 1, '┈');
            }
            Deed::Ends(_) => strip.put(own, "┻"),
            Deed::Waits(_) | Deed::Forever | Deed::Cut => {}
        }
    }

    /// Writes what these lanes wait for, unless it stands above already.
    fn label_states(
        &mut self,
        strips: &mut Vec<Strip>,
        states: &[State],
        these: impl Fn(usize) -> bool,
    ) {
        for lane in (0..states.len()).filter(|&lane| these(lane)) {
            let label = states[lane].label();
            let new = label.filter(|_| self.labels[lane].as_deref() != label);
            if let Some(label) = new {
                self.label(strips, states, lane, label);
            }
            self.labels[lane] = label.map(ToOwned::to_owned);
        }
    }

    /// Writes `label` beside a lane, in the first line that has room.
    fn label(
        &self,
        strips: &mut Vec<Strip>,
        states: &[State],
        lane: usize,
        label: &str,
    ) {
        let label = self.fitting(lane, label);
        let at = self.x(lane) + 2;
        if !strips.iter_mut().any(|strip| strip.put_if_free(at, &label)) {
            let mut strip = self.states(states);
            strip.put(at, &label);
            strips.push(strip);
        }
    }

    /// A line that shows what each lane does.
    fn states(&self, states: &[State]) -> Strip {
        let mut strip = Strip::default();
        for (lane, state) in states.iter().enumerate() {
            strip.put(self.x(lane), state_glyph(state));
        }
        strip
    }

    fn gap(&mut self, sentence: &str) {
        let mut strip = Strip::default();
        for lane in 0..self.labels.len() {
            strip.put(self.x(lane), "⋮");
        }
        self.labels.fill(None);
        self.write(&[strip]);
        self.say(&format!("{:TIME$}{sentence}", ""));
    }

    /// The legend, the notes, and all that has been drawn.
    fn finish(mut self) -> String {
        let signs = signs(self.chart);
        let states = signs.iter().filter_map(|&sign| {
            Some(format!("{} {}", sign_glyph(sign)?, sign.meaning()))
        });
        let legend = states.collect::<Vec<_>>().join("   ");
        self.say("");
        for paragraph in std::iter::once(&legend).chain(&self.chart.notes) {
            for piece in wrap(paragraph, WIDTH, column) {
                self.say(piece.trim_end());
            }
        }
        self.text
    }

    fn lane_of(&self, id: TaskId) -> usize {
        self.chart.lanes.of(id)
    }

    fn x(&self, lane: usize) -> usize {
        TIME + self.lanes[..lane].iter().sum::<usize>()
    }

    fn output_x(&self) -> usize {
        self.x(self.lanes.len())
    }

    /// `label`, as much as there is room for beside a lane.
    fn fitting(&self, lane: usize, label: &str) -> String {
        let room = self.lanes[lane] - 3;
        let label = match label.strip_prefix(SLEEP) {
            // The bar shows that it sleeps, but not for how long.
            Some(time) if columns(label) > room => time,
            _ => label,
        };
        shorten(label, room, column)
    }

    fn write(&mut self, strips: &[Strip]) {
        self.text.extend(strips.iter().map(Strip::finish));
    }

    fn say(&mut self, text: &str) {
        self.text += text;
        self.text.push('\n');
    }
}

/// How long nothing happens. What is long is not told to the millisecond.
fn passing(time: Duration) -> String {
    const LONG: Duration = Duration::from_secs(10);

    let exact = if time < LONG {
        time
    } else {
        Duration::from_secs_f64(time.as_secs_f64().round())
    };
    format!("+ {}", seconds(exact))
}

/// Writes a time so that it ends before the lanes.
fn put_time(strip: &mut Strip, time: &str) {
    let room = TIME - 2;
    let time = clip(time, room, column);
    strip.put(room - columns(&time), &time);
}

/// Draws an arrow, with its name near its left end.
fn arrow(strip: &mut Strip, from: usize, to: usize, name: &str, dash: char) {
    let left = from.min(to);
    strip.put_if_free(left + 2, name);
    match from.cmp(&to) {
        Ordering::Less => strip.put(to - 1, "▶"),
        Ordering::Greater => strip.put(to + 1, "◀"),
        Ordering::Equal => return,
    }
    strip.fill(left + 1, from.max(to), dash);
}

fn state_glyph(state: &State) -> &'static str {
    match state {
        State::Absent => " ",
        State::Running => "┃",
        State::Paused => "│",
        State::Blocked(_) => "░",
        State::Sleeping(_) => "┊",
        State::Awaited => "·",
    }
}

/// What the legend has to explain; the rest says what it is.
fn sign_glyph(sign: Sign) -> Option<&'static str> {
    match sign {
        Sign::Running => Some("┃"),
        Sign::Paused => Some("│"),
        Sign::Blocked => Some("░"),
        Sign::Sleeping => Some("┊"),
        Sign::Awaited => Some("·"),
        Sign::Print => Some("┈"),
        Sign::Start | Sign::Join => None,
    }
}
