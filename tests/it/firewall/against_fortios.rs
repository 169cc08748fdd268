//! By which means a configuration of FortiOS keeps a host from the app although a policy seems to accept it, and which settings
//! of an ordinary configuration do not: each row is one means.

use crate::firewall::against_panos::judged;

/// What most rows have, for `@`.
const OBJECTS: &str = "config firewall address\nedit \"api\"\nset type fqdn\nset fqdn \"a.mill.example\"\nnext\nend\nconfig firewall addrgrp\nedit \"apis\"\nset member \"api\"\nnext\nend\n";

#[test]
fn no_means_of_fortios_to_keep_a_host_away_is_called_complete() {
    for (code, kind, text) in [
        (
            3,
            "dns-zone",
            "@config system dns-database\nedit \"z\"\nset domain \"mill.example\"\nconfig dns-entry\nedit 1\nset hostname \"a\"\nset ip 10.0.0.9\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "dns-zone-host",
            "@config system dns-database\nedit \"z\"\nset domain \"A.mill.example.\"\nconfig dns-entry\nedit 1\nset hostname \"a\"\nset ip 10.0.0.9\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "always-none",
            "@config firewall schedule recurring\nedit \"always\"\nset day none\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "always-nodays",
            "@config firewall schedule recurring\nedit \"always\"\n\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "always-weekdays",
            "@config firewall schedule recurring\nedit \"always\"\nset day monday tuesday\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "always-hours",
            "@config firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nset start 08:00\nset end 17:00\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "always-once",
            "@config firewall schedule onetime\nedit \"always\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "always-abbrev",
            "@config firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nset sta 08:00\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "sched-group",
            "@config firewall schedule group\nedit \"g\"\nset member \"none\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"g\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "nosched",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "all-net",
            "@config firewall address\nedit \"all\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "all-public",
            "@config firewall address\nedit \"all\"\nset subnet 203.0.113.0 255.255.255.0\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "all-fqdn",
            "@config firewall address\nedit \"all\"\nset type fqdn\nset fqdn b.example\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "all-geo",
            "@config firewall address\nedit \"all\"\nset type geography\nset country US\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "all-group",
            "@config firewall addrgrp\nedit \"all\"\nset member \"none\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-none",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"none\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-none2",
            "@config firewall address\nedit \"none\"\nset subnet 0.0.0.0 255.255.255.255\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"none\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "nosrc",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "HTTPS-80",
            "@config firewall service custom\nedit \"HTTPS\"\nset tcp-portrange 80\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"HTTPS\"\n\nnext\nend\n",
        ),
        (
            1,
            "HTTPS-udp",
            "@config firewall service custom\nedit \"HTTPS\"\nset udp-portrange 443\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"HTTPS\"\n\nnext\nend\n",
        ),
        (
            1,
            "HTTPS-icmp",
            "@config firewall service custom\nedit \"HTTPS\"\nset protocol ICMP\nset tcp-portrange 443\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"HTTPS\"\n\nnext\nend\n",
        ),
        (
            1,
            "HTTPS-icmp6",
            "@config firewall service custom\nedit \"HTTPS\"\nset protocol ICMP6\nset tcp-portrange 443\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"HTTPS\"\n\nnext\nend\n",
        ),
        (
            1,
            "ALL-icmp",
            "@config firewall service custom\nedit \"ALL\"\nset protocol ICMP\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "ALL-ip1",
            "@config firewall service custom\nedit \"ALL\"\nset protocol IP\nset protocol-number 1\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "ALL-ip17",
            "@config firewall service custom\nedit \"ALL\"\nset protocol IP\nset protocol-number 17\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "ALL-group",
            "@config firewall service group\nedit \"ALL\"\nset member \"PING\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "ALL-http",
            "@config firewall service custom\nedit \"ALL\"\nset protocol HTTP\nset tcp-portrange 443\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "svc-odd",
            "@config firewall service custom\nedit \"ALL\"\nset protocol IP\nset never-heard 1\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "svc-app",
            "@config firewall service custom\nedit \"s\"\nset tcp-portrange 443\nset app-service-type app-id\nset application 15895\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"s\"\n\nnext\nend\n",
        ),
        (
            2,
            "svc-rev",
            "@config firewall service custom\nedit \"s\"\nset tcp-portrange 8443-443\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"s\"\n\nnext\nend\n",
        ),
        (
            2,
            "addr-odd",
            "@config firewall address\nedit \"api\"\nset type fqdn\nset fqdn a.mill.example\nset never-heard 1\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "grp-odd",
            "@config firewall addrgrp\nedit \"apis\"\nset never-heard 1\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "grp-ems",
            "@config firewall addrgrp\nedit \"apis\"\nset category ztna-ems-tag\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "grp-excl",
            "@config firewall addrgrp\nedit \"apis\"\nset exclude enable\nset exclude-member \"api\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "acl",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall acl\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            3,
            "acl-host",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall acl\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"api\"\nset service \"HTTPS\"\nnext\nend\n",
        ),
        (
            3,
            "acl6",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall acl\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            3,
            "dos",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall DoS-policy\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nconfig anomaly\nedit \"tcp_syn_flood\"\nset status enable\nset action block\nset threshold 1\nnext\nend\nnext\nend\n",
        ),
        (
            3,
            "dos-sess",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall DoS-policy\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nconfig anomaly\nedit \"ip_src_session\"\nset status enable\nset action block\nset threshold 3\nnext\nend\nnext\nend\n",
        ),
        (
            3,
            "ttl",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall ttl-policy\nedit 1\nset status enable\nset action deny\nset ttl 1-255\nset srcaddr \"all\"\nset service \"ALL\"\nset srcintf \"lan\"\nnext\nend\n",
        ),
        (
            3,
            "ifpol",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall interface-policy\nedit 1\nset status enable\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nset application-list-status enable\nset application-list \"block-all\"\nnext\nend\n",
        ),
        (
            2,
            "newtable",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall never-heard-of-policy\nedit 1\nset action deny\nnext\nend\n",
        ),
        (
            1,
            "secpol",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall security-policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset schedule \"always\"\nset service \"ALL\"\nset action deny\nnext\nend\n",
        ),
        (
            3,
            "secpol-app",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall security-policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset schedule \"always\"\nset service \"ALL\"\nset action accept\nset application 15895\nnext\nend\n",
        ),
        (
            3,
            "proxypol",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall proxy-policy\nedit 1\nset proxy explicit-web\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset schedule \"always\"\nset service \"webproxy\"\nset action deny\nnext\nend\n",
        ),
        (
            3,
            "wf-gone",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "df-gone",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "app-gone",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "wf-cat",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 100\nset action block\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-unrated",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset action block\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-warn",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 52\nset action warning\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-auth",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 52\nset action authenticate\nset auth-usr-grp g\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-local",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 26\nset action block\nnext\nend\nend\nnext\nend\nconfig webfilter ftgd-local-rating\nedit \"a.mill.example\"\nset rating 26\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-local140",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 140\nset action block\nnext\nend\nend\nnext\nend\nconfig webfilter ftgd-local-rating\nedit \"a.mill.example\"\nset rating 140\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-quota",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig quota\nedit 1\nset category g01\nset duration 1m\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-risk",
            "@config webfilter profile\nedit \"w\"\nconfig ftgd-wf\nconfig risk\nedit 1\nset risk-level high\nset action block\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            1,
            "wf-url",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 3\nend\nnext\nend\nconfig webfilter urlfilter\nedit 3\nconfig entries\nedit 1\nset url \"*.mill.example\"\nset type wildcard\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            1,
            "wf-url-zeros",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 03\nend\nnext\nend\nconfig webfilter urlfilter\nedit 03\nconfig entries\nedit 1\nset url \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-url-ref",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 3\nend\nnext\nend\nconfig webfilter urlfilter\nedit 3\nconfig entries\nedit 1\nset url \"a.mill.example\"\nset action allow\nset referrer-host \"x.example\"\nnext\nedit 2\nset url \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-url-path",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 3\nend\nnext\nend\nconfig webfilter urlfilter\nedit 3\nconfig entries\nedit 1\nset url \"a.mill.example/v1\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            2,
            "wf-url-regex",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 3\nend\nnext\nend\nconfig webfilter urlfilter\nedit 3\nconfig entries\nedit 1\nset url \"mill\"\nset type regex\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-url-gone",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 3\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-bword",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset bword-table 3\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-post",
            "@config webfilter profile\nedit \"w\"\nset post-action block\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            3,
            "wf-wisp",
            "@config webfilter profile\nedit \"w\"\nset wisp enable\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            2,
            "wf-odd",
            "@config webfilter profile\nedit \"w\"\nset never-heard-of block\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            1,
            "df-name",
            "@config dnsfilter domain-filter\nedit 3\nconfig entries\nedit 1\nset domain \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\nconfig dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 3\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "df-ext",
            "@config dnsfilter profile\nedit \"d\"\nset external-ip-blocklist \"x\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "df-cat",
            "@config dnsfilter profile\nedit \"d\"\nconfig ftgd-dns\nconfig filters\nedit 1\nset category 52\nset action block\nnext\nend\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "df-trans",
            "@config dnsfilter profile\nedit \"d\"\nconfig dns-translation\nedit 1\nset src 1.1.1.1\nset dst 2.2.2.2\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "df-gone-table",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 3\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "app-any",
            "@config application list\nedit \"l\"\nconfig entries\nedit 1\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-default",
            "@config application list\nedit \"l\"\nconfig entries\nedit 1\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-web",
            "@config application list\nedit \"l\"\nconfig entries\nedit 1\nset category 25\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-id",
            "@config application list\nedit \"l\"\nconfig entries\nedit 1\nset application 56321\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-reset",
            "@config application list\nedit \"l\"\nconfig entries\nedit 1\nset category 36\nset action reset\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-other",
            "@config application list\nedit \"l\"\nset other-application-action block\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-unknown",
            "@config application list\nedit \"l\"\nset unknown-application-action block\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "app-ports",
            "@config application list\nedit \"l\"\nset control-default-network-services enable\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            3,
            "ips-custom",
            "@config ips custom\nedit \"no-mill\"\nset signature \"F-SBID( --attack_id 1234; --name x; --protocol tcp; --service SSL; --pattern mill; --context host;)\"\nset action block\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset ips-sensor \"x\"\nnext\nend\n",
        ),
        (
            2,
            "ipsec",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action ipsec\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            2,
            "learn",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action learn\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "deny-first",
            "@config firewall policy\nedit 9\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset schedule \"always\"\nset service \"ALL\"\nset action deny\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "expiry",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset policy-expiry enable\nnext\nend\n",
        ),
        (
            3,
            "groups",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset groups \"g\"\nnext\nend\n",
        ),
        (
            3,
            "users",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset users \"u\"\nnext\nend\n",
        ),
        (
            3,
            "fsso",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset fsso-groups \"u\"\nnext\nend\n",
        ),
        (
            3,
            "waf",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset waf-profile \"u\"\nnext\nend\n",
        ),
        (
            3,
            "icap",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset icap-profile \"u\"\nnext\nend\n",
        ),
        (
            1,
            "dup-id",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall policy\nedit 1\nset action deny\nnext\nend\n",
        ),
        (
            1,
            "append",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall policy\nedit 1\nunselect dstaddr \"apis\"\nappend dstaddr \"none\"\nnext\nend\n",
        ),
        (
            2,
            "deep",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\nconfig a\n",
        ),
        (
            1,
            "src-group-empty",
            "@config firewall addrgrp\nedit \"clients\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-group-none",
            "@config firewall addrgrp\nedit \"clients\"\nset member \"none\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-group-nobody",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nedit \"nobody\"\nset subnet 0.0.0.0 255.255.255.255\nnext\nend\nconfig firewall addrgrp\nedit \"clients\"\nset member \"nobody\"\nnext\nedit \"outer\"\nset member \"clients\" \"none\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"outer\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-group-all-but-all",
            "@config firewall addrgrp\nedit \"clients\"\nset member \"all\"\nset exclude enable\nset exclude-member \"all\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-nobody",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nedit \"nobody\"\nset subnet 0.0.0.0 255.255.255.255\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"nobody\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            1,
            "src-group-not-all",
            "@config firewall addrgrp\nedit \"clients\"\nset member \"all\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset srcaddr-negate enable\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "src-group",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nedit \"nobody\"\nset subnet 0.0.0.0 255.255.255.255\nnext\nend\nconfig firewall addrgrp\nedit \"clients\"\nset member \"none\" \"lan-net\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "src-group-not-none",
            "@config firewall addrgrp\nedit \"clients\"\nset member \"none\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"clients\"\nset srcaddr-negate enable\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            3,
            "dns-simple-above",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"mill.example\"\nset type simple\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            3,
            "dns-simple-above-default",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"mill.example\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            1,
            "dns-simple",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"a.mill.example\"\nset type simple\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            0,
            "dns-simple-other",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"bad.example\"\nset type simple\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            0,
            "dns-allowed-first",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"a.mill.example\"\nset type simple\nset action allow\nnext\nedit 2\nset domain \"mill.example\"\nset type simple\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            0,
            "dns-simple-monitor",
            "@config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 1\nend\nnext\nend\nconfig dnsfilter domain-filter\nedit 1\nset name \"n\"\nconfig entries\nedit 1\nset domain \"mill.example\"\nset type simple\nset action monitor\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            1,
            "way-deny",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 3\nset srcintf \"dmz\"\nset dstintf \"lan\"\nset srcaddr \"all\"\nset dstaddr \"none\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            1,
            "way-any-deny",
            "@config firewall policy\nedit 1\nset srcintf \"any\"\nset dstintf \"any\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            1,
            "way-profile",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 1\nend\nnext\nend\nconfig webfilter urlfilter\nedit 1\nconfig entries\nedit 1\nset url \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset webfilter-profile \"w\"\nnext\nend\nconfig firewall policy\nedit 3\nset srcintf \"dmz\"\nset dstintf \"lan\"\nset srcaddr \"all\"\nset dstaddr \"none\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            1,
            "src-deny",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"lan-net\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"lan-net\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
    ] {
        let text = text.replace('@', OBJECTS);
        assert_eq!(judged(&text), code, "{kind}: {text}");
    }
}

#[test]
fn what_fortios_accepts_is_complete() {
    for (code, kind, text) in [
        (
            0,
            "dns-zone-other",
            "@config system dns-database\nedit \"z\"\nset domain \"pump.example\"\nconfig dns-entry\nedit 1\nset hostname \"a\"\nset ip 10.0.0.9\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "dns-zone-off",
            "@config system dns-database\nedit \"z\"\nset domain \"mill.example\"\nset status disable\nconfig dns-entry\nedit 1\nset hostname \"a\"\nset ip 10.0.0.9\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "plain",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "full",
            "@config firewall address\nedit \"none\"\nset uuid 1\nset subnet 0.0.0.0 255.255.255.255\nnext\nedit \"all\"\nset uuid 2\nnext\nedit \"SSLVPN_TUNNEL_ADDR1\"\nset type iprange\nset start-ip 10.212.134.200\nset end-ip 10.212.134.210\nnext\nend\nconfig firewall service category\nedit \"General\"\nset comment \"General services.\"\nnext\nend\nconfig firewall service custom\nedit \"ALL\"\nset uuid 3\nset category \"General\"\nset protocol IP\nnext\nedit \"ALL_TCP\"\nset category \"General\"\nset tcp-portrange 1-65535\nnext\nedit \"HTTPS\"\nset category \"Web Access\"\nset tcp-portrange 443\nnext\nedit \"PING\"\nset protocol ICMP\nset icmptype 8\nunset icmpcode\nnext\nedit \"webproxy\"\nset proxy enable\nset category \"Web Proxy\"\nset protocol ALL\nset tcp-portrange 0-65535:0-65535\nnext\nedit \"DNS\"\nset tcp-portrange 53\nset udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"Web Access\"\nset member \"DNS\" \"HTTPS\"\nnext\nend\nconfig firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nnext\nedit \"none\"\nnext\nend\nconfig firewall schedule onetime\nedit \"x\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "full-https",
            "@config firewall address\nedit \"none\"\nset uuid 1\nset subnet 0.0.0.0 255.255.255.255\nnext\nedit \"all\"\nset uuid 2\nnext\nedit \"SSLVPN_TUNNEL_ADDR1\"\nset type iprange\nset start-ip 10.212.134.200\nset end-ip 10.212.134.210\nnext\nend\nconfig firewall service category\nedit \"General\"\nset comment \"General services.\"\nnext\nend\nconfig firewall service custom\nedit \"ALL\"\nset uuid 3\nset category \"General\"\nset protocol IP\nnext\nedit \"ALL_TCP\"\nset category \"General\"\nset tcp-portrange 1-65535\nnext\nedit \"HTTPS\"\nset category \"Web Access\"\nset tcp-portrange 443\nnext\nedit \"PING\"\nset protocol ICMP\nset icmptype 8\nunset icmpcode\nnext\nedit \"webproxy\"\nset proxy enable\nset category \"Web Proxy\"\nset protocol ALL\nset tcp-portrange 0-65535:0-65535\nnext\nedit \"DNS\"\nset tcp-portrange 53\nset udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"Web Access\"\nset member \"DNS\" \"HTTPS\"\nnext\nend\nconfig firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nnext\nedit \"none\"\nnext\nend\nconfig firewall schedule onetime\nedit \"x\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"HTTPS\"\n\nnext\nend\n",
        ),
        (
            0,
            "full-web",
            "@config firewall address\nedit \"none\"\nset uuid 1\nset subnet 0.0.0.0 255.255.255.255\nnext\nedit \"all\"\nset uuid 2\nnext\nedit \"SSLVPN_TUNNEL_ADDR1\"\nset type iprange\nset start-ip 10.212.134.200\nset end-ip 10.212.134.210\nnext\nend\nconfig firewall service category\nedit \"General\"\nset comment \"General services.\"\nnext\nend\nconfig firewall service custom\nedit \"ALL\"\nset uuid 3\nset category \"General\"\nset protocol IP\nnext\nedit \"ALL_TCP\"\nset category \"General\"\nset tcp-portrange 1-65535\nnext\nedit \"HTTPS\"\nset category \"Web Access\"\nset tcp-portrange 443\nnext\nedit \"PING\"\nset protocol ICMP\nset icmptype 8\nunset icmpcode\nnext\nedit \"webproxy\"\nset proxy enable\nset category \"Web Proxy\"\nset protocol ALL\nset tcp-portrange 0-65535:0-65535\nnext\nedit \"DNS\"\nset tcp-portrange 53\nset udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"Web Access\"\nset member \"DNS\" \"HTTPS\"\nnext\nend\nconfig firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nnext\nedit \"none\"\nnext\nend\nconfig firewall schedule onetime\nedit \"x\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"Web Access\"\n\nnext\nend\n",
        ),
        (
            0,
            "full-all",
            "@config firewall address\nedit \"none\"\nset uuid 1\nset subnet 0.0.0.0 255.255.255.255\nnext\nedit \"all\"\nset uuid 2\nnext\nedit \"SSLVPN_TUNNEL_ADDR1\"\nset type iprange\nset start-ip 10.212.134.200\nset end-ip 10.212.134.210\nnext\nend\nconfig firewall service category\nedit \"General\"\nset comment \"General services.\"\nnext\nend\nconfig firewall service custom\nedit \"ALL\"\nset uuid 3\nset category \"General\"\nset protocol IP\nnext\nedit \"ALL_TCP\"\nset category \"General\"\nset tcp-portrange 1-65535\nnext\nedit \"HTTPS\"\nset category \"Web Access\"\nset tcp-portrange 443\nnext\nedit \"PING\"\nset protocol ICMP\nset icmptype 8\nunset icmpcode\nnext\nedit \"webproxy\"\nset proxy enable\nset category \"Web Proxy\"\nset protocol ALL\nset tcp-portrange 0-65535:0-65535\nnext\nedit \"DNS\"\nset tcp-portrange 53\nset udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"Web Access\"\nset member \"DNS\" \"HTTPS\"\nnext\nend\nconfig firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nnext\nedit \"none\"\nnext\nend\nconfig firewall schedule onetime\nedit \"x\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "full-tcp",
            "@config firewall address\nedit \"none\"\nset uuid 1\nset subnet 0.0.0.0 255.255.255.255\nnext\nedit \"all\"\nset uuid 2\nnext\nedit \"SSLVPN_TUNNEL_ADDR1\"\nset type iprange\nset start-ip 10.212.134.200\nset end-ip 10.212.134.210\nnext\nend\nconfig firewall service category\nedit \"General\"\nset comment \"General services.\"\nnext\nend\nconfig firewall service custom\nedit \"ALL\"\nset uuid 3\nset category \"General\"\nset protocol IP\nnext\nedit \"ALL_TCP\"\nset category \"General\"\nset tcp-portrange 1-65535\nnext\nedit \"HTTPS\"\nset category \"Web Access\"\nset tcp-portrange 443\nnext\nedit \"PING\"\nset protocol ICMP\nset icmptype 8\nunset icmpcode\nnext\nedit \"webproxy\"\nset proxy enable\nset category \"Web Proxy\"\nset protocol ALL\nset tcp-portrange 0-65535:0-65535\nnext\nedit \"DNS\"\nset tcp-portrange 53\nset udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"Web Access\"\nset member \"DNS\" \"HTTPS\"\nnext\nend\nconfig firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nnext\nedit \"none\"\nnext\nend\nconfig firewall schedule onetime\nedit \"x\"\nset start 00:00 2001/01/01\nset end 00:00 2002/01/01\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL_TCP\"\n\nnext\nend\n",
        ),
        (
            0,
            "sched24",
            "@config firewall schedule recurring\nedit \"always\"\nset day sunday monday tuesday wednesday thursday friday saturday\nset start 00:00\nset end 00:00\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "acl-off",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall acl\nedit 1\nset status disable\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            0,
            "acl-other",
            "@config firewall address\nedit \"bad\"\nset type fqdn\nset fqdn bad.example\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall acl\nedit 1\nset interface \"lan\"\nset srcaddr \"all\"\nset dstaddr \"bad\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            0,
            "dos-usual",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall DoS-policy\nedit 1\nset interface \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nconfig anomaly\nedit \"tcp_syn_flood\"\nset status enable\nset log enable\nset action block\nset threshold 2000\nnext\nedit \"udp_flood\"\nset status enable\nset action block\nset threshold 20\nnext\nedit \"tcp_port_scan\"\nset status enable\nset threshold 10\nnext\nend\nnext\nend\n",
        ),
        (
            0,
            "shaping",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall shaping-policy\nedit 1\nset service \"ALL\"\nset dstintf \"wan\"\nset traffic-shaper \"low\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nnext\nend\nconfig firewall shaper traffic-shaper\nedit \"low\"\nset maximum-bandwidth 1024\nnext\nend\n",
        ),
        (
            0,
            "localin",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall local-in-policy\nedit 1\nset intf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nset schedule \"always\"\nnext\nend\n",
        ),
        (
            0,
            "vip",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall vip\nedit \"v\"\nset extip 203.0.113.9\nset mappedip \"10.0.0.9\"\nset extintf \"wan\"\nset portforward enable\nset extport 443\nset mappedport 443\nnext\nend\n",
        ),
        (
            0,
            "snat",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall central-snat-map\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset orig-addr \"all\"\nset dst-addr \"all\"\nnext\nend\n",
        ),
        (
            0,
            "multicast",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall multicast-policy\nedit 1\nset action deny\nnext\nend\n",
        ),
        (
            0,
            "isd",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\nconfig firewall internet-service-name\nedit \"Google-Web\"\nset internet-service-id 65537\nnext\nend\n",
        ),
        (
            0,
            "wf",
            "@config webfilter profile\nedit \"w\"\nset comment \"Default web filtering.\"\nset feature-set proxy\nconfig web\nset urlfilter-table 1\nset safe-search url\nend\nconfig ftgd-wf\nunset options\nconfig filters\nedit 1\nset category 26\nset action block\nnext\nedit 2\nset category 52\nset action monitor\nnext\nedit 3\nset category 61\nset action block\nnext\nedit 4\nnext\nend\nend\nnext\nend\nconfig webfilter urlfilter\nedit 1\nset name \"Auto\"\nconfig entries\nedit 1\nset url \"bad.example\"\nset action block\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            0,
            "wf-exempt",
            "@config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 1\nend\nconfig ftgd-wf\nconfig filters\nedit 1\nset category 100\nset action block\nnext\nend\nend\nnext\nend\nconfig webfilter urlfilter\nedit 1\nconfig entries\nedit 1\nset url \"*.mill.example\"\nset type wildcard\nset action exempt\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset webfilter-profile \"w\"\nnext\nend\n",
        ),
        (
            0,
            "df",
            "@config dnsfilter profile\nedit \"d\"\nset comment \"Default dns filtering.\"\nconfig ftgd-dns\nconfig filters\nedit 1\nset category 2\nnext\nedit 2\nset category 26\nset action block\nnext\nend\nend\nset block-botnet enable\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset dnsfilter-profile \"d\"\nnext\nend\n",
        ),
        (
            0,
            "app",
            "@config application list\nedit \"l\"\nset comment \"x\"\nset other-application-log enable\nconfig entries\nedit 1\nset category 2 6\nnext\nedit 2\nset action pass\nnext\nend\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset application-list \"l\"\nnext\nend\n",
        ),
        (
            0,
            "ips",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset utm-status enable\nset ips-sensor \"default\"\nnext\nend\n",
        ),
        (
            0,
            "secpol-ok",
            "@config firewall policy\nedit 1\nset srcintf \"any\"\nset dstintf \"any\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset srcaddr6 \"all\"\nset dstaddr6 \"all\"\nset service \"ALL\"\nset ssl-ssh-profile \"certificate-inspection\"\nnext\nend\nconfig firewall security-policy\nedit 1\nset name \"x\"\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset schedule \"always\"\nset enforce-default-app-port disable\nset service \"ALL\"\nset action accept\nnext\nend\n",
        ),
        (
            0,
            "color",
            "@config firewall address\nedit \"api\"\nset uuid 1\nset color 3\nset associated-interface \"wan\"\nset comment \"x\"\nset allow-routing enable\nset cache-ttl 3600\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "ztna-any",
            "@config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nset srcaddr6 \"all\"\nset dstaddr6 \"all\"\nnext\nend\n",
        ),
        (
            0,
            "src-net",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"lan-net\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "nest",
            "@config firewall addrgrp\nedit \"apis\"\nset member \"api\"\nnext\nedit \"g2\"\nset member \"apis\"\nset color 2\nnext\nedit \"g3\"\nset member \"g2\"\nset allow-routing enable\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"g3\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "threat-feed",
            "@config firewall policy\nedit 9\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"bad\"\nset schedule \"always\"\nset service \"ALL\"\nset action deny\nnext\nend\nconfig firewall address\nedit \"bad\"\nset type fqdn\nset fqdn bad.example\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\n\nnext\nend\n",
        ),
        (
            0,
            "way-deny-last",
            "@config firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 3\nset srcintf \"dmz\"\nset dstintf \"lan\"\nset srcaddr \"all\"\nset dstaddr \"none\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            0,
            "way-other",
            "@config firewall policy\nedit 1\nset srcintf \"dmz\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
        (
            0,
            "src-deny-last",
            "@config firewall address\nedit \"lan-net\"\nset subnet 10.0.0.0 255.0.0.0\nnext\nend\nconfig firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"lan-net\"\nset dstaddr \"apis\"\nset action accept\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\nconfig firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset action deny\nset schedule \"always\"\nset service \"ALL\"\nnext\nend\n",
        ),
    ] {
        let text = text.replace('@', OBJECTS);
        assert_eq!(judged(&text), code, "{kind}: {text}");
    }
}
