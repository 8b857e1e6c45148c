//! Desired state: from a directory of YAML to [`DesiredOrg`], or to every problem there is.

mod model;

pub use crate::desired::model::{
    DesiredAccount, DesiredOrg, DesiredPolicy, DesiredTarget, DesiredUnit, DocumentHeader,
    Exceptions, Mode, Source, Suspension,
};
