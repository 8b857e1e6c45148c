//! palisade keeps an AWS Organization the way git says it should be.
//!
//! ```text
//!  git ─► *.yaml ─ desired ─► DesiredOrg ─ compile ─► Resources ─┐
//!                                                                ├─ plan ─► Plan ─ act ─► AWS
//!  AWS ─ cloud ─ observe ─────────────────► OrgSnapshot ─────────┘           │
//!                                                                            ▼
//!                                      admin, metrics ◄─ status ◄─ Vec<Outcome>
//! ```

pub mod act;
pub mod admin;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod compile;
pub mod config;
pub mod controller;
pub mod desired;
pub mod effective;
pub mod event;
pub mod judge;
pub mod lint;
pub mod metrics;
pub mod observe;
pub mod org;
pub mod permissions;
pub mod plan;
pub mod policy;
pub mod readiness;
pub mod reference;
pub mod replay;
pub mod status;
pub mod telemetry;
