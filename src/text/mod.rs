//! Text, whatever it is about: what of it is seen, lines, lists in English, placeholders and lines of a
//! page. Every room that shows something uses these, so that a character is seen or not seen everywhere.

pub mod answer;
pub mod english;
pub mod glob;
pub mod line;
pub mod page;
pub mod spelled;
pub mod template;
pub mod token;
pub mod visible;
