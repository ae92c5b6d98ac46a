//! The flags that pick rows of the log by what they say.

use clap::Args;

use super::bad_value;
use crate::audit::export::filter::{Actor, Filter};
use crate::error::Result;
use crate::format::{Id, Timestamp};

/// Conditions on rows; a row must match every kind that is given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which rows")]
pub(super) struct RowFilterArgs {
    /// Rows of this project, by slug or id; repeatable. A row must match every kind of condition that is given
    #[arg(long, value_name = "PROJECT")]
    pub(super) project: Vec<String>,
    /// Rows of this action, such as auth.login, or auth.* for all that begin so; repeatable
    #[arg(long, value_name = "ACTION")]
    action: Vec<String>,
    /// Rows by this actor: the id of a user or API key, or a name in the metadata (actor, operator); repeatable
    #[arg(long, value_name = "ID|NAME")]
    actor: Vec<String>,
    /// Rows of this user, by e-mail or id; repeatable
    #[arg(long, value_name = "USER")]
    pub(super) user: Vec<String>,
}

impl RowFilterArgs {
    /// Whether nothing is asked for.
    pub(super) fn is_empty(&self) -> bool {
        [&self.project, &self.action, &self.actor, &self.user].iter().all(|values| values.is_empty())
    }

    /// The conditions on rows of a window, without projects and users: those are looked up in the database.
    pub(super) fn within(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Filter> {
        let flags = [
            ("--project", &self.project),
            ("--action", &self.action),
            ("--actor", &self.actor),
            ("--user", &self.user),
        ];
        for (flag, values) in flags {
            if let Some(empty) = values.iter().find(|value| value.trim().is_empty()) {
                return Err(bad_value(flag, empty, "a name"));
            }
        }
        let actor = |text: &String| match Id::parse(text.as_bytes()) {
            Some(id) => Actor::Id(id),
            None => Actor::Name(text.clone()),
        };
        let actors = self.actor.iter().map(actor).collect();
        Ok(Filter { from, to, actions: self.action.clone(), actors, ..Filter::default() })
    }
}
