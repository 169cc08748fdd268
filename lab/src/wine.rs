//! The Windows program as the program under test, run by Wine: its device is a folder with a registry and drives
//! (a prefix), made for each scenario from the one that `scripts/cross tools wine` has prepared.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::Outcome;
use crate::lab;
use crate::outcome::Context;

/// Where the Debian in the folder has the prepared device.
const DEVICE: &str = "opt/device";

/// What Windows calls the machine's store of authorities.
const STORE: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates";

/// Below it the hives of other users than the one who runs the program.
const OTHERS: &str = "HKEY_USERS\\";

/// A Debian with Wine, in a folder.
#[derive(Debug, Clone)]
pub struct Wine {
    root: PathBuf,
}

impl Wine {
    /// Finds what `scripts/cross` made.
    pub fn find() -> Outcome<Self> {
        let cross =
            std::env::var_os("CLEARWAY_CROSS").map_or_else(|| lab::target().join("cross"), PathBuf::from);
        let root = fs::canonicalize(cross.join("wine"))
            .with_context(|| format!("{}/wine (make it: scripts/cross tools wine)", cross.display()))?;
        Ok(Self { root })
    }

    /// Makes a device for a scenario: with these lines of a `.reg` file, and these authorities (PEM) in its store.
    /// Returns its folder.
    pub fn device(&self, folder: &Path, registry: &str, trusted: &str) -> Outcome<PathBuf> {
        let (from, to) = (self.root.join(DEVICE), folder.join("device"));
        if to.exists() {
            fs::remove_dir_all(&to).context("the device of an earlier run")?;
        }
        fs::create_dir_all(to.join("drive_c")).context("device")?;
        // What a program may write is copied; the rest is the one that was prepared, as Wine sees it.
        for part in [".update-timestamp", "dosdevices", "userdef.reg", "drive_c/users", "drive_c/ProgramData"]
        {
            let copied = Command::new("cp").arg("-a").arg(from.join(part)).arg(to.join(part)).status();
            if !copied.is_ok_and(|status| status.success()) {
                return Err(format!("cannot copy {} of the prepared device", part));
            }
        }
        for part in ["windows", "Program Files", "Program Files (x86)"] {
            symlink(Path::new("/").join(DEVICE).join("drive_c").join(part), to.join("drive_c").join(part))
                .context("device")?;
        }
        let lines = format!("{}{registry}", store(trusted)?);
        let others = of_others(registry);
        if !others.is_empty() {
            // As `reg export` writes it: UTF-16 with a mark.
            let text = format!("\u{feff}Windows Registry Editor Version 5.00\r\n{others}");
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            fs::write(to.join("drive_c/others.reg"), bytes).context("others.reg")?;
        }
        for (hive, file) in [("HKEY_LOCAL_MACHINE\\", "system.reg"), ("HKEY_CURRENT_USER\\", "user.reg")] {
            let text = fs::read_to_string(from.join(file)).context(file)?;
            fs::write(to.join(file), text + &in_wines_form(&lines, hive)?).context(file)?;
        }
        Ok(to)
    }

    /// The words of a command, after those of `env`, that run a Windows program.
    pub fn command(&self, program: &Path) -> Outcome<Vec<String>> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let clone = fs::canonicalize(here.join("..")).context("the clone")?;
        Ok(vec![
            "sh".to_owned(),
            here.join("wine/run.sh").display().to_string(),
            self.root.display().to_string(),
            clone.display().to_string(),
            program.display().to_string(),
        ])
    }
}

/// The keys of `lines` that are in hives of other users, with line ends of Windows.
fn of_others(lines: &str) -> String {
    let mut text = String::new();
    let mut theirs = false;
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';')) {
        if line.starts_with('[') {
            theirs = line.get(1..).is_some_and(|key| key.starts_with(OTHERS));
        }
        if theirs {
            let _ = write!(text, "{line}\r\n");
        }
    }
    text
}

/// The keys of `lines`, a `.reg` file, that are below `hive`, as Wine keeps them in a file.
fn in_wines_form(lines: &str, hive: &str) -> Outcome<String> {
    let mut text = String::from("\n");
    let mut ours = false;
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';')) {
        if let Some(key) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let known = ["HKEY_LOCAL_MACHINE\\", "HKEY_CURRENT_USER\\", OTHERS];
            if !known.iter().any(|known| key.starts_with(known)) {
                return Err(format!("registry: {key}: a device has the machine's hive and those of users"));
            }
            ours = key.starts_with(hive);
            if ours {
                let _ = writeln!(text, "\n[{}] 1", key[hive.len()..].replace('\\', "\\\\"));
            }
        } else if ours {
            for c in line.chars() {
                if c.is_ascii() {
                    text.push(c);
                } else {
                    let mut units = [0_u16; 2];
                    for unit in c.encode_utf16(&mut units) {
                        let _ = write!(text, "\\x{unit:04x}");
                    }
                }
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// Lines of a `.reg` file that put authorities into the machine's store, as `certutil -addstore Root` does: a key for
/// each, named by its SHA-1, whose value is a list of properties; the one that must be there is the certificate.
fn store(pem: &str) -> Outcome<String> {
    const CERTIFICATE: u32 = 0x20;
    let mut lines = String::new();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.context("device trust store")?;
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        let name: String = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let length = u32::try_from(certificate.len()).context("certificate")?;
        let mut blob: Vec<u8> = [CERTIFICATE, 1, length].iter().flat_map(|n| n.to_le_bytes()).collect();
        blob.extend_from_slice(&certificate);
        let bytes: Vec<String> = blob.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(lines, "[{STORE}\\{name}]\n\"Blob\"=hex:{}\n", bytes.join(","));
    }
    Ok(lines)
}

/// That a text of a registry file comes out as Wine reads it.
pub fn self_check() -> Outcome<()> {
    let lines =
        "[HKEY_CURRENT_USER\\A\\B]\n\"n\"=\"M\u{fc}ller\"\n[HKEY_LOCAL_MACHINE\\C]\n\"m\"=dword:00000001\n";
    let user = in_wines_form(lines, "HKEY_CURRENT_USER\\")?;
    let machine = in_wines_form(lines, "HKEY_LOCAL_MACHINE\\")?;
    if user.trim() != "[A\\\\B] 1\n\"n\"=\"M\\x00fcller\"" || machine.trim() != "[C] 1\n\"m\"=dword:00000001"
    {
        return Err(format!("registry files of Wine are not written as they should be: {user}{machine}"));
    }
    Ok(())
}
