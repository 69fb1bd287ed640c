//! What a reader may call an example, and which one is meant.

use std::error::Error;

use ex::catalogue::{Example, examples};
use ex::names::{Unclear, find};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

fn found(wanted: &str) -> Result<String> {
    let examples = examples()?;
    Ok(find(&examples, wanted)?.package.clone())
}

/// The beginnings of what is told instead.
fn several(wanted: &str) -> Result<Vec<String>> {
    match find(&examples()?, wanted).map(Example::short_name) {
        Err(Unclear::Several { found, .. }) => Ok(names(&found)),
        other => Err(format!("{wanted}: {other:?}").into()),
    }
}

fn nearest(wanted: &str) -> Result<Vec<String>> {
    match find(&examples()?, wanted).map(Example::short_name) {
        Err(Unclear::Nothing { nearest, .. }) => Ok(names(&nearest)),
        other => Err(format!("{wanted}: {other:?}").into()),
    }
}

fn names(described: &[String]) -> Vec<String> {
    let names = described.iter().filter_map(|it| it.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn a_number_may_be_written_in_many_ways() -> Result {
    let ways = [
        "3-1", "3.1", "3-01", "ex3-1", "EX3-1", "例3-1", "例 3-1", " 3-1 ",
    ];
    for wanted in ways {
        assert_eq!(found(wanted)?, "ex3-1", "{wanted}");
    }
    assert_eq!(found("3-10")?, "ex3-10");
    assert_eq!(found("ex3-01-create-process")?, "ex3-1");
    Ok(())
}

#[test]
fn an_example_without_a_number_has_a_name() -> Result {
    assert_eq!(found("thread-local")?, "thread-local");
    assert_eq!(found("ThreadLocal")?, "thread-local");
    assert_eq!(found("queue(1)")?, "queue-of-one");
    Ok(())
}

#[test]
fn words_of_a_title_are_enough_in_either_language() -> Result {
    assert_eq!(found("semaphore")?, "ex3-7");
    assert_eq!(found("SHARED var")?, "ex3-4");
    assert_eq!(found("信号")?, "ex3-7");
    assert_eq!(found("生产者-消费者模型")?, "ex3-9");
    Ok(())
}

#[test]
fn the_middle_of_an_english_word_is_no_word() -> Result {
    for wanted in ["hread", "ool", "1"] {
        assert!(find(&examples()?, wanted).is_err(), "{wanted}");
    }
    Ok(())
}

#[test]
fn who_may_mean_several_is_told_which() -> Result {
    assert_eq!(several("create")?, ["3-1", "3-2", "3-11"]);
    let queues = several("队列")?;
    for name in ["3-6", "queue-of-one"] {
        assert!(queues.iter().any(|it| it == name), "{queues:?}");
    }
    Ok(())
}

#[test]
fn a_whole_title_means_its_example_though_others_have_its_words() -> Result {
    assert_eq!(found("lock")?, "ex3-8");
    assert_eq!(found("create a thread")?, "ex3-11");
    Ok(())
}

#[test]
fn the_three_nearest_are_told_of_a_name_that_is_none() -> Result {
    assert_eq!(nearest("semafore")?[0], "3-7");
    assert_eq!(nearest("tread-local")?[0], "thread-local");
    assert_eq!(nearest("3-77")?[0], "3-7");
    assert_eq!(nearest("信好量")?[0], "3-7");
    assert_eq!(nearest("x")?.len(), 3);
    Ok(())
}
