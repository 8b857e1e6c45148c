//! Several documents in one: which of them share, and the document they share.
//!
//! Statements are put side by side and never merged. A request is denied when any statement applies,
//! so a list of statements says the same wherever it is cut; joining two statements says something
//! else as soon as one has `NotAction`, `NotResource` or a negated condition.
//!
//! There is no memory of the last time, so what keeps the result steady is how it is computed. The
//! largest pieces stay alone, by size class and then by name; the rest are spread over as few shared
//! documents as hold them. Each piece ranks those by a hash of both names (rendezvous hashing) and
//! takes the first with room. A piece that grows by a few characters stays where it is unless its
//! document overflows or it enters another size class; one that comes or goes moves at most one other
//! across the line between alone and shared; one more shared document draws only its share of pieces.
//! Where that does not fit, pieces are laid out as tightly as first-fit-decreasing does, and then more
//! may move.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::policy::canonical::{canonical_statement, minify, statements_of, version_of};
use crate::policy::check::VERSION;

/// Characters kept free for every statement with a Sid: another of its name may make it longer.
const SID_SPARE: usize = 3;

/// What may share a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its name, unique among the pieces.
    pub name: String,
    /// The characters it takes in a shared document: see [`shared_size`].
    pub size: usize,
}

/// How much a shared document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Characters of the whole document.
    pub characters: usize,
    /// Pieces.
    pub pieces: usize,
}

/// Pieces in one document, by index; one piece alone is a document of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Tells the shares of one packing apart.
    pub number: usize,
    /// Its pieces, in the order of their names.
    pub pieces: Vec<usize>,
}

/// Spreads `pieces` over at most `documents` documents, as many of them alone as possible.
///
/// Nothing if they do not fit. They do whenever `documents` is at least [`least`].
pub fn pack(pieces: &[Piece], documents: usize, room: Room) -> Option<Vec<Share>> {
    if pieces.len() <= documents {
        return Some(alone(pieces));
    }
    let order = steady_order(pieces);
    (1..=documents)
        .find_map(|shared| {
            let (single, rest) = order.split_at(documents - shared);
            let mut shares = spread(pieces, rest, shared, room)?;
            let numbers = shared..;
            shares.extend(
                numbers.zip(single).map(|(number, piece)| Share { number, pieces: vec![*piece] }),
            );
            Some(shares)
        })
        .or_else(|| Some(tight(pieces, room)).filter(|shares| shares.len() <= documents))
}

/// Spreads `pieces` over few documents, though not so few that they hardly fit.
pub fn pack_all(pieces: &[Piece], room: Room) -> Vec<Share> {
    let order = steady_order(pieces);
    let found = (1..=pieces.len()).find_map(|shared| spread(pieces, &order, shared, room));
    found.unwrap_or_else(|| tight(pieces, room))
}

/// The fewest documents that first-fit-decreasing needs.
pub fn least(pieces: &[Piece], room: Room) -> usize {
    tight(pieces, room).len()
}

/// The characters that `document` takes in one that it shares; nothing if it must stay alone.
///
/// What allows stays alone, since it is what keeps a target open; so does what is not in the present
/// version of the language, since one document has one version, and what is not understood.
pub fn shared_size(document: &Value) -> Option<usize> {
    let statements = statements_of(document);
    let is_known = |key: &String| key == "Version" || key == "Statement";
    let is_plain = document.as_object()?.keys().all(is_known)
        && version_of(document) == VERSION
        && !statements.is_empty()
        && statements
            .iter()
            .all(|statement| statement.get("Effect").is_some_and(|effect| effect == "Deny"));
    is_plain.then(|| {
        statements
            .into_iter()
            .map(|statement| {
                let spare = if sid_of(statement).is_some() { SID_SPARE } else { 0 };
                minify(statement).chars().count() + 1 + spare
            })
            .sum()
    })
}

/// The statements of `document` that are said in one of `others`, or carry a Sid that only they have:
/// what a shared document holds of others than `own`.
pub fn belonging_to(document: &Value, others: &[Value], own: &Value) -> Vec<Value> {
    let said = |documents: &[Value]| -> (BTreeSet<String>, BTreeSet<String>) {
        let statements: Vec<&Value> = documents.iter().flat_map(statements_of).collect();
        let sids = statements.iter().filter_map(|one| sid_of(one)).map(str::to_owned).collect();
        (statements.into_iter().map(canonical_statement).collect(), sids)
    };
    let (theirs, their_sids) = said(others);
    let (ours, our_sids) = said(std::slice::from_ref(own));
    let is_theirs = |statement: &&&Value| {
        let meaning = canonical_statement(statement);
        let named =
            |sids: &BTreeSet<String>| sid_of(statement).is_some_and(|sid| sids.contains(sid));
        !ours.contains(&meaning)
            && (theirs.contains(&meaning) || (named(&their_sids) && !named(&our_sids)))
    };
    statements_of(document).iter().filter(is_theirs).map(|statement| (*statement).clone()).collect()
}

/// For every statement of `document` the place of one in `other` that means the same.
pub fn places_in(document: &Value, other: &Value) -> Vec<Option<usize>> {
    let known: Vec<String> = statements_of(other).into_iter().map(canonical_statement).collect();
    let place = |statement: &Value| {
        let meaning = canonical_statement(statement);
        known.iter().position(|one| *one == meaning)
    };
    statements_of(document).into_iter().map(place).collect()
}

/// One document with the statements of all, in order. A Sid that is taken gets a number.
pub fn join<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut statements: Vec<Value> =
        documents.into_iter().flat_map(statements_of).cloned().collect();
    let written: BTreeSet<String> =
        statements.iter().filter_map(sid_of).map(str::to_owned).collect();
    let count = statements.len();
    let mut taken = BTreeSet::new();
    for statement in &mut statements {
        let Some(sid) = sid_of(statement).map(str::to_owned) else { continue };
        let is_free = |sid: &String| !written.contains(sid) && !taken.contains(sid);
        let free = if taken.contains(&sid) {
            // Every name but its own can be taken once.
            (2..=count + 1).map(|number| format!("{sid}{number}")).find(is_free)
        } else {
            None
        };
        if let (Some(free), Some(map)) = (&free, statement.as_object_mut()) {
            map.insert("Sid".to_owned(), free.as_str().into());
        }
        taken.insert(free.unwrap_or(sid));
    }
    json!({"Version": VERSION, "Statement": statements})
}

fn sid_of(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
}

fn alone(pieces: &[Piece]) -> Vec<Share> {
    (0..pieces.len()).map(|piece| Share { number: piece, pieces: vec![piece] }).collect()
}

/// The largest first, sizes told apart by powers of two only, so that small changes leave the order.
fn steady_order(pieces: &[Piece]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|at| (Reverse(pieces[*at].size.max(1).ilog2()), &pieces[*at].name));
    order
}

struct Open<'a> {
    pieces: &'a [Piece],
    room: Room,
    shares: Vec<(usize, Vec<usize>)>,
}

impl<'a> Open<'a> {
    fn new(pieces: &'a [Piece], room: Room, count: usize) -> Self {
        // The last comma is not written.
        let empty = minify(&json!({"Version": VERSION, "Statement": []})).chars().count();
        let room = Room { characters: (room.characters + 1).saturating_sub(empty), ..room };
        Self { pieces, room, shares: vec![(0, Vec::new()); count] }
    }

    fn put(&mut self, share: usize, piece: usize) -> bool {
        let (used, held) = &mut self.shares[share];
        let size = self.pieces[piece].size;
        let fits = *used + size <= self.room.characters && held.len() < self.room.pieces;
        if fits {
            *used += size;
            held.push(piece);
        }
        fits
    }

    fn close(self) -> Vec<Share> {
        let held = self.shares.into_iter().map(|(_, held)| held).enumerate();
        held.filter(|(_, held)| !held.is_empty())
            .map(|(number, mut pieces)| {
                pieces.sort_by_key(|piece| &self.pieces[*piece].name);
                Share { number, pieces }
            })
            .collect()
    }
}

/// Every piece of `order` in the first of `count` shared documents by its own ranking that has room.
fn spread(pieces: &[Piece], order: &[usize], count: usize, room: Room) -> Option<Vec<Share>> {
    let mut open = Open::new(pieces, room, count);
    for &piece in order {
        let mut ranking: Vec<usize> = (0..count).collect();
        if count > 1 {
            ranking.sort_by_cached_key(|share| Reverse(weight(&pieces[piece].name, *share)));
        }
        if !ranking.into_iter().any(|share| open.put(share, piece)) {
            return None;
        }
    }
    Some(open.close())
}

/// First-fit-decreasing. A piece that fits nowhere is alone.
fn tight(pieces: &[Piece], room: Room) -> Vec<Share> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|at| (Reverse(pieces[*at].size), &pieces[*at].name));
    let mut open = Open::new(pieces, room, 0);
    for piece in order {
        let fits = (0..open.shares.len()).any(|share| open.put(share, piece));
        if !fits {
            open.shares.push((pieces[piece].size, vec![piece]));
        }
    }
    open.close()
}

fn weight(name: &str, share: usize) -> [u8; 32] {
    Sha256::new()
        .chain_update(name)
        .chain_update([0])
        .chain_update(share.to_be_bytes())
        .finalize()
        .into()
}
