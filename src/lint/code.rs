//! The kinds of findings: a closed set of names that do not change, with what each of them means.

use serde::Serialize;
use strum::EnumMessage;

/// A kind of finding.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumMessage,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LintCode {
    /// A service prefix that AWS does not have.
    #[strum(
        message = "No AWS service has this prefix, as far as the names in this version of palisade go. A Deny on \
        it denies nothing. If the service is new, silence the finding."
    )]
    UnknownService,
    /// An action that the service does not have.
    #[strum(
        message = "The service has no action of this name, as far as the names in this version of palisade go. \
        AWS takes the policy all the same, and a Deny on a misspelt action denies nothing. If the \
        action is new, silence the finding."
    )]
    UnknownAction,
    /// A condition key that no service has.
    #[strum(
        message = "No AWS service sets this condition key. AWS takes the policy all the same; the key is never in \
        a request, so a positive condition never holds and a negated one always does."
    )]
    UnknownConditionKey,
    /// A Region that AWS does not have.
    #[strum(
        message = "AWS has no Region of this name, so the value matches nothing. If the Region is new, silence \
        the finding."
    )]
    UnknownRegion,
    /// An operator that compares other values than the key has.
    #[strum(
        message = "The operator compares another type than the key's values have: `StringEquals` on a number, or \
        `NumericLessThan` on a text. What IAM does then is not what the policy says."
    )]
    WrongKeyType,
    /// A quantifier where there is one value, or none where there are several.
    #[strum(
        message = "A key with several values (`aws:TagKeys`) needs `ForAnyValue:` or `ForAllValues:`; without it \
        the result is not defined. A key with one value needs neither, and `ForAllValues:` on it also \
        holds when the key is missing."
    )]
    WrongQuantifier,
    /// `ForAllValues` that holds because there is no value.
    #[strum(
        message = "`ForAllValues:` holds when the request does not have the key at all. In an Allow that allows, \
        in a Deny that denies, every call without it. Add `\"Null\": {\"<key>\": \"false\"}` to ask for \
        its presence."
    )]
    ForAllValuesMissingKey,
    /// A name in unusual case.
    #[strum(
        message = "IAM reads operators, keys and actions in any case; people, searches and other tools do not. \
        Write the name as AWS does."
    )]
    OddSpelling,
    /// `*` where it stands for itself.
    #[strum(
        message = "`StringEquals` and its relatives compare literally: `*` and `?` in the value match only \
        themselves. Use `StringLike` or `StringNotLike`."
    )]
    WildcardWithoutLike,
    /// A wildcard that reaches further than it seems.
    #[strum(
        message = "A wildcard covers what it names today and what AWS names so tomorrow. In `NotAction` of a Deny \
        that exempts actions nobody looked at; `?` stands for exactly one character and is rarely \
        meant in the name of an action."
    )]
    WildcardTrap,
    /// Something that no request matches.
    #[strum(
        message = "No request matches, so the statement, or this part of it, does nothing. A Deny like this \
        protects nothing."
    )]
    NeverMatches,
    /// A condition that restricts nothing.
    #[strum(
        message = "The condition holds for every request that it is asked of, so the statement applies as if it \
        were not there: a negated operator holds when the key is missing."
    )]
    ConditionIgnored,
    /// A statement that another one makes superfluous.
    #[strum(
        message = "Another statement of the document applies wherever this one does, with the same effect or \
        with a Deny over an Allow. It takes room and does nothing."
    )]
    Shadowed,
    /// A value that another one in the same list covers.
    #[strum(
        message = "Another value of the same list covers this one. It takes room and does nothing."
    )]
    CoveredValue,
    /// An Allow that gives nothing that is not given already.
    #[strum(
        message = "A service control policy never grants. Beside `FullAWSAccess`, which AWS attaches to every \
        target, an Allow changes nothing; it limits only where `FullAWSAccess` has been detached. If \
        that is so, silence the finding."
    )]
    AllowDoesNothing,
    /// A Deny that hits those who keep the organization.
    #[strum(
        message = "The statement denies calls with which the organization itself is kept: those of StackSets' \
        execution roles, of AWS Control Tower, or of the role through which the management account \
        reaches its members. Name these roles in `spec.except.principals`, or narrow the statement."
    )]
    DeniesManagement,
    /// A condition on MFA that cannot hold, or always does, for some callers.
    #[strum(
        message = "`aws:MultiFactorAuthPresent` is in a request only with temporary credentials. `Bool` on `false` \
        in a Deny lets long-term access keys through; `BoolIfExists` on `false` denies every role that \
        a service, a pipeline or another role has assumed, since none of them can have MFA."
    )]
    MfaKeyMissing,
    /// A condition on addresses that AWS's own calls fail.
    #[strum(
        message = "When an AWS service calls another on behalf of a principal, the address is the service's. Add \
        `\"Bool\": {\"aws:ViaAWSService\": \"false\"}` so that such calls are left alone."
    )]
    SourceIpOfService,
    /// A part of a template that nobody filled in.
    #[strum(
        message = "The value looks like a part of a template that was to be replaced: `${PARTITION}`, \
        `<my-org-id>`. AWS takes it literally."
    )]
    Placeholder,
    /// A variable where variables are plain text.
    #[strum(
        message = "Policy variables are replaced in the part of `Resource` after the fifth colon and in values of \
        String, Arn and Bool operators. Everywhere else `${…}` is plain text."
    )]
    LiteralVariable,
    /// A condition that changes what the policy does on a date.
    #[strum(
        message = "The policy changes what it does on a date, without a commit and without a plan. To switch a \
        guardrail off for a time, `spec.suspend` says until when and why, and is reported."
    )]
    DateCondition,
    /// A policy that fills most of its quota.
    #[strum(
        message = "The policy fills more than nine tenths of what AWS allows. The next exception may not fit: \
        split it, or shorten lists of actions with wildcards."
    )]
    NearQuota,
    /// A list of services without a Region that nobody has looked through for long.
    #[strum(
        message = "An allow list of Regions leaves the services alone that have no Region, by a list that ships \
        with palisade. AWS adds such services: an old list denies the new ones. Use a newer palisade, or \
        say what is missing with `globalServices: {add: […]}` and raise `maxAge`."
    )]
    StaleRegionList,
}

impl LintCode {
    /// Why it matters and what to do, in a few sentences.
    pub fn explanation(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }
}
