//! Places in which nothing may be but what is declared: what else is there is said, and stays for a person to
//! judge.

use crate::compile::{ClosedPlace, Estate};
use crate::org::{ListedObject, Part};
use crate::plan::action::BlockedReason;
use crate::plan::draft::Draft;
use crate::plan::objects::{Unseen, mark_of_listed};
use crate::plan::view::View;
use crate::policy::WildcardPattern;

const INTRUDER: &str = "no document declares it, and the account is for emergencies alone: find out who made \
                        it, then delete it, or name it in `others`; palisade deletes nothing that it did not make";

pub(super) fn compare(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    unseen: &mut Unseen,
    estate: &Estate,
) {
    for place in &estate.closed {
        let ClosedPlace { document, query, allowed } = place;
        let listed = match view.snapshot.listings.get(query) {
            Some(Part::Known(listed)) => listed,
            Some(Part::Unknown(why)) => {
                unseen.block_account(draft, document, &query.account, &why.to_string());
                continue;
            }
            None => {
                unseen.block_account(draft, document, &query.account, "it was not listed");
                continue;
            }
        };
        let allowed: Vec<WildcardPattern> =
            allowed.iter().map(|pattern| WildcardPattern::new(pattern)).collect();
        for object in listed {
            let ListedObject { key, .. } = object;
            let is_declared = estate.objects.contains_key(key) || is_ours(view, object);
            if !is_declared && !allowed.iter().any(|pattern| pattern.matches(&key.name)) {
                draft.block(document, BlockedReason::Undeclared, key.to_string(), INTRUDER);
            }
        }
    }
}

/// What is ours and wanted no more is on its way out, and is told as that.
fn is_ours(view: &View<'_>, object: &ListedObject) -> bool {
    let mark = mark_of_listed(view, object);
    mark.is_some_and(|mark| mark.owner == view.resources.installation)
}
