//! Names of things, each its own type so that one can never stand for another. The name of a grant is
//! computed, not chosen: hub and device arrive at the same one, and a repeated delivery of a trigger
//! names the same grant again.

use std::fmt;

use sha2::{Digest, Sha256};

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

byte_id!(
    /// SHA-256 of the device's public key (SubjectPublicKeyInfo, DER).
    DeviceId, 32
);
byte_id!(
    /// Chosen by whoever made the trigger; saying it twice is saying it once.
    TriggerId, 16
);
byte_id!(
    /// Computed from device, trigger and rule.
    GrantId, 16
);
byte_id!(
    /// Chosen by whoever revokes.
    RevokeId, 16
);
byte_id!(
    /// SHA-256 of a public key's SEC 1 compressed point.
    KeyId, 32
);
byte_id!(
    /// SHA-256 of the bytes that are signed: what a signed object is called.
    ObjectHash, 32
);
byte_id!(
    /// What an agency is called in signed words: the hash of its first set of keys.
    AgencyHash, 32
);
byte_id!(
    /// Given out by a device, good once.
    Nonce, 16
);

/// Number of a rule within one policy; never reused for another meaning by the same owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

impl RuleId {
    /// Stands for no rule: the grant rests on terms that the owner signed for one occasion.
    pub const SIGNED_TERMS: Self = Self(u32::MAX);
}

/// Grows with every change that the owner makes to the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion(pub u64);

/// Keeps these hashes apart from every other use of SHA-256 in the system.
const GRANT_DOMAIN: &[u8] = b"ASSENT-GRANT-v1\0";

impl GrantId {
    /// The one grant that this trigger can open under this rule on this device.
    #[must_use]
    pub fn derive(device: &DeviceId, trigger: TriggerId, rule: RuleId) -> Self {
        let digest = Sha256::new()
            .chain_update(GRANT_DOMAIN)
            .chain_update(device.0)
            .chain_update(trigger.0)
            .chain_update(rule.0.to_be_bytes())
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_trigger_and_rule_all_count_in_a_grants_name() {
        let named = |device, trigger, rule| {
            GrantId::derive(
                &DeviceId([device; 32]),
                TriggerId([trigger; 16]),
                RuleId(rule),
            )
        };
        assert_eq!(named(1, 2, 3), named(1, 2, 3));
        assert_ne!(named(1, 2, 3), named(9, 2, 3));
        assert_ne!(named(1, 2, 3), named(1, 9, 3));
        assert_ne!(named(1, 2, 3), named(1, 2, 9));
    }

    #[test]
    fn ids_print_as_hex() {
        assert_eq!(TriggerId([0xab; 16]).to_string(), "ab".repeat(16));
    }
}
