//! Text that people read: what may be shown of it.

pub mod visible;
