//! What can be wrong with the daemon itself.

use crate::status::Trouble;

/// A part of the daemon, as status and metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub(in crate::controller) enum Component {
    /// Changes in the directory are noticed late.
    Files,
    /// The audit journal cannot be written, and so nothing is changed.
    Journal,
    /// Approvals do not work.
    DataDirectory,
    /// No events come.
    EventsQueue,
    /// A channel does not take what it is told.
    Notifications,
}

impl Component {
    /// What is wrong with it, and what that means.
    pub(in crate::controller) fn trouble(self, message: String) -> Trouble {
        Trouble { component: self.words(), message }
    }

    /// Is `trouble` one of its?
    pub(in crate::controller) fn has(self, trouble: &Trouble) -> bool {
        trouble.component == self.words()
    }

    /// What status calls it.
    fn words(self) -> String {
        let name: &str = self.into();
        name.replace('_', " ")
    }
}
