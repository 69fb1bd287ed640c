//! What there may be too little of, and what to do then.
//!
//! The system tells a number (`EMFILE`), and the same one for several things;
//! who reads an error wants to know which limit it was, and how to raise it.

use std::io;

use rustix::io::Errno;

const ADVICE: &[(Errno, &str)] = &[
    (
        Errno::MFILE,
        "the process may not have more descriptors: close some, or raise \
         RLIMIT_NOFILE (ulimit -n)",
    ),
    (
        Errno::NFILE,
        "the system has no more descriptors: raise the sysctl fs.file-max",
    ),
    (
        Errno::TOOMANYREFS,
        "too many descriptors have been sent and not received: receive some, \
         or raise RLIMIT_NOFILE (ulimit -n)",
    ),
    (
        Errno::AGAIN,
        "the user may not have more processes and threads: end some, or raise \
         RLIMIT_NPROC (ulimit -u), or pids.max of a container; a thread needs \
         memory for its stack as well (RLIMIT_AS)",
    ),
    (
        Errno::NOMEM,
        "there is no memory for it: use less, or raise RLIMIT_AS (ulimit -v), \
         or the limit of a container",
    ),
    (
        Errno::NOSPC,
        "the file system is full: remove what is not needed, or enlarge it \
         (/dev/shm of a container: --shm-size)",
    ),
    (
        Errno::DQUOT,
        "the user's share of the file system is full: remove what is not \
         needed, or raise the quota",
    ),
    (
        Errno::FBIG,
        "a file may not be as large: raise RLIMIT_FSIZE (ulimit -f)",
    ),
];

/// The end of an error's text: which limit was met, and what to do.
pub(crate) fn advice(source: &io::Error) -> String {
    let errno = Errno::from_io_error(source);
    let found = ADVICE.iter().find(|(of, _)| Some(*of) == errno);
    found.map_or_else(String::new, |(_, text)| format!("; {text}"))
}
