//! The text of a line: letters, `{holes}` and `{{`, `}}`.

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::Fault;
use crate::kind::Kind;
use crate::model::Key;
use crate::parse::values;
use crate::template::{Content, Hole, Template};

/// Reads the template from the cursor to the end of the line. Blanks at the
/// end do not count: they cannot be seen.
pub(super) fn read(line: Cursor<'_>, keys: &[Key]) -> Parsed<Template> {
    let end = line.at() + line.rest().trim_end().len();
    let mut line = line.until(end);
    let source = line.rest();
    let mut contents = Vec::new();
    let mut literal = String::new();
    loop {
        let start = line.at();
        if line.eat("{{") {
            literal.push('{');
        } else if line.eat("}}") {
            literal.push('}');
        } else if line.eat("}") {
            let message = "a `}` that closes no hole";
            return Err(Fault::new(line.span(start), message, "")
                .help("write `}}` to print a brace"));
        } else if line.eat("{") {
            if !literal.is_empty() {
                contents.push(Content::Literal(std::mem::take(&mut literal)));
            }
            contents.push(Content::Hole(hole(&mut line, keys)?));
        } else if let Some(c) = line.next_char() {
            literal.push(c);
        } else {
            break;
        }
    }
    if !literal.is_empty() {
        contents.push(Content::Literal(literal));
    }
    Ok(Template::new(source, contents))
}

/// Reads a hole, from behind its opening brace.
fn hole(line: &mut Cursor<'_>, keys: &[Key]) -> Parsed<Hole> {
    let open = line.at() - 1;
    let Some(width) = line.rest().find('}') else {
        let message = "a hole that is never closed";
        let mut span = line.to_end();
        span.start = open;
        return Err(Fault::new(span, message, "no `}` follows")
            .help("write `{{` to print a brace"));
    };
    let mut inner = line.clone().until(line.at() + width);
    line.take_while(|c| c != '}');
    line.eat("}");
    let whole = line.span(open);
    inner.skip_blanks();
    let Some((name, span)) = inner.name() else {
        return Err(Fault::new(whole, "a hole begins with a name", "").help(
            "write `{name}`, `{name:int}`, `{_}` for any text, \
             or `{{` to print a brace",
        ));
    };
    inner.skip_blanks();
    let key = keys.iter().find(|key| key.name == name);
    if let (Some(key), false) = (key, inner.is_done()) {
        let name = &key.name;
        let message = format!("`{name}` is a key: its values are known");
        return Err(Fault::new(whole, message, format!("write `{{{name}}}`"))
            .help("to vary it within an instance, give it another name"));
    }
    let kind = if let Some(key) = key {
        key.kind.clone()
    } else if inner.is_done() {
        Kind::Text { empty: name == "_" }
    } else if inner.eat(":") {
        inner.skip_blanks();
        values::kind(&inner)?
    } else if inner.eat("=") {
        inner.skip_blanks();
        values::values(&inner)?
    } else {
        let message = format!("what is meant by the hole `{name}`?");
        let mut rest = span;
        rest.start = inner.at();
        rest.end = whole.end - 1;
        return Err(Fault::new(rest, message, "`:`, `=` or `}` expected")
            .help("write `{name}`, `{name:int}` or `{name=Tom Jerry}`"));
    };
    Ok(Hole {
        name: (name != "_").then(|| name.to_owned()),
        kind,
    })
}
