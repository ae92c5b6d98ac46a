//! Internet addresses as CPython prints them, which is what z4j signed.

use std::net::{Ipv4Addr, Ipv6Addr};

/// How an IPv4-mapped IPv6 address is printed: CPython up to 3.12 prints hexadecimal groups, from 3.13 on
/// the dotted form (audit chain, section 3.3). The signed bytes depend on the interpreter that wrote the
/// row, so a verifier tries both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapped {
    /// `::ffff:102:304`
    Groups,
    /// `::ffff:1.2.3.4`
    Dotted,
}

/// An address, with an IPv6 zone or a network prefix where one is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    host: Host,
    zone: Option<&'a str>,
    prefix: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl<'a> Address<'a> {
    /// Reads one IP address, without prefix; a zone id may follow an IPv6 address.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self { host: Host::V4(address), zone: None, prefix: None });
        }
        let (address, zone) = match text.split_once('%') {
            Some((address, zone)) if !zone.is_empty() && !zone.contains('%') => (address, Some(zone)),
            Some(_) => return None,
            None => (text, None),
        };
        Some(Self { host: Host::V6(address.parse().ok()?), zone, prefix: None })
    }

    /// From the address bytes (4 or 16) and the prefix length of PostgreSQL's `inet`; a full-length prefix
    /// is not printed.
    pub fn from_inet(bytes: &[u8], prefix: u8) -> Option<Self> {
        let (host, full) = if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
            (Host::V4(octets.into()), 32)
        } else {
            (Host::V6(<[u8; 16]>::try_from(bytes).ok()?.into()), 128)
        };
        (prefix <= full).then_some(Self { host, zone: None, prefix: (prefix < full).then_some(prefix) })
    }

    /// Whether the printed form depends on [`Mapped`].
    pub fn is_mapped(&self) -> bool {
        matches!(self.host, Host::V6(address) if address.to_ipv4_mapped().is_some())
    }

    /// Whether it is a host address, without a network prefix.
    pub fn is_host(&self) -> bool {
        self.prefix.is_none()
    }

    /// The printed form.
    pub fn print(&self, mapped: Mapped) -> String {
        let mut text = match self.host {
            Host::V4(address) => address.to_string(),
            Host::V6(address) => print_v6(address, mapped),
        };
        if let Some(zone) = self.zone {
            text.push('%');
            text.push_str(zone);
        }
        if let Some(prefix) = self.prefix {
            text.push('/');
            text.push_str(&prefix.to_string());
        }
        text
    }
}

/// Whether a text is an IPv4 address as it is printed: four numbers up to 255 without leading zeros.
pub fn is_plain_v4(text: &str) -> bool {
    let mut numbers = 0;
    text.split('.').all(|number| {
        numbers += 1;
        matches!(
            number.as_bytes(),
            [b'0'..=b'9']
                | [b'1'..=b'9', b'0'..=b'9']
                | [b'1', b'0'..=b'9', b'0'..=b'9']
                | [b'2', b'0'..=b'4', b'0'..=b'9']
                | [b'2', b'5', b'0'..=b'5']
        )
    }) && numbers == 4
}

/// A network as z4j stores it in `api_keys.allowed_cidrs`, from the forms that CPython's `ipaddress` reads: an address
/// alone, or with a prefix length, or for IPv4 with a netmask or its complement. Bits behind the prefix are cleared.
/// `None` for anything else; an IPv6 zone is refused, as z4j refuses it.
pub fn canonical_network(text: &str) -> Option<String> {
    let text = text.trim();
    let (host, prefix) = text.split_once('/').map_or((text, None), |(host, prefix)| (host, Some(prefix)));
    if let Ok(host) = host.parse::<Ipv4Addr>() {
        let length =
            prefix.map_or(Some(32), |prefix| prefix_length(prefix, 32).or_else(|| mask_length(prefix)))?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        return Some(format!("{}/{length}", Ipv4Addr::from(u32::from(host) & mask)));
    }
    let host: Ipv6Addr = host.parse().ok()?;
    let length = prefix.map_or(Some(128), |prefix| prefix_length(prefix, 128))?;
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Some(format!("{}/{length}", print_v6(Ipv6Addr::from(u128::from(host) & mask), Mapped::Groups)))
}

fn prefix_length(text: &str, longest: u32) -> Option<u32> {
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|length| is_decimal && *length <= longest)
}

/// The prefix length that a netmask such as `255.0.0.0`, or its complement, stands for.
fn mask_length(text: &str) -> Option<u32> {
    let mask = u32::from(text.parse::<Ipv4Addr>().ok()?);
    if mask.leading_ones() + mask.trailing_zeros() >= 32 {
        return Some(mask.leading_ones());
    }
    (mask.leading_zeros() + mask.trailing_ones() == 32).then(|| mask.leading_zeros())
}

/// Lower-case groups without leading zeros; the first longest run of two or more zero groups is `::`.
fn print_v6(address: Ipv6Addr, mapped: Mapped) -> String {
    if let (Some(v4), Mapped::Dotted) = (address.to_ipv4_mapped(), mapped) {
        return format!("::ffff:{v4}");
    }
    let groups = address.segments();
    let (mut best_start, mut best_length) = (0, 1);
    let mut start = 0;
    while start < 8 {
        let length = groups[start..].iter().take_while(|group| **group == 0).count();
        if length > best_length {
            (best_start, best_length) = (start, length);
        }
        start += length.max(1);
    }
    let print =
        |groups: &[u16]| groups.iter().map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
    if best_length < 2 {
        return print(&groups);
    }
    format!("{}::{}", print(&groups[..best_start]), print(&groups[best_start + best_length..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_like_cpython() {
        for (text, expected) in [
            ("::1.2.3.4", "::102:304"),
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"),
            ("FE80::1%eth0", "fe80::1%eth0"),
            ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ] {
            assert_eq!(
                Address::parse(text).map(|address| address.print(Mapped::Groups)).as_deref(),
                Some(expected)
            );
        }
        for text in ["10.1.2.3/32", "testclient", "", "1.2.3", "01.2.3.4", "::1%", "::1%a%b", "1.2.3.4%eth0"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    /// What the real z4j 1.13.0 answered.
    #[test]
    fn networks_are_stored_as_z4j_stores_them() {
        for (text, expected) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("10.1.2.3/16", "10.1.0.0/16"),
            ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
            ("10.0.0.0/0.255.255.255", "10.0.0.0/8"),
            (" 10.0.0.0/8 ", "10.0.0.0/8"),
            ("10.0.0.0/08", "10.0.0.0/8"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:1.2.3.4", "::ffff:102:304/128"),
            ("::ffff:1.2.3.4/120", "::ffff:102:300/120"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(canonical_network(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "fe80::1%eth0",
            "fe80::1%eth0/64",
            "010.0.0.0/8",
            "10.0.0.0/33",
            "",
            "x",
            "10.0.0.0/+8",
            "10.1/16",
            "10.0.0.0/8/8",
            "167772160",
            "10.0.0.0/",
            "/8",
            "::1/129",
            "10.0.0.0/255.0.255.0",
            "::1/255.0.0.0",
        ] {
            assert_eq!(canonical_network(text), None, "{text}");
        }
    }

    #[test]
    fn inet_prints_a_prefix_only_when_it_is_shorter() {
        assert_eq!(
            Address::from_inet(&[10, 0, 0, 1], 32).map(|a| a.print(Mapped::Groups)).as_deref(),
            Some("10.0.0.1")
        );
        assert_eq!(
            Address::from_inet(&[10, 0, 0, 0], 8).map(|a| a.print(Mapped::Groups)).as_deref(),
            Some("10.0.0.0/8")
        );
        assert_eq!(Address::from_inet(&[10, 0, 0, 0], 33), None);
        assert_eq!(Address::from_inet(&[10, 0, 0], 8), None);
    }

    proptest! {
        #[test]
        fn plain_v4_is_what_is_printed(text in "[0-9.]{0,16}|[0-2]?[0-9]{1,2}(\\.[0-2]?[0-9]{1,2}){3}") {
            let printed = text.parse::<Ipv4Addr>().ok().map(|address| address.to_string());
            prop_assert_eq!(is_plain_v4(&text), printed.as_deref() == Some(text.as_str()));
        }

        #[test]
        fn networks_are_canonical(text in "[0-9a-f.:/]{0,24}|[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?") {
            if let Some(network) = canonical_network(&text) {
                prop_assert_eq!(canonical_network(&network), Some(network));
            }
        }

        #[test]
        fn groups_read_back(groups: [u16; 8]) {
            let address = Ipv6Addr::from(groups);
            for mapped in [Mapped::Groups, Mapped::Dotted] {
                prop_assert_eq!(print_v6(address, mapped).parse::<Ipv6Addr>().expect("an address"), address);
            }
        }
    }
}
