//! `run:`, `exit:` and `stderr:`.

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::Fault;
use crate::model::Exit;
use crate::parse::template;
use crate::similar;
use crate::template::Template;

const HEADERS: [&str; 3] = ["run", "exit", "stderr"];

#[derive(Default)]
pub(super) struct Headers {
    pub(super) flags: Option<Vec<String>>,
    pub(super) exit: Option<Exit>,
    pub(super) stderr: Option<Template>,
}

impl Headers {
    /// Reads the line, if it is a header.
    pub(super) fn read(&mut self, line: &Cursor<'_>) -> Parsed<bool> {
        let mut line = line.clone();
        let Some((name, span)) = line.name() else {
            return Ok(false);
        };
        if !line.eat(":") {
            return Ok(false);
        }
        line.skip_blanks();
        let twice = match name {
            "run" => self.flags.is_some(),
            "exit" => self.exit.is_some(),
            "stderr" => self.stderr.is_some(),
            _ if line.is_done() => return Ok(false),
            _ => {
                let message = format!("`{name}:` is not a header");
                let label = match similar::nearest(name, HEADERS) {
                    Some(meant) => format!("did you mean `{meant}:`?"),
                    None => "the headers are run:, exit: and stderr:".into(),
                };
                return Err(Fault::new(span, message, label).help(
                    "an actor's lines stand below it, indented: \
                     `  label | text`",
                ));
            }
        };
        if twice {
            let message = format!("the header `{name}:` stands here again");
            return Err(Fault::new(span, message, "one is enough"));
        }
        match name {
            "run" => {
                let words = line.rest().split_whitespace();
                self.flags = Some(words.map(str::to_owned).collect());
            }
            "exit" => self.exit = Some(exit(&line)?),
            _ => self.stderr = Some(template::read(line, &[])?),
        }
        Ok(true)
    }
}

fn exit(line: &Cursor<'_>) -> Parsed<Exit> {
    let text = line.rest().trim_end();
    if text == "blocked" {
        return Ok(Exit::Blocked);
    }
    match text.parse::<u8>() {
        Ok(code) => Ok(Exit::Code(code.into())),
        Err(_) => Err(Fault::new(
            line.to_end(),
            "`exit:` wants a status from 0 to 255, or `blocked`",
            "",
        )),
    }
}
