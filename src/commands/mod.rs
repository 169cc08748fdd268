//! One file per subcommand: wires the rooms together and decides nothing itself.
