//! Readers of streamed answers: server-sent events, and the AWS event stream that carries the same
//! messages. They are fed what arrives and give back events; what does not fit their bounds ends them.

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::rules::inference::Framing;

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

/// AWS event stream: length-prefixed messages with headers. A message whose checksums do not fit ends the
/// reading: whatever changed it on the way may have changed the rest.
#[derive(Debug, Default)]
pub(super) struct Aws {
    buffer: Vec<u8>,
    broken: bool,
}

impl Aws {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        if self.broken {
            return events;
        }
        self.buffer.extend_from_slice(bytes);
        // The length is looked at before the decoder sees a message, because it would wait for 4 GB.
        while let Some(total) = self.buffer.first_chunk().map(|four| u32::from_be_bytes(*four)) {
            let total = usize::try_from(total).ok().filter(|total| *total <= LONGEST);
            let read = match total.map(|total| self.buffer.get(..total)) {
                Some(None) => break,
                Some(Some(whole)) => read_message_from(whole).ok(),
                None => None,
            };
            let (Some(total), Some(message)) = (total, read) else {
                self.broken = true;
                self.buffer.clear();
                break;
            };
            self.buffer.drain(..total);
            events.push(match exception(&message) {
                Some(kind) => Event::Error { kind },
                None => wrapped(message.payload()),
            });
        }
        events
    }
}

/// The type of an exception or error message.
fn exception(message: &Message) -> Option<String> {
    let text = |wanted: &str| {
        let header = message.headers().iter().find(|h| h.name().as_str() == wanted)?;
        header.value().as_string().ok().map(|value| value.as_str().to_owned())
    };
    text(":message-type").filter(|kind| kind != "event")?;
    Some(text(":exception-type").or_else(|| text(":error-code")).unwrap_or_else(|| "exception".to_owned()))
}

/// The message inside a chunk: base64 in the member `bytes`.
fn wrapped(payload: &[u8]) -> Event {
    serde_json::from_slice::<Value>(payload)
        .ok()
        .and_then(|json| {
            json.get("bytes").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok())
        })
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
    #![allow(clippy::unwrap_used)]
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};

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

    fn message(headers: &[(&'static str, &'static str)], payload: &[u8]) -> Vec<u8> {
        let text = |value: &&'static str| HeaderValue::String((*value).into());
        let headers = headers.iter().map(|(name, value)| Header::new(*name, text(value))).collect();
        let mut out = Vec::new();
        write_message_to(&Message::new_from_parts(headers, payload.to_vec()), &mut out).unwrap();
        out
    }

    #[test]
    fn the_aws_event_stream_carries_the_same_events() {
        let kind = [(":message-type", "event"), (":event-type", "chunk")];
        let mut bytes = Vec::new();
        for data in STREAM.lines().filter_map(|l| l.trim().strip_prefix("data: ")) {
            let payload = format!("{{\"bytes\":\"{}\"}}", STANDARD.encode(data));
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
    fn a_message_that_was_changed_on_the_way_ends_the_stream() {
        let stop = "{\"type\":\"message_stop\"}";
        let payload = format!("{{\"bytes\":\"{}\"}}", STANDARD.encode(stop));
        let whole = message(&[(":message-type", "event")], payload.as_bytes());
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            changed.extend(&whole);
            let mut reader = Reader::new(Framing::Aws);
            assert_eq!(reader.feed(&changed), [], "byte {at}");
        }
        let mut reader = Reader::new(Framing::Aws);
        assert_eq!(reader.feed(&whole), [Event::Stop]);
    }

    #[test]
    fn a_message_that_says_to_be_long_is_not_waited_for() {
        let mut reader = Reader::new(Framing::Aws);
        assert_eq!(reader.feed(&(LONGEST as u32 + 1).to_be_bytes()), []);
        assert_eq!(reader.feed(&message(&[], b"")), []);
        let Reader::Aws(aws) = reader else { unreachable!() };
        assert!(aws.broken && aws.buffer.is_empty());
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
