//! Watching a run: what is printed, when, and how it ends.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use contract::{Ending, OutputLine, Run, Seen};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::charge;
use crate::family::{Family, Reach, Standstill, start};
use crate::terminal::Terminal;

/// How often the watcher looks for output, which is how exactly it knows when
/// a line was printed.
const GLANCE: u8 = 1;

/// How long a family has to be stuck and silent to count as blocked.
const QUIET: Duration = Duration::from_millis(100);

/// How to watch.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// A run that takes longer is ended.
    pub deadline: Duration,
    /// The pace that the program was told.
    pub pace: f64,
    /// End the run when it is blocked: when all its threads wait for each
    /// other.
    pub until_blocked: bool,
    /// Who has to be gone after the run.
    pub reach: Reach,
}

/// What was seen.
#[derive(Debug)]
pub struct Sight {
    /// What a contract judges.
    pub run: Run,
    /// The processes that were still there afterwards.
    pub left_behind: Vec<String>,
}

/// Runs `command` to its end, as the leader of a process group of its own,
/// without stdin. Its stdout is a terminal, so that in any language a line is
/// out when it is printed.
///
/// # Errors
/// If it cannot be started or its output cannot be read.
pub fn watch(command: &mut Command, how: Watch) -> io::Result<Sight> {
    watch_lines(command, how, &mut |_| {})
}

/// As [`watch`], and tells each line when it comes.
///
/// # Errors
/// As [`watch`].
pub fn watch_lines(
    command: &mut Command,
    how: Watch,
    tell: &mut dyn FnMut(&OutputLine),
) -> io::Result<Sight> {
    let start = Instant::now();
    let (mut child, screen) = spawn(command)?;
    let family = Family::of(child.id(), how.reach);
    let stderr = child.stderr.take();
    let stderr = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut listener = Listener::new(start, tell);
    listener.listen(&screen, family, how)?;
    let ending = end(&mut child, &listener, family, start + how.deadline)?;
    let elapsed = start.elapsed();
    charge::check();
    let left_behind = family.left_behind();
    if how.reach == Reach::Descendants {
        charge::bury();
    }
    let run = Run {
        lines: listener.finish(),
        ending,
        elapsed: Some(elapsed),
        stderr: stderr.join().unwrap_or_default(),
        pace: how.pace,
    };
    Ok(Sight { run, left_behind })
}

/// The program, and where its output can be read.
fn spawn(command: &mut Command) -> io::Result<(Child, File)> {
    let Terminal { screen, stdout } = Terminal::open()?;
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped());
    let child = start(command);
    // The command still holds an end of the terminal, which would not close.
    command.stdout(Stdio::null());
    Ok((child?, screen.into()))
}

/// Waits for the end of the leader, and says how the run ended.
fn end(
    child: &mut Child,
    listener: &Listener<'_>,
    family: Family,
    deadline: Instant,
) -> io::Result<Ending> {
    if let Some(stopped) = listener.stopped {
        interrupt(child, family)?;
        return Ok(stopped);
    }
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(ending(status));
        }
        if Instant::now() > deadline {
            family.signal(Signal::SIGKILL);
            child.wait()?;
            return Ok(Ending::TimedOut);
        }
        thread::sleep(Duration::from_millis(GLANCE.into()));
    }
}

/// Ends the run as Ctrl-C does. Whoever ignores that, as jobs in the background
/// of a script do, is killed.
fn interrupt(child: &mut Child, family: Family) -> io::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(1);

    let start = Instant::now();
    family.signal(Signal::SIGINT);
    while child.try_wait()?.is_none() {
        if start.elapsed() > PATIENCE {
            family.signal(Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(GLANCE.into()));
    }
    Ok(())
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Signaled(signal.unwrap_or_default()),
    }
}

/// Takes the lines as they come.
struct Listener<'a> {
    start: Instant,
    /// When it last looked and nothing was there.
    nothing_at: Duration,
    /// What has come of a line that has not ended yet.
    begun: Vec<u8>,
    lines: Vec<OutputLine>,
    tell: &'a mut dyn FnMut(&OutputLine),
    /// Why it stopped listening before the end of the output.
    stopped: Option<Ending>,
}

impl<'a> Listener<'a> {
    fn new(start: Instant, tell: &'a mut dyn FnMut(&OutputLine)) -> Self {
        Self {
            start,
            nothing_at: Duration::ZERO,
            begun: Vec::new(),
            lines: Vec::new(),
            tell,
            stopped: None,
        }
    }

    fn listen(
        &mut self,
        mut screen: &File,
        family: Family,
        how: Watch,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut stuck: Option<(Standstill, Duration)> = None;
        loop {
            let looked = self.start.elapsed();
            let mut fds = [PollFd::new(screen.as_fd(), PollFlags::POLLIN)];
            if poll(&mut fds, PollTimeout::from(GLANCE))? > 0 {
                let Some(count) = read(&mut screen, &mut buffer)? else {
                    return Ok(());
                };
                self.take(&buffer[..count]);
                stuck = None;
                continue;
            }
            self.nothing_at = looked;
            if looked > how.deadline {
                self.stopped = Some(Ending::TimedOut);
                return Ok(());
            }
            if !how.until_blocked {
                continue;
            }
            let now = family.standstill();
            stuck = match (stuck, now) {
                (Some((before, since)), Some(now)) if before == now => {
                    if looked > since + QUIET {
                        self.stopped = Some(Ending::Blocked);
                        return Ok(());
                    }
                    Some((before, since))
                }
                (_, now) => now.map(|now| (now, looked)),
            };
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let at = Seen {
            after: self.nothing_at,
            by: self.start.elapsed(),
        };
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line(at);
            } else {
                self.begun.push(*byte);
            }
        }
    }

    fn end_line(&mut self, at: Seen) {
        let text = String::from_utf8_lossy(&self.begun).into_owned();
        self.begun.clear();
        let line = OutputLine { text, at: Some(at) };
        (self.tell)(&line);
        self.lines.push(line);
    }

    fn finish(mut self) -> Vec<OutputLine> {
        if !self.begun.is_empty() {
            let by = self.start.elapsed();
            self.end_line(Seen {
                after: self.nothing_at,
                by,
            });
        }
        self.lines
    }
}

/// So many bytes; None: everybody has closed the terminal, or ended.
fn read(screen: &mut &File, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match screen.read(buffer) {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
