//! By which means a configuration of PAN-OS keeps a host from the app although a rule seems to allow it, and which settings of an
//! ordinary configuration do not: each row is one means.

use clearway::firewall::List;
use clearway::firewall::existing::{compare, read};

use crate::firewall::one;

/// What most rows have, for `@`.
const OBJECTS: &str = "set address a fqdn a.mill.example\nset service S protocol tcp port 443\n";

/// The exit code of the program with a list as it stands: 0 complete, 1 short, 2 undecided, 3 under conditions.
pub(super) fn judged(text: &str) -> i32 {
    let list = List::allow(&one("a.mill.example", 443, "https"));
    match read(text).and_then(|listing| compare(&list, listing)) {
        Err(_) => 2,
        Ok(result) if result.is_short() => 1,
        Ok(result) if result.is_doubtful() => 3,
        Ok(_) => 0,
    }
}

#[test]
fn no_means_of_pan_os_to_keep_a_host_away_is_called_complete() {
    for (code, kind, text) in [
        (
            3,
            "dns-proxy",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset network dns-proxy p static-entries e domain A.mill.example\nset network dns-proxy p static-entries e address 10.0.0.9\n",
        ),
        (
            3,
            "dns-proxy-xml",
            "<config><devices><entry name=\"d\"><network><dns-proxy><entry name=\"p\"><static-entries><entry name=\"e\"><domain>a.mill.example</domain><address><member>10.0.0.9</member></address></entry></static-entries></entry></dns-proxy></network><vsys><entry name=\"v\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>any</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>",
        ),
        (
            1,
            "svc-https",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service service-https\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service service-https protocol tcp port 80\n",
        ),
        (
            1,
            "svc-http",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service [ service-http service-https ]\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service service-https protocol tcp port 8080\n",
        ),
        (
            1,
            "svc-https-grp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service service-https\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service other protocol tcp port 80\nset service-group service-https members other\n",
        ),
        (
            1,
            "svc-https-udp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service service-https\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service service-https protocol udp port 443\n",
        ),
        (
            1,
            "svc-any",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service any\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service any protocol tcp port 80\n",
        ),
        (
            1,
            "svc-appdef",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service application-default\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service application-default protocol tcp port 80\n",
        ),
        (
            1,
            "svc-appdef-shared",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service application-default\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset shared service application-default protocol tcp port 80\n",
        ),
        (
            1,
            "addr-any",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address any fqdn b.example\n",
        ),
        (
            1,
            "addr-any-grp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address b fqdn b.example\nset address-group any static b\n",
        ),
        (
            2,
            "addr-any-dag",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address-group any dynamic filter x\n",
        ),
        (
            1,
            "cat-any",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset profiles custom-url-category any list b.example/\n",
        ),
        (
            3,
            "app-any",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset application any default port tcp/80\n",
        ),
        (
            3,
            "app-ssl",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset application ssl default port tcp/80\n",
        ),
        (
            3,
            "app-ssl-grp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset application-group ssl members dns\n",
        ),
        (
            3,
            "ssl-decrypt",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase decryption rules o from any to any source any destination any action decrypt type ssl-forward-proxy\n",
        ),
        (
            3,
            "ssl-override",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase application-override rules o from any to any source any destination any port 443 protocol tcp application custom\n",
        ),
        (
            1,
            "block-list",
            "@set profiles url-filtering u block-list [ a.mill.example *.mill.example ]\nset profiles url-filtering u action block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "block-list-noaction",
            "@set profiles url-filtering u block-list a.mill.example\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "block-list-cont",
            "@set profiles url-filtering u block-list a.mill.example\nset profiles url-filtering u action continue\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "block-list-both",
            "@set profiles url-filtering u block-list a.mill.example\nset profiles url-filtering u allow-list a.mill.example\nset profiles url-filtering u action block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "block-list-star",
            "@set profiles url-filtering u block-list *.example\nset profiles url-filtering u action block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            2,
            "u-odd",
            "@set profiles url-filtering u never-heard block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            2,
            "u-abbrev",
            "@set profiles url-filtering u bloc [ computer-and-internet-info ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-gone",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-builtin",
            "@set profiles url-filtering u block [ artificial-intelligence ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-unknown",
            "@set profiles url-filtering u block [ not-resolved unknown ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "u-custom",
            "@set profiles custom-url-category c list a.mill.example/\nset profiles url-filtering u block c\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "u-custom-unrelated",
            "@set profiles custom-url-category games list a.mill.example/\nset profiles url-filtering u block games\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-edl",
            "@set external-list games type url url https://x/\nset profiles url-filtering u block games\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "u-cont",
            "@set profiles custom-url-category c list a.mill.example/\nset profiles url-filtering u continue c\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            1,
            "u-over",
            "@set profiles custom-url-category c list a.mill.example/\nset profiles url-filtering u override c\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-cred",
            "@set profiles url-filtering u credential-enforcement mode ip-user\nset profiles url-filtering u credential-enforcement block [ high-risk ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-license",
            "@set profiles url-filtering u license-expired block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "u-shared",
            "@set shared profiles url-filtering u block [ artificial-intelligence ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            3,
            "grp-gone",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting group g\n",
        ),
        (
            3,
            "grp",
            "@set profile-group g url-filtering u\nset profiles url-filtering u block [ artificial-intelligence ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting group g\n",
        ),
        (
            3,
            "auth",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase authentication rules o from any to any source any destination any category any service any authentication-enforcement default-web-form\n",
        ),
        (
            3,
            "auth-pre",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset device-group g pre-rulebase authentication rules o authentication-enforcement default-web-form\n",
        ),
        (
            3,
            "captive",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase captive-portal rules o from any to any source any destination any action captive-portal\n",
        ),
        (
            3,
            "dos",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase dos rules o from zone any to zone any source any destination any service any action deny\n",
        ),
        (
            3,
            "pbf",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase pbf rules o from zone any source any destination any action discard\n",
        ),
        (
            3,
            "pbf-vsys",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset vsys vsys1 rulebase pbf rules o action discard\n",
        ),
        (
            3,
            "pbf-abbrev",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase pbf rules o action disc\n",
        ),
        (
            3,
            "broker",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase network-packet-broker rules o from any to any source any destination any action broker\n",
        ),
        (
            2,
            "newbase",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase never-heard rules o action deny\n",
        ),
        (
            2,
            "dis-true",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r disabled true\n",
        ),
        (
            2,
            "dis-y",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r disabled y\n",
        ),
        (
            2,
            "dis-YES",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r disabled Yes\n",
        ),
        (
            2,
            "neg-y",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r negate-destination y\n",
        ),
        (
            1,
            "neg",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r negate-destination yes\n",
        ),
        (
            2,
            "rt",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r rule-type intra\n",
        ),
        (
            3,
            "intra",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r rule-type intrazone\n",
        ),
        (
            2,
            "abbrev1",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase sec rules r action deny\n",
        ),
        (
            2,
            "abbrev2",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset ruleb security rules r action deny\n",
        ),
        (
            2,
            "abbrev3",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rul r action deny\n",
        ),
        (
            2,
            "abbrev4",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r act deny\n",
        ),
        (
            2,
            "abbrev5",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nse rulebase security rules r action deny\n",
        ),
        (
            2,
            "abbrev6",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nSET rulebase security rules r action deny\n",
        ),
        (
            2,
            "abbrev7",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\ndel rulebase\n",
        ),
        (
            2,
            "abbrev8",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\ndel rulebase security rules r\n",
        ),
        (
            2,
            "abbrev9",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules d from any\nset rulebase security rules d to any\nset rulebase security rules d source any\nset rulebase security rules d destination any\nset rulebase security rules d application any\nset rulebase security rules d service any\nset rulebase security rules d action deny\nmov rulebase security rules d top\n",
        ),
        (
            2,
            "abbrev10",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules d from any\nset rulebase security rules d to any\nset rulebase security rules d source any\nset rulebase security rules d destination any\nset rulebase security rules d application any\nset rulebase security rules d service any\nset rulebase security rules d action deny\nmove rulebase sec rules d top\n",
        ),
        (
            2,
            "abbrev11",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\ndelete ruleb security rules r\n",
        ),
        (
            2,
            "abbrev12",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset addr a fqdn b.example\n",
        ),
        (
            2,
            "abbrev13",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset serv S protocol tcp port 80\n",
        ),
        (
            2,
            "abbrev14",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address a fqd b.example\n",
        ),
        (
            2,
            "abbrev15",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset prof url-filtering u block c\n",
        ),
        (
            2,
            "abbrev16",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset profiles url-f u block c\n",
        ),
        (
            2,
            "abbrev17",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service S prot tcp port 80\n",
        ),
        (
            2,
            "abbrev18",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset sh pre-rulebase security rules x action deny\n",
        ),
        (
            2,
            "abbrev19",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset dev g pre-rulebase security rules x action deny\n",
        ),
        (
            2,
            "top",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules d from any\nset rulebase security rules d to any\nset rulebase security rules d source any\nset rulebase security rules d destination any\nset rulebase security rules d application any\nset rulebase security rules d service any\nset rulebase security rules d action deny\ntop move rulebase security rules d top\n",
        ),
        (
            2,
            "edit",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nedit rulebase security rules r\nset action deny\n",
        ),
        (
            2,
            "panorama",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset panorama vsys vsys1 pre-rulebase security rules d from any\nset panorama vsys vsys1 pre-rulebase security rules d to any\nset panorama vsys vsys1 pre-rulebase security rules d source any\nset panorama vsys vsys1 pre-rulebase security rules d destination any\nset panorama vsys vsys1 pre-rulebase security rules d application any\nset panorama vsys vsys1 pre-rulebase security rules d service any\nset panorama vsys vsys1 pre-rulebase security rules d action deny\n",
        ),
        (
            1,
            "pre-shared",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset shared pre-rulebase security rules d from any\nset shared pre-rulebase security rules d to any\nset shared pre-rulebase security rules d source any\nset shared pre-rulebase security rules d destination any\nset shared pre-rulebase security rules d application any\nset shared pre-rulebase security rules d service any\nset shared pre-rulebase security rules d action deny\n",
        ),
        (
            1,
            "pre-dg",
            "@set device-group g post-rulebase security rules r from any\nset device-group g post-rulebase security rules r to any\nset device-group g post-rulebase security rules r source any\nset device-group g post-rulebase security rules r destination a\nset device-group g post-rulebase security rules r source-user any\nset device-group g post-rulebase security rules r category any\nset device-group g post-rulebase security rules r application any\nset device-group g post-rulebase security rules r service S\nset device-group g post-rulebase security rules r hip-profiles any\nset device-group g post-rulebase security rules r action allow\nset device-group g pre-rulebase security rules d from any\nset device-group g pre-rulebase security rules d to any\nset device-group g pre-rulebase security rules d source any\nset device-group g pre-rulebase security rules d destination any\nset device-group g pre-rulebase security rules d application any\nset device-group g pre-rulebase security rules d service any\nset device-group g pre-rulebase security rules d action deny\n",
        ),
        (
            2,
            "dg-named",
            "@set device-group g post-rulebase security rules r from any\nset device-group g post-rulebase security rules r to any\nset device-group g post-rulebase security rules r source any\nset device-group g post-rulebase security rules r destination a\nset device-group g post-rulebase security rules r source-user any\nset device-group g post-rulebase security rules r category any\nset device-group g post-rulebase security rules r application any\nset device-group g post-rulebase security rules r service S\nset device-group g post-rulebase security rules r hip-profiles any\nset device-group g post-rulebase security rules r action allow\nset device-group rules pre-rulebase x\nset shared pre-rulebase security rules d from any\nset shared pre-rulebase security rules d to any\nset shared pre-rulebase security rules d source any\nset shared pre-rulebase security rules d destination any\nset shared pre-rulebase security rules d application any\nset shared pre-rulebase security rules d service any\nset shared pre-rulebase security rules d action deny\n",
        ),
        (
            1,
            "vsys-named",
            "@set vsys address rulebase security rules r from any\nset vsys address rulebase security rules r to any\nset vsys address rulebase security rules r source any\nset vsys address rulebase security rules r destination a\nset vsys address rulebase security rules r source-user any\nset vsys address rulebase security rules r category any\nset vsys address rulebase security rules r application any\nset vsys address rulebase security rules r service S\nset vsys address rulebase security rules r hip-profiles any\nset vsys address rulebase security rules r action allow\nset vsys address rulebase security rules r action deny\n",
        ),
        (
            1,
            "name-rules",
            "@set rulebase security rules rules from any\nset rulebase security rules rules to any\nset rulebase security rules rules source any\nset rulebase security rules rules destination a\nset rulebase security rules rules source-user any\nset rulebase security rules rules category any\nset rulebase security rules rules application any\nset rulebase security rules rules service S\nset rulebase security rules rules hip-profiles any\nset rulebase security rules rules action allow\nset rulebase security rules rules action deny\n",
        ),
        (
            3,
            "sched",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r schedule never\n",
        ),
        (
            3,
            "user",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user bob\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            3,
            "user-unk",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user unknown\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            3,
            "hip",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles x\nset rulebase security rules r action allow\n",
        ),
        (
            3,
            "target",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r target devices 001\n",
        ),
        (
            2,
            "odd",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r never-heard 1\n",
        ),
        (
            2,
            "svc-gone",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service T\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            2,
            "addr-gone",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination z\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            2,
            "addr-wild",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address a ip-wildcard 10.0.0.0/0.0.0.255\n",
        ),
        (
            2,
            "addr-odd",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset address a never-heard x\n",
        ),
        (
            2,
            "dyn",
            "@set address-group g dynamic filter x\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination g\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            2,
            "dynstat",
            "@set address-group g static a\nset address-group g dynamic filter x\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination g\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            2,
            "loop",
            "@set address-group g static h\nset address-group h static g\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination g\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            3,
            "svc-src",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service S protocol tcp source-port 1-10\n",
        ),
        (
            2,
            "svc-rev",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service S protocol tcp port 8443-443\n",
        ),
        (
            1,
            "svc-udp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset service S protocol udp port 443\n",
        ),
        (
            3,
            "cat-builtin",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category business-and-economy\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            3,
            "cat-match",
            "@set profiles custom-url-category c type \"Category Match\"\nset profiles custom-url-category c list business-and-economy\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category c\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            1,
            "action",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r action deny\n",
        ),
        (
            1,
            "rename",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nrename rulebase security rules r to s\nset rulebase security rules s disabled yes\n",
        ),
        (
            2,
            "delobj",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\ndelete address a\n",
        ),
        (
            2,
            "delprof",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\ndelete rulebase security rules r destination a\n",
        ),
        (
            1,
            "braces",
            "config {\nvsys {\nvsys1 {\naddress {\na {\nfqdn a.mill.example;\n} } rulebase {\nsecurity {\nrules {\nr {\naction deny;\ndestination a;\n} } } } } } }\n",
        ),
        (
            2,
            "x-dis",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><disabled>true</disabled><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            3,
            "x-auth",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><authentication><rules><entry name='o'><authentication-enforcement>default-web-form</authentication-enforcement></entry></rules></authentication><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            2,
            "x-new",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><never-heard><rules><entry name='o'><action>deny</action></entry></rules></never-heard><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            1,
            "x-u",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><profiles><url-filtering><entry name='u'><block-list><member>a.mill.example</member></block-list><action>block</action></entry></url-filtering></profiles><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><profile-setting><profiles><url-filtering><member>u</member></url-filtering></profiles></profile-setting><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            1,
            "x-any",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"any\"><fqdn>b.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><profiles/><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>any</member></destination><application><member>any</member></application><service><member>S</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            2,
            "x-odd",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><never-heard>1</never-heard><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            2,
            "x-panorama",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices><panorama><vsys><entry name='vsys1'><pre-rulebase><security><rules><entry name='d'><action>deny</action></entry></rules></security></pre-rulebase></entry></vsys></panorama></config>\n",
        ),
        (
            1,
            "dg-parent-denies",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent pre-rulebase security rules d from any to any source any destination a application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            1,
            "dg-child-first",
            "@set device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\nset device-group parent pre-rulebase security rules d from any to any source any destination a application any service S action deny\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\n",
        ),
        (
            1,
            "dg-child-post",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent pre-rulebase security rules d from any to any source any destination any application any service S action drop\nset device-group child post-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            1,
            "dg-grandparent",
            "@set readonly devices localhost.localdomain device-group top id 11\nset readonly devices localhost.localdomain device-group parent id 12\nset readonly devices localhost.localdomain device-group child id 13\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset readonly devices localhost.localdomain device-group parent parent-dg top\nset device-group top pre-rulebase security rules d from any to any source any destination a application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            3,
            "dg-unsaid",
            "@set device-group parent pre-rulebase security rules d from any to any source any destination a application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            1,
            "dg-own-deny",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset device-group child pre-rulebase security rules d from any to any source any destination a application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\nset device-group parent pre-rulebase security rules x from any to any source any destination 10.0.0.1 application any service S action allow\n",
        ),
        (
            1,
            "dg-own-profile",
            "@set profiles url-filtering u block-list a.mill.example\nset profiles url-filtering u action block\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\nset device-group child pre-rulebase security rules r profile-setting profiles url-filtering u\nset device-group parent pre-rulebase security rules x from any to any source any destination 10.0.0.1 application any service S action allow\n",
        ),
        (
            1,
            "dg-parent-profile",
            "@set profiles url-filtering u block-list a.mill.example\nset profiles url-filtering u action block\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent pre-rulebase security rules q from any to any source any destination a application any service S action allow\nset device-group parent pre-rulebase security rules q profile-setting profiles url-filtering u\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            1,
            "dg-object",
            "set service S protocol tcp port 443\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset shared address x fqdn a.mill.example\nset device-group parent address x fqdn b.example\nset device-group child pre-rulebase security rules r from any to any source any destination x application any service S action allow\n",
        ),
        (
            1,
            "dg-object-own",
            "set service S protocol tcp port 443\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent address x fqdn a.mill.example\nset device-group child address x fqdn b.example\nset device-group child pre-rulebase security rules r from any to any source any destination x application any service S action allow\n",
        ),
        (
            1,
            "zone-deny",
            "@set rulebase security rules d from trust to untrust source any destination any application any service S action deny\nset rulebase security rules r from trust to untrust source any destination a application any service S action allow\nset rulebase security rules s from dmz to trust source any destination 10.0.0.1 application any service S action allow\n",
        ),
        (
            1,
            "zone-any-deny",
            "@set rulebase security rules d from any to any source any destination any application any service S action deny\nset rulebase security rules r from trust to untrust source any destination a application any service S action allow\n",
        ),
        (
            1,
            "zone-profile",
            "@set profiles url-filtering u block-list a.mill.example\nset profiles url-filtering u action block\nset rulebase security rules r from trust to untrust source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles url-filtering u\nset rulebase security rules s from dmz to trust source any destination 10.0.0.1 application any service S action allow\n",
        ),
        (
            1,
            "source-deny",
            "@set rulebase security rules d from any to any source 10.0.0.0/8 destination any application any service S action deny\nset rulebase security rules r from any to any source 10.0.0.0/8 destination a application any service S action allow\n",
        ),
        (
            1,
            "vsys-deny",
            "@set vsys vsys1 rulebase security rules d from any to any source any destination any application any service S action deny\nset vsys vsys1 rulebase security rules r from any to any source any destination a application any service S action allow\nset vsys vsys2 rulebase security rules s from any to any source any destination 10.0.0.1 application any service S action allow\n",
        ),
        (
            3,
            "nat-any",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination any service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            3,
            "nat-host",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination a service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            3,
            "nat-group",
            "@set address-group g static [ a ]\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination g service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            3,
            "nat-dynamic",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination a service any\nset rulebase nat rules n dynamic-destination-translation translated-address b\n",
        ),
        (
            3,
            "nat-dg",
            "@set device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\nset device-group child pre-rulebase nat rules n from any to any source any destination a service any\nset device-group child pre-rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            3,
            "dns-sinkhole",
            "@set profiles spyware p botnet-domains lists bad action sinkhole\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware p\n",
        ),
        (
            3,
            "dns-block",
            "@set profiles spyware p botnet-domains lists bad action block\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware p\n",
        ),
        (
            3,
            "dns-unsaid",
            "@set profiles spyware p botnet-domains lists bad packet-capture disable\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware p\n",
        ),
        (
            3,
            "dns-by-rule",
            "@set profiles spyware p botnet-domains lists bad action sinkhole\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules dns from any to any source any destination any application dns service any action allow\nset rulebase security rules dns profile-setting profiles spyware p\n",
        ),
        (
            3,
            "dns-by-group",
            "@set profile-group g spyware p\nset profiles spyware p botnet-domains lists bad action sinkhole\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting group g\n",
        ),
        (
            3,
            "dns-xml",
            "<config><shared><profiles><spyware><entry name=\"p\"><botnet-domains><lists><entry name=\"bad\"><action><sinkhole/></action></entry></lists></botnet-domains></entry></spyware></profiles><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address></shared><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>any</member></service><profile-setting><profiles><spyware><member>p</member></spyware></profiles></profile-setting><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            3,
            "threats",
            "@set threats vulnerability 41000 default-action reset-both\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles vulnerability strict\n",
        ),
        (
            3,
            "threats-shared",
            "@set shared threats spyware 15000 default-action reset-both\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware strict\n",
        ),
        (
            3,
            "files-all",
            "@set profiles file-blocking f rules x application any file-type any direction both action block\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles file-blocking f\n",
        ),
    ] {
        let text = text.replace('@', OBJECTS);
        assert_eq!(judged(&text), code, "{kind}: {text}");
    }
}

#[test]
fn what_pan_os_lets_through_is_complete() {
    for (code, kind, text) in [
        (
            0,
            "dns-proxy-other",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset network dns-proxy p static-entries e domain b.mill.example\nset network dns-proxy p static-entries e address 10.0.0.9\n",
        ),
        (
            0,
            "dns-proxy-gone",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset network dns-proxy p static-entries e domain a.mill.example\nset network dns-proxy p static-entries e address 10.0.0.9\ndelete network dns-proxy p static-entries e\n",
        ),
        (
            0,
            "plain",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "https",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service service-https\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "appdef",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service application-default\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "any",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service any\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "x",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            0,
            "x-log",
            "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address><service><entry name=\"S\"><protocol><tcp><port>443</port></tcp></protocol></entry></service><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>S</member></service><log-end>yes</log-end><log-setting>default</log-setting><rule-type>universal</rule-type><negate-source>no</negate-source><tag><member>t</member></tag><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            0,
            "nat",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase nat rules n from trust to untrust source any destination any service any source-translation dynamic-ip-and-port interface-address interface ethernet1/1\n",
        ),
        (
            0,
            "qos",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase qos rules q from any to any source any destination any action class 4\n",
        ),
        (
            0,
            "decrypt-anyapp",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase decryption rules o from any to any source any destination any action decrypt type ssl-forward-proxy\n",
        ),
        (
            0,
            "no-decrypt",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application ssl\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase decryption rules o from any to any source any destination any action no-decrypt type ssl-forward-proxy\n",
        ),
        (
            0,
            "dos-protect",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase dos rules o from zone any to zone any source any destination any service any action protect\n",
        ),
        (
            0,
            "pbf-fwd",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase pbf rules o from zone any source any destination any action forward nexthop ip-address 10.0.0.1\n",
        ),
        (
            0,
            "default-rules",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase default-security-rules rules interzone-default action deny\nset rulebase default-security-rules rules interzone-default log-end yes\n",
        ),
        (
            0,
            "u",
            "@set profiles url-filtering u description x\nset profiles url-filtering u block [ malware phishing command-and-control games ]\nset profiles url-filtering u alert [ business-and-economy unknown ]\nset profiles url-filtering u credential-enforcement mode disabled\nset profiles url-filtering u log-container-page-only no\nset profiles url-filtering u mlav-engine-urlbased-enabled \"Phishing Detection\" mlav-policy-action block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            0,
            "u-custom",
            "@set profiles custom-url-category c list a.mill.example/\nset profiles url-filtering u allow c\nset profiles url-filtering u block [ artificial-intelligence ]\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            0,
            "u-default",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering default\n",
        ),
        (
            0,
            "u-blockother",
            "@set profiles url-filtering u block-list b.example\nset profiles url-filtering u action block\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles url-filtering u\n",
        ),
        (
            0,
            "prof",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting profiles virus default\nset rulebase security rules r profile-setting profiles spyware strict\nset rulebase security rules r profile-setting profiles vulnerability strict\nset rulebase security rules r profile-setting profiles wildfire-analysis default\n",
        ),
        (
            0,
            "grp",
            "@set profile-group g virus default\nset profile-group g spyware strict\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r profile-setting group g\n",
        ),
        (
            0,
            "misc",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset deviceconfig system hostname fw\nset mgt-config users admin phash x\nset network interface ethernet ethernet1/1 layer3 ip 10.0.0.1/24\nset zone trust network layer3 ethernet1/2\nset tag t color color1\nset import network interface ethernet1/1\nset log-settings profiles default match-list x log-type traffic\nset schedule s schedule-type recurring daily 08:00-17:00\nset display-name x\nset region x address 10.0.0.0/8\nset vsys vsys1 setting nat reserve-ip no\n",
        ),
        (
            0,
            "dg",
            "@set device-group g pre-rulebase security rules r from any\nset device-group g pre-rulebase security rules r to any\nset device-group g pre-rulebase security rules r source any\nset device-group g pre-rulebase security rules r destination a\nset device-group g pre-rulebase security rules r source-user any\nset device-group g pre-rulebase security rules r category any\nset device-group g pre-rulebase security rules r application any\nset device-group g pre-rulebase security rules r service S\nset device-group g pre-rulebase security rules r hip-profiles any\nset device-group g pre-rulebase security rules r action allow\nset readonly devices localhost.localdomain device-group g id 11\nset device-group g devices 001\nset template T config devices localhost.localdomain network x\nset template-stack TS templates T\n",
        ),
        (
            0,
            "shared",
            "set shared address a fqdn a.mill.example\nset shared service S protocol tcp port 443\nset shared pre-rulebase security rules r from any\nset shared pre-rulebase security rules r to any\nset shared pre-rulebase security rules r source any\nset shared pre-rulebase security rules r destination a\nset shared pre-rulebase security rules r source-user any\nset shared pre-rulebase security rules r category any\nset shared pre-rulebase security rules r application any\nset shared pre-rulebase security rules r service S\nset shared pre-rulebase security rules r hip-profiles any\nset shared pre-rulebase security rules r action allow\n",
        ),
        (
            0,
            "tags",
            "set address a fqdn a.mill.example\nset address a description x\nset address a tag t\nset service S protocol tcp port 443\nset service S protocol tcp override no\nset service S description x\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "adgrp",
            "@set address-group g static [ a b ]\nset address b fqdn b.example\nset address-group g description x\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination g\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "srv-grp",
            "@set service-group G members [ S T ]\nset service T protocol udp port 443\nset rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service G\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\n",
        ),
        (
            0,
            "neg-src",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r negate-source no\n",
        ),
        (
            0,
            "notarget",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r target negate no\n",
        ),
        (
            0,
            "option",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset rulebase security rules r option disable-server-response-inspection no\n",
        ),
        (
            0,
            "threat",
            "@set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination a\nset rulebase security rules r source-user any\nset rulebase security rules r category any\nset rulebase security rules r application any\nset rulebase security rules r service S\nset rulebase security rules r hip-profiles any\nset rulebase security rules r action allow\nset external-list bad type ip url https://x/\n",
        ),
        (
            0,
            "dg-parent-post",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\nset device-group parent post-rulebase security rules d from any to any source any destination any application any service S action deny\n",
        ),
        (
            0,
            "dg-sibling",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset device-group parent pre-rulebase security rules d from any to any source any destination any application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            0,
            "dg-parent-allows",
            "@set readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent pre-rulebase security rules q from any to any source any destination a application any service S action allow\nset device-group parent pre-rulebase security rules d from any to any source any destination any application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            0,
            "dg-parent-other",
            "@set address b fqdn b.example\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset device-group parent pre-rulebase security rules d from any to any source any destination b application any service S action deny\nset device-group child pre-rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            0,
            "dg-object-parent",
            "set service S protocol tcp port 443\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset readonly devices localhost.localdomain device-group child parent-dg parent\nset shared address x fqdn b.example\nset device-group parent address x fqdn a.mill.example\nset device-group child pre-rulebase security rules r from any to any source any destination x application any service S action allow\n",
        ),
        (
            0,
            "dg-object-sibling",
            "set service S protocol tcp port 443\nset readonly devices localhost.localdomain device-group parent id 11\nset readonly devices localhost.localdomain device-group child id 12\nset shared address x fqdn a.mill.example\nset device-group parent address x fqdn b.example\nset device-group child pre-rulebase security rules r from any to any source any destination x application any service S action allow\n",
        ),
        (
            0,
            "zones",
            "@set rulebase security rules r from trust to untrust source any destination a application any service S action allow\nset rulebase security rules d from trust to untrust source any destination any application any service S action deny\nset rulebase security rules e from any to any source any destination any application any service S action deny\n",
        ),
        (
            0,
            "zone-other",
            "@set rulebase security rules d from dmz to untrust source any destination any application any service S action deny\nset rulebase security rules r from trust to untrust source any destination a application any service S action allow\n",
        ),
        (
            0,
            "nat-source",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination any service any\nset rulebase nat rules n source-translation dynamic-ip-and-port interface-address interface ethernet1/1\n",
        ),
        (
            0,
            "nat-inbound",
            "@set address pub ip-netmask 203.0.113.9/32\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination pub service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            0,
            "nat-inbound-literal",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination 203.0.113.9 service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            0,
            "nat-other",
            "@set address b fqdn b.example\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination b service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            0,
            "nat-off",
            "@set rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination any service any\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\nset rulebase nat rules n disabled yes\n",
        ),
        (
            0,
            "nat-dns",
            "@set service dns protocol udp port 53\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase nat rules n from any to any source any destination any service dns\nset rulebase nat rules n destination-translation translated-address 10.0.0.9\n",
        ),
        (
            0,
            "dns-alert",
            "@set profiles spyware p botnet-domains lists bad action alert\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware p\n",
        ),
        (
            0,
            "dns-vendor",
            "@set profiles spyware p botnet-domains lists default-paloalto-dns action sinkhole\nset profiles spyware p botnet-domains dns-security-categories pan-dns-sec-malware action sinkhole\nset profiles spyware p rules low severity low action default\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles spyware p\n",
        ),
        (
            0,
            "dns-unused",
            "@set profiles spyware p botnet-domains lists bad action sinkhole\nset external-list bad type domain url https://x/\nset rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            0,
            "dns-xml-alert",
            "<config><shared><profiles><spyware><entry name=\"p\"><botnet-domains><lists><entry name=\"bad\"><action><alert/></action></entry></lists></botnet-domains></entry></spyware></profiles><address><entry name=\"a\"><fqdn>a.mill.example</fqdn></entry></address></shared><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><rulebase><security><rules><entry name=\"r\"><from><member>any</member></from><to><member>any</member></to><source><member>any</member></source><destination><member>a</member></destination><application><member>any</member></application><service><member>any</member></service><profile-setting><profiles><spyware><member>p</member></spyware></profiles></profile-setting><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>\n",
        ),
        (
            0,
            "threats-unused",
            "@set threats vulnerability 41000 default-action reset-both\nset rulebase security rules r from any to any source any destination a application any service S action allow\n",
        ),
        (
            0,
            "files-some",
            "@set profiles file-blocking f rules x application any file-type [ exe torrent ] direction both action block\nset profiles file-blocking f rules y application any file-type any direction both action alert\nset rulebase security rules r from any to any source any destination a application any service S action allow\nset rulebase security rules r profile-setting profiles file-blocking f\n",
        ),
    ] {
        let text = text.replace('@', OBJECTS);
        assert_eq!(judged(&text), code, "{kind}: {text}");
    }
}

#[test]
fn a_rule_that_allows_is_named_although_lookups_are_judged_after_it() {
    let rule = "set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase security rules r source any\nset rulebase security rules r destination any\nset rulebase security rules r application any\nset rulebase security rules r service any\nset rulebase security rules r action allow\n";
    let text = format!("{OBJECTS}{rule}set network dns-proxy p static-entries e domain b.mill.example\n");
    let list = List::allow(&one("a.mill.example", 443, "https"));
    let result = compare(&list, read(&text).unwrap()).unwrap();
    assert_eq!(result.covered.first().map(|c| c.by.line), Some(3), "{result:?}");
}
