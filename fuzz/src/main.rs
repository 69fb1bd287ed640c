//! libFuzzer with one target, whose name is in the environment variable
//! `TARGET`. `scripts/fuzz` builds it, and runs it.

#![cfg_attr(fuzzing, no_main)]
// The macro exports a function to libFuzzer, by name.
#![cfg_attr(fuzzing, allow(unsafe_code))]

#[cfg(fuzzing)]
mod engine {
    use std::sync::LazyLock;
    use std::{env, fs};

    use fuzz::CONTRACTS;
    use hostile::Target;
    use multiprocessing::TARGETS;

    static TARGET: LazyLock<Target> = LazyLock::new(|| {
        let name = env::var("TARGET").expect("scripts/fuzz sets it");
        let mut targets = TARGETS.iter().chain([&CONTRACTS]);
        let target = targets.find(|target| target.name == name);
        *target.expect("it is the name of a target")
    });

    /// Writes the target's seeds into the folder `SEEDS`.
    fn begin() {
        let folder = env::var("SEEDS").expect("scripts/fuzz sets it");
        for (number, seed) in (TARGET.seeds)().iter().enumerate() {
            let path = format!("{folder}/seed-{number}");
            fs::write(path, seed).expect("the disk has room");
        }
    }

    libfuzzer_sys::fuzz_target!(
        init: begin(),
        |input: &[u8]| (TARGET.run)(input)
    );
}

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("it is built with libFuzzer by scripts/fuzz");
}
