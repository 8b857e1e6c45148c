//! Which language and which grammar a policy type has.

/// Which language a policy document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The IAM policy language: SCPs and RCPs.
    Iam,
    /// The inheritance syntax of management policies (`@@assign` and so on), compared as plain JSON.
    Inheritance,
}

/// Which rules a policy document must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// Service control policies: the whole IAM language without principals.
    Scp,
    /// Resource control policies: denies for every principal.
    Rcp,
    /// Management policies; AWS checks what is inside them.
    Inheritance,
}

impl Grammar {
    /// The grammar of the policy type the API calls `name`, such as `SERVICE_CONTROL_POLICY`.
    pub fn of(name: &str) -> Self {
        match name {
            "SERVICE_CONTROL_POLICY" => Self::Scp,
            "RESOURCE_CONTROL_POLICY" => Self::Rcp,
            _ => Self::Inheritance,
        }
    }

    /// The language the grammar belongs to.
    pub fn language(self) -> Language {
        match self {
            Self::Scp | Self::Rcp => Language::Iam,
            Self::Inheritance => Language::Inheritance,
        }
    }
}
