//! Scripts, and Group Policy's files, that carry values of the registry or of preferences. The first byte chooses the carrier.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let begin: &[u8] = match first % 5 {
        0 => b"reg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /d gateway\r\n",
        1 => b"Set-ItemProperty HKLM:\\SOFTWARE\\Policies\\Claude inferenceProvider gateway\n",
        2 => b"<RegistrySettings>",
        3 => b"defaults write com.anthropic.claudefordesktop inferenceProvider gateway\n",
        _ => b"PReg\x01\0\0\0",
    };
    let mut text = begin.to_vec();
    text.extend_from_slice(rest);
    configuration::read(&text, "f");
});
