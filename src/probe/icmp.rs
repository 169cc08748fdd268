//! Which ICMP message ended a connection attempt, and who sent it: Linux keeps both in the error
//! queue of a socket that asked for it (ip(7), IP_RECVERR). The errno alone cannot tell a router
//! that has no route from a firewall that prohibits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};

use crate::observation::Icmp;

/// `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6` of `linux/errqueue.h`.
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

/// Messages that are read at the most; a connect is ended by the first.
const MESSAGES: usize = 4;

/// Asks for ICMP messages to be kept. A kernel that refuses keeps none, and only the evidence is
/// poorer for it.
pub(super) fn listen(socket: &impl AsFd, ipv6: bool) {
    if ipv6 {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true).ok();
    } else {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true).ok();
    }
}

/// The last ICMP message that came back for this socket.
pub(super) fn received(socket: &impl AsRawFd) -> Option<Icmp> {
    let mut last = None;
    for _ in 0..MESSAGES {
        let Some(icmp) = next(socket) else { break };
        last = Some(icmp);
    }
    last
}

fn next(socket: &impl AsRawFd) -> Option<Icmp> {
    let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let mut payload = [0_u8; 64];
    let mut parts = [std::io::IoSliceMut::new(&mut payload)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags).ok()?;
    message.cmsgs().ok()?.find_map(|item| match item {
        ControlMessageOwned::Ipv4RecvErr(error, from) => {
            let from = from.map(|a| IpAddr::V4(Ipv4Addr::from_bits(u32::from_be(a.sin_addr.s_addr))));
            icmp(&error, ORIGIN_ICMP, from)
        }
        ControlMessageOwned::Ipv6RecvErr(error, from) => {
            let from = from.map(|a| IpAddr::V6(Ipv6Addr::from(a.sin6_addr.s6_addr)).to_canonical());
            icmp(&error, ORIGIN_ICMP6, from)
        }
        _ => None,
    })
}

/// Only what came from the network: the kernel's own errors are in the queue as well.
fn icmp(error: &libc::sock_extended_err, origin: u8, from: Option<IpAddr>) -> Option<Icmp> {
    let from = from.filter(|a| !a.is_unspecified());
    (error.ee_origin == origin).then(|| Icmp {
        kind: error.ee_type,
        code: error.ee_code,
        from,
        own: from.is_some_and(is_own),
    })
}

/// Whether an address is one of this device: only those can be bound.
fn is_own(address: IpAddr) -> bool {
    std::net::UdpSocket::bind((address, 0)).is_ok()
}
