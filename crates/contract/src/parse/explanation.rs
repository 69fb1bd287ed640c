//! `# never seen: A before B # why` and `# never near: RULE # why`: comments
//! with a meaning.

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::Fault;
use crate::explanation::{Claim, Explanation};
use crate::model::{Rule, Source};
use crate::parse::names::Names;
use crate::similar;

const SEEN: &str = "never seen:";
const NEAR: &str = "never near:";

/// Whether the comment, behind its `#`, explains something.
pub(super) fn begins(comment: &str) -> bool {
    comment.starts_with(SEEN) || comment.starts_with(NEAR)
}

/// Reads it from behind the `#`.
pub(super) fn read(
    line: &Cursor<'_>,
    names: &Names,
    rules: &[Rule],
) -> Parsed<Explanation> {
    let (claim, why) = line.rest().split_once('#').unwrap_or((line.rest(), ""));
    let why = why.trim();
    let mut line = line.clone().until(line.at() + claim.trim_end().len());
    if why.is_empty() {
        let message = "this does not say why it is so";
        return Err(Fault::new(line.to_end(), message, "")
            .help("end it with the reason: `# the buffer has one slot`"));
    }
    let source = Source {
        text: line.rest().to_owned(),
        why: Some(why.to_owned()),
        line: line.line(),
    };
    let claim = if line.eat(SEEN) {
        unseen(&mut line, names)?
    } else {
        line.eat(NEAR);
        line.skip_blanks();
        far(&line, rules)?
    };
    Ok(Explanation { source, claim })
}

fn unseen(line: &mut Cursor<'_>, names: &Names) -> Parsed<Claim> {
    line.skip_blanks();
    let first = names.lines(line)?;
    line.skip_blanks();
    if !line.eat("before") {
        let message = "`before` should stand here";
        return Err(Fault::new(line.here(), message, "")
            .help("write `# never seen: A before B  # why`"));
    }
    line.skip_blanks();
    let then = names.lines(line)?;
    line.skip_blanks();
    if !line.is_done() {
        let message = "the comment should go on with its reason here";
        return Err(Fault::new(line.to_end(), message, "")
            .help("write `# never seen: A before B  # why`"));
    }
    Ok(Claim::Unseen { first, then })
}

/// The rule with this text, blanks aside.
fn far(line: &Cursor<'_>, rules: &[Rule]) -> Parsed<Claim> {
    let wanted = line.rest();
    let limits = rules.iter().filter(|it| !it.usually && it.is_limit());
    let mut same = limits.clone().filter(|rule| {
        rule.source
            .text
            .split_whitespace()
            .eq(wanted.split_whitespace())
    });
    if let Some(rule) = same.next() {
        let rule = rule.source.line;
        return Ok(Claim::Far { rule });
    }
    let message = "this is not a rule with a bound";
    let texts = limits.map(|rule| rule.source.text.as_str());
    let label = match similar::nearest(wanted, texts) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "no rule of this contract reads so".into(),
    };
    Err(Fault::new(line.to_end(), message, label))
}
