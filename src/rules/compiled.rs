//! The rules built in, as `build.rs` compiled them. It reads and checks `rules/` with this very code, and writes each
//! part of [`Rules`] down as it is in memory after its checks: the program reads lengths and bytes, no words of a
//! language, and repeats no check that the build has made; texts ([`word::Word`]) it does not even copy. The form has no
//! promise beyond one build.

use borsh::{BorshDeserialize, BorshSerialize, io};

use super::data::DataError;
use super::{Rules, word};

/// A part that `build.rs` wrote.
///
/// # Errors
/// When the bytes are not what this build writes; a test excludes that for every part.
pub(super) fn read<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, DataError> {
    borsh::from_slice(bytes).map_err(|error| DataError::Content {
        file: "a compiled part of the rules".to_owned(),
        reason: format!("{error}; build the program anew"),
    })
}

/// A list of large things, at once as long as it is: a foreign length would not be trusted so, but this one is the build's.
pub(super) fn list<T: BorshDeserialize>(reader: &mut impl io::Read) -> io::Result<Vec<T>> {
    let length = u32::deserialize_reader(reader)? as usize;
    let mut list = Vec::with_capacity(length);
    for _ in 0..length {
        list.push(T::deserialize_reader(reader)?);
    }
    Ok(list)
}

impl Rules {
    /// Every part under the name by which the program asks for it, in the form that it reads.
    ///
    /// # Errors
    /// When a part holds what is never compiled: a secret, or a default that is not a scalar.
    pub fn compile(&self) -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
        fn part<T: BorshSerialize>(name: &'static str, part: &T) -> std::io::Result<(&'static str, Vec<u8>)> {
            Ok((name, borsh::to_vec(part)?))
        }
        let (parts, words) = word::collected(|| {
            Ok::<_, std::io::Error>(vec![
                part("pack", &*self.pack)?,
                part("lints", &*self.pack.lints)?,
                part("services", &*self.services)?,
                part("codes", &*self.codes)?,
                part("symptoms", &*self.symptoms)?,
                part("sandbox", &*self.sandbox)?,
                part("firewalls", &*self.firewalls)?,
                part("controls", &*self.controls)?,
                part("headers", &**self.headers)?,
                part("places", &**self.places)?,
                part("logs", &*self.logs)?,
                part("device", &*self.device)?,
            ])
        });
        let mut parts = parts?;
        parts.push(("words", words.into_bytes()));
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;

    /// What the program reads is what its folder of TOML says, part by part; and every part can be read.
    #[test]
    fn the_rules_built_in_are_those_of_the_folder() {
        let written = Rules::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")).unwrap();
        let written = written.compile().unwrap();
        let read = Rules::embedded().compile().unwrap();
        assert!(written.len() > 10 && written.iter().all(|(_, bytes)| bytes.len() > 100));
        for ((part, written), (same, read)) in written.iter().zip(&read) {
            assert!(part == same && written == read, "{part}");
        }
        assert_eq!(written.len(), read.len());
    }

    #[test]
    fn a_part_of_another_form_is_not_read() {
        let bytes = borsh::to_vec(&vec!["a".to_owned()]).unwrap();
        assert_eq!(read::<Vec<String>>(&bytes).unwrap(), ["a"]);
        assert!(read::<Vec<u64>>(&bytes).is_err() && read::<String>(&[]).is_err());
    }
}
