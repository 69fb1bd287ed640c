//! A traced run, as a contract judges it.

use contract::{Ending, OutputLine, Run, Seen};
use explore::{Ended, Trace, What};

/// What `trace` has printed, exactly when, and how it has ended. Its clock is
/// its own, and goes at the pace of the contract.
#[must_use]
pub fn run(trace: &Trace) -> Run {
    let lines = trace.events.iter().filter_map(|event| match &event.what {
        What::Printed(text) => Some(OutputLine {
            text: text.clone(),
            at: Some(Seen {
                after: event.at,
                by: event.at,
            }),
        }),
        _ => None,
    });
    Run {
        lines: lines.collect(),
        ending: ending(&trace.ending),
        elapsed: Some(trace.elapsed),
        stderr: trace.stderr.clone(),
        pace: 1.0,
    }
}

fn ending(ending: &explore::Ending) -> Ending {
    match ending {
        explore::Ending::Ended(Ended::Exited(status)) => {
            Ending::Exited(*status)
        }
        explore::Ending::Ended(Ended::Signaled(signal)) => {
            Ending::Signaled(*signal)
        }
        explore::Ending::Deadlock(_) => Ending::Blocked,
        explore::Ending::TooLong => Ending::TimedOut,
    }
}
