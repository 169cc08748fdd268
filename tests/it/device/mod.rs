//! `clearway device`: states of devices of every platform, and the real command on this one.

mod command;
mod states;
