use actix_web::http::header::HeaderValue;
use proptest::prelude::*;

use super::*;

const PEER: &str = "10.0.0.1";

fn trusted() -> TrustedProxies {
    "10.0.0.0/8,fd00::/8".parse().unwrap()
}

/// Returns the client of a request with these headers, which came from a trusted proxy.
fn client(headers: &[(&HeaderName, &str)]) -> String {
    client_of(PEER, headers)
}

fn client_of(peer: &str, headers: &[(&HeaderName, &str)]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append((*name).clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    ClientAddress::read(peer.parse().unwrap(), &map, &trusted()).to_string()
}

#[test]
fn x_forwarded_for_is_read_from_the_right_past_trusted_proxies_only() {
    for (value, expected) in [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.1.1,10.2.2.2", "203.0.113.9"),
        ("198.51.100.1,203.0.113.9, fd00::5", "203.0.113.9"),
        // A proxy in the trusted network asks by itself.
        ("10.3.3.3", "10.3.3.3"),
        ("10.3.3.3, 10.4.4.4", "10.3.3.3"),
        (" ,203.0.113.9,, ", "203.0.113.9"),
        ("\t203.0.113.9\t", "203.0.113.9"),
        ("", PEER),
        (",", PEER),
    ] {
        assert_eq!(client(&[(&header::X_FORWARDED_FOR, value)]), expected, "{value}");
    }
}

#[test]
fn addresses_may_have_ports_and_brackets() {
    for (value, expected) in [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("203.0.113.9:_hidden", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.1.1.1", "203.0.113.9"),
    ] {
        assert_eq!(client(&[(&header::X_FORWARDED_FOR, value)]), expected, "{value}");
        let quoted: Vec<_> = value.split(", ").map(|node| format!("for=\"{node}\"")).collect();
        assert_eq!(client(&[(&header::FORWARDED, &quoted.join(", "))]), expected, "{value}");
    }
}

#[test]
fn what_cannot_be_read_ends_the_search_at_the_proxy_that_reports_it() {
    for node in [
        "unknown",
        "_hidden",
        "garbage",
        "203.0.113.9:",
        "203.0.113.9:65536",
        "203.0.113.9:+1",
        "203.0.113.9:_",
        "[2001:db8::1",
        "[2001:db8::1]x",
        "[203.0.113.9]",
        "fe80::1%eth0",
        "203.0.113",
        "0x7f.1",
        "203.0.113.9 198.51.100.1",
    ] {
        let list = format!("198.51.100.1, {node}");
        assert_eq!(client(&[(&header::X_FORWARDED_FOR, &list)]), PEER, "{node}");
        let list = format!("198.51.100.1, {node}, 10.1.1.1");
        assert_eq!(client(&[(&header::X_FORWARDED_FOR, &list)]), "10.1.1.1", "{node}");
        // What the client made up does not matter.
        let list = format!("{node}, 203.0.113.9, 10.1.1.1");
        assert_eq!(client(&[(&header::X_FORWARDED_FOR, &list)]), "203.0.113.9", "{node}");
    }
    // A line that is not ASCII is not read at all.
    assert_eq!(client(&[(&header::X_FORWARDED_FOR, "\u{e9}, 203.0.113.9, 10.1.1.1")]), PEER);
}

#[test]
fn forwarded_is_read_as_rfc_7239_says() {
    for (value, expected) in [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=203.0.113.9;proto=http;by=203.0.113.43", "203.0.113.9"),
        ("proto=https ; FOR=\"203.0.113.9:47011\"", "203.0.113.9"),
        ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=198.51.100.1, for=203.0.113.9, for=\"[fd00::1]\"", "203.0.113.9"),
        ("host=\"a, for=198.51.100.1\";for=203.0.113.9", "203.0.113.9"),
        ("host=\"a\\\", for=198.51.100.1, \";for=203.0.113.9", "203.0.113.9"),
        ("for=203.0.113.9;", "203.0.113.9"),
        // Without an address, or with several, or hidden.
        ("proto=https", PEER),
        ("for=198.51.100.1;for=203.0.113.9", PEER),
        ("for=_hidden", PEER),
        ("for=unknown, for=10.1.1.1", "10.1.1.1"),
        ("for=\"\\203.0.113.9\"", PEER),
        ("for", PEER),
        ("for=", PEER),
        // An open quote swallows what the proxy has appended, so nothing can be believed.
        ("for=\"198.51.100.1, for=203.0.113.9", PEER),
        ("for=198.51.100.1\", for=\"203.0.113.9", PEER),
    ] {
        assert_eq!(client(&[(&header::FORWARDED, value)]), expected, "{value}");
    }
}

#[test]
fn several_lines_of_a_header_are_one_list() {
    let lines =
        [(&header::X_FORWARDED_FOR, "198.51.100.1"), (&header::X_FORWARDED_FOR, "203.0.113.9, 10.1.1.1")];
    assert_eq!(client(&lines), "203.0.113.9");
    let lines = [(&header::FORWARDED, "for=203.0.113.9"), (&header::FORWARDED, "for=10.1.1.1")];
    assert_eq!(client(&lines), "203.0.113.9");
    // An open quote reaches only to the end of its line, and a client cannot write the last line.
    let lines = [(&header::FORWARDED, "for=\"198.51.100.1"), (&header::FORWARDED, "for=203.0.113.9")];
    assert_eq!(client(&lines), "203.0.113.9");
}

#[test]
fn if_the_headers_disagree_the_request_counts_as_the_proxys() {
    let (list, forwarded) = (&header::X_FORWARDED_FOR, &header::FORWARDED);
    assert_eq!(client(&[(list, "203.0.113.9"), (forwarded, "for=203.0.113.9")]), "203.0.113.9");
    assert_eq!(client(&[(list, "203.0.113.9"), (forwarded, "for=198.51.100.1")]), PEER);
    assert_eq!(client(&[(list, "203.0.113.9"), (forwarded, "for=unknown")]), PEER);
}

#[test]
fn headers_from_others_than_trusted_proxies_are_ignored() {
    let headers = [(&header::X_FORWARDED_FOR, "198.51.100.1"), (&header::FORWARDED, "for=198.51.100.1")];
    assert_eq!(client_of("203.0.113.9", &headers), "203.0.113.9");
    assert_eq!(client_of("::ffff:203.0.113.9", &headers), "203.0.113.9");
    assert_eq!(client_of("::ffff:10.0.0.1", &headers), "198.51.100.1");
}

/// One place in a list, and the address that it stands for.
fn place() -> impl Strategy<Value = (String, Option<IpAddr>)> {
    let address = prop_oneof![
        any::<Ipv4Addr>().prop_map(IpAddr::V4),
        any::<[u8; 3]>().prop_map(|[b, c, d]| IpAddr::V4(Ipv4Addr::new(10, b, c, d))),
        any::<Ipv6Addr>().prop_map(IpAddr::V6),
        any::<u64>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(bits)))),
    ];
    let written = (address, proptest::option::of(any::<u16>())).prop_map(|(address, port)| {
        let text = match (address, port) {
            (_, None) => address.to_string(),
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
        };
        (text, Some(address.to_canonical()))
    });
    prop_oneof![
        4 => written,
        1 => prop_oneof![Just("unknown"), Just("_gazonk"), Just("x"), Just("1.2.3"), Just("[::1"), Just("-")]
            .prop_map(|text| (text.to_owned(), None)),
    ]
}

/// The definition, from the right.
fn expected(places: &[(String, Option<IpAddr>)]) -> String {
    let mut client = ClientAddress::of_peer(PEER.parse().unwrap());
    for (_, address) in places.iter().rev() {
        let Some(address) = address else { break };
        client = ClientAddress::of_peer(*address);
        if !trusted().contains(client) {
            break;
        }
    }
    client.to_string()
}

proptest! {
    #[test]
    fn every_list_is_read_as_if_from_the_right(places in proptest::collection::vec(place(), 1..6)) {
        let expected = expected(&places);
        let texts: Vec<_> = places.iter().map(|(text, _)| text.clone()).collect();
        prop_assert_eq!(client(&[(&header::X_FORWARDED_FOR, &texts.join(" ,\t"))]), expected.clone());
        let name = header::X_FORWARDED_FOR;
        let lines: Vec<_> = texts.iter().map(|text| (&name, text.as_str())).collect();
        prop_assert_eq!(client(&lines), expected.clone());
        let elements: Vec<_> =
            texts.iter().map(|text| format!("host=\"a,\\\";b\" ;FOR=\"{text}\"; proto=http")).collect();
        prop_assert_eq!(client(&[(&header::FORWARDED, &elements.join(","))]), expected);
    }

    #[test]
    fn no_header_makes_the_parsers_panic_or_hides_what_the_proxy_appended(
        sent in "[ -~\t]{0,40}",
        open in "[a-z;=, \"\\\\0-9.:\\[\\]]{0,40}",
    ) {
        for sent in [&sent, &open] {
            let list = format!("{sent}, 203.0.113.9");
            prop_assert_eq!(client(&[(&header::X_FORWARDED_FOR, &list)]), "203.0.113.9");
            let element = client(&[(&header::FORWARDED, &format!("{sent}, for=203.0.113.9"))]);
            prop_assert!(element == "203.0.113.9" || element == PEER, "{}", element);
        }
    }
}
