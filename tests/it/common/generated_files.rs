//! Files of the repository that are generated, and held by a test.

use std::path::Path;

/// Fails where a file of the repository is not what is generated; with `CLEARWAY_UPDATE=1` it is written.
pub fn hold(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        return std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (mut there, mut wanted) = (found.lines(), expected.lines());
    for line in 1.. {
        match (there.next(), wanted.next()) {
            (None, None) => return,
            (a, b) if a == b => {}
            (a, b) => panic!(
                "{file}:{line} is not what is generated; CLEARWAY_UPDATE=1 writes it\n there: {}\nwanted: {}",
                a.unwrap_or("(the end)"),
                b.unwrap_or("(the end)")
            ),
        }
    }
}
