//! ThreadLocal 每个线程自己的数据 · Data of each thread's own
//!
//! Look at: one name, `LOCAL_SCHOOL`, and in each thread another value behind
//! it. No function has to be handed the student, and no lock is needed.
//!
//!     cargo run -p thread-local
//!     cargo run -p thread-local -- --main
//!
//! `--main`: a thread does not find what another has set, not even the main
//! thread's.

use std::cell::RefCell;
use std::thread::{self, current};

use lesson::python_bool;

thread_local! {
    // 创建全局 ThreadLocal 对象
    static LOCAL_SCHOOL: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn process_student() {
    // 获取当前线程关联的 student
    let std = LOCAL_SCHOOL.with_borrow(Clone::clone).expect("it is bound");
    let thread = current();
    println!("Hello, {std} (in {})", thread.name().unwrap_or_default());
}

fn process_thread(name: &str) {
    // 绑定 ThreadLocal 的 student
    LOCAL_SCHOOL.set(Some(name.into()));
    process_student();
}

fn hello() -> lesson::Result {
    let named = |name: &str| thread::Builder::new().name(name.into());
    let t1 = named("Thread-A").spawn(|| process_thread("Alice"))?;
    let t2 = named("Thread-B").spawn(|| process_thread("Bob"))?;
    t1.join().expect("process_thread does not panic");
    t2.join().expect("process_thread does not panic");
    Ok(())
}

fn before_and_after(name: &str) {
    let bound = LOCAL_SCHOOL.with_borrow(Option::is_some);
    println!("before: {}", python_bool(bound));
    LOCAL_SCHOOL.set(Some(name.into()));
    println!("after: {}", LOCAL_SCHOOL.take().unwrap_or_default());
}

fn each_its_own() {
    LOCAL_SCHOOL.set(Some("Main".into()));
    for name in ["Alice", "Bob"] {
        let thread = thread::spawn(|| before_and_after(name));
        thread.join().expect("before_and_after does not panic");
    }
    println!("main: {}", LOCAL_SCHOOL.take().unwrap_or_default());
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Show that each thread sees its own value, one thread after the other
    #[arg(long)]
    main: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.main {
        each_its_own();
        return Ok(());
    }
    hello()
}
