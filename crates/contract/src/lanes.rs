//! The picture of a run: one column for each actor, one row for each line.

use std::collections::BTreeSet;

use crate::width::{clip, columns, pad, visible};

/// The picture is at most this wide.
const WIDTH: usize = 100;
/// No lane is cut to less than this.
const READABLE: usize = 18;
/// The name of the column that lanes share.
const OTHERS: &str = "others";
/// Between two columns.
const GAP: usize = 2;
/// The side column is at most this wide.
const WIDEST_SIDE: usize = 30;
/// A run of so many rows is shown whole.
const FEW_ROWS: usize = 16;
/// So many rows are shown before a marked one.
const BEFORE: usize = 5;

/// What is drawn.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    /// The names of the actors.
    pub(crate) lanes: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The heading of the column on the right.
    pub(crate) side: String,
}

#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Its number in the output; None: the line is missing there.
    pub(crate) number: Option<usize>,
    /// Who printed it; None: nobody knows.
    pub(crate) lane: Option<usize>,
    pub(crate) text: String,
    /// The sign in the margin, to which a note refers.
    pub(crate) sign: Option<char>,
    pub(crate) side: String,
}

impl Picture {
    /// The picture, each row with a newline; empty if there are no rows.
    pub(crate) fn draw(&self) -> String {
        self.draw_rows(&self.shown_rows())
    }

    /// The same with all rows.
    pub(crate) fn draw_whole(&self) -> String {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        self.draw_rows(&all)
    }

    fn draw_rows(&self, shown: &[usize]) -> String {
        if shown.is_empty() {
            return String::new();
        }
        Layout::new(self, shown).draw(shown)
    }

    /// The indices of the rows near a marked one.
    fn shown_rows(&self) -> Vec<usize> {
        let count = self.rows.len();
        let marked = |index: &usize| self.rows[*index].sign.is_some();
        if count <= FEW_ROWS {
            return (0..count).collect();
        }
        let mut near: BTreeSet<usize> = (0..count)
            .filter(marked)
            .flat_map(|at| at.saturating_sub(BEFORE)..=at + 1)
            .filter(|&at| at < count)
            .collect();
        if near.is_empty() {
            near.extend(count - BEFORE..count);
        }
        near.insert(0);
        // A gap of one row is no shorter than the row.
        let lone: Vec<usize> = (1..count)
            .filter(|at| near.contains(&(at - 1)) && near.contains(&(at + 1)))
            .collect();
        near.extend(lone);
        near.into_iter().collect()
    }
}

/// The columns of a picture.
struct Layout<'a> {
    picture: &'a Picture,
    number_width: usize,
    /// The lanes that have a column of their own, and its width.
    lanes: Vec<(usize, usize)>,
    /// The width of the column that the other lanes share.
    others: Option<usize>,
}

impl<'a> Layout<'a> {
    fn new(picture: &'a Picture, shown: &[usize]) -> Self {
        let rows: Vec<&Row> =
            shown.iter().map(|&at| &picture.rows[at]).collect();
        let last = rows.iter().filter_map(|row| row.number).max();
        let number_width = last.unwrap_or(0).to_string().len();
        let sides = rows.iter().map(|row| columns(&row.side));
        let side = sides
            .chain([columns(&clip(&picture.side, WIDEST_SIDE))])
            .max()
            .unwrap_or(0);
        let room = WIDTH.saturating_sub(number_width + 5 + side + GAP);
        let lane_width = |lane: usize| {
            natural_width(&rows, &picture.lanes[lane], |of| of == lane)
        };
        let (own, shared) = lanes(&rows, room, &lane_width);
        let mut widths: Vec<usize> =
            own.iter().map(|&lane| lane_width(lane)).collect();
        if shared {
            widths.push(natural_width(&rows, OTHERS, |of| !own.contains(&of)));
        }
        let widths = fit(&widths, room);
        let others = shared.then(|| widths[own.len()]);
        Self {
            picture,
            number_width,
            lanes: own.into_iter().zip(widths).collect(),
            others,
        }
    }

    fn draw(&self, shown: &[usize]) -> String {
        let heading = self.line(
            None,
            "",
            &|lane| self.picture.lanes[lane].clone(),
            OTHERS,
            &clip(&self.picture.side, WIDEST_SIDE),
        );
        let mut lines = Vec::new();
        if !heading.trim().is_empty() {
            lines.push(heading);
        }
        let mut next = 0;
        for &at in shown {
            if at > next {
                let dots = |_| "⋮".to_owned();
                lines.push(self.line(None, "⋮", &dots, "⋮", ""));
            }
            lines.push(self.row(&self.picture.rows[at]));
            next = at + 1;
        }
        lines.iter().fold(String::new(), |all, line| {
            all + line.trim_end()
                + "
"
        })
    }

    fn row(&self, row: &Row) -> String {
        let number = match row.number {
            Some(number) => number.to_string(),
            None => String::new(),
        };
        let text = visible(&row.text);
        let Some(lane) = row.lane else {
            let width = self.widths().map(|w| w + GAP).sum::<usize>();
            let all = clip(&text, width.max(60));
            return format!("{}{all}", self.margin(row.sign, &number));
        };
        let own = self.lanes.iter().any(|&(of, _)| of == lane);
        let cell = |of| {
            if of == lane {
                text.clone()
            } else {
                "│".into()
            }
        };
        let others = if own { "│" } else { &text };
        self.line(row.sign, &number, &cell, others, &row.side)
    }

    fn widths(&self) -> impl Iterator<Item = usize> {
        self.lanes
            .iter()
            .map(|&(_, width)| width)
            .chain(self.others)
    }

    fn margin(&self, sign: Option<char>, number: &str) -> String {
        let sign = sign.unwrap_or(' ');
        format!(" {sign} {number:>width$}  ", width = self.number_width)
    }

    fn line(
        &self,
        sign: Option<char>,
        number: &str,
        cell: &dyn Fn(usize) -> String,
        others: &str,
        side: &str,
    ) -> String {
        let mut line = self.margin(sign, number);
        let mut put = |text: &str, width: usize| {
            line += &pad(&clip(text, width), width + GAP);
        };
        for &(lane, width) in &self.lanes {
            put(&cell(lane), width);
        }
        if let Some(width) = self.others {
            put(others, width);
        }
        line + side
    }
}

/// The width of a column for the lanes that `belongs` tells.
fn natural_width(
    rows: &[&Row],
    heading: &str,
    belongs: impl Fn(usize) -> bool,
) -> usize {
    rows.iter()
        .filter(|row| row.lane.is_some_and(&belongs))
        .map(|row| columns(&visible(&row.text)))
        .chain([columns(heading)])
        .max()
        .unwrap_or(0)
}

/// The lanes that get a column, in their order, and whether the rest needs
/// one to share. The lanes of marked rows go first, then those of the latest
/// rows.
fn lanes(
    rows: &[&Row],
    room: usize,
    wanted: &dyn Fn(usize) -> usize,
) -> (Vec<usize>, bool) {
    let marked = rows.iter().filter(|row| row.sign.is_some());
    let latest = rows.iter().rev();
    let mut all: Vec<usize> = Vec::new();
    for lane in marked.chain(latest).filter_map(|row| row.lane) {
        if !all.contains(&lane) {
            all.push(lane);
        }
    }
    let need = |lane: &usize| wanted(*lane).min(READABLE) + GAP;
    let shared = all.iter().map(need).sum::<usize>() > room;
    if shared {
        let mut left = room.saturating_sub(READABLE + GAP);
        let fitting = all.iter().take_while(|lane| {
            let fits = need(lane) <= left;
            left = left.saturating_sub(need(lane));
            fits
        });
        all.truncate(fitting.count());
    }
    all.sort_unstable();
    (all, shared)
}

/// The widths, the widest cut until all fit into `room`.
fn fit(wanted: &[usize], room: usize) -> Vec<usize> {
    let total =
        |cap: usize| wanted.iter().map(|&w| w.min(cap) + GAP).sum::<usize>();
    let widest = wanted.iter().copied().max().unwrap_or(0);
    let cap = (READABLE..=widest).rev().find(|&cap| total(cap) <= room);
    let cap = cap.unwrap_or(READABLE);
    wanted.iter().map(|&width| width.min(cap)).collect()
}
