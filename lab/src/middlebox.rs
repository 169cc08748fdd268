//! A box in the link that looks into packets: filters names, swallows what is large, cuts and
//! stalls. It follows TCP connections the way such boxes do, by their packets alone.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::packet::{self, ACK, FIN, RST, SYN, Segment};

/// The largest packet that passes a path with a hole, bytes of IP.
const PATH_MTU: usize = 1_300;
/// The largest ClientHello that a box with a small buffer takes, bytes of record.
const HELLO_LIMIT: usize = 1_000;
/// A ClientHello that is not whole by then never will be.
const HELLO_MAX: usize = 32_768;
/// A connection without a packet for so long is cut by [`Does::IdleCut`].
pub const IDLE: Duration = Duration::from_secs(3);
/// The same for [`Does::IdleCut30`].
pub const LONG_IDLE: Duration = Duration::from_secs(30);
/// How often connections are looked at for silence.
pub const TICK: Duration = Duration::from_millis(100);

/// The alert `unrecognized_name`.
const UNRECOGNIZED_NAME: u8 = 112;
/// The alert `handshake_failure`.
const HANDSHAKE_FAILURE: u8 = 40;
/// The alert `access_denied`.
const ACCESS_DENIED: u8 = 49;
/// The alert `internal_error`.
const INTERNAL_ERROR: u8 = 80;
/// The alert `close_notify`.
const CLOSE_NOTIFY: u8 = 0;

/// One thing that the box does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Servers that it concerns; empty for all. Name filters look at the name alone.
    pub to: Vec<IpAddr>,
    /// The names of a name filter.
    pub names: Vec<String>,
    /// What happens.
    pub does: Does,
}

/// What a box does to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// A ClientHello with one of the names, in whatever segments, is swallowed, and all that follows.
    SniDrop,
    /// The same, answered with RST to both sides.
    SniReset,
    /// The same, answered with the fatal alert `unrecognized_name`, and the connection ends.
    SniAlert,
    /// The same with the alert `handshake_failure`.
    SniAlertFailure,
    /// The same with the alert `access_denied`.
    SniAlertDenied,
    /// The same with the alert `internal_error`.
    SniAlertInternal,
    /// The same with the alert `close_notify`.
    SniAlertClose,
    /// Default deny: only the names pass; another name, or none, is swallowed.
    OtherSniDrop,
    /// Default deny with RST.
    OtherSniReset,
    /// Packets over 1300 bytes are swallowed on their way out, and nobody is told.
    MtuHoleUp,
    /// The same on their way in.
    MtuHoleDown,
    /// The same both ways.
    MtuHole,
    /// The same both ways, of IPv6 alone.
    #[serde(rename = "mtu-hole-ipv6")]
    MtuHoleIpv6,
    /// RST when the ClientHello is not whole in its first segment.
    SplitHelloReset,
    /// Such a ClientHello is swallowed.
    SplitHelloDrop,
    /// A ClientHello over 1000 bytes is swallowed, in whatever segments.
    LargeHelloDrop,
    /// RST for such a ClientHello.
    LargeHelloReset,
    /// RST to both sides at the client's first encrypted record: its part of the handshake is over.
    CutAfterHandshake,
    /// From then on nothing of the client passes.
    StallAfterHandshake,
    /// RST to both sides after three seconds without a packet.
    IdleCut,
    /// The same after thirty.
    #[serde(rename = "idle-cut-30")]
    IdleCut30,
}

/// Where a packet is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Up,
    /// To the client.
    Down,
}

/// What comes of a packet.
#[derive(Debug, Default, PartialEq)]
pub struct Fate {
    /// It does not pass.
    pub swallowed: bool,
    /// Packets of the box's own, to the client.
    pub to_client: Vec<Vec<u8>>,
    /// Packets of the box's own, to the server.
    pub to_server: Vec<Vec<u8>>,
}

impl Fate {
    fn swallowed() -> Self {
        Self { swallowed: true, ..Self::default() }
    }
}

/// The connections that the box follows.
pub struct Middlebox {
    filters: Vec<Filter>,
    flows: HashMap<Ends, Flow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ends {
    client: (IpAddr, u16),
    server: (IpAddr, u16),
}

struct Flow {
    /// Sequence number of the client's first byte.
    base: u32,
    /// Pieces of the ClientHello by their place.
    pieces: BTreeMap<usize, Vec<u8>>,
    hello_seen: bool,
    dead: bool,
    answered: bool,
    last: Instant,
    client_next: u32,
    server_next: u32,
}

impl Flow {
    fn new(base: u32) -> Self {
        Self {
            base,
            pieces: BTreeMap::new(),
            hello_seen: false,
            dead: false,
            answered: false,
            last: Instant::now(),
            client_next: base,
            server_next: 0,
        }
    }

    /// The bytes from the beginning on, without gaps.
    fn beginning(&self) -> Vec<u8> {
        let mut whole = Vec::new();
        for (at, piece) in &self.pieces {
            if *at > whole.len() {
                break;
            }
            whole.extend(piece.iter().skip(whole.len() - at));
        }
        whole
    }
}

impl Middlebox {
    /// A box that does all of this.
    pub fn new(filters: Vec<Filter>) -> Self {
        Self { filters, flows: HashMap::new() }
    }

    /// Decides about one packet.
    pub fn packet(&mut self, direction: Direction, bytes: &[u8]) -> Fate {
        let Some(segment) = Segment::read(bytes) else { return Fate::default() };
        let (from, to) =
            ((segment.source, segment.source_port), (segment.destination, segment.destination_port));
        let ends = match direction {
            Direction::Up => Ends { client: from, server: to },
            Direction::Down => Ends { client: to, server: from },
        };
        if direction == Direction::Up && segment.has(SYN) {
            self.flows.insert(ends, Flow::new(segment.sequence.wrapping_add(1)));
        }
        let Some(flow) = self.flows.get_mut(&ends) else { return Fate::default() };
        if flow.dead {
            return Fate::swallowed();
        }
        let concerned: Vec<&Filter> = self
            .filters
            .iter()
            .filter(|f| f.is_by_name() || f.to.is_empty() || f.to.contains(&ends.server.0))
            .collect();
        if bytes.len() > PATH_MTU && concerned.iter().any(|f| f.is_hole(direction, ends.server.0.is_ipv6())) {
            return Fate::swallowed();
        }
        flow.last = Instant::now();
        if segment.has(RST) {
            return Fate::default();
        }
        let length = u32::try_from(segment.payload.len()).unwrap_or_default();
        let counted = length + u32::from(segment.has(SYN)) + u32::from(segment.has(FIN));
        let next = segment.sequence.wrapping_add(counted);
        if direction == Direction::Down {
            flow.server_next = next;
            flow.answered |= length > 0;
            return Fate::default();
        }
        flow.client_next = next;
        if length == 0 {
            return Fate::default();
        }
        let Some(action) = inspect(flow, &segment, &concerned) else { return Fate::default() };
        flow.dead = true;
        match action {
            Action::Swallow => Fate::swallowed(),
            Action::Alert(alert) => Fate {
                swallowed: true,
                to_client: vec![packet::build(
                    ends.server,
                    ends.client,
                    segment.acknowledgement,
                    next,
                    FIN | ACK,
                    &[21, 3, 3, 0, 2, 2, alert],
                )],
                to_server: vec![packet::reset(ends.client, ends.server, segment.sequence, 0, RST)],
            },
            Action::Reset => Fate {
                swallowed: true,
                to_client: vec![packet::reset(
                    ends.server,
                    ends.client,
                    segment.acknowledgement,
                    next,
                    RST | ACK,
                )],
                to_server: vec![packet::reset(ends.client, ends.server, segment.sequence, 0, RST)],
            },
        }
    }

    /// Cuts what has been silent for too long.
    pub fn tick(&mut self) -> Fate {
        let mut fate = Fate::default();
        for (ends, flow) in &mut self.flows {
            let quiet = flow.last.elapsed();
            let cut = |f: &Filter| {
                f.patience().is_some_and(|patience| quiet >= patience)
                    && (f.to.is_empty() || f.to.contains(&ends.server.0))
            };
            if flow.dead || !flow.answered || !self.filters.iter().any(cut) {
                continue;
            }
            flow.dead = true;
            let (client, server) = (flow.client_next, flow.server_next);
            fate.to_client.push(packet::reset(ends.server, ends.client, server, client, RST | ACK));
            fate.to_server.push(packet::reset(ends.client, ends.server, client, server, RST | ACK));
        }
        fate
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Swallow,
    /// A TLS record with this fatal alert.
    Alert(u8),
    Reset,
}

impl Filter {
    fn is_by_name(&self) -> bool {
        matches!(
            self.does,
            Does::SniDrop
                | Does::SniReset
                | Does::SniAlert
                | Does::SniAlertFailure
                | Does::SniAlertDenied
                | Does::SniAlertInternal
                | Does::SniAlertClose
                | Does::OtherSniDrop
                | Does::OtherSniReset
        )
    }

    /// How long a connection may be silent.
    fn patience(&self) -> Option<Duration> {
        match self.does {
            Does::IdleCut => Some(IDLE),
            Does::IdleCut30 => Some(LONG_IDLE),
            _ => None,
        }
    }

    fn is_hole(&self, direction: Direction, ipv6: bool) -> bool {
        match self.does {
            Does::MtuHole => true,
            Does::MtuHoleIpv6 => ipv6,
            Does::MtuHoleUp => direction == Direction::Up,
            Does::MtuHoleDown => direction == Direction::Down,
            _ => false,
        }
    }

    /// What happens to a ClientHello that is whole.
    fn of_hello(&self, name: Option<&str>, bytes: usize) -> Option<Action> {
        let named = || name.is_some_and(|name| self.names.iter().any(|n| n.eq_ignore_ascii_case(name)));
        match self.does {
            Does::SniDrop => named().then_some(Action::Swallow),
            Does::SniReset => named().then_some(Action::Reset),
            Does::SniAlert => named().then_some(Action::Alert(UNRECOGNIZED_NAME)),
            Does::SniAlertFailure => named().then_some(Action::Alert(HANDSHAKE_FAILURE)),
            Does::SniAlertDenied => named().then_some(Action::Alert(ACCESS_DENIED)),
            Does::SniAlertInternal => named().then_some(Action::Alert(INTERNAL_ERROR)),
            Does::SniAlertClose => named().then_some(Action::Alert(CLOSE_NOTIFY)),
            Does::OtherSniDrop => (!named()).then_some(Action::Swallow),
            Does::OtherSniReset => (!named()).then_some(Action::Reset),
            Does::LargeHelloDrop => (bytes > HELLO_LIMIT).then_some(Action::Swallow),
            Does::LargeHelloReset => (bytes > HELLO_LIMIT).then_some(Action::Reset),
            _ => None,
        }
    }
}

/// Looks into what the client sends.
fn inspect(flow: &mut Flow, segment: &Segment<'_>, filters: &[&Filter]) -> Option<Action> {
    if flow.hello_seen {
        // A repetition of the ClientHello is not what follows it.
        let at = segment.sequence.wrapping_sub(flow.base) as usize;
        let repeated = at < flow.beginning().len();
        let over = packet::has_data_record(segment.payload);
        return filters.iter().find_map(|f| match f.does {
            _ if repeated || !over => None,
            Does::CutAfterHandshake => Some(Action::Reset),
            Does::StallAfterHandshake => Some(Action::Swallow),
            _ => None,
        });
    }
    let at = segment.sequence.wrapping_sub(flow.base) as usize;
    if at < HELLO_MAX {
        flow.pieces.insert(at, segment.payload.to_vec());
    }
    let beginning = flow.beginning();
    match beginning.first() {
        None => return None,
        Some(22) => {}
        // Not TLS: nothing to look into.
        Some(_) => {
            flow.hello_seen = true;
            return None;
        }
    }
    let size = match beginning.get(3..5) {
        Some(length) => 5 + usize::from(u16::from_be_bytes([length[0], length[1]])),
        None => usize::MAX,
    };
    if at == 0 && segment.payload.len() < size {
        let split = filters.iter().find_map(|f| match f.does {
            Does::SplitHelloReset => Some(Action::Reset),
            Does::SplitHelloDrop => Some(Action::Swallow),
            _ => None,
        });
        if split.is_some() {
            return split;
        }
    }
    if beginning.len() < size {
        return None;
    }
    flow.hello_seen = true;
    let name = packet::server_name(&beginning[..size]);
    filters.iter().find_map(|f| f.of_hello(name.as_deref(), size))
}

/// What must hold for a filter, checked before one is used.
pub fn self_check() -> Outcome<()> {
    let client = (IpAddr::from([62, 20, 0, 2]), 40_000);
    let server = (IpAddr::from([62, 10, 0, 1]), 443);
    let up =
        |sequence: u32, flags: u8, payload: &[u8]| packet::build(client, server, sequence, 7, flags, payload);
    let hello = packet::sample_hello("blocked.example");
    let fate_of = |does: Does, name: &str, cut: usize| {
        let filter = Filter { to: Vec::new(), names: vec![name.to_owned()], does };
        let mut middlebox = Middlebox::new(vec![filter]);
        middlebox.packet(Direction::Up, &up(99, SYN, &[]));
        let first = middlebox.packet(Direction::Up, &up(100, ACK, &hello[..cut]));
        let rest_at = 100 + u32::try_from(cut).unwrap_or_default();
        let second = middlebox.packet(Direction::Up, &up(rest_at, ACK, &hello[cut..]));
        (first.swallowed, second.swallowed, second.to_client.len() + first.to_client.len())
    };
    for (does, name, cut, wanted) in [
        (Does::SniDrop, "blocked.example", 40, (false, true, 0)),
        (Does::SniReset, "blocked.example", 40, (false, true, 1)),
        (Does::SniReset, "other.example", 40, (false, false, 0)),
        (Does::SniAlert, "blocked.example", 40, (false, true, 1)),
        (Does::SniAlert, "other.example", 40, (false, false, 0)),
        (Does::OtherSniReset, "other.example", 40, (false, true, 1)),
        (Does::OtherSniDrop, "blocked.example", 40, (false, false, 0)),
        (Does::SplitHelloReset, "", 40, (true, true, 1)),
        (Does::LargeHelloDrop, "", 40, (false, false, 0)),
    ] {
        let fate = fate_of(does, name, cut);
        if fate != wanted {
            return Err(format!("the box does {fate:?} where {does:?} for {name} must do {wanted:?}"));
        }
    }
    Ok(())
}
