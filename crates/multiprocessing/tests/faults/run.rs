//! Runs a row in a process of its own, and ends whoever is left of it.

use std::env;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::row::{Had, Row};
use crate::support::put_up_the_board;

/// Makes this program run one row.
pub(crate) const ROW: &str = "FAULTS_ROW";

/// Begins the line that tells what the survivors had.
const HAD: &str = "had";

/// After so long, a row of ours hangs: it ends within a second.
const DEADLINE: Duration = Duration::from_secs(20);

/// So long CPython may take.
const LIMIT: Duration = Duration::from_secs(2);

/// The body of a row's process.
pub(crate) fn as_leader(row: Option<&Row>) {
    set_pdeathsig(Signal::SIGKILL).expect("one may ask for it");
    let row = row.expect("the name is one of the list");
    put_up_the_board();
    let had = (row.run)().expect("the fault can be made");
    println!("{HAD}\t{}\t{}", had.what, had.after.as_micros());
    // Whoever is left ends with the group.
    std::process::exit(0);
}

/// A row, here; an error if it hangs or cannot be made.
pub(crate) fn ours(row: &Row) -> Result<Had, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    // A panic takes its time to write one.
    command.env(ROW, row.name).env_remove("RUST_BACKTRACE");
    watched(command, DEADLINE)?
        .ok_or_else(|| format!("no end within {DEADLINE:?}"))
}

/// A row, in CPython; none if there was no end.
pub(crate) fn cpython(row: &Row) -> Result<Option<Had>, String> {
    let script =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/cpython.py");
    let mut command = Command::new("python3");
    // It shall leave nothing beside the script.
    command.args(["-B", script, row.name]);
    watched(command, LIMIT)
}

/// Runs `command`, at most for `limit`; what it told, and none if it did not
/// end.
fn watched(
    mut command: Command,
    limit: Duration,
) -> Result<Option<Had>, String> {
    let failed = |error: std::io::Error| error.to_string();
    let (mut reader, writer) = std::io::pipe().map_err(failed)?;
    command.stdin(Stdio::null()).process_group(0);
    command.stdout(writer.try_clone().map_err(failed)?);
    command.stderr(writer);
    let mut leader = command.spawn().map_err(failed)?;
    // It holds the other end of the pipe.
    drop(command);
    let status = end_of(&mut leader, limit).map_err(failed)?;
    let group = Pid::from_raw(leader.id().cast_signed());
    // Nobody may be left already.
    let _ = killpg(group, Signal::SIGKILL);
    leader.wait().map_err(failed)?;
    let mut output = String::new();
    reader.read_to_string(&mut output).map_err(failed)?;
    match status {
        None => Ok(None),
        Some(status) => match output.lines().find_map(had) {
            Some(had) if status.success() => Ok(Some(had)),
            _ => Err(format!("{status}:\n{output}")),
        },
    }
}

/// How it ended; none: it takes too long.
fn end_of(
    leader: &mut Child,
    limit: Duration,
) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        let status = leader.try_wait()?;
        if status.is_some() || start.elapsed() > limit {
            return Ok(status);
        }
        sleep(Duration::from_millis(1));
    }
}

fn had(line: &str) -> Option<Had> {
    let (what, micros) = line
        .strip_prefix(HAD)?
        .strip_prefix('\t')?
        .split_once('\t')?;
    let after = Duration::from_micros(micros.parse().ok()?);
    let what = what.into();
    Some(Had { what, after })
}
