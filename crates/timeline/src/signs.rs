//! What a legend has to explain.

use crate::chart::Chart;
use crate::marks::Deed;
use crate::states::State;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    Running,
    Paused,
    Blocked,
    Sleeping,
    Awaited,
    Start,
    Join,
    Print,
}

impl Sign {
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Running => "runs",
            Self::Paused => "could run",
            Self::Blocked => "waits for others",
            Self::Sleeping => "sleeps",
            Self::Awaited => "has ended, not yet joined",
            Self::Start => "starts",
            Self::Join => "joins",
            Self::Print => "prints",
        }
    }
}

/// The signs in a chart, each once, in the order of the legend.
pub(crate) fn signs(chart: &Chart) -> Vec<Sign> {
    let states = chart.rows.iter().flat_map(|row| {
        let passing = row.passage.iter().flat_map(|it| &it.states);
        passing.chain(&row.before).chain(&row.after)
    });
    let deeds = chart.rows.iter().flat_map(|row| &row.marks);
    let deeds = deeds.filter_map(|mark| of_deed(&mark.what));
    let mut signs: Vec<_> = states.filter_map(of_state).chain(deeds).collect();
    signs.sort_unstable();
    signs.dedup();
    signs
}

fn of_state(state: &State) -> Option<Sign> {
    match state {
        State::Absent => None,
        State::Running => Some(Sign::Running),
        State::Paused => Some(Sign::Paused),
        State::Blocked(_) => Some(Sign::Blocked),
        State::Sleeping(_) => Some(Sign::Sleeping),
        State::Awaited => Some(Sign::Awaited),
    }
}

fn of_deed(deed: &Deed) -> Option<Sign> {
    match deed {
        Deed::Starts(..) => Some(Sign::Start),
        Deed::Joins(..) => Some(Sign::Join),
        Deed::Prints(_) => Some(Sign::Print),
        _ => None,
    }
}
