//! Whose packet is this? By source address for peers that proved themselves, by the name in a STUN
//! request for those who are just coming. It creates nothing for strangers and answers nobody.

use crate::port::Source;
use std::collections::HashMap;
use str0m::ice::StunMessage;

/// Source addresses remembered of one peer: its network may change, and a browser probes several ways.
const ADDRESSES_PER_PEER: usize = 8;
/// The first byte of STUN (RFC 7983) and its shortest message.
const STUN_FIRST_BYTES: std::ops::RangeInclusive<u8> = 0..=3;

pub(crate) type PeerKey = usize;

#[derive(Default)]
pub(crate) struct Demux {
    by_address: HashMap<Source, PeerKey>,
    by_name: HashMap<String, PeerKey>,
}

/// Where a packet may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Known(PeerKey),
    /// It claims to be this peer's; the peer must check before the address is learnt.
    Claimed(PeerKey),
}

impl Demux {
    pub(crate) fn route(&self, from: Source, bytes: &[u8]) -> Option<Route> {
        let known = self.by_address.get(&from).copied();
        let stun = bytes
            .first()
            .is_some_and(|first| STUN_FIRST_BYTES.contains(first));
        if !stun {
            return known.map(Route::Known);
        }
        match self.named(bytes) {
            Some(named) if Some(named) != known => Some(Route::Claimed(named)),
            Some(_) | None => known.map(Route::Known),
        }
    }

    pub(crate) fn add(&mut self, peer: PeerKey, name: String) {
        self.by_name.insert(name, peer);
    }

    /// A peer proved that it is at this address. `addresses` are those it is known at.
    pub(crate) fn learn(&mut self, peer: PeerKey, address: Source, addresses: &mut Vec<Source>) {
        if addresses.len() >= ADDRESSES_PER_PEER {
            self.by_address.remove(&addresses.remove(0));
        }
        self.by_address.insert(address, peer);
        addresses.push(address);
    }

    pub(crate) fn remove(&mut self, peer: PeerKey, name: &str, addresses: &[Source]) {
        self.by_name.remove(name);
        for address in addresses {
            if self.by_address.get(address) == Some(&peer) {
                self.by_address.remove(address);
            }
        }
    }

    fn named(&self, bytes: &[u8]) -> Option<PeerKey> {
        let message = StunMessage::parse(bytes).ok()?;
        let (ours, _) = message.split_username()?;
        self.by_name.get(ours).copied()
    }
}
