//! What of `check` does not go with `--watch`. It is no conflict of the definition: each is refused with its own next
//! step, and a variable of the environment that is one is left unused.

use super::CheckArgs;

impl CheckArgs {
    /// Why these options do not go with a watch, and what to do; nothing where they do or none is asked for.
    pub fn refused_by_watch(&self) -> Option<String> {
        self.watch?;
        let (with, why) = self.replayed().or_else(|| self.of_one_run()).or_else(|| self.whole_format())?;
        Some(format!("--watch does not go with {with}: {why}"))
    }

    fn replayed(&self) -> Option<(String, String)> {
        let replay = self.replay.as_ref()?.display();
        let why = format!("a saved report does not change; leave --watch out to judge {replay} again");
        Some(("--replay".to_owned(), why))
    }

    fn of_one_run(&self) -> Option<(String, String)> {
        let all = [
            (self.vm_script, "--vm-script", "a script is printed once; leave --watch out"),
            (self.vm_result.is_some(), "--vm-result", "results are those of one moment; leave --watch out"),
            (
                !self.log.is_empty(),
                "--log",
                "a log is held beside one run; leave --watch out, or save the last round with --format json=FILE and use check --replay FILE --log PATH",
            ),
            (
                self.share,
                "--share",
                "it masks one report; save the last round with --format json=FILE and use check --replay FILE --share",
            ),
            (
                self.download_test.is_some(),
                "--download-test",
                "megabytes in every round are a load; run it alone",
            ),
            (
                self.output.output.is_some(),
                "-o",
                "what is told grows line by line, and -o writes a file whole; redirect standard output (> FILE), or write the report of the last round with --format NAME=FILE",
            ),
        ];
        let (_, with, why) = all.into_iter().find(|(is_there, ..)| *is_there)?;
        Some((with.to_owned(), why.to_owned()))
    }

    fn whole_format(&self) -> Option<(String, String)> {
        let bare = self.format.iter().find(|f| f.file.is_none()).map(|f| f.format.name);
        let name = bare.filter(|name| !self.dry_run && !matches!(*name, "text" | "ndjson"))?;
        let why = format!(
            "it tells changes as text or ndjson; write --format {name}=FILE for the report of the last round"
        );
        Some((format!("--format {name}"), why))
    }
}
