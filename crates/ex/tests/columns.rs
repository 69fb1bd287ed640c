//! Text in columns.

use ex::columns::align;

fn rows(cells: &[&[&str]]) -> Vec<String> {
    let row = |cells: &&[&str]| cells.iter().map(|&it| it.into()).collect();
    let rows: Vec<Vec<String>> = cells.iter().map(row).collect();
    align(&rows).into_iter().map(|row| row.concat()).collect()
}

#[test]
fn a_chinese_character_takes_two_columns() {
    assert_eq!(
        rows(&[&["锁机制", "Lock", "."], &["Pool", "A", "."]]),
        ["锁机制  Lock  .", "Pool    A     ."]
    );
}

#[test]
fn no_blanks_stand_at_the_end_of_a_row() {
    assert_eq!(rows(&[&["a", "long"], &["b", "c"]]), ["a  long", "b  c"]);
    assert_eq!(rows(&[&["a"], &["b", "c"]]), ["a", "b  c"]);
    assert!(rows(&[]).is_empty());
}
