//! Where a statement comes from: the document in git, and the line.

use serde_json::Value;

use crate::compile::{PolicyResource, Source, StatementOrigin};
use crate::effective::{Effective, PolicyIndex};
use crate::org::DocumentRef;
use crate::policy;
use crate::policy::{ControlType, Language, StatementRef};

/// Where a policy is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// In git, as it is.
    Git {
        /// The document that wants it.
        document: DocumentRef,
        /// Where that begins.
        source: Source,
        /// What each statement was made from.
        statements: Vec<StatementOrigin>,
    },
    /// In git, but with another text: somebody changed it, or git has moved on.
    Drifted {
        /// The document that wants it otherwise.
        document: DocumentRef,
        /// Where that begins.
        source: Source,
    },
    /// The mark names a document that is not there.
    Marked(DocumentRef),
    /// Nowhere: the policy is not palisade's.
    Foreign,
    /// AWS's own.
    Aws,
}

/// Where a statement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'e> {
    /// From a statement in git.
    Statement {
        /// The document.
        document: &'e DocumentRef,
        /// Where the statement is written.
        source: &'e Source,
    },
    /// From a document in git; the statement itself is not found there.
    Document {
        /// The document.
        document: &'e DocumentRef,
        /// Where its policy begins.
        source: &'e Source,
    },
    /// From a document that is not in git any more, or was not given.
    Marked(&'e DocumentRef),
    /// Not from palisade.
    Foreign,
    /// From AWS.
    Aws,
}

impl<'e> Origin<'e> {
    /// The document, if palisade knows one.
    pub fn document(&self) -> Option<&'e DocumentRef> {
        match self {
            Self::Statement { document, .. }
            | Self::Document { document, .. }
            | Self::Marked(document) => Some(document),
            Self::Foreign | Self::Aws => None,
        }
    }
}

impl Effective {
    /// Where a statement comes from; nothing when the policy is not there.
    pub fn origin(&self, statement: &StatementRef<'_>) -> Option<Origin<'_>> {
        let writing = self.writing(statement.policy_type, statement.policy)?;
        Some(writing.origin(statement.statement))
    }

    /// What a statement is called: in the document it was made from, if that is known.
    pub fn sid<'e>(&'e self, statement: &StatementRef<'e>) -> Option<&'e str> {
        let written = match self.writing(statement.policy_type, statement.policy) {
            Some(Writing::Git { statements, .. }) => statements.get(statement.statement),
            Some(_) | None => None,
        };
        written.and_then(|origin| origin.sid.as_deref()).or(statement.sid)
    }

    /// A statement as the policy words it; nothing when the policy is not there.
    pub fn statement(&self, statement: &StatementRef<'_>) -> Option<Value> {
        let index = self.find(statement.policy_type, statement.policy)?;
        let document = policy::parse(&self.policies.by_index.get(&index)?.content).ok()?;
        let one_or_many = document.get("Statement")?;
        let many = one_or_many.as_array();
        many.map_or(Some(one_or_many), |many| many.get(statement.statement)).cloned()
    }

    /// The name of a policy.
    pub fn policy_name(&self, index: PolicyIndex) -> Option<&str> {
        self.policies.by_index.get(&index).map(|policy| policy.name.as_str())
    }

    /// Where a policy is written; nothing when it is not there.
    pub fn writing(&self, policy_type: ControlType, name: &str) -> Option<&Writing> {
        let index = self.find(policy_type, name)?;
        self.policies.by_index.get(&index).map(|policy| &policy.writing)
    }
}

impl Writing {
    /// Where the policy that `resource` wants is written.
    pub fn of(resource: &PolicyResource) -> Self {
        Self::Git {
            document: resource.document.clone(),
            source: resource.source.clone(),
            statements: resource.statements.clone(),
        }
    }

    /// The same for one that was observed as `content`, which may have drifted.
    pub(super) fn of_observed(resource: &PolicyResource, content: &str) -> Self {
        let (document, source) = (resource.document.clone(), resource.source.clone());
        let observed = policy::parse(content).unwrap_or_default();
        if policy::minify(&observed) == resource.content {
            Self::of(resource)
        } else if policy::canonical(Language::Iam, &observed) == resource.canonical {
            // The statements may stand in another order.
            let wanted = policy::parse(&resource.content).unwrap_or_default();
            let places = policy::places_in(&observed, &wanted);
            let found = places.iter().filter_map(|at| resource.statements.get((*at)?).cloned());
            let found: Vec<StatementOrigin> = found.collect();
            let statements = if found.len() == places.len() { found } else { Vec::new() };
            Self::Git { document, source, statements }
        } else {
            Self::Drifted { document, source }
        }
    }

    /// What the statement at place `index` comes from: the one way from a statement to its source.
    fn origin(&self, index: usize) -> Origin<'_> {
        match self {
            Self::Git { document, source, statements } => match statements.get(index) {
                Some(origin) => {
                    Origin::Statement { document: &origin.document, source: &origin.source }
                }
                None => Origin::Document { document, source },
            },
            Self::Drifted { document, source } => Origin::Document { document, source },
            Self::Marked(document) => Origin::Marked(document),
            Self::Foreign => Origin::Foreign,
            Self::Aws => Origin::Aws,
        }
    }
}
