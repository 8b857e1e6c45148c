//! What follows the flags in each `--help`: examples and exit codes.

/// After `palisade --help`.
pub(crate) const PALISADE: &str = "\
Examples:
  palisade demo                                  watch a simulated organization heal
  palisade validate desired-state                check what is in git
  palisade test                                  do the guardrails do what they should?
  palisade plan --output markdown                what a pull request would change
  palisade apply                                 change it, after asking

Exit codes:
  0  done, or nothing to do
  1  problems, a refusal, a failure, or a wrong command line
  2  `plan` found changes, or `status` found drift
  3  a guardrail denies what was asked about
  4  what was given does not decide";

/// After `palisade demo --help`.
pub(crate) const DEMO: &str = "\
Examples:
  palisade demo                                  until Ctrl-C
  palisade demo --once                           a fixed story, for tests

Exit codes:
  0  stopped, or the story ended well
  1  something was not healed";

/// After `palisade validate --help`.
pub(crate) const VALIDATE: &str = "\
Examples:
  palisade validate
  palisade validate path/to/desired-state --output json
  palisade validate --deny-warnings              for CI
  palisade validate --explain never-matches      what a warning means

A warning is silenced in the document's metadata, everywhere or in one statement:
  annotations: {palisade/lint-ignore: \"unknown-action, shadowed:TheSid\"}

Exit codes:
  0  desired state is good
  1  problems, each printed with file, line and column; or warnings with `--deny-warnings`";

/// After `palisade test --help`.
pub(crate) const TEST: &str = "\
Examples:
  palisade test
  palisade test --filter regions                 some of the tests
  palisade test --junit report.xml --require-coverage

Tests are documents of `kind: GuardrailTest`. Guardrails count as they are written, those with
`mode: observe` or `suspend` too.

Exit codes:
  0  every case holds
  1  one does not, desired state is invalid, or a statement is not covered and must be";

/// After `palisade plan --help`.
pub(crate) const PLAN: &str = "\
Examples:
  palisade plan
  palisade plan --snapshot snapshot.json         without AWS
  palisade plan --out plan.json && palisade apply --plan plan.json
  palisade plan --output markdown                for a pull request
  palisade plan --replay trail/AWSLogs           and which calls of last week it would deny

Exit codes:
  0  nothing to do
  2  changes, held or only reported ones included, or something blocked
  1  an error; too little was known of the organization; it is another organization";

/// After `palisade explain --help`.
pub(crate) const EXPLAIN: &str = "\
Examples:
  palisade explain --account shop-prod --principal role/dev --action ec2:RunInstances \\
    --context aws:RequestedRegion=us-east-1
  palisade explain --message \"User: arn:aws:iam::… is not authorized to perform: …\"
  palisade explain --event event.json            a call that CloudTrail recorded
  palisade explain --snapshot snapshot.json …    the organization as it was observed
  palisade explain --live …                      the organization as it is

Guardrails only take away: what they allow, IAM policies must still grant. A resource with wildcards
stands for all that they match, and `*` for every one, or for none where the action is known to have none.
The ARN of a session leaves out the path of its role: where that decides, the answer is unknown. What AWS
says an SCP or RCP denied is denied, also where no such policy is seen here.

Exit codes:
  0  no guardrail stands in the way
  3  a guardrail denies it
  4  unknown: the answer says which condition keys would decide
  1  an error";

/// After `palisade simulate --help`.
pub(crate) const SIMULATE: &str = "\
Examples:
  palisade simulate requests.ndjson > verdicts.ndjson
  generate-requests | palisade simulate --dir desired-state

A request, on one line:
  {\"id\":\"1\",\"request\":{\"principal\":\"arn:aws:iam::555555555555:role/dev\",\"action\":\"ec2:RunInstances\",
   \"resource\":\"arn:aws:ec2:us-east-1:555555555555:instance/*\",\"resourceAccount\":\"555555555555\",\"context\":{\"aws:RequestedRegion\":\"us-east-1\"},
   \"absent\":[\"aws:SourceVpc\"]},\"serviceControlPolicies\":[{\"level\":\"r-root\",\"policies\":[{\"name\":\"…\",
   \"document\":{…}}]}],\"resourceControlPolicies\":[],\"managementAccount\":\"111111111111\"}

A resource with wildcards stands for all that they match, and `*` for every one, or for none where the
action is known to have none: where a statement is about a part of them the verdict is unknown. A
principal `*` is a caller without credentials. Policies left out are unknown, unless `--dir` or
`--snapshot` gives them; without `managementAccount` no account is taken to be that one. Policies must be
such as AWS takes; `{}` stands for FullAWSAccess and RCPFullAWSAccess.

Exit codes:
  0  every request was answered
  1  some could not be: their lines hold `error`";

/// After `palisade replay --help`.
pub(crate) const REPLAY: &str = "\
Examples:
  palisade replay --events trail/AWSLogs         a copy of the trail's bucket
  palisade replay path/to/desired-state --events a.json.gz b.ndjson --snapshot snapshot.json
  palisade plan --replay trail/AWSLogs           the same beside a plan

An event does not tell all that AWS knows: what hangs on the rest is undetermined, never fine.

Exit codes:
  0  no call would newly be denied
  3  some would
  1  an error, a file that cannot be read, or events that are malformed and so not judged";

/// After `palisade apply --help`.
pub(crate) const APPLY: &str = "\
Examples:
  palisade apply                                 shows the plan and asks
  palisade apply --yes                           for pipelines: approves what it shows
  palisade plan --out plan.json; palisade apply --plan plan.json --yes

Exit codes:
  0  the organization is as desired-state says
  1  it is not: refused, stopped, blocked, or not everything succeeded";

/// After `palisade approve --help`.
pub(crate) const APPROVE: &str = "\
Examples:
  palisade approve 29fd47380efd0fe1
  kubectl exec deploy/palisade -- palisade approve 29fd47380efd0fe1

A commit can approve as well: the annotation `palisade/approved-plan` of the Organization document.

Exit codes:
  0  approved; the daemon goes on in its next pass
  1  nothing waits, or something else does";

/// After `palisade run --help`.
pub(crate) const RUN: &str = "\
Examples:
  palisade run --mode observe                    report drift, change nothing
  palisade run /etc/palisade/desired-state --journal /var/log/palisade/journal.jsonl

Signals:
  SIGTERM, SIGINT  finish the change in hand and leave; a second one: leave at once
  SIGHUP           look at everything again

Exit codes:
  0  stopped as asked
  1  could not start, or was stopped at once";

/// After `palisade observe --help`.
pub(crate) const OBSERVE: &str = "\
Examples:
  palisade observe --out snapshot.json
  palisade observe --output text                 how big the organization is

Exit codes:
  0  everything was read
  1  something could not be read; what could is in the snapshot all the same";

/// After `palisade status --help`.
pub(crate) const STATUS: &str = "\
Examples:
  palisade status
  palisade status --url http://palisade.security.svc:9464 --output json

Exit codes:
  0  everything is as desired-state says
  2  something is not
  1  the daemon does not answer, or does not know";

/// After `palisade drill break-glass --help`.
pub(crate) const DRILL: &str = "\
Looks at the operators, their passwords and MFA devices, the roles in every account, the alerts, and asks the \
policies in force whether they deny a step of the way. Nothing in AWS is changed.

Examples:
  palisade drill break-glass
  palisade drill break-glass --output json
  palisade drill break-glass --snapshot snapshot.json              without AWS; records nothing

Exit codes:
  0  emergency access would work; recorded
  1  it would not, or that could not be seen";

/// After `palisade import --help`.
pub(crate) const IMPORT: &str = "\
Examples:
  palisade import --out desired-state && palisade plan
  palisade import --out desired-state --snapshot snapshot.json     without AWS

Exit codes:
  0  written; what could not be is listed in organization.yaml
  1  the directory is not empty, or the organization could not be read";

/// After `palisade coverage --help`.
pub(crate) const COVERAGE: &str = "\
Examples:
  palisade coverage                              what desired state declares, without AWS
  palisade coverage --snapshot snapshot.json     and how AWS was when the snapshot was made
  palisade coverage --url http://127.0.0.1:9464 --output html > coverage.html

Exit codes:
  0  printed, whatever the practices' states are
  1  desired state has problems, or how things stand could not be read";

/// After `palisade permissions --help`.
pub(crate) const PERMISSIONS: &str = "\
Examples:
  palisade permissions --mode observe            to begin with: palisade reads
  palisade permissions                           for the role in the management account
  palisade permissions --for member              for the role that is assumed in every account
  palisade permissions --output json             all of them

Exit codes:
  0  printed
  1  desired state has problems";

/// After `palisade catalog --help`.
pub(crate) const CATALOG: &str = "\
Examples:
  palisade catalog list SEC03-BP05
  palisade catalog show region-allow-list --set allowedRegions=eu-west-1,eu-central-1
  palisade catalog add deny-root-user --to desired-state/guardrails

Exit codes:
  0  done
  1  there is no such guardrail, or it cannot be had like that";

/// After `palisade catalog list --help`.
pub(crate) const CATALOG_LIST: &str = "\
Examples:
  palisade catalog list
  palisade catalog list s3 critical
  palisade catalog list SEC03-BP05 --output json

Exit codes:
  0  printed
  1  nothing is about that";

/// After `palisade catalog show --help`.
pub(crate) const CATALOG_SHOW: &str = "\
Examples:
  palisade catalog show deny-root-user
  palisade catalog show region-allow-list --set allowedRegions=eu-west-1,eu-central-1

Exit codes:
  0  printed
  1  there is no such guardrail, or it cannot be had like that";

/// After `palisade catalog add --help`.
pub(crate) const CATALOG_ADD: &str = "\
Examples:
  palisade catalog add deny-root-user --to desired-state/guardrails
  palisade catalog add region-allow-list --to desired-state/guardrails --target /Workloads \\
    --set allowedRegions=eu-west-1,eu-central-1

Beside an Organization document, the guardrail's own tests are written too: with what ordinary calls
come with (TLS, an allowed Region) where your other guardrails ask for it. A case that still does not
hold is left out, and named with the statement or the condition key that decides.

Exit codes:
  0  written
  1  the file is there already, something must be set first, or this version lacks the kind";

/// After `palisade schema --help`.
pub(crate) const SCHEMA: &str = "\
Examples:
  palisade schema > palisade.schema.json
  # then, as the first line of a document:
  # yaml-language-server: $schema=../palisade.schema.json

Exit codes:
  0  printed
  1  could not be printed";

/// After `palisade completions --help`.
pub(crate) const COMPLETIONS: &str = "\
Examples:
  palisade completions bash > /etc/bash_completion.d/palisade
  palisade completions zsh > ~/.zfunc/_palisade
  palisade completions fish > ~/.config/fish/completions/palisade.fish

Exit codes:
  0  printed
  1  unknown shell";
