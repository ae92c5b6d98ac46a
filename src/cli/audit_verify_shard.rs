//! The arguments of `z4jctl audit verify` that ask for one part of a log.

use std::num::NonZeroU32;

use clap::Args;

use super::{audit_verify, bad_value};
use crate::audit::shard::report::ShardReport;
use crate::audit::shard::{MAX_PARTS, ShardOptions};
use crate::error::Result;

#[derive(Debug, Args)]
pub(super) struct ShardArgs {
    /// Verify one part of a very large log: 3/8 is the third of eight; join the JSON reports of all parts with audit
    /// verify-merge
    #[arg(
        long,
        value_name = "PART/PARTS",
        conflicts_with_all = ["since", "until", "resume", "anchors", "known_head", "textfile"]
    )]
    shard: Option<String>,
    /// With --shard: the rows before this moment are divided into the parts, the last one has the newer ones too; it must be
    /// the same for all parts [default: the last midnight, UTC]
    #[arg(long, value_name = "TIME", requires = "shard")]
    shard_before: Option<String>,
}

impl ShardArgs {
    /// The part that is asked for.
    pub(super) fn options(&self) -> Result<Option<ShardOptions>> {
        let Some(text) = &self.shard else { return Ok(None) };
        let read = |text: &str| text.parse::<NonZeroU32>().ok().filter(|number| number.get() <= MAX_PARTS);
        let parts = text.split_once('/').and_then(|(index, of)| Some((read(index)?, read(of)?)));
        let (index, of) = parts.filter(|(index, of)| index <= of).ok_or_else(|| {
            let form = format!("a part from 1/N to N/N, N at most {MAX_PARTS}, such as 3/8");
            bad_value("--shard", text, &form)
        })?;
        let before = self.shard_before.as_deref();
        let before = before.map(|text| audit_verify::time("--shard-before", text)).transpose()?;
        Ok(Some(ShardOptions { index, of, before }))
    }
}

/// The part in one line.
pub(super) fn line(shard: &ShardReport) -> String {
    let ShardReport { index, of, first_row, rows, .. } = shard;
    let end = match rows {
        0 => "no rows".to_owned(),
        _ => format!("rows {first_row} to {}", first_row + rows - 1),
    };
    format!("part {index} of {of}: {end}")
}
