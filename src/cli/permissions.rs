//! `palisade permissions`: the least IAM policy for a desired state, without AWS.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::cli::args::{DataFormat, DirArgs, Mode};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::sources;
use crate::permissions::{Access, Demand, Holder, IamPolicy};

#[derive(Debug, Args)]
pub(crate) struct PermissionsArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// What palisade is to do: `observe` needs to read only
    #[arg(long, env = "PALISADE_MODE", value_name = "MODE", default_value = "enforce")]
    pub(crate) mode: Mode,
    /// Whose policy to print
    #[arg(long = "for", env = "PALISADE_FOR", value_name = "ROLE", default_value = "management")]
    pub(crate) holder: HolderArg,
    /// The role that is assumed in other accounts to read and change what is in them
    #[arg(
        long,
        env = "PALISADE_MEMBER_ROLE",
        value_name = "ROLE",
        default_value = "OrganizationAccountAccessRole"
    )]
    pub(crate) member_role: String,
    /// The partition of AWS in the ARNs
    #[arg(long, env = "PALISADE_PARTITION", value_name = "PARTITION", default_value = "aws")]
    pub(crate) partition: String,
    /// How to print: the policy itself, or all of them
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

/// Whose policy is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HolderArg {
    /// The daemon's role in the management account
    Management,
    /// The daemon's role in a member account that the organization delegates its policies to
    DelegatedAdministrator,
    /// The role in every account that the daemon assumes
    Member,
}

const ALL: [(Holder, &str); 3] = [
    (Holder::Management, "management"),
    (Holder::DelegatedAdministrator, "delegatedAdministrator"),
    (Holder::Member, "member"),
];

pub(crate) fn run(args: &PermissionsArgs, console: Console) -> anyhow::Result<Exit> {
    let desired = sources::desired_state(&args.dir.dir, console)?;
    let demand = Demand {
        resources: &desired.resources,
        member_role: &args.member_role,
        partition: &args.partition,
    };
    let text = match args.output {
        DataFormat::Text => {
            let policy = demand.policy(holder(args.holder), access(args.mode));
            if policy.statement.is_empty() {
                console.say(
                    "this desired state has nothing in accounts: the role in them needs no policy, \
                     and need not exist",
                );
                return Ok(Exit::Good);
            }
            serde_json::to_string_pretty(&policy)?
        }
        DataFormat::Json => serde_json::to_string_pretty(&all(&demand)?)?,
    };
    console.data(&format!("{text}\n"))?;
    Ok(Exit::Good)
}

fn holder(asked: HolderArg) -> Holder {
    match asked {
        HolderArg::Management => Holder::Management,
        HolderArg::DelegatedAdministrator => Holder::DelegatedAdministrator,
        HolderArg::Member => Holder::Member,
    }
}

fn access(mode: Mode) -> Access {
    match mode {
        Mode::Observe => Access::Observe,
        Mode::Enforce => Access::Enforce,
    }
}

/// Every policy; nothing where none is needed.
fn all(demand: &Demand<'_>) -> serde_json::Result<Value> {
    let mut modes = Map::new();
    for (access, name) in [(Access::Observe, "observe"), (Access::Enforce, "enforce")] {
        let mut holders = Map::new();
        for (holder, name) in ALL {
            let policy: IamPolicy = demand.policy(holder, access);
            let needed = !policy.statement.is_empty();
            let value = if needed { serde_json::to_value(policy)? } else { Value::Null };
            holders.insert(name.to_owned(), value);
        }
        modes.insert(name.to_owned(), Value::Object(holders));
    }
    Ok(json!({ "apiVersion": "palisade.permissions/v1", "policies": modes }))
}
