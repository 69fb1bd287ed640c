//! Manager 共享的字典和列表 · A dict and a list that processes share
//!
//! Look at: the dict and the list live in a process of their own, the
//! manager; ten children change them through proxies. The order in which they
//! come to it is open; nothing is lost.
//!
//!     cargo run -p manager-dict-list
//!
//! A dict has keys of one type in Rust: `Key` is the number or the string.

use std::fmt;

use indexmap::IndexMap;
use multiprocessing::{DictProxy, ListProxy, Manager, Process};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash)]
enum Key {
    Int(u32),
    Str(String),
}

/// As Python prints it: a string in quotes.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Int(number) => write!(f, "{number}"),
            Key::Str(text) => write!(f, "'{text}'"),
        }
    }
}

fn fun1(
    dic: &DictProxy<Key, char>,
    lis: &ListProxy<u32>,
    index: u32,
) -> lesson::Result {
    dic.set(Key::Int(index), 'a')?;
    dic.set(Key::Str("2".into()), 'b')?;
    lis.append(index)?;
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let manager = Manager::new()?;
    let dic = &manager.dict()?; // 注意字典的声明方式，不能直接通过{}来定义
    let l = &manager.list_from(0..5)?; // [0, 1, 2, 3, 4]

    let mut process_list = Vec::new();
    for i in 0..10 {
        let p = Process::new(move || fun1(dic, l, i));
        p.start()?;
        process_list.push(p);
    }

    for res in &process_list {
        res.join()?;
    }
    println!("{:?}", dic.copy::<IndexMap<_, _>>()?);
    println!("{:?}", l.to_vec()?);
    Ok(())
}
