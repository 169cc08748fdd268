//! Registry files: UTF-16LE with byte order mark and CRLF, as regedit itself writes them.

use super::{Hive, WriteError, as_text};
use crate::config::value::Value;
use crate::rules::keys::Key;
use crate::text::visible::is_unseen;

/// The whole file.
pub(super) fn document(
    pairs: &[(&Key, &Value)],
    secrets: bool,
    policy: &str,
    hive: Hive,
) -> Result<Vec<u8>, WriteError> {
    let hive = match hive {
        Hive::User => "HKEY_CURRENT_USER",
        Hive::Machine => "HKEY_LOCAL_MACHINE",
    };
    let mut text = format!("Windows Registry Editor Version 5.00\r\n\r\n[{hive}\\{policy}]\r\n");
    for (key, value) in pairs {
        let value = as_text(value, secrets);
        if value.contains('\0') {
            return Err(WriteError::NotRepresentable {
                key: key.name.to_string(),
                format: "a registry value",
            });
        }
        text.push_str(&format!("\"{}\"=", key.name));
        if value.chars().any(is_unseen) {
            hexadecimal(&mut text, &value, key.name.len() + 3);
        } else {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            text.push_str(&format!("\"{quoted}\""));
        }
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    Ok([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect())
}

/// REG_SZ as bytes: the only way to write a line break inside a value, and to show one that is not seen.
fn hexadecimal(out: &mut String, value: &str, mut column: usize) {
    out.push_str("hex(1):");
    column += 7;
    let bytes: Vec<u8> = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(',');
            column += 1;
        }
        if column > 75 {
            out.push_str("\\\r\n  ");
            column = 2;
        }
        out.push_str(&format!("{byte:02x}"));
        column += 2;
    }
}
