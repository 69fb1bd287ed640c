//! What is said below the rows: how the run ended, and what is not shown.

use explore::{Blocked, Ended, Ending, Event, Trace};

use crate::chart::LONGEST_LINE;
use crate::cut::Shown;
use crate::lanes::Lanes;
use crate::states::is_explored;
use crate::width::{clip, column, columns, visible};
use crate::words::{self, count, seconds};

/// The names of those who share a column are listed up to so many columns.
const MOST_NAMES: usize = 600;
/// stderr is shown up to so many columns.
const LONGEST_STDERR: usize = 160;

pub(crate) fn notes(
    trace: &Trace,
    events: &[&Event],
    names: &[String],
    lanes: &Lanes,
    shown: &Shown,
) -> Vec<String> {
    let all = [
        Some(ending(trace, names)),
        is_explored(events).then(|| choices(trace)),
        shown
            .gap
            .as_ref()
            .map(|gap| format!("In the middle {}.", gap.sentence())),
        light(shown),
        cut_lines(shown),
        shared(lanes, names),
        stderr(trace),
    ];
    all.into_iter().flatten().collect()
}

fn choices(trace: &Trace) -> String {
    let chosen = count(trace.choices, "time", "times");
    let chosen = format!("The scheduler has chosen {chosen}.");
    if trace.preempted == 0 {
        return chosen;
    }
    let stopped = count(trace.preempted, "time", "times");
    format!(
        "{chosen} A task ran on and on and was stopped {stopped}: \
         the same seed may give another run."
    )
}

fn light(shown: &Shown) -> Option<String> {
    let short = count(shown.light, "operation or wait", "operations or waits");
    let own = match shown.light {
        0 => return None,
        1 => "has no row of its own",
        _ => "have no rows of their own",
    };
    Some(format!("{short} {own}."))
}

fn cut_lines(shown: &Shown) -> Option<String> {
    let lines = shown.rows.iter().filter_map(|row| row.line());
    let long = lines.filter(|line| columns(line) > LONGEST_LINE).count();
    let lines = count(long, "long line is", "long lines are");
    (long > 0).then(|| format!("{lines} cut at a “…”."))
}

fn shared(lanes: &Lanes, names: &[String]) -> Option<String> {
    let others = lanes.all.iter().find(|lane| lane.tasks.len() > 1)?;
    let who: Vec<_> = others.tasks.iter().map(|&id| &names[id][..]).collect();
    let who = clip(&who.join(", "), MOST_NAMES, column);
    Some(format!("One column for {}: {who}.", others.name))
}

fn stderr(trace: &Trace) -> Option<String> {
    let text = trace.stderr.trim().replace('\n', " ⏎ ");
    let text = clip(&visible(&text), LONGEST_STDERR, column);
    (!text.is_empty()).then(|| format!("On stderr: {text}"))
}

fn ending(trace: &Trace, names: &[String]) -> String {
    let after = seconds(trace.elapsed);
    match &trace.ending {
        Ending::Ended(Ended::Exited(status)) => {
            format!("The run ended after {after}, with status {status}.")
        }
        Ending::Ended(ended) => {
            let how = words::end(*ended).unwrap_or_default();
            format!("The run was ended after {after}, by {how}.")
        }
        Ending::Deadlock(blocked) => {
            let who = blocked.iter().filter_map(|Blocked { task, wait }| {
                let name = names.get(*task)?;
                Some(format!("{name} {}", visible(&wait.to_string())))
            });
            let who: Vec<_> = who.collect();
            format!("Deadlock after {after}: {}, for ever.", who.join(", "))
        }
        Ending::TooLong => {
            format!("After {after} it was still at work, and was ended.")
        }
    }
}
