//! Large files made to cost as much memory as they can: whatever a file of configuration holds,
//! reading it takes no more than 16 MiB and ten times its size, and ends soon. And a check that is repeated: a
//! thousand rounds take no more than a few.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clearway::check::{Check, Options, Rounds};
use clearway::compare::watch::Watch;
use clearway::config;
use clearway::probe::Quiet;
use clearway::report::{Style, watch};
use clearway::rules::{KeyKind, Pack, Rules};
use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;
/// What reading may take whatever the file is; the program around it takes some 9 MiB.
const BASE: usize = 7 * MIB;

/// `head`, then as many of `part` as fit into `size` bytes, then `tail`.
fn filled(head: &str, part: impl Fn(usize) -> String, tail: &str, size: usize) -> Vec<u8> {
    let mut text = head.to_owned();
    for i in 0.. {
        let next = part(i);
        if text.len() + next.len() + tail.len() > size {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(tail);
    text.into_bytes()
}

/// One long text of `size` bytes in all.
fn long(head: &str, tail: &str, size: usize) -> Vec<u8> {
    filled(head, |_| "x".repeat(4096), tail, size)
}

fn utf16(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(text).unwrap();
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

const REG: &str =
    "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n";
const DICT: &str = "<plist><dict><key>inferenceProvider</key><string>gateway</string>";

/// A binary property list: a dictionary with one known key whose value is lists of lists, `depth`
/// deep and `width` wide, around one text of `text` bytes. All of it is shared, so the file is small.
fn shared(depth: usize, width: u8, text: usize) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![vec![0xd1, 1, 2]];
    let sized = |kind: u8, len: usize| {
        let mut out = vec![kind | 0xf, 0x12];
        out.extend(u32::try_from(len).unwrap().to_be_bytes());
        out
    };
    let mut name = sized(0x50, 15);
    name.extend(b"inferenceModels");
    objects.push(name);
    for i in 0..depth {
        let mut list = sized(0xa0, usize::from(width));
        list.extend(std::iter::repeat_n(u8::try_from(i + 3).unwrap(), usize::from(width)));
        objects.push(list);
    }
    let mut leaf = sized(0x50, text);
    leaf.resize(leaf.len() + text, b'x');
    objects.push(leaf);
    let mut out = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in &objects {
        offsets.extend(u32::try_from(out.len()).unwrap().to_be_bytes());
        out.extend(object);
    }
    let table = out.len() as u64;
    out.extend(offsets);
    out.extend([0, 0, 0, 0, 0, 0, 4, 1]);
    for number in [objects.len() as u64, 0, table] {
        out.extend(number.to_be_bytes());
    }
    out
}

/// A dictionary of `count` members whose names and values are one and the same object.
fn members(count: usize) -> Vec<u8> {
    let mut out = b"bplist00".to_vec();
    let mut offsets = vec![out.len()];
    out.push(0xdf);
    out.push(0x12);
    out.extend(u32::try_from(count).unwrap().to_be_bytes());
    out.extend(std::iter::repeat_n(1, 2 * count));
    offsets.push(out.len());
    out.extend(b"\x5f\x10\x0finferenceModels");
    let table = out.len() as u64;
    offsets.iter().for_each(|o| out.extend(u32::try_from(*o).unwrap().to_be_bytes()));
    out.extend([0, 0, 0, 0, 0, 0, 4, 1]);
    for number in [2, 0, table] {
        out.extend(number.to_be_bytes());
    }
    out
}

/// Every list of objects and every object of the catalogue, as JSON text full of small objects.
fn every_key(size: usize) -> Vec<u8> {
    let keys = Pack::embedded().unwrap().keys;
    let lists: Vec<String> =
        keys.keys.iter().filter(|k| k.kind == KeyKind::ObjectList).map(|k| k.name.to_string()).collect();
    let each = size / lists.len();
    let value = |name: &String| {
        let value = filled(&format!(",\"{name}\":\"["), |_| "{\\\"a\\\":0},".into(), "{}]\"", each - 40);
        String::from_utf8(value).unwrap()
    };
    format!("{{\"inferenceProvider\":\"gateway\"{}}}", lists.iter().map(value).collect::<String>())
        .into_bytes()
}

const BATCH: &str =
    "reg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /d gateway\nset a=xxxxxxxx\n";
const SHELL: &str = "defaults write com.anthropic.claudefordesktop inferenceProvider gateway\na=xxxxxxxx\n";
const POWERSHELL: &str = "Set-ItemProperty -Path HKLM:\\SOFTWARE\\Policies\\Claude -Name inferenceProvider -Value gateway\n$a=\"xxxxxxxx\"\n";

/// A script whose variable is of a quarter of a megabyte in the end.
fn doubling(line: &str, before: &str) -> String {
    format!("{before}{}", line.repeat(15))
}

/// What makes a batch file one that is read.
const REG_ADD: &str =
    "reg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /t REG_SZ /d gateway /f\n";

/// A script with a list of so many numbers.
fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (0..count).map(|i| i.to_string()).collect();
    format!("{POWERSHELL}$a=@({})\n", numbers.join(","))
}

/// Files of about `size` bytes, by what is special about them.
fn hostile(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let json = "{\"inferenceProvider\":\"gateway\"";
    let models = "{\"inferenceModels\":[";
    let server = "{\"managedMcpServers\":[";
    vec![
        ("json: lists", filled(models, |_| "[],".into(), "[]]}", size)),
        ("json: objects", filled(models, |_| "{\"\":0},".into(), "[]]}", size)),
        ("json: short members", filled(json, |_| ",\"\":0".into(), "}", size)),
        ("json: unknown keys", filled(json, |i| format!(",\"inferenceRegion{i}\":\"\""), "}", size)),
        ("json: comment keys", filled(json, |i| format!(",\"_{i}\":0"), "}", size)),
        ("json: long names", filled(json, |i| format!(",\"{i:_>90}\":0"), "}", size)),
        ("json: one key again and again", filled(json, |_| ",\"inferenceModels\":[\"x\"]".into(), "}", size)),
        ("json: a long text", long("{\"inferenceGatewayBaseUrl\":\"", "\"}", size)),
        ("json: a long secret", long("{\"inferenceGatewayApiKey\":\"", "\"}", size)),
        ("json: a long name", long("{\"inferenceProvider\":\"gateway\",\"", "\":0}", size)),
        ("json: escapes", filled("{\"inferenceGatewayBaseUrl\":\"", |_| "\\u0041".into(), "\"}", size)),
        (
            "json: URLs with passwords",
            filled("{\"coworkEgressAllowedHosts\":[", |_| "\"https://u:p@h/\",".into(), "\"\"]}", size),
        ),
        ("json: servers", filled(server, |_| "{\"headers\":{\"a\":\"s\"}},".into(), "{}]}", size)),
        ("json: a list as text", filled("{\"inferenceModels\":\"[", |_| "[],".into(), "[]]\"}", size)),
        ("json: an unclosed text", long("{\"inferenceGatewayBaseUrl\":\"", "", size)),
        (
            "json: nested document",
            filled(
                "{\"$schemaVersion\":2,\"inference\":{\"provider\":\"gateway\"",
                |i| format!(",\"k{i}\":0"),
                "}}",
                size,
            ),
        ),
        (
            "json: a hosts document",
            filled("{\"schema\":\"clearway.hosts/1\",\"groups\":[", |_| "[],".into(), "[]]}", size),
        ),
        (
            "json: objects in a hosts document",
            filled("{\"schema\":\"clearway.hosts/1\",\"groups\":[", |_| "{\"\":0},".into(), "[]]}", size),
        ),
        (
            "json: a configuration that mentions a document",
            filled("{\"inferenceModels\":[\"clearway.\",", |_| "{\"\":0},".into(), "[]]}", size),
        ),
        ("json: objects as text in every key", every_key(size)),
        ("json: UTF-16", utf16(filled(json, |i| format!(",\"a{i}\":\"x\""), "}", size / 2))),
        ("plist: short members", filled(DICT, |_| "<key/><true/>".into(), "</dict></plist>", size)),
        (
            "plist: lists",
            filled(
                "<plist><dict><key>inferenceModels</key><array>",
                |_| "<array/>".into(),
                "</array></dict></plist>",
                size,
            ),
        ),
        (
            "plist: a long text",
            long("<plist><dict><key>inferenceGatewayBaseUrl</key><string>", "</string></dict></plist>", size),
        ),
        (
            "plist: references",
            filled(
                "<plist><dict><key>inferenceGatewayBaseUrl</key><string>",
                |_| "&amp;".into(),
                "</string></dict></plist>",
                size,
            ),
        ),
        ("plist: comments", filled(DICT, |_| "<!---->".into(), "</dict></plist>", size)),
        ("plist: attributes", filled("<plist", |i| format!(" a{i}=\"\""), "><dict/></plist>", size)),
        (
            "plist: a profile of empty payloads",
            filled(
                "<plist><dict><key>PayloadContent</key><array>",
                |_| "<dict/>".into(),
                "</array></dict></plist>",
                size,
            ),
        ),
        ("plist: an open tag", long("<plist><dict><key", "", size)),
        ("reg: deletions", filled(REG, |_| "\"\"=-\n".into(), "", size)),
        ("reg: texts", filled(REG, |i| format!("\"a{i}\"=\"\"\n"), "", size)),
        ("reg: numbers", filled(REG, |i| format!("\"a{i}\"=dword:1\n"), "", size)),
        ("reg: types the app does not see", filled(REG, |_| "\"a\"=hex:\n".into(), "", size)),
        ("reg: bad lines", filled(REG, |_| "\"\"=x\n".into(), "", size)),
        ("reg: keys elsewhere", filled(REG, |_| "[a]\n".into(), "", size)),
        ("reg: deleted keys", filled(REG, |_| "[-HKCU\\Software\\Policies\\Claude]\n".into(), "", size)),
        ("reg: default values", filled(REG, |_| "@=\"\"\n".into(), "", size)),
        ("reg: empty lines", filled(REG, |_| "\n".into(), "", size)),
        (
            "reg: hexadecimal text",
            filled(&format!("{REG}\"bootstrapUrl\"=hex(1):"), |_| "61,00,".into(), "\n", size),
        ),
        ("reg: an open text", filled(&format!("{REG}\"bootstrapUrl\"=\""), |_| "x\n".into(), "", size)),
        (
            "reg: continuations",
            filled(&format!("{REG}\"bootstrapUrl\"=hex(1):"), |_| "61,\\\n".into(), "\n", size),
        ),
        ("reg: UTF-16", utf16(filled(REG, |i| format!("\"a{i}\"=\"\"\n"), "", size / 2))),
        ("reg: another code page", [REG.as_bytes(), &vec![0xe9; size - REG.len()]].concat()),
        ("binary: shared lists", shared(3, 60, 1)),
        ("binary: shared text", shared(3, 30, 1000)),
        ("binary: a long text", shared(0, 0, size)),
        ("binary: long texts", shared(1, 200, size)),
        ("binary: members", members(size / 2)),
        (
            "batch: variables that double",
            filled(&doubling("set a=%a%%a%\n", BATCH), |i| format!("set b{i}=%a%\n"), "", size),
        ),
        (
            "batch: a long variable again and again",
            filled(&doubling("set a=%a%%a%\n", BATCH), |_| "cd %a%\n".into(), "", size),
        ),
        (
            "shell: variables that double",
            filled(&doubling("a=\"$a$a\"\n", SHELL), |i| format!("b{i}=\"$a\"\n"), "", size),
        ),
        (
            "PowerShell: variables that double",
            filled(&doubling("$a=\"$a$a\"\n", POWERSHELL), |i| format!("$b{i}=$a\n"), "", size),
        ),
        (
            "PowerShell: a long variable again and again",
            filled(
                &doubling("$a=\"$a$a\"\n", POWERSHELL),
                |i| {
                    format!("Set-ItemProperty -Path HKLM:\\SOFTWARE\\Policies\\Claude -Name n{i} -Value $a\n")
                },
                "",
                size,
            ),
        ),
        (
            "PowerShell: a list of numbers again and again",
            filled(&numbers(9990), |i| format!("$b{i}=$a\n"), "", size),
        ),
        (
            "PowerShell: a list of numbers in nested loops",
            filled(
                &format!("{}foreach($x in $a){{foreach($y in $a){{\n", numbers(300)),
                |i| format!("$b{i}=$a\n"),
                "}}\n",
                size,
            ),
        ),
        (
            "PowerShell: a text that a loop keeps again and again",
            filled(
                &format!("{}$h=@{{}}\nforeach($x in $a){{$h.Add($x,'", numbers(9990)),
                |_| "x".repeat(256),
                "')}\n",
                size,
            ),
        ),
        (
            "script: many commands on a line",
            filled(REG_ADD, |_| format!("{}\n", "a&".repeat(20_000)), "", size),
        ),
        (
            "script: many loops on a line",
            filled(REG_ADD, |_| format!("{}\n", "for %%i in (a) do ".repeat(2_000)), "", size),
        ),
        ("text: a line without end", long("# ", "", size)),
        ("text: YAML", long("a: ", "", size)),
    ]
}

// Memory is counted for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Reads every hostile file of each size and tells those that cost too much.
fn check(sizes: &[usize]) {
    let _alone = ALONE.lock();
    let keys = Pack::embedded().unwrap().keys;
    let mut over = String::new();
    for size in sizes {
        for (what, bytes) in hostile(*size) {
            let before = COUNTED.current_usage();
            COUNTED.reset_peak_usage();
            let started = Instant::now();
            let read = config::read_bytes(&bytes, "f", &keys);
            let (took, used) = (started.elapsed(), COUNTED.peak_usage().saturating_sub(before));
            drop(read);
            let limit = BASE + 10 * bytes.len();
            let line = format!(
                "{what}: {} of {} KiB, {:.1} s for {} KiB",
                used / 1024,
                limit / 1024,
                took.as_secs_f32(),
                bytes.len() / 1024
            );
            println!("{line}");
            // Unoptimised, on a shared machine.
            if used > limit || took > Duration::from_secs(30) {
                writeln!(over, "{line}").unwrap();
            }
        }
    }
    assert!(over.is_empty(), "over the limit:\n{over}");
}

#[test]
fn no_file_takes_more_than_its_share() {
    check(&[MIB / 16, MIB / 4, MIB]);
}

#[test]
#[ignore = "minutes without optimisation"]
fn nor_does_the_largest_file() {
    check(&[4 * MIB, 16 * MIB - 512 * 1024]);
}

#[test]
fn many_rounds_take_no_more_than_a_few() {
    repeat(200);
}

#[test]
#[ignore = "minutes without optimisation"]
fn nor_do_a_thousand() {
    repeat(1000);
}

/// A real server that answers, but for every third connection or so; a host that is never there; so many rounds by a
/// clock made by hand.
fn repeat(rounds: usize) {
    let _alone = ALONE.lock();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, answered) = (listener.local_addr().unwrap(), AtomicUsize::new(0));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            if answered.fetch_add(1, Ordering::SeqCst) % 7 < 5 {
                let _ = stream.read(&mut [0; 2048]);
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            }
        }
    });
    let options = Options {
        hosts: vec![format!("http://{address}"), format!("https://{gone}")],
        proxy: Some("none".to_owned()),
        controls: false,
        ..Options::default()
    };
    let rules = Rules::of(None).unwrap();
    let check = Check::prepare(&options, &rules, Instant::now()).unwrap();
    let mut at = time::OffsetDateTime::UNIX_EPOCH;
    let (mut all, mut known, mut told) = (Watch::new(at), Rounds::default(), 0);
    let mut used = Vec::new();
    for round in 1..=rounds {
        at += time::Duration::MINUTE;
        let run = check.again(Instant::now(), &mut known, &Quiet).unwrap();
        let changes = all.take(&run, at);
        told += watch::ndjson::round(&all, &changes, at).len();
        drop((run, changes));
        if round % 100 == 0 {
            // What threads of the last round still hold is given back soon.
            std::thread::sleep(Duration::from_millis(200));
            used.push(COUNTED.current_usage() / 1024);
        }
    }
    println!("KiB after each hundred rounds: {used:?}; {told} bytes told, {} changes", all.changes);
    assert!(all.changes > rounds as u64 / 10, "{} changes: nothing was tried", all.changes);
    let end = watch::text::end(&all, &watch::Subject::default(), watch::Ended::Rounds, &Style::default());
    assert!(end.contains(&format!("{rounds} rounds")), "{end}");
    // A kilobyte for each round would be too much.
    let (first, last) = (used[0], used[rounds / 100 - 1]);
    assert!(last <= first + 64, "{used:?}");
}
