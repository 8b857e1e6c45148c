//! IP addresses and ranges of them.

use std::net::IpAddr;

/// A range of addresses; one address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// The bits that every address of the range begins with, the others zero.
    start: u128,
    /// The bits that count, of the 128 or 32 there are.
    mask: u128,
    is_v4: bool,
}

impl Network {
    /// Reads `address` or `address/length`. Bits beyond the length do not count.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address = parse(address)?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(digits) if digits.chars().all(|c| c.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        let free = width.checked_sub(length)?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Some(Self { start: bits(address) & mask, mask, is_v4: address.is_ipv4() })
    }

    /// Is `address` in the range? The two families never mix.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.is_v4 == address.is_ipv4() && bits(address) & self.mask == self.start
    }
}

/// Reads one address.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}
