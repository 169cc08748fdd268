//! A link with delay, loss and a box that looks into packets: two TUN devices and a copy loop. The kernel's own emulation is not
//! available everywhere; this needs only `/dev/net/tun`.
//!
//! Both devices are made in the namespace this program runs in, and then moved by the harness; a
//! device stays tied to the program that opened it wherever it is moved.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::Outcome;
use crate::middlebox::{Direction, Fate, Filter, Middlebox, TICK};
use crate::outcome::Context;

/// Name of the device that becomes the client's.
pub const CLIENT_DEVICE: &str = "labc";
/// Name of the device that becomes the router's.
pub const ROUTER_DEVICE: &str = "labr";

/// Packets under way in one direction before the link drops, as a real queue would.
const QUEUE: usize = 10_000;

/// So long a packet waits for its turn on a line with a rate.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What the link does to packets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// Round trip that the link adds, ms; half in each direction.
    #[serde(default)]
    pub rtt_ms: f64,
    /// Packets lost in each direction, percent.
    #[serde(default)]
    pub loss_percent: f64,
    /// Kilobits a second in each direction; packets that would wait for over two seconds are dropped.
    #[serde(default)]
    pub rate_kbit: Option<f64>,
    /// The rate towards the servers, where it is another.
    #[serde(default)]
    pub up_kbit: Option<f64>,
    /// The longest wait for a turn, ms, where that is not two seconds.
    #[serde(default)]
    pub queue_ms: Option<u64>,
    /// Kilobits a second of it that others use, in one piece every second.
    #[serde(default)]
    pub others_kbit: f64,
    /// Seed of the losses: the same seed loses the same packets of the same sequence.
    #[serde(default = "one")]
    pub seed: u64,
    /// What a box at the client's end of it does; filled from the scenario's faults.
    #[serde(default)]
    pub filters: Vec<Filter>,
}

fn one() -> u64 {
    1
}

/// Runs the link until standard input closes. Prints `ready` when both devices exist.
pub fn run(spec: LinkSpec) -> Outcome<()> {
    let open = |name: &str| {
        DeviceBuilder::new()
            .name(name)
            .layer(Layer::L3)
            .mtu(1500)
            .packet_information(false)
            .enable(false)
            .build_sync()
            .map(Arc::new)
            .with_context(|| format!("TUN device {name}"))
    };
    let client = open(CLIENT_DEVICE)?;
    let router = open(ROUTER_DEVICE)?;
    let delay = Duration::from_secs_f64(spec.rtt_ms / 2000.0);
    let (up, up_due) = sync_channel(QUEUE);
    let (down, down_due) = sync_channel(QUEUE);
    let longest = spec.queue_ms.map_or(LONGEST_WAIT, Duration::from_millis);
    let way = |queue, rate_kbit| Way {
        queue,
        delay,
        rate_kbit,
        longest,
        free: Arc::new(Mutex::new(Instant::now())),
    };
    let (to_server, to_client) = (way(up, spec.up_kbit.or(spec.rate_kbit)), way(down, spec.rate_kbit));
    let middlebox = (!spec.filters.is_empty()).then(|| Arc::new(Mutex::new(Middlebox::new(spec.filters))));
    let ways = Ways { to_server, to_client, middlebox };
    if spec.others_kbit > 0.0 {
        let ways = ways.clone();
        thread::spawn(move || {
            loop {
                ways.use_up(spec.others_kbit);
                thread::sleep(Duration::from_secs(1));
            }
        });
    }
    deliver(Arc::clone(&router), up_due);
    deliver(Arc::clone(&client), down_due);
    collect(client, Direction::Up, ways.clone(), Loss::new(spec.loss_percent, spec.seed));
    collect(
        router,
        Direction::Down,
        ways.clone(),
        Loss::new(spec.loss_percent, spec.seed.wrapping_add(0x9e37)),
    );
    if ways.middlebox.is_some() {
        thread::spawn(move || {
            loop {
                thread::sleep(TICK);
                ways.watch();
            }
        });
    }
    let mut out = std::io::stdout();
    writeln!(out, "ready").and_then(|()| out.flush()).context("standard output")?;
    crate::server::wait_for_end_of_input();
    Ok(())
}

/// One direction: packets under way, each with the time it is due.
#[derive(Clone)]
struct Way {
    queue: SyncSender<(Instant, Vec<u8>)>,
    delay: Duration,
    rate_kbit: Option<f64>,
    longest: Duration,
    /// When the line has sent what it was given.
    free: Arc<Mutex<Instant>>,
}

impl Way {
    /// When a packet has left, at this rate; none where the queue is full.
    fn leaves(&self, bytes: usize) -> Option<Instant> {
        let now = Instant::now();
        let Some(rate) = self.rate_kbit else { return Some(now) };
        let mut free = self.free.lock().unwrap();
        let begins = (*free).max(now);
        if begins.duration_since(now) > self.longest {
            return None;
        }
        *free = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / (rate * 1000.0));
        Some(*free)
    }

    /// A full queue drops, as a real one would.
    fn send(&self, packet: Vec<u8>) {
        let Some(left) = self.leaves(packet.len()) else { return };
        if let Err(TrySendError::Disconnected(_)) = self.queue.try_send((left + self.delay, packet)) {
            // The other thread has ended, and with it the program.
        }
    }
}

/// Both directions, and the box between them.
#[derive(Clone)]
struct Ways {
    to_server: Way,
    to_client: Way,
    middlebox: Option<Arc<Mutex<Middlebox>>>,
}

impl Ways {
    fn pass(&self, direction: Direction, packet: &[u8]) {
        let fate = match &self.middlebox {
            Some(middlebox) => middlebox.lock().unwrap().packet(direction, packet),
            None => Fate::default(),
        };
        if !fate.swallowed {
            let way = if direction == Direction::Up { &self.to_server } else { &self.to_client };
            way.send(packet.to_vec());
        }
        self.send(fate);
    }

    /// What others send within a second takes its turn on the line like everything else.
    fn use_up(&self, kbit: f64) {
        for way in [&self.to_server, &self.to_client] {
            let packets = (kbit * 1000.0 / 8.0 / 1500.0) as usize;
            for _ in 0..packets {
                // A full queue drops theirs as well.
                let _ = way.leaves(1500);
            }
        }
    }

    fn watch(&self) {
        if let Some(middlebox) = &self.middlebox {
            let fate = middlebox.lock().unwrap().tick();
            self.send(fate);
        }
    }

    /// Sends what the box says of its own.
    fn send(&self, fate: Fate) {
        fate.to_client.into_iter().for_each(|packet| self.to_client.send(packet));
        fate.to_server.into_iter().for_each(|packet| self.to_server.send(packet));
    }
}

fn collect(from: Arc<SyncDevice>, direction: Direction, ways: Ways, mut loss: Loss) {
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        loop {
            match from.recv(&mut buffer) {
                Ok(length) => {
                    if !loss.strikes() {
                        ways.pass(direction, &buffer[..length]);
                    }
                }
                // A device that is down (not moved into place yet) gives errors until it is up.
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    });
}

fn deliver(to: Arc<SyncDevice>, due: Receiver<(Instant, Vec<u8>)>) {
    thread::spawn(move || {
        // The delay is the same for every packet, so the order of arrival is the order of departure.
        while let Ok((at, packet)) = due.recv() {
            if let Some(wait) = at.checked_duration_since(Instant::now()) {
                thread::sleep(wait);
            }
            // A packet that the kernel does not take is a packet lost.
            let _ = to.send(&packet);
        }
    });
}

/// Seeded losses (xorshift64*): good enough to spread them, and repeatable.
struct Loss {
    state: u64,
    threshold: u64,
}

impl Loss {
    fn new(percent: f64, seed: u64) -> Self {
        let share = (percent / 100.0).clamp(0.0, 1.0);
        Self {
            state: seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1,
            threshold: (share * u32::MAX as f64) as u64,
        }
    }

    fn strikes(&mut self) -> bool {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) < self.threshold
    }
}

/// What must hold for the losses, checked before the link is used.
pub fn self_check() -> Outcome<()> {
    for (percent, low, high) in [(0.0, 0, 0), (2.0, 150, 250), (100.0, 10_000, 10_000)] {
        let mut loss = Loss::new(percent, 7);
        let lost = (0..10_000).filter(|_| loss.strikes()).count();
        if !(low..=high).contains(&lost) {
            return Err(format!("{percent} % loss lost {lost} of 10000 packets"));
        }
    }
    Ok(())
}
