//! The runs written by hand, as they are drawn for a terminal.
//! `UPDATE=1 cargo test -p timeline` writes the drawings anew.

mod fixtures;

use std::fs;
use std::path::Path;

use fixtures::all;

#[test]
fn drawings_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drawings");
    for (name, trace, labels) in all() {
        let path = folder.join(name).with_extension("txt");
        let drawn = timeline::text(&trace, &labels);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &drawn).expect("the drawing can be written");
        }
        let expected = fs::read_to_string(&path).expect("there is a drawing");
        assert!(drawn == expected, "{name}: another drawing\n{drawn}");
    }
}

#[test]
fn the_story_tells_the_run() {
    let (trace, labels) = fixtures::one_child();
    let svg = timeline::svg(&trace, &labels);
    let document = roxmltree::Document::parse(&svg).expect("it is XML");
    let story = document
        .descendants()
        .find(|node| node.tag_name().name() == "desc")
        .and_then(|node| node.text());
    let expected = "At 0 s: main starts child. \
        main prints “子进程 start 之后!”. \
        child prints “Process ID#17378”. \
        main prints “主进程将 join”; main waits in Process.join. \
        child prints “Python will sleep for 5 seconds”; child sleeps 5 s. \
        At 5 s: child prints “子进程17378结束。”; child ends. \
        main joins child. \
        main prints “join 之后!”. \
        main prints “主进程的 ID 是: 12948”. \
        main prints “主进程结束!”; main ends. \
        The run ended after 5 s, with status 0. \
        The scheduler has chosen 6 times.";
    assert_eq!(story, Some(expected));
}
