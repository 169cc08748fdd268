//! Which directives of squid.conf cannot refuse a request. Everything that is not known here may, and is said.

/// What a directive can do to a request that `http_access` lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// It may refuse it.
    Refuses,
    /// The same, of what Squid can read: a request in the clear, or a tunnel that `ssl_bump` opens.
    RefusesRead,
    /// The same, of a request in the clear alone.
    RefusesClear,
}

/// Directives that refuse nothing, whatever their value: logs, caches, timing of what is cached, names of Squid itself, and
/// what only tells acls how to find out.
const HARMLESS: &str = "
    access_log acl_uses_indirect_client adaptation_masterx_shared_names adaptation_meta adaptation_send_client_ip
    adaptation_send_username adaptation_service_chain adaptation_service_iteration_limit adaptation_service_set
    adaptation_uses_indirect_client allow_underscore always_direct announce_file announce_host announce_period announce_port
    append_domain as_whois_server auth_param auth_schemes authenticate_cache_garbage_interval authenticate_ip_ttl
    authenticate_ttl background_ping_rate balance_on_multiple_ip broken_posts broken_vary_encoding buffered_logs cache
    cache_access_log cache_dir cache_effective_group cache_effective_user cache_log cache_log_message cache_mem cache_mgr
    cache_miss_revalidate cache_peer_access cache_peer_domain cache_replacement_policy cache_store_log cache_swap_high
    cache_swap_low cache_swap_state cache_vary cachemgr_passwd check_hostnames client_db client_delay_initial_bucket_level
    client_dst_passthru client_idle_pconn_timeout client_netmask client_persistent_connections clientside_mark clientside_tos
    collapsed_forwarding collapsed_forwarding_access connect_retries coredump_dir cpu_affinity_map credentialsttl
    dead_peer_timeout debug_options delay_initial_bucket_level delay_pool_uses_indirect_client deny_info detect_broken_pconn
    digest_bits_per_entry digest_generation digest_rebuild_chunk_percentage digest_rebuild_period digest_rewrite_period
    digest_swapout_chunk_size diskd_program dns_children dns_defnames dns_multicast_local dns_nameservers dns_packet_max
    dns_retransmit_interval dns_testnames dns_v4_fallback dns_v4_first ecap_enable ecap_service email_err_data
    emulate_httpd_log err_html_text err_page_stylesheet error_default_language error_directory error_log_languages error_map
    esi_parser eui_lookup extension_methods external_acl_type external_refresh_check follow_x_forwarded_for
    force_request_body_continuation forward_log forwarded_for fqdncache_size ftp_client_idle_timeout ftp_eprt ftp_epsv
    ftp_epsv_all ftp_list_width ftp_passive ftp_port ftp_sanitycheck ftp_telnet_protocol ftp_user global_internal_static
    half_closed_clients happy_eyeballs_connect_gap happy_eyeballs_connect_limit happy_eyeballs_connect_timeout
    hierarchy_stoplist high_memory_warning high_page_fault_warning high_response_time_warning hopeless_kid_revival_delay
    hostname_aliases htcp_access htcp_clr_access htcp_port http_upgrade_request_protocols httpd_suppress_version_string
    icap_206_enable icap_client_username_encode icap_client_username_header icap_connect_timeout icap_default_options_ttl
    icap_enable icap_io_timeout icap_log icap_persistent_connections icap_preview_enable icap_preview_size icap_retry
    icap_retry_limit icap_send_client_ip icap_send_client_username icap_service icap_service_failure_limit
    icap_service_revival_delay icon_directory icp_access icp_hit_stale icp_port icp_query_timeout ident_lookup_access
    ident_timeout ie_refresh ignore_expect_100 ignore_ims_on_miss ignore_unknown_nameservers incoming_dns_average
    incoming_rate incoming_tcp_average incoming_udp_average ipcache_high ipcache_low ipcache_size log_access log_fqdn log_icap
    log_icp_queries log_ip_on_direct log_mime_hdrs log_uses_indirect_client logfile_daemon logfile_rotate logformat mail_from
    mail_program mark_client_connection mark_client_packet max_filedescriptors max_open_disk_fds max_stale
    maximum_icp_query_timeout maximum_object_size maximum_object_size_in_memory maximum_single_addr_tries mcast_groups
    mcast_icp_query_timeout mcast_miss_addr mcast_miss_encode_key mcast_miss_port mcast_miss_ttl memory_cache_mode
    memory_cache_shared memory_pools memory_pools_limit memory_replacement_policy mime_table min_dns_poll_cnt
    min_tcp_poll_cnt min_udp_poll_cnt minimum_direct_hops minimum_direct_rtt minimum_expiry_time minimum_icp_query_timeout
    minimum_object_size negative_dns_ttl negative_ttl neighbor_type_domain netdb_filename netdb_high netdb_low
    netdb_ping_period no_cache note pconn_lifetime pconn_timeout persistent_connection_after_error
    persistent_request_timeout pid_filename pinger_enable pinger_program pipeline_prefetch positive_dns_ttl prefer_direct
    proxy_protocol_access qos_flows query_icmp quick_abort_max quick_abort_min quick_abort_pct range_offset_limit
    read_ahead_gap redirect_children referer_log refresh_all_ims refresh_pattern refresh_stale_hit relaxed_header_parser
    reload_into_ims reply_header_add request_entities request_header_add response_delay_pool retry_on_error send_hit
    server_http11 server_idle_pconn_timeout server_pconn_for_nonretriable server_persistent_connections
    shared_memory_locking shared_transient_entries_limit short_icon_urls shutdown_lifetime sleep_after_fork snmp_access
    snmp_incoming_address snmp_outgoing_address snmp_port ssl_engine ssl_unclean_shutdown sslcrtd_children sslcrtd_program
    sslpassword_program stats_collection store_avg_object_size store_dir_select_algorithm store_id_access store_id_bypass
    store_id_children store_id_extras store_id_program store_miss store_objects_per_bucket storeurl_rewrite_children
    storeurl_rewrite_program strip_query_terms tcp_outgoing_dscp tcp_outgoing_ds tcp_outgoing_tos tcp_recv_bufsize
    test_reachability tls_key_log tproxy_uses_indirect_client udp_incoming_address udp_outgoing_address umask
    unique_hostname unlinkd_program update_headers uri_whitespace url_rewrite_bypass url_rewrite_children
    url_rewrite_concurrency url_rewrite_extras url_rewrite_host_header url_rewrite_timeout useragent_log vary_ignore_expire
    via visible_hostname wccp2_address wccp2_assignment_method wccp2_forwarding_method wccp2_rebuild_wait
    wccp2_return_method wccp2_router wccp2_service wccp2_service_info wccp2_weight wccp_address wccp_router wccp_version
    windows_ipaddrchangemonitor workers zph_local zph_mode zph_parent zph_sibling
";

/// Times and numbers that refuse where they are nothing.
const NOT_ZERO: &str = "
    client_lifetime connect_timeout dns_timeout forward_max_tries forward_timeout peer_connect_timeout read_timeout
    request_start_timeout request_timeout write_timeout
";

/// Directives that refuse nothing with one of these as their first word.
const HARMLESS_VALUES: [(&str, &[&str]); 12] = [
    ("client_delay_pools", &["0"]),
    ("client_ip_max_connections", &["-1"]),
    ("configuration_includes_quoted_values", &["off"]),
    ("delay_pools", &["0"]),
    ("host_verify_strict", &["off"]),
    ("hosts_file", &["none", "/etc/hosts"]),
    ("nonhierarchical_direct", &["on"]),
    ("offline_mode", &["off"]),
    ("on_unsupported_protocol", &["tunnel"]),
    ("reply_body_max_size", &["none", "0"]),
    ("request_body_max_size", &["0"]),
    ("url_rewrite_program", &["none"]),
];

/// Sizes of requests and answers, which refuse where they are small.
const SIZES: &str = "client_request_buffer_max_size chunked_request_body_max_size reply_header_max_size request_header_max_size";

/// Directives about what Squid reads.
const OF_READ: &str = "
    reply_body_max_size reply_header_access reply_header_replace request_body_max_size request_header_access
    request_header_replace sslcrtvalidator_children sslcrtvalidator_program sslproxy_cafile sslproxy_capath
    sslproxy_cert_adapt sslproxy_cert_error sslproxy_cert_sign sslproxy_cert_sign_hash sslproxy_cipher
    sslproxy_client_certificate sslproxy_client_key sslproxy_flags sslproxy_foreign_intermediate_certs sslproxy_options
    sslproxy_session_cache_size sslproxy_session_ttl sslproxy_version tls_outgoing_options
";

/// Headers without which the app's requests are the same.
const HEADERS: [&str; 12] = [
    "allow-range",
    "cookie",
    "forwarded",
    "from",
    "link",
    "referer",
    "server",
    "user-agent",
    "via",
    "x-cache",
    "x-cache-lookup",
    "x-forwarded-for",
];

/// Options of a port on which every client is served.
const OF_PORTS: [&str; 22] = [
    "intercept",
    "transparent",
    "tproxy",
    "ssl-bump",
    "cert",
    "key",
    "tls-cert",
    "tls-key",
    "generate-host-certificates",
    "dynamic_cert_mem_cache_size",
    "tls-dh",
    "dhparams",
    "cipher",
    "options",
    "name",
    "connection-auth",
    "disable-pmtu-discovery",
    "tcpkeepalive",
    "protocol",
    "ignore-cc",
    "sslflags",
    "worker-queues",
];

fn is_in(list: &str, directive: &str) -> bool {
    list.split_ascii_whitespace().any(|own| own == directive)
}

/// Whether a directive says where Squid listens for requests.
pub(super) fn is_port(directive: &str) -> bool {
    ["http_port", "https_port"].contains(&directive)
}

/// Whether `3128`, `ADDRESS:3128` or `NAME:3128` is a port that other devices do not reach.
pub(super) fn is_own_port(place: &str) -> bool {
    let Some((host, _)) = place.rsplit_once(':') else { return false };
    let host = host.trim_matches(['[', ']']);
    host.parse::<std::net::IpAddr>().map_or(host == "localhost", |address| address.is_loopback())
}

/// What a line with this directive and these words can do.
pub(super) fn effect(directive: &str, words: &[String]) -> Effect {
    let first = words.first().map_or("", String::as_str);
    let is_harmless = is_in(HARMLESS, directive)
        || is_in(NOT_ZERO, directive) && first.parse::<f64>().is_ok_and(|n| n > 0.0)
        || is_in(SIZES, directive) && is_ample(words)
        || HARMLESS_VALUES.iter().any(|(own, values)| *own == directive && values.contains(&first))
        || match directive {
            _ if is_port(directive) => words.iter().skip(1).all(|word| {
                let option = word.split_once('=').map_or(word.as_str(), |(option, _)| option);
                OF_PORTS.contains(&option)
            }),
            // For every request, and from an address that reaches others.
            "tcp_outgoing_address" => {
                words.len() == 1 && first.parse::<std::net::IpAddr>().is_ok_and(|a| !a.is_loopback())
            }
            "request_header_access"
            | "reply_header_access"
            | "request_header_replace"
            | "reply_header_replace" => {
                HEADERS.contains(&first.to_ascii_lowercase().as_str())
                    || words.get(1).is_some_and(|action| action == "allow")
                        && words.len() == 3
                        && words[2] == "all"
            }
            _ => false,
        };
    match directive {
        _ if is_harmless => Effect::Nothing,
        // What is sent through a tunnel goes straight to the host, unless never_direct or nonhierarchical_direct say otherwise.
        "cache_peer" => Effect::RefusesClear,
        _ if is_in(OF_READ, directive) => Effect::RefusesRead,
        _ => Effect::Refuses,
    }
}

/// Whether a size is one that the app's requests fit into.
fn is_ample(words: &[String]) -> bool {
    let [number, unit] = words else { return false };
    let ample = match unit.to_ascii_lowercase().as_str() {
        "kb" => 64,
        "mb" | "gb" => 1,
        _ => return false,
    };
    number.parse::<u64>().is_ok_and(|n| n >= ample)
}
