//! All network I/O: carries out a plan and records what it saw. Holds no opinions.
