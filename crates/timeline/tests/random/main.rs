//! What holds for the drawing of any run.

mod traces;

use explore::{Trace, What};
use proptest::prelude::*;
use roxmltree::{Document, Node};
use timeline::{Labels, svg, text};
use traces::traces;
use unicode_width::UnicodeWidthChar;

/// What a drawing may replace, so that it is seen.
fn visible(line: &str) -> String {
    let seen = |c: char| match c {
        '\0'..='\x1f' => {
            char::from_u32(0x2400 + u32::from(c)).expect("a picture")
        }
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fffe}'..='\u{ffff}' => '\u{fffd}',
        _ => c,
    };
    line.chars().map(seen).collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The width of a text in the font of the output, 12 px high.
fn pixels(text: &str) -> f64 {
    let pixels = |c: char| match c.width() {
        None | Some(0) => 0.0,
        Some(1) => 7.2,
        Some(_) => 12.0,
    };
    text.chars().map(pixels).sum()
}

fn printed(trace: &Trace) -> Vec<String> {
    let lines = trace.events.iter().filter_map(|event| match &event.what {
        What::Printed(line) => Some(visible(line)),
        _ => None,
    });
    lines.collect()
}

/// How many printed lines the drawing says that it leaves out.
fn left_out(drawn: &str) -> usize {
    let numbers = drawn.lines().filter_map(|line| {
        let (before, _) = line.split_once(" printed line")?;
        before.rsplit(' ').next()?.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

fn labels() -> Labels {
    Labels {
        title: "<&\"'>\u{0}标题".into(),
        ..Labels::default()
    }
}

fn is(name: &str) -> impl Fn(&Node<'_, '_>) -> bool {
    move |node| node.tag_name().name() == name
}

fn all_text(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    texts.filter_map(|node| node.text()).collect()
}

fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    let value = node.attribute(attribute).expect("it has this attribute");
    value.parse().expect("it is a number")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_svg_is_valid_and_not_too_wide(trace in traces()) {
        let drawn = svg(&trace, &labels());
        let document = Document::parse(&drawn).expect("it is XML");
        let root = document.root_element();
        let width = number(root, "width");
        prop_assert!(width <= 1000.0);
        prop_assert_eq!(root.attribute("role"), Some("img"));
        for node in root.descendants().filter(is("text")) {
            prop_assert!(number(node, "x") < width);
            prop_assert!(number(node, "y") < number(root, "height"));
        }
        let mut ids: Vec<_> =
            root.descendants().filter_map(|node| node.attribute("id")).collect();
        let names = root.attribute("aria-labelledby").unwrap_or_default();
        for id in names.split(' ') {
            prop_assert!(ids.contains(&id), "{} is not there", id);
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), count, "an id is there twice");
    }

    #[test]
    fn the_svg_needs_nothing_from_outside(trace in traces()) {
        let drawn = svg(&trace, &labels());
        let document = Document::parse(&drawn).expect("it is XML");
        for node in document.descendants() {
            let name = node.tag_name().name();
            prop_assert!(!["script", "image", "use", "a"].contains(&name));
            for attribute in node.attributes() {
                prop_assert!(!attribute.name().starts_with("on"));
                prop_assert!(attribute.name() != "href");
            }
        }
        let style = document.descendants().find(is("style"));
        let style = style.map(all_text).unwrap_or_default();
        prop_assert!(!style.contains("@import") && !style.contains("//"));
    }

    #[test]
    fn what_is_printed_ends_before_the_svg_does(trace in traces()) {
        let drawn = svg(&trace, &labels());
        let document = Document::parse(&drawn).expect("it is XML");
        let room = number(document.root_element(), "width");
        let texts = document.descendants().filter(|node| {
            node.attribute("class") == Some("out")
        });
        for node in texts {
            let left = number(node, "x");
            for piece in node.descendants().filter(Node::is_text) {
                let piece = piece.text().unwrap_or_default().trim_end();
                let right = left + pixels(piece);
                prop_assert!(right <= room, "{} > {}: {}", right, room, piece);
            }
        }
    }

    #[test]
    fn every_printed_line_is_in_the_svg(trace in traces()) {
        let drawn = svg(&trace, &labels());
        let document = Document::parse(&drawn).expect("it is XML");
        let shown = document.descendants().filter(|node| {
            node.attribute("class") == Some("out")
        });
        let mut shown: Vec<String> = shown.map(all_text).collect();
        let lines = printed(&trace);
        prop_assert_eq!(shown.len() + left_out(&drawn), lines.len());
        // Those that are shown come in their order.
        shown.reverse();
        for line in lines {
            let fits = |text: &String| match text.strip_suffix('…') {
                Some(start) => line.starts_with(start),
                None => *text == line,
            };
            if shown.last().is_some_and(fits) {
                shown.pop();
            }
        }
        prop_assert_eq!(shown, Vec::<String>::new());
    }

    #[test]
    fn every_task_is_named(trace in traces()) {
        let names = (0..trace.tasks.len()).map(|id| (id, format!("actor{id:02}")));
        let labels = Labels { names: names.clone().collect(), ..labels() };
        let drawing = svg(&trace, &labels);
        let document = Document::parse(&drawing).expect("it is XML");
        let texts = document.descendants().filter(is("text")).map(all_text);
        let texts = texts.collect::<Vec<_>>().join(" ");
        let terminal = text(&trace, &labels);
        for (_, name) in names {
            prop_assert!(texts.contains(&name), "{}", name);
            prop_assert!(terminal.contains(&name), "{}", name);
        }
    }

    #[test]
    fn the_text_is_not_too_wide(trace in traces()) {
        for line in text(&trace, &labels()).lines() {
            prop_assert!(columns(line) <= 100, "{}", line);
            prop_assert!(!line.chars().any(char::is_control), "{}", line);
        }
    }

    #[test]
    fn short_lines_stand_whole_behind_the_lanes(trace in traces()) {
        let drawn = text(&trace, &labels());
        let rows = drawn.lines().filter(|row| row.contains(['┠', '┻']));
        let mut rows = rows.collect::<Vec<_>>().into_iter();
        let mut missing = 0;
        for line in printed(&trace) {
            let line = line.trim_end();
            let plain = line.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
            if !plain || line.is_empty() || line.len() > 24 {
                continue;
            }
            let end = format!(" {line}");
            let before = rows.clone();
            if !rows.any(|row| row.ends_with(&end)) {
                rows = before;
                missing += 1;
            }
        }
        prop_assert!(missing <= left_out(&drawn), "{}", drawn);
    }

    #[test]
    fn a_drawing_depends_on_its_run_only(trace in traces()) {
        prop_assert_eq!(svg(&trace, &labels()), svg(&trace, &labels()));
        prop_assert_eq!(text(&trace, &labels()), text(&trace, &labels()));
    }

    #[test]
    fn a_drawing_is_not_too_long(trace in traces()) {
        let drawn = svg(&trace, &labels());
        let document = Document::parse(&drawn).expect("it is XML");
        let printed = document.descendants().filter(|node| {
            node.attribute("class") == Some("out")
        });
        prop_assert!(printed.count() <= 80);
        prop_assert!(drawn.len() < 200_000, "{} bytes", drawn.len());
    }
}
