//! What checks ask a device for, and what came back: raw, before anything is read out of it.

use std::collections::BTreeMap;

/// Something that a check needs of a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// The text of the files that a path stands for: `{home}` and the like are filled in, `*` in one of its parts
    /// stands for any characters.
    Text(String),
    /// What the files and folders are that a path stands for.
    Files(String),
    /// The output of a tool of the rules, which may be asked about the files that paths stand for.
    Tool(String, Vec<String>),
    /// The variables of the environment of the user.
    Variables,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// It is not on the device.
    Absent,
    /// It could not be asked; why.
    Unknown(String),
}

/// What a tool printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// Its output.
    pub output: String,
    /// What it printed as errors; of a saved output nothing.
    pub errors: String,
    /// Whether it said that it succeeded; so is taken of a saved output.
    pub succeeded: bool,
}

impl Printed {
    /// Output and errors, one after the other.
    pub fn both(&self) -> String {
        format!("{}\n{}", self.output, self.errors)
    }
}

/// A file, as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// Its path, as the device names it.
    pub path: String,
    /// It is a folder.
    pub folder: bool,
    /// Its length, bytes.
    pub bytes: u64,
    /// Whether it may be executed; nothing where that is not known, as in a copy.
    pub executable: Option<bool>,
}

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Its path, as the device names it.
    pub path: String,
    /// Its text, or why it could not be read.
    pub text: Result<String, Missing>,
}

/// Everything that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    pub(super) texts: BTreeMap<String, Vec<TextFile>>,
    pub(super) files: BTreeMap<String, Vec<FileFact>>,
    pub(super) tools: BTreeMap<String, Result<Printed, Missing>>,
    pub(super) variables: Result<BTreeMap<String, String>, Missing>,
    /// Why folders of the user cannot be looked into, where that is so.
    pub(super) denied: Option<String>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            texts: BTreeMap::new(),
            files: BTreeMap::new(),
            tools: BTreeMap::new(),
            variables: Err(Missing::Absent),
            denied: None,
        }
    }
}

impl Answers {
    /// Takes in what came back later.
    pub(super) fn add(&mut self, more: Self) {
        self.texts.extend(more.texts);
        self.files.extend(more.files);
        self.tools.extend(more.tools);
    }

    /// The text files that a path stands for.
    pub fn texts(&self, path: &str) -> &[TextFile] {
        self.texts.get(path).map_or(&[], Vec::as_slice)
    }

    /// The files and folders that a path stands for.
    pub fn files(&self, path: &str) -> &[FileFact] {
        self.files.get(path).map_or(&[], Vec::as_slice)
    }

    /// What a tool printed.
    ///
    /// # Errors
    /// Why there is no answer; a tool that was not asked for is not there.
    pub fn tool(&self, id: &str) -> Result<&Printed, &Missing> {
        self.tools.get(id).map_or(Err(&Missing::Absent), Result::as_ref)
    }

    /// The variables of the environment of the user.
    ///
    /// # Errors
    /// Why they are not known, as in a copy without them and of a user who does not run this.
    pub const fn variables(&self) -> Result<&BTreeMap<String, String>, &Missing> {
        self.variables.as_ref()
    }

    /// Why folders of the user cannot be looked into: that nothing was seen there says nothing.
    pub fn denied(&self) -> Option<&str> {
        self.denied.as_deref()
    }
}
