//! Lines into events, and events into causes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::lines::{self, Line, LinesError};
use super::mask::{self, Mask};
use super::memory::Memory;
use super::time::{Head, Level, Moment, head, of_json};
use super::{Cause, FileRead, HostCount, Known, Next, Place, Report, Sample, Settings, Skipped, Unknown};
use crate::contract::endpoint::authority_unless;
use crate::contract::{Code, Owner, Severity};
use crate::rules::Rules;
use crate::rules::symptoms::{Found, Symptom};

/// Most bytes of one event that are looked at together.
const EVENT: usize = 24 * 1024;
/// Most lines of one event.
const EVENT_LINES: usize = 300;
/// Addresses that are counted for one message.
const HOSTS: usize = 100;
/// Addresses of one message that are shown.
const HOSTS_SHOWN: usize = 20;
/// Places that are kept of one message.
const PLACES: usize = 5;
/// Known lines that are kept.
const LINES: usize = 1_000;
/// Forms of unknown lines that are told apart.
const FORMS: usize = 1_000;
/// Samples that are shown.
const SAMPLES: usize = 8;
/// Commands that are named.
const COMMANDS: usize = 8;
/// What stands before every text that is looked at: it begins a clause, and a line is never a number alone.
const BEFORE: &[u8] = b"0] ";
/// Words of an error, where a line does not say its level.
const ERRORS: [&str; 14] = [
    "error",
    "exception",
    "fatal",
    "panic",
    "failed",
    "failure",
    "refused",
    "denied",
    "unable to",
    "could not",
    "timed out",
    "rejected",
    "cannot",
    "unreachable",
];

/// Reads logs one after the other and counts what they say.
pub struct Collector<'a> {
    rules: &'a Rules,
    settings: Settings,
    mask: Mask,
    errors: Option<AhoCorasick>,
    /// Place of a message in the list of the rules, by its identifier.
    places: HashMap<&'a str, usize>,
    memory: Memory<Meaning>,
    causes: BTreeMap<(usize, Owner), Counted>,
    forms: HashMap<u64, Form>,
    unknown: u64,
    other_forms: u64,
    undated: u64,
    lines: Vec<Known>,
    lines_left_out: u64,
    files: Vec<FileRead>,
    skipped: Vec<Skipped>,
    names: HashSet<String>,
}

/// What a text means: a known message.
#[derive(Debug)]
struct Meaning {
    symptom: usize,
    owner: Owner,
    address: Option<Rc<Spoken>>,
    /// The message as it stands there, where it is a name of code.
    said: Option<String>,
}

/// An address that is spoken of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spoken {
    host: String,
    port: Option<u16>,
    loopback: bool,
    written: String,
}

#[derive(Debug, Default)]
struct Counted {
    times: Times,
    hosts: BTreeMap<Rc<Spoken>, Times>,
    without_host: u64,
    hosts_left_out: u64,
    logs: Vec<String>,
    places: Vec<Place>,
    said: Option<String>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Times {
    count: u64,
    first: Option<Moment>,
    last: Option<Moment>,
}

impl Times {
    fn add(&mut self, moment: Option<Moment>) {
        self.count += 1;
        self.span(moment);
    }

    fn span(&mut self, moment: Option<Moment>) {
        let Some(moment) = moment else { return };
        self.first = Some(self.first.map_or(moment, |f| f.min(moment)));
        self.last = Some(self.last.map_or(moment, |l| l.max(moment)));
    }
}

#[derive(Debug)]
struct Form {
    text: String,
    times: Times,
    file: String,
    line: u64,
}

/// The event that is being read.
#[derive(Debug, Default)]
struct Event {
    text: Vec<u8>,
    /// The line it begins on.
    line: u64,
    lines: usize,
    moment: Option<Moment>,
    level: Option<Level>,
    is_json: bool,
    is_timed: bool,
    /// A line that is not indented may still belong to it.
    takes_one: bool,
    /// What was counted already of an event that is longer than what is looked at together.
    counted: Vec<(usize, Owner)>,
    goes_on: bool,
    /// Something else than blank stands in it.
    open: bool,
}

/// A file that is being read.
struct Reading<'c, 'a> {
    all: &'c mut Collector<'a>,
    file: FileRead,
    event: Event,
    /// Time of the last line that had one.
    latest: Option<Moment>,
    span: Times,
}

impl<'a> Collector<'a> {
    /// Nothing read yet.
    pub fn new(rules: &'a Rules, settings: Settings) -> Self {
        let places = rules.symptoms.list.iter().enumerate().map(|(n, s)| (s.id.as_str(), n)).collect();
        let errors = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(ERRORS)
            .ok();
        Self {
            rules,
            settings,
            mask: Mask::new(rules),
            errors,
            places,
            memory: Memory::new(),
            causes: BTreeMap::new(),
            forms: HashMap::new(),
            unknown: 0,
            other_forms: 0,
            undated: 0,
            lines: Vec::new(),
            lines_left_out: 0,
            files: Vec::new(),
            skipped: Vec::new(),
            names: HashSet::new(),
        }
    }

    /// Reads one log. `name` is what it is called, with its folders where they say something.
    ///
    /// # Errors
    /// When it is no text, or reading fails before the first line; what was read counts otherwise.
    pub fn read(&mut self, name: &str, input: impl Read) -> Result<(), LinesError> {
        let base = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
        let base = base.strip_suffix(".gz").unwrap_or(base);
        let kind = self.rules.logs.kind(base);
        let file = FileRead {
            name: self.own_name(name),
            kind: kind.map(|k| k.id.to_string()),
            title: kind.map(|k| k.title.to_string()),
            actor: kind.and_then(|k| k.actor),
            bytes: 0,
            lines: 0,
            known: 0,
            unknown: 0,
            first: None,
            last: None,
            encoding: None,
            cut_lines: 0,
            ended: None,
        };
        let mut reading =
            Reading { all: self, file, event: Event::default(), latest: None, span: Times::default() };
        let mut seen = lines::Totals::default();
        let totals = lines::read(input, |line| {
            seen.lines = line.number;
            seen.bytes += line.bytes.len() as u64 + 1;
            reading.line(line);
        });
        reading.close();
        let Reading { mut file, span, .. } = reading;
        let totals = match totals {
            Ok(totals) => totals,
            Err(error) if seen.lines == 0 => return Err(error),
            Err(error) => {
                file.ended = Some(error.to_string());
                seen
            }
        };
        file.bytes = totals.bytes;
        file.lines = totals.lines;
        file.cut_lines = totals.cut;
        file.encoding = totals.encoding.map(str::to_owned);
        (file.first, file.last) = (span.first, span.last);
        self.files.push(file);
        Ok(())
    }

    /// Notes what was not read.
    pub fn skip(&mut self, name: &str, reason: impl Into<String>) {
        self.skipped.push(Skipped { name: mask::path(name), reason: reason.into() });
    }

    /// Whether anything was read.
    pub fn has_read(&self) -> bool {
        !self.files.is_empty()
    }

    /// A name that no other file has.
    fn own_name(&mut self, name: &str) -> String {
        let name = mask::path(name);
        let mut own = name.clone();
        let mut n = 2;
        while !self.names.insert(own.clone()) {
            own = format!("{name} ({n})");
            n += 1;
        }
        own
    }

    /// What a text means.
    fn meanings(&mut self, text: &[u8]) -> Rc<[Meaning]> {
        let places = &self.places;
        self.memory.meanings(&self.rules.symptoms, text, |shown, mut found| {
            let says_why = |f: &Found<'_>| !f.symptom.generic && !f.symptom.family;
            if found.iter().any(says_why) {
                found.retain(says_why);
            }
            found.iter().filter_map(|f| meaning(places, shown, f)).collect()
        })
    }

    /// Whether a line without a level is an error by its words.
    fn says_error(&self, text: &[u8]) -> bool {
        let Some(errors) = &self.errors else { return false };
        errors.find_iter(text).take(8).any(|hit| {
            let before = text.get(..hit.start()).unwrap_or_default().trim_ascii_end();
            let after = text.get(hit.end()..).unwrap_or_default();
            let within = text.get(hit.start().wrapping_sub(1)).is_some_and(u8::is_ascii_lowercase);
            let none =
                [b"no".as_slice(), b"0", b"without", b"zero", b"not"].iter().any(|w| before.ends_with(w));
            let empty = [
                b": null".as_slice(),
                b"\":null",
                b"s: 0",
                b"s\":0",
                b"=0",
                b": none",
                b": false",
                b"\":false",
            ]
            .iter()
            .any(|w| after.starts_with(w));
            !within && !none && !empty
        })
    }

    /// What everything that was read says.
    pub fn finish(mut self) -> Report {
        let mut causes: Vec<Cause> = Vec::new();
        let ports = ports(self.causes.values().flat_map(|c| c.hosts.keys()));
        for ((symptom, owner), counted) in std::mem::take(&mut self.causes) {
            if let Some(symptom) = self.rules.symptoms.list.get(symptom) {
                causes.push(self.cause(symptom, owner, counted, &ports));
            }
        }
        causes.sort_by(|a, b| {
            (rank(a.severity), b.count, b.last, &a.id).cmp(&(rank(b.severity), a.count, a.last, &b.id))
        });
        let targets: Vec<HostCount> = causes
            .iter()
            .filter(|c| c.severity != Severity::Info && c.network && is_tested(c))
            .flat_map(|c| c.hosts.iter().take(3).cloned())
            .collect();
        let next = next(&causes, &self.targets(&targets, &ports));
        let mut forms: Vec<Form> = self.forms.into_values().collect();
        forms.sort_by(|a, b| (b.times.count, &a.file, a.line).cmp(&(a.times.count, &b.file, b.line)));
        // Forms that differ in hidden words alone are one sample.
        let mut samples: Vec<Sample> = Vec::new();
        let mut others = self.other_forms;
        for form in forms {
            let at = samples.iter().position(|s| s.text == form.text);
            let room = samples.len() < SAMPLES;
            match at.and_then(|at| samples.get_mut(at)) {
                Some(sample) => {
                    sample.count += form.times.count;
                    let mut times = Times { count: 0, first: sample.first, last: sample.last };
                    times.span(form.times.first);
                    times.span(form.times.last);
                    (sample.first, sample.last) = (times.first, times.last);
                }
                None if room => samples.push(Sample {
                    text: form.text,
                    count: form.times.count,
                    file: form.file,
                    line: form.line,
                    first: form.times.first,
                    last: form.times.last,
                }),
                None => others += form.times.count,
            }
        }
        samples.sort_by_key(|s| std::cmp::Reverse(s.count));
        Report {
            since: self.settings.since.map(|b| b.zoned),
            until: self.settings.until.map(|b| b.zoned),
            files: self.files,
            skipped: self.skipped,
            causes,
            unknown: Unknown { count: self.unknown, others, samples },
            lines: self.lines,
            lines_left_out: self.lines_left_out,
            undated: self.undated,
            next,
        }
    }

    /// Hosts as `--host` takes them: those of which a test says something, one that is named without a port with
    /// the one that it is known by.
    fn targets(&self, hosts: &[HostCount], ports: &Ports) -> Vec<String> {
        let mut targets: Vec<String> = Vec::new();
        for host in hosts.iter().filter(|h| self.rules.symptoms.is_probed(h.loopback, h.port)) {
            let known = ports.get(&host.host).filter(|_| host.port.is_none());
            let known =
                known.into_iter().flatten().filter(|p| self.rules.symptoms.is_probed(false, Some(**p)));
            let mut addresses: Vec<String> =
                known.map(|port| authority_unless(&host.host, *port, 443)).collect();
            if addresses.is_empty() {
                addresses.push(host.address.clone());
            }
            for address in addresses.iter().map(|a| quoted(a)) {
                if !targets.contains(&address) {
                    targets.push(address);
                }
            }
        }
        targets
    }

    fn cause(&self, symptom: &Symptom, owner: Owner, counted: Counted, ports: &Ports) -> Cause {
        let open = symptom.open && owner == Owner::None;
        let of_code = |code: &Code| self.rules.codes.get(*code).map(|c| c.severity);
        let severity = match (owner, symptom.codes.first().and_then(of_code)) {
            (Owner::None, _) if !open => Severity::Info,
            (_, Some(Severity::Info) | None) => Severity::Error,
            (_, Some(severity)) => severity,
        };
        let mut hosts: Vec<HostCount> = counted
            .hosts
            .iter()
            .map(|(spoken, times)| HostCount {
                host: spoken.host.clone(),
                port: spoken.port,
                loopback: spoken.loopback,
                address: spoken.written.clone(),
                count: times.count,
                first: times.first,
                last: times.last,
            })
            .collect();
        hosts.sort_by(|a, b| (b.count, b.last, &a.address).cmp(&(a.count, a.last, &b.address)));
        let left_out: u64 = hosts.iter().skip(HOSTS_SHOWN).map(|h| h.count).sum();
        hosts.truncate(HOSTS_SHOWN);
        let mut remedy = match hosts.first() {
            Some(host) if owner != symptom.owner => format!(
                "{} is the device itself: start the program that is to listen there (a local gateway or a forwarding proxy), and compare its port with the configuration. No firewall and no proxy is in between.",
                host.address
            ),
            _ => symptom.remedy.to_string(),
        };
        let proxy = hosts.iter().find(|h| !self.rules.symptoms.is_probed(h.loopback, h.port));
        if let Some(proxy) = proxy.filter(|_| symptom.network) {
            remedy += &format!(" `clearway config` shows whether the configuration names {}.", proxy.address);
        }
        let commands = commands(symptom, owner, open, &self.targets(&hosts, ports));
        Cause {
            id: symptom.id.to_string(),
            said: counted.said,
            title: symptom.title.to_string(),
            cause: symptom.cause.to_string(),
            owner,
            owners: symptom.owners.clone(),
            owner_open: open,
            severity,
            codes: symptom.codes.clone(),
            remedy,
            network: symptom.network,
            confidence: symptom.confidence,
            count: counted.times.count,
            first: counted.times.first,
            last: counted.times.last,
            hosts,
            without_host: counted.without_host,
            hosts_left_out: counted.hosts_left_out + left_out,
            logs: counted.logs,
            places: counted.places,
            next: commands,
        }
    }
}

/// What a message means that was found in a text.
fn meaning(places: &HashMap<&str, usize>, text: &str, found: &Found<'_>) -> Option<Meaning> {
    let symptom = *places.get(found.id())?;
    let address = found.address.as_ref().and_then(|a| {
        let written = mask::host(text, a)?;
        let (host, port) = (a.host.to_string(), a.port);
        Some(Rc::new(Spoken { host, port, loopback: a.is_loopback(), written }))
    });
    let said = text.get(found.span.clone()).filter(|t| is_name(t)).map(str::to_owned);
    Some(Meaning { symptom, owner: found.owner, address, said })
}

const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}

/// The ports that hosts are known by.
type Ports = BTreeMap<String, BTreeSet<u16>>;

fn ports<'a>(hosts: impl Iterator<Item = &'a Rc<Spoken>>) -> Ports {
    let mut ports = Ports::new();
    for (host, port) in hosts.filter_map(|h| Some((&h.host, h.port?))) {
        ports.entry(host.clone()).or_default().insert(port);
    }
    ports
}

/// Whether a test of its hosts settles a cause: it has no command of another program.
fn is_tested(cause: &Cause) -> bool {
    cause.next.first().is_some_and(|n| n.starts_with("clearway check"))
}

/// The commands that settle what a message leaves open.
fn commands(symptom: &Symptom, owner: Owner, open: bool, hosts: &[String]) -> Vec<String> {
    let mut commands = Vec::new();
    let of_call = |code: &Code| matches!(code.as_str().split_once('/'), Some(("auth" | "service", _)));
    if owner == Owner::None && !open {
        return commands;
    }
    if let Some(next) = &symptom.next {
        // What is read here already.
        commands.extend(Some(next.to_string()).filter(|n| n != "clearway logs"));
    } else if symptom.codes.iter().any(of_call) {
        commands.push("clearway check --with-credentials".to_owned());
    } else if symptom.network && !hosts.is_empty() {
        let hosts: Vec<String> = hosts.iter().take(3).map(|h| format!(" --host {h}")).collect();
        commands.push(format!("clearway check{}", hosts.concat()));
    } else if owner == Owner::Configuration {
        commands.push("clearway config".to_owned());
    } else if symptom.network {
        commands.push("clearway check".to_owned());
    }
    commands.extend(symptom.codes.first().map(|code| format!("clearway explain {code}")));
    commands
}

/// An address as a shell takes it.
fn quoted(address: &str) -> String {
    if address.starts_with('[') { format!("'{address}'") } else { address.to_owned() }
}

/// What to run for all causes together: the hosts of every one in one command.
fn next(causes: &[Cause], hosts: &[String]) -> Vec<Next> {
    let mut next: Vec<Next> = Vec::new();
    let bad = || causes.iter().filter(|c| c.severity != Severity::Info);
    if !hosts.is_empty() {
        let flags: String = hosts.iter().take(COMMANDS).map(|h| format!(" --host {h}")).collect();
        next.push(Next {
            command: format!("clearway check{flags}"),
            why: "whether these hosts are reached now, and what is in the way".to_owned(),
        });
    }
    for (command, why) in [
        ("clearway check", "whether every host that the configuration needs is reached now"),
        ("clearway check --with-credentials", "whether the service accepts the credential and the model"),
        ("clearway config", "what the configuration sets, and what is wrong with it"),
    ] {
        if bad().any(|c| c.next.iter().any(|n| n == command)) {
            next.push(Next { command: command.to_owned(), why: why.to_owned() });
        }
    }
    let mut codes: Vec<Code> = Vec::new();
    for code in bad().filter_map(|c| c.codes.first()) {
        if !codes.contains(code) && codes.len() < 3 {
            codes.push(*code);
        }
    }
    next.extend(codes.iter().map(|code| Next {
        command: format!("clearway explain {code}"),
        why: format!("what {code} means and how it is told from similar ones"),
    }));
    next
}

impl Reading<'_, '_> {
    fn line(&mut self, line: Line<'_>) {
        if line.goes_on {
            self.flush();
            self.event.line = line.number;
            self.event.text.extend_from_slice(line.bytes);
            self.event.open = true;
            return;
        }
        let bytes = line.bytes;
        let found = head(bytes, self.all.settings.today);
        if let Some(found) = found {
            if self.belongs(bytes, &found) {
                let rest = bytes.get(found.message..).unwrap_or_default();
                return self.append(rest);
            }
            return self.begin(line, found);
        }
        if bytes.trim_ascii().is_empty() {
            // It counts, so that the lines after it keep their numbers.
            if self.event.open && self.event.lines < EVENT_LINES {
                self.event.text.push(b'\n');
                self.event.lines += 1;
            }
            return;
        }
        if self.event.open && self.continues(bytes) {
            return self.append(bytes);
        }
        self.close();
        self.event.is_timed = false;
        self.start(line.number, bytes);
        self.event.moment = self.latest;
    }

    /// A line with a time of its own begins an event.
    fn begin(&mut self, line: Line<'_>, found: Head) {
        self.close();
        if found.moment.is_some() {
            self.latest = found.moment;
            self.span.span(found.moment);
        }
        self.start(line.number, line.bytes.get(found.message..).unwrap_or_default());
        self.event.moment = found.moment.or(self.latest);
        self.event.level = found.level;
        self.event.is_timed = found.moment.is_some();
        self.event.is_json = found.message == 0 && line.bytes.first() == Some(&b'{');
        self.event.takes_one |= matches!(found.level, Some(Level::Error | Level::Warning));
    }

    fn start(&mut self, number: u64, bytes: &[u8]) {
        self.event.text.clear();
        self.event.text.extend_from_slice(BEFORE);
        self.event.text.extend_from_slice(bytes);
        self.event.line = number;
        self.event.lines = 1;
        self.event.level = None;
        self.event.is_json = false;
        self.event.counted.clear();
        self.event.goes_on = false;
        self.event.open = true;
        self.event.takes_one = bytes.trim_ascii_end().ends_with(b":");
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.event.text.len() + bytes.len() > EVENT || self.event.lines >= EVENT_LINES {
            let line = self.event.line + self.event.lines as u64;
            self.flush();
            self.event.line = line;
            self.event.lines = 0;
        }
        if self.event.lines > 0 {
            self.event.text.push(b'\n');
        }
        self.event.text.extend_from_slice(bytes);
        self.event.lines += 1;
        self.event.open = true;
    }

    /// Whether a line without a time belongs to the event before it.
    fn continues(&mut self, bytes: &[u8]) -> bool {
        let first = bytes.first().copied().unwrap_or_default();
        if matches!(first, b' ' | b'\t' | b'}' | b']' | b')' | b'^') || is_sequel(bytes) {
            return true;
        }
        if matches!(self.event.text.last(), Some(b'{' | b'[' | b'(' | b',')) {
            return true;
        }
        // The error that a line announces, or the last line of a trace.
        let trace = self.event.takes_one && (names_error(bytes) || self.event.text.ends_with(b":"));
        if trace {
            self.event.takes_one = false;
        }
        trace
    }

    /// Whether a line with a time is a further line of the event before it: programs behind a collector have
    /// the time before every line of a trace.
    fn belongs(&self, bytes: &[u8], found: &Head) -> bool {
        let (Some(moment), Some(before)) = (found.moment, self.event.moment) else { return false };
        if !self.event.open || !self.event.is_timed || moment.apart(&before) > 1 {
            return false;
        }
        let message = bytes.get(found.message..).unwrap_or_default();
        // Behind level, program and process, with the indent that it had.
        let start = message.get(..message.len().min(80)).unwrap_or_default();
        let indent =
            start.windows(3).position(|w| w == b"   ").or_else(|| start.iter().position(|b| *b == b'\t'));
        let said = indent.and_then(|at| message.get(at..)).unwrap_or_default().trim_ascii_start();
        is_sequel(said) || is_sequel(message.trim_ascii_start())
    }

    /// Counts what was read of an event that goes on.
    fn flush(&mut self) {
        if self.event.text.len() > BEFORE.len() {
            self.count();
        }
        self.event.text.clear();
        self.event.text.extend_from_slice(BEFORE);
        self.event.goes_on = true;
    }

    fn close(&mut self) {
        if self.event.open {
            self.count();
        }
        self.event.open = false;
        self.event.text.clear();
    }

    fn count(&mut self) {
        let meanings = self.all.meanings(&self.event.text);
        let unknown = meanings.is_empty() && self.is_unknown_error();
        if meanings.is_empty() && !unknown {
            return;
        }
        if self.event.is_json {
            let (moment, _) = of_json(self.event.text.get(BEFORE.len()..).unwrap_or_default());
            self.event.moment = moment.or(self.event.moment);
            self.span.span(moment);
            self.latest = moment.or(self.latest);
        }
        if !self.is_wanted() {
            return;
        }
        if unknown {
            return self.unknown();
        }
        for meaning in meanings.iter() {
            let key = (meaning.symptom, meaning.owner);
            if self.event.counted.contains(&key) {
                continue;
            }
            self.event.counted.push(key);
            self.known(meaning);
        }
    }

    /// Whether the time of the event is one that was asked for.
    fn is_wanted(&mut self) -> bool {
        let Settings { since, until, .. } = &self.all.settings;
        if since.is_none() && until.is_none() {
            return true;
        }
        let Some(moment) = self.event.moment.filter(Moment::is_dated) else {
            self.all.undated += 1;
            return false;
        };
        since.is_none_or(|s| moment >= s.of(&moment)) && until.is_none_or(|u| moment <= u.of(&moment))
    }

    fn known(&mut self, meaning: &Meaning) {
        let moment = self.event.moment;
        let place = Place { file: self.file.name.clone(), line: self.event.line, time: moment };
        self.file.known += 1;
        if self.all.lines.len() < LINES {
            let id = self.all.rules.symptoms.list.get(meaning.symptom).map(|s| s.id.clone());
            self.all.lines.push(Known {
                id: id.unwrap_or_default().into(),
                file: place.file.clone(),
                line: place.line,
                time: moment,
                address: meaning.address.as_ref().map(|a| a.written.clone()),
                owner: meaning.owner,
            });
        } else {
            self.all.lines_left_out += 1;
        }
        let counted = self.all.causes.entry((meaning.symptom, meaning.owner)).or_default();
        counted.times.add(moment);
        if counted.said.is_none() {
            counted.said.clone_from(&meaning.said);
        }
        let log = self.file.kind.as_deref().unwrap_or("other");
        if !counted.logs.iter().any(|l| l == log) {
            counted.logs.push(log.to_owned());
        }
        if counted.places.len() < PLACES {
            counted.places.push(place);
        }
        match &meaning.address {
            None => counted.without_host += 1,
            Some(address) if counted.hosts.len() < HOSTS || counted.hosts.contains_key(address) => {
                counted.hosts.entry(Rc::clone(address)).or_default().add(moment);
            }
            Some(_) => counted.hosts_left_out += 1,
        }
    }

    fn is_unknown_error(&self) -> bool {
        if self.event.goes_on {
            return false;
        }
        let text = self.event.text.get(BEFORE.len()..).unwrap_or_default();
        let level = if self.event.is_json { of_json(text).1 } else { self.event.level };
        let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
        match level {
            Some(Level::Error) => true,
            Some(Level::Quiet) => false,
            Some(Level::Warning) | None => self.all.says_error(first),
        }
    }

    fn unknown(&mut self) {
        self.all.unknown += 1;
        self.file.unknown += 1;
        let text = self.event.text.get(BEFORE.len()..).unwrap_or_default();
        let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
        let first = first.get(..first.len().min(512)).unwrap_or_default();
        // Numbers differ where nothing else does.
        let form: Vec<u8> = first.iter().filter(|b| !b.is_ascii_digit()).copied().collect();
        let key = self.all.memory.key(&form);
        let moment = self.event.moment;
        if let Some(form) = self.all.forms.get_mut(&key) {
            form.times.add(moment);
        } else if self.all.forms.len() < FORMS {
            let text = self.all.mask.sample(&said(first, self.event.is_json));
            let times = Times { count: 1, first: moment, last: moment };
            let form = Form { text, times, file: self.file.name.clone(), line: self.event.line };
            self.all.forms.insert(key, form);
        } else {
            self.all.other_forms += 1;
        }
    }
}

/// The message of a line: of a JSON object its own, else everything.
fn said(line: &[u8], is_json: bool) -> String {
    let text = String::from_utf8_lossy(line);
    if !is_json {
        return text.trim_start_matches([']', ' ', '-', '|', '"']).to_owned();
    }
    let object: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let member = |name: &str| Some(object.as_ref()?.get(name)?.as_str()?.to_owned());
    ["message", "msg", "error", "err", "text"]
        .iter()
        .find_map(|n| member(n))
        .unwrap_or_else(|| text.into_owned())
}

/// Whether a text is a name of code without anything of anybody's: `ERR_CONNECTION_RESET`.
fn is_name(text: &str) -> bool {
    (4..=50).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// Whether a line can only be a further one of an error.
fn is_sequel(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 18] = [
        b"at ",
        b"Caused by",
        b"caused by",
        b"[cause]",
        b"cause:",
        b"code:",
        b"errno:",
        b"syscall:",
        b"hostname:",
        b"host:",
        b"address:",
        b"port:",
        b"stack:",
        b"...",
        b"}",
        b"reason:",
        b"Stack trace",
        b"During handling of",
    ];
    STARTS.iter().any(|s| bytes.starts_with(s))
}

/// Whether a line begins with the name of an error and a colon: `TypeError: …`, `a.b.ConnectionError: …`.
fn names_error(bytes: &[u8]) -> bool {
    let Some(colon) = bytes.iter().take(80).position(|b| *b == b':') else { return false };
    let name = bytes.get(..colon).unwrap_or_default();
    let is_name = name
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'[' | b']' | b' '));
    is_name
        && [b"Error".as_slice(), b"Exception", b"error", b"panic", b"Traceback"]
            .iter()
            .any(|e| name.ends_with(e))
}
