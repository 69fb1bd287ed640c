//! What must be true when the run is over.

use crate::judge::Judge;
use crate::judge::breach::{Breach, Mark};
use crate::judge::rules::Watch;
use crate::model::{Demand, Exit};
use crate::run::Ending;
use crate::verdict::Kind;
use crate::width::visible;

/// So many lines of an unexpected stderr are quoted.
const FEW_LINES: usize = 8;

impl<'c> Judge<'c> {
    /// The ending comes first: it mostly explains what else is wrong.
    pub(super) fn end(&mut self) -> Result<(), Breach<'c>> {
        self.ending()?;
        self.complete()?;
        self.stderr()?;
        for (rule, watch) in self.watches.iter_mut().enumerate() {
            if let Some(failure) = watch.end(self.run) {
                return Err(failure.breach(rule, &self.contract.rules[rule]));
            }
        }
        Ok(())
    }

    pub(super) fn has_times(&self, watch: &Watch<'_>) -> bool {
        match watch.rule.demand {
            Demand::Elapsed { .. } => self.run.elapsed.is_some(),
            _ => self.timed,
        }
    }

    fn ending(&self) -> Result<(), Breach<'c>> {
        let seen = match (self.run.ending, self.contract.exit) {
            (Ending::Exited(is), Exit::Code(due)) if is == due => return Ok(()),
            (Ending::Blocked, Exit::Blocked) => return Ok(()),
            (Ending::Exited(status), _) => {
                format!("the program exits with status {status}")
            }
            (Ending::Signaled(signal), _) => {
                format!("the program is ended by signal {signal}")
            }
            (Ending::Blocked, _) => "the program waits for ever".into(),
            (Ending::TimedOut, _) => {
                "the program is still at work at its deadline".into()
            }
        };
        let due = match self.contract.exit {
            Exit::Code(due) => format!("it should exit with status {due}"),
            Exit::Blocked => "it should wait for ever".into(),
        };
        let breach = Breach::new(Kind::Ending, format!("{seen}; {due}"));
        Err(self.stderr_notes(mark_all(breach, self.missing())))
    }

    fn complete(&self) -> Result<(), Breach<'c>> {
        let missing = self.missing();
        let Some(&(first, _)) = missing.first() else {
            return Ok(());
        };
        let headline = match missing.len() {
            1 => "a line is missing at the end".to_owned(),
            many => format!("{many} lines are missing at the end"),
        };
        let breach = Breach::new(Kind::Missing, headline)
            .broken(&self.contract.lines[first].source);
        Err(self.stderr_notes(mark_all(breach, missing)))
    }

    /// Every line that some instance has not printed often enough, and the
    /// first line of every actor that has not appeared often enough.
    fn missing(&self) -> Vec<(usize, Mark)> {
        let mut marks = Vec::new();
        for instance in 0..self.cast.instances.len() {
            for line in self.cast.actor(instance).lines.clone() {
                if self.cast.lacks(instance, line) {
                    marks.push((line, self.cast.missing(instance, line)));
                }
            }
        }
        for (index, actor) in self.contract.actors.iter().enumerate() {
            let must = actor
                .lines
                .clone()
                .any(|line| self.contract.lines[line].count.least > 0);
            // An instance that need not print anything may be silent.
            let due = match actor.distinct {
                Some(distinct) if must => distinct as usize,
                _ => usize::from(must),
            };
            let all = self.cast.instances.iter();
            let seen = all.filter(|i| i.actor == index).count();
            if actor.is_open() && seen < due {
                let name = &actor.name;
                let keys: Vec<&str> =
                    actor.keys.iter().map(|key| key.name.as_str()).collect();
                let keys = keys.join(", ");
                let note = format!(
                    "{name}: {seen} of {due} values of {keys} have appeared"
                );
                marks.push((actor.lines.start, Mark::note(note)));
            }
        }
        marks
    }

    fn stderr(&self) -> Result<(), Breach<'c>> {
        if self.stderr_is_right() {
            return Ok(());
        }
        let headline = if self.contract.stderr.is_some() {
            "stderr is not what the contract says"
        } else {
            "there is something on stderr; there should be nothing"
        };
        let breach = Breach::new(Kind::Stderr, headline.to_owned());
        Err(self.stderr_notes(breach))
    }

    fn stderr_is_right(&self) -> bool {
        let stderr = &self.run.stderr;
        let stderr = stderr.strip_suffix('\n').unwrap_or(stderr);
        match &self.contract.stderr {
            Some(template) => template.capture(stderr).is_some(),
            None => stderr.is_empty(),
        }
    }

    /// Quotes a wrong stderr.
    fn stderr_notes(&self, breach: Breach<'c>) -> Breach<'c> {
        if self.stderr_is_right() {
            return breach;
        }
        let due = match &self.contract.stderr {
            Some(template) => format!("stderr should be: {}", template.source),
            None => "stderr should be empty".to_owned(),
        };
        let lines = self.run.stderr.lines();
        let more = lines.clone().count() > FEW_LINES;
        let quoted = lines
            .take(FEW_LINES)
            .map(|line| Mark::note(format!("stderr: {}", visible(line))));
        let breach = quoted.fold(breach, Breach::mark);
        let breach = if more {
            breach.mark(Mark::note("stderr: …".into()))
        } else {
            breach
        };
        breach.mark(Mark::note(due))
    }
}

fn mark_all(breach: Breach<'_>, marks: Vec<(usize, Mark)>) -> Breach<'_> {
    let marks = marks.into_iter().map(|(_, mark)| mark);
    marks.fold(breach, Breach::mark)
}
