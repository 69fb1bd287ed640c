//! openssl 三个 openssl 子进程 · Three openssl children over pipes
//!
//! Look at: the three children run at the same time, while the parent goes on;
//! what each has made of its input is read afterwards.
//!
//!     cargo run -p subprocess-openssl
//!     cargo run -p subprocess-openssl -- --plain
//!
//! `--plain`: the text names no cipher, and openssl copies what it is given.

use std::array::from_fn;
use std::io::{self, Write};
use std::process::{Child, Command, ExitCode, Stdio};

use lesson::{python_bool, randint};

const PASSWORD: &str = "zf7ShyBhZOraQDdE/FiZpm/m/8f9X+M1";

fn run_encrypt(data: &[u8], options: &[&str]) -> io::Result<Child> {
    let mut proc = Command::new("openssl")
        .args(["enc", "-pbkdf2", "-pass", "env:password"])
        .args(options)
        .env("password", PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(stdin) = &mut proc.stdin {
        stdin.write_all(data)?;
    }
    Ok(proc)
}

fn encrypt_three(plain: bool) -> io::Result<()> {
    let options: &[_] = if plain { &[] } else { &["-aes-256-cbc"] };
    let mut procs = Vec::new();
    for _ in 0..3 {
        let data: [u8; 10] =
            from_fn(|_| u8::try_from(randint(0, 255)).expect("a byte"));
        procs.push((data, run_encrypt(&data, options)?));
    }
    for (data, proc) in procs {
        let out = proc.wait_with_output()?.stdout;
        println!("b'{}'", out[out.len().saturating_sub(10)..].escape_ascii());
        if plain {
            let same = python_bool(out == data);
            println!("len {} same as the input: {same}", out.len());
            continue;
        }
        let decrypt = run_encrypt(&out, &["-aes-256-cbc", "-d"])?;
        let back = python_bool(decrypt.wait_with_output()?.stdout == data);
        let salt = out.get(..8).unwrap_or(&out).escape_ascii();
        println!("len {} b'{salt}' round trip: {back}", out.len());
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Name no cipher
    #[arg(long)]
    plain: bool,
}

fn main() -> ExitCode {
    let flags = lesson::begin!(Flags);
    if let Err(error) = encrypt_three(flags.plain) {
        eprintln!("cannot talk to openssl: {error}; is it installed?");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
