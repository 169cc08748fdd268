//! Readers of streamed answers: server-sent events, and the AWS event stream that carries the same
//! messages. They are fed what arrives and give back events; what does not fit their bounds ends them.

use serde_json::Value;

use crate::rules::calls::Framing;

/// Longest line or message that is kept.
const LONGEST: usize = 256 * 1024;

/// One event of a message stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The message begins; tokens of the request.
    Start {
        /// As the service counted them.
        input: u64,
        /// Tokens of the answer so far.
        output: u64,
    },
    /// A piece of the answer.
    Piece,
    /// Tokens of the answer so far.
    Count {
        /// As the service counted them.
        output: u64,
    },
    /// The last event.
    Stop,
    /// The service gives up.
    Error {
        /// Its type.
        kind: String,
    },
    /// Anything else: pings, beginnings and ends of blocks.
    Other,
}

/// Reads a stream.
#[derive(Debug)]
pub(super) enum Reader {
    /// Server-sent events.
    Sse(Sse),
    /// AWS event stream.
    Aws(Aws),
}

impl Reader {
    /// For this framing.
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => Self::Sse(Sse::default()),
            Framing::Aws => Self::Aws(Aws::default()),
        }
    }

    /// Takes what arrived, gives the events that are complete by it.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        match self {
            Self::Sse(reader) => reader.feed(bytes),
            Self::Aws(reader) => reader.feed(bytes),
        }
    }
}

/// Server-sent events (WHATWG HTML, 9.2).
#[derive(Debug, Default)]
pub(super) struct Sse {
    line: Vec<u8>,
    data: Vec<u8>,
}

impl Sse {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() < LONGEST {
                    self.line.push(*byte);
                }
                continue;
            }
            let mut line = std::mem::take(&mut self.line);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.is_empty() {
                let data = std::mem::take(&mut self.data);
                if !data.is_empty() {
                    events.push(event(&data));
                }
            } else if let Some(value) = line.strip_prefix(b"data:")
                && self.data.len() + value.len() < LONGEST
            {
                self.data.extend_from_slice(value);
            }
        }
        events
    }
}

/// AWS event stream: length-prefixed messages with headers. Their checksums are not looked at: TLS
/// has its own.
#[derive(Debug, Default)]
pub(super) struct Aws {
    buffer: Vec<u8>,
    broken: bool,
}

/// Lengths and their checksum before the headers of a message, and the checksum after its payload.
const PRELUDE: usize = 12;
const TRAILER: usize = 4;

impl Aws {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        if self.broken {
            return events;
        }
        self.buffer.extend_from_slice(bytes);
        while let (Some(total), Some(headers)) = (number(&self.buffer, 0), number(&self.buffer, 4)) {
            if !(PRELUDE + TRAILER..=LONGEST).contains(&total) || headers > total - PRELUDE - TRAILER {
                self.broken = true;
                self.buffer.clear();
                break;
            }
            if self.buffer.len() < total {
                break;
            }
            let message: Vec<u8> = self.buffer.drain(..total).collect();
            let (head, payload) = message
                .get(PRELUDE..total - TRAILER)
                .and_then(|rest| rest.split_at_checked(headers))
                .unwrap_or_default();
            events.push(match exception(head) {
                Some(kind) => Event::Error { kind },
                None => wrapped(payload),
            });
        }
        events
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// The type of an exception or error message.
fn exception(mut head: &[u8]) -> Option<String> {
    let mut is_exception = false;
    let mut kind = None;
    while let Some((length, rest)) = head.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (value_type, rest) = rest.split_first()?;
        // Only texts occur in answers; anything else ends the reading of the headers.
        if *value_type != 7 {
            break;
        }
        let (size, rest) = rest.split_at_checked(2)?;
        let size = usize::from(u16::from_be_bytes(size.try_into().ok()?));
        let (value, rest) = rest.split_at_checked(size)?;
        let value = String::from_utf8_lossy(value).into_owned();
        match name {
            b":message-type" => is_exception = value != "event",
            b":exception-type" | b":error-code" => kind = Some(value),
            _ => {}
        }
        head = rest;
    }
    is_exception.then(|| kind.unwrap_or_else(|| "exception".to_owned()))
}

/// The message inside a chunk: base64 in the member `bytes`.
fn wrapped(payload: &[u8]) -> Event {
    serde_json::from_slice::<Value>(payload)
        .ok()
        .and_then(|json| json.get("bytes").and_then(Value::as_str).and_then(super::base64::decode))
        .map_or(Event::Other, |bytes| event(&bytes))
}

/// Reads one message of the Messages API's stream.
fn event(data: &[u8]) -> Event {
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return Event::Other };
    let text = |place: &str| json.pointer(place).and_then(Value::as_str);
    let number = |place: &str| json.pointer(place).and_then(Value::as_u64);
    match text("/type") {
        Some("message_start") => Event::Start {
            input: number("/message/usage/input_tokens").unwrap_or_default(),
            output: number("/message/usage/output_tokens").unwrap_or_default(),
        },
        Some("content_block_delta") => Event::Piece,
        Some("message_delta") => {
            number("/usage/output_tokens").map_or(Event::Other, |output| Event::Count { output })
        }
        Some("message_stop") => Event::Stop,
        Some("error") => Event::Error { kind: text("/error/type").unwrap_or("error").to_owned() },
        _ => Event::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\r\n\r\n\
        : a comment\n\ndata: {\"type\":\"ping\"}\n\ndata: {\"type\":\"content_block_delta\"}\n\n\
        data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":5}}\n\ndata: {\"type\":\"message_stop\"}\n\n";

    fn expected() -> Vec<Event> {
        vec![
            Event::Start { input: 9, output: 1 },
            Event::Other,
            Event::Piece,
            Event::Count { output: 5 },
            Event::Stop,
        ]
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let mut whole = Reader::new(Framing::Sse);
        assert_eq!(whole.feed(STREAM.as_bytes()), expected());
        let mut bytewise = Reader::new(Framing::Sse);
        let events: Vec<Event> = STREAM.as_bytes().chunks(1).flat_map(|b| bytewise.feed(b)).collect();
        assert_eq!(events, expected());
    }

    fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, value) in headers {
            head.push(name.len() as u8);
            head.extend(name.as_bytes());
            head.push(7);
            head.extend((value.len() as u16).to_be_bytes());
            head.extend(value.as_bytes());
        }
        let total = (PRELUDE + head.len() + payload.len() + TRAILER) as u32;
        let mut out = total.to_be_bytes().to_vec();
        out.extend((head.len() as u32).to_be_bytes());
        out.extend([0; 4]);
        out.extend(head);
        out.extend(payload);
        out.extend([0; 4]);
        out
    }

    #[test]
    fn the_aws_event_stream_carries_the_same_events() {
        let kind = [(":message-type", "event"), (":event-type", "chunk")];
        let mut bytes = Vec::new();
        for data in STREAM.lines().filter_map(|l| l.trim().strip_prefix("data: ")) {
            let payload = format!("{{\"bytes\":\"{}\"}}", super::super::base64::encode(data.as_bytes()));
            bytes.extend(message(&kind, payload.as_bytes()));
        }
        for size in [1, 7, 4096] {
            let mut reader = Reader::new(Framing::Aws);
            let events: Vec<Event> = bytes.chunks(size).flat_map(|b| reader.feed(b)).collect();
            assert_eq!(events, expected(), "{size}");
        }
        let mut reader = Reader::new(Framing::Aws);
        let thrown =
            message(&[(":message-type", "exception"), (":exception-type", "throttlingException")], b"{}");
        assert_eq!(reader.feed(&thrown), [Event::Error { kind: "throttlingException".into() }]);
    }

    #[test]
    fn rubbish_is_bounded_and_gives_no_events() {
        let mut reader = Reader::new(Framing::Aws);
        assert_eq!(reader.feed(&[0xff; 4096]), []);
        assert_eq!(reader.feed(&[0; 4096]), []);
        let mut sse = Sse::default();
        for _ in 0..20 {
            assert_eq!(sse.feed(&vec![b'x'; 64 * 1024]), []);
        }
        assert!(sse.line.len() <= LONGEST);
    }
}
