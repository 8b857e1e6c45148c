//! Where stories are told: sends calls, compares what comes back, and notes every difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use palisade::cloud::{Answer, Call, Cloud, CloudError, CloudErrorKind, Page, Reply};
use palisade::org::{AccountId, OuId, ParentId, PolicyId, PolicyType, RootId, TargetId};

/// A place where a cloud is known not to do what AWS documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Divergence {
    /// The story.
    pub(crate) story: &'static str,
    /// The step.
    pub(crate) step: &'static str,
    /// What the cloud does instead.
    pub(crate) found: &'static str,
    /// The AWS page that says who is right.
    pub(crate) settled_by: &'static str,
}

/// A step that did not end as AWS documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    story: &'static str,
    step: String,
    expected: String,
    found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { story, step, expected, found } = self;
        write!(formatter, "{story}: {step}: expected `{expected}`, found `{found}`")
    }
}

impl Difference {
    pub(crate) fn is(&self, known: &Divergence) -> bool {
        self.story == known.story && self.step == known.step && self.found == known.found
    }
}

/// One story's view of a cloud. A story ends early, with `None`, when a step that the rest of it builds on
/// does not do what it should.
pub(crate) struct Stage<'a> {
    pub(crate) story: &'static str,
    pub(crate) cloud: &'a dyn Cloud,
    pub(crate) management: AccountId,
    pub(crate) root: RootId,
    /// Member accounts that lie in the root, and stay there between stories.
    pub(crate) members: Vec<AccountId>,
    pub(crate) differences: Vec<Difference>,
}

impl<'a> Stage<'a> {
    /// Looks around in a fresh organization and switches SCPs on.
    pub(crate) async fn set(cloud: &'a dyn Cloud) -> Self {
        let organization = cloud.organization().await.expect("there is an organization");
        let roots = cloud.roots(None).await.expect("roots are listed");
        let root = roots.items.first().expect("there is a root").id.clone();
        let management = organization.management_account;
        let (story, differences) = ("stage", Vec::new());
        let mut stage = Self { story, cloud, management, root, members: Vec::new(), differences };
        let (root, policy_type) = (stage.root.clone(), PolicyType::service_control());
        let enabled = cloud.call(Call::EnablePolicyType { root, policy_type }).await;
        if let Err(error) = enabled {
            assert_eq!(error.kind, CloudErrorKind::Exists, "{error}");
        }
        let parent = stage.root_as_parent();
        let inside = stage
            .list(async |page| cloud.accounts_in(parent.clone(), page).await)
            .await
            .expect("accounts are listed");
        let members = inside.into_iter().map(|account| account.id);
        stage.members = members.filter(|id| *id != stage.management).collect();
        assert!(stage.members.len() >= 3, "the stories need three member accounts in the root");
        stage
    }

    pub(crate) fn root_as_parent(&self) -> ParentId {
        ParentId::Root(self.root.clone())
    }

    pub(crate) fn root_as_target(&self) -> TargetId {
        TargetId::Root(self.root.clone())
    }

    /// Notes a difference between two values, if there is one.
    pub(crate) fn same<T: PartialEq + fmt::Debug>(&mut self, step: &str, found: &T, expected: &T) {
        if found != expected {
            self.note(step, &format!("{expected:?}"), &format!("{found:?}"));
        }
    }

    /// Sends a change that AWS makes.
    pub(crate) async fn done(&mut self, step: &str, call: Call) -> Option<()> {
        let answer = self.cloud.call(call).await;
        match answer {
            Ok(Answer { reply: Reply::Done, request_id: _ }) => Some(()),
            other => self.unexpected(step, "Done", other.map(|answer| answer.reply)),
        }
    }

    /// Sends a call that AWS refuses with `code`, which is a failure of `kind`.
    pub(crate) async fn refused(
        &mut self,
        step: &str,
        call: Call,
        kind: CloudErrorKind,
        code: &str,
    ) {
        let found = match self.cloud.call(call).await {
            Ok(_) => "OK".to_owned(),
            Err(error) => failure(&error),
        };
        let expected = format!("{kind} {code}");
        if found != expected {
            self.note(step, &expected, &found);
        }
    }

    /// Every item of a listing, page by page; 20 items at most make a page (`MaxResults`).
    pub(crate) async fn list<T>(
        &mut self,
        ask: impl AsyncFn(Option<String>) -> Result<Page<T>, CloudError>,
    ) -> Option<Vec<T>> {
        self.walk(20, ask).await
    }

    async fn walk<T>(
        &mut self,
        items_max: usize,
        ask: impl AsyncFn(Option<String>) -> Result<Page<T>, CloudError>,
    ) -> Option<Vec<T>> {
        let (mut items, mut token) = (Vec::new(), None);
        loop {
            match ask(token).await {
                Ok(page) => {
                    if page.items.len() > items_max {
                        self.note("pages are not too long", &items_max, &page.items.len());
                    }
                    items.extend(page.items);
                    token = page.next;
                    if token.is_none() {
                        return Some(items);
                    }
                }
                Err(error) => {
                    self.note("a listing answers", "OK", &failure(&error));
                    return None;
                }
            }
        }
    }

    /// Creates a policy, without tags.
    pub(crate) async fn policy(
        &mut self,
        step: &str,
        policy_type: &PolicyType,
        name: &str,
        content: &str,
    ) -> Option<PolicyId> {
        match self.cloud.call(create_policy(policy_type, name, content)).await {
            Ok(Answer { reply: Reply::CreatedPolicy(id), request_id: _ }) => Some(id),
            other => self.unexpected(step, "CreatedPolicy", other.map(|answer| answer.reply)),
        }
    }

    /// Creates an OU, without tags.
    pub(crate) async fn unit(&mut self, step: &str, parent: &ParentId, name: &str) -> Option<OuId> {
        match self.cloud.call(create_unit(parent, name)).await {
            Ok(Answer { reply: Reply::CreatedUnit(id), request_id: _ }) => Some(id),
            other => self.unexpected(step, "CreatedUnit", other.map(|answer| answer.reply)),
        }
    }

    /// What a policy is attached to.
    pub(crate) async fn targets(&mut self, policy: &PolicyId) -> Option<BTreeSet<TargetId>> {
        let cloud = self.cloud;
        let targets = self.list(async |page| cloud.targets(policy.clone(), page).await).await?;
        Some(targets.into_iter().collect())
    }

    /// The names of the SCPs on a target.
    pub(crate) async fn scps_on(&mut self, target: &TargetId) -> Option<BTreeSet<String>> {
        let cloud = self.cloud;
        let policies = self
            .list(async |page| {
                cloud.policies_on(target.clone(), PolicyType::service_control(), page).await
            })
            .await?;
        Some(policies.into_iter().map(|policy| policy.name).collect())
    }

    /// The tags of an object. `ListTagsForResource` has no `MaxResults`, so its pages are as long as they are.
    pub(crate) async fn tags(&mut self, resource: &str) -> Option<BTreeMap<String, String>> {
        let cloud = self.cloud;
        let ask = async |page| cloud.tags(resource.to_owned(), page).await;
        let tags = self.walk(usize::MAX, ask).await?;
        Some(tags.into_iter().collect())
    }

    /// Notes that a story ended early, if nothing in it says why.
    pub(crate) fn end(&mut self, told: Option<()>) {
        let story = self.story;
        if told.is_none() && self.differences.iter().all(|difference| difference.story != story) {
            self.note("the story", "told to its end", "ended early");
        }
    }

    fn unexpected<T>(
        &mut self,
        step: &str,
        expected: &str,
        found: Result<Reply, CloudError>,
    ) -> Option<T> {
        let found = match found {
            Ok(reply) => format!("{reply:?}"),
            Err(error) => failure(&error),
        };
        self.note(step, expected, &found);
        None
    }

    fn note(
        &mut self,
        step: &str,
        expected: &(impl ToString + ?Sized),
        found: &(impl ToString + ?Sized),
    ) {
        self.differences.push(Difference {
            story: self.story,
            step: step.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }
}

fn failure(error: &CloudError) -> String {
    format!("{} {}", error.kind, error.code)
}

pub(crate) fn create_policy(policy_type: &PolicyType, name: &str, content: &str) -> Call {
    Call::CreatePolicy {
        policy_type: policy_type.clone(),
        name: name.to_owned(),
        description: format!("about {name}"),
        content: content.to_owned(),
        tags: BTreeMap::new(),
    }
}

pub(crate) fn create_unit(parent: &ParentId, name: &str) -> Call {
    let (parent, name) = (parent.clone(), name.to_owned());
    Call::CreateOrganizationalUnit { parent, name, tags: BTreeMap::new() }
}

pub(crate) fn attach(policy: &PolicyId, target: &TargetId) -> Call {
    Call::AttachPolicy { policy: policy.clone(), target: target.clone() }
}

pub(crate) fn detach(policy: &PolicyId, target: &TargetId) -> Call {
    Call::DetachPolicy { policy: policy.clone(), target: target.clone() }
}
