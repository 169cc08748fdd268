//! The agent helper of each installed engine version: whether it is there, whole, executable, signed by the vendor,
//! and what keeps it from starting (source INS).

use super::{Check, joined, nothing_more, said};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::{Block, Helper, Helpers, Signature};
use crate::device::{Answers, Context, Found, Missing, Seen, Want};
use crate::rules::device::HelperPlace;
use crate::text::line;

const ID: &str = "agent-helper";
/// Where Linux says how file systems are mounted.
const MOUNTS: &str = "/proc/mounts";
/// The mark of a downloaded file on macOS.
const QUARANTINE: &str = "com.apple.quarantine";
/// Versions that are looked at.
const MOST: usize = 16;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "the agent helper of each engine version",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.helper.is_some(),
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
        wants.extend([&place.data, &versions(place), &program(place)].map(|p| Want::Files(p.clone())));
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
        place: named.map(|p| joined(p.platform, &[&p.data, &p.versions])).unwrap_or_default(),
        ..Helpers::default()
    };
    for place in &looked {
        let programs = answers.files(&program(place));
        for folder in answers.files(&versions(place)).iter().filter(|f| f.folder) {
            let name = folder.path.rsplit(['/', '\\']).next().unwrap_or_default();
            // What begins otherwise is no version: a download under way, a note of the file system.
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
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
    seen.helper = Some(found);
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
    if !found.versions.iter().any(|h| h.bytes.is_some()) {
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
    for helper in found.versions.iter_mut().filter(|h| h.bytes.is_some()) {
        helper.signature = signed.as_deref().and_then(|t| codesign(t, &helper.path));
        if let (Some(signature), Some(text)) = (&mut helper.signature, &verified) {
            verify(signature, text, &helper.path);
        }
        helper.quarantined = attributes.and_then(|t| quarantined(t, &helper.path));
    }
    if let Some(text) = said(answers, context, ID, "santa", seen) {
        found.blocks.extend(santa(text, &found.versions));
    }
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
        } else if let Some(team) = line.strip_prefix("TeamIdentifier=").filter(|t| *t != "not set") {
            signature.signer = Some(line::line(team, line::SHORT));
        }
    }
    any.then_some(signature)
}

/// What `codesign --verify` says of one of several files.
fn verify(signature: &mut Signature, text: &str, path: &str) {
    let said: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix(path)?.strip_prefix(": ")).collect();
    if said.contains(&"valid on disk") {
        signature.valid = Some(true);
    } else if let Some(why) = said.first() {
        signature.valid = Some(false);
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
fn santa(text: &str, versions: &[Helper]) -> Vec<Block> {
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
                    });
                }
            }
            _ => {}
        }
    }
    blocks
}

fn windows(answers: &Answers, context: &Context<'_>, seen: &mut Seen, found: &mut Helpers) {
    if found.versions.iter().any(|h| h.bytes.is_some())
        && let Some(text) = said(answers, context, ID, "authenticode", seen)
    {
        for helper in found.versions.iter_mut().filter(|h| h.bytes.is_some()) {
            helper.signature = authenticode(text, &helper.path);
        }
    }
    let names: Vec<&str> = places(context).map(|p| p.program.as_str()).collect();
    let folders: Vec<&str> = places(context).map(|p| p.versions.as_str()).collect();
    for log in &context.facts.block_log {
        if let Some(text) = said(answers, context, ID, &log.tool, seen) {
            found.blocks.extend(events(text, &log.product, &folders, &names));
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

/// The last event of a log that names a helper, as `wevtutil … /f:text` prints them: the newest first.
fn events(text: &str, product: &str, folders: &[&str], programs: &[&str]) -> Option<Block> {
    let events: Vec<&str> = text.split("Event[").skip(1).collect();
    let about = |event: &&str| {
        let lower = event.to_lowercase();
        folders.iter().any(|f| lower.contains(&format!("\\{}\\", f.to_lowercase())))
            && programs.iter().any(|p| lower.contains(&format!("\\{}", p.to_lowercase())))
    };
    let own: Vec<&&str> = events.iter().filter(|e| about(e)).collect();
    let event = own.first()?;
    let value = |name: &str| event.lines().find_map(|l| l.trim().strip_prefix(name)).map(str::trim);
    let version = folders.iter().find_map(|folder| {
        let lower = event.to_lowercase();
        let at = lower.find(&format!("\\{}\\", folder.to_lowercase()))? + folder.len() + 2;
        let name: String = lower.get(at..)?.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        (!name.is_empty()).then_some(name)
    });
    let times = if own.len() == 1 { String::new() } else { format!(", {} times", own.len()) };
    let said = match (value("Event ID:"), value("Date:")) {
        (Some(id), Some(date)) => {
            format!("event {id}, {}{times}", date.get(..16).unwrap_or(date).replace('T', " "))
        }
        (Some(id), None) => format!("event {id}{times}"),
        _ => format!("its event log{times}"),
    };
    Some(Block { product: product.to_owned(), version, said: line::line(&said, line::SHORT) })
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
        all.push(if current { one } else { one.case("earlier").likely() });
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
    match helper.bytes {
        None => all.push(one(DeviceCode::HelperIncomplete, "not there").likely()),
        Some(0) => all.push(one(DeviceCode::HelperIncomplete, "0 bytes").case("empty").likely()),
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
    let signer = signature.signer.as_deref().unwrap_or("nobody who is named");
    (signer != expected).then(|| {
        let why = format!("signed by {signer}, not by {expected}");
        one(code, &why).with("signer", signer).with("why", why)
    })
}
