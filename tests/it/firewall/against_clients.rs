//! Lines for some clients, held against each other: what denies to those whom a later line lets through leaves nobody.

use crate::firewall::against_order::asked;

const HOST: &str = "a.mill.example";

fn fortios(policies: &[(&str, &str, &str, &str, &str)]) -> String {
    let mut text = format!(
        "config firewall address\nedit api\nset type fqdn\nset fqdn {HOST}\nnext\nedit lan\nset subnet 10.0.0.0 255.0.0.0\nnext\n\
         edit guests\nset subnet 192.168.9.0 255.255.255.0\nnext\nend\nconfig firewall policy\n"
    );
    for (at, (from, to, source, destination, action)) in policies.iter().enumerate() {
        text.push_str(&format!(
            "edit {}\nset srcintf {from}\nset dstintf {to}\nset srcaddr {source}\nset dstaddr {destination}\nset action {action}\n\
             set schedule always\nset service ALL\nnext\n",
            at + 1
        ));
    }
    text + "end\n"
}

fn squid(rules: &str) -> String {
    format!(
        "acl lan src 172.20.0.0/16\nacl desk src 172.20.1.0/24\nacl guests src 192.168.9.0/24\nacl api dstdomain {HOST}\n{rules}\n\
         http_access deny all\n"
    )
}

#[test]
fn what_is_denied_to_the_same_clients_is_let_through_to_nobody() {
    let rows = [
        (1, fortios(&[("lan", "wan", "lan", "all", "deny"), ("lan", "wan", "lan", "all", "accept")])),
        (1, fortios(&[("lan", "wan", "lan", "api", "deny"), ("lan", "wan", "lan", "all", "accept")])),
        (1, fortios(&[("any", "any", "all", "all", "deny"), ("lan", "wan", "all", "all", "accept")])),
        (1, fortios(&[("any", "wan", "all", "api", "deny"), ("lan", "wan", "all", "all", "accept")])),
        (
            1,
            fortios(&[
                ("\"lan\" \"dmz\"", "wan", "all", "api", "deny"),
                ("lan", "wan", "all", "all", "accept"),
            ]),
        ),
        // Another policy lets others through, and who they are is not known.
        (
            3,
            fortios(&[
                ("lan", "wan", "all", "api", "deny"),
                ("lan", "wan", "all", "all", "accept"),
                ("wan", "dmz", "all", "all", "accept"),
            ]),
        ),
        (0, fortios(&[("lan", "wan", "guests", "all", "deny"), ("lan", "wan", "lan", "all", "accept")])),
        (0, fortios(&[("dmz", "wan", "all", "all", "deny"), ("lan", "wan", "all", "all", "accept")])),
        (0, fortios(&[("lan", "wan", "lan", "all", "accept"), ("lan", "wan", "lan", "all", "deny")])),
        (0, fortios(&[("lan", "wan", "guests", "all", "deny"), ("lan", "wan", "all", "all", "accept")])),
        (1, squid("http_access deny lan api\nhttp_access allow lan")),
        (1, squid("http_access deny lan api\nhttp_access allow desk")),
        (0, squid("http_access deny desk api\nhttp_access allow lan")),
        (0, squid("http_access deny guests\nhttp_access allow lan")),
        (0, squid("http_access deny !lan\nhttp_access allow lan")),
        (1, squid("http_access deny !lan\nhttp_access allow !lan")),
    ];
    for (code, text) in rows {
        let (found, said) = asked(&text);
        assert_eq!(found, Some(code), "{text}\n{said}");
    }
}
