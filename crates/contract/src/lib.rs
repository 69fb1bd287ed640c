//! The golden of a concurrent program: the set of all its legal outputs.
//!
//! One golden output is not enough for a program of several threads or
//! processes, for most of its lines may come in many orders. A *contract*
//! says who prints which lines, and what must come before what:
//!
//! ```text
//! # five children, all joined
//! main:
//!   wait | wait joining...
//!   end  | 程序结束!
//!
//! worker(i=0..4):
//!        | Worker: {i}
//!
//! worker before end             # join
//! usually wait before worker    # a child needs a moment to start
//! elapsed >= 1 s                # the shortest of the five sleeps
//! ```
//!
//! [`Contract::parse`] reads and checks it, [`Contract::judge`] judges a
//! [`Run`]: data, which may come from a program in any language. The answer
//! is a [`Report`], or a [`Violation`] whose `Display` draws the run:
//!
//! ```
//! use contract::{Contract, Ending, Run, Verdict};
//!
//! let source = "\
//! main:
//!   end | 结束
//! worker(i=0..1):
//!       | Worker: {i}
//! worker before end  # join
//! ";
//! let contract = Contract::parse(source, "join.contract").unwrap();
//! let run = Run::saved("Worker: 1\n结束\nWorker: 0\n", Ending::Exited(0));
//! let Verdict::Broken(violation) = contract.judge(&run) else {
//!     panic!("a worker after the end");
//! };
//! assert_eq!(violation.to_string(), "\
//! violation: `worker before end` is broken
//!
//!       main  worker i=0  worker i=1
//!    1  │     │           Worker: 1
//!  • 2  结束  │           │
//!  ✗ 3  │     Worker: 0   │
//!
//!  • row 2: this line had to wait
//!  ✗ row 3: this line had to come before row 2
//!
//!  rule  worker before end
//!  why   join
//!  at    join.contract:5
//! ");
//! ```
//!
//! # The grammar
//!
//! ```text
//! file    = { "# comment" | explained | header | actor | rule }
//! explained = "# never seen:" A "before" B "# why"
//!         | "# never near:" rule "# why"
//! header  = "run:" flags | "exit:" ( status | "blocked" ) | "stderr:" text
//! actor   = NAME [ "×" N ] [ "(" key { "," key } ")" ] ":"  { line }
//! key     = NAME "=" a ".." b | NAME "=" word { word } | NAME [ ":" type ]
//! line    = INDENT [ LABEL ] [ "×" n | "×" a ".." b | "*" | "+" | "?" ] "|" text
//! hole    = "{" NAME [ ":" type | "=" a ".." [ b ] | "=" word { word } ] "}"
//! type    = "int" | "float" | "pid" | "word" | "text" | "perm(" { item } ")"
//! item    = word | '"' text '"'
//! rule    = { "usually" | "per" NAME ":" } demand "# why"
//! demand  = A "before" B | "always" sum "<=" sum
//!         | "finally" sum ( "<=" | "==" ) sum
//!         | "elapsed" ( ">=" | "<=" ) time | "spread" n A ">=" time
//! sum     = [ "-" ] term { ( "+" | "-" ) term }
//! term    = INTEGER | [ INTEGER ] A
//! time    = NUMBER ( "s" | "ms" )
//! ```
//!
//! `A` and `B` are a label or the name of an actor, which stands for all its
//! lines. Names are letters of any script, digits and `_`. The first comment
//! is the title. A `#` inside the text of a line is text. A rule must say
//! why it holds.
//!
//! # Lines
//!
//! One blank after the `|` belongs to the contract, the rest of the line is
//! the text. Blanks at the end of a line, of the contract or of the output,
//! do not count: nobody sees them.
//!
//! A hole accepts: nothing but its values (`{who=Tom Jerry}`, `{i=0..4}`,
//! both ends included, and `{key}`, a key of the actor); `-?digits` (`int`);
//! `-?digits[.digits][exponent]` (`float`); digits without a leading zero
//! (`pid`); text without white space (`word`); any text (`text`, and `{_}`);
//! some text, but not none (a hole with a name and no type); a whole number
//! that counts up (`{i=0..}`); the items in any order, with `, ` between
//! them (`perm`). `_` is no name, and `{_:int}` is a number that is not
//! looked at. A line that can be split between its holes in several ways is
//! split from left to right: a text takes as little as it can, any other
//! hole as much.
//!
//! No line of output may match two lines of the contract: this is decided
//! exactly when the contract is read, and the message shows a shortest line
//! that would. One exception: the same text may stand at several places of
//! one actor if it is told exactly how often it comes at each. Then counting
//! tells them apart.
//!
//! # Values
//!
//! - Keys choose the instance of an actor, and every line of an actor shows
//!   all its keys. The keys of an actor are all closed (the instances are
//!   known) or all open (an instance is whatever appears). Open keys take
//!   exactly `N` different values after `×N`, else at least one. Instances
//!   whose lines are all optional may be silent.
//! - Any other named hole has one value in all lines of an instance that
//!   come at most once, and wherever it stands twice in one line.
//! - A counter counts by itself for each instance and each combination of
//!   the other named holes of its line, other counters aside.
//! - A `pid` hole is one process for each name and each combination of its
//!   actor's keys, and different processes have different pids. A hole named
//!   like a pid key of an actor is any of that key's values. What is only
//!   a number is an `int`.
//!
//! # Rules
//!
//! - Rules are asked line by line in the order in which they are written; the
//!   first one that is broken is told. At the end of a run comes first how
//!   the program ended, then lines that are missing, then stderr, then the
//!   rules about the end.
//! - `per K: R` is the rule R for each value of the key or hole K, also for
//!   known values that are never printed. All lines in R must show K.
//! - `always` speaks of every prefix of the output, the empty one too.
//! - `elapsed` and `spread` are scaled by the pace of a run, and passed over,
//!   said so, where no times are known. `spread` counts from the earliest
//!   moment at which the first line can have been printed to the latest of
//!   the last ([`Seen`]), so that a slow watcher never breaks it.
//! - A text hole in `stderr:` may span lines. The last newline of stderr does
//!   not count.
//!
//! # What is legal and what is seen
//!
//! [`Contract::legal`] tells how many different outputs a contract allows,
//! and which lines may come in either order. Two outputs are the same if
//! they have the same [`Shape`]: if they differ only in what the contract
//! leaves to the program, as in pids. A [`Coverage`] adds up many runs and
//! tells what of all that none has shown: [`Gap`]s. An order of two lines
//! that never comes should be forbidden, if it is impossible; a limit that
//! no run comes near should be lower. Where it is possible and yet never
//! seen, a comment explains it:
//!
//! ```text
//! # never seen: put2 before got1          # the second put waits for the get
//! # never near: always put - eat <= 3     # only if the consumer is stopped
//! ```
//!
//! For the judge these are comments. But their names must be right, and the
//! rule must stand in the contract in these words; one that is needed no
//! more, because the runs show what it denies, is a gap too. `A` and `B` in
//! it stand for their lines as in a rule, and the lines of two instances show
//! an order as soon as any two of them do.

mod ambiguity;
mod coverage;
mod cursor;
mod diagnostic;
mod explanation;
mod judge;
mod kind;
mod lanes;
mod legal;
mod model;
mod nfa;
mod parse;
mod run;
mod shape;
mod similar;
mod template;
mod verdict;
mod width;

pub use coverage::{Coverage, Gap};
pub use diagnostic::Diagnostic;
pub use explanation::Explanation;
pub use legal::{Count, Legal, Order, Place};
pub use model::{Contract, Exit, Source};
pub use run::{Ending, OutputLine, Run, Seen};
pub use shape::Shape;
pub use verdict::{Closest, Kind, Limit, Report, Usual, Verdict, Violation};
