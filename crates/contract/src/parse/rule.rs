//! A rule, with the names in it looked up.

use std::time::Duration;

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::{Fault, Span};
use crate::kind::Kind;
use crate::model::{Demand, Line, Lines, Per, Rule, Source, Sum};
use crate::parse::names::Names;

/// The words that rules are made of.
pub(super) const WORDS: [&str; 7] = [
    "per", "usually", "always", "finally", "elapsed", "spread", "before",
];

/// Whether the line is meant as a rule.
pub(super) fn begins(text: &str) -> bool {
    let mut line = Cursor::new(0, text);
    let Some((first, _)) = line.name() else {
        return false;
    };
    if WORDS.contains(&first) {
        return !line.eat(":");
    }
    line.skip_blanks();
    line.name().is_some_and(|(second, _)| second == "before")
}

/// `[usually] [per KEY:] DEMAND # why`
pub(super) fn read(
    line: &Cursor<'_>,
    names: &Names,
    lines: &[Line],
) -> Parsed<Rule> {
    let (mut line, why) = split_why(line)?;
    let source = Source {
        text: line.rest().to_owned(),
        why: Some(why),
        line: line.line(),
    };
    let (usually, per) = prefixes(&mut line)?;
    let start = line.at();
    let demand = demand(&mut line, names)?;
    let span = line.span(start);
    line.skip_blanks();
    if !line.is_done() {
        let message = "the rule should end here";
        return Err(Fault::new(line.to_end(), message, ""));
    }
    let per = match per {
        Some((key, key_span)) => {
            Some(bind(key, key_span, &demand, span, lines)?)
        }
        None => None,
    };
    Ok(Rule {
        source,
        usually,
        per,
        demand,
    })
}

/// The rule and its comment.
fn split_why<'a>(line: &Cursor<'a>) -> Parsed<(Cursor<'a>, String)> {
    let (rule, why) = line.rest().split_once('#').unwrap_or((line.rest(), ""));
    let rule_line = line.clone().until(line.at() + rule.trim_end().len());
    match why.trim() {
        "" => {
            let message = "this rule does not say why it holds";
            Err(Fault::new(rule_line.to_end(), message, "").help(
                "end it with the edge or the bound of the program that makes \
                 it true: `# join`",
            ))
        }
        why => Ok((rule_line, why.to_owned())),
    }
}

type Prefixes<'a> = (bool, Option<(&'a str, Span)>);

/// `usually` and `per KEY:`, in either order, each at most once.
fn prefixes<'a>(line: &mut Cursor<'a>) -> Parsed<Prefixes<'a>> {
    let mut usually = false;
    let mut per = None;
    loop {
        let before = line.clone();
        match line.name() {
            Some(("usually", span)) if usually => {
                let message = "`usually` stands here twice";
                return Err(Fault::new(span, message, ""));
            }
            Some(("usually", _)) => usually = true,
            Some(("per", span)) if per.is_some() => {
                let message = "a rule has one key only";
                return Err(Fault::new(span, message, "the second `per`"));
            }
            Some(("per", _)) => {
                line.skip_blanks();
                let key = line.name();
                line.skip_blanks();
                if key.is_none() || !line.eat(":") {
                    let message = "behind `per` stands a key and a colon";
                    return Err(Fault::new(line.here(), message, "")
                        .help("write `per who: A before B`"));
                }
                per = key;
            }
            _ => {
                *line = before;
                return Ok((usually, per));
            }
        }
        line.skip_blanks();
    }
}

fn demand(line: &mut Cursor<'_>, names: &Names) -> Parsed<Demand> {
    let start = line.clone();
    let Some((word, span)) = line.name() else {
        return Err(no_rule(line));
    };
    line.skip_blanks();
    match word {
        "always" => always(line, names),
        "finally" => {
            let left = sum(line, names)?;
            let exact = line.eat("==");
            if !exact && !line.eat("<=") {
                return Err(comparison(line, "`<=` or `==`"));
            }
            let right = sum(line, names)?;
            Ok(Demand::Finally { left, right, exact })
        }
        "elapsed" => {
            let least = line.eat(">=");
            if !least && !line.eat("<=") {
                return Err(comparison(line, "`>=` or `<=`"));
            }
            let limit = time(line)?;
            Ok(Demand::Elapsed { least, limit })
        }
        "spread" => spread(line, names),
        _ => {
            if !line.eat("before") {
                return Err(no_rule(&start));
            }
            line.skip_blanks();
            before(line, (word, span), names)
        }
    }
}

fn no_rule(line: &Cursor<'_>) -> Fault {
    Fault::new(line.to_end(), "this is not a rule", "").help(
        "a rule is `A before B`, `always sum <= sum`, `finally sum == sum`, \
         `elapsed >= 1 s` or `spread 2 A >= 1 s`",
    )
}

fn comparison(line: &Cursor<'_>, wanted: &str) -> Fault {
    let message = format!("{wanted} should stand here");
    Fault::new(line.here(), message, "")
}

fn before(
    line: &mut Cursor<'_>,
    (name, span): (&str, Span),
    names: &Names,
) -> Parsed<Demand> {
    let first = names.named(name, span)?;
    let start = line.at();
    let then = names.lines(line)?;
    if first.iter().any(|line| then.contains(line)) {
        let message = "no line comes before itself";
        return Err(Fault::new(line.span(start), message, "the same line")
            .also(span, "one of these lines"));
    }
    Ok(Demand::Before { first, then })
}

fn always(line: &mut Cursor<'_>, names: &Names) -> Parsed<Demand> {
    let start = line.at();
    let left = sum(line, names)?;
    if !line.eat("<=") {
        let fault = comparison(line, "`<=`");
        return Err(if line.rest().starts_with("==") {
            fault.help("sums differ while lines are printed: use `finally`")
        } else {
            fault.help("put the smaller sum first: `always eat <= put + 1`")
        });
    }
    let right = sum(line, names)?;
    if left.constant > right.constant {
        let message = "this is false before the first line is printed";
        let (l, r) = (left.constant, right.constant);
        let label = format!("{l} <= {r}");
        return Err(Fault::new(line.span(start), message, label));
    }
    Ok(Demand::Always { left, right })
}

fn spread(line: &mut Cursor<'_>, names: &Names) -> Parsed<Demand> {
    let here = line.here();
    let count = match line.number()? {
        Some((count, _)) if count >= 2 => count as usize,
        _ => {
            let message = "how many consecutive lines?";
            return Err(Fault::new(here, message, "at least 2")
                .help("write `spread 2 acquire >= 1 s`"));
        }
    };
    line.skip_blanks();
    let lines = names.lines(line)?;
    line.skip_blanks();
    if !line.eat(">=") {
        return Err(comparison(line, "`>=`"));
    }
    let limit = time(line)?;
    Ok(Demand::Spread {
        count,
        lines,
        limit,
    })
}

/// `5`, `put`, `3 put`, with `+` and `-` between them.
fn sum(line: &mut Cursor<'_>, names: &Names) -> Parsed<Sum> {
    let mut sum = Sum::default();
    line.skip_blanks();
    let mut sign = if line.eat("-") { -1 } else { 1 };
    loop {
        line.skip_blanks();
        let number = line.number()?.map(|(number, _)| i64::from(number));
        line.skip_blanks();
        match (number, line.rest().chars().next()) {
            (Some(number), Some('+' | '-' | '<' | '=' | '>') | None) => {
                sum.constant += sign * number;
            }
            (factor, _) => {
                let lines = names.lines(line)?;
                sum.terms.push((sign * factor.unwrap_or(1), lines));
            }
        }
        line.skip_blanks();
        sign = if line.eat("+") {
            1
        } else if line.eat("-") {
            -1
        } else {
            return Ok(sum);
        };
    }
}

/// `1 s`, `0.5 s` or `200 ms`.
fn time(line: &mut Cursor<'_>) -> Parsed<Duration> {
    line.skip_blanks();
    let here = line.to_end();
    let number = line.take_while(|c| c.is_ascii_digit() || c == '.');
    line.skip_blanks();
    let unit = match line.name() {
        Some(("s", _)) => Some(1.0),
        Some(("ms", _)) => Some(0.001),
        _ => None,
    };
    number
        .parse::<f64>()
        .ok()
        .zip(unit)
        .and_then(|(n, unit)| Duration::try_from_secs_f64(n * unit).ok())
        .ok_or_else(|| {
            Fault::new(here, "a time is a number and a unit", "")
                .help("write `1 s`, `0.5 s` or `200 ms`")
        })
}

/// Looks the key up in every line that the rule speaks of.
fn bind(
    key: &str,
    key_span: Span,
    demand: &Demand,
    span: Span,
    lines: &[Line],
) -> Parsed<Per> {
    let concerned: Lines = demand.lines();
    if concerned.is_empty() {
        let message = "`per` needs a rule about lines";
        return Err(Fault::new(key_span, message, "")
            .also(span, "this rule speaks of no line"));
    }
    let mut values: Vec<String> = Vec::new();
    for line in concerned.into_iter().map(|index| &lines[index]) {
        let Some(hole) = line.template.hole(key) else {
            let message = format!("not every line of the rule has `{{{key}}}`");
            let number = line.source.line;
            let text = &line.template.source;
            return Err(Fault::new(key_span, message, "")
                .also(span, format!("`{text}` in line {number} has none"))
                .help("a rule with `per` speaks of lines that show the key"));
        };
        if let Kind::OneOf(known) = &hole.kind {
            for value in known {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
        }
    }
    Ok(Per {
        key: key.to_owned(),
        values,
    })
}
