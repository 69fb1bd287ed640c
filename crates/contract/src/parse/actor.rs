//! An actor, its keys and its lines.

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::{Fault, Span};
use crate::kind::Kind;
use crate::model::{Actor, Count, Key, Line, Source};
use crate::parse::{Reader, template, values};

/// The instances of closed keys are written out.
const MOST_INSTANCES: usize = 10_000;

impl Reader<'_> {
    /// `NAME [×N] [(keys)]:`
    pub(super) fn actor(&mut self, mut line: Cursor<'_>) -> Parsed<()> {
        let Some((name, span)) = line.name() else {
            let message = "an actor begins with its name";
            return Err(Fault::new(line.here(), message, ""));
        };
        line.skip_blanks();
        let times = line.at();
        let distinct = if line.eat("×") {
            Some((at_least_one(&mut line)?, line.span(times)))
        } else {
            None
        };
        line.skip_blanks();
        let keys = if line.eat("(") {
            keys(&mut line)?
        } else {
            Vec::new()
        };
        line.skip_blanks();
        if !line.eat(":") || !line.rest().trim().is_empty() {
            let message = "an actor is a name, its keys and a colon";
            return Err(Fault::new(line.to_end(), message, "")
                .help("write `worker(i=0..4):`, its lines below it"));
        }
        check_keys(&keys, span, distinct)?;
        self.names.declare(name, span)?;
        self.actor_spans.push(span);
        self.actors.push(Actor {
            name: name.to_owned(),
            keys,
            distinct: distinct.map(|(n, _)| n),
            lines: self.lines.len()..self.lines.len(),
        });
        Ok(())
    }

    /// `[label] [count] | text`
    pub(super) fn line(&mut self, mut line: Cursor<'_>) -> Parsed<()> {
        let Some(actor) = self.actors.last_mut() else {
            return Ok(());
        };
        let source = line.rest().trim_end().to_owned();
        if !source.contains('|') {
            let message = "a line of an actor without a `|`";
            return Err(Fault::new(line.to_end(), message, "")
                .help("write `label | text`, or `| text`"));
        }
        let label = line.name();
        line.skip_blanks();
        let count = count(&mut line)?;
        line.skip_blanks();
        if !line.eat("|") {
            let message = "a label or a count should stand here";
            return Err(Fault::new(line.here(), message, "").help(
                "before the `|` stand a name and `×3`, `×0..2`, `*`, `+` \
                 or `?`, or nothing",
            ));
        }
        line.eat(" ");
        let text = line.to_end();
        let template = template::read(line, &actor.keys)?;
        let names: Vec<&Key> = actor.keys.iter().collect();
        if let Some(key) =
            names.iter().find(|key| template.hole(&key.name).is_none())
        {
            let key = &key.name;
            let message = format!(
                "this line does not show which {} prints it",
                actor.name
            );
            let label = format!("no `{{{key}}}` in it");
            return Err(Fault::new(text, message, label).help(format!(
                "show the key, or put the line into an actor without keys, \
                 with `{{{key}}}` as a hole"
            )));
        }
        let index = self.lines.len();
        if let Some((label, span)) = label {
            self.names.declare(label, span)?;
            self.names.add(label, index);
        }
        self.names.add(&actor.name, index);
        actor.lines.end = index + 1;
        self.line_spans.push(text);
        self.lines.push(Line {
            actor: self.actors.len() - 1,
            label: label.map(|(label, _)| label.to_owned()),
            count,
            template,
            first_alike: index,
            source: Source {
                text: source,
                why: None,
                line: text.line,
            },
        });
        Ok(())
    }
}

/// A number that is not 0.
fn at_least_one(line: &mut Cursor<'_>) -> Parsed<u32> {
    match line.number()? {
        Some((0, span)) => {
            let message = "nothing is printed 0 times";
            Err(Fault::new(span, message, "at least 1"))
        }
        Some((number, _)) => Ok(number),
        None => Err(Fault::new(line.here(), "how many?", "")
            .help("behind a `×` stands a number: `×5` or `×0..2`")),
    }
}

fn count(line: &mut Cursor<'_>) -> Parsed<Count> {
    let start = line.at();
    let (least, most) = if line.eat("*") {
        (0, None)
    } else if line.eat("+") {
        (1, None)
    } else if line.eat("?") {
        (0, Some(1))
    } else if line.eat("×") {
        let mut ahead = line.clone();
        match ahead.number()? {
            Some((least, _)) if ahead.eat("..") => {
                *line = ahead;
                (least, Some(at_least_one(line)?))
            }
            _ => {
                let exactly = at_least_one(line)?;
                (exactly, Some(exactly))
            }
        }
    } else {
        return Ok(Count::ONCE);
    };
    if most.is_some_and(|most| most < least) {
        let message = "this count is empty";
        return Err(Fault::new(line.span(start), message, "")
            .help("write the smaller number first: `×0..2`"));
    }
    Ok(Count { least, most })
}

/// The keys, from behind the opening parenthesis.
fn keys(line: &mut Cursor<'_>) -> Parsed<Vec<Key>> {
    let Some(width) = line.rest().find(')') else {
        let message = "the keys are never closed";
        return Err(Fault::new(line.to_end(), message, "no `)` follows"));
    };
    let end = line.at() + width;
    let mut keys: Vec<Key> = Vec::new();
    loop {
        line.skip_blanks();
        let Some((name, span)) = line.name() else {
            let message = "a key begins with its name";
            return Err(Fault::new(line.here(), message, "")
                .help("write `i=0..4`, `who=Tom Jerry` or `p:pid`"));
        };
        if name == "_" || keys.iter().any(|key| key.name == name) {
            let message = format!("`{name}` cannot be the name of this key");
            return Err(Fault::new(span, message, "give it its own name"));
        }
        line.skip_blanks();
        let comma = line.rest().find(',').map(|width| line.at() + width);
        let stop = comma.filter(|&comma| comma < end).unwrap_or(end);
        let mut inner = line.clone().until(stop);
        keys.push(Key {
            name: name.to_owned(),
            kind: key_kind(&mut inner)?,
        });
        while line.at() < stop {
            line.next_char();
        }
        line.next_char();
        if stop == end {
            return Ok(keys);
        }
    }
}

fn key_kind(inner: &mut Cursor<'_>) -> Parsed<Kind> {
    if inner.rest().trim().is_empty() {
        return Ok(Kind::Text { empty: false });
    }
    let start = inner.at();
    if inner.eat(":") {
        inner.skip_blanks();
        return values::kind(inner);
    }
    if !inner.eat("=") {
        let message = "what is meant by this key?";
        return Err(Fault::new(inner.to_end(), message, "")
            .help("write `i=0..4`, `who=Tom Jerry` or `p:pid`"));
    }
    inner.skip_blanks();
    let kind = values::values(inner)?;
    if matches!(kind, Kind::Counter(_)) {
        let mut span = inner.to_end();
        span.start = start;
        let message = "a key cannot count without end";
        return Err(Fault::new(span, message, "its last value is missing")
            .help("write `i=0..4`, or `i:int` for whatever values appear"));
    }
    Ok(kind)
}

fn check_keys(
    keys: &[Key],
    actor: Span,
    distinct: Option<(u32, Span)>,
) -> Parsed<()> {
    let closed: Vec<usize> = keys
        .iter()
        .filter_map(|key| match &key.kind {
            Kind::OneOf(values) => Some(values.len()),
            _ => None,
        })
        .collect();
    if !closed.is_empty() && closed.len() < keys.len() {
        let message = "keys with known values and open keys do not mix";
        return Err(Fault::new(actor, message, "this actor has both").help(
            "leave the open key out: in the lines it is a hole, which keeps \
             its value within an instance",
        ));
    }
    let product = closed.iter().try_fold(1, |all: usize, &n| {
        all.checked_mul(n).filter(|&all| all <= MOST_INSTANCES)
    });
    if product.is_none() {
        let message = "this actor has too many instances";
        let label = format!("at most {MOST_INSTANCES}");
        return Err(Fault::new(actor, message, label));
    }
    match distinct {
        Some((_, span)) if keys.is_empty() || !closed.is_empty() => {
            let message = "`×` counts the values of an open key";
            Err(Fault::new(span, message, "there is no open key").help(
                "write `worker ×3 (p:pid):`, or count the lines: `×3 | text`",
            ))
        }
        _ => Ok(()),
    }
}
