//! Access-denied messages as AWS words them: "Troubleshoot access denied error messages" (IAM User
//! Guide). Reads who was refused what, and what AWS says stood in the way.

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeniedMessage {
    /// The ARN after `User:`.
    pub(crate) principal: String,
    /// The action.
    pub(crate) action: String,
    /// The resource, in the messages that name it.
    pub(crate) resource: Option<String>,
    /// What AWS says stood in the way, in the messages that do.
    pub(crate) stated: Option<Stated>,
}

/// What AWS says stood in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    /// The kind of policy, in AWS's words: `service control policy`.
    pub(crate) policy_kind: String,
    /// Did it deny? Else it did not allow.
    pub(crate) effect: StatedEffect,
    /// The policy, in the messages since 2025 that name it.
    pub(crate) policy_arn: Option<String>,
}

/// How a policy stood in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatedEffect {
    /// With an explicit deny.
    Denies,
    /// By allowing nothing.
    AllowsNothing,
}

/// Why a text is not such a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageProblem {
    /// The details are in a blob only AWS can read.
    #[error(
        "the message is encoded: give `aws sts decode-authorization-message --encoded-message …` the \
         text after `failure message:`, and ask with `--principal`, `--action` and `--resource`"
    )]
    Encoded,
    /// It does not say who or what.
    #[error(
        "the message does not say `User: … is not authorized to perform: …`: ask with `--principal` \
         and `--action`"
    )]
    Other,
}

const PERFORM: &str = " is not authorized to perform: ";
const RESOURCE: &str = " on resource: ";
const DENIES: &str = "with an explicit deny in ";
const ALLOWS_NOTHING: &str = "because no ";

/// Reads a message; words before and after it are fine.
pub(crate) fn read(text: &str) -> Result<DeniedMessage, MessageProblem> {
    // Pasted from terminals and tickets, messages come with line breaks.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // EC2 may put the blob behind a message that says all that is needed.
    let is_encoded = text.contains("Encoded authorization failure message");
    let problem = if is_encoded { MessageProblem::Encoded } else { MessageProblem::Other };
    let Some((before, after)) = text.split_once(PERFORM) else { return Err(problem) };
    let principal = bare(before.rsplit(' ').next().unwrap_or_default());
    let action = bare(after.split(' ').next().unwrap_or_default());
    if principal.is_empty() || !action.contains(':') {
        return Err(MessageProblem::Other);
    }
    let resource = after
        .split_once(RESOURCE)
        .map(|(_, rest)| bare(rest.split(' ').next().unwrap_or_default()))
        .filter(|resource| !resource.is_empty());
    Ok(DeniedMessage { principal, action, resource, stated: stated(after) })
}

fn stated(text: &str) -> Option<Stated> {
    let (effect, rest) = match (text.split_once(DENIES), text.split_once(ALLOWS_NOTHING)) {
        (Some((_, rest)), _) => (StatedEffect::Denies, rest),
        (None, Some((_, rest))) => (StatedEffect::AllowsNothing, rest),
        (None, None) => return None,
    };
    let rest =
        ["a ", "an ", "the "].iter().find_map(|article| rest.strip_prefix(article)).unwrap_or(rest);
    let end = rest.find("policy").map(|at| at + "policy".len());
    let end = end.or_else(|| rest.find("boundary").map(|at| at + "boundary".len()))?;
    let policy_arn =
        rest[end..].strip_prefix(": ").map(|rest| bare(rest.split(' ').next().unwrap_or_default()));
    Some(Stated {
        policy_kind: rest[..end].to_owned(),
        effect,
        policy_arn: policy_arn.filter(|arn| arn.starts_with("arn:")),
    })
}

/// A word without the quotes and the full stop that messages put around it.
fn bare(word: &str) -> String {
    word.trim_matches(['"', '\'', '`', ',']).trim_end_matches('.').to_owned()
}

impl Stated {
    /// Is it about a guardrail?
    pub(crate) fn is_guardrail(&self) -> bool {
        matches!(self.policy_kind.as_str(), "service control policy" | "resource control policy")
    }

    /// Is it about policies of this type?
    pub(crate) fn is_of(&self, policy_type: &str) -> bool {
        self.policy_kind.to_ascii_uppercase().replace(' ', "_") == policy_type
    }

    /// The id of the policy, in the messages that name it.
    pub(crate) fn policy_id(&self) -> Option<&str> {
        self.policy_arn.as_deref()?.rsplit('/').next()
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageProblem, StatedEffect, read};

    #[test]
    fn every_documented_form_is_read() {
        let explicit = "User: arn:aws:sts::222222222222:assumed-role/dev/jo is not authorized to perform: \
             ec2:RunInstances on resource: arn:aws:ec2:us-east-1:222222222222:instance/* with an explicit \
             deny in a service control policy: arn:aws:organizations::111122223333:policy/o-exampleorgid/\
             service_control_policy/p-examplepolicyid111";
        let message = read(explicit).unwrap();
        assert_eq!(message.principal, "arn:aws:sts::222222222222:assumed-role/dev/jo");
        assert_eq!(message.action, "ec2:RunInstances");
        assert_eq!(
            message.resource.as_deref(),
            Some("arn:aws:ec2:us-east-1:222222222222:instance/*")
        );
        let stated = message.stated.unwrap();
        assert_eq!(stated.effect, StatedEffect::Denies);
        assert_eq!(stated.policy_id(), Some("p-examplepolicyid111"));
        assert!(stated.is_guardrail());

        let older = "An error occurred (AccessDeniedException) when calling the ListDeployments operation: \
             User: arn:aws:iam::777788889999:user/JohnDoe is not authorized to perform: \
             codedeploy:ListDeployments with an explicit deny in a service control policy";
        let message = read(older).unwrap();
        assert_eq!(
            (message.resource, message.action.as_str()),
            (None, "codedeploy:ListDeployments")
        );
        assert_eq!(message.stated.unwrap().policy_arn, None);

        let implicit = "User: arn:aws:iam::777788889999:user/JohnDoe is not authorized to perform: \
             codecommit:ListRepositories because no service control policy allows the \
             codecommit:ListRepositories action";
        let stated = read(implicit).unwrap().stated.unwrap();
        assert_eq!((stated.effect, stated.is_guardrail()), (StatedEffect::AllowsNothing, true));

        let quoted = "User: arn:aws:iam::777788889999:role/app is not authorized to perform: s3:GetObject \
             on resource: \"arn:aws:s3:::photos/a.png\" because no identity-based policy allows the \
             s3:GetObject action";
        let message = read(quoted).unwrap();
        assert_eq!(message.resource.as_deref(), Some("arn:aws:s3:::photos/a.png"));
        let stated = message.stated.unwrap();
        assert_eq!(
            (stated.policy_kind.as_str(), stated.is_guardrail()),
            ("identity-based policy", false)
        );
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        let encoded = "You are not authorized to perform this operation. Encoded authorization failure \
             message: abc";
        assert_eq!(read(encoded), Err(MessageProblem::Encoded));
        let both = "You are not authorized to perform this operation. User: \
             arn:aws:iam::777788889999:role/app is not authorized to perform: ec2:RunInstances on resource: \
             arn:aws:ec2:us-east-1:777788889999:instance/* with an explicit deny in a service control \
             policy. Encoded authorization failure message: abc";
        assert!(read(both).unwrap().stated.unwrap().is_guardrail());
        for text in ["", "Access Denied", "User: x is not authorized to perform: "] {
            assert_eq!(read(text), Err(MessageProblem::Other), "{text}");
        }
    }
}
