//! Which rows an export holds.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, RawRow};

/// Which rows an export holds. A row must match every kind of condition that is given, and one of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// `project_id`.
    pub projects: Vec<Id>,
    /// `action`: a name, or its beginning with a `*` behind it.
    pub actions: Vec<String>,
    /// Who did it.
    pub actors: Vec<Actor>,
    /// `user_id`.
    pub users: Vec<Id>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// `user_id` or `api_key_id`.
    Id(Id),
    /// `actor` or `operator` in the metadata, as z4jctl and z4j's own commands write them.
    Name(String),
}

/// A filter as the manifest tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterRecord {
    /// Not before this time.
    pub from: Option<String>,
    /// Before this time.
    pub to: Option<String>,
    /// `project_id`.
    pub projects: Vec<String>,
    /// `action`.
    pub actions: Vec<String>,
    /// Who did it.
    pub actors: Vec<String>,
    /// `user_id`.
    pub users: Vec<String>,
}

impl FilterRecord {
    /// The filter that this tells of; fails when a manifest names times or ids that are none.
    pub fn filter(&self) -> Result<Filter> {
        let damaged = |text: &str| {
            Error::unreachable("export.manifest", format!("the manifest's filter is damaged: {text:?}"))
        };
        let time = |text: &Option<String>| {
            let time = |text: &String| Timestamp::parse(text).ok_or_else(|| damaged(text));
            text.as_ref().map(time).transpose()
        };
        let ids = |texts: &[String]| -> Result<Vec<Id>> {
            texts.iter().map(|text| Id::parse(text.as_bytes()).ok_or_else(|| damaged(text))).collect()
        };
        let actor =
            |text: &String| Id::parse(text.as_bytes()).map_or_else(|| Actor::Name(text.clone()), Actor::Id);
        Ok(Filter {
            from: time(&self.from)?,
            to: time(&self.to)?,
            projects: ids(&self.projects)?,
            actions: self.actions.clone(),
            actors: self.actors.iter().map(actor).collect(),
            users: ids(&self.users)?,
        })
    }
}

impl Filter {
    /// Whether a row lies in the window and belongs to the export.
    pub fn holds(&self, row: RawRow<'_>) -> bool {
        let is_inside = row.occurred_at().is_ok_and(|time| {
            self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
        });
        is_inside && self.matches(row)
    }

    /// Whether it leaves out no row between its first and its last one, so that links can be followed.
    pub fn is_contiguous(&self) -> bool {
        self.projects.is_empty() && self.actions.is_empty() && self.actors.is_empty() && self.users.is_empty()
    }

    /// Whether it leaves out nothing.
    pub fn is_whole(&self) -> bool {
        self.is_contiguous() && self.from.is_none() && self.to.is_none()
    }

    /// As the manifest tells it.
    pub fn record(&self) -> FilterRecord {
        let ids = |ids: &[Id]| ids.iter().map(ToString::to_string).collect();
        FilterRecord {
            from: self.from.map(Timestamp::canonical),
            to: self.to.map(Timestamp::canonical),
            projects: ids(&self.projects),
            actions: self.actions.clone(),
            actors: self
                .actors
                .iter()
                .map(|actor| match actor {
                    Actor::Id(id) => id.to_string(),
                    Actor::Name(name) => name.clone(),
                })
                .collect(),
            users: ids(&self.users),
        }
    }

    /// Whether a row belongs to the export. The window is the scan's business. What cannot be read might match, and is
    /// not left out.
    pub fn matches(&self, row: RawRow<'_>) -> bool {
        let is_one = |ids: &[Id], column| match row.uuid(column) {
            Ok(id) => id.is_some_and(|id| ids.contains(&id)),
            Err(_) => true,
        };
        (self.projects.is_empty() || is_one(&self.projects, Column::ProjectId))
            && (self.users.is_empty() || is_one(&self.users, Column::UserId))
            && (self.actions.is_empty() || self.matches_action(row))
            && (self.actors.is_empty() || self.matches_actor(row))
    }

    fn matches_action(&self, row: RawRow<'_>) -> bool {
        let Ok(action) = row.text(Column::Action) else { return true };
        action.is_some_and(|action| {
            self.actions.iter().any(|wanted| match wanted.strip_suffix('*') {
                Some(beginning) => action.starts_with(beginning),
                None => action == wanted,
            })
        })
    }

    fn matches_actor(&self, row: RawRow<'_>) -> bool {
        #[derive(Deserialize)]
        struct Names<'a> {
            #[serde(borrow)]
            actor: Option<Cow<'a, str>>,
            #[serde(borrow)]
            operator: Option<Cow<'a, str>>,
        }
        let names: Option<Names<'_>> =
            row.metadata().ok().and_then(|metadata| serde_json::from_slice(metadata).ok());
        self.actors.iter().any(|actor| match actor {
            Actor::Id(id) => {
                [Column::UserId, Column::ApiKeyId].iter().any(|column| match row.uuid(*column) {
                    Ok(found) => found == Some(*id),
                    Err(_) => true,
                })
            }
            Actor::Name(name) => names.as_ref().is_some_and(|names| {
                [&names.actor, &names.operator].iter().any(|found| found.as_deref() == Some(name.as_str()))
            }),
        })
    }
}
