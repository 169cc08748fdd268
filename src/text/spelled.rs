//! Addresses in other spellings than their own: `ip-10-1-2-3`, `010.001.002.003`, `10_1_2_3`, `10.1.2.3-10.1.2.9`, and
//! numbers that name one device or person: a card's address, an account, a telephone.

use std::net::{IpAddr, Ipv4Addr};

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Without anything of the kind.
    Text(&'t str),
    /// An IPv4 address, and the marks that join its numbers.
    Address(Ipv4Addr, [char; 3]),
    /// What names one device or person otherwise, whole.
    Mark(&'t str),
}

/// What stands in the place of an address, with the marks that joined its numbers.
pub fn respelled(address: IpAddr, [a, b, c]: [char; 3]) -> String {
    match address {
        IpAddr::V4(address) => {
            let [one, two, three, four] = address.octets();
            format!("{one}{a}{two}{b}{three}{c}{four}")
        }
        IpAddr::V6(address) => address.to_string(),
    }
}

/// Most digits of a group that is the number of a port or an extension.
const SHORT: usize = 4;
/// Groups that only an address, an account or a card has.
const GROUPS: usize = 4;

/// A run of digits or letters, with what stands right behind it.
struct Group<'t> {
    begin: usize,
    text: &'t str,
}

impl Group<'_> {
    fn end(&self) -> usize {
        self.begin + self.text.len()
    }

    fn is_number(&self) -> bool {
        self.text.bytes().all(|b| b.is_ascii_digit())
    }

    fn octet(&self) -> Option<u8> {
        self.text.parse().ok().filter(|_| self.is_number() && self.text.len() <= 3)
    }

    fn is_hex(&self, length: usize) -> bool {
        self.text.len() == length && self.text.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

/// Takes a run of letters, digits and the marks `.-_:` apart.
pub fn pieces(run: &str) -> Vec<Piece<'_>> {
    let groups = groups(run);
    let mut found = Vec::new();
    let mut told = 0;
    let mut at = 0;
    while at < groups.len() {
        let Some((begin, taken, piece)) = at_group(run, &groups[at..]) else {
            at += 1;
            continue;
        };
        if begin > told {
            found.push(Piece::Text(&run[told..begin]));
        }
        at += taken;
        told = groups[at - 1].end();
        found.push(piece);
    }
    if told < run.len() {
        found.push(Piece::Text(&run[told..]));
    }
    found
}

/// Whether something in a run is such an address or number.
pub fn is_spelled(run: &str) -> bool {
    pieces(run).iter().any(|piece| !matches!(piece, Piece::Text(_)))
}

/// What begins with the first of `groups`: where, how many groups it takes, and what it is.
fn at_group<'t>(run: &'t str, groups: &[Group<'t>]) -> Option<(usize, usize, Piece<'t>)> {
    let first = groups.first()?;
    let mark = |n: usize| {
        let between = run.get(groups[n].end()..groups.get(n + 1)?.begin)?;
        let mut marks = between.chars();
        marks.next().filter(|_| marks.next().is_none())
    };
    // Groups that one mark each joins to the first.
    let joined = |fits: &dyn Fn(&Group<'_>) -> bool| {
        let mut count = usize::from(fits(first));
        while count > 0 && count < groups.len() && mark(count - 1).is_some() && fits(&groups[count]) {
            count += 1;
        }
        count
    };
    let whole = |count: usize| Piece::Mark(&run[first.begin..groups[count - 1].end()]);
    // `00:16:3e:66:77:88`, `0016.3e66.7788`.
    let pairs = joined(&|g| g.is_hex(2));
    if pairs == 6 && same(&mark, 6).is_some_and(|m| m != '.') {
        return Some((first.begin, 6, whole(6)));
    }
    if joined(&|g| g.is_hex(4)) == 3 && same(&mark, 3) == Some('.') {
        return Some((first.begin, 3, whole(3)));
    }
    // `v10.1.2.3`: the letters before the first number are no part of it.
    let letters = first.text.len() - first.text.trim_start_matches(|c: char| !c.is_ascii_digit()).len();
    let number = Group { begin: first.begin + letters, text: first.text.get(letters..)? };
    if number.text.is_empty() || !number.is_number() {
        return None;
    }
    let rest = 1 + groups[1..]
        .iter()
        .zip(0..)
        .take_while(|(group, n)| mark(*n).is_some() && group.is_number())
        .count();
    // `ec2-10-1-2-3`: then the first is the end of a word.
    if letters > 0 && rest != GROUPS || rest < GROUPS {
        return None;
    }
    // Names of kinds (`1.3.6.1.4.1.311`) and versions have as many numbers as they like, times have other marks between.
    let all = same(&mark, rest);
    if all == Some('.') && rest != GROUPS {
        return None;
    }
    let octets = [number.octet(), groups[1].octet(), groups[2].octet(), groups[3].octet()];
    if let ([Some(a), Some(b), Some(c), Some(d)], Some(one), Some(two), Some(three)) =
        (octets, mark(0), mark(1), mark(2))
        && one == two
        && two == three
    {
        return Some((number.begin, GROUPS, Piece::Address(Ipv4Addr::new(a, b, c, d), [one, two, three])));
    }
    // `S-1-5-21-…`.
    let long = groups[..rest].iter().any(|g| g.text.len() > SHORT);
    (all == Some('-') && long)
        .then(|| (number.begin, rest, Piece::Mark(&run[number.begin..groups[rest - 1].end()])))
}

/// The one mark that joins the first `count` groups.
fn same(mark: &dyn Fn(usize) -> Option<char>, count: usize) -> Option<char> {
    let first = mark(0)?;
    (1..count.saturating_sub(1)).all(|n| mark(n) == Some(first)).then_some(first)
}

fn groups(run: &str) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    let mut rest = 0;
    while let Some(at) = run[rest..].find(char::is_alphanumeric) {
        let begin = rest + at;
        let length = run[begin..].find(|c: char| !c.is_alphanumeric()).unwrap_or(run.len() - begin);
        groups.push(Group { begin, text: &run[begin..begin + length] });
        rest = begin + length;
    }
    groups
}

/// The length of a telephone number with the code of a country (`+49 30 6677 8899`) at the start of a text.
pub fn telephone(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('+').filter(|r| r.starts_with(|c: char| matches!(c, '1'..='9')))?;
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '/' | '.');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let number = rest[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let code = number.bytes().take_while(u8::is_ascii_digit).count();
    ((7..=15).contains(&digits) && (code <= 3 || code == digits)).then_some(1 + number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(run: &str) -> String {
        let one = |piece: Piece<'_>| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Address(a, [x, y, z]) => format!("<{a} {x}{y}{z}>"),
            Piece::Mark(text) => format!("[{text}]"),
        };
        pieces(run).into_iter().map(one).collect()
    }

    #[test]
    fn addresses_are_read_in_every_spelling() {
        for (run, wanted) in [
            ("ip-10-66-77-88", "ip-<10.66.77.88 --->"),
            ("ec2-10-66-77-88.eu-west-1.x", "ec2-<10.66.77.88 --->.eu-west-1.x"),
            ("010.066.077.088", "<10.66.77.88 ...>"),
            ("10_66_77_88", "<10.66.77.88 ___>"),
            ("v10.66.77.88", "v<10.66.77.88 ...>"),
            ("10.66.77.88-10.66.77.99", "<10.66.77.88 ...>-<10.66.77.99 ...>"),
            ("10.66.77.88_x", "<10.66.77.88 ...>_x"),
            ("10-66-77-88:443", "<10.66.77.88 --->:443"),
            ("00:16:3e:66:77:88", "[00:16:3e:66:77:88]"),
            ("00-16-3E-66-77-88", "[00-16-3E-66-77-88]"),
            ("0016.3e66.7788", "[0016.3e66.7788]"),
            (
                "S-1-5-21-3623811015-3361044348-30300820-1013",
                "S-[1-5-21-3623811015-3361044348-30300820-1013]",
            ),
        ] {
            assert_eq!(told(run), wanted);
        }
        for run in [
            "1.2.3",
            "131.0.6778.205",
            "1.3.6.1.4.1.311",
            "2026-11-28",
            "12:39:45",
            "12:39:45.123",
            "2026-11-28_12:39:45.123456",
            "us-east-1",
            "a.b.c.d",
            "300-1-2-3",
            "",
            "-.:",
        ] {
            assert_eq!(told(run), run);
        }
    }

    #[test]
    fn telephones_are_told_from_zones_and_sums() {
        assert_eq!(telephone("+49 30 6677 8899, or"), Some(16));
        assert_eq!(telephone("+1 (555) 010-9999."), Some(17));
        assert_eq!(telephone("+493066778899"), Some(13));
        for text in ["+0100 2026", "+1000 2026", "+1", "+1 2 3", "49 30 6677 8899", "+x"] {
            assert_eq!(telephone(text), None, "{text}");
        }
    }
}
