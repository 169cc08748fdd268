//! A text of the rules. What the build compiled is borrowed from the program itself: reading a part of the rules neither
//! copies nor checks its texts, which are most of it. What a folder of rules says is owned.

use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use borsh::{BorshDeserialize, BorshSerialize, io};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that a rule says.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Cow<'static, str>);

/// All texts of the rules built in, one after another.
const COMPILED: &str = rules_words!();

thread_local! {
    /// What [`Word::serialize`] has written since [`collected`] began.
    static WRITTEN: RefCell<Written> = RefCell::default();
}

#[derive(Default)]
struct Written {
    text: String,
    places: HashMap<String, u32>,
}

/// What `write` gives, and the texts that it refers to, each once: what stands in the program as [`COMPILED`].
pub(super) fn collected<T>(write: impl FnOnce() -> T) -> (T, String) {
    WRITTEN.take();
    let result = write();
    (result, WRITTEN.take().text)
}

impl Word {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BorshSerialize for Word {
    /// Writes where the text stands among those that were written (the upper half of a number), and its length (the
    /// lower half); both in bytes.
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let place = WRITTEN.with_borrow_mut(|written| {
            if let Some(place) = written.places.get(&**self) {
                return Ok(*place);
            }
            let place = u32::try_from(written.text.len()).map_err(io::Error::other)?;
            written.text.push_str(self);
            written.places.insert(self.to_string(), place);
            Ok::<u32, io::Error>(place)
        })?;
        let length = u32::try_from(self.len()).map_err(io::Error::other)?;
        BorshSerialize::serialize(&(u64::from(place) << 32 | u64::from(length)), writer)
    }
}

impl BorshDeserialize for Word {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        // One read for both: most of what is read are words.
        let both = u64::deserialize_reader(reader)?;
        let [begin, length] = [both >> 32, both & u64::from(u32::MAX)].map(|n| n as usize);
        let text = COMPILED.get(begin..begin.saturating_add(length));
        let text = text.ok_or_else(|| io::Error::other("a text that is not among those of the rules"))?;
        Ok(Self(Cow::Borrowed(text)))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Word {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<Path> for Word {
    fn as_ref(&self) -> &Path {
        Path::new(&**self)
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0.into_owned()
    }
}

impl From<&Word> for String {
    fn from(word: &Word) -> Self {
        word.to_string()
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<String> for Word {
    fn eq(&self, other: &String) -> bool {
        **self == **other
    }
}

impl PartialEq<Word> for str {
    fn eq(&self, other: &Word) -> bool {
        *self == **other
    }
}

impl PartialEq<Word> for &str {
    fn eq(&self, other: &Word) -> bool {
        **self == **other
    }
}

impl PartialEq<Word> for String {
    fn eq(&self, other: &Word) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer).map(Self::from)
    }
}

/// The texts of words, for what takes a list of texts.
pub(crate) fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(String::from).collect()
}

/// Whether a list of words has a text.
pub(crate) fn has(words: &[Word], text: &str) -> bool {
    words.iter().any(|word| word == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_text_is_kept_once_and_is_told_by_its_place() {
        let words: [Word; 3] = ["a".into(), "bc".into(), "a".into()];
        let (bytes, text) = collected(|| borsh::to_vec(&words).unwrap());
        assert_eq!(text, "abc");
        let places: [u64; 3] = borsh::from_slice(&bytes).unwrap();
        assert_eq!(places, [1, 1 << 32 | 2, 1]);
    }

    #[test]
    fn what_the_build_compiled_is_borrowed() {
        let words: Vec<Word> = vec!["inference".into()];
        let (_, text) = collected(|| borsh::to_vec(&words).unwrap());
        assert_eq!(text, "inference");
        let begin = COMPILED.find("inference").unwrap() as u64;
        let read: Word = borsh::from_slice(&(begin << 32 | 9).to_le_bytes()).unwrap();
        assert!(read == "inference" && matches!(read.0, Cow::Borrowed(_)));
    }

    #[test]
    fn a_place_that_is_none_is_refused() {
        let end = COMPILED.len() as u64;
        for place in [end << 32 | 1, end, u64::MAX] {
            let read = borsh::from_slice::<Word>(&place.to_le_bytes());
            assert_eq!(read.is_ok(), place == end, "{place}");
        }
    }
}
