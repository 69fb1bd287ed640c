//! x
mod ambiguity;
mod cursor;
mod diagnostic;
mod judge;
mod kind;
mod lanes;
mod model;
mod nfa;
mod parse;
mod run;
mod similar;
mod template;
mod verdict;
mod width;
pub use diagnostic::Diagnostic;
pub use model::{Contract, Exit, Source};
pub use run::{Ending, OutputLine, Run};
pub use verdict::{Closest, Kind, Limit, Report, Usual, Verdict, Violation};
