//! Measures the policy engine on one core: verdicts a second, hostile policies, canonical forms, packing.
//!
//! ```text
//! cargo bench --bench policy
//! ```
//!
//! `answers` measures the commands that ask it, `packing` what packing adds to a pass.
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::cast_precision_loss, reason = "rates are shown, not reckoned with")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

mod guardrails;

use std::sync::Arc;
use std::time::{Duration, Instant};

use palisade::policy::{
    AttachedPolicy, Document, Hierarchy, Language, Level, Piece, Request, Room, Verdict, canonical,
    pack, parse, shared_size,
};
use serde_json::{Value, json};

use crate::guardrails::{denies, hierarchy, request};

/// The aims.
const VERDICTS_A_SECOND_MIN: f64 = 200_000.0;
const HOSTILE_TIME_MAX: Duration = Duration::from_millis(1);
const PACKING_TIME_MAX: Duration = Duration::from_millis(200);

/// The best of so many runs: the others measure the neighbours.
const RUNS: usize = 5;

/// Policies that are canonicalised, and packed.
const POLICIES: usize = 1_000;

/// An SCP takes so many.
const CHARACTERS: usize = 10_240;

fn main() {
    let verdicts = (0..RUNS).map(|_| verdicts_a_second()).fold(0.0, f64::max);
    println!("verdicts a second                {verdicts:>10.0}   aim {VERDICTS_A_SECOND_MIN}");
    println!("canonical form of {POLICIES} policies  {:>10.1?}", best(canonical_forms));
    let packing = best(packed);
    println!("packing {POLICIES} policies            {packing:>10.1?}   aim {PACKING_TIME_MAX:?}");
    let mut worst = Duration::ZERO;
    for (what, document) in hostile() {
        let took = decided(&document);
        println!("10 KB, {what:<26}{took:>10.1?}   aim {HOSTILE_TIME_MAX:?}");
        worst = worst.max(took);
    }
    assert!(verdicts >= VERDICTS_A_SECOND_MIN, "too few verdicts");
    assert!(worst <= HOSTILE_TIME_MAX && packing <= PACKING_TIME_MAX, "slower than the aim");
}

fn best(mut run: impl FnMut() -> Duration) -> Duration {
    (0..RUNS).map(|_| run()).min().unwrap()
}

fn verdicts_a_second() -> f64 {
    const VERDICTS: usize = 200_000;
    let hierarchy = hierarchy();
    let requests: Vec<Request> = (0..1_000).map(request).collect();
    let start = Instant::now();
    let mut denied = 0_usize;
    for index in 0..VERDICTS {
        let verdict = hierarchy.decide(&requests[index % requests.len()]);
        denied += usize::from(matches!(verdict, Verdict::Denied(_)));
    }
    assert!(denied > 0 && denied < VERDICTS, "{denied}");
    VERDICTS as f64 / start.elapsed().as_secs_f64()
}

fn canonical_forms() -> Duration {
    let documents: Vec<Value> = denies().iter().map(|text| parse(text).unwrap()).collect();
    let start = Instant::now();
    let forms = documents.iter().cycle().take(POLICIES).map(|one| canonical(Language::Iam, one));
    assert_eq!(forms.filter(|form| form.statements().len() == 1).count(), POLICIES);
    start.elapsed()
}

/// Small policies on one OU, which go into as few as hold them.
fn packed() -> Duration {
    let small = |at: usize| {
        let action = json!([format!("iam:Do{at}"), format!("iam:Undo{at}")]);
        json!({"Version": "2012-10-17", "Statement": [{"Sid": "Deny", "Effect": "Deny", "Action": action, "Resource": "*"}]})
    };
    let documents: Vec<Value> = (0..POLICIES).map(small).collect();
    let start = Instant::now();
    let piece = |(at, document): (usize, &Value)| Piece {
        name: format!("guardrail-{at}"),
        size: shared_size(document).unwrap(),
    };
    let pieces: Vec<Piece> = documents.iter().enumerate().map(piece).collect();
    let room = Room { characters: CHARACTERS, pieces: POLICIES };
    let shares = pack(&pieces, 15, room).unwrap();
    assert_eq!(shares.iter().map(|share| share.pieces.len()).sum::<usize>(), POLICIES);
    start.elapsed()
}

/// As many of `piece` as there is room for.
fn filled(piece: &Value, whole: impl Fn(Vec<Value>) -> Value) -> Value {
    let size = |count| whole(vec![piece.clone(); count]).to_string().chars().count();
    let (one, each) = (size(1), size(2) - size(1));
    whole(vec![piece.clone(); (CHARACTERS - one) / each + 1])
}

/// Policies that are as dear to decide as we could make them.
fn hostile() -> Vec<(&'static str, Value)> {
    let statement = |key: &str, value: Value| {
        let mut statement = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
        if key == "NotResource" {
            statement.as_object_mut().unwrap().remove("Resource");
        }
        statement[key] = value;
        statement
    };
    let document =
        |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let strings = |operator: &'static str| {
        move |values: Vec<Value>| {
            document(vec![statement("Condition", json!({operator: {"x:k": values}}))])
        }
    };
    let arns = |values: Vec<Value>| document(vec![statement("NotResource", json!(values))]);
    let seven = statement("NotResource", json!(vec!["*:*ab*"; 7]));
    let strange: String = (0x4e00..0x4e00 + 9_000).filter_map(char::from_u32).collect();
    vec![
        ("stars in strings", filled(&json!("*ab*"), strings("StringNotLike"))),
        ("stars in ARNs", filled(&json!("*:*ab*"), arns)),
        ("stars in statements", filled(&seven, document)),
        ("long runs", filled(&json!(format!("*{}b*", "a".repeat(70))), strings("StringNotLike"))),
        ("variables", filled(&json!("*${x:v}*b?*"), strings("StringNotLike"))),
        ("variables in ARNs", filled(&json!("*:*${x:v}*b?*"), arns)),
        ("one pattern", strings("StringLike")(vec![json!("*a?".repeat(3_300))])),
        ("9,000 characters", strings("StringLike")(vec![json!(format!("*${{x:v}}?{strange}*"))])),
        ("folded", filled(&json!("ẞ"), strings("StringNotEqualsIgnoreCase"))),
    ]
}

/// How long it takes to decide a call on a resource with a name of a kilobyte, the longest that S3 takes.
fn decided(document: &Value) -> Duration {
    let name = "a".repeat(1_024);
    let attached = |name: &str, document: &Value| AttachedPolicy {
        name: name.to_owned(),
        document: Arc::new(Document::read(document).unwrap()),
    };
    let full = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let policies = vec![attached("full", &full), attached("hostile", document)];
    let hierarchy = Hierarchy {
        service_control: vec![Level { name: "root".to_owned(), policies }],
        ..Hierarchy::default()
    };
    let request = Request::new("arn:aws:iam::555555555555:role/dev", "s3:GetObject").unwrap();
    let request = request.on(&format!("arn:aws:s3:::{name}"));
    let request = request.with("x:k", [name.as_str()]).with("x:v", ["aaa"]);
    best(|| {
        let start = Instant::now();
        assert!(!matches!(hierarchy.decide(&request), Verdict::Unknown(_)));
        start.elapsed()
    })
}
