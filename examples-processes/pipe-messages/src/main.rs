//! send(obj) 可序列化的对象 · Any object that can be encoded
//!
//! Look at: a message is an object of any type that serde knows. One that
//! cannot be encoded fails in `send`, and nothing is sent.
//!
//!     cargo run -p pipe-messages
//!
//! Python raises `AttributeError` for a function that pickle cannot find by its
//! name. Here such a call does not compile; but the name of a file need not be
//! valid UTF-8, and then it cannot be encoded.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use lesson::{python_bool, seconds};
use multiprocessing::{Error, Pipe};

type Message = ((i32, f64, Option<()>, bool), [u8; 5], String);

fn main() -> lesson::Result {
    lesson::begin!();
    let (conn1, conn2) = Pipe::duplex()?;
    conn2.send(&((1, 2.5, None::<()>, true), b"bytes", "文字"))?;
    let ((one, half, _none, yes), bytes, text): Message = conn1.recv()?;
    let (yes, bytes) = (python_bool(yes), bytes.escape_ascii());
    let a = format!("[{one}, {half}, None, {yes}]");
    println!("{{'a': {a}, 'b': (b'{bytes}', '{text}')}}");

    let no_text = Path::new(OsStr::from_bytes(b"\xff"));
    if let Err(Error::Encode { .. }) = conn2.send(no_text)
        && !conn1.poll(seconds(0))?
    {
        println!("AttributeError");
    }
    Ok(())
}
