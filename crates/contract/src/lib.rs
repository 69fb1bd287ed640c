//! x
mod ambiguity;
mod cursor;
mod diagnostic;
mod kind;
mod model;
mod nfa;
mod parse;
mod similar;
mod template;
mod width;
pub use diagnostic::Diagnostic;
pub use model::{Contract, Exit, Source};
