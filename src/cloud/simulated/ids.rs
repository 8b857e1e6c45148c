//! Seeded identifiers that match AWS's patterns.

use crate::org::{OrganizationId, OuId, PolicyId, RootId};

/// One generator a kind of identifier, so that one more policy does not change every later OU's id.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    organizations: fastrand::Rng,
    units: fastrand::Rng,
    policies: fastrand::Rng,
}

impl Ids {
    /// The generators of `seed`.
    pub(super) fn seeded(seed: u64) -> Self {
        let generator = |kind: u64| {
            fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(kind))
        };
        Self { organizations: generator(1), units: generator(2), policies: generator(3) }
    }

    /// An organization id.
    pub(super) fn organization(&mut self) -> OrganizationId {
        drawn(|| format!("o-{}", letters(&mut self.organizations, 10)))
    }

    /// A root id.
    pub(super) fn root(&mut self) -> RootId {
        drawn(|| format!("r-{}", letters(&mut self.organizations, 4)))
    }

    /// An OU id; the middle part is the root's.
    pub(super) fn unit(&mut self, root: &RootId) -> OuId {
        let root = root.as_str().trim_start_matches("r-");
        drawn(|| format!("ou-{root}-{}", letters(&mut self.units, 8)))
    }

    /// A policy id.
    pub(super) fn policy(&mut self) -> PolicyId {
        drawn(|| format!("p-{}", letters(&mut self.policies, 10)))
    }
}

/// The text `draw` makes, parsed. Every text it makes matches the pattern; the loop only spares a panic.
fn drawn<Id: std::str::FromStr>(mut draw: impl FnMut() -> String) -> Id {
    loop {
        if let Ok(id) = draw().parse() {
            return id;
        }
    }
}

fn letters(generator: &mut fastrand::Rng, count: usize) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..count).map(|_| char::from(ALPHABET[generator.usize(..ALPHABET.len())])).collect()
}
