//! The registry of Windows, read through the system's own functions, as Unicode. `reg.exe` prints in the console's code
//! page, in which most names cannot be written, and a policy against registry tools stops it. The result is text in the
//! form of `reg query`, which copies of devices hold, too, so that there is one reader for both.

use std::fmt::Write as _;

/// Characters of a key, and of all below it, that are read.
const LONGEST: usize = 4 * 1024 * 1024;
/// Levels below a key; the registry itself has at most 512.
#[cfg(windows)]
const DEEPEST: usize = 32;

/// The roots, as `reg query` prints them, and the short names that it takes for them.
const ROOTS: [(&str, &str); 3] =
    [("HKEY_LOCAL_MACHINE", "HKLM"), ("HKEY_CURRENT_USER", "HKCU"), ("HKEY_USERS", "HKU")];

/// The text of a key, such as `HKLM\SOFTWARE\Policies`, as `reg query` prints it, with `below` as `reg query /s` does;
/// nothing where there is no such key.
///
/// # Errors
/// Why it cannot be read, in plain words: access is denied, more than 4 MB, or a machine without a registry.
pub fn query(key: &str, below: bool) -> Result<Option<String>, String> {
    let (root, path) =
        root(key).ok_or_else(|| format!("{key} is not a key of the machine's or a user's registry"))?;
    read(root, path, below)
}

/// The root's full name, and what stands below it.
fn root(key: &str) -> Option<(&'static str, &str)> {
    let (first, path) = key.split_once('\\').unwrap_or((key, ""));
    let is = |name: &str| first.eq_ignore_ascii_case(name);
    ROOTS.iter().find(|(long, short)| is(long) || is(short)).map(|(long, _)| (*long, path))
}

#[cfg(not(windows))]
fn read(_root: &str, _path: &str, _below: bool) -> Result<Option<String>, String> {
    Err("this machine has no Windows registry".to_owned())
}

#[cfg(windows)]
fn read(root: &str, path: &str, below: bool) -> Result<Option<String>, String> {
    // HRESULTs of the system's errors 2 and 3: there is no such file, there is no such path.
    const ABSENT: [i32; 2] = [0x8007_0002_u32.cast_signed(), 0x8007_0003_u32.cast_signed()];
    let start = match root {
        "HKEY_LOCAL_MACHINE" => windows_registry::LOCAL_MACHINE,
        "HKEY_CURRENT_USER" => windows_registry::CURRENT_USER,
        _ => windows_registry::USERS,
    };
    match start.open(path) {
        Ok(key) => {
            let mut text = String::new();
            descend(&key, &format!("{root}\\{path}"), if below { DEEPEST } else { 0 }, &mut text)?;
            Ok(Some(text))
        }
        Err(error) if ABSENT.contains(&error.code().0) => Ok(None),
        Err(error) => Err(format!("{root}\\{path} cannot be read: {}", error.message())),
    }
}

#[cfg(windows)]
fn descend(key: &windows_registry::Key, name: &str, levels: usize, text: &mut String) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{name} cannot be read: {error}");
    let values = key.values().map_err(|e| failed(&e))?;
    print(text, name, values.map(|(name, value)| (name, u32::from(value.ty()), value.to_vec())))?;
    if levels == 0 {
        return Ok(());
    }
    for inner in key.keys().map_err(|e| failed(&e))? {
        let name = format!("{name}\\{inner}");
        let key = key.open(&inner).map_err(|e| format!("{name} cannot be read: {e}"))?;
        descend(&key, &name, levels - 1, text)?;
    }
    Ok(())
}

/// Appends a key and its values (name, type, bytes) as `reg query` prints them.
///
/// # Errors
/// That the text grows beyond 4 MB.
#[cfg_attr(not(any(windows, test)), allow(dead_code))] // The other systems have nothing to print.
fn print(
    text: &mut String,
    key: &str,
    values: impl Iterator<Item = (String, u32, Vec<u8>)>,
) -> Result<(), String> {
    let _ = write!(text, "\r\n{key}\r\n");
    let too_much = || Err(format!("{key} holds more than {} MB", LONGEST / 1024 / 1024));
    if text.len() > LONGEST {
        return too_much();
    }
    for (name, kind, bytes) in values {
        let name = if name.is_empty() { "(Default)" } else { &name };
        let (kind, data) = value(kind, &bytes);
        let _ = write!(text, "    {name}    {kind}    {data}\r\n");
        if text.len() > LONGEST {
            return too_much();
        }
    }
    Ok(())
}

/// The name of a type and what `reg query` prints of its bytes (winnt.h: `REG_SZ` is 1, and so on).
fn value(kind: u32, bytes: &[u8]) -> (String, String) {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    // What stands behind the zero that ends a text is left over from an earlier one.
    let text = || String::from_utf16_lossy(units.split(|unit| *unit == 0).next().unwrap_or_default());
    let texts = || -> Vec<String> {
        let all = units.split(|unit| *unit == 0).map(String::from_utf16_lossy);
        all.take_while(|text| !text.is_empty()).collect()
    };
    let hex = || bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let (name, data) = match (kind, bytes) {
        (1, _) => ("REG_SZ", text()),
        (2, _) => ("REG_EXPAND_SZ", text()),
        (4, [a, b, c, d]) => ("REG_DWORD", format!("{:#x}", u32::from_le_bytes([*a, *b, *c, *d]))),
        (4, _) => ("REG_DWORD", hex()),
        (7, _) => ("REG_MULTI_SZ", texts().join("\\0")),
        (11, bytes) => match <[u8; 8]>::try_from(bytes) {
            Ok(bytes) => ("REG_QWORD", format!("{:#x}", u64::from_le_bytes(bytes))),
            Err(_) => ("REG_QWORD", hex()),
        },
        (3, _) => ("REG_BINARY", hex()),
        (0, _) => ("REG_NONE", hex()),
        (other, _) => return (format!("REG_{other}"), hex()),
    };
    (name.to_owned(), data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_key_is_written_as_reg_query_prints_it() {
        let values = [
            ("", 1, wide("x\0")),
            ("Name", 1, wide("Störungen 障害 \u{1f6a7}\0left over\0")),
            ("Pfad", 2, wide("%SystemDrive%\\Users\\Müller\0")),
            ("n", 4, vec![0x10, 0x0e, 0, 0]),
            ("odd", 4, vec![1]),
            ("m", 7, wide("a\0b\0\0")),
            ("q", 11, vec![1, 0, 0, 0, 0, 0, 0, 0]),
            ("b", 3, vec![0, 0xab]),
            ("lone", 1, vec![0x00, 0xd8, b'a', 0]),
        ];
        let mut text = String::new();
        print(&mut text, r"HKEY_USERS\S-1", values.map(|(n, k, b)| (n.to_owned(), k, b)).into_iter())
            .unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "",
                r"HKEY_USERS\S-1",
                "    (Default)    REG_SZ    x",
                "    Name    REG_SZ    Störungen 障害 \u{1f6a7}",
                r"    Pfad    REG_EXPAND_SZ    %SystemDrive%\Users\Müller",
                "    n    REG_DWORD    0xe10",
                "    odd    REG_DWORD    01",
                r"    m    REG_MULTI_SZ    a\0b",
                "    q    REG_QWORD    0x1",
                "    b    REG_BINARY    00AB",
                "    lone    REG_SZ    \u{fffd}a",
            ]
        );
    }

    #[test]
    fn a_key_without_end_is_refused() {
        let endless = std::iter::repeat_with(|| ("n".to_owned(), 3, vec![0; 64 * 1024]));
        let error = print(&mut String::new(), r"HKEY_USERS\S-1", endless).unwrap_err();
        assert_eq!(error, r"HKEY_USERS\S-1 holds more than 4 MB");
        // Keys without values count as well.
        let mut text = "x".repeat(LONGEST);
        assert!(print(&mut text, r"HKEY_USERS\S-1", std::iter::empty()).is_err());
    }

    #[test]
    fn roots_have_two_names_each() {
        assert_eq!(root(r"hklm\Software\X"), Some(("HKEY_LOCAL_MACHINE", r"Software\X")));
        assert_eq!(root(r"HKEY_USERS\S-1"), Some(("HKEY_USERS", "S-1")));
        assert_eq!(root("HKEY_CLASSES_ROOT"), None);
        assert!(query(r"HKCR\x", false).unwrap_err().contains("is not a key"));
    }

    #[cfg(not(windows))]
    #[test]
    fn another_system_has_no_registry() {
        assert_eq!(query(r"HKCU\x", true), Err("this machine has no Windows registry".to_owned()));
    }
}
