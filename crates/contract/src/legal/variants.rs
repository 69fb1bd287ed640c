//! The different texts of a line, as far as its closed values go.

use crate::kind::Kind;
use crate::legal::{Count, Walked};
use crate::model::{Contract, Line};
use crate::template::{Content, Hole};

/// So many texts of one line are looked at.
const MOST_TEXTS: usize = 10_000;
/// A permutation whose order matters to other lines is written out.
const MOST_ITEMS: usize = 6;
/// Fits into every open hole and every counter.
const ANY: &str = "7";

/// The named values of one text, and how many texts have them.
pub(super) type Variant = (Vec<(String, String)>, u128);

/// All variants of a line; `matters` tells which names are asked for. The
/// values of other holes only make the variant stand for more texts.
pub(super) fn variants(
    contract: &Contract,
    line: &Line,
    matters: impl Fn(&str) -> bool,
) -> Walked<Vec<Variant>> {
    let mut all = vec![Vec::new()];
    let mut orders = 1_u128;
    for hole in line.template.holes() {
        let name = hole.name.as_deref().unwrap_or_default();
        let asked = !name.is_empty() && matters(name);
        let choices = match &kind_of(line, hole) {
            Kind::OneOf(words) => words.clone(),
            Kind::Perm(items) => {
                decodable(items, contract, line)?;
                if asked {
                    all_orders(items, contract, line)?
                } else {
                    orders = orders.saturating_mul(different_orders(items));
                    vec![items.join(", ")]
                }
            }
            _ => vec![ANY.to_owned()],
        };
        all = longer(&all, hole, &choices);
        if all.len() > MOST_TEXTS {
            return Err(uncounted(contract, line, "has too many texts"));
        }
    }
    let mut variants = Vec::new();
    for values in all {
        let texts: Vec<&str> = values.iter().map(|(_, v)| &**v).collect();
        let Some(read) = read(line, &texts) else {
            continue;
        };
        if read != texts {
            let why = "can be split between its holes in several ways";
            return Err(uncounted(contract, line, why));
        }
        let named = values.into_iter().filter_map(|(hole, value)| {
            let name = hole.name.as_ref().filter(|name| matters(name))?;
            let closed = is_closed(&kind_of(line, hole));
            closed.then(|| (name.clone(), value))
        });
        variants.push((named.collect(), orders));
    }
    Ok(variants)
}

pub(super) fn is_closed(kind: &Kind) -> bool {
    matches!(kind, Kind::OneOf(_) | Kind::Perm(_))
}

/// What the hole accepts; if its name stands in the line twice, a closed kind
/// holds for both places.
fn kind_of(line: &Line, hole: &Hole) -> Kind {
    let name = hole.name.as_ref();
    let mut same = line.template.holes().filter(|other| {
        name.is_some() && other.name.as_ref() == name && is_closed(&other.kind)
    });
    same.next().unwrap_or(hole).kind.clone()
}

type Values<'c> = Vec<(&'c Hole, String)>;

/// Each of the values with each choice for the hole behind it; a hole whose
/// name has a value already has no choice.
fn longer<'c>(
    all: &[Values<'c>],
    hole: &'c Hole,
    choices: &[String],
) -> Vec<Values<'c>> {
    let mut result = Vec::new();
    for values in all {
        let same = values
            .iter()
            .find(|(other, _)| hole.name.is_some() && other.name == hole.name);
        let choices = match same {
            Some((_, value)) => std::slice::from_ref(value),
            None => choices,
        };
        for choice in choices {
            let mut values = values.clone();
            values.push((hole, choice.clone()));
            result.push(values);
        }
    }
    result
}

/// The values as the judge reads them from the text; None if it is no text of
/// this line.
fn read(line: &Line, values: &[&str]) -> Option<Vec<String>> {
    let text = line.template.build(values);
    let parts = line.template.split(&text)?;
    let holes = parts.into_iter().filter_map(|(content, value)| {
        matches!(content, Content::Hole(_)).then_some(value)
    });
    Some(holes.collect())
}

/// Two orders of items may give one text only if an item looks like two.
fn decodable(items: &[String], contract: &Contract, line: &Line) -> Walked<()> {
    if items.iter().any(|item| item.contains(", ")) {
        let why = "has a perm with `, ` inside an item";
        return Err(uncounted(contract, line, why));
    }
    Ok(())
}

fn different_orders(items: &[String]) -> u128 {
    let factorial = |n: usize| (1..=n as u128).product::<u128>();
    let mut left = items.to_vec();
    left.sort_unstable();
    let alike = left.chunk_by(|a, b| a == b).map(<[String]>::len);
    alike.fold(factorial(items.len()), |all, n| all / factorial(n))
}

fn all_orders(
    items: &[String],
    contract: &Contract,
    line: &Line,
) -> Walked<Vec<String>> {
    if items.len() > MOST_ITEMS {
        let why = "has a long perm whose order other lines depend on";
        return Err(uncounted(contract, line, why));
    }
    let mut all = orders_of(items);
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn orders_of(items: &[String]) -> Vec<String> {
    if let [item] = items {
        return vec![item.clone()];
    }
    let firsts = items.iter().enumerate();
    let orders = firsts.flat_map(|(at, first)| {
        let mut rest = items.to_vec();
        rest.remove(at);
        let rest = orders_of(&rest).into_iter();
        rest.map(move |rest| format!("{first}, {rest}"))
    });
    orders.collect()
}

fn uncounted(contract: &Contract, line: &Line, why: &str) -> Count {
    let actor = &contract.actors[line.actor].name;
    Count::Uncounted(format!("`{}` of {actor} {why}", line.name()))
}
