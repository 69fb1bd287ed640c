//! The picture of a legal run.

use crate::judge::{Event, Judge};
use crate::lanes::{Picture, Row};
use crate::model::Contract;
use crate::run::Run;

impl Contract {
    /// Draws a legal run: one column for each actor, one row for each line,
    /// and beside it the time at which it was seen, if that is known. None if
    /// the run is not legal: then the violation draws it.
    ///
    /// ```
    /// use contract::{Contract, Ending, Run};
    ///
    /// let source = "a:\n  | one\n  | two\nb:\n  | three\n";
    /// let contract = Contract::parse(source, "").unwrap();
    /// let run = Run::saved("one\nthree\ntwo\n", Ending::Exited(0));
    /// let drawn = contract.draw(&run).unwrap();
    /// assert_eq!(format!("\n{drawn}"), "
    ///       a    b
    ///    1  one  │
    ///    2  │    three
    ///    3  two  │
    /// ");
    /// ```
    #[must_use]
    pub fn draw(&self, run: &Run) -> Option<String> {
        let mut judge = Judge::new(self, run);
        judge.judge().ok()?;
        Some(judge.whole_picture().draw_whole())
    }
}

impl Contract {
    /// Who printed each line of a run: `worker i=0`. None for lines that this
    /// does not know, and for all after the first that broke it.
    ///
    /// ```
    /// use contract::{Contract, Ending, Run};
    ///
    /// let source = "main:\n  | go\nworker(i=0..1):\n  | Worker: {i}\n";
    /// let contract = Contract::parse(source, "").unwrap();
    /// let run = Run::saved("go\nWorker: 1\n?\n", Ending::Exited(0));
    /// let authors = contract.authors(&run);
    /// assert_eq!(authors[0].as_deref(), Some("main"));
    /// assert_eq!(authors[1].as_deref(), Some("worker i=1"));
    /// assert_eq!(authors[2], None);
    /// ```
    #[must_use]
    pub fn authors(&self, run: &Run) -> Vec<Option<String>> {
        let mut judge = Judge::new(self, run);
        // A broken run has its authors up to there.
        let _ = judge.judge();
        let mut authors = vec![None; run.lines.len()];
        for event in &judge.events {
            let name = judge.cast.name(event.instance);
            authors[event.row - 1] = Some(name);
        }
        authors
    }
}

impl Judge<'_> {
    fn whole_picture(&self) -> Picture {
        let instances = 0..self.cast.instances.len();
        let seen = if self.timed { "seen at" } else { "" };
        Picture {
            lanes: instances.map(|at| self.cast.name(at)).collect(),
            rows: self.events.iter().map(|event| self.row(event)).collect(),
            side: seen.to_owned(),
        }
    }

    fn row(&self, event: &Event<'_>) -> Row {
        let line = &self.run.lines[event.row - 1];
        let side = match line.at {
            Some(at) if self.timed => format!("{:.3} s", at.by.as_secs_f64()),
            _ => String::new(),
        };
        Row {
            number: Some(event.row),
            lane: Some(event.instance),
            text: line.text.clone(),
            sign: None,
            side,
        }
    }
}
