//! The proof that both sides know the key, without telling it.
//!
//! 1. The listener sends a challenge: 32 random bytes.
//! 2. The client answers with 32 of its own, and the MAC of all 64 under the
//!    key (HMAC-SHA256). Who does not know the key cannot make it.
//! 3. The listener checks it, and welcomes the client with another MAC of the
//!    same bytes, so that the client knows whom it talks to.
//!
//! The bytes are new each time, so an answer that was overheard is of no use
//! later; and each MAC begins with who makes it, so that nobody can send a
//! side its own back. All parts have a fixed length: nothing is allocated for a
//! stranger, and a wrong key costs the listener one MAC.

use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::Sha256;

use crate::error::{Error, Result};

/// What a challenge begins with: the protocol and its version.
const GREETING: &[u8; 16] = b"multiprocessing1";
const NONCE: usize = 32;
const MAC: usize = 32;
const LISTENER: &[u8] = b"listener";
const CLIENT: &[u8] = b"client";

/// The length of a challenge.
pub(super) const CHALLENGE: usize = GREETING.len() + NONCE;
/// The length of an answer.
pub(super) const ANSWER: usize = NONCE + MAC;
/// The length of a welcome, after [`WELCOME`].
pub(super) const PROOF: usize = MAC;

/// What comes before the proof.
pub(super) const WELCOME: u8 = b'+';
/// What comes instead.
pub(super) const REFUSAL: u8 = b'-';

/// Random bytes of the system's, which no forked process draws twice.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::system("draw random bytes", error))?;
    Ok(bytes)
}

/// The secret of both sides.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Result<Self> {
        match Hmac::new_from_slice(bytes) {
            Ok(mac) if !bytes.is_empty() => Ok(Self(mac)),
            _ => Err(Error::invalid(
                "the authentication key is empty, which everybody can guess",
            )),
        }
    }

    /// To be compared by `verify` only, whose time does not tell how much was
    /// right.
    fn mac(&self, who: &[u8], nonces: [&[u8; NONCE]; 2]) -> Hmac<Sha256> {
        let [listeners, clients] = nonces;
        let mac = self.0.clone();
        mac.chain_update(who)
            .chain_update(listeners)
            .chain_update(clients)
    }
}

/// The listener's side.
pub(super) struct Challenge([u8; NONCE]);

impl Challenge {
    pub(super) fn new() -> Result<Self> {
        random().map(Self)
    }

    pub(super) fn bytes(&self) -> [u8; CHALLENGE] {
        let mut bytes = [0; CHALLENGE];
        let (greeting, nonce) = bytes.split_at_mut(GREETING.len());
        greeting.copy_from_slice(GREETING);
        nonce.copy_from_slice(&self.0);
        bytes
    }

    /// The proof for a client that knows the key; none: it does not.
    pub(super) fn judge(
        &self,
        key: &Key,
        answer: &[u8; ANSWER],
    ) -> Option<[u8; PROOF]> {
        let (nonce, mac) = answer.split_first_chunk()?;
        let nonces = [&self.0, nonce];
        key.mac(CLIENT, nonces).verify_slice(mac).ok()?;
        Some(key.mac(LISTENER, nonces).finalize().into_bytes().into())
    }
}

/// The client's side.
pub(super) struct Answer {
    nonces: [[u8; NONCE]; 2],
}

impl Answer {
    /// None: the challenge is none.
    pub(super) fn to(challenge: &[u8; CHALLENGE]) -> Result<Option<Self>> {
        let nonce = challenge.strip_prefix(GREETING);
        let Some(Ok(theirs)) = nonce.map(TryInto::try_into) else {
            return Ok(None);
        };
        let nonces = [theirs, random()?];
        Ok(Some(Self { nonces }))
    }

    pub(super) fn bytes(&self, key: &Key) -> [u8; ANSWER] {
        let [theirs, ours] = &self.nonces;
        let mac = key.mac(CLIENT, [theirs, ours]).finalize().into_bytes();
        let mut bytes = [0; ANSWER];
        let (nonce, place) = bytes.split_at_mut(NONCE);
        nonce.copy_from_slice(ours);
        place.copy_from_slice(&mac);
        bytes
    }

    /// Whether who sent the proof knows the key.
    pub(super) fn check(&self, key: &Key, proof: &[u8; PROOF]) -> bool {
        let [theirs, ours] = &self.nonces;
        key.mac(LISTENER, [theirs, ours])
            .verify_slice(proof)
            .is_ok()
    }
}
