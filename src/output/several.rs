//! One result in several formats, each to its own place.

use std::path::{Path, PathBuf};

use super::{Destination, Readers};
use crate::cli::{FormatTo, OutputArgs};
use crate::failure::Failure;
use crate::report::Style;
use crate::report::check::Format;

/// One format of a report, and where it goes.
#[derive(Debug)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// How text is laid out there.
    pub style: Style,
    /// The file; none for standard output.
    pub file: Option<PathBuf>,
    destination: Destination,
}

impl Output {
    /// Opens every place before the work is done. The one of standard output is the last: what can be missing is
    /// written first.
    ///
    /// # Errors
    /// When two formats go to one place, one format is named twice, or a place cannot be opened.
    pub fn open(formats: &[FormatTo], args: &OutputArgs) -> Result<Vec<Self>, Failure> {
        let bare: Vec<&FormatTo> = formats.iter().filter(|f| f.file.is_none()).collect();
        if let [first, second, ..] = bare.as_slice() {
            let place =
                args.output.as_ref().map_or("standard output".to_owned(), |o| o.display().to_string());
            return Err(Failure::Usage(format!(
                "--format {} and --format {} both go to {place}; give one of them a file: --format {1}=FILE",
                first.format.name, second.format.name,
            )));
        }
        if let (Some(output), [], Some(first)) = (&args.output, bare.as_slice(), formats.first()) {
            return Err(Failure::Usage(format!(
                "-o {}: no format goes there, for --format {} names a file of its own; leave -o out, or add --format NAME",
                output.display(),
                first.format.name,
            )));
        }
        for (at, one) in formats.iter().enumerate() {
            if formats[..at].iter().any(|other| other.format.name == one.format.name) {
                return Err(Failure::Usage(format!(
                    "--format {} is given twice; a format is written once",
                    one.format.name
                )));
            }
        }
        let file = |one: &FormatTo| one.file.clone().or_else(|| args.output.clone());
        let mut places: Vec<(PathBuf, &str)> = Vec::new();
        for one in formats {
            let Some(file) = file(one) else { continue };
            let place = place(&file);
            if let Some((_, other)) = places.iter().find(|(other, _)| *other == place) {
                return Err(Failure::Usage(format!(
                    "--format {other} and --format {} both go to {}; give each a file of its own",
                    one.format.name,
                    file.display()
                )));
            }
            places.push((place, one.format.name));
        }
        let mut outputs: Vec<Self> = Vec::new();
        for one in formats {
            let file = file(one);
            let readers = if one.format.for_collectors { Readers::Usual } else { Readers::OwnerOfNew };
            let destination = file
                .as_deref()
                .map_or_else(|| Ok(Destination::standard()), Destination::file)?
                .for_readers(readers);
            outputs.push(Self { format: one.format, style: destination.style(args), file, destination });
        }
        outputs.sort_by_key(|o| o.file.is_none());
        Ok(outputs)
    }

    /// Writes the whole rendering.
    ///
    /// # Errors
    /// As [`Destination::write`].
    pub fn write(self, text: &str) -> Result<(), Failure> {
        self.destination.write(text.as_bytes())
    }
}

/// The file by its folder's real name, so that two spellings of one file are seen as one.
fn place(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    file.file_name().map_or_else(|| file.to_owned(), |name| folder.join(name))
}
