//! Signed profiles: messages as they are, and, for any other input, as the content of one.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if data.starts_with(&[0x30]) || data.starts_with(b"-----BEGIN") {
        configuration::read(data, "f");
        return;
    }
    // SignedData in indefinite lengths, its content in one or two parts.
    let Some((first, content)) = data.split_first() else { return };
    let (one, two) = content.split_at(usize::from(*first).min(content.len()));
    let mut message =
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00".to_vec();
    message.extend(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80");
    for part in [one, two] {
        message.extend([0x04, 0x82]);
        message.extend(u16::try_from(part.len()).expect("inputs are small").to_be_bytes());
        message.extend(part);
    }
    message.extend([0; 6]);
    message.extend([0x31, 0x00, 0, 0, 0, 0, 0, 0]);
    configuration::read(&message, "f");
});
