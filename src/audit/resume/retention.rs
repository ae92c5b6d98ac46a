//! Retention between two runs: what a point says of rows that have gone since is left out.

use crate::audit::resume::incremental::{Attempt, Run, ensure, is_clean, same_frozen, stop};
use crate::audit::resume::name_of;
use crate::audit::resume::point::{Point, RowName};

impl Run<'_> {
    /// Follows a prune boundary that moved forward: the state that says so is signed. Gives the boundary.
    pub(super) fn follow_retention(&mut self, point: &mut Point) -> Attempt<Option<RowName>> {
        let Some(now) = self.signed().map(|state| state.prune.map(name_of)) else { return Ok(None) };
        if now == point.prune {
            return Ok(None);
        }
        let is_forward = point.prune.map(|known| known.place()) < now.map(|now| now.place());
        let (Some(boundary), true) = (now, is_forward) else {
            return Err(stop("pruned", "the prune boundary moved back"));
        };
        ensure(
            boundary.place() < point.head.place(),
            "pruned",
            "retention removed every row that the resume point vouches for",
        )?;
        let within = point.ranges.iter().rposition(|range| range.since <= boundary.occurred_at);
        let Some(within) = within else {
            return Err(stop("pruned", "the prune boundary lies before the log began"));
        };
        for range in &mut point.ranges[..within] {
            (range.live, range.live_previous, range.live_last) = (0, None, None);
            range.keys.clear();
        }
        let walk = self.walk_range(point, within, 1)?;
        let range = &mut point.ranges[within];
        let (first, last) = (walk.live.first.as_ref(), walk.live.last.as_ref());
        let begins = first.map_or(range.live_last, |first| first.previous.mac());
        let is_end = last.is_none_or(|last| last.mac.mac() == range.live_last);
        ensure(
            is_clean(&walk) && same_frozen(range, &walk) && is_end && begins == boundary.row_hmac,
            "pruned",
            "the log does not begin where the chain state says that retention stopped",
        )?;
        range.live = walk.live.tally.rows;
        range.live_previous = first.and_then(|first| first.previous.mac());
        range.live_last = last.and_then(|last| last.mac.mac());
        range.keys.clone_from(&walk.live.tally.verified_keys);
        let next = point.ranges[within..].iter().find(|range| range.live > 0);
        ensure(
            next.is_some_and(|range| range.live_previous == boundary.row_hmac),
            "pruned",
            "the log does not begin where the chain state says that retention stopped",
        )?;
        point.ranges.retain(|range| range.rows() > 0);
        Ok(Some(boundary))
    }
}
