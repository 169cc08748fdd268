//! The AWS event stream, as the provider frames the events of a message: lengths, headers and
//! checksums.

use hyper::body::Bytes;

/// The events of a message, each as one message of an AWS event stream. `events` are server-sent
/// events; the JSON of each travels in the member `bytes`, in base64.
pub fn stream(events: &[String]) -> Vec<Bytes> {
    let data = |event: &String| event.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    events.iter().filter_map(data).map(|json| framed(&json)).collect()
}

fn framed(json: &str) -> Bytes {
    let mut headers = Vec::new();
    let named = [(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")];
    for (name, value) in named {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend(name.as_bytes());
        // The type of a text.
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let payload = format!("{{\"bytes\":\"{}\"}}", base64(json.as_bytes()));
    let total = 12 + headers.len() + payload.len() + 4;
    let mut message = u32::try_from(total).unwrap().to_be_bytes().to_vec();
    message.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    message.extend(crc32(&message).to_be_bytes());
    message.extend(headers);
    message.extend(payload.as_bytes());
    message.extend(crc32(&message).to_be_bytes());
    message.into()
}

/// CRC-32 as in IEEE 802.3, bit by bit: a stream has two dozen small messages.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let number =
            part.iter().chain(&[0, 0]).take(3).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        for place in 0..4 {
            let six = usize::try_from(number >> (18 - 6 * place) & 63).unwrap();
            text.push(if place <= part.len() { char::from(ALPHABET[six]) } else { '=' });
        }
    }
    text
}
