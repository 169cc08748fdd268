//! What texts were found to mean, so that what is said again costs little: the lines of a log differ in numbers and
//! identifiers more than in anything else.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;

use crate::rules::symptoms::{Depends, Found, Shape, Symptoms};

/// Texts and shapes that are kept of each kind.
const REMEMBERED: usize = 16_384;

/// What a shape says of its texts.
#[derive(Debug)]
enum Says {
    /// Nothing known stands in any of them.
    Nothing,
    /// That depends on these of the words that it leaves out.
    Words(Box<[usize]>),
    /// Nothing: each text is looked at.
    Open,
}

/// The meanings of texts; `M` is one.
#[derive(Debug)]
pub struct Memory<M> {
    hasher: RandomState,
    shape: Shape,
    /// By the shape alone.
    shapes: HashMap<u64, Says>,
    /// Shapes with the words on which it depends, of texts in which nothing known stands.
    quiet: HashSet<u64>,
    /// By the whole text.
    texts: HashMap<u64, Rc<[M]>>,
    nothing: Rc<[M]>,
    /// Tests ask for the same without.
    by_shape: bool,
}

impl<M> Memory<M> {
    pub fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shape: Shape::default(),
            shapes: HashMap::new(),
            quiet: HashSet::new(),
            texts: HashMap::new(),
            nothing: Rc::new([]),
            by_shape: true,
        }
    }

    /// The same, but every new text is looked at.
    #[cfg(test)]
    pub fn without_shapes() -> Self {
        Self { by_shape: false, ..Self::new() }
    }

    /// A number that only equal bytes have, within one run.
    pub fn key(&self, bytes: &[u8]) -> u64 {
        self.hasher.hash_one(bytes)
    }

    fn key_of_words(&self, shape: u64, text: &[u8], places: &[usize]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        shape.hash(&mut hasher);
        self.shape.words(text, places).for_each(|word| word.hash(&mut hasher));
        hasher.finish()
    }

    /// What a text means; `judge` says it of the messages that stand in one not seen before.
    pub fn meanings(
        &mut self,
        symptoms: &Symptoms,
        text: &[u8],
        judge: impl FnOnce(&str, Vec<Found<'_>>) -> Rc<[M]>,
    ) -> Rc<[M]> {
        let shape =
            (self.by_shape && symptoms.shape(text, &mut self.shape)).then(|| self.key(self.shape.bytes()));
        let mut is_new = false;
        if let Some(shape) = shape {
            match self.shapes.get(&shape) {
                Some(Says::Nothing) => return Rc::clone(&self.nothing),
                Some(Says::Words(places)) => {
                    if self.quiet.contains(&self.key_of_words(shape, text, places)) {
                        return Rc::clone(&self.nothing);
                    }
                }
                Some(Says::Open) => {}
                None => is_new = true,
            }
        }
        let key = self.key(text);
        if let Some(known) = self.texts.get(&key) {
            return Rc::clone(known);
        }
        let shown = String::from_utf8_lossy(text);
        // Places of bytes that are no text cannot be found again.
        let shape = shape.filter(|_| matches!(shown, std::borrow::Cow::Borrowed(_)));
        let Some(shape) = shape else {
            let found = symptoms.find(&shown);
            let meanings = if found.is_empty() { Rc::clone(&self.nothing) } else { judge(&shown, found) };
            return self.remember(key, meanings);
        };
        let (found, depends) = symptoms.find_of(&shown, &self.shape);
        let is_quiet = found.is_empty();
        let says = match depends {
            Depends::Words(places) if !places.is_empty() => Says::Words(places),
            Depends::Words(_) if is_quiet => Says::Nothing,
            _ => Says::Open,
        };
        if let Says::Words(places) = &says
            && is_quiet
        {
            let key = self.key_of_words(shape, text, places);
            if self.quiet.len() >= REMEMBERED {
                self.quiet.clear();
            }
            self.quiet.insert(key);
        }
        let is_kept = matches!(says, Says::Open) || !is_quiet;
        if is_new {
            if self.shapes.len() >= REMEMBERED {
                self.shapes.clear();
            }
            self.shapes.insert(shape, says);
        }
        if is_quiet {
            let nothing = Rc::clone(&self.nothing);
            return if is_kept { self.remember(key, nothing) } else { nothing };
        }
        self.remember(key, judge(&shown, found))
    }

    fn remember(&mut self, key: u64, meanings: Rc<[M]>) -> Rc<[M]> {
        if self.texts.len() >= REMEMBERED {
            self.texts.clear();
        }
        self.texts.insert(key, Rc::clone(&meanings));
        meanings
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use crate::rules::Rules;
    use crate::rules::Word;

    /// Numbers that seem random, and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % sides
        }

        fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
            list[self.roll(list.len())]
        }
    }

    const PIECES: [&str; 48] = [
        "status ",
        "Status: ",
        "HTTP ",
        "http/1.1 ",
        "http/",
        "error code: ",
        "exit code ",
        "curl: (",
        "net_error ",
        "code=",
        "errno ",
        "returned ",
        "request ",
        "retry in ",
        "ms",
        "(",
        ") ",
        "\\n",
        "\\",
        "\"",
        "\\\"",
        "\u{1b}[31m",
        "\u{1b}[",
        "\u{1b}",
        "ü",
        "…",
        "İ",
        "\u{212a}",
        ".",
        ":",
        "/",
        "-",
        " ",
        "  ",
        "\t",
        "\n",
        "_",
        "x",
        "0x",
        "ERR_SSL_",
        "HCS_E_",
        "conflict",
        "MCP ",
        "timed out after ",
        " s",
        "at ",
        "https://",
        ", ",
    ];
    const VALUES: [&str; 40] = [
        "502",
        "407",
        "403",
        "401",
        "5",
        "120",
        "300",
        "0",
        "105",
        "-105",
        "-1003",
        "12029",
        "0x80072ee7",
        "80072f7d",
        "0x80073cff",
        "e2big",
        "h2",
        "http2",
        "3rd",
        "1",
        "1.1",
        "10.0.0.1",
        "a1",
        "5a",
        "1x",
        "443",
        "6",
        "60",
        "7",
        "28",
        "35",
        "500",
        "529",
        "1000",
        "12",
        "0x80190197",
        "x509",
        "tls13",
        "ipv6",
        "4xx",
    ];

    /// A line without its values, which stand for `None`.
    fn form(dice: &mut Dice, known: &[&str]) -> Vec<Option<String>> {
        let mut form = Vec::new();
        for _ in 0..2 + dice.roll(7) {
            match dice.roll(8) {
                0 => {
                    for (n, part) in known[dice.roll(known.len())].split(" ... ").enumerate() {
                        if n > 0 {
                            form.push(Some(
                                " ".repeat(1 + dice.roll(2)) + ["", &"y ".repeat(190)][dice.roll(2)],
                            ));
                            form.push(None);
                            form.push(Some(" ".to_owned()));
                        }
                        form.push(Some(part.trim_end_matches('*').to_owned()));
                    }
                }
                1..=4 => form.push(Some(dice.of(&PIECES).to_owned())),
                _ => form.push(None),
            }
            if dice.roll(2) == 0 {
                form.push(Some(" ".to_owned()));
            }
        }
        form
    }

    fn value(dice: &mut Dice) -> String {
        match dice.roll(4) {
            0 => dice.roll(1_000_000).to_string(),
            1 => format!("{:x}{:04x}", dice.roll(16), dice.roll(65_536)),
            _ => dice.of(&VALUES).to_owned(),
        }
    }

    #[test]
    fn what_is_known_by_its_shape_means_what_it_means_without() {
        let rules = Rules::embedded();
        let symptoms = &rules.symptoms;
        let known: Vec<&str> =
            symptoms.list.iter().flat_map(|s| s.matches.iter().chain(&s.alone)).map(Word::as_str).collect();
        let (mut quick, mut slow) = (Memory::new(), Memory::without_shapes());
        let judge = |text: &str, found: Vec<Found<'_>>| -> Rc<[String]> {
            found
                .iter()
                .map(|f| format!("{} {:?} {:?} {:?} {}", f.id(), f.span, f.address, f.owner, text.len()))
                .collect()
        };
        let mut dice = Dice(20_261_127);
        let (mut texts, mut with, mut without) = (0_usize, 0_usize, 0_usize);
        for _ in 0..400 {
            let form = form(&mut dice, &known);
            let before = ["0] ", "", "0] [info] ", "0] the window "][dice.roll(4)];
            for _ in 0..20 {
                let parts = form.iter().map(|p| p.clone().unwrap_or_else(|| value(&mut dice)));
                let text = format!("{before}{}", parts.collect::<String>());
                let meant = quick.meanings(symptoms, text.as_bytes(), judge);
                assert_eq!(meant, slow.meanings(symptoms, text.as_bytes(), judge), "{text:?}");
                texts += 1;
                if meant.is_empty() { without += 1 } else { with += 1 }
            }
        }
        // Both kinds are there, and the shape spared most of those without a meaning.
        assert!(with > texts / 10 && without > texts / 10, "{with} {without}");
        let looked_at = |m: &Memory<String>| {
            let whole = m.texts.values().filter(|t| t.is_empty()).count();
            whole + m.quiet.len() + m.shapes.values().filter(|s| matches!(s, Says::Nothing)).count()
        };
        let spared = looked_at(&slow) - looked_at(&quick);
        assert!(spared > without / 4, "{spared} of {without}");
    }

    #[test]
    fn numbers_count_where_they_say_something_and_bytes_that_are_no_text_are_read() {
        let rules = Rules::embedded();
        let mut memory = Memory::new();
        let mut ids = |text: &[u8]| -> Vec<String> {
            let judge = |_: &str, found: Vec<Found<'_>>| found.iter().map(|f| f.id().to_owned()).collect();
            memory.meanings(&rules.symptoms, text, judge).to_vec()
        };
        for n in 0..3 {
            assert!(ids(format!("0] [info] loaded session 8f3{n}a in {n}2 ms").as_bytes()).is_empty());
            assert!(ids(format!("0] the answer has status 20{n} after 50{n} ms").as_bytes()).is_empty());
            assert!(!ids(format!("0] the answer has status 502 after 50{n} ms").as_bytes()).is_empty());
            assert!(ids(&[b"0] window \xff 502 of ".as_slice(), &[b'0' + n]].concat()).is_empty());
            assert!(ids(&[b"0] caf\xe9 ".as_slice(), &[b'0' + n], b" read"].concat()).is_empty());
            assert!(!ids(&[b"0] caf\xe9 ".as_slice(), &[b'0' + n], b" read ECONNRESET"].concat()).is_empty());
        }
    }
}
