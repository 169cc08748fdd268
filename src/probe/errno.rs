//! Operating-system error numbers, by number: the texts are translated, the numbers are not.

use std::io;

use crate::observation::TcpOutcome;

use super::sanitise;

/// The numbers of one family of operating systems.
struct Numbers {
    refused: &'static [i32],
    reset: &'static [i32],
    timed_out: &'static [i32],
    host: &'static [i32],
    network: &'static [i32],
    denied: &'static [i32],
    /// What a socket without any route to its destination reports.
    no_route: &'static [i32],
}

/// `errno.h` of Linux (asm-generic): ECONNREFUSED; ECONNRESET, EPIPE, ECONNABORTED; ETIMEDOUT;
/// EHOSTUNREACH, EHOSTDOWN; ENETUNREACH, ENETDOWN; EPERM, EACCES; without a route also
/// EADDRNOTAVAIL, EAFNOSUPPORT.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NUMBERS: Numbers = Numbers {
    refused: &[111],
    reset: &[104, 32, 103],
    timed_out: &[110],
    host: &[113, 112],
    network: &[101, 100],
    denied: &[1, 13],
    no_route: &[101, 100, 113, 99, 97],
};

/// The same names in Winsock's numbers (`winsock2.h`).
#[cfg(windows)]
const NUMBERS: Numbers = Numbers {
    refused: &[10061],
    reset: &[10054, 10053, 10058],
    timed_out: &[10060],
    host: &[10065, 10064],
    network: &[10051, 10050],
    denied: &[10013],
    no_route: &[10051, 10050, 10065, 10049, 10047],
};

/// The same names in the BSDs' numbers (`sys/errno.h`), macOS among them.
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
const NUMBERS: Numbers = Numbers {
    refused: &[61],
    reset: &[54, 32, 53],
    timed_out: &[60],
    host: &[65, 64],
    network: &[51, 50],
    denied: &[1, 13],
    no_route: &[51, 50, 65, 49, 47],
};

fn is(error: &io::Error, numbers: &[i32]) -> bool {
    error.raw_os_error().is_some_and(|n| numbers.contains(&n))
}

/// Whether an established connection was reset.
pub(super) fn is_reset(error: &io::Error) -> bool {
    is(error, NUMBERS.reset)
        || matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
        )
}

/// Whether the kernel gave up retransmitting.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    is(error, NUMBERS.timed_out) || error.kind() == io::ErrorKind::TimedOut
}

/// Whether the error says that this device has no way to the address at all.
pub(super) fn is_no_route(error: &io::Error) -> bool {
    is(error, NUMBERS.no_route)
}

/// Whether the host or its network cannot be reached, by this number.
pub(super) fn is_unreachable(error: &io::Error) -> bool {
    is(error, NUMBERS.host) || is(error, NUMBERS.network)
}

/// Whether a connect has only begun (EINPROGRESS).
#[cfg(target_os = "linux")]
pub(super) fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(115) || error.kind() == io::ErrorKind::WouldBlock
}

/// How a connect ended. `at_once`: the call itself failed, before anything could have come back.
///
/// On Linux an ICMPv6 "administratively prohibited" of a router arrives as EACCES, the number
/// that a local rule gives too; only the latter is the device's own doing, and only the latter
/// fails at once. The router's is recorded as what it is, an error with its number.
pub(super) fn connect_outcome(error: &io::Error, ipv6: bool, at_once: bool) -> TcpOutcome {
    if is(error, NUMBERS.refused) {
        TcpOutcome::Refused
    } else if is(error, NUMBERS.reset) {
        TcpOutcome::Reset
    } else if is(error, NUMBERS.timed_out) {
        TcpOutcome::Timeout
    } else if is(error, NUMBERS.host) {
        TcpOutcome::HostUnreachable
    } else if is(error, NUMBERS.network) {
        TcpOutcome::NetworkUnreachable
    } else if is(error, NUMBERS.denied) && (at_once || !ipv6 || !cfg!(target_os = "linux")) {
        TcpOutcome::Denied
    } else {
        TcpOutcome::Other { errno: error.raw_os_error(), error: sanitise::line(&error.to_string(), 200) }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn outcome(errno: i32, ipv6: bool, at_once: bool) -> TcpOutcome {
        connect_outcome(&io::Error::from_raw_os_error(errno), ipv6, at_once)
    }

    #[test]
    fn numbers_decide_not_texts() {
        assert_eq!(outcome(111, false, false), TcpOutcome::Refused);
        assert_eq!(outcome(113, false, false), TcpOutcome::HostUnreachable);
        assert_eq!(outcome(101, false, true), TcpOutcome::NetworkUnreachable);
        assert_eq!(outcome(1, false, true), TcpOutcome::Denied);
        assert!(matches!(outcome(99, false, true), TcpOutcome::Other { errno: Some(99), .. }));
    }

    #[test]
    fn a_router_that_prohibits_ipv6_is_not_the_local_firewall() {
        assert_eq!(outcome(13, true, true), TcpOutcome::Denied);
        assert!(matches!(outcome(13, true, false), TcpOutcome::Other { errno: Some(13), .. }));
    }
}
