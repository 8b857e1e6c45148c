//! Decides, from the seed, what goes wrong with a call.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::cloud::simulated::options::{Endpoint, SimulationOptions, Throttling};
use crate::cloud::simulated::pages::PAGE_ITEMS_MAX;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::{Bucket, Call, CloudError, CloudErrorKind, Operation, Rate};
use crate::org::AccountId;

/// What happens to a call.
pub(super) enum Fault {
    /// Nothing.
    None,
    /// AWS refuses before it looks at the request.
    Refused(Refusal),
    /// It never arrives.
    NoAnswer(CloudError),
    /// It is carried out, and nobody is told.
    LostAnswer,
}

/// The source of trouble.
pub(super) struct Faults {
    pub(super) options: SimulationOptions,
    generator: fastrand::Rng,
    buckets: BTreeMap<(AccountId, Bucket), Tokens>,
}

struct Tokens {
    left: f64,
    at: Instant,
}

impl Faults {
    pub(super) fn seeded(seed: u64, options: SimulationOptions) -> Self {
        let generator = fastrand::Rng::with_seed(seed ^ 0x6661_756c_7473);
        Self { options, generator, buckets: BTreeMap::new() }
    }

    /// How long a call takes, there and back.
    pub(super) fn latency(&mut self) -> Duration {
        let (least, most) = (*self.options.latency.start(), *self.options.latency.end());
        least + most.saturating_sub(least).mul_f64(self.generator.f64())
    }

    /// How far back one read looks.
    pub(super) fn lag(&mut self) -> Duration {
        self.options.staleness_max.mul_f64(self.generator.f64())
    }

    /// How many items the next page may hold.
    pub(super) fn page_items_max(&mut self) -> usize {
        let chance = self.options.short_page_chance;
        if self.happens(chance) { self.generator.usize(..PAGE_ITEMS_MAX) } else { PAGE_ITEMS_MAX }
    }

    /// What happens to a call of `caller`.
    pub(super) fn strike(&mut self, caller: &AccountId, call: &Call) -> Fault {
        let operation = call.operation();
        let account = call.account().unwrap_or(caller);
        match self.options.endpoint {
            Endpoint::Up => {}
            Endpoint::Down => {
                let message = "connection refused";
                let kind = CloudErrorKind::Unavailable;
                let error = CloudError::new(kind, operation, "ConnectionFailed", message);
                return Fault::NoAnswer(error);
            }
            Endpoint::CredentialsExpired => {
                let message = "The security token included in the request is expired";
                return Fault::Refused(Code::ExpiredTokenException.because(message));
            }
        }
        if self.options.denied.contains(&operation) {
            let message = format!("No permissions policy allows the {operation} action.");
            return Fault::Refused(Code::AccessDeniedException.because(message));
        }
        if account != caller && self.options.closed.contains(account) {
            let message = format!("not authorized to assume a role in account {account}");
            let (kind, operation) = (CloudErrorKind::Denied, Operation::AssumeRole);
            return Fault::NoAnswer(CloudError::new(kind, operation, "AccessDenied", &message));
        }
        if !self.has_token(account, operation.rate()) {
            return Fault::Refused(throttled(operation));
        }
        if operation.is_mutating() { self.strike_change(operation) } else { self.strike_read() }
    }

    fn strike_read(&mut self) -> Fault {
        if self.happens(self.options.unavailable_chance) {
            let message = "AWS Organizations can't complete your request because of an internal service \
                           error. Try again later.";
            return Fault::Refused(Code::ServiceException.because(message));
        }
        Fault::None
    }

    fn strike_change(&mut self, operation: Operation) -> Fault {
        if self.happens(self.options.busy_chance) {
            let message =
                "The target of the operation is currently being modified by a different request.";
            return Fault::Refused(Code::ConcurrentModificationException.because(message));
        }
        if self.happens(self.options.lost_request_chance) {
            return Fault::NoAnswer(no_answer(operation));
        }
        if self.happens(self.options.lost_answer_chance) {
            return Fault::LostAnswer;
        }
        Fault::None
    }

    fn has_token(&mut self, account: &AccountId, rate: Rate) -> bool {
        match self.options.throttling {
            Throttling::Off => return true,
            Throttling::Documented => {}
        }
        let now = Instant::now();
        let full = Tokens { left: rate.burst, at: now };
        let tokens = self.buckets.entry((account.clone(), rate.bucket)).or_insert(full);
        let regained = now.duration_since(tokens.at).as_secs_f64() * rate.per_second;
        tokens.left = (tokens.left + regained).min(rate.burst);
        tokens.at = now;
        let served = tokens.left >= 1.0;
        if served {
            tokens.left -= 1.0;
        }
        served
    }

    fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.generator.f64() < chance
    }
}

/// The change was sent and nothing came back.
pub(super) fn no_answer(operation: Operation) -> CloudError {
    CloudError::new(CloudErrorKind::Unclear, operation, "Timeout", "no answer came")
}

fn throttled(operation: Operation) -> Refusal {
    let code = match operation.service() {
        "sts" | "iam" | "cloudformation" => Code::Throttling,
        _ => Code::TooManyRequestsException,
    };
    code.because("You have sent too many requests in too short a period of time.")
}
