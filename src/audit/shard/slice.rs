//! Where a part begins and ends.

use crate::audit::shard::ShardOptions;
use crate::error::Result;
use crate::format::Timestamp;
use crate::store::Store;

/// How many rows whose time cannot be read are passed over in the search for a bound.
const UNREADABLE: u64 = 16;

/// The window of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    /// Rows before the moment up to which the log is divided.
    pub(super) rows_before: u64,
    /// Not before this time; `None` for the first part.
    pub(super) since: Option<Timestamp>,
    /// Before this time; `None` for the last part.
    pub(super) until: Option<Timestamp>,
    /// Position of its first row in chain order, from 1.
    pub(super) first_row: u64,
}

impl Slice {
    /// The window of a part, when the rows before a moment are divided. Rows of the same microsecond stay together.
    pub(super) fn find(store: &mut Store, shard: &ShardOptions, before: Timestamp) -> Result<Self> {
        let rows_before = store.rows_before(before)?;
        let (index, of) = (u64::from(shard.index.get()), u64::from(shard.of.get()));
        let mut bound = |behind: u64| -> Result<Option<Timestamp>> {
            if behind == 0 || behind == of {
                return Ok(None);
            }
            let position = rows_before * behind / of + 1;
            for position in position..=rows_before.min(position + UNREADABLE) {
                if let Some(time) = store.time_at(position)? {
                    return Ok(Some(time.min(before)));
                }
            }
            Ok(Some(before))
        };
        let (since, until) = (bound(index - 1)?, bound(index)?);
        let first_row = 1 + since.map_or(Ok(0), |since| store.rows_before(since))?;
        Ok(Self { rows_before, since, until, first_row })
    }
}
