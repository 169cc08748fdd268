//! An explanation as text.

use crate::contract::FeatureInfo;
use crate::contract::{Confidence, Need, Owner};
use crate::derive::incomplete;
use crate::explain::{
    Absent, AddressAnswer, Answer, Change, CodeAnswer, DeviceCodeAnswer, EntryAnswer, Explanation,
    HostAnswer, KeyAnswer, MessageAnswer, Page as Source, ReasonAnswer, Removal, RuleAlone, Status,
    TextAnswer,
};
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::rules::Word;
use crate::text::english;

/// Ways of removal and reasons for absence that are shown without `-v`.
const SHOWN: usize = 3;

/// An explanation for a terminal.
pub fn render(explanation: &Explanation, features: &[FeatureInfo], style: &Style) -> String {
    let mut page = Page::new(style);
    match &explanation.answer {
        Answer::Host(answer) => host(&mut page, explanation, answer),
        Answer::Key(answer) => key(&mut page, explanation, answer, features),
        Answer::Code(answer) => code(&mut page, answer),
        Answer::Device(answer) => device_code(&mut page, answer),
        Answer::Messages(text) => messages(&mut page, explanation, text),
        Answer::Unknown { keys, messages, codes } => {
            unknown(&mut page, explanation, keys, messages);
            if !codes.is_empty() {
                bullet(&mut page, &format!("Finding codes of that stage: {}", codes.join(", ")));
            }
        }
    }
    page.into_text()
}

fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}

fn head(page: &mut Page<'_>, explanation: &Explanation) {
    if page.style.quiet {
        return;
    }
    if explanation.with_configuration {
        page.blank();
        let rows = words::head(&explanation.list, page.style.verbose);
        parts::rows(page, &rows);
        for line in incomplete::marks(&explanation.list) {
            page.hang("! ", Paint::Attention, &line);
        }
    } else {
        page.blank();
        let text = format!(
            "No configuration was given and this device has none, so this is what the rules of {} say by themselves. With a CONFIG the answer is exact.",
            explanation.list.rules_date
        );
        page.hang("  ", Paint::None, &line(&text));
    }
}

fn bullet(page: &mut Page<'_>, text: &str) {
    page.hang("  - ", Paint::None, &line(text));
}

// ---- hosts

fn host(page: &mut Page<'_>, explanation: &Explanation, answer: &HostAnswer) {
    let name = answer
        .port
        .map_or_else(|| answer.host.to_string(), |p| crate::contract::endpoint::listed(&answer.host, p));
    let title = match answer.status {
        Status::Listed => format!("{name} is on the list"),
        Status::Covered => format!("{name} is covered by the list"),
        Status::NotListed => format!("{name} is not on the list"),
        Status::RulesAlone if answer.rules.is_empty() => format!("No rule names {name}"),
        Status::RulesAlone => {
            format!("{name}: {} may want it", english::count(answer.rules.len(), "rule", "rules"))
        }
    };
    page.heading(&line(&title));
    head(page, explanation);
    for entry in &answer.entries {
        write_entry(page, entry);
    }
    if !answer.entries.is_empty() {
        removals(page, answer);
    }
    if !answer.absent.is_empty() {
        page.heading("WHAT KEEPS IT OFF THE LIST, THE NEAREST FIRST");
        let shown = if page.style.verbose { usize::MAX } else { SHOWN };
        for absent in answer.absent.iter().take(shown) {
            write_absent(page, absent);
        }
        if answer.absent.len() > shown {
            let more = answer.absent.len() - shown;
            page.hang(
                "  ",
                Paint::Faint,
                &format!("{} more with -v.", english::count(more, "rule", "rules")),
            );
        }
    } else if answer.status == Status::NotListed {
        page.heading("WHY NOT");
        bullet(page, "No rule names this host, and no value in this configuration does.");
    }
    for rule in &answer.rules {
        write_rule(page, rule);
    }
    let mut remarks = answer.remarks.clone();
    if !answer.similar.is_empty() {
        remarks.push(format!("A similar name: {}.", answer.similar.join(", ")));
    }
    if answer.entries.is_empty() && answer.rules.is_empty() && answer.absent.is_empty() {
        remarks.push(
            "If a session should reach it, coworkEgressAllowedHosts opens it in the sandbox and puts it on this list."
                .into(),
        );
    }
    if !remarks.is_empty() {
        page.heading("NOTES");
        remarks.iter().for_each(|r| bullet(page, r));
    }
}

fn write_entry(page: &mut Page<'_>, entry: &EntryAnswer) {
    let mut facts: Vec<String> = vec![entry.need.to_string()];
    facts.extend(words::transport(entry.transport).map(str::to_owned));
    facts.push(format!("{} network", entry.network));
    if entry.loopback {
        facts.push("this device: on no firewall list".into());
    }
    page.heading(&line(&format!(
        "{} ({})",
        crate::contract::endpoint::listed(&entry.host, entry.port),
        facts.join(", ")
    )));
    for reason in &entry.reasons {
        write_reason(page, reason);
    }
}

fn write_reason(page: &mut Page<'_>, r: &ReasonAnswer) {
    let config = r.config.as_deref().map(|c| format!(", for {c}")).unwrap_or_default();
    let title = if r.feature_title.is_empty() { &r.feature } else { &r.feature_title };
    page.hang(
        &format!("  {:8}  ", r.need),
        paint(r.need),
        &line(&format!("{title}: {} (rule {}{config})", r.purpose, r.rule)),
    );
    let label = |page: &mut Page<'_>, name: &str, text: &str| {
        page.hang(&format!("            {name} "), Paint::Faint, &line(text));
    };
    label(page, "when blocked:", &r.breaks);
    if !r.sends.is_empty() {
        label(page, "sends:", &r.sends);
    }
    let keys: Vec<String> = r
        .keys
        .iter()
        .map(|k| if k.value == "unknown" { k.key.clone() } else { format!("{} ({})", k.key, k.value) })
        .collect();
    if !keys.is_empty() {
        label(page, "keys:", &keys.join(", "));
    }
    if page.style.verbose
        && let Some(condition) = &r.condition
    {
        label(page, "wanted when:", condition);
    }
    let actors: Vec<&str> = r.actors.iter().map(|a| a.as_str()).collect();
    label(page, "dialled by:", &actors.join(", "));
    label(page, "known from:", &known(r.confidence, &r.sources));
    if let Some(span) = span(r.since.as_ref(), r.until.as_ref()) {
        label(page, "app versions:", &span);
    }
    if r.removed_by.is_empty() {
        label(page, "removed by:", "no setting");
    } else {
        label(page, "removed by:", &any_of(&r.removed_by, page.style.verbose));
    }
}

fn removals(page: &mut Page<'_>, answer: &HostAnswer) {
    page.heading("TAKING IT OFF THE LIST");
    if !answer.removal_computed {
        bullet(
            page,
            "A list made earlier cannot be evaluated; give the configuration to see which settings remove the host.",
        );
        return;
    }
    if answer.removals.is_empty() {
        let rules = english::and(&answer.kept_by);
        let rests = if answer.rests_on.is_empty() {
            String::new()
        } else {
            format!(" They rest on what this deployment is: {}.", answer.rests_on.join("; "))
        };
        let rule = if answer.kept_by.len() == 1 { "rule" } else { "rules" };
        let verb = if answer.kept_by.len() == 1 { "wants" } else { "want" };
        bullet(
            page,
            &format!("No setting removes it: {rule} {rules} {verb} it whatever the switches say.{rests}"),
        );
        return;
    }
    let shown = if page.style.verbose { usize::MAX } else { SHOWN };
    for removal in answer.removals.iter().take(shown) {
        write_removal(page, removal);
    }
    if answer.removals.len() > shown {
        let more = answer.removals.len() - shown;
        page.hang("  ", Paint::Faint, &format!("{} more with -v.", english::count(more, "way", "ways")));
    }
}

fn write_removal(page: &mut Page<'_>, removal: &Removal) {
    match removal.changes.as_slice() {
        [one] => bullet(page, &one.text),
        all => {
            bullet(page, "all of these together:");
            for change in all {
                page.hang("      + ", Paint::None, &line(&change.text));
            }
        }
    }
    for text in &removal.breaks_configuration {
        page.hang("      ! ", Paint::Attention, &line(text));
    }
    let limit = if page.style.verbose { 1_000 } else { 6 };
    if !removal.also_removes.is_empty() {
        page.hang("      also removes: ", Paint::Faint, &line(&english::first(&removal.also_removes, limit)));
    }
    if !removal.adds.is_empty() {
        page.hang("      needs instead: ", Paint::Faint, &line(&english::first(&removal.adds, limit)));
    }
}

fn write_absent(page: &mut Page<'_>, absent: &Absent) {
    let config = absent.config.as_deref().map(|c| format!(", in {c}")).unwrap_or_default();
    let title = if absent.feature_title.is_empty() { &absent.feature } else { &absent.feature_title };
    bullet(page, &format!("{title}: {} (rule {}{config}) would need", absent.purpose, absent.rule));
    for need in &absent.would_need {
        page.hang("      + ", Paint::None, &line(need));
    }
}

fn write_rule(page: &mut Page<'_>, rule: &RuleAlone) {
    let title = if rule.feature_title.is_empty() { &rule.feature } else { &rule.feature_title };
    page.heading(&line(&format!("{title}: {} (rule {})", rule.purpose, rule.rule)));
    let label = |page: &mut Page<'_>, name: &str, text: &str| {
        page.hang(&format!("  {name} "), Paint::Faint, &line(text));
    };
    if let Some(made_by) = &rule.made_by {
        label(page, "made by:", &format!("{} with {made_by}", rule.host));
    }
    label(page, "listed when:", &rule.condition);
    if let Some(exact) = &rule.really_needed_when {
        label(page, "really needed when:", exact);
    }
    label(page, "need:", rule.need.as_str());
    label(page, "when blocked:", &rule.breaks);
    if !rule.sends.is_empty() {
        label(page, "sends:", &rule.sends);
    }
    let actors: Vec<&str> = rule.actors.iter().map(|a| a.as_str()).collect();
    label(page, "dialled by:", &actors.join(", "));
    label(page, "known from:", &known(rule.confidence, &rule.sources));
    if let Some(span) = span(rule.since.as_ref(), rule.until.as_ref()) {
        label(page, "app versions:", &span);
    }
    label(page, "removed by:", rule.removed_by.as_deref().unwrap_or("no switch of its own"));
}

/// How well something is known, and from which pages: the newest copy of each with its address.
fn known(confidence: Confidence, sources: &[Source]) -> String {
    let mut pages: Vec<(&str, Vec<&str>)> = Vec::new();
    let of_page = |name: &str| {
        let newest = sources.iter().rev().find(|s| s.page == name);
        let address = newest.and_then(|s| s.url.as_deref()).unwrap_or("address unknown");
        let read = newest.map(|s| s.read.as_str()).filter(|r| !r.is_empty());
        read.map_or_else(|| address.to_owned(), |read| format!("{address} (read {read})"))
    };
    for source in sources {
        match pages.iter_mut().find(|(page, _)| *page == source.page) {
            Some((_, tags)) => tags.push(&source.tag),
            None => pages.push((&source.page, vec![&source.tag])),
        }
    }
    let texts: Vec<String> = pages
        .iter()
        .map(|(page, tags)| match tags.as_slice() {
            [first, .., last] if tags.len() > 2 => format!("{page} ({first} to {last}), {}", of_page(page)),
            _ => format!("{page} ({}), {}", tags.join(", "), of_page(page)),
        })
        .collect();
    format!("{confidence}: {}", texts.join("; "))
}

fn span(
    since: Option<&crate::contract::AppVersion>,
    until: Option<&crate::contract::AppVersion>,
) -> Option<String> {
    match (since, until) {
        (Some(since), Some(until)) => Some(format!("from {since}, before {until}")),
        (Some(since), None) => Some(format!("from {since}")),
        (None, Some(until)) => Some(format!("before {until}")),
        (None, None) => None,
    }
}

fn any_of(changes: &[Change], all: bool) -> String {
    let texts: Vec<&str> = changes.iter().map(|c| c.text.as_str()).collect();
    let shown = if all { texts.len() } else { SHOWN };
    let list: Vec<&str> = texts.iter().copied().take(shown).collect();
    let more = if texts.len() > shown { format!(" ({} more)", texts.len() - shown) } else { String::new() };
    format!("{}{more}", list.join("; or "))
}

const fn paint(need: Need) -> Paint {
    match need {
        Need::Required => Paint::Bold,
        Need::Feature => Paint::None,
        Need::Optional => Paint::Faint,
    }
}

// ---- keys

fn key(page: &mut Page<'_>, explanation: &Explanation, answer: &KeyAnswer, features: &[FeatureInfo]) {
    page.heading(&answer.key);
    if let Some(old) = &answer.asked_as {
        page.hang("  ", Paint::None, &line(&format!("{old} is another name of it.")));
    }
    page.hang("  ", Paint::None, &line(&answer.effect));
    page.blank();
    let kind = match answer.allowed.as_slice() {
        [] => kind_word(answer),
        words => format!("one of {}", words.join(", ")),
    };
    let mut rows: Vec<(&str, String)> = vec![("Type", kind)];
    if let Some(default) = &answer.default {
        let earlier = answer.earlier_default.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
        rows.push(("Default", format!("{default}{earlier}")));
    }
    rows.extend(answer.since.as_ref().map(|v| ("Read since", format!("app {v}"))));
    rows.extend(answer.until.as_ref().map(|v| ("Not read since", format!("app {v}"))));
    if !answer.old_names.is_empty() {
        rows.push(("Older names", answer.old_names.join(", ")));
    }
    rows.extend(answer.nested.as_ref().map(|n| ("Nested path", n.clone())));
    for now in &answer.now {
        let origin = now.origin.as_deref().map(|o| format!(" ({o})")).unwrap_or_default();
        rows.push(("Here", line(&format!("{}{origin}, in {}", now.value, now.config))));
    }
    rows.push(("App", explanation.list.app_version.to_string()));
    parts::rows(page, &rows);
    let base = if answer.on_empty { "AN EMPTY CONFIGURATION" } else { "THIS CONFIGURATION" };
    page.heading(&format!("WHAT EACH VALUE CHANGES IN {base}"));
    for value in &answer.values {
        let mark = if value.current { " (as it is)" } else { "" };
        bullet(page, &format!("{}{mark}", value.change.text));
        if value.current {
            continue;
        }
        for text in &value.breaks_configuration {
            page.hang("      ! ", Paint::Attention, &line(text));
        }
        if value.groups.is_empty() {
            page.hang("      ", Paint::Faint, "nothing on the list");
        }
        for group in &value.groups {
            for l in &group.lines {
                crate::report::diff::text::write_line(page, l, features, "      ", Some(&group.title));
            }
        }
    }
    if !answer.decides_credential_of.is_empty() {
        let providers = english::and(&answer.decides_credential_of);
        page.heading("CREDENTIAL KIND");
        let text = format!(
            "Whether it is set helps to decide the credential kind with {providers}, and so which sign-in hosts are needed, unless inferenceCredentialKind names the kind."
        );
        bullet(page, &text);
    }
    if answer.rules.is_empty() {
        if answer.decides_credential_of.is_empty() {
            page.heading("RULES");
            bullet(page, "No rule reads this key: it names no host and removes none.");
        }
        return;
    }
    page.heading("RULES THAT READ IT");
    for rule in &answer.rules {
        let hosts = if rule.hosts.is_empty() { "a remark".to_owned() } else { rule.hosts.join(", ") };
        let holds = if answer.on_empty || !rule.holds { "" } else { "; it holds here" };
        bullet(page, &format!("{} ({}): {hosts}{holds}", rule.rule, rule.feature));
        page.hang("      when ", Paint::Faint, &line(&rule.condition));
    }
}

fn kind_word(answer: &KeyAnswer) -> String {
    use crate::rules::KeyKind;
    let word = match answer.kind {
        KeyKind::String => "text",
        KeyKind::Boolean => "true or false",
        KeyKind::Integer => "whole number",
        KeyKind::Number => "number",
        KeyKind::StringList => "list of text",
        KeyKind::ObjectList => "list of objects",
        KeyKind::Object => "object",
    };
    if answer.secret { format!("{word}, a secret") } else { word.to_owned() }
}

// ---- codes

fn code(page: &mut Page<'_>, answer: &CodeAnswer) {
    page.heading(answer.code.as_str());
    page.hang("  says:        ", Paint::Faint, &line(&answer.summary));
    page.hang("  verdict:     ", Paint::Faint, &format!("{} ({})", answer.verdict, answer.severity));
    if answer.owner != Owner::None {
        page.hang("  owner:       ", Paint::Faint, words::owner(answer.owner));
    }
    if !answer.remedy.is_empty() {
        page.hang("  what to do:  ", Paint::Faint, &line(&answer.remedy));
    }
    for (owner, remedy) in &answer.remedy_for {
        page.hang("  or, where the evidence says so,", Paint::Faint, "");
        page.hang("  owner:       ", Paint::Faint, words::owner(*owner));
        page.hang("  what to do:  ", Paint::Faint, &line(remedy));
    }
    page.heading("WHAT IT MEANS");
    for paragraph in &answer.manual {
        // The project's own documentation is not cut.
        page.hang("  ", Paint::None, &paragraph.replace('`', ""));
    }
}

fn device_code(page: &mut Page<'_>, answer: &DeviceCodeAnswer) {
    page.heading(&format!("{} (clearway device)", answer.code));
    let says = |page: &mut Page<'_>, severity, summary: &str, remedy: &str| {
        page.hang("  says:        ", Paint::Faint, &line(summary));
        page.hang("  weight:      ", Paint::Faint, &format!("{severity}"));
        if !remedy.is_empty() {
            page.hang("  what to do:  ", Paint::Faint, &line(remedy));
        }
    };
    says(page, answer.severity, &answer.summary, &answer.remedy);
    page.hang("  owner:       ", Paint::Faint, words::owner(answer.owner));
    for case in answer.cases.values() {
        page.hang("  or, where the evidence says so,", Paint::Faint, "");
        says(page, case.severity, &case.summary, &case.remedy);
    }
    if !answer.explains.is_empty() {
        let codes: Vec<&str> = answer.explains.iter().map(|c| c.as_str()).collect();
        page.hang("  may explain: ", Paint::Faint, &format!("{} of a check", codes.join(", ")));
    }
    page.heading("WHAT IT MEANS");
    for paragraph in &answer.manual {
        // The project's own documentation is not cut.
        page.hang("  ", Paint::None, &paragraph.replace('`', ""));
    }
}

// ---- messages

/// Meanings that are shown in full without `-v`; the others with title and owner.
const MEANINGS: usize = 1;

fn messages(page: &mut Page<'_>, explanation: &Explanation, text: &TextAnswer) {
    let shown = if page.style.verbose { usize::MAX } else { MEANINGS };
    for message in text.messages.iter().take(shown) {
        write_message(page, message);
    }
    if !text.addresses.is_empty() {
        let heading = if text.addresses.len() == 1 { "THE HOST IN IT" } else { "THE HOSTS IN IT" };
        page.heading(heading);
        text.addresses.iter().for_each(|a| write_address(page, a));
    }
    if text.messages.len() > shown {
        page.heading("ALSO IN IT");
        for message in text.messages.iter().skip(shown) {
            let codes = codes_of(message);
            let codes = if codes.is_empty() { String::new() } else { format!(": {codes}") };
            bullet(page, &format!("{} ({}){codes}", message.symptom.title, owner_of(message)));
        }
        page.hang("  ", Paint::Faint, "-v shows them in full.");
    }
    head(page, explanation);
}

fn codes_of(message: &MessageAnswer) -> String {
    message.symptom.codes.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ")
}

fn owner_of(message: &MessageAnswer) -> &'static str {
    if message.symptom.open && message.owner == Owner::None {
        return "this text does not say whose matter it is";
    }
    words::owner(message.owner)
}

fn write_address(page: &mut Page<'_>, address: &AddressAnswer) {
    let name = address.port.map_or_else(
        || address.host.clone(),
        |port| crate::contract::endpoint::authority_unless(&address.host, port, 443),
    );
    let titles = address.titles.join(", ");
    let what = match address.status {
        _ if address.loopback => "this device itself; on no firewall list".to_owned(),
        Status::Listed | Status::Covered => {
            let need = address.need.map(|n| format!("{n}; ")).unwrap_or_default();
            format!("on the list ({need}{titles})")
        }
        Status::NotListed => "not on the list of this configuration".to_owned(),
        Status::RulesAlone if titles.is_empty() => "no rule names it".to_owned(),
        Status::RulesAlone => format!("rules of {titles} may want it"),
    };
    bullet(page, &format!("{name}: {what}"));
}

fn write_message(page: &mut Page<'_>, message: &MessageAnswer) {
    let s = &message.symptom;
    let mut title: Vec<char> = s.title.chars().collect();
    if let Some(first) = title.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    page.heading(&title.into_iter().collect::<String>());
    page.hang("  means:       ", Paint::Faint, &line(&s.cause));
    page.hang("  owner:       ", Paint::Faint, owner_of(message));
    let others: Vec<&str> =
        s.owners.iter().filter(|o| **o != message.owner).map(|o| words::owner(*o)).collect();
    if !others.is_empty() {
        page.hang("  or:          ", Paint::Faint, &others.join("; "));
    }
    if !s.codes.is_empty() {
        page.hang("  codes:       ", Paint::Faint, &codes_of(message));
    }
    if let Some(next) = &message.next {
        page.hang("  next:        ", Paint::Faint, &line(next));
    }
    page.hang("  what to do:  ", Paint::Faint, &line(&message.remedy));
    if !s.network {
        page.hang("  network:     ", Paint::Faint, "nothing on the network is in the way");
    }
    if !message.hosts.is_empty() {
        page.hang("  hosts:       ", Paint::Faint, &line(&message.hosts.join(", ")));
    } else if !message.not_listed.is_empty() {
        page.hang("  hosts:       ", Paint::Faint, "none of the hosts concerned is on this list");
    }
    if !message.keys.is_empty() {
        let keys: Vec<String> = message
            .keys
            .iter()
            .map(|k| if k.value == "unknown" { k.key.clone() } else { format!("{} ({})", k.key, k.value) })
            .collect();
        page.hang("  keys:        ", Paint::Faint, &line(&keys.join(", ")));
    }
    if message.outdated
        && let Some(until) = &s.until
    {
        page.hang("  versions:    ", Paint::Faint, &format!("only apps before {until} do this"));
    }
    let mut sources: Vec<String> =
        message.sources.iter().map(|p| format!("{} ({})", p.page, p.tag)).collect();
    sources.extend(s.references.iter().map(String::from));
    if !s.issues.is_empty() {
        sources.push(format!("public reports {}", s.issues.join(", ")));
    }
    page.hang("  known from:  ", Paint::Faint, &line(&format!("{}: {}", s.confidence, sources.join("; "))));
}

fn unknown(page: &mut Page<'_>, explanation: &Explanation, keys: &[String], messages: &[MessageAnswer]) {
    let question = sanitise::line(&explanation.question, 120);
    page.heading(&format!("Nothing is known about \"{question}\""));
    page.blank();
    if !keys.is_empty() {
        bullet(page, &format!("Keys with a similar name: {}", keys.join(", ")));
    }
    for message in messages {
        let known = message.symptom.matches.first().map(Word::as_str).unwrap_or_default();
        bullet(
            page,
            &format!("A known message with the same name in it: \"{known}\": {}", message.symptom.title),
        );
    }
    if keys.is_empty() && messages.is_empty() {
        bullet(
            page,
            "Collect the whole line with its time and the lines around it, the name of its log, the app's version and the time zone.",
        );
        bullet(
            page,
            "Run `clearway check` on the device: it shows what is in the way, whatever the app says.",
        );
        let up_to = &explanation.known_up_to;
        bullet(page, &format!("These rules cover the app up to {up_to}; newer rules may know the text."));
    }
}
