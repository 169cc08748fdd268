//! The agent helper of each installed engine version: whether it is there, whole, executable, signed by the vendor,
//! and what keeps it from starting (source INS).

use super::{Check, joined, nothing_more, said};
use crate::contract::{DeviceCode, Platform};
use crate::device::events::{self, Event};
use crate::device::seen::{Block, Helper, Helpers, Signature};
use crate::device::{Answers, Context, Found, Missing, Seen, Want};
use crate::rules::Word;
use crate::rules::device::{BlockLog, HelperPlace};
use crate::text::line;

const ID: &str = "agent-helper";
/// Where Linux says how file systems are mounted.
const MOUNTS: &str = "/proc/mounts";
/// The mark of a downloaded file on macOS.
const QUARANTINE: &str = "com.apple.quarantine";
/// Versions that are looked at.
const MOST: usize = 16;
/// Seconds for which a log speaks of the rules of today.
const RECENT: i64 = 7 * 24 * 3600;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "the agent helper of each engine version",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.helper.as_ref().is_some_and(|h| h.data.is_some() || !h.blocks.is_empty()),
    decides: true,
};

fn places<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a HelperPlace> {
    let platform = context.platform;
    context.facts.helper.iter().filter(move |p| p.platform == platform)
}

fn versions(place: &HelperPlace) -> String {
    joined(place.platform, &[&place.data, &place.versions, "*"])
}

fn program(place: &HelperPlace) -> String {
    joined(place.platform, &[&versions(place), &place.program])
}

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let mut wants = Vec::new();
    for place in places(context) {
        wants.extend([place.data.to_string(), versions(place), program(place)].map(Want::Files));
    }
    let programs: Vec<String> = places(context).map(program).collect();
    let about = |id: &str| Want::Tool(id.to_owned(), programs.clone());
    match context.platform {
        Platform::Macos => {
            wants.extend(["codesign", "codesign-verify", "attributes", "santa"].map(about));
        }
        Platform::Windows => {
            wants.push(about("authenticode"));
            wants.extend(context.facts.block_log.iter().map(|log| super::tool(&log.tool)));
        }
        Platform::Linux => wants.push(Want::Text(MOUNTS.to_owned())),
    }
    wants
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let there = |place: &&HelperPlace| answers.files(&place.data).iter().any(|f| f.folder);
    let third: Vec<&HelperPlace> = places(context).filter(|p| !p.ordinary).filter(there).collect();
    let ordinary = places(context).filter(|p| p.ordinary).filter(there);
    // The ordinary mode's folder counts where there is no other.
    let looked: Vec<&HelperPlace> = if third.is_empty() { ordinary.collect() } else { third };
    let named = looked.first().copied().or_else(|| places(context).find(|p| !p.ordinary));
    let mut found = Helpers {
        data: looked.first().and_then(|p| answers.files(&p.data).first()).map(|f| f.path.clone()),
        place: named.map(|p| shown_place(p, answers)).unwrap_or_default(),
        ..Helpers::default()
    };
    for place in &looked {
        let programs = answers.files(&program(place));
        for folder in answers.files(&versions(place)).iter().filter(|f| f.folder) {
            let name = folder.path.rsplit(['/', '\\']).next().unwrap_or_default();
            // What is called otherwise is no version: a download under way, a note of the file system.
            if !is_version(name) {
                continue;
            }
            let path = joined(place.platform, &[&folder.path, &place.program]);
            let fact = programs.iter().find(|f| same(&f.path, &path) && !f.folder);
            found.versions.push(Helper {
                version: line::line(name, line::SHORT),
                bytes: fact.map(|f| f.bytes),
                executable: fact.and_then(|f| f.executable),
                path,
                ..Helper::default()
            });
        }
    }
    found.versions.sort_by_key(|h| std::cmp::Reverse(number(&h.version)));
    found.versions.truncate(MOST);
    match context.platform {
        Platform::Macos => macos(answers, context, seen, &mut found),
        Platform::Windows => windows(answers, context, seen, &mut found),
        Platform::Linux => linux(answers, &mut found),
    }
    if found.data.is_none() {
        seen.missed(
            ID,
            "the agent helper",
            answers.denied().unwrap_or(
                "the app has no data of this user here: it was not started yet, or its files were not collected",
            ),
        );
    }
    seen.helper = Some(found);
}

/// The folder of versions as the device names it, or where the app has none yet, as its users would write it.
fn shown_place(place: &HelperPlace, answers: &Answers) -> String {
    let data = match answers.files(&place.data).iter().find(|f| f.folder) {
        Some(folder) => folder.path.clone(),
        None => [
            ("{home}", "~"),
            ("{config}", "~/.config"),
            ("{localappdata}", "%LOCALAPPDATA%"),
            ("{appdata}", "%APPDATA%"),
        ]
        .into_iter()
        .fold(place.data.clone(), |path, (mark, word)| path.replace(mark, word).into())
        .into(),
    };
    joined(place.platform, &[&data, &place.versions])
}

/// Numbers with dots between them, to the end.
fn is_version(name: &str) -> bool {
    name.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether its program has anything in it that can be signed.
fn is_whole(helper: &Helper) -> bool {
    helper.bytes.is_some_and(|bytes| bytes > 0)
}

/// Two paths of one file, whatever the separators.
fn same(a: &str, b: &str) -> bool {
    let plain = |p: &str| p.replace('\\', "/").to_lowercase();
    plain(a) == plain(b)
}

/// The numbers of a version, for their order.
fn number(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

fn macos(answers: &Answers, context: &Context<'_>, seen: &mut Seen, found: &mut Helpers) {
    if !found.versions.iter().any(is_whole) {
        return;
    }
    // codesign prints to the channel of errors, and fails where one file of several is not signed.
    let both = |id: &str, seen: &mut Seen| match answers.tool(id) {
        Ok(printed) => Some(printed.both()),
        Err(Missing::Unknown(why)) => {
            let asks = context.facts.tool(id, context.platform).map(|t| t.asks.clone());
            seen.missed(ID, &asks.unwrap_or_default(), why.clone());
            None
        }
        Err(Missing::Absent) => None,
    };
    let signed = both("codesign", seen);
    let verified = both("codesign-verify", seen);
    let attributes = said(answers, context, ID, "attributes", seen);
    let damage = &context.facts.identity.damage_macos;
    for helper in found.versions.iter_mut().filter(|h| is_whole(h)) {
        helper.signature = signed.as_deref().and_then(|t| codesign(t, &helper.path));
        if let (Some(signature), Some(text)) = (&mut helper.signature, &verified) {
            verify(signature, text, &helper.path, damage);
        }
        helper.quarantined = attributes.and_then(|t| quarantined(t, &helper.path));
    }
    // The newest is the one that is judged.
    if let Some(newest) = found.versions.first().filter(|h| is_whole(h)) {
        match &newest.signature {
            None if signed.is_some() => unread(context, seen, "codesign", None),
            Some(s) if s.signed && verified.is_some() && s.valid.is_none() => {
                unread(context, seen, "codesign-verify", s.said.as_deref());
            }
            _ => {}
        }
        if attributes.is_some() && newest.quarantined.is_none() {
            unread(context, seen, "attributes", None);
        }
    }
    if let Some(text) = said(answers, context, ID, "santa", seen) {
        found.blocks.extend(santa(text, &found.versions, seen.at));
    }
}

/// Notes that a tool ran and told nothing of the helper: what it said of it, or that its output does not name it, as
/// where the output is in another encoding, or names the file by another path.
fn unread(context: &Context<'_>, seen: &mut Seen, id: &str, said: Option<&str>) {
    let Some(tool) = context.facts.tool(id, context.platform) else { return };
    let why = match said {
        Some(said) => format!("{} could not judge it: {said}", tool.program),
        None => format!("the output of {} does not name it", tool.program),
    };
    seen.missed(ID, &tool.asks, why);
}

/// What `codesign -d` says of one of several files: a block from `Executable=` on, or one line with the path.
fn codesign(text: &str, path: &str) -> Option<Signature> {
    let unsigned = format!("{path}: code object is not signed at all");
    if text.lines().any(|l| l.trim() == unsigned) {
        return Some(Signature::default());
    }
    let mut block = text.lines().skip_while(|l| l.strip_prefix("Executable=") != Some(path)).skip(1);
    let mut signature = Signature { signed: true, ..Signature::default() };
    let mut any = false;
    for line in block.by_ref().take_while(|l| !l.starts_with("Executable=")) {
        any = true;
        if let Some(id) = line.strip_prefix("Identifier=") {
            signature.identifier = Some(line::line(id, line::SHORT));
        } else if let Some(team) = line.strip_prefix("TeamIdentifier=") {
            let team = if team == "not set" { "nobody who is named" } else { team };
            signature.signer = Some(line::line(team, line::SHORT));
        }
    }
    any.then_some(signature)
}

/// What `codesign --verify` says of one of several files. Only some of what it says means that the file was changed.
fn verify(signature: &mut Signature, text: &str, path: &str, damage: &[Word]) {
    let said: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix(path)?.strip_prefix(": ")).collect();
    if said.contains(&"valid on disk") {
        signature.valid = Some(true);
    } else if let Some(why) = said.first() {
        let changed = said.iter().any(|s| damage.iter().any(|d| s.starts_with(d.as_str())));
        signature.valid = changed.then_some(false);
        signature.said = Some(line::line(why, line::SHORT));
    }
}

/// Whether `ls -ld@` shows the mark below the line of the file.
fn quarantined(text: &str, path: &str) -> Option<bool> {
    let mut lines = text.lines().skip_while(|l| !l.ends_with(path));
    lines.next()?;
    let mut attributes = lines.take_while(|l| l.starts_with(['\t', ' ']));
    Some(attributes.any(|l| l.trim_start().starts_with(QUARANTINE)))
}

/// The files that Santa blocks, by `santactl fileinfo`: blocks of `Name : value`, each with its path.
fn santa(text: &str, versions: &[Helper], now: i64) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at: Option<&Helper> = None;
    for (name, value) in text.lines().filter_map(|l| l.split_once(" : ").or_else(|| l.split_once(": "))) {
        match name.trim() {
            "Path" => at = versions.iter().find(|h| same(&h.path, value.trim())),
            "Rule" if value.trim().to_ascii_lowercase().starts_with("block") => {
                if let Some(helper) = at {
                    blocks.push(Block {
                        product: "Santa".to_owned(),
                        version: Some(helper.version.clone()),
                        said: line::line(&format!("rule: {}", value.trim()), line::SHORT),
                        at: Some(now),
                    });
                }
            }
            _ => {}
        }
    }
    blocks
}

fn windows(answers: &Answers, context: &Context<'_>, seen: &mut Seen, found: &mut Helpers) {
    if found.versions.iter().any(is_whole)
        && let Some(text) = said(answers, context, ID, "authenticode", seen)
    {
        for helper in found.versions.iter_mut().filter(|h| is_whole(h)) {
            helper.signature = authenticode(text, &helper.path);
        }
        if let Some(newest) = found.versions.first().filter(|h| is_whole(h)) {
            match &newest.signature {
                None => unread(context, seen, "authenticode", None),
                Some(s) if s.signed && s.valid.is_none() => {
                    unread(context, seen, "authenticode", s.said.as_deref());
                }
                Some(s) if s.valid == Some(true) && s.signer.is_none() => {
                    unread(context, seen, "authenticode", Some("no subject"));
                }
                Some(_) => {}
            }
        }
    }
    let places: Vec<&HelperPlace> = places(context).collect();
    for log in &context.facts.block_log {
        let Some(text) = said(answers, context, ID, &log.tool, seen) else { continue };
        match events::read(text) {
            Some(events) => found.blocks.extend(block(&events, log, &places)),
            None => {
                let asks = context.facts.tool(&log.tool, context.platform).map(|t| t.asks.clone());
                let why = "the output is no list of events in XML, or was cut off (wevtutil with /f:xml)";
                seen.missed(ID, &asks.unwrap_or_default(), why);
            }
        }
    }
}

/// What `Get-AuthenticodeSignature` says of one of several files: lines `Path:`, `Status:`, `Subject:`.
fn authenticode(text: &str, path: &str) -> Option<Signature> {
    let of = |line: &str, name: &str| {
        line.trim().strip_prefix(name)?.strip_prefix(':').map(|v| v.trim().to_owned())
    };
    let mut lines = text.lines().skip_while(|l| !of(l, "Path").is_some_and(|p| same(&p, path)));
    lines.next()?;
    let mut signature = Signature { signed: true, ..Signature::default() };
    let mut any = false;
    for line in lines.take_while(|l| of(l, "Path").is_none()) {
        if let Some(status) = of(line, "Status") {
            any = true;
            match status.as_str() {
                "Valid" => signature.valid = Some(true),
                "NotSigned" => signature.signed = false,
                "HashMismatch" => signature.valid = Some(false),
                // The chain could not be judged here: no word on the file.
                _ => {}
            }
            if status != "Valid" {
                signature.said = Some(line::line(&status, line::SHORT));
            }
        } else if let Some(subject) = of(line, "Subject") {
            signature.signer = common_name(&subject).map(|n| line::line(&n, line::SHORT));
        }
    }
    any.then_some(signature)
}

/// The common name of a subject as Windows writes it: `CN="Anthropic, PBC", O=…`.
fn common_name(subject: &str) -> Option<String> {
    let rest = subject.split("CN=").nth(1)?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(',').next()?,
    };
    (!name.trim().is_empty()).then(|| name.trim().to_owned())
}

/// The last event of a log in which a helper itself was blocked: by the field of the blocked object, since the program
/// that acts is named beside it.
fn block(events: &[Event], log: &BlockLog, places: &[&HelperPlace]) -> Option<Block> {
    let own: Vec<(&Event, String)> = events
        .iter()
        .filter_map(|event| {
            let kind = log.event.iter().find(|k| k.id == event.id)?;
            if let Some(action) = &kind.action
                && !event
                    .field(std::slice::from_ref(action))
                    .is_some_and(|v| kind.stops.iter().any(|s| s == v))
            {
                return None;
            }
            // Defender names several objects in one field, each with its kind before it: `file:_C:\a; process:_…`.
            let objects = event.field(&kind.object)?.split(';');
            let version = objects.filter_map(|o| places.iter().find_map(|p| version_in(o, p))).next()?;
            Some((event, version))
        })
        .collect();
    let (event, version) = own.first()?;
    let times = if own.len() == 1 { String::new() } else { format!(", {} times", own.len()) };
    let when = match event.time.get(..16) {
        Some(time) => format!(", {}", time.replace('T', " ")),
        None => String::new(),
    };
    Some(Block {
        product: log.product.to_string(),
        version: Some(version.clone()),
        said: line::line(&format!("event {}{when}{times}", event.id), line::SHORT),
        at: event.at(),
    })
}

/// The version whose program an object of an event is, if it is one; its path ends as that of a program of the place.
fn version_in(object: &str, place: &HelperPlace) -> Option<String> {
    let lower = object.trim().to_lowercase();
    let rest = lower.strip_suffix(&place.program.to_lowercase())?.strip_suffix('\\')?;
    let (before, version) = rest.rsplit_once('\\')?;
    let within = before.strip_suffix(&place.versions.to_lowercase())?.ends_with('\\');
    (within && is_version(version)).then(|| version.to_owned())
}

fn linux(answers: &Answers, found: &mut Helpers) {
    let text = answers.texts(MOUNTS).iter().find_map(|f| f.text.as_ref().ok());
    let Some(text) = text else { return };
    for helper in &mut found.versions {
        let mounted = text.lines().filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let at = fields.next()?.replace("\\040", " ");
            let options = fields.nth(1)?;
            let below = at == "/" || helper.path.strip_prefix(&at).is_some_and(|rest| rest.starts_with('/'));
            below.then(|| (at, options.split(',').any(|o| o == "noexec")))
        });
        // The deepest mount counts, and of two at one place the later.
        let deepest = mounted.max_by_key(|(at, _)| at.len());
        helper.noexec = deepest.filter(|(_, noexec)| *noexec).map(|(at, _)| at);
    }
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let Some(found) = &seen.helper else { return Vec::new() };
    let allow = context.facts.identity.allow(seen.platform);
    let newest = found.versions.first();
    let mut all = Vec::new();
    for block in &found.blocks {
        let current = match (&block.version, newest) {
            (Some(version), Some(newest)) => *version == newest.version,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let version = block.version.clone().unwrap_or_default();
        let one = Found::new(DeviceCode::HelperBlocked, format!("{}: {}", block.product, block.said))
            .with("product", &block.product)
            .with("version", version)
            .with("why", &block.said)
            .with("allow", allow);
        let recent = block.at.is_some_and(|at| seen.at.saturating_sub(at) <= RECENT);
        all.push(match (current, recent) {
            (true, true) => one,
            // What was blocked once may be allowed since.
            (true, false) => one.case("old").likely(),
            (false, _) => one.case("earlier").likely(),
        });
    }
    let Some(helper) = newest else {
        if let Some(data) = &found.data {
            all.push(
                Found::new(
                    DeviceCode::HelperMissing,
                    format!("{data} is there; no version in {}", found.place),
                )
                .likely()
                .with("path", &found.place),
            );
        }
        return all;
    };
    // The app starts the newest; what is wrong with an older one stops nothing.
    let others = found.versions.len() - 1;
    let evidence = |what: &str| match others {
        0 => format!("{}: {what}", helper.path),
        n => format!("{}: {what}; the newest of {} versions", helper.path, n + 1),
    };
    let one = |code, what: &str| {
        Found::new(code, evidence(what))
            .with("version", &helper.version)
            .with("path", &helper.path)
            .with("allow", allow)
    };
    // What is not there, or empty, has neither rights nor a signature that would tell more.
    match helper.bytes {
        None => {
            all.push(one(DeviceCode::HelperIncomplete, "not there").likely());
            return all;
        }
        Some(0) => {
            all.push(one(DeviceCode::HelperIncomplete, "0 bytes").case("empty").likely());
            return all;
        }
        Some(_) => {}
    }
    if helper.executable == Some(false) {
        let why = "its file has no right to be executed";
        all.push(one(DeviceCode::HelperNotExecutable, why).with("why", why));
    }
    if let Some(at) = &helper.noexec {
        let why = format!("{at} is mounted with noexec");
        all.push(one(DeviceCode::HelperNotExecutable, &why).case("noexec").with("why", &why));
    }
    all.extend(helper.signature.as_ref().and_then(|s| signature(s, seen.platform, context, &one)));
    if helper.quarantined == Some(true) {
        all.push(one(DeviceCode::HelperQuarantined, QUARANTINE).likely());
    }
    all
}

fn signature(
    signature: &Signature,
    platform: Platform,
    context: &Context<'_>,
    one: &dyn Fn(DeviceCode, &str) -> Found,
) -> Option<Found> {
    let code = DeviceCode::HelperSignature;
    if !signature.signed {
        return Some(one(code, "not signed").case("unsigned"));
    }
    if signature.valid == Some(false) {
        let why = signature.said.clone().unwrap_or_else(|| "the signature is not valid".to_owned());
        return Some(one(code, &why).case("damaged").with("why", why));
    }
    let identity = &context.facts.identity;
    let expected = match platform {
        Platform::Macos => &identity.team_id,
        Platform::Windows => &identity.publisher,
        Platform::Linux => return None,
    };
    // Windows tells who signed it only with a chain that it could judge.
    if platform == Platform::Windows && signature.valid != Some(true) {
        return None;
    }
    let signer = signature.signer.as_deref()?;
    (signer != expected).then(|| {
        let why = format!("signed by {signer}, not by {expected}");
        let found = one(code, &why).with("signer", signer).with("why", why);
        // Who signed it is a claim of the file until the signature was checked.
        if signature.valid == Some(true) { found } else { found.likely() }
    })
}
